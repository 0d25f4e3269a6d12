//! One's own account: language, password, second factor, tokens of programs, sessions.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use carepack_shared::digest::sha256_hex;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::invitation::check;
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::{Filled, text};
use crate::console::page::{Answer, Id, Refusal, Told, done, show as show_page};
use crate::console::sign_in::{PASSWORD_CHARACTERS, secret, totp_picture, totp_secret, totp_step};
use crate::store::{AccessToken, Language, Session};

/// Tokens end within a year.
const TOKEN_DAYS_MAX: i64 = 366;
/// Tokens in force that one person has.
const TOKENS_MAX: usize = 20;

#[derive(Template, Serialize, ToSchema)]
#[template(path = "me.html")]
pub struct MePage {
    #[serde(skip)]
    frame: Frame,
    login: String,
    name: String,
    role: &'static str,
    has_totp: bool,
    tokens: Vec<TokenRow>,
    sessions: Vec<SessionRow>,
    /// A secret that is proposed for the second factor, and its picture.
    #[serde(skip)]
    proposed: Option<(String, String)>,
    /// A token's secret, shown once.
    #[serde(skip)]
    made: Option<String>,
    #[serde(skip)]
    error: Option<&'static str>,
    #[serde(skip)]
    characters_min: usize,
}

#[derive(Serialize, ToSchema)]
struct TokenRow {
    id: Uuid,
    name: String,
    writes: bool,
    created: Timestamp,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    in_force: bool,
}

impl From<AccessToken> for TokenRow {
    fn from(token: AccessToken) -> Self {
        Self {
            id: token.id,
            in_force: token.revoked_at.is_none() && Timestamp::now() < token.expires_at,
            name: token.name,
            writes: token.writes,
            created: token.created,
            expires_at: token.expires_at,
            used_at: token.used_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct SessionRow {
    created: Timestamp,
    seen_at: Timestamp,
    address: String,
    browser: String,
    is_this: bool,
}

impl SessionRow {
    fn of(session: Session, this: Option<&str>) -> Self {
        Self {
            is_this: this == Some(session.secret_sha256.as_str()),
            created: session.created,
            seen_at: session.seen_at,
            address: session.address,
            browser: session.browser,
        }
    }
}

/// What is shown besides what is there anyway.
#[derive(Default)]
struct Besides {
    made: Option<String>,
    error: Option<&'static str>,
    proposed: Option<String>,
}

async fn page(console: &Console, caller: &Caller, besides: Besides) -> Result<MePage, Refusal> {
    let person = &caller.person;
    let tokens = console.store.access_tokens_of(person.id).await?;
    let sessions = console.store.sessions_of(person.id).await?;
    let this = caller.session.as_deref();
    let proposed = match (person.totp_secret.is_some(), besides.proposed) {
        (true, _) => None,
        (false, Some(secret)) => Some(secret),
        (false, None) => Some(totp_secret()?),
    };
    let picture = |secret: String| {
        let (_, svg) = totp_picture(&secret, &person.login)?;
        Some((secret, svg))
    };
    Ok(MePage {
        frame: Frame::of(caller),
        login: person.login.clone(),
        name: person.name.clone(),
        role: person.role.as_str(),
        has_totp: person.totp_secret.is_some(),
        tokens: tokens.into_iter().map(TokenRow::from).collect(),
        sessions: sessions.into_iter().map(|session| SessionRow::of(session, this)).collect(),
        proposed: proposed.and_then(picture),
        made: besides.made,
        error: besides.error,
        characters_min: *PASSWORD_CHARACTERS.start(),
    })
}

pub async fn show(State(console): State<Console>, caller: Caller) -> Told<MePage> {
    show_page(&caller, &page(&console, &caller, Besides::default()).await?)
}

/// The page again, with what is wrong.
async fn again(console: &Console, caller: &Caller, besides: Besides) -> Answer {
    let page = page(console, caller, besides).await?;
    let text = page.render().map_err(|error| Refusal::broken("the account's page", &error))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(text)).into_response())
}

#[derive(Deserialize, ToSchema)]
pub struct Chosen {
    #[schema(value_type = Language)]
    language: String,
}

pub async fn language(
    State(console): State<Console>,
    caller: Caller,
    Filled(form): Filled<Chosen>,
) -> Told<String> {
    let wrong = || Refusal::malformed("refused.value", form.language.clone());
    let language = Language::of(&form.language).ok_or_else(wrong)?;
    let mut person = caller.person.clone();
    person.language = language;
    let customers = console.store.customers_of(person.id).await?;
    console.store.edit_person(&person, &customers).await?;
    done(&caller, "/me", &form.language, Detail::default())
}

#[derive(Deserialize, ToSchema)]
pub struct Password {
    current: String,
    password: String,
    again: String,
}

pub async fn password(
    State(console): State<Console>,
    caller: Caller,
    Filled(form): Filled<Password>,
) -> Answer {
    let wrong = |error| Besides { error: Some(error), ..Besides::default() };
    let kept = caller.person.password.clone();
    if !console.verify(form.current, kept).await? {
        return again(&console, &caller, wrong("password.current")).await;
    }
    if let Err(key) = check(&caller.person, &form.password, &form.again) {
        return again(&console, &caller, wrong(key)).await;
    }
    let hash = console.hash(form.password).await?;
    let keep = caller.session.as_deref().unwrap_or_default();
    console.store.set_password(caller.person.id, &hash, keep).await?;
    Ok(done(&caller, "/me", &"changed", Detail::default())?.into_response())
}

#[derive(Deserialize, ToSchema)]
pub struct Totp {
    secret: String,
    code: String,
}

pub async fn totp(
    State(console): State<Console>,
    caller: Caller,
    Filled(form): Filled<Totp>,
) -> Answer {
    if caller.person.totp_secret.is_some() {
        return Err(Refusal::conflict("refused.exists", ""));
    }
    let Some(step) = totp_step(&form.secret, &form.code, Timestamp::now()) else {
        let error = Some("sign_in.wrong_code");
        let besides = Besides { error, proposed: Some(form.secret), ..Besides::default() };
        return again(&console, &caller, besides).await;
    };
    console.store.set_totp(caller.person.id, Some(&form.secret), step).await?;
    Ok(done(&caller, "/me", &"on", Detail::default())?.into_response())
}

#[derive(Deserialize, ToSchema)]
pub struct Current {
    current: String,
}

pub async fn totp_off(
    State(console): State<Console>,
    caller: Caller,
    Filled(form): Filled<Current>,
) -> Answer {
    if !console.verify(form.current, caller.person.password.clone()).await? {
        let besides = Besides { error: Some("password.current"), ..Besides::default() };
        return again(&console, &caller, besides).await;
    }
    console.store.set_totp(caller.person.id, None, 0).await?;
    Ok(done(&caller, "/me", &"off", Detail::default())?.into_response())
}

#[derive(Deserialize, ToSchema)]
pub struct NewToken {
    name: String,
    days: i64,
    #[serde(default)]
    writes: Option<String>,
}

/// Makes a token and shows its secret, this once.
pub async fn add_token(
    State(console): State<Console>,
    caller: Caller,
    Filled(form): Filled<NewToken>,
) -> Told<MePage> {
    let name = text("name", &form.name, 60)?;
    if !(1..=TOKEN_DAYS_MAX).contains(&form.days) {
        return Err(Refusal::malformed("refused.value", format!("days 1–{TOKEN_DAYS_MAX}")));
    }
    let now = Timestamp::now();
    let held = console.store.access_tokens_of(caller.person.id).await?;
    let in_force = |token: &&AccessToken| token.revoked_at.is_none() && now < token.expires_at;
    if held.iter().filter(in_force).count() >= TOKENS_MAX {
        return Err(Refusal::TooMuch(TOKENS_MAX.to_string()));
    }
    let secret = format!("cpt_{}", secret()?);
    let token = AccessToken {
        id: Uuid::now_v7(),
        secret_sha256: sha256_hex(secret.as_bytes()),
        person: caller.person.id,
        name,
        writes: form.writes.is_some(),
        created: now,
        expires_at: now + SignedDuration::from_hours(24 * form.days),
        used_at: None,
        revoked_at: None,
    };
    console.store.add_access_token(&token).await?;
    let besides = Besides { made: Some(secret), ..Besides::default() };
    let after = serde_json::json!({"name": token.name, "writes": token.writes});
    Ok(show_page(&caller, &page(&console, &caller, besides).await?)?
        .telling(Detail { after, ..Detail::default() }))
}

pub async fn revoke_token(
    State(console): State<Console>,
    caller: Caller,
    Path(token): Path<Uuid>,
) -> Told<Id> {
    let now = Timestamp::now();
    if !console.store.revoke_access_token(token, caller.person.id, now).await? {
        return Err(Refusal::NotFound);
    }
    done(&caller, "/me", &Id(token), Detail::default())
}

pub async fn end_sessions(State(console): State<Console>, caller: Caller) -> Told<String> {
    let keep = caller.session.as_deref().unwrap_or_default();
    console.store.end_other_sessions(caller.person.id, keep).await?;
    done(&caller, "/me", &"ended".to_owned(), Detail::default())
}
