//! The gate before every route: who asks, may they, does the form come from our own page; and
//! after it, the audit log.
//!
//! Default deny: a route without a rule cannot be written down ([`super::routes`]). Browsers prove
//! themselves by a session's cookie, programs below `/api/v1` by a token, never one by the other's.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::access::{Caller, Need, Scope, Wants};
use super::page::{Refusal, refusal_page};
use super::{Console, sign_in};
use crate::intake::Peer;
use crate::store::{Act, Person, Stage};

/// Below this path answers are JSON and callers are programs.
pub const API: &str = "/api/v1";
/// A session's use is written down once in this time.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Longest text of an audit row's address and object, in bytes.
const OBJECT_BYTES_MAX: usize = 512;

/// What a route asks for and leaves behind.
#[derive(Clone, Debug)]
pub struct Rule {
    pub need: Need,
    /// Its reading is written down too: raw evidence, downloads.
    pub audited: bool,
    pub path: &'static str,
    pub method: Method,
}

/// What a handler adds to the audit row of its request.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    pub customer: Option<Uuid>,
    pub before: serde_json::Value,
    pub after: serde_json::Value,
}

/// The gate of one route.
pub async fn pass(
    State((console, rule)): State<(Console, Arc<Rule>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let wants = if path.starts_with(API) { Wants::Json } else { Wants::Html };
    let address = address_of(&console, &request);
    let now = Timestamp::now();
    let headers = request.headers();
    if wants == Wants::Html && is_write(&rule.method) && !is_own(headers, &console.url) {
        return refusal_page(None, wants, &Refusal::Foreign);
    }
    let caller = match identify(&console, headers, wants, &rule, now).await {
        Ok(found) => found.map(|found| Caller {
            person: found.person,
            scope: found.scope,
            wants,
            session: found.session,
            address,
            path: path.strip_prefix(API).unwrap_or(&path).to_owned(),
        }),
        Err(refusal) => return refusal_page(None, wants, &refusal),
    };
    if let Err(refusal) = may(caller.as_ref(), &rule) {
        if refusal == Refusal::SignInNeeded && wants == Wants::Html {
            return sign_in::to_sign_in(request.uri());
        }
        return refusal_page(caller.as_ref(), wants, &refusal);
    }
    if let Some(caller) = &caller {
        request.extensions_mut().insert(caller.clone());
    }
    request.extensions_mut().insert(Origin { address });
    let response = next.run(request).await;
    after(&console, &rule, (caller.as_ref(), address, &path), response, wants).await
}

/// Where a request comes from, also for those who have no account yet.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub address: IpAddr,
}

/// Writes the audit row of what was done, and turns refusals into pages.
async fn after(
    console: &Console,
    rule: &Rule,
    (caller, address, path): (Option<&Caller>, IpAddr, &str),
    mut response: Response,
    wants: Wants,
) -> Response {
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        return refusal_page(caller, wants, &refusal);
    }
    let Some(caller) = caller else { return response };
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if failed || !(is_write(&rule.method) || rule.audited) {
        return response;
    }
    let detail = response.extensions_mut().remove::<Detail>().unwrap_or_default();
    let told = serde_json::json!({"before": detail.before, "after": detail.after});
    let act = Act {
        at: Timestamp::now(),
        actor: caller.person.login.clone(),
        customer: detail.customer,
        address: address.to_string(),
        action: format!("{} {}", rule.method, rule.path),
        object: path.chars().take(OBJECT_BYTES_MAX).collect(),
        detail: told.to_string(),
    };
    match console.store.audit(&act).await {
        Ok(()) => response,
        Err(error) => {
            tracing::error!("console.audit_failed: {error}");
            refusal_page(Some(caller), wants, &Refusal::from(error))
        }
    }
}

struct Found {
    person: Person,
    scope: Scope,
    session: Option<String>,
}

/// Who asks; `None` is a stranger.
async fn identify(
    console: &Console,
    headers: &HeaderMap,
    wants: Wants,
    rule: &Rule,
    now: Timestamp,
) -> Result<Option<Found>, Refusal> {
    let (person, session) = match wants {
        Wants::Json => match bearer(headers) {
            Some(secret) => (by_token(console, secret, rule, now).await?, None),
            None => (None, None),
        },
        Wants::Html => match sign_in::secret_of(headers) {
            Some(secret) => by_session(console, &secret, rule, now).await?,
            None => (None, None),
        },
    };
    let Some(id) = person else { return Ok(None) };
    let person = console.store.person(id).await?;
    let Some(person) = person.filter(|person| person.disabled_at.is_none()) else {
        return Ok(None);
    };
    let scope = Scope::of(person.role, console.store.customers_of(id).await?);
    Ok(Some(Found { person, scope, session }))
}

async fn by_token(
    console: &Console,
    secret: &str,
    rule: &Rule,
    now: Timestamp,
) -> Result<Option<Uuid>, Refusal> {
    let Some(token) = console.store.access_token(secret).await? else { return Ok(None) };
    if token.revoked_at.is_some() || token.expires_at <= now {
        return Ok(None);
    }
    if is_write(&rule.method) && !token.writes {
        return Err(Refusal::Forbidden);
    }
    if token.used_at.is_none_or(|used| now.duration_since(used) >= TOUCH_EVERY) {
        console.store.touch_access_token(token.id, now).await?;
    }
    Ok(Some(token.person))
}

async fn by_session(
    console: &Console,
    secret: &str,
    rule: &Rule,
    now: Timestamp,
) -> Result<(Option<Uuid>, Option<String>), Refusal> {
    let Some(session) = console.store.session(secret).await? else { return Ok((None, None)) };
    let idle = now.duration_since(session.seen_at);
    if session.expires_at <= now || idle >= sign_in::IDLE_MAX {
        console.store.end_session(&session.secret_sha256).await?;
        return Ok((None, None));
    }
    if session.stage == Stage::Password && rule.need != Need::HalfSignedIn {
        return Ok((None, None));
    }
    if idle >= TOUCH_EVERY {
        console.store.touch_session(&session.secret_sha256, now).await?;
    }
    Ok((Some(session.person), Some(session.secret_sha256)))
}

fn may(caller: Option<&Caller>, rule: &Rule) -> Result<(), Refusal> {
    match (rule.need, caller) {
        (Need::Nobody, _) | (Need::HalfSignedIn | Need::SignedIn, Some(_)) => Ok(()),
        (_, None) => Err(Refusal::SignInNeeded),
        (Need::Right(right), Some(caller)) if caller.may(right) => Ok(()),
        (Need::Right(_), Some(_)) => Err(Refusal::Forbidden),
    }
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The peer, or what the reverse proxy before us says it is (its own, last word).
fn address_of(console: &Console, request: &Request<Body>) -> IpAddr {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.address);
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    if !console.config.people.behind_proxy {
        return peer;
    }
    let said = request.headers().get_all("x-forwarded-for").iter().next_back();
    let last = said.and_then(|said| said.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    last.unwrap_or(peer)
}

/// Whether a form comes from our own page: the browser's word, else that of `Origin`.
pub fn is_own(headers: &HeaderMap, url: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text("origin") else { return false };
    let host = origin.split_once("://").map(|(_, host)| host);
    origin == url || (host.is_some() && host == text("host"))
}

/// Headers of every answer: no foreign resource, no inline script, no frame, no cache.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; \
             img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
             frame-src 'self'; frame-ancestors 'self'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("permissions-policy"), "interest-cohort=()"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A path that no route has.
pub async fn nothing_there() -> Response {
    (StatusCode::NOT_FOUND, "404\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_come_from_our_own_page_only() {
        let check = |pairs: &[(&'static str, &str)], expected: bool| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(is_own(&headers, "https://c.kr"), expected, "{pairs:?}");
        };
        check(&[], false);
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "cross-site"), ("origin", "https://c.kr")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("origin", "https://c.kr")], true);
        check(&[("origin", "http://127.0.0.1:81"), ("host", "127.0.0.1:81")], true);
        check(&[("origin", "https://evil.kr"), ("host", "c.kr")], false);
        check(&[("origin", "null"), ("host", "null")], false);
    }
}
