//! One case: its timeline, and what may be done with it.

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::CaseRow;
use super::attachments::Attached;
use crate::cases::{self, Actor, may_follow};
use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::describe::{maybe, said};
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::Filled;
use crate::console::page::{Refusal, Told, done, show as show_page};
use crate::service::Service;
use crate::store::{Case, CaseEvent, CaseState, Contract, Host};

/// Most snapshots that a case shows, and that are read of one host.
const EVIDENCE_MAX: usize = 20;
const HOST_EVIDENCE_MAX: u32 = 10;

/// A line of the timeline.
#[derive(Serialize, ToSchema)]
#[schema(as = CaseEvent)]
pub(super) struct Line {
    pub at: Timestamp,
    pub actor: String,
    pub kind: &'static str,
    pub internal: bool,
    pub from: String,
    pub to: String,
    pub body: String,
}

impl From<CaseEvent> for Line {
    fn from(event: CaseEvent) -> Self {
        Self {
            at: event.at,
            actor: event.actor,
            kind: event.kind.as_str(),
            internal: event.internal,
            from: event.from_state,
            to: event.to_state,
            body: event.body,
        }
    }
}

/// A finding that the case is about.
#[derive(Serialize, ToSchema)]
#[schema(as = CaseLinked)]
struct Linked {
    host: Uuid,
    host_name: String,
    rule: String,
    verdict: String,
}

/// A snapshot that came since.
#[derive(Serialize, ToSchema)]
struct Evidence {
    id: Uuid,
    host_name: String,
    taken_at: Timestamp,
    reason: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "case.html")]
pub struct CasePage {
    #[serde(skip)]
    frame: Frame,
    case: CaseRow,
    description: String,
    cause: String,
    resolution: String,
    lines: Vec<Line>,
    attachments: Vec<Attached>,
    /// The address that reads the answers by mail.
    reporter: String,
    /// Addresses that may, for the desk.
    #[serde(skip)]
    contacts: Vec<(String, String)>,
    /// Linked findings.
    findings: Vec<Linked>,
    /// Snapshots of linked hosts since the case was opened, the latest first.
    snapshots: Vec<Evidence>,
    #[serde(skip)]
    may_see_evidence: bool,
    /// Linked hosts.
    hosts: Vec<(Uuid, String)>,
    /// Hosts of the contract that may be linked.
    #[serde(skip)]
    others: Vec<(Uuid, String)>,
    /// States that may follow.
    next: Vec<&'static str>,
    /// Support Patterns born from it; for the vendor's staff.
    patterns: Vec<String>,
    #[serde(skip)]
    may_comment: bool,
    #[serde(skip)]
    may_work: bool,
}

/// Who does it.
pub(super) fn actor(caller: &Caller) -> Actor<'_> {
    Actor { name: &caller.person.name, is_staff: caller.person.role.is_staff() }
}

/// A case as a row, with its contract.
pub(super) async fn row(
    console: &Console,
    caller: &Caller,
    (case, contract): (&Case, &Contract),
) -> Result<CaseRow, Refusal> {
    let customer = console.view(caller).customer(contract.customer).await?;
    let service = Service::load(&console.config.data)?;
    CaseRow::of(case, (contract, &customer.name), &service, Timestamp::now())
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
) -> Told<CasePage> {
    let view = console.view(&caller);
    let (case, contract) = view.case(&number).await?;
    let linked = console.store.case_hosts(case.id).await?;
    let named = |host: Host| (host.id, host.hostname);
    let all = view.hosts(Some(contract.id)).await?;
    let (hosts, others): (Vec<_>, Vec<_>) =
        all.into_iter().map(named).partition(|(id, _)| linked.contains(id));
    let patterns = match caller.may(Right::Staff) {
        true => patterns_of(&console, &case.number()).await?,
        false => Vec::new(),
    };
    let findings = findings(&console, &case, &hosts).await?;
    let snapshots = evidence(&console, &case, &hosts).await?;
    let contacts = console.store.contacts_of(contract.id).await?;
    let reporter = console.store.case_reporter(case.id).await?;
    let reporter = contacts.iter().find(|contact| Some(contact.id) == reporter);
    let page = CasePage {
        reporter: reporter.map(|contact| contact.email.clone()).unwrap_or_default(),
        frame: Frame::of(&caller),
        patterns,
        case: row(&console, &caller, (&case, &contract)).await?,
        lines: view.case_events(&case).await?.into_iter().map(Line::from).collect(),
        next: may_follow(case.state).iter().map(|state| state.as_str()).collect(),
        attachments: view.attachments(&case).await?.into_iter().map(Attached::from).collect(),
        description: case.description,
        cause: case.cause,
        resolution: case.resolution,
        contacts: contacts.into_iter().map(|contact| (contact.email, contact.name)).collect(),
        findings,
        snapshots,
        may_see_evidence: caller.may(Right::Evidence),
        hosts,
        others,
        may_comment: caller.may(Right::Decide),
        may_work: caller.may(Right::Work),
    };
    show_page(&caller, &page)
}

async fn patterns_of(console: &Console, number: &str) -> Result<Vec<String>, Refusal> {
    let all = console.store.support_patterns().await?.into_iter();
    Ok(all.filter(|pattern| pattern.case_id == number).map(|pattern| pattern.id).collect())
}

impl CasePage {
    /// A fault that is over and left no pattern yet.
    fn asks_for_a_pattern(&self) -> bool {
        self.may_work
            && self.patterns.is_empty()
            && matches!(self.case.state, "resolved" | "closed")
    }
}

/// The findings that were linked, of hosts that are.
async fn findings(
    console: &Console,
    case: &Case,
    hosts: &[(Uuid, String)],
) -> Result<Vec<Linked>, Refusal> {
    let all = console.store.case_findings(case.id).await?.into_iter();
    let shown = all.filter_map(|finding| {
        let (host, host_name) = hosts.iter().find(|(known, _)| *known == finding.host)?.clone();
        Some(Linked { host, host_name, rule: finding.rule, verdict: finding.verdict })
    });
    Ok(shown.collect())
}

/// What linked hosts sent since the case was opened, the latest first.
async fn evidence(
    console: &Console,
    case: &Case,
    hosts: &[(Uuid, String)],
) -> Result<Vec<Evidence>, Refusal> {
    let mut all = Vec::new();
    for (host, name) in hosts.iter().take(EVIDENCE_MAX) {
        let rows = console.store.snapshots(*host, HOST_EVIDENCE_MAX).await?.into_iter();
        all.extend(rows.filter(|row| row.taken_at >= case.opened_at).map(|row| Evidence {
            id: row.id,
            host_name: name.clone(),
            taken_at: row.taken_at,
            reason: row.reason,
        }));
    }
    all.sort_by_key(|row| std::cmp::Reverse(row.taken_at));
    all.truncate(EVIDENCE_MAX);
    Ok(all)
}

#[derive(Deserialize, ToSchema)]
pub struct Comment {
    #[schema(schema_with = said::<{ cases::TEXT_MAX }>)]
    text: String,
    /// Present: not for the customer.
    #[serde(default)]
    internal: Option<String>,
}

/// Adds words; a customer's are never internal.
pub async fn comment(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
    Filled(form): Filled<Comment>,
) -> Told<String> {
    let (case, contract) = console.view(&caller).case(&number).await?;
    let words = (form.text.as_str(), form.internal.is_some(), actor(&caller));
    cases::comment(&console.store, &case, words, Timestamp::now()).await?;
    let after = serde_json::json!({"internal": form.internal.is_some()});
    back(&caller, (&case, &contract), after)
}

#[derive(Deserialize, ToSchema)]
pub struct Reporter {
    email: String,
}

/// Mails the answers of a case to a contact of its contract.
pub async fn set_reporter(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
    Filled(form): Filled<Reporter>,
) -> Told<String> {
    let (case, contract) = console.view(&caller).case(&number).await?;
    cases::set_reporter(&console.store, &case, &form.email).await?;
    back(&caller, (&case, &contract), serde_json::json!({"reporter": form.email}))
}

#[derive(Deserialize, ToSchema)]
pub struct Moved {
    #[schema(value_type = CaseState)]
    state: String,
    #[serde(default)]
    #[schema(schema_with = maybe::<{ cases::TEXT_MAX }>)]
    note: String,
    /// Of `resolved` and `closed`.
    #[serde(default)]
    #[schema(schema_with = maybe::<{ cases::TEXT_MAX }>)]
    cause: String,
    #[serde(default)]
    #[schema(schema_with = maybe::<{ cases::TEXT_MAX }>)]
    resolution: String,
}

/// Changes the state; with cause and resolution it resolves or closes.
pub async fn set_state(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
    Filled(form): Filled<Moved>,
) -> Told<String> {
    let (case, contract) = console.view(&caller).case(&number).await?;
    let wrong = || Refusal::malformed("refused.value", form.state.as_str());
    let to = CaseState::of(&form.state).ok_or_else(wrong)?;
    let (by, now) = (actor(&caller), Timestamp::now());
    let is_end = matches!(to, CaseState::Resolved | CaseState::Closed);
    if is_end && !(form.cause.trim().is_empty() && form.resolution.trim().is_empty()) {
        let end = (to, form.cause.as_str(), form.resolution.as_str(), by);
        cases::settle(&console.store, &case, end, now).await?;
    } else {
        cases::set_state(&console.store, &case, (to, &form.note, by), now).await?;
    }
    back(&caller, (&case, &contract), serde_json::json!({"state": to.as_str()}))
}

#[derive(Deserialize, ToSchema)]
pub struct Chosen {
    host: Uuid,
}

/// Links a host of the contract.
pub async fn link(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
    Filled(form): Filled<Chosen>,
) -> Told<String> {
    let (case, contract) = console.view(&caller).case(&number).await?;
    let (host, _) = console.view(&caller).host(form.host).await?;
    cases::link(&console.store, &case, (&host, actor(&caller)), Timestamp::now()).await?;
    back(&caller, (&case, &contract), serde_json::json!({"host": host.hostname}))
}

/// Asks a linked host for a fresh snapshot.
pub async fn ask_snapshot(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
    Filled(form): Filled<Chosen>,
) -> Told<String> {
    let (case, contract) = console.view(&caller).case(&number).await?;
    let (host, _) = console.view(&caller).host(form.host).await?;
    cases::ask_snapshot(&console.store, &case, (&host, actor(&caller)), Timestamp::now()).await?;
    back(&caller, (&case, &contract), serde_json::json!({"host": host.hostname}))
}

fn back(
    caller: &Caller,
    (case, contract): (&Case, &Contract),
    after: serde_json::Value,
) -> Told<String> {
    let before = serde_json::json!({"state": case.state.as_str()});
    let detail = Detail { customer: Some(contract.customer), before, after };
    let number = case.number();
    done(caller, &format!("/cases/{number}"), &number, detail)
}
