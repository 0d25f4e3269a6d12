//! What is done with an inspection: review, signatures, publication, the customer's confirmation.

use axum::extract::{Path, State};
use carepack_assessment::model::Verdict;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::find;
use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::describe::{AnySchema, maybe, one_of};
use crate::console::gate::Detail;
use crate::console::input::{Filled, optional, parsed};
use crate::console::page::{Id, Refusal, Told, done};
use crate::inspections::review::{Accepted, Decision, Role, Wish};
use crate::store::{Acknowledged, Contract};

fn detail(contract: &Contract, after: serde_json::Value) -> Detail {
    Detail { customer: Some(contract.customer), after, ..Detail::default() }
}

/// Takes an inspection into review; a published one is reopened for a corrected edition.
pub async fn open(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<Id> {
    let (inspection, contract) = find(&console, &caller, id).await?;
    console.inspector().open_review(&contract, &inspection.period).await?;
    done(
        &caller,
        &format!("/inspections/{id}"),
        &Id(id),
        detail(&contract, serde_json::Value::Null),
    )
}

/// Longest reason or comment, in characters.
const WORDS_MAX: usize = 2_000;

fn decisions() -> AnySchema {
    one_of(&["", "accept", "correct", "except", "reopen"])
}

fn verdicts() -> AnySchema {
    one_of(&["", "danger", "attention", "pass", "not_applicable"])
}

fn roles() -> AnySchema {
    one_of(&["author", "reviewer", "approver"])
}

/// A decision on one finding.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Decided {
    /// Host's id or group's name.
    #[schema(required)]
    place: String,
    #[schema(required)]
    rule: String,
    /// Empty: only words.
    #[schema(schema_with = decisions)]
    decision: String,
    /// Of `correct`.
    #[schema(schema_with = verdicts)]
    verdict: String,
    reason: String,
    /// Of `except`.
    risk: String,
    compensation: String,
    approver: String,
    /// Last day, in the contract's zone.
    until: String,
    comment_ko: Option<String>,
    comment_en: Option<String>,
    case_id: Option<String>,
}

impl Decided {
    fn decision(&self, contract: &Contract) -> Result<Option<Decision>, Refusal> {
        let wrong = |what: &str| Refusal::malformed("refused.value", what);
        Ok(Some(match self.decision.as_str() {
            "" => return Ok(None),
            "accept" => Decision::Accept,
            "reopen" => Decision::Reopen,
            "correct" => {
                let verdict = match self.verdict.as_str() {
                    "danger" => Verdict::Danger,
                    "attention" => Verdict::Attention,
                    "pass" => Verdict::Pass,
                    "not_applicable" => Verdict::NotApplicable,
                    other => return Err(wrong(other)),
                };
                Decision::Correct { verdict, reason: self.reason.clone() }
            }
            "except" => {
                let day: Date = parsed("until", &self.until)?;
                let zone = TimeZone::get(&contract.schedule.time_zone).unwrap_or(TimeZone::UTC);
                let end = day.tomorrow().and_then(|next| next.to_zoned(zone));
                Decision::Except(Accepted {
                    reason: self.reason.clone(),
                    risk: self.risk.clone(),
                    compensation: self.compensation.clone(),
                    approver: self.approver.clone(),
                    expires_at: end.map_err(|_| wrong(&self.until))?.timestamp(),
                })
            }
            other => return Err(wrong(other)),
        }))
    }
}

pub async fn decide(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Decided>,
) -> Told<Decided> {
    let (inspection, contract) = find(&console, &caller, id).await?;
    let wish = Wish {
        decision: form.decision(&contract)?,
        comment_ko: form.comment_ko.clone(),
        comment_en: form.comment_en.clone(),
        case_id: form.case_id.clone(),
    };
    let inspector = console.inspector();
    let reviewing = inspector.reviewing(&contract, &inspection.period).await?;
    let by = (caller.person.name.as_str(), Timestamp::now());
    inspector.decide(&reviewing, (&form.place, &form.rule), &wish, by).await?;
    let after = serde_json::to_value(&form).unwrap_or_default();
    let place = format!("/inspections/{id}#{}", form.rule);
    done(&caller, &place, &form, detail(&contract, after))
}

#[derive(Deserialize, ToSchema)]
pub struct Opinion {
    ko: String,
    en: String,
}

/// Keeps the overall opinion; empty texts bring the generated draft back.
pub async fn opinion(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Opinion>,
) -> Told<Id> {
    let (inspection, contract) = find(&console, &caller, id).await?;
    let inspector = console.inspector();
    let reviewing = inspector.reviewing(&contract, &inspection.period).await?;
    let text = |text: &str| text.replace("\r\n", "\n");
    let (ko, en) = (text(&form.ko), text(&form.en));
    inspector.set_opinion(&reviewing, Some(&ko), Some(&en)).await?;
    let after = serde_json::json!({"ko": ko, "en": en});
    done(&caller, &format!("/inspections/{id}#opinion"), &Id(id), detail(&contract, after))
}

#[derive(Deserialize, ToSchema)]
pub struct Signature {
    #[schema(schema_with = roles)]
    role: String,
}

/// Puts the caller's own name under the review; approving needs the right.
pub async fn sign(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Signature>,
) -> Told<Id> {
    let role = match form.role.as_str() {
        "author" => Role::Author,
        "reviewer" => Role::Reviewer,
        "approver" if caller.may(Right::Approve) => Role::Approver,
        "approver" => return Err(Refusal::Forbidden),
        other => return Err(Refusal::malformed("refused.value", other)),
    };
    let (inspection, contract) = find(&console, &caller, id).await?;
    let inspector = console.inspector();
    let reviewing = inspector.reviewing(&contract, &inspection.period).await?;
    inspector.sign(&reviewing, role, (&caller.person.name, Timestamp::now())).await?;
    let after = serde_json::json!({"role": form.role});
    done(&caller, &format!("/inspections/{id}#signatures"), &Id(id), detail(&contract, after))
}

#[derive(Deserialize, ToSchema)]
pub struct Reason {
    #[serde(default)]
    #[schema(schema_with = maybe::<{ WORDS_MAX }>)]
    reason: String,
}

/// What was published.
#[derive(Serialize, ToSchema)]
pub struct Edition {
    document: String,
    edition: u32,
}

/// Publishes the signed review as the next edition.
pub async fn publish(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Reason>,
) -> Told<Edition> {
    let (inspection, contract) = find(&console, &caller, id).await?;
    let reason = optional("reason", &form.reason, WORDS_MAX)?;
    let inspector = console.inspector();
    let reviewing = inspector.reviewing(&contract, &inspection.period).await?;
    let by = (caller.person.name.as_str(), Timestamp::now());
    let edition = inspector.publish(&reviewing, &reason, by).await?;
    let after = Edition { document: edition.document, edition: edition.number };
    let told = detail(&contract, serde_json::to_value(&after).unwrap_or_default());
    done(&caller, &format!("/inspections/{id}#editions"), &after, told)
}

#[derive(Deserialize, ToSchema)]
pub struct Comment {
    #[serde(default)]
    #[schema(schema_with = maybe::<{ WORDS_MAX }>)]
    comment: String,
}

/// The customer confirms the edition in force (확인).
pub async fn acknowledge(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Comment>,
) -> Told<Id> {
    let (inspection, contract) = find(&console, &caller, id).await?;
    let told = Acknowledged {
        at: Timestamp::now(),
        name: caller.person.name.clone(),
        comment: optional("comment", &form.comment, WORDS_MAX)?,
    };
    let edition = console.inspector().acknowledge(&contract, &inspection.period, &told).await?;
    let after = serde_json::json!({"edition": edition.number, "comment": told.comment});
    done(&caller, &format!("/inspections/{id}#editions"), &Id(id), detail(&contract, after))
}
