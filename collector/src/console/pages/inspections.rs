//! Inspections: the queue, and one inspection with its findings, its words, its editions.

mod actions;
mod editions;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use carepack_assessment::model::{Finding, Verdict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::frame::Frame;
use crate::console::input::Asked;
use crate::console::page::{Refusal, Told, show as show_page};
use crate::handovers::missing_in;
use crate::inspections::review::{ReviewError, findings};
use crate::store::{
    Contract, Edition, Handover, Host, Inspection, ReviewFinding, Signed, State as Stands,
};

pub use actions::{acknowledge, decide, open, opinion, publish, sign};
pub(in crate::console) use editions::REPORT_POLICY;
pub use editions::{draft, file};

/// Rows of the queue.
const ROWS_MAX: usize = 500;
/// Findings of one page; the rest is told by its number.
const FINDINGS_MAX: usize = 2_000;

impl From<ReviewError> for Refusal {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Inspection(error) => Self::from(error),
            ReviewError::Store(error) => Self::from(error),
            ReviewError::Changed => Self::conflict("refused.changed", ""),
            ReviewError::NoPlace(_) | ReviewError::NoFinding { .. } | ReviewError::NoEdition(_) => {
                Self::NotFound
            }
            ReviewError::State { .. }
            | ReviewError::Stale(_)
            | ReviewError::Unsigned { .. }
            | ReviewError::SamePerson { .. }
            | ReviewError::Same { .. } => Self::conflict("refused.review", error.to_string()),
            ReviewError::Key(_)
            | ReviewError::Sign(_)
            | ReviewError::Report(_)
            | ReviewError::Json(_)
            | ReviewError::Manifest(_) => Self::broken("an edition", &error),
            other => Self::malformed("refused.review", other.to_string()),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = ListedInspection)]
struct Row {
    id: Uuid,
    contract: Uuid,
    contract_name: String,
    period: String,
    state: &'static str,
    missed: bool,
    assessed_at: Option<Timestamp>,
    answered: Option<u32>,
}

impl Row {
    fn of(inspection: &Inspection, contract: &Contract) -> Self {
        Self {
            id: inspection.id,
            contract: contract.id,
            contract_name: contract.name.clone(),
            period: inspection.period.clone(),
            state: inspection.state.as_str(),
            missed: inspection.is_missed(),
            assessed_at: inspection.assessed_at,
            answered: inspection.hosts_answered,
        }
    }
}

#[derive(Deserialize, Serialize, Default, ToSchema)]
#[serde(default)]
#[schema(as = InspectionFilter)]
pub struct Filter {
    state: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "inspections.html")]
pub struct InspectionsPage {
    #[serde(skip)]
    frame: Frame,
    filter: Filter,
    inspections: Vec<Row>,
}

/// What waits for an engineer stands first, then the newest periods.
pub async fn list(
    State(console): State<Console>,
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Told<InspectionsPage> {
    let view = console.view(&caller);
    let contracts = view.contracts_by_id().await?;
    let all = view.inspections(None).await?;
    let mut rows: Vec<Row> = all
        .iter()
        .filter(|inspection| is_told(inspection, &caller))
        .filter_map(|inspection| Some(Row::of(inspection, contracts.get(&inspection.contract)?)))
        .filter(|row| match filter.state.as_str() {
            "" => true,
            "missed" => row.missed,
            state => row.state == state,
        })
        .collect();
    let waits = |row: &Row| matches!(row.state, "assessed" | "in_review");
    rows.sort_by(|a, b| {
        (waits(b), &b.period, &a.contract_name).cmp(&(waits(a), &a.period, &b.contract_name))
    });
    rows.truncate(ROWS_MAX);
    show_page(&caller, &InspectionsPage { frame: Frame::of(&caller), filter, inspections: rows })
}

/// A customer sees an inspection when it is published, and periods that were missed.
fn is_told(inspection: &Inspection, caller: &Caller) -> bool {
    caller.may(Right::Staff)
        || matches!(inspection.state, Stands::Published | Stands::Acknowledged)
        || inspection.is_missed()
}

/// The inspection and contract of an id, when the caller sees them.
pub(super) async fn find(
    console: &Console,
    caller: &Caller,
    id: Uuid,
) -> Result<(Inspection, Contract), Refusal> {
    let (inspection, contract) = console.view(caller).inspection(id).await?;
    if is_told(&inspection, caller) { Ok((inspection, contract)) } else { Err(Refusal::NotFound) }
}

#[derive(Serialize, ToSchema)]
#[schema(as = InspectionFindingRow)]
struct FindingRow {
    /// Host's id or group's name: how a decision names it.
    place: String,
    name: String,
    rule: String,
    verdict: &'static str,
    level: &'static str,
    title_ko: String,
    title_en: String,
    text_ko: String,
    text_en: String,
    decided: &'static str,
    corrected: Option<&'static str>,
    reason: String,
    comment_ko: String,
    comment_en: String,
    case_id: String,
    decided_by: String,
}

impl FindingRow {
    fn of((subject, name, finding): (&str, &str, &Finding), entry: Option<&ReviewFinding>) -> Self {
        let text = |value: Option<&String>| value.cloned().unwrap_or_default();
        Self {
            place: subject.strip_prefix("host:").unwrap_or(name).to_owned(),
            name: name.to_owned(),
            rule: finding.rule.clone(),
            verdict: finding.verdict.as_str(),
            level: finding.level.as_str(),
            title_ko: finding.ko.title.clone(),
            title_en: finding.en.title.clone(),
            text_ko: finding.ko.finding.clone(),
            text_en: finding.en.finding.clone(),
            decided: entry.map_or("open", |entry| entry.decided.as_str()),
            corrected: entry.and_then(|entry| entry.corrected).map(Verdict::as_str),
            reason: text(entry.map(|entry| &entry.reason)),
            comment_ko: text(entry.map(|entry| &entry.comment_ko)),
            comment_en: text(entry.map(|entry| &entry.comment_en)),
            case_id: text(entry.map(|entry| &entry.case_id)),
            decided_by: text(entry.map(|entry| &entry.decided_by)),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct EditionRow {
    number: u32,
    document: String,
    reason: String,
    published_at: Timestamp,
    published_by: String,
    acknowledged_by: String,
    acknowledged_at: Option<Timestamp>,
    comment: String,
}

impl From<Edition> for EditionRow {
    fn from(edition: Edition) -> Self {
        let told = edition.acknowledged;
        Self {
            number: edition.number,
            document: edition.document,
            reason: edition.reason,
            published_at: edition.published_at,
            published_by: edition.published_by,
            acknowledged_at: told.as_ref().map(|told| told.at),
            acknowledged_by: told.as_ref().map(|told| told.name.clone()).unwrap_or_default(),
            comment: told.map(|told| told.comment).unwrap_or_default(),
        }
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "inspection.html")]
pub struct InspectionPage {
    #[serde(skip)]
    frame: Frame,
    inspection: Row,
    score: Option<u16>,
    /// Those that fail and that nobody has decided on.
    open: usize,
    findings: Vec<FindingRow>,
    /// Host, its name, and the numbers of its files of this period that never came.
    missing: Vec<(Uuid, String, String)>,
    opinion_ko: String,
    opinion_en: String,
    /// Author, reviewer, approver: the role, the name, when.
    signatures: Vec<(&'static str, String, Option<Timestamp>)>,
    editions: Vec<EditionRow>,
    #[serde(skip)]
    may_work: bool,
    #[serde(skip)]
    may_approve: bool,
    #[serde(skip)]
    may_confirm: bool,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<InspectionPage> {
    let (inspection, contract) = find(&console, &caller, id).await?;
    let editions = console.store.editions(id).await?;
    let is_staff = caller.may(Right::Staff);
    let mut page = InspectionPage {
        frame: Frame::of(&caller),
        inspection: Row::of(&inspection, &contract),
        score: None,
        open: 0,
        findings: Vec::new(),
        missing: Vec::new(),
        opinion_ko: String::new(),
        opinion_en: String::new(),
        signatures: Vec::new(),
        editions: editions.into_iter().map(EditionRow::from).collect(),
        may_work: caller.may(Right::Work),
        may_approve: caller.may(Right::Approve),
        may_confirm: caller.may(Right::Decide),
    };
    if is_staff {
        page.missing = missing(&console, &contract, &inspection.period).await?;
    }
    if is_staff && inspection.assessment_key.is_some() {
        fill(&console, &contract, &inspection, &mut page).await?;
    }
    show_page(&caller, &page)
}

/// Hosts without a network whose file of the period never came.
async fn missing(
    console: &Console,
    contract: &Contract,
    period: &str,
) -> Result<Vec<(Uuid, String, String)>, Refusal> {
    let mut files: BTreeMap<Uuid, Vec<Handover>> = BTreeMap::new();
    for file in console.store.handovers_of_contract(contract.id).await? {
        files.entry(file.host).or_default().push(file);
    }
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let hosts = console.store.hosts(Some(contract.id)).await?;
    let gap = |host: Host| {
        let place = missing_in(files.get(&host.id)?, period)?;
        Some((host.id, host.hostname, place.numbers()))
    };
    Ok(hosts.into_iter().filter_map(gap).collect())
}

/// What an engineer reviews: findings that do not pass, the opinion as it would be printed.
async fn fill(
    console: &Console,
    contract: &Contract,
    inspection: &Inspection,
    page: &mut InspectionPage,
) -> Result<(), Refusal> {
    let inspector = console.inspector();
    let (_, assessment) = inspector.assessment(contract, &inspection.period).await?;
    let (_, frozen) = inspector.drafted(contract, (inspection, &assessment)).await?;
    let entries = console.store.review_findings(inspection.id).await?;
    let entries: BTreeMap<(&str, &str), &ReviewFinding> = entries
        .iter()
        .map(|entry| ((entry.subject.as_str(), entry.rule.as_str()), entry))
        .collect();
    let shown = |f: &Finding| !matches!(f.verdict, Verdict::Pass | Verdict::NotApplicable);
    let mut rows: Vec<(Verdict, FindingRow)> = findings(&assessment)
        .filter(|(_, _, finding)| shown(finding))
        .map(|(subject, name, finding)| {
            let entry = entries.get(&(subject.as_str(), finding.rule.as_str())).copied();
            (finding.verdict, FindingRow::of((&subject, name, finding), entry))
        })
        .collect();
    rows.sort_by(|(a, x), (b, y)| (a, &x.rule, &x.name).cmp(&(b, &y.rule, &y.name)));
    let undecided = |(verdict, row): &&(Verdict, FindingRow)| {
        matches!(verdict, Verdict::Danger | Verdict::Attention) && row.decided == "open"
    };
    page.open = rows.iter().filter(undecided).count();
    page.findings = rows.into_iter().map(|(_, row)| row).take(FINDINGS_MAX).collect();
    page.score = assessment.summary.score;
    page.opinion_ko = frozen.review.opinion.ko;
    page.opinion_en = frozen.review.opinion.en;
    if let Some(review) = console.store.review(inspection.id).await? {
        let signed = |role, signed: Option<Signed>| match signed {
            Some(signed) => (role, signed.name, Some(signed.at)),
            None => (role, String::new(), None),
        };
        page.signatures = vec![
            signed("author", review.author),
            signed("reviewer", review.reviewer),
            signed("approver", review.approver),
        ];
    }
    Ok(())
}
