//! Enrolment tokens: one secret, one use, a short life. Only the secret's digest is stored.

use carepack_shared::digest::sha256_hex;
use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Applied, Row, Step, values};
use super::{Certificate, FromRow, Host, Store, StoreError, certificates, hosts, queries};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// SHA-256 of the secret, hex.
    pub secret_sha256: String,
    pub contract: Uuid,
    pub created: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    pub used_by_host: Option<Uuid>,
    /// The operator's remark; may be empty.
    pub note: String,
    /// Set beforehand for the host that will use it; the host's own word counts when absent.
    pub hostname: Option<String>,
    pub role: Option<String>,
    pub importance: Option<u8>,
    /// Lets this existing host back in (new key, new certificate) instead of making a new one.
    pub reenrols: Option<Uuid>,
}

/// A host about to enrol, with the certificate made for it.
#[derive(Clone, Debug)]
pub struct Enrolled {
    pub host: Host,
    pub certificate: Certificate,
}

/// What became of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// This use won; host and certificate stand.
    Spent,
    Unknown,
    Expired,
    Used,
}

impl FromRow for Token {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            secret_sha256: row.get("secret_sha256")?,
            contract: row.get("contract")?,
            created: row.get("created")?,
            expires_at: row.get("expires_at")?,
            used_at: row.get("used_at")?,
            used_by_host: row.get("used_by_host")?,
            note: row.get("note")?,
            hostname: row.get("hostname")?,
            role: row.get("role")?,
            importance: row.get("importance")?,
            reenrols: row.get("reenrols")?,
        })
    }
}

impl Token {
    /// Whether it can be spent at `now`.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Spent {
        if self.used_at.is_some() {
            Spent::Used
        } else if self.expires_at <= now {
            Spent::Expired
        } else {
            Spent::Spent
        }
    }
}

impl Store {
    /// # Errors
    /// [`StoreError::Dangling`] when the contract or host does not exist.
    pub async fn add_token(&self, token: &Token) -> Result<(), StoreError> {
        let params = values![
            &token.secret_sha256,
            token.contract,
            token.created,
            token.expires_at,
            token.used_at,
            token.used_by_host,
            &token.note,
            token.hostname.as_ref(),
            token.role.as_ref(),
            token.importance.map(i64::from),
            token.reenrols,
        ];
        self.apply(vec![Step::any(queries::TOKENS_ADD, params)]).await.map(|_| ())
    }

    /// Of one contract or of all, oldest first.
    pub async fn tokens(&self, contract: Option<Uuid>) -> Result<Vec<Token>, StoreError> {
        self.list(queries::TOKENS_LIST, values![contract]).await
    }

    /// The token with this secret.
    pub async fn token(&self, secret: &str) -> Result<Option<Token>, StoreError> {
        self.first(queries::TOKENS_GET, values![sha256_hex(secret.as_bytes())]).await
    }

    /// Spends a token and lets a host in, in one transaction: of parallel uses exactly one wins.
    /// A host with the id that the token `reenrols` is renewed, any other is added.
    ///
    /// # Errors
    /// [`StoreError`]; then the token is not spent.
    pub async fn spend_token(
        &self,
        secret: &str,
        enrolled: &Enrolled,
        now: Timestamp,
    ) -> Result<Spent, StoreError> {
        let Some(token) = self.token(secret).await? else {
            return Ok(Spent::Unknown);
        };
        let host = &enrolled.host;
        let digest = sha256_hex(secret.as_bytes());
        let enter = if token.reenrols == Some(host.id) {
            let machine = host.machine.as_ref();
            let params =
                values![host.id, &host.hostname, machine, &host.agent_version, host.enrolled_at];
            Step::one(queries::HOSTS_REENROL, params)
        } else {
            Step::one(queries::HOSTS_ADD, hosts::all_values(host))
        };
        let steps = vec![
            Step::one(queries::TOKENS_SPEND, values![&digest, now]),
            enter,
            Step::one(queries::TOKENS_SPENT_BY, values![&digest, host.id]),
            Step::one(queries::CERTIFICATES_ADD, certificates::all_values(&enrolled.certificate)),
        ];
        match self.apply(steps).await? {
            Applied::Done => Ok(Spent::Spent),
            Applied::Unmet { .. } => {
                let token = self.token(secret).await?;
                Ok(token.map_or(Spent::Unknown, |token| match token.standing(now) {
                    // The host that it lets back in is gone.
                    Spent::Spent => Spent::Unknown,
                    other => other,
                }))
            }
        }
    }
}
