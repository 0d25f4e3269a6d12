//! Certificates issued to hosts. A serial that is not here, or is revoked here, opens nothing.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, Value, values};
use super::{FromRow, Store, StoreError, queries};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// 128 bits, lower-case hex.
    pub serial: String,
    pub host: Uuid,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub revoked_at: Option<Timestamp>,
    /// Why it was revoked.
    pub reason: Option<String>,
}

impl FromRow for Certificate {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            serial: row.get("serial")?,
            host: row.get("host")?,
            not_before: row.get("not_before")?,
            not_after: row.get("not_after")?,
            revoked_at: row.get("revoked_at")?,
            reason: row.get("reason")?,
        })
    }
}

pub(super) fn all_values(certificate: &Certificate) -> Vec<Value> {
    values![
        &certificate.serial,
        certificate.host,
        certificate.not_before,
        certificate.not_after,
        certificate.revoked_at,
        certificate.reason.as_ref(),
    ]
}

impl Store {
    /// Adds a certificate to an existing host (renewal).
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the serial is taken.
    pub async fn add_certificate(&self, certificate: &Certificate) -> Result<(), StoreError> {
        let step = Step::any(queries::CERTIFICATES_ADD, all_values(certificate));
        self.apply(vec![step]).await.map(|_| ())
    }

    pub async fn certificate(&self, serial: &str) -> Result<Option<Certificate>, StoreError> {
        self.first(queries::CERTIFICATES_GET, values![serial]).await
    }

    /// A host's certificates, oldest first.
    pub async fn certificates(&self, host: Uuid) -> Result<Vec<Certificate>, StoreError> {
        self.list(queries::CERTIFICATES_LIST, values![host]).await
    }

    /// Revokes one certificate. False when there is no such serial or it is revoked already.
    pub async fn revoke_certificate(
        &self,
        serial: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change(queries::CERTIFICATES_REVOKE, values![serial, now, reason]).await
    }

    /// Revokes all of a host's certificates that still stand.
    pub async fn revoke_host(
        &self,
        host: Uuid,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let step = Step::any(queries::CERTIFICATES_REVOKE_HOST, values![host, now, reason]);
        self.apply(vec![step]).await.map(|_| ())
    }
}
