//! What vendors' advisories say of a host, as facts that rules judge and as rows of its report.
//!
//! Matching is the work of `carepack-advisories`. Here its answer becomes `advisories.*`: known
//! only while a feed that speaks of the host is fresh; else rules answer 점검불가.

use carepack_advisories::feeds::set::Set;
use carepack_advisories::host::Host;
use carepack_advisories::index::Index;
use carepack_advisories::matching::{Class, Hit, Match, What, matches};
use carepack_advisories::model::{Kind, Severity, Text};
use carepack_advisories::stream::Streams;
use carepack_facts::{Facts, Missing};
use carepack_shared::Unseen;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An older feed says nothing certain any more.
pub const FRESH: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Most rows of one host; more are counted.
const ROWS_MAX: usize = 2_000;
/// Most packages told of one row; more are counted.
const HITS_MAX: usize = 40;
/// Where these facts come from.
const SOURCE: &str = "advisories";
/// The facts that depend on a fresh feed.
const KEYS: [&str; 4] = [
    "advisories.applicable",
    "advisories.not_running",
    "advisories.elsewhere",
    "advisories.unfixed",
];

/// Whether a rule judges what advisories say.
pub(crate) fn is_about(rule: &crate::rule::Rule) -> bool {
    let about = |key: &String| key.starts_with("advisories.");
    rule.spec.needs.iter().any(about) || rule.spec.wants.iter().any(about)
}

/// A set, indexed once for all hosts.
pub(crate) struct Known<'c> {
    set: &'c Set,
    index: Index<'c>,
}

/// What advisories say of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advised {
    /// Up to when the feeds tell that speak of it; none: no feed does.
    pub dated: Option<Timestamp>,
    /// It is too old to say anything certain.
    pub stale: bool,
    /// Its life-cycle stream was guessed, since none of its repositories is known.
    pub guessed: bool,
    /// Most urgent first.
    pub rows: Vec<Row>,
    /// Rows over the limit.
    #[serde(default)]
    pub untold: u32,
}

/// One advisory, or one vulnerability without a fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub id: String,
    pub class: String,
    pub kind: Kind,
    pub severity: Severity,
    pub title: Text,
    pub summary: Text,
    pub cves: Vec<String>,
    pub cvss_tenths: Option<u8>,
    pub exploited: bool,
    pub published: Timestamp,
    /// The machine must boot anew after it.
    pub reboot: bool,
    pub restart: bool,
    /// All of it is installed, and the machine still runs what was before.
    pub not_running: bool,
    pub live_patched: bool,
    /// It is about a product that did not come as a package.
    pub product: bool,
    pub hits: Vec<Told>,
    /// Packages over the limit.
    #[serde(default)]
    pub untold: u32,
}

/// A package and what would fix it, as the report has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub name: String,
    pub place: String,
    pub installed: String,
    pub fixed: Option<String>,
    pub running: Option<String>,
}

impl<'c> Known<'c> {
    pub fn of(set: &'c Set) -> Self {
        Self { set, index: set.index() }
    }

    /// What it says of a host.
    fn advise(&self, host: &Host, as_of: Timestamp) -> Advised {
        let streams = Streams::of(host, &self.set.header.repositories);
        let dated = self.set.dated(host, &streams);
        let is_old = dated.is_some_and(|date| as_of.duration_since(date) > FRESH)
            || self.set.header.valid_until.is_some_and(|end| end < as_of);
        let found = matches(&self.index, host, &streams);
        let mut rows: Vec<Row> = found.into_iter().map(|found| self.row(found)).collect();
        rows.sort_by(|a, b| {
            let urgency = |row: &Row| (row.exploited, row.severity, row.cvss_tenths);
            (class_order(&a.class), urgency(b), &a.id).cmp(&(
                class_order(&b.class),
                urgency(a),
                &b.id,
            ))
        });
        let guessed = host.os.takes_from_red_hat() && !streams.is_known();
        Advised { dated, stale: is_old, guessed, rows, untold: 0 }
    }

    fn row(&self, found: Match) -> Row {
        let not_running = found.is_only_not_running();
        let untold = u32::try_from(found.hits.len().saturating_sub(HITS_MAX)).unwrap_or(u32::MAX);
        let product = found.hits.iter().all(|hit| hit.arch.is_empty());
        let (id, severity) = found.what.named(&self.index);
        let row = Row {
            id: id.to_owned(),
            class: found.class.as_str().to_owned(),
            kind: Kind::Security,
            severity,
            title: Text::default(),
            summary: Text::default(),
            cves: Vec::new(),
            cvss_tenths: None,
            exploited: false,
            published: Timestamp::UNIX_EPOCH,
            reboot: false,
            restart: false,
            not_running,
            live_patched: found.live_patched,
            product,
            hits: found.hits.into_iter().take(HITS_MAX).map(told).collect(),
            untold,
        };
        match found.what {
            What::Advisory(at) => {
                let advisory = &self.index.advisories[at as usize];
                Row {
                    kind: advisory.kind,
                    title: advisory.title.clone(),
                    summary: advisory.summary.clone(),
                    cves: advisory.cves.iter().map(|cve| cve.id.clone()).collect(),
                    cvss_tenths: advisory.cvss_tenths(),
                    exploited: advisory.is_exploited(),
                    published: advisory.published,
                    reboot: advisory.reboot,
                    restart: advisory.restart,
                    ..row
                }
            }
            What::Vulnerability(at) => {
                let one = &self.index.vulnerabilities[at as usize];
                Row {
                    title: Text { ko: String::new(), en: one.title.clone() },
                    cves: vec![one.cve.id.clone()],
                    cvss_tenths: one.cve.cvss_tenths,
                    exploited: one.cve.exploited,
                    published: one.published,
                    ..row
                }
            }
        }
    }
}

fn told(hit: Hit) -> Told {
    let name = if hit.arch.is_empty() { hit.name } else { format!("{}.{}", hit.name, hit.arch) };
    let Hit { place, installed, fixed, running, .. } = hit;
    Told { name, place, installed, fixed, running }
}

fn class_order(class: &str) -> usize {
    let all = [Class::Applicable, Class::Elsewhere, Class::NoFixYet, Class::WillNotFix];
    all.iter().position(|known| known.as_str() == class).unwrap_or(all.len())
}

/// What advisories say of a host with these facts, or why that is not known.
pub(crate) fn ask(
    known: Option<&Known<'_>>,
    facts: &Facts,
    as_of: Timestamp,
) -> Result<Advised, Missing> {
    let absent = |source: &str| Missing { reason: Unseen::Absent, source: source.to_owned() };
    let known = known.ok_or_else(|| absent(SOURCE))?;
    let host = Host::of(facts).map_err(|lacking| {
        let missing = facts.missing.get(lacking.fact).cloned();
        missing.unwrap_or_else(|| absent(lacking.fact))
    })?;
    Ok(known.advise(&host, as_of))
}

/// Puts what advisories say into a host's facts; with `until`, only what was published by then.
pub(crate) fn put(
    asked: &Result<Advised, Missing>,
    facts: &mut Facts,
    (as_of, until): (Timestamp, Option<Timestamp>),
) {
    for key in KEYS {
        facts.known.remove(key);
    }
    let advised = match asked {
        Ok(advised) => advised,
        Err(missing) => return facts.hide(&KEYS, missing),
    };
    match advised.dated {
        None => facts.miss_all(&KEYS, Unseen::Absent, SOURCE),
        Some(date) if advised.stale => {
            let source = format!("{SOURCE}:{}", date.strftime("%Y-%m-%d"));
            facts.miss_all(&KEYS, Unseen::Failed, &source);
        }
        Some(_) => {
            let by_then = |row: &&Row| until.is_none_or(|until| row.published <= until);
            let rows: Vec<&Row> = advised.rows.iter().filter(by_then).take(ROWS_MAX).collect();
            tell(&rows, as_of, facts);
        }
    }
}

/// As many rows as a report keeps; the rest is counted.
pub(crate) fn bounded(mut advised: Advised) -> Advised {
    let over = advised.rows.len().saturating_sub(ROWS_MAX);
    advised.untold = u32::try_from(over).unwrap_or(u32::MAX);
    advised.rows.truncate(ROWS_MAX);
    advised
}

fn tell(rows: &[&Row], as_of: Timestamp, facts: &mut Facts) {
    let of = |is_one: &dyn Fn(&Row) -> bool| -> Vec<Value> {
        rows.iter().filter(|row| is_one(row)).map(|row| fact(row, as_of)).collect()
    };
    let applicable = Class::Applicable.as_str();
    let elsewhere = Class::Elsewhere.as_str();
    let is_open = |row: &Row| row.class == applicable && !row.not_running;
    facts.put("advisories.applicable", of(&is_open), SOURCE);
    let is_waiting = |row: &Row| row.class == applicable && row.not_running;
    facts.put("advisories.not_running", of(&is_waiting), SOURCE);
    facts.put("advisories.elsewhere", of(&|row| row.class == elsewhere), SOURCE);
    let unfixed = |row: &Row| row.class != applicable && row.class != elsewhere;
    facts.put("advisories.unfixed", of(&unfixed), SOURCE);
}

/// A row as rules see it.
fn fact(row: &Row, as_of: Timestamp) -> Value {
    const DAY_SECONDS: i64 = 86_400;
    let age = (as_of.as_second() - row.published.as_second()).div_euclid(DAY_SECONDS).max(0);
    let names: Vec<&str> = row.hits.iter().map(|hit| hit.name.as_str()).collect();
    json!({
        "id": row.id,
        "class": row.class,
        "kind": row.kind.as_str(),
        "severity": row.severity.as_str(),
        "cvss_tenths": row.cvss_tenths,
        "exploited": row.exploited,
        "age_days": age,
        "reboot": row.reboot,
        "live_patched": row.live_patched,
        "product": row.product,
        "packages": names,
    })
}
