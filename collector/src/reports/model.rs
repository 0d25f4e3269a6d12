//! The report as final texts: what both formats show, and nothing else.

use serde::Serialize;

/// A label and its value.
#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    pub label: String,
    pub value: String,
    /// The value is a command: shown in the monospaced face.
    pub code: bool,
}

/// A table of texts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// A verdict as colour (by `class`), shape and word.
#[derive(Clone, Debug, Serialize)]
pub struct Mark {
    /// `danger`, `attention`, `unknown`, `excepted`, `pass`, `not_applicable`, `silent`.
    pub class: String,
    pub shape: String,
    pub word: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Legend {
    pub mark: Mark,
    pub meaning: String,
}

/// The whole report in one language.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub lang: String,
    pub title: String,
    pub customer: String,
    pub document: String,
    pub period: String,
    pub date: String,
    pub cover: Vec<Pair>,
    pub overview: Vec<Pair>,
    pub legend: Vec<Legend>,
    /// What could not be checked, by host and reason.
    pub limits: Table,
    pub opinion: Vec<String>,
    pub score: ScoreBox,
    pub counts: Vec<Counted>,
    pub standings: Vec<Pair>,
    pub systems: Table,
    pub summary: Summary,
    /// Clusters and tiers.
    pub topology: Topology,
    pub hosts: Vec<HostPage>,
    pub recommendations: Vec<Recommendation>,
    /// Recommendations after the first, a line each.
    pub further: Table,
    /// What was told, agreed and proved about advisories; empty where nothing was.
    pub plans: Table,
    pub exceptions: Table,
    pub review: ReviewPage,
    pub confirm: Vec<Pair>,
    pub appendix: Appendix,
    /// Annex: items of the KISA guide.
    pub kisa: Option<KisaAnnex>,
    /// Headings and labels that the templates need, by key.
    pub words: std::collections::BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Counted {
    pub mark: Mark,
    pub count: u32,
}

#[derive(Clone, Debug, Serialize)]
pub struct ScoreBox {
    /// Empty when there is none.
    pub score: String,
    pub grade: String,
    pub previous: String,
    /// The parts of the movement, empty at the first inspection.
    pub movement: Vec<Pair>,
    /// Donut as SVG.
    pub svg: String,
}

/// Host × area: a score, and counts of verdicts.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub head: Vec<String>,
    pub rows: Vec<SummaryRow>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SummaryRow {
    pub host: String,
    pub note: String,
    pub score: String,
    pub grade: String,
    /// Danger, attention, unknown, pass.
    pub counts: Vec<Counted>,
    /// Scores of the areas, in order.
    pub areas: Vec<String>,
    pub silent: bool,
}

/// Clusters and tiers of the contract; empty when there are none.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Topology {
    /// The picture; none when no host belongs to another.
    pub pictures: Vec<Chart>,
    pub groups: Vec<GroupPage>,
}

/// One cluster, or two tiers and the links between them.
#[derive(Clone, Debug, Serialize)]
pub struct GroupPage {
    pub name: String,
    pub about: Vec<Pair>,
    /// Of tiers: each target and what answers it.
    pub links: Table,
    pub areas: Vec<AreaTable>,
}

/// One host's pages.
#[derive(Clone, Debug, Serialize)]
pub struct HostPage {
    pub name: String,
    pub note: String,
    pub silent: bool,
    pub score: String,
    pub grade: String,
    pub about: Vec<Pair>,
    pub areas: Vec<AreaTable>,
    /// Charts as SVG, with the caption of each.
    pub charts: Vec<Chart>,
    /// How to read the charts; empty without a last inspection.
    pub charts_note: String,
    pub filesystems: Table,
    pub network: Table,
    /// Disks and programs over the whole period; empty without samples.
    pub disks: Table,
    pub programs: Table,
    pub log_window: String,
    pub logs: Table,
    /// Patterns by day.
    pub log_days: Table,
    /// Unknown faults that the last inspection had not seen.
    pub log_new: Table,
    /// Logs that were read, those of the products with their name.
    pub log_sources: Table,
    /// Stretches that were not read, and logs with long silences.
    pub log_gaps: Table,
    /// Package transactions of the period.
    /// What vendors' advisories say of it.
    pub advisories: Table,
    pub advisories_note: String,
    pub transactions: Table,
    /// What stands instead of an empty table of transactions, or after a cut one.
    pub transactions_note: String,
    pub changes: Table,
    /// What stands instead of an empty table of changes, or after a cut one.
    pub changes_note: String,
    /// Deviations from the standard of its role.
    pub standard: Table,
    /// The standard and its counts; empty for a host without one.
    pub standard_note: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Chart {
    pub caption: String,
    pub svg: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct AreaTable {
    pub name: String,
    pub score: String,
    pub rows: Vec<Row>,
}

/// One finding: 점검항목 | 기준값 | 전회 | 금회 | 판정 | 근거.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub item: String,
    pub expected: String,
    pub previous: String,
    pub current: String,
    pub mark: Mark,
    /// 신규 · 지속 · 재발 · 해소; empty where it says nothing.
    pub standing: String,
    pub since: String,
    /// One sentence, or why it could not be checked; empty for a pass.
    pub finding: String,
    pub evidence: String,
    /// It wants the reader's eye.
    pub open: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Recommendation {
    pub rank: usize,
    pub level: String,
    pub mark: Mark,
    pub title: String,
    pub why: String,
    pub hosts: String,
    pub remedy: String,
    /// Change risk, reboot, downtime, verification.
    pub terms: Vec<Pair>,
}

/// What people said, and what changed since the edition before.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewPage {
    /// Edition, author, reviewer, approver.
    pub about: Vec<Pair>,
    /// Corrections and comments; empty where there are none.
    pub remarks: Table,
    pub visits: Vec<VisitPage>,
    /// Against the edition before; empty for a first one.
    pub changes: Table,
    pub changes_note: String,
}

/// One visit: when, who, what was looked at, the engineer's words.
#[derive(Clone, Debug, Serialize)]
pub struct VisitPage {
    pub about: Vec<Pair>,
    pub checklist: Table,
    pub words: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Appendix {
    pub about: Vec<Pair>,
    pub snapshots: Table,
    pub unseen: Table,
    /// What customers let leave of their hosts; empty where all of it did.
    pub withheld: Table,
}

/// The items of the KISA guide by host.
#[derive(Clone, Debug, Serialize)]
pub struct KisaAnnex {
    pub title: String,
    pub note: String,
    pub totals: Table,
    /// Item × host; more than one where the hosts do not fit side by side.
    pub matrices: Vec<Table>,
    pub weak: Table,
    /// Items whose criterion has two readings, and which one judged.
    pub readings: Table,
    pub by_hand: Table,
}

/// The installation report of one host in one language.
#[derive(Clone, Debug, Serialize)]
pub struct Installation {
    pub lang: String,
    pub title: String,
    pub customer: String,
    pub document: String,
    pub date: String,
    pub cover: Vec<Pair>,
    /// One sentence: conforms, deviates, or could not be checked whole.
    pub result: String,
    /// The standard and its counts.
    pub note: String,
    pub about: Vec<Pair>,
    pub deviations: Table,
    /// Facts that the standard asks for and that were not seen.
    pub unseen: Table,
    /// Snapshot and digest.
    pub evidence: String,
    pub confirm: Vec<Pair>,
    pub words: std::collections::BTreeMap<String, String>,
}
