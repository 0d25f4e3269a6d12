//! The collector's own certificate authority: who a host is, and who we are.
//!
//! Four kinds of certificate, all ECDSA P-256: the root (ten years, its key 0600 in DATA/pki),
//! our own for the agents' listener, one a host (60 days, client use only), and one for each file
//! that goes back over an air gap (it signs documents and nothing else). What it does not
//! know: tokens, revocation and which host may have one; that is the store's and the intake's.

pub(crate) mod files;
mod hosts;
mod returned;
mod root;
mod server;

pub use hosts::{Issued, PeerCertificate, RequestError, SealError};
pub use root::Authority;
pub use server::ServerIdentity;

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

/// Life of the root.
pub const ROOT_LIFE: SignedDuration = SignedDuration::from_hours(24 * 3653);
/// Life of our own certificate: the longest that clients commonly accept.
pub const SERVER_LIFE: SignedDuration = SignedDuration::from_hours(24 * 397);
/// Life of a host's certificate; the agent renews at two thirds.
pub const HOST_LIFE: SignedDuration = SignedDuration::from_hours(24 * 60);
/// Life of a certificate that travels over an air gap: a year of quarters and a margin.
pub const OFFLINE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 400);
/// How far back a certificate begins, for hosts whose clock runs behind.
const BACKDATE: SignedDuration = SignedDuration::from_hours(1);

/// What the authority can fail with.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    #[error("{path} cannot be {operation}")]
    File {
        path: PathBuf,
        operation: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "{path} has mode {mode:04o} and belongs to user {owner}; it must belong to the collector's \
         user alone (chmod {wanted:04o})"
    )]
    Exposed { path: PathBuf, mode: u32, owner: u32, wanted: u32 },
    #[error("{path} is there but its key is not; restore DATA/pki from a backup")]
    KeyMissing { path: PathBuf },
    #[error("{path} does not hold {what}; restore DATA/pki from a backup")]
    Unsound { path: PathBuf, what: &'static str },
    #[error("{what} cannot be made")]
    Make {
        what: &'static str,
        #[source]
        source: rcgen::Error,
    },
    #[error("the system gave no random bytes")]
    Random,
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    #[error("agents' certificates cannot be checked")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
}

/// A fresh serial: 16 bytes, positive and never with a leading zero, so that its hex form is the
/// same however it is encoded; 126 bits of chance.
fn serial() -> Result<[u8; 16], PkiError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| PkiError::Random)?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(bytes)
}

/// Sets a certificate's life: from a little before `now`, for `life`.
fn set_life(params: &mut rcgen::CertificateParams, now: Timestamp, life: SignedDuration) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let since =
        |at: Timestamp| std::time::Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0));
    params.not_before = epoch + since(now.saturating_sub(BACKDATE).unwrap_or(now));
    params.not_after = epoch + since(not_after(now, life));
}

/// The last moment of a certificate made now, in whole seconds.
fn not_after(now: Timestamp, life: SignedDuration) -> Timestamp {
    let end = now.saturating_add(life).unwrap_or(Timestamp::MAX);
    Timestamp::from_second(end.as_second()).unwrap_or(end)
}
