//! What an assessment says: the frozen result that inspections keep and reports show.
//!
//! Everything a report needs is in here, so that rendering never asks the store.

mod names;

use std::collections::BTreeMap;

use carepack_facts::Facts;
use carepack_shared::Unseen;
use carepack_shared::privacy::Mode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One contract's hosts, judged at one time with one rule pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    pub as_of: Timestamp,
    pub pack: PackStamp,
    /// In order of name.
    pub hosts: Vec<HostAssessment>,
    /// Clusters, then tiers; each in order of name.
    #[serde(default)]
    pub groups: Vec<GroupAssessment>,
    pub summary: Summary,
    /// What to do first, best value for its cost first.
    pub fix_first: Vec<Priority>,
    /// Which advisories judged; none without a feed.
    #[serde(default)]
    pub advisories: Option<AdvisoryStamp>,
    /// What was told, promised and done about advisories in the period; the collector adds it.
    #[serde(default)]
    pub plans: Vec<PlanLine>,
    /// The items of the KISA guide and the rules that answer them, as they were.
    #[serde(default)]
    pub kisa: Option<crate::kisa::Table>,
}

/// Which rules judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackStamp {
    pub version: String,
    /// SHA-256 over the pack's files, hex.
    pub sha256: String,
    pub rules: u32,
}

/// One advisory on one host: what was agreed, and what evidence made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanLine {
    /// `regressed`, `overdue`, `expired`, `not_running`, `undecided`, `promised`, `accepted`,
    /// `not_ours` or `done`.
    pub standing: String,
    pub advisory: String,
    pub ko: String,
    pub en: String,
    /// Name of the host.
    pub host: String,
    /// `apply`, `wait`, `accept_risk`, `not_ours`; empty where nothing is decided.
    pub decision: String,
    /// End of the window, of the waiting or of the acceptance.
    pub until: Option<Timestamp>,
    /// When evidence showed it.
    pub verified_at: Option<Timestamp>,
}

/// Which set of advisories judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvisoryStamp {
    pub version: u64,
    pub feeds: Vec<carepack_advisories::feeds::set::Feed>,
}

/// One host's page: also for a host that never answered (`snapshot` is none → 접속 불가).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostAssessment {
    pub host: HostRef,
    pub snapshot: Option<SnapshotRef>,
    pub previous: Option<SnapshotRef>,
    /// In order of area, then risk (highest first), then rule id.
    pub findings: Vec<Finding>,
    pub score: Score,
    pub movement: Option<Movement>,
    pub changes: Vec<Change>,
    /// How it compares with its standard; none without one.
    #[serde(default)]
    pub standard: Option<crate::standard::Compared>,
    /// What vendors' advisories say of it; none where it could not be matched.
    #[serde(default)]
    pub advised: Option<crate::advised::Advised>,
    /// What is known of the host now; empty for a host that did not answer.
    pub facts: Facts,
    /// The facts of the last inspection; empty at the first.
    pub previous_facts: Facts,
    /// What rules in shadow would have said; no report shows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadowed: Vec<Shadowed>,
}

/// A rule in shadow that fails on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadowed {
    pub rule: String,
    pub rev: u32,
    pub verdict: Verdict,
    pub value: String,
}

/// Hosts that belong together, judged as a whole. Its findings count in the score of every
/// member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupAssessment {
    pub kind: crate::topology::Kind,
    /// The cluster's name, or `web01 → app01`.
    pub name: String,
    /// Names of its hosts; of tiers the caller, then the called.
    pub members: Vec<String>,
    /// Nodes that the cluster names and that are not under contract, or did not answer.
    pub strangers: Vec<String>,
    /// Of tiers: each target of the caller and what answers it (null: nothing known).
    pub entries: Vec<serde_json::Value>,
    /// In the order of a host's page; rules that do not apply are left out.
    pub findings: Vec<Finding>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRef {
    pub id: String,
    pub name: String,
    /// What it is for, in the customer's words; may be empty.
    pub role: String,
    /// 1 ordinary, 2 important, 4 business-critical.
    pub importance: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRef {
    pub id: String,
    pub sha256: String,
    pub taken_at: Timestamp,
    pub reason: String,
    pub agent_version: String,
    /// Replayed from a recorded folder.
    pub recorded: bool,
    /// Snapshots lost before this one.
    pub lost: u64,
    /// Pieces masked, by kind.
    pub masked: BTreeMap<String, u64>,
    /// Sources that were not seen: source key, reason, detail. Absent sources are left out.
    pub unseen: Vec<(String, Unseen, String)>,
    /// How much its host lets leave.
    #[serde(default)]
    pub mode: Mode,
    /// Names and addresses are codes that only the customer can turn back.
    #[serde(default)]
    pub pseudonyms: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    Availability,
    Security,
    Stability,
    Performance,
    Hygiene,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 위험
    Danger,
    /// 주의
    Attention,
    /// 점검불가
    Unknown,
    /// 예외
    Excepted,
    /// 양호
    Pass,
    /// 해당없음
    NotApplicable,
}

/// Risk R = impact × likelihood: ≥ 12 critical, 8–11 important, 4–7 moderate, 1–3 low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Critical,
    Important,
    Moderate,
    Low,
}

/// Against the last inspection of the same host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// 신규
    New,
    /// 지속
    Persisting,
    /// 재발: it was solved within the last twelve months and is back.
    Recurring,
    /// 해소: it failed last time and passes now.
    Resolved,
}

/// One rule's verdict on one host, with the evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub rule: String,
    pub rev: u32,
    pub area: Area,
    /// The product that the rule is about: `rhel`, `mysql`, `httpd` …
    #[serde(default)]
    pub product: String,
    pub kind: String,
    /// `confirmed`, `likely` or `hint`; a hint never enters the score.
    pub confidence: String,
    pub impact: u8,
    pub likelihood: u8,
    pub level: Level,
    pub verdict: Verdict,
    pub standing: Option<Standing>,
    /// First period of the unbroken row of failures that reaches to now.
    pub since: Option<String>,
    /// Why it could not be checked (only for [`Verdict::Unknown`]).
    pub unknown: Option<Cause>,
    /// 금회: what was found.
    pub value: String,
    /// 전회: what was found at the last inspection; empty at the first.
    pub previous_value: String,
    pub ko: Words,
    pub en: Words,
    /// 근거: the sources that the verdict rests on (`/etc/fstab`, `survey:statfs`).
    pub sources: Vec<String>,
    pub remedies: Vec<Remedy>,
    pub refs: BTreeMap<String, Vec<String>>,
    pub exception: Option<Exception>,
    /// Days that the rule watches, whatever its verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<Dated>,
}

/// A day that a rule watches: an end of support, of a certificate, of free space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    /// Whose day it is, e.g. `rhel 8` or a certificate's subject.
    pub what: String,
    pub at: Timestamp,
}

/// A finding's texts in one language, placeholders filled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    pub title: String,
    /// 기준값
    pub expected: String,
    pub why: String,
    /// One sentence with the offending names and values; empty where the verdict is a pass.
    pub finding: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The fact that is missing.
    pub fact: String,
    pub reason: Unseen,
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// `fix`, `workaround` or `investigate`.
    #[serde(rename = "type")]
    pub kind: String,
    pub ko: String,
    pub en: String,
    /// 0 none – 4 high.
    pub change_risk: u8,
    pub reboot: bool,
    #[serde(default)]
    pub downtime: String,
    #[serde(default)]
    pub verify: String,
}

/// An accepted risk, as the exception register has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    pub reason: String,
    pub risk: String,
    pub compensation: String,
    pub approver: String,
    /// After this moment the finding is back.
    pub expires: Timestamp,
}

/// A host's score in whole per mille; see `reference/rules.md`: caps, coverage, raw, effective.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// None when nothing was checked or coverage is under 600 ‰.
    pub raw: Option<u16>,
    pub effective: Option<u16>,
    /// Weight known ÷ weight applicable, ‰.
    pub coverage: u16,
    /// 잠정: coverage under 900 ‰.
    pub provisional: bool,
    pub areas: Vec<AreaScore>,
    /// The cap that holds the effective score down, and the rule that causes it.
    pub cap: Option<Cap>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaScore {
    pub area: Area,
    /// None when nothing applicable was known.
    pub raw: Option<u16>,
    pub effective: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// The highest score allowed, ‰.
    pub at_most: u16,
    pub rule: String,
}

/// Why the score moved: the three parts add up to the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// The last inspection's published score.
    pub before: u16,
    pub after: u16,
    /// Same evidence, today's rules.
    pub by_rules: i32,
    /// New advisories since.
    pub by_advisories: i32,
    /// The customer's own change.
    pub by_customer: i32,
}

/// One thing that differs from the last inspection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    pub subject: Subject,
    /// `kernel.panic`, `openssl-libs.x86_64`, `httpd.service`.
    pub name: String,
    /// Empty when it is new.
    pub before: String,
    /// Empty when it is gone.
    pub after: String,
    /// Key of the fact that differs.
    #[serde(default)]
    pub key: String,
    /// Who made it, where evidence says so.
    #[serde(default)]
    pub author: Option<Author>,
}

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Author {
    pub by: By,
    /// The visit's or plan's own words; the user, number and command of a package transaction where
    /// the host's history names them; empty for others.
    pub who: String,
    pub at: Option<Timestamp>,
}

/// What the author is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A package was installed or updated.
    Package,
    /// The host was booted.
    Reboot,
    /// An engineer's visit or an agreed plan.
    Visit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    System,
    Package,
    Parameter,
    Unit,
    Account,
    Mount,
    Listener,
    File,
    Network,
    Storage,
}

/// The customer's whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Mean of the hosts' effective scores weighted by importance, ‰, capped as rules.md says.
    pub score: Option<u16>,
    pub previous_score: Option<u16>,
    /// Hosts under contract, and those that answered.
    pub hosts: u32,
    pub answered: u32,
    /// Findings by verdict over all hosts (snake_case verdict → count).
    pub verdicts: BTreeMap<String, u32>,
    /// Failing findings by standing.
    pub standings: BTreeMap<String, u32>,
    /// Name of the host with the lowest score.
    pub worst: Option<String>,
}

/// One recommendation: a rule that fails somewhere, ranked by value ÷ cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Priority {
    pub rule: String,
    pub area: Area,
    pub level: Level,
    pub verdict: Verdict,
    /// Σ over affected hosts (weight × importance).
    pub value: u32,
    /// 1 + change risk + 2·reboot of the first remedy.
    pub cost: u32,
    /// Names of the affected hosts.
    pub hosts: Vec<String>,
    pub ko: Words,
    pub en: Words,
    pub remedy: Option<Remedy>,
}

impl Score {
    /// A ≥ 900, B ≥ 700, C ≥ 500, else D: the borders lie just above the caps of 890, 690 and
    /// 490, so that an open important finding excludes A, a critical one B, an overdue one C.
    #[must_use]
    pub fn grade(per_mille: u16) -> char {
        match per_mille {
            900.. => 'A',
            700.. => 'B',
            500.. => 'C',
            _ => 'D',
        }
    }
}
