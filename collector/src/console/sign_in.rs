//! How people prove who they are: passwords (argon2id), the second factor (TOTP, RFC 6238),
//! secrets of sessions, invitations and tokens, and how often one may try.
//!
//! A secret is 32 random bytes; only its SHA-256 is kept, so a stolen database opens nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cookie::{Cookie, SameSite};
use jiff::{SignedDuration, Timestamp};
use totp_rs::{Builder, Secret, Totp};

use super::Console;
use super::page::{Refusal, to};

/// A session ends after this, used or not: a working day.
pub const SESSION_MAX: SignedDuration = SignedDuration::from_hours(12);
/// A session that nobody used for this long has ended.
pub const IDLE_MAX: SignedDuration = SignedDuration::from_hours(2);
/// An invitation opens for this long.
pub const INVITATION_MAX: SignedDuration = SignedDuration::from_hours(72);
/// Failed sign-ins that lock an account, and for how long (KISA U-03, D-09 ask for at most 10).
pub const FAILURES_MAX: u32 = 5;
pub const LOCKED: SignedDuration = SignedDuration::from_mins(15);
/// Length of a password in characters: NIST SP 800-63B-4 §3.1.1.2 asks for 15 where it is the only
/// factor; the upper bound keeps hashing cheap.
pub const PASSWORD_CHARACTERS: std::ops::RangeInclusive<usize> = 15..=200;
/// Sign-ins that one address may try in a minute, and addresses remembered.
const TRIES_PER_MINUTE: u32 = 30;
const ADDRESSES_MAX: usize = 10_000;
const SECRET_BYTES: usize = 32;
/// Longest secret that is looked at, in bytes.
const SECRET_TEXT_MAX: usize = 128;
const ISSUER: &str = "Carepack";

/// A new secret, base64url.
///
/// # Errors
/// [`Refusal::Broken`] when the system gives no random bytes.
pub fn secret() -> Result<String, Refusal> {
    let mut bytes = [0; SECRET_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Refusal::Broken("random bytes"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a password; slow on purpose.
///
/// # Errors
/// [`Refusal::Broken`] when it cannot be hashed.
pub fn hash_now(password: &str) -> Result<String, Refusal> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|_| Refusal::Broken("hashing a password"))
}

/// Hashed when an account is not there, so that its absence takes as long.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

impl Console {
    /// As [`hash_now`], beside the runtime and not too many at once.
    pub(super) async fn hash(&self, password: String) -> Result<String, Refusal> {
        self.beside(move || hash_now(&password)).await?
    }

    /// Whether a password is the one that was hashed; without a hash it takes as long, and is not.
    pub(super) async fn verify(
        &self,
        password: String,
        kept: Option<String>,
    ) -> Result<bool, Refusal> {
        self.beside(move || {
            let hash = kept.as_deref().unwrap_or(&NOBODY);
            let parsed = PasswordHash::new(hash);
            let same = parsed.is_ok_and(|hash| {
                Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
            });
            same && kept.is_some()
        })
        .await
    }

    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let broken = Refusal::Broken("hashing a password");
        let _place = self.hashing.acquire().await.map_err(|_| broken.clone())?;
        tokio::task::spawn_blocking(work).await.map_err(|_| broken)
    }

    /// The cookie of a session; an empty secret takes it away.
    pub(super) fn cookie(&self, secret: &str) -> String {
        let secure = self.url.starts_with("https://");
        let name = if secure { COOKIE_SECURE } else { COOKIE };
        let mut cookie = Cookie::build((name, secret.to_owned()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(secure);
        if secret.is_empty() {
            cookie = cookie.removal();
        }
        cookie.build().to_string()
    }
}

/// Name of the cookie behind TLS: the prefix keeps other hosts and plain HTTP from setting it.
const COOKIE_SECURE: &str = "__Host-carepack";
/// On loopback without TLS.
const COOKIE: &str = "carepack";

/// The session's secret of a request.
pub fn secret_of(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = all.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let ours = cookies.find(|cookie| [COOKIE_SECURE, COOKIE].contains(&cookie.name()))?;
    Some(ours.value().to_owned()).filter(|secret| (1..=SECRET_TEXT_MAX).contains(&secret.len()))
}

/// To the sign-in page, and from there back to where one wanted to go.
pub fn to_sign_in(uri: &Uri) -> Response {
    let wanted = uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    let query: String =
        form_urlencoded::Serializer::new(String::new()).append_pair("to", wanted).finish();
    to(&format!("/sign-in?{query}"))
}

/// A place on this site that a form names, or the home page: never another site.
#[must_use]
pub fn own_place(wanted: &str) -> &str {
    let is_own = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && !wanted.contains(['\\', '\r', '\n', '\t'])
        && wanted.len() <= 2048;
    if is_own { wanted } else { "/" }
}

/// A new secret of the second factor, base32.
///
/// # Errors
/// [`Refusal::Broken`] when the system gives no random bytes.
pub fn totp_secret() -> Result<String, Refusal> {
    // 160 bits: RFC 4226 §4, R6.
    let mut bytes = [0; 20];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Refusal::Broken("random bytes"))?;
    Ok(Secret::from(bytes).to_base32())
}

fn totp(secret: &str, account: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    let builder = Builder::new().with_secret(secret).with_issuer(Some(ISSUER));
    builder.with_account_name(account).build().ok()
}

/// The time step whose code this is, one step of clock skew allowed.
#[must_use]
pub fn totp_step(secret: &str, code: &str, now: Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now.as_second()).ok()?;
    i64::try_from(totp(secret, "")?.check(&code, seconds)?).ok()
}

/// The `otpauth://` address for an authenticator, and its QR code as SVG.
#[must_use]
pub fn totp_picture(secret: &str, login: &str) -> Option<(String, String)> {
    let address = totp(secret, login)?.to_url().ok()?;
    let code = qrcode::QrCode::new(address.as_bytes()).ok()?;
    let picture = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(180, 180).build();
    // The XML head has no place inside HTML.
    let svg = picture.find("<svg").map(|at| picture[at..].to_owned())?;
    Some((address, svg))
}

/// How often an address tried to sign in this minute; in memory and bounded.
#[derive(Clone, Default)]
pub struct SharedAttempts(Arc<Mutex<HashMap<IpAddr, (Instant, u32)>>>);

impl SharedAttempts {
    /// Counts a try; false when there were too many.
    #[must_use]
    pub fn allow(&self, address: IpAddr, now: Instant) -> bool {
        const WINDOW: Duration = Duration::from_secs(60);
        let Ok(mut all) = self.0.lock() else { return false };
        if all.len() >= ADDRESSES_MAX {
            all.retain(|_, (since, _)| now.saturating_duration_since(*since) < WINDOW);
        }
        if all.len() >= ADDRESSES_MAX && !all.contains_key(&address) {
            return false;
        }
        let (since, count) = all.entry(address).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= TRIES_PER_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_of_this_site_are_gone_to() {
        for own in ["/", "/hosts?x=1", "/a//b"] {
            assert_eq!(own_place(own), own);
        }
        for foreign in
            ["", "https://evil.kr", "//evil.kr", "/\\evil.kr", "x", "/a\r\nSet-Cookie: x"]
        {
            assert_eq!(own_place(foreign), "/", "{foreign:?}");
        }
    }

    #[test]
    fn a_code_is_the_one_of_rfc_6238() {
        // Appendix B: secret "12345678901234567890", T = 59 s, the last six digits of 94287082.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(totp_step(secret, "287 082", at(59)), Some(1));
        assert_eq!(totp_step(secret, "287082", at(89)), Some(1), "one step of skew");
        assert_eq!(totp_step(secret, "287082", at(200)), None);
        assert_eq!(totp_step(secret, "287083", at(59)), None);
        assert_eq!(totp_step(secret, "", at(59)), None);
        let (address, svg) = totp_picture(secret, "kim").unwrap();
        assert!(address.starts_with("otpauth://totp/") && address.contains(secret), "{address}");
        assert!(svg.starts_with("<svg"));
    }

    #[test]
    fn an_address_tries_so_often_a_minute() {
        let attempts = SharedAttempts::default();
        let (now, address) = (Instant::now(), "10.0.0.1".parse().unwrap());
        for _ in 0..TRIES_PER_MINUTE {
            assert!(attempts.allow(address, now));
        }
        assert!(!attempts.allow(address, now));
        assert!(attempts.allow("10.0.0.2".parse().unwrap(), now));
        assert!(attempts.allow(address, now + Duration::from_secs(60)));
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        assert_eq!(secret_of(&headers), None);
        headers.insert(header::COOKIE, "a=b; carepack=xyz; c=d".parse().unwrap());
        assert_eq!(secret_of(&headers).as_deref(), Some("xyz"));
        headers.insert(header::COOKIE, "__Host-carepack=s".parse().unwrap());
        assert_eq!(secret_of(&headers).as_deref(), Some("s"));
        headers.insert(header::COOKIE, format!("carepack={}", "x".repeat(500)).parse().unwrap());
        assert_eq!(secret_of(&headers), None);
    }
}
