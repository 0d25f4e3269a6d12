//! The agents' API: paths, bodies, headers and limits, the same words on both sides.
//!
//! There is no command channel: what the collector can say is a receipt, a policy (when to
//! collect, what not to collect), a request to collect now, which the host's policy may refuse, and
//! signed pattern packs: text that is searched for, nothing that is executed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::period::Schedule;

/// `POST` [`EnrolRequest`] → [`EnrolAnswer`]. The only route without a client certificate.
pub const PATH_ENROL: &str = "/v1/enrol";
/// `POST` [`RenewRequest`] → [`RenewAnswer`].
pub const PATH_RENEW: &str = "/v1/renew";
/// `POST` [`Poll`] → [`Policy`].
pub const PATH_POLL: &str = "/v1/poll";
/// `GET` → [`SignedPack`](crate::pattern_pack::SignedPack), the newest; 404 when there is none.
pub const PATH_PATTERNS: &str = "/v1/patterns";
/// `PUT {PATH_SNAPSHOTS}/{id}`: zstd body, [`HEADER_SHA256`] → [`Receipt`].
pub const PATH_SNAPSHOTS: &str = "/v1/snapshots";

/// SHA-256 of the uncompressed document, hex.
pub const HEADER_SHA256: &str = "x-carepack-sha256";

/// Longest compressed snapshot body in bytes.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest body of any other request or answer in bytes.
pub const SMALL_BODY_BYTES_MAX: usize = 64 * 1024;

/// Longest answer with a pattern pack in bytes: its text as JSON, and a signature.
pub const PACK_BODY_BYTES_MAX: usize = 2 * crate::patterns::PACK_BYTES_MAX + 4096;

/// Bits of chance in an enrolment token.
pub const TOKEN_BITS: usize = 160;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The secret part of the token (see [`Token`]).
    pub secret: String,
    /// PKCS#10 request, PEM. Its subject is ignored: the collector names the host.
    pub csr_pem: String,
    pub hostname: String,
    pub machine: Option<String>,
    pub agent_version: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnrolAnswer {
    pub host_id: Uuid,
    /// The host's certificate, PEM.
    pub certificate_pem: String,
    pub not_after: Timestamp,
    pub policy: Policy,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    pub csr_pem: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RenewAnswer {
    pub certificate_pem: String,
    pub not_after: Timestamp,
}

/// What an agent says at every poll: its own state, nothing of the host's content.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    pub agent_version: String,
    /// The host's wall clock, so that the collector sees its skew.
    pub now: Timestamp,
    /// Snapshots waiting in the spool.
    pub spooled: u32,
    /// The agent process itself: resident memory in KiB, CPU milliseconds since start.
    pub rss_kib: u64,
    pub cpu_ms: u64,
    /// On-demand requests are refused by the host's own policy.
    pub refuses_on_demand: bool,
}

/// What the collector may say to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Grows with every change, so that an older answer never replaces a newer one.
    pub version: u64,
    pub schedule: Schedule,
    /// Seconds between polls.
    pub poll_seconds: u32,
    /// A request to collect now; the agent remembers the last id that it served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collect_now: Option<Uuid>,
    /// Version of the pattern pack that can be had; the agent asks for it when it is newer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patterns: Option<u64>,
    /// The collector's wall clock.
    pub now: Timestamp,
}

/// The answer to a stored snapshot. Sent only when it is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub id: Uuid,
    /// The agent deletes its spool entry only when this equals its own digest.
    pub sha256: String,
    /// It was already there.
    pub duplicate: bool,
}

/// A refusal (RFC 9457 problem details). `code` is stable and decides the agent's exit code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Problem {
    pub status: u16,
    pub code: ProblemCode,
    /// One or two sentences: what is wrong and the way out.
    pub detail: String,
}

/// Every refusal that the agents' API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// 401: no client certificate on a route that needs one.
    CertificateMissing,
    /// 403: the certificate was revoked; only an engineer can let the host back in.
    CertificateRevoked,
    /// 403: the certificate is valid but its host is not known here.
    HostUnknown,
    /// 403: the token is wrong, spent or expired (told apart in `detail`).
    TokenRefused,
    /// 429: too many enrolment attempts.
    TooManyAttempts,
    /// 409: same id, another digest.
    DigestConflict,
    /// 409: the body speaks of another host than the certificate.
    HostMismatch,
    /// 413: over a limit, compressed or uncompressed.
    TooLarge,
    /// 422: not a snapshot, or its digest does not match its header.
    Malformed,
    /// 422: a schema that this collector does not read.
    SchemaUnknown,
    /// 404 or 405.
    NoSuchRoute,
    /// 500.
    Internal,
    /// 507: no space; try again later.
    StorageFull,
    /// 503: the store is not healthy; try again later.
    Unavailable,
}

/// A one-time enrolment token: `cpk1.<secret>.<fingerprint>`.
///
/// The secret is 160 random bits in lower-case RFC 4648 base 32 without padding (32 letters); the
/// fingerprint is the SHA-256 of the collector's CA certificate (DER), hex, so that the very
/// first contact is already authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub secret: String,
    pub ca_sha256: String,
}

/// A text that is not a token.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an enrolment token: {0}; ask the collector's operator for a new one")]
pub struct TokenError(&'static str);

impl Token {
    /// Letters in the secret: 160 bits, five a letter.
    const SECRET_LETTERS: usize = TOKEN_BITS / 5;

    /// Makes a token of 20 random bytes.
    #[must_use]
    pub fn new(random: [u8; TOKEN_BITS / 8], ca_sha256: &str) -> Self {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut secret = String::with_capacity(Self::SECRET_LETTERS);
        for group in random.chunks(5) {
            let bits = group.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            for letter in (0..8).rev() {
                secret.push(ALPHABET[(bits >> (letter * 5) & 31) as usize] as char);
            }
        }
        Self { secret, ca_sha256: ca_sha256.to_owned() }
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cpk1.{}.{}", self.secret, self.ca_sha256)
    }
}

impl std::str::FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let mut parts = text.trim().split('.');
        let (Some("cpk1"), Some(secret), Some(ca), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError("it does not have the form cpk1.SECRET.FINGERPRINT"));
        };
        let secret_ok = secret.len() == Self::SECRET_LETTERS
            && secret.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
        if !secret_ok {
            return Err(TokenError("its secret is not 32 letters of base 32"));
        }
        if ca.len() != 64 || !ca.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(TokenError("its fingerprint is not 64 hex digits"));
        }
        Ok(Self { secret: secret.to_owned(), ca_sha256: ca.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text() {
        let token = Token::new([7; 20], &"ab".repeat(32));
        assert_eq!(token.to_string().parse(), Ok(token.clone()));
        assert_eq!(token.secret.len(), 32);
        // RFC 4648 §10: "fooba" in base 32 is MZXW6YTB.
        let random: [u8; 20] = *b"foobafoobafoobafooba";
        assert_eq!(Token::new(random, "").secret, "mzxw6ytb".repeat(4));
    }

    #[test]
    fn a_bent_token_is_named() {
        let error = |text: &str| text.parse::<Token>().unwrap_err().to_string();
        assert!(error("hello").contains("form"));
        assert!(error(&format!("cpk1.short.{}", "a".repeat(64))).contains("secret"));
        assert!(error(&format!("cpk1.{}.zz", "a".repeat(32))).contains("fingerprint"));
    }
}
