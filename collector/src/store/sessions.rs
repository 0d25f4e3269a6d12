//! What lets somebody in: sessions of browsers, invitations to choose a password, tokens of
//! programs. Of each secret only the SHA-256 is kept.

use carepack_shared::digest::sha256_hex;
use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Applied, Row, Step, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

words! {
    /// How far a sign-in has come.
    Stage {
        /// The password was right; the second factor is still owed.
        Password = "password",
        Full = "full",
    }
}

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub secret_sha256: String,
    pub person: Uuid,
    pub stage: Stage,
    pub created: Timestamp,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub address: String,
    /// The browser's word about itself: a stranger's text.
    pub browser: String,
}

impl FromRow for Session {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            secret_sha256: row.get("secret_sha256")?,
            person: row.get("person")?,
            stage: row.get("stage")?,
            created: row.get("created")?,
            seen_at: row.get("seen_at")?,
            expires_at: row.get("expires_at")?,
            address: row.get("address")?,
            browser: row.get("browser")?,
        })
    }
}

/// A one-time link by which somebody chooses a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub secret_sha256: String,
    pub person: Uuid,
    pub created: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

impl FromRow for Invitation {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            secret_sha256: row.get("secret_sha256")?,
            person: row.get("person")?,
            created: row.get("created")?,
            expires_at: row.get("expires_at")?,
            used_at: row.get("used_at")?,
        })
    }
}

/// A program's token: its person's rights, reading only unless `writes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    pub id: Uuid,
    pub secret_sha256: String,
    pub person: Uuid,
    pub name: String,
    pub writes: bool,
    pub created: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl FromRow for AccessToken {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            secret_sha256: row.get("secret_sha256")?,
            person: row.get("person")?,
            name: row.get("name")?,
            writes: row.get("writes")?,
            created: row.get("created")?,
            expires_at: row.get("expires_at")?,
            used_at: row.get("used_at")?,
            revoked_at: row.get("revoked_at")?,
        })
    }
}

impl Store {
    /// Opens a session, and forgets those that have expired.
    pub async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        let params = values![
            &session.secret_sha256,
            session.person,
            session.stage,
            session.created,
            session.seen_at,
            session.expires_at,
            &session.address,
            &session.browser,
        ];
        let steps = vec![
            Step::any(queries::SESSIONS_EXPIRE, values![session.created]),
            Step::one(queries::SESSIONS_ADD, params),
        ];
        self.apply(steps).await.map(|_| ())
    }

    /// The session of a secret, expired or not.
    pub async fn session(&self, secret: &str) -> Result<Option<Session>, StoreError> {
        self.first(queries::SESSIONS_GET, values![sha256_hex(secret.as_bytes())]).await
    }

    /// Somebody's sessions, last used first.
    pub async fn sessions_of(&self, person: Uuid) -> Result<Vec<Session>, StoreError> {
        self.list(queries::SESSIONS_LIST, values![person]).await
    }

    pub async fn touch_session(&self, digest: &str, now: Timestamp) -> Result<(), StoreError> {
        self.change(queries::SESSIONS_SEEN, values![digest, now]).await.map(|_| ())
    }

    pub async fn end_session(&self, digest: &str) -> Result<(), StoreError> {
        self.change(queries::SESSIONS_END, values![digest]).await.map(|_| ())
    }

    /// Ends all sessions of somebody but the one with this digest (empty: all).
    pub async fn end_other_sessions(&self, person: Uuid, digest: &str) -> Result<(), StoreError> {
        let step = Step::any(queries::SESSIONS_END_OTHERS, values![person, digest]);
        self.apply(vec![step]).await.map(|_| ())
    }

    /// Adds an invitation; earlier ones of the same person end with it.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when the person does not exist.
    pub async fn invite(&self, invitation: &Invitation) -> Result<(), StoreError> {
        let created = invitation.created;
        let params = values![
            &invitation.secret_sha256,
            invitation.person,
            created,
            invitation.expires_at,
            invitation.used_at
        ];
        let steps = vec![
            Step::any(queries::INVITATIONS_WITHDRAW, values![invitation.person, created]),
            Step::one(queries::INVITATIONS_ADD, params),
        ];
        self.apply(steps).await.map(|_| ())
    }

    /// The invitation with this secret, used or not.
    pub async fn invitation(&self, secret: &str) -> Result<Option<Invitation>, StoreError> {
        self.first(queries::INVITATIONS_GET, values![sha256_hex(secret.as_bytes())]).await
    }

    /// Spends an invitation on a new password and ends the person's sessions. False when it is
    /// used, expired or unknown; then nothing is changed.
    pub async fn accept_invitation(
        &self,
        invitation: &Invitation,
        password: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let person = invitation.person;
        let steps = vec![
            Step::one(queries::INVITATIONS_USE, values![&invitation.secret_sha256, now]),
            Step::one(queries::PEOPLE_PASSWORD, values![person, password]),
            Step::any(queries::SESSIONS_END_OTHERS, values![person, ""]),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// Sets a new password and ends the person's sessions but the one with this digest.
    pub async fn set_password(
        &self,
        person: Uuid,
        password: &str,
        keep: &str,
    ) -> Result<bool, StoreError> {
        let steps = vec![
            Step::one(queries::PEOPLE_PASSWORD, values![person, password]),
            Step::any(queries::SESSIONS_END_OTHERS, values![person, keep]),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// # Errors
    /// [`StoreError::Dangling`] when the person does not exist.
    pub async fn add_access_token(&self, token: &AccessToken) -> Result<(), StoreError> {
        let params = values![
            token.id,
            &token.secret_sha256,
            token.person,
            &token.name,
            token.writes,
            token.created,
            token.expires_at,
            token.used_at,
            token.revoked_at,
        ];
        self.apply(vec![Step::one(queries::ACCESS_TOKENS_ADD, params)]).await.map(|_| ())
    }

    /// The token with this secret, in force or not.
    pub async fn access_token(&self, secret: &str) -> Result<Option<AccessToken>, StoreError> {
        self.first(queries::ACCESS_TOKENS_GET, values![sha256_hex(secret.as_bytes())]).await
    }

    /// Somebody's tokens, newest first.
    pub async fn access_tokens_of(&self, person: Uuid) -> Result<Vec<AccessToken>, StoreError> {
        self.list(queries::ACCESS_TOKENS_LIST, values![person]).await
    }

    pub async fn touch_access_token(&self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        self.change(queries::ACCESS_TOKENS_USED, values![id, now]).await.map(|_| ())
    }

    /// False when this person has no such token in force.
    pub async fn revoke_access_token(
        &self,
        id: Uuid,
        person: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change(queries::ACCESS_TOKENS_REVOKE, values![id, person, now]).await
    }
}
