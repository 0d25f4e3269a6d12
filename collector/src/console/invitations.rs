//! One-time links by which somebody chooses a password: made here for pages and commands alike.

use carepack_shared::digest::sha256_hex;
use jiff::Timestamp;

use super::page::Refusal;
use super::sign_in::{INVITATION_MAX, secret};
use crate::store::{Invitation, Person, Store};

/// Makes the one-time link by which somebody chooses a password.
///
/// # Errors
/// [`Refusal`] when it cannot be kept.
pub async fn make_link(store: &Store, url: &str, person: &Person) -> Result<String, Refusal> {
    let (secret, now) = (secret()?, Timestamp::now());
    let invitation = Invitation {
        secret_sha256: sha256_hex(secret.as_bytes()),
        person: person.id,
        created: now,
        expires_at: now + INVITATION_MAX,
        used_at: None,
    };
    store.invite(&invitation).await?;
    Ok(format!("{url}/invitation/{secret}"))
}
