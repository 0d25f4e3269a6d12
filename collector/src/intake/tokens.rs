//! One-time enrolment tokens: made here for the command and the console alike, spent by
//! [`super::enrol`].

use carepack_shared::digest::sha256_hex;
use carepack_shared::wire::{self, TOKEN_BITS};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::store::{Store, StoreError, Token};

/// Which host a token is for, and for how long.
pub struct Wanted {
    pub contract: Uuid,
    /// The name that the host gets here; a host of this name under the contract is enrolled anew.
    pub hostname: Option<String>,
    pub role: Option<String>,
    pub importance: Option<u8>,
    pub minutes: u32,
    /// Who asked for it, and why.
    pub note: String,
}

/// Why no token is made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the system gave no random bytes")]
    Random,
}

/// Makes a token; what is kept of it is its digest.
///
/// # Errors
/// [`TokenError`]; then there is none.
pub async fn issue(
    store: &Store,
    ca_sha256: &str,
    wanted: Wanted,
    now: Timestamp,
) -> Result<wire::Token, TokenError> {
    let known = store.hosts(Some(wanted.contract)).await?;
    let known = known.into_iter().find(|host| Some(&host.hostname) == wanted.hostname.as_ref());
    let mut random = [0; TOKEN_BITS / 8];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| TokenError::Random)?;
    let token = wire::Token::new(random, ca_sha256);
    let row = Token {
        secret_sha256: sha256_hex(token.secret.as_bytes()),
        contract: wanted.contract,
        created: now,
        expires_at: now + SignedDuration::from_mins(i64::from(wanted.minutes)),
        used_at: None,
        used_by_host: None,
        note: wanted.note,
        hostname: wanted.hostname,
        role: wanted.role,
        importance: wanted.importance,
        reenrols: known.map(|host| host.id),
    };
    store.add_token(&row).await?;
    Ok(token)
}
