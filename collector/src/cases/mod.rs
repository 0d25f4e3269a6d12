//! Cases: what a customer asks for, from the first call to the closing.
//!
//! Says what may follow on what and what it does to the clock of the first response. Does not
//! know who may ask for it (the console's and the command's), nor how working time is counted
//! ([`carepack_service`]).

pub mod attachments;
pub mod keep;
pub mod kind;
pub mod letter;
pub mod mail_in;
pub mod sla;

mod moves;

use carepack_shared::terminal::plain;
use jiff::Timestamp;
use uuid::Uuid;

use crate::objects::ObjectError;
use crate::store::{
    Along, Case, CaseEvent, CaseFinding, CaseSeverity, CaseState, Channel, Contract, EventKind,
    Failing, Host, NewCase, Reader, Store, StoreError,
};

pub use moves::may_follow;

/// Longest title, in characters.
pub const TITLE_MAX: usize = 200;
/// Longest text of a description, a comment, a cause or a resolution, in characters.
pub const TEXT_MAX: usize = 20_000;

/// Why something is not done with a case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a case that is {} cannot become {}", from.as_str(), to.as_str())]
    NotNext { from: CaseState, to: CaseState },
    #[error("{0} is empty")]
    Empty(&'static str),
    #[error("{what} is longer than {max} characters")]
    Long { what: &'static str, max: usize },
    #[error("the case was changed meanwhile; look at it again")]
    Changed,
    #[error("the host is not of the case's contract")]
    ForeignHost,
    #[error("the host is not linked to the case; link it first")]
    NotLinked,
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(
        "{name:?} is none of the kinds that are taken: text, PNG, JPEG, PDF, gzip, zip, xz, bzip2, \
         zstd, tar; pack it into an archive"
    )]
    Kind { name: String },
    #[error("{name:?} is longer than {} MiB; split it", attachments::BYTES_MAX / (1024 * 1024))]
    Large { name: String },
    #[error("the case has as many attachments as it may; open another case for more")]
    Many,
    #[error("the bytes of {name:?} are gone from the object store, or not those that came")]
    Lost { name: String },
    #[error(transparent)]
    Service(#[from] crate::service::ServiceError),
    #[error("a mail cannot be written")]
    Render(#[from] askama::Error),
    #[error("{0:?} is no contact of the case's contract; see: carepack-collector contact add")]
    NoContact(String),
    #[error("the contract's time zone {0:?} is not known")]
    Zone(String),
}

/// Who does something.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    pub name: &'a str,
    /// Of the vendor: an answer of theirs ends the clock.
    pub is_staff: bool,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub channel: Channel,
    pub severity: CaseSeverity,
    pub emergency: bool,
    pub title: &'a str,
    pub description: &'a str,
}

/// Opens a case under a contract; its engineer is who looks after it.
///
/// # Errors
/// [`CaseError`] names what is wrong.
pub async fn open(
    store: &Store,
    contract: &Contract,
    (request, by): (&Request<'_>, Actor<'_>),
    now: Timestamp,
) -> Result<Case, CaseError> {
    let zone = sla::zone(contract)?;
    let new = NewCase {
        contract: contract.id,
        year: now.to_zoned(zone).year(),
        channel: request.channel,
        severity: request.severity,
        emergency: request.emergency,
        // One line: it stands in lists and alarms.
        title: text("title", request.title, TITLE_MAX)?.replace('\n', " "),
        description: text("description", request.description, TEXT_MAX)?,
        opened_at: now,
        opened_by: by.name.to_owned(),
        assignee: contract.engineer.clone(),
    };
    let case = store.add_case(&new).await?;
    // Who is a contact by this name reads the answers by mail.
    let contacts = store.contacts_of(contract.id).await?;
    if let Some(contact) = contacts.iter().find(|contact| contact.name == by.name) {
        store.set_case_reporter(case.id, contact.id).await?;
    }
    Ok(case)
}

/// Mails the answers of a case to a contact of its contract, by its address.
///
/// # Errors
/// [`CaseError::NoContact`].
pub async fn set_reporter(store: &Store, case: &Case, email: &str) -> Result<(), CaseError> {
    let email = email.trim().to_lowercase();
    let contacts = store.contacts_of(case.contract).await?;
    let contact = contacts.iter().find(|contact| contact.email == email);
    let contact = contact.ok_or(CaseError::NoContact(email))?;
    Ok(store.set_case_reporter(case.id, contact.id).await?)
}

/// Adds words to a case. The staff's first ones that the customer sees are the first response; a
/// customer's words on a case that waits for it put it back to work.
///
/// # Errors
/// [`CaseError::Changed`] when somebody else was faster.
pub async fn comment(
    store: &Store,
    case: &Case,
    (body, internal, by): (&str, bool, Actor<'_>),
    now: Timestamp,
) -> Result<(), CaseError> {
    let (changed, events) = said(case, (body, internal, by), now)?;
    keep(store, case, (&changed, &events, by)).await
}

/// What words make of a case, and what the timeline tells of it; nothing is kept yet.
fn said(
    case: &Case,
    (body, internal, by): (&str, bool, Actor<'_>),
    now: Timestamp,
) -> Result<(Case, Vec<CaseEvent>), CaseError> {
    let body = text("comment", body, TEXT_MAX)?;
    let mut line = CaseEvent::new(case.id, EventKind::Comment, (by.name, &body), now);
    line.internal = internal && by.is_staff;
    let mut changed = case.clone();
    let mut events = vec![line];
    if by.is_staff && !events[0].internal {
        changed.responded_at.get_or_insert(now);
    } else if !by.is_staff && case.state == CaseState::WaitingCustomer {
        moves::to(&mut changed, CaseState::InProgress, now)?;
        events.push(moved(case, CaseState::InProgress, (by, ""), now));
    }
    Ok((changed, events))
}

/// Changes the state of a case that goes on; [`settle`] resolves and closes.
///
/// # Errors
/// [`CaseError::NotNext`] when it may not follow.
pub async fn set_state(
    store: &Store,
    case: &Case,
    (to, note, by): (CaseState, &str, Actor<'_>),
    now: Timestamp,
) -> Result<(), CaseError> {
    let mut changed = case.clone();
    if matches!(to, CaseState::Resolved | CaseState::Closed) && case.resolution.is_empty() {
        return Err(CaseError::Empty("resolution"));
    }
    moves::to(&mut changed, to, now)?;
    let note = short("note", note, TEXT_MAX)?;
    keep(store, case, (&changed, &[moved(case, to, (by, &note), now)], by)).await
}

/// Resolves or closes a case with its cause and what was done; that is an answer too.
///
/// # Errors
/// [`CaseError::Empty`] without cause or resolution.
pub async fn settle(
    store: &Store,
    case: &Case,
    (to, cause, resolution, by): (CaseState, &str, &str, Actor<'_>),
    now: Timestamp,
) -> Result<(), CaseError> {
    let mut changed = case.clone();
    changed.cause = text("cause", cause, TEXT_MAX)?;
    changed.resolution = text("resolution", resolution, TEXT_MAX)?;
    moves::to(&mut changed, to, now)?;
    if by.is_staff {
        changed.responded_at.get_or_insert(now);
    }
    keep(store, case, (&changed, &[moved(case, to, (by, ""), now)], by)).await
}

/// Gives a case to somebody.
///
/// # Errors
/// [`CaseError::Changed`] when somebody else was faster.
pub async fn assign(
    store: &Store,
    case: &Case,
    (assignee, by): (&str, Actor<'_>),
    now: Timestamp,
) -> Result<(), CaseError> {
    let mut changed = case.clone();
    changed.assignee = text("assignee", assignee, 80)?;
    let mut line = CaseEvent::new(case.id, EventKind::Assigned, (by.name, assignee.trim()), now);
    line.internal = true;
    keep(store, case, (&changed, &[line], by)).await
}

/// Links a host of the same contract.
///
/// # Errors
/// [`CaseError::ForeignHost`]; [`StoreError::Exists`] when it is linked already.
pub async fn link(
    store: &Store,
    case: &Case,
    (host, by): (&Host, Actor<'_>),
    now: Timestamp,
) -> Result<(), CaseError> {
    if host.contract != case.contract {
        return Err(CaseError::ForeignHost);
    }
    let mut line = CaseEvent::new(case.id, EventKind::Host, (by.name, &host.hostname), now);
    line.host = Some(host.id);
    Ok(store.link_case_host(host.id, &line).await?)
}

/// Links what fails on a host of the same contract, and the host with it.
///
/// # Errors
/// [`CaseError::ForeignHost`]; [`StoreError::Exists`] when it is linked already.
pub async fn link_finding(
    store: &Store,
    case: &Case,
    (host, failing, by): (&Host, &Failing, Actor<'_>),
    now: Timestamp,
) -> Result<(), CaseError> {
    if host.contract != case.contract {
        return Err(CaseError::ForeignHost);
    }
    let finding = CaseFinding {
        case: case.id,
        host: host.id,
        rule: failing.rule.clone(),
        verdict: failing.verdict.clone(),
        linked_at: now,
    };
    let body = format!("{}: {} ({})", host.hostname, failing.title_ko, failing.rule);
    let mut line = CaseEvent::new(case.id, EventKind::Finding, (by.name, &body), now);
    line.host = Some(host.id);
    let is_new = !store.case_hosts(case.id).await?.contains(&host.id);
    Ok(store.link_case_finding(&finding, (is_new, &line)).await?)
}

/// Asks a linked host for a fresh snapshot; it sends one when it next reports.
///
/// # Errors
/// [`CaseError::NotLinked`].
pub async fn ask_snapshot(
    store: &Store,
    case: &Case,
    (host, by): (&Host, Actor<'_>),
    now: Timestamp,
) -> Result<(), CaseError> {
    if !store.case_hosts(case.id).await?.contains(&host.id) {
        return Err(CaseError::NotLinked);
    }
    store.request_collect(host.id, Uuid::now_v7(), now).await?;
    let mut line = CaseEvent::new(case.id, EventKind::Snapshot, (by.name, &host.hostname), now);
    line.host = Some(host.id);
    Ok(store.add_case_event(&line).await?)
}

async fn keep(
    store: &Store,
    before: &Case,
    (after, events, by): (&Case, &[CaseEvent], Actor<'_>),
) -> Result<(), CaseError> {
    debug_assert_eq!(before.revision, after.revision);
    let is_told = events.first().is_some_and(|line| by.is_staff && is_answer(line));
    let reader = if is_told { store.case_reporter(before.id).await? } else { None };
    let readers: Vec<_> = reader.map(Reader::Contact).into_iter().collect();
    let along = Along { readers: &readers, ..Along::default() };
    if store.change_case(after, events, &along).await? { Ok(()) } else { Err(CaseError::Changed) }
}

/// Whether a line of the desk is mailed to who asked: public words, and how it ended.
fn is_answer(line: &CaseEvent) -> bool {
    let is_end = || {
        let state = CaseState::of(&line.to_state);
        matches!(state, Some(CaseState::Resolved | CaseState::Closed))
    };
    match line.kind {
        EventKind::Comment => !line.internal,
        EventKind::State => is_end(),
        _ => false,
    }
}

fn moved(case: &Case, to: CaseState, (by, note): (Actor<'_>, &str), now: Timestamp) -> CaseEvent {
    let mut line = CaseEvent::new(case.id, EventKind::State, (by.name, note), now);
    case.state.as_str().clone_into(&mut line.from_state);
    to.as_str().clone_into(&mut line.to_state);
    line
}

/// A text that must be there, its ends trimmed, without control characters.
fn text(what: &'static str, value: &str, max: usize) -> Result<String, CaseError> {
    let value = short(what, value, max)?;
    if value.is_empty() { Err(CaseError::Empty(what)) } else { Ok(value) }
}

fn short(what: &'static str, value: &str, max: usize) -> Result<String, CaseError> {
    let value = value.trim();
    if value.chars().count() > max {
        return Err(CaseError::Long { what, max });
    }
    Ok(value.lines().map(plain).collect::<Vec<_>>().join("\n"))
}
