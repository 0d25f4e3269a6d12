//! One host: score and how it moved, findings, changes, facts, snapshots.

use askama::Template;
use axum::extract::{Path, State};
use carepack_assessment::model::{
    Change, Finding, HostAssessment, Movement, Score, Standing, Verdict,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::judged::{Chosen, Judged, Tabs, judged};
use super::settling::Decisions;
use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::charts;
use crate::console::frame::Frame;
use crate::console::input::Asked;
use crate::console::page::{Told, show as show_page};
use crate::handovers::{Place, chain};
use crate::store::{CaseState, Contract, Host, SnapshotRow};

/// Most cases that a finding may be linked to, the newest ones.
const CASES_MAX: usize = 50;

#[derive(Serialize, ToSchema)]
#[schema(as = HostFindingRow)]
pub struct FindingRow {
    rule: String,
    area: &'static str,
    level: &'static str,
    verdict: &'static str,
    standing: &'static str,
    since: Option<String>,
    ko: Sentences,
    en: Sentences,
    value: String,
    previous_value: String,
    sources: Vec<String>,
    /// Why it could not be checked.
    unknown: Option<String>,
    remedies: Vec<Remedy>,
}

#[derive(Serialize, ToSchema)]
pub struct Sentences {
    title: String,
    expected: String,
    why: String,
    finding: String,
}

#[derive(Serialize, ToSchema)]
pub struct Remedy {
    ko: String,
    en: String,
    change_risk: u8,
    reboot: bool,
    verify: String,
}

impl From<Finding> for FindingRow {
    fn from(finding: Finding) -> Self {
        let sentences = |words: carepack_assessment::model::Words| Sentences {
            title: words.title,
            expected: words.expected,
            why: words.why,
            finding: words.finding,
        };
        let remedies = finding.remedies.into_iter().map(|remedy| Remedy {
            ko: remedy.ko,
            en: remedy.en,
            change_risk: remedy.change_risk,
            reboot: remedy.reboot,
            verify: remedy.verify,
        });
        Self {
            area: finding.area.as_str(),
            level: finding.level.as_str(),
            verdict: finding.verdict.as_str(),
            standing: finding.standing.map_or("", Standing::as_str),
            unknown: finding.unknown.map(|cause| format!("{} ({})", cause.fact, cause.source)),
            rule: finding.rule,
            since: finding.since,
            ko: sentences(finding.ko),
            en: sentences(finding.en),
            value: finding.value,
            previous_value: finding.previous_value,
            sources: finding.sources,
            remedies: remedies.collect(),
        }
    }
}

/// What an assessment says of the host.
#[derive(Serialize, ToSchema)]
struct Assessed {
    period: String,
    #[schema(value_type = Object)]
    score: Score,
    #[schema(value_type = Option<Object>)]
    movement: Option<Movement>,
    /// Danger, attention, unknown, excepted; passes are only counted.
    findings: Vec<FindingRow>,
    passed: usize,
    #[schema(value_type = Vec<Object>)]
    changes: Vec<Change>,
    products: Vec<(String, String)>,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "host.html")]
pub struct HostPage {
    #[serde(skip)]
    frame: Frame,
    #[serde(skip)]
    tabs: Tabs,
    host: Head,
    assessed: Option<Assessed>,
    /// Period and score, oldest first.
    course: Vec<(String, Option<u16>)>,
    snapshots: Vec<Snapshot>,
    /// Files that came over an air gap, and gaps among them.
    files: Vec<Place>,
    #[serde(skip)]
    may_work: bool,
    #[serde(skip)]
    may_retire: bool,
    #[serde(flatten)]
    decisions: Decisions,
    /// Number and title of the contract's cases that a finding may be linked to.
    #[serde(skip)]
    cases: Vec<(String, String)>,
}

/// What is known of a host without any snapshot.
#[derive(Serialize, ToSchema)]
struct Head {
    id: Uuid,
    name: String,
    role: String,
    importance: u8,
    contract: Uuid,
    contract_name: String,
    last_seen: Option<Timestamp>,
    agent_version: String,
    clock_skew_seconds: Option<i64>,
    enrolled_at: Timestamp,
    retired_at: Option<Timestamp>,
    refuses_on_demand: bool,
    collect_requested_at: Option<Timestamp>,
}

impl Head {
    fn of(host: Host, contract: &Contract) -> Self {
        Self {
            id: host.id,
            name: host.hostname,
            role: host.role,
            importance: host.importance,
            contract: contract.id,
            contract_name: contract.name.clone(),
            last_seen: host.last_seen,
            agent_version: host.agent_version,
            clock_skew_seconds: host.clock_skew_seconds,
            enrolled_at: host.enrolled_at,
            retired_at: host.retired_at,
            refuses_on_demand: host.refuses_on_demand,
            collect_requested_at: host.collect_requested_at,
        }
    }
}

impl Assessed {
    /// Area and score, in the order of the lists.
    fn areas(&self) -> Vec<(&'static str, Option<u16>)> {
        self.score.areas.iter().map(|area| (area.area.as_str(), area.effective)).collect()
    }
}

impl HostPage {
    /// The course of the score, as SVG.
    fn chart(&self) -> String {
        charts::course(&self.course, self.frame.w("course"))
    }
}

#[derive(Serialize, ToSchema)]
struct Snapshot {
    id: Uuid,
    reason: String,
    taken_at: Timestamp,
    received_at: Timestamp,
    bytes: u64,
    sha256: String,
}

impl From<SnapshotRow> for Snapshot {
    fn from(row: SnapshotRow) -> Self {
        Self {
            id: row.id,
            reason: row.reason,
            taken_at: row.taken_at,
            received_at: row.received_at,
            bytes: row.bytes,
            sha256: row.sha256,
        }
    }
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Asked(chosen): Asked<Chosen>,
) -> Told<HostPage> {
    let Judged { host, contract, results, page, tabs } =
        judged(&console, &caller, (id, ""), &chosen).await?;
    let assessed = page.map(|page| assessed(&tabs.period, page));
    let mut course: Vec<_> = results.into_iter().map(|row| (row.period, row.score)).collect();
    course.reverse();
    let snapshots = console.view(&caller).snapshots(&host).await?;
    let snapshots = snapshots.into_iter().map(Snapshot::from).collect();
    let mut cases = Vec::new();
    if caller.may(Right::Work) {
        let open = console.view(&caller).cases(Some(contract.id)).await?.into_iter();
        let open = open.filter(|case| case.state != CaseState::Closed).take(CASES_MAX);
        cases.extend(open.map(|case| (case.number(), case.title)));
    }
    let files = chain(&console.store.handovers(id).await?);
    let decisions = Decisions::of(&console, &caller, (&host, &contract)).await?;
    let head = Head::of(host, &contract);
    let page = HostPage {
        frame: Frame::of(&caller),
        tabs,
        host: head,
        assessed,
        course,
        snapshots,
        files,
        may_work: caller.may(Right::Work),
        may_retire: caller.may(Right::Contracts),
        decisions,
        cases,
    };
    show_page(&caller, &page)
}

fn assessed(period: &str, page: HostAssessment) -> Assessed {
    let passed = page.findings.iter().filter(|f| f.verdict == Verdict::Pass).count();
    let products = products(&page);
    let shown = |f: &Finding| !matches!(f.verdict, Verdict::Pass | Verdict::NotApplicable);
    let mut findings: Vec<Finding> = page.findings.into_iter().filter(shown).collect();
    findings.sort_by(|a, b| (a.verdict, a.level, &a.rule).cmp(&(b.verdict, b.level, &b.rule)));
    Assessed {
        period: period.to_owned(),
        score: page.score,
        movement: page.movement,
        findings: findings.into_iter().map(FindingRow::from).collect(),
        passed,
        changes: page.changes,
        products,
    }
}

/// The versions that stand at the head of the page, by the facts' keys.
fn products(page: &HostAssessment) -> Vec<(String, String)> {
    let keys = ["os.name", "os.version", "kernel.release", "cpu.count", "memory.total_kib"];
    let known = &page.facts.known;
    keys.iter()
        .filter_map(|key| {
            let value = serde_json::to_value(&known.get(*key)?.value).ok()?;
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some(((*key).to_owned(), text))
        })
        .collect()
}
