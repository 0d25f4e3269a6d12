//! The page behind a mail's link: a contact reads its notice and answers it, without an account.
//!
//! The token in the path is all that is needed, so nothing else may learn it: no foreign resource,
//! no script, no referrer to other sites, no cache. A form is taken only from our own page.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::letter::{Card, Shown, moment, names};
use super::links::{Purpose, Refused};
use super::queue::zone_of;
use super::wording::say;
use super::{Notices, NoticesError};
use crate::plans::{self, PlanError, Wish};
use crate::store::{Contract, Decision, Language, Notice, Plan};

/// Longest form, in bytes: 200 hosts with all their fields.
const FORM_BYTES_MAX: usize = 512 * 1024;
/// Most fields of a form.
const FIELDS_MAX: usize = 4096;
/// Most hosts that the page shows.
const HOSTS_MAX: usize = 400;
const STYLE_PATH: &str = "/assets/notice.css";
const STYLE: &str = include_str!("templates/answer.css");
/// The fields of the block that is for all hosts begin with this.
const ALL: &str = "all";

/// The routes of the page and its style sheet.
pub fn router(notices: Notices) -> Router {
    Router::new()
        .route(STYLE_PATH, get(style))
        .route("/n/{token}", get(show).post(answer))
        .with_state(notices)
}

#[derive(Template)]
#[template(path = "answer.html")]
struct Page<'p> {
    language: Language,
    /// None where the link opens nothing.
    card: Option<&'p Card>,
    /// A key of the words, and what it is about.
    error: Option<(&'static str, String)>,
    zone: String,
    plans: HashMap<Uuid, String>,
    /// What was filled in, to be shown again beside a mistake.
    form: Form,
}

/// Scope (`all` or a host's id) and field → what was filled in.
#[derive(Default)]
struct Form(HashMap<(String, String), String>);

impl Form {
    fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body).take(FIELDS_MAX);
        let field = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
            let (scope, field) = name.split_once('.')?;
            Some(((scope.to_owned(), field.to_owned()), value.into_owned()))
        };
        Self(pairs.filter_map(field).collect())
    }

    fn get(&self, scope: &str, field: &str) -> &str {
        self.0.get(&(scope.to_owned(), field.to_owned())).map_or("", |value| value.trim())
    }

    /// What is wished for a host: its own block, else the one for all.
    fn wish(&self, host: Uuid, zone: &TimeZone) -> Result<Option<Wish>, &'static str> {
        let own = host.to_string();
        let scope = if self.get(&own, "decision").is_empty() { ALL } else { own.as_str() };
        let Some(decision) = Decision::of(self.get(scope, "decision")) else { return Ok(None) };
        let until = match decision {
            Decision::Wait => end_of(self.get(scope, "date"), zone).ok_or("field.date")?,
            _ => time(self.get(scope, "until"), zone).ok_or("field.until")?,
        };
        Ok(Some(Wish {
            decision,
            window_from: time(self.get(scope, "from"), zone).ok_or("field.from")?,
            window_until: until,
            reason: self.get(scope, "reason").to_owned(),
            compensation: self.get(scope, "compensation").to_owned(),
            approver: self.get(scope, "approver").to_owned(),
            expires_at: end_of(self.get(scope, "expiry"), zone).ok_or("field.expiry")?,
        }))
    }
}

/// A date with a time, as browsers send it; `Some(None)` when nothing was filled in.
#[expect(clippy::option_option, reason = "absent, sound, and neither are three things")]
pub(crate) fn time(text: &str, zone: &TimeZone) -> Option<Option<Timestamp>> {
    if text.is_empty() {
        return Some(None);
    }
    let time: DateTime = text.parse().ok()?;
    Some(Some(time.to_zoned(zone.clone()).ok()?.timestamp()))
}

/// The end of a day; `Some(None)` when nothing was filled in.
#[expect(clippy::option_option, reason = "absent, sound, and neither are three things")]
pub(crate) fn end_of(text: &str, zone: &TimeZone) -> Option<Option<Timestamp>> {
    if text.is_empty() {
        return Some(None);
    }
    let day: Date = text.parse().ok()?;
    Some(Some(day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp()))
}

impl Page<'_> {
    fn w<'k>(&self, key: &'k str) -> &'k str {
        say(self.language, key)
    }

    fn of(&self, prefix: &str, key: &str) -> String {
        say(self.language, &format!("{prefix}.{key}")).to_owned()
    }

    fn v(&self, scope: &str, field: &str) -> &str {
        self.form.get(scope, field)
    }

    fn is(&self, scope: &str, decision: &Decision) -> bool {
        self.form.get(scope, "decision") == decision.as_str()
    }

    fn plan(&self, host: &Uuid) -> &str {
        self.plans.get(host).map_or("", String::as_str)
    }

    /// Scopes of the form: all hosts, then each that is open, with the heading of its block.
    fn scopes(&self) -> Vec<(String, String)> {
        let mut scopes = vec![(ALL.to_owned(), self.w("plan.all").to_owned())];
        let open = self.card.iter().flat_map(|card| &card.hosts).filter(|host| !host.is_closed);
        let open: Vec<_> = open.map(|host| (host.id.to_string(), host.name.clone())).collect();
        if open.len() > 1 {
            scopes.extend(open);
        }
        scopes
    }
}

/// What a token opens.
struct Opened {
    notice: Notice,
    contract: Contract,
    contact: Uuid,
    language: Language,
    zone: TimeZone,
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

async fn show(
    State(notices): State<Notices>,
    method: Method,
    Path(token): Path<String>,
) -> Response {
    let now = Timestamp::now();
    let opened = match open(&notices, &token, now).await {
        Ok(opened) => opened,
        Err(refusal) => return refusal,
    };
    // A mail filter that only asks whether the page is there has not read it.
    if method == Method::GET {
        let read = notices.store.read_notice(opened.notice.id, opened.contact, now).await;
        if let Err(error) = read {
            return failed(opened.language, &error.into());
        }
    }
    page(&notices, &opened, (StatusCode::OK, None), Form::default()).await
}

async fn answer(
    State(notices): State<Notices>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let now = Timestamp::now();
    let opened = match open(&notices, &token, now).await {
        Ok(opened) => opened,
        Err(refusal) => return refusal,
    };
    let refuse = |status, key| bare(status, opened.language, key);
    if !crate::console::is_own(&headers, &notices.url) {
        return refuse(StatusCode::FORBIDDEN, "error.origin");
    }
    let Ok(body) = Limited::new(body, FORM_BYTES_MAX).collect().await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "error.form");
    };
    let form = Form::read(&body.to_bytes());
    match take(&notices, &opened, &form, now).await {
        Ok(()) => {
            let place = HeaderValue::from_str(&format!("/n/{token}"));
            let mut response = StatusCode::SEE_OTHER.into_response();
            if let Ok(place) = place {
                response.headers_mut().insert(header::LOCATION, place);
            }
            guarded(response)
        }
        Err(Mistake::Form(key, detail)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&notices, &opened, (status, Some((key, detail))), form).await
        }
        Err(Mistake::Failed(error)) => failed(opened.language, &error),
    }
}

/// Why an answer is not taken.
enum Mistake {
    /// The key of a word, and what it is about.
    Form(&'static str, String),
    Failed(NoticesError),
}

async fn take(
    notices: &Notices,
    opened: &Opened,
    form: &Form,
    now: Timestamp,
) -> Result<(), Mistake> {
    let store = &notices.store;
    let hosts = store.notice_hosts(opened.notice.id).await;
    let hosts = hosts.map_err(|error| Mistake::Failed(error.into()))?;
    let mut wishes = Vec::new();
    for host in &hosts {
        let field = |key| Mistake::Form("error.form", say(opened.language, key).to_owned());
        if let Some(wish) = form.wish(host.host, &opened.zone).map_err(field)? {
            wishes.push((host.host, wish));
        }
    }
    if wishes.is_empty() {
        return Err(Mistake::Form("error.nothing", String::new()));
    }
    let by = format!("contact:{}", opened.contact);
    match plans::decide(store, &opened.notice, &wishes, &by, now).await {
        Ok(_) => Ok(()),
        Err(PlanError::Store(error)) => Err(Mistake::Failed(error.into())),
        Err(PlanError::Overtaken) => Err(Mistake::Form("error.busy", String::new())),
        Err(error) => {
            let field = match &error {
                PlanError::Missing { field }
                | PlanError::TooLong { field }
                | PlanError::Past { field }
                | PlanError::TooFar { field } => {
                    say(opened.language, &format!("field.{field}")).to_owned() + " — "
                }
                _ => String::new(),
            };
            Err(Mistake::Form("error.form", format!("{field}{error}")))
        }
    }
}

/// What a token opens, or the page that says why not.
async fn open(notices: &Notices, token: &str, now: Timestamp) -> Result<Opened, Response> {
    // Who has no token of ours has no language either.
    let unknown = || bare(StatusCode::NOT_FOUND, Language::Korean, "error.unknown");
    let link = match notices.links.open_token(Purpose::Answer, token, now) {
        Ok(link) => link,
        Err(Refused::Unknown) => return Err(unknown()),
        Err(Refused::Expired) => {
            return Err(bare(StatusCode::GONE, Language::Korean, "error.expired"));
        }
    };
    let look = async {
        let contact = notices.store.contact(link.contact).await?;
        let notice = notices.store.notice(link.notice).await?;
        let (Some(contact), Some(notice)) = (contact, notice) else { return Ok(None) };
        let contract = notices.store.contract(notice.contract).await?;
        let contract = contract.ok_or(NoticesError::Gone("the notice's contract"))?;
        if contact.removed_at.is_some() {
            return Ok(None);
        }
        let zone = zone_of(&contract.schedule.time_zone);
        let language = contact.language;
        Ok::<_, NoticesError>(Some(Opened {
            notice,
            contract,
            contact: contact.id,
            language,
            zone,
        }))
    };
    match look.await {
        Ok(Some(opened)) => Ok(opened),
        Ok(None) => Err(unknown()),
        Err(error) => Err(failed(Language::Korean, &error)),
    }
}

async fn page(
    notices: &Notices,
    opened: &Opened,
    (status, error): (StatusCode, Option<(&'static str, String)>),
    form: Form,
) -> Response {
    match written(notices, opened, error, form).await {
        Ok(html) => guarded((status, axum::response::Html(html)).into_response()),
        Err(error) => failed(opened.language, &error),
    }
}

async fn written(
    notices: &Notices,
    opened: &Opened,
    error: Option<(&'static str, String)>,
    form: Form,
) -> Result<String, NoticesError> {
    let store = &notices.store;
    let notice = store.notice(opened.notice.id).await?;
    let notice = notice.ok_or(NoticesError::Gone("the notice"))?;
    let hosts = store.notice_hosts(notice.id).await?;
    let names = names(&store.hosts(Some(opened.contract.id)).await?);
    let shown =
        Shown { language: opened.language, zone: opened.zone.clone(), hosts_max: HOSTS_MAX };
    let card = shown.card(&notice, &hosts, &names, true)?;
    let plans = store.current_plans(Some(notice.id), Timestamp::UNIX_EPOCH).await?;
    let plans =
        plans.iter().map(|plan| (plan.host, told(plan, opened.language, &opened.zone))).collect();
    let page = Page {
        language: opened.language,
        card: card.as_ref(),
        error,
        zone: opened.contract.schedule.time_zone.clone(),
        plans,
        form,
    };
    Ok(page.render()?)
}

/// A plan in one line.
fn told(plan: &Plan, language: Language, zone: &TimeZone) -> String {
    let word = |prefix: &str, key: &str| say(language, &format!("{prefix}.{key}")).to_owned();
    let mut parts = vec![word("decision", plan.decision.as_str())];
    match (plan.window_from, plan.window_until, plan.expires_at) {
        (Some(from), Some(until), _) => {
            parts.push(format!("{} – {}", moment(from, zone), moment(until, zone)));
        }
        (None, Some(until), _) | (None, None, Some(until)) => {
            parts.push(format!("~ {}", moment(until, zone)));
        }
        _ => {}
    }
    for text in [&plan.reason, &plan.compensation, &plan.approver] {
        if !text.is_empty() {
            parts.push(text.clone());
        }
    }
    parts.push(word("state", plan.state.as_str()));
    parts.join(" · ")
}

/// A page that only says why there is none.
fn bare(status: StatusCode, language: Language, key: &'static str) -> Response {
    let page = Page {
        language,
        card: None,
        error: Some((key, String::new())),
        zone: String::new(),
        plans: HashMap::new(),
        form: Form::default(),
    };
    let html = page.render().unwrap_or_default();
    guarded((status, axum::response::Html(html)).into_response())
}

fn failed(language: Language, error: &NoticesError) -> Response {
    tracing::error!("answer.failed: {}", carepack_shared::terminal::explain(error, None));
    bare(StatusCode::SERVICE_UNAVAILABLE, language, "error.busy")
}

/// Nothing foreign is loaded, nothing runs, nobody else learns the address.
fn guarded(mut response: Response) -> Response {
    let policy = "default-src 'none'; style-src 'self'; form-action 'self'; \
                  frame-ancestors 'none'; base-uri 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // With "no-referrer" a browser would send our own form with `Origin: null`.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_own_block_goes_before_the_one_for_all() {
        let host = Uuid::from_u128(7);
        let zone = TimeZone::get("Asia/Seoul").unwrap();
        let all = "all.decision=wait&all.date=2026-12-01&all.reason=%EA%B0%80";
        let wish = Form::read(all.as_bytes()).wish(host, &zone).unwrap().unwrap();
        assert_eq!(wish.decision, Decision::Wait);
        assert_eq!(wish.reason, "가");
        assert_eq!(wish.window_until, Some("2026-12-01T15:00:00Z".parse().unwrap()));
        let own = format!(
            "{all}&{host}.decision=apply&{host}.from=2026-12-01T02:00&{host}.until=2026-12-01T04:00"
        );
        let wish = Form::read(own.as_bytes()).wish(host, &zone).unwrap().unwrap();
        assert_eq!(wish.decision, Decision::Apply);
        assert_eq!(wish.window_from, Some("2026-11-30T17:00:00Z".parse().unwrap()));
        let wrong = "all.decision=apply&all.from=tomorrow";
        assert_eq!(Form::read(wrong.as_bytes()).wish(host, &zone), Err("field.from"));
        assert_eq!(Form::read(b"x=y&all.decision=nonsense").wish(host, &zone), Ok(None));
    }
}
