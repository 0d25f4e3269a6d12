//! The way in: name and password, then the code where there is a second factor; and out.

use std::time::Instant;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::gate::Origin;
use crate::console::input::{Asked, Filled};
use crate::console::page::{Answer, Refusal, to};
use crate::console::sign_in::{FAILURES_MAX, LOCKED, SESSION_MAX, own_place, secret, totp_step};
use crate::store::{Act, Person, Session, Stage};

/// Longest word of a browser about itself that is kept, in characters.
const BROWSER_CHARACTERS_MAX: usize = 200;

#[derive(Template, Serialize)]
#[template(path = "sign_in.html")]
struct SignInPage {
    #[serde(skip)]
    frame: Frame,
    login: String,
    to: String,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    frame: Frame,
    to: String,
    error: Option<&'static str>,
}

#[derive(Deserialize, ToSchema)]
pub struct Wanted {
    #[serde(default)]
    to: String,
}

#[derive(Deserialize, ToSchema)]
pub struct NameAndPassword {
    login: String,
    password: String,
    #[serde(default)]
    to: String,
}

#[derive(Deserialize, ToSchema)]
pub struct Code {
    code: String,
    #[serde(default)]
    to: String,
}

pub async fn show(Asked(wanted): Asked<Wanted>) -> Answer {
    page(StatusCode::OK, String::new(), wanted.to, None)
}

fn page(status: StatusCode, login: String, to: String, error: Option<&'static str>) -> Answer {
    let page = SignInPage { frame: Frame::stranger(), login, to, error };
    let text = page.render().map_err(|error| Refusal::broken("the sign-in page", &error))?;
    Ok((status, Html(text)).into_response())
}

/// Takes a password. A wrong name, a wrong password and a disabled account look the same.
pub async fn password(
    State(console): State<Console>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Filled(form): Filled<NameAndPassword>,
) -> Answer {
    let refused = |status, key| page(status, form.login.clone(), form.to.clone(), Some(key));
    if !console.attempts.allow(origin.address, Instant::now()) {
        return refused(StatusCode::TOO_MANY_REQUESTS, "sign_in.too_often");
    }
    let now = Timestamp::now();
    let person = console.store.person_named(form.login.trim()).await?;
    let kept = person.as_ref().and_then(|person| person.password.clone());
    let is_right = console.verify(form.password.clone(), kept).await?;
    let Some(person) = person.filter(|person| person.disabled_at.is_none()) else {
        return refused(StatusCode::UNAUTHORIZED, "sign_in.wrong");
    };
    if !is_right {
        failed(&console, &person, &origin, now).await?;
        return refused(StatusCode::UNAUTHORIZED, "sign_in.wrong");
    }
    // Only who knows the password learns that the account is locked.
    if person.locked_until.is_some_and(|until| now < until) {
        note(&console, &person, &origin, "sign-in refused: locked").await?;
        return refused(StatusCode::UNAUTHORIZED, "sign_in.locked");
    }
    let stage = match person.totp_secret {
        Some(_) => Stage::Password,
        None => Stage::Full,
    };
    let cookie = begin(&console, &person, stage, (&origin, &headers)).await?;
    if stage == Stage::Full {
        console.store.clear_failures(person.id).await?;
        note(&console, &person, &origin, "sign-in").await?;
        return Ok(with_cookie(to(own_place(&form.to)), &cookie));
    }
    let query: String =
        form_urlencoded::Serializer::new(String::new()).append_pair("to", &form.to).finish();
    Ok(with_cookie(to(&format!("/sign-in/code?{query}")), &cookie))
}

pub async fn ask_code(caller: Caller, Asked(wanted): Asked<Wanted>) -> Answer {
    code_page(StatusCode::OK, &caller, wanted.to, None)
}

fn code_page(
    status: StatusCode,
    caller: &Caller,
    to: String,
    error: Option<&'static str>,
) -> Answer {
    let mut frame = Frame::stranger();
    frame.language = caller.person.language;
    let text = CodePage { frame, to, error }.render();
    let text = text.map_err(|error| Refusal::broken("the page of the code", &error))?;
    Ok((status, Html(text)).into_response())
}

/// Takes the second factor: a code counts once, and the session becomes another one.
pub async fn code(
    State(console): State<Console>,
    Extension(origin): Extension<Origin>,
    caller: Caller,
    headers: HeaderMap,
    Filled(form): Filled<Code>,
) -> Answer {
    let now = Timestamp::now();
    let person = &caller.person;
    let refused = |status, key| code_page(status, &caller, form.to.clone(), Some(key));
    if person.locked_until.is_some_and(|until| now < until) {
        return refused(StatusCode::UNAUTHORIZED, "sign_in.locked");
    }
    let step = person.totp_secret.as_deref().and_then(|kept| totp_step(kept, &form.code, now));
    let is_taken = match step {
        Some(step) => console.store.use_totp(person.id, step).await?,
        None => false,
    };
    if !is_taken {
        failed(&console, person, &origin, now).await?;
        return refused(StatusCode::UNAUTHORIZED, "sign_in.wrong_code");
    }
    if let Some(half) = &caller.session {
        console.store.end_session(half).await?;
    }
    let cookie = begin(&console, person, Stage::Full, (&origin, &headers)).await?;
    note(&console, person, &origin, "sign-in").await?;
    Ok(with_cookie(to(own_place(&form.to)), &cookie))
}

pub async fn out(State(console): State<Console>, caller: Caller) -> Answer {
    if let Some(session) = &caller.session {
        console.store.end_session(session).await?;
    }
    Ok(with_cookie(to("/sign-in"), &console.cookie("")))
}

/// Opens a session and gives its cookie.
async fn begin(
    console: &Console,
    person: &Person,
    stage: Stage,
    (origin, headers): (&Origin, &HeaderMap),
) -> Result<String, Refusal> {
    let (secret, now) = (secret()?, Timestamp::now());
    let browser = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let session = Session {
        secret_sha256: carepack_shared::digest::sha256_hex(secret.as_bytes()),
        person: person.id,
        stage,
        created: now,
        seen_at: now,
        expires_at: now + SESSION_MAX,
        address: origin.address.to_string(),
        browser: browser.unwrap_or_default().chars().take(BROWSER_CHARACTERS_MAX).collect(),
    };
    console.store.add_session(&session).await?;
    Ok(console.cookie(&secret))
}

async fn failed(
    console: &Console,
    person: &Person,
    origin: &Origin,
    now: Timestamp,
) -> Result<(), Refusal> {
    console.store.count_failure(person.id, FAILURES_MAX, now + LOCKED).await?;
    note(console, person, origin, "sign-in refused").await
}

/// Writes the way in and its failures to the audit log: no caller stands before them.
async fn note(
    console: &Console,
    person: &Person,
    origin: &Origin,
    action: &str,
) -> Result<(), Refusal> {
    let act = Act {
        at: Timestamp::now(),
        actor: person.login.clone(),
        customer: None,
        address: origin.address.to_string(),
        action: action.to_owned(),
        object: "/sign-in".to_owned(),
        detail: "{}".to_owned(),
    };
    Ok(console.store.audit(&act).await?)
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
