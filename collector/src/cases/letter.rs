//! What is mailed of a case: the desk's answer to who asked, and the clock's warnings to the desk.
//!
//! The subject bears the case's number with its mark, by which a reply finds back. Text of people
//! is data: escaped in HTML, without control characters in text.

use askama::Template;
use carepack_shared::terminal::plain;
use jiff::Timestamp;
use uuid::Uuid;

use super::{CaseError, sla};
use crate::notices::mail::Letter;
use crate::notices::{Notices, say};
use crate::service::Service;
use crate::store::{
    Case, CaseEvent, CaseState, Contract, Delivery, EventKind, Language, StoreError,
};

/// Longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 150;
/// What stands above the words of a mail: what comes after it in a reply is ours. One line of
/// ASCII, which no mail program folds or changes.
pub const REPLY_ABOVE: &str = "-- carepack: reply above this line --";

/// What a reader is told.
#[derive(Template)]
#[template(path = "case_mail.html")]
struct Html<'l> {
    told: &'l Told,
}

#[derive(Template)]
#[template(path = "case_mail.txt", escape = "none")]
struct Plain<'l> {
    told: &'l Told,
}

/// The same for both forms.
struct Told {
    language: Language,
    above: &'static str,
    hint: String,
    greeting: String,
    title: String,
    body: String,
    /// Word and value.
    facts: Vec<(String, String)>,
    link: String,
}

/// Who reads.
struct Address {
    name: String,
    email: String,
    language: Language,
    is_desk: bool,
}

/// Writes what a delivery is to tell of a case; none when there is nothing to say any more: its
/// reader was removed, or the warning came too late for an answer that is there.
///
/// # Errors
/// What the store says.
pub async fn write(
    notices: &Notices,
    delivery: &Delivery,
    event: Uuid,
    now: Timestamp,
) -> Result<Option<Letter>, CaseError> {
    let store = &notices.store;
    let Some(event) = store.case_event(event).await? else { return Ok(None) };
    let Some(case) = store.case(event.case).await? else { return Ok(None) };
    let Some(contract) = store.contract(case.contract).await? else { return Ok(None) };
    let Some(to) = address(notices, delivery).await? else { return Ok(None) };
    if event.kind == EventKind::Warned && case.responded_at.is_some() {
        return Ok(None);
    }
    let customer = store.customer(contract.customer).await?.map(|c| c.name).unwrap_or_default();
    let link = format!("{}/cases/{}", notices.url, case.number());
    let head = (&contract, customer.as_str());
    let told = told(&notices.config.data, (&case, &event), head, (&to, link))?;
    let mark = format!("[{}:{}]", case.number(), notices.links.case_mark(case.id));
    letter(&told, &case, (to, mark), now).map(Some)
}

async fn address(notices: &Notices, delivery: &Delivery) -> Result<Option<Address>, StoreError> {
    let store = &notices.store;
    if let Some(id) = delivery.contact {
        let contact = store.contact(id).await?.filter(|contact| contact.removed_at.is_none());
        return Ok(contact.map(|contact| Address {
            name: contact.name,
            email: contact.email,
            language: contact.language,
            is_desk: false,
        }));
    }
    let Some(id) = delivery.member else { return Ok(None) };
    let member = store.desk_member(id).await?.filter(|member| member.removed_at.is_none());
    Ok(member.map(|member| Address {
        name: member.name,
        email: member.email,
        language: member.language,
        is_desk: true,
    }))
}

fn told(
    data: &std::path::Path,
    (case, event): (&Case, &CaseEvent),
    (contract, customer): (&Contract, &str),
    (to, link): (&Address, String),
) -> Result<Told, CaseError> {
    let w = |key: &str| say(to.language, key).to_owned();
    let zone = sla::zone(contract)?;
    let mut facts = vec![
        (w("case"), format!("{} {}", case.number(), case.title)),
        (w("case.state"), w(&format!("case.state.{}", case.state.as_str()))),
    ];
    if to.is_desk {
        facts.push((w("case.customer"), format!("{customer} · {}", contract.name)));
        facts.push((w("severity"), w(&format!("severity.{}", case.severity.as_str()))));
        let service = Service::load(data)?;
        let due = sla::read(&service, contract, case, event.at)?.and_then(|read| read.due);
        if let Some(due) = due {
            let due = due.to_zoned(zone).strftime("%Y-%m-%d %H:%M %Z").to_string();
            facts.push((w("case.due"), due));
        }
        facts.push((w("case.assignee"), case.assignee.clone()));
    }
    let state = CaseState::of(&event.to_state);
    let is_end = matches!(state, Some(CaseState::Resolved | CaseState::Closed));
    if is_end {
        facts.push((w("case.cause"), case.cause.clone()));
        facts.push((w("case.resolution"), case.resolution.clone()));
    }
    let greeting = match event.kind {
        EventKind::Warned => "case.warned",
        EventKind::Breached => "case.breached",
        _ if is_end => "case.ended",
        _ => "case.answered",
    };
    let body = if to.is_desk { case.description.clone() } else { event.body.clone() };
    facts.retain(|(_, value)| !value.is_empty());
    let above = if to.is_desk { "" } else { REPLY_ABOVE };
    let hint = if to.is_desk { String::new() } else { w("case.reply") };
    let title = w(if to.is_desk { greeting } else { "case.title" });
    let language = to.language;
    Ok(Told { language, above, hint, greeting: w(greeting), title, body, facts, link })
}

fn letter(
    told: &Told,
    case: &Case,
    (to, mark): (Address, String),
    now: Timestamp,
) -> Result<Letter, CaseError> {
    let text = Plain { told }.render()?;
    let subject = format!("{mark} {} · {}", told.title, case.title);
    let subject = plain(&subject.split_whitespace().collect::<Vec<_>>().join(" "));
    Ok(Letter {
        name: to.name,
        email: to.email,
        subject: subject.chars().take(SUBJECT_CHARS_MAX).collect(),
        text: text.lines().map(plain).collect::<Vec<_>>().join("\n"),
        html: Html { told }.render()?,
        at: now,
    })
}
