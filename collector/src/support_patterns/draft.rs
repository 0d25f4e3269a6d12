//! A draft from a case's snapshot: what stood out on the host at the time becomes the condition,
//! everything else that stood out stands above it as comments. An engineer edits it.
//!
//! Signatures in the logs near the fault come first: together they are the fault's mark. Without any,
//! the worst finding that failed is the condition. [`written`] is pure.

use std::collections::BTreeMap;

use carepack_assessment::judge::{Scene, judge};
use carepack_assessment::model::{Level, Verdict};
use carepack_assessment::rule::{Rule, Scope};
use carepack_assessment::{Pack, score};
use carepack_facts::Facts;
use carepack_shared::terminal::plain;
use jiff::{SignedDuration, Timestamp};
use serde_yaml_ng::{Mapping, Value};

use super::PatternError;
use crate::inspections::Inspector;
use crate::reports::review::Texts;
use crate::store::{Host, PatternState, SnapshotRow, SupportPattern};

/// How far from the fault a line of a log may be to belong to it.
const NEAR: SignedDuration = SignedDuration::from_hours(24);
/// How long after the fault a snapshot may be taken to be the case's.
const AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Snapshots of the host that are looked through for it.
const SNAPSHOTS_MAX: u32 = 240;
/// Signatures in one condition, and lines of comment.
const SIGNATURES_MAX: usize = 5;
const COMMENTS_MAX: usize = 40;

/// What an engineer says of a new pattern.
#[derive(Clone, Debug)]
pub struct Birth {
    pub id: String,
    /// `availability`, `security`, `stability`, `performance` or `hygiene`.
    pub area: String,
    pub case_id: String,
    pub incident_at: Timestamp,
    pub title: Texts,
    pub why: Texts,
    pub remedy: Texts,
    pub by: String,
}

/// Drafts a pattern from the host's snapshot of the time; it is not kept yet.
///
/// # Errors
/// [`PatternError::NoSnapshot`], or [`PatternError::Nothing`] when nothing stands out in it.
pub async fn draft(
    inspector: &Inspector,
    host: &Host,
    birth: &Birth,
    now: Timestamp,
) -> Result<SupportPattern, PatternError> {
    let rows = inspector.store.snapshots(host.id, SNAPSHOTS_MAX).await?;
    let row = of_the_time(&rows, birth.incident_at).ok_or(PatternError::NoSnapshot)?;
    let observed = inspector.observed(row).await?;
    let yaml = written(&inspector.pack, birth, &observed.facts, row.taken_at)?;
    let pattern = SupportPattern {
        id: birth.id.clone(),
        area: birth.area.clone(),
        state: PatternState::Draft,
        revision: 1,
        yaml,
        case_id: birth.case_id.clone(),
        host: Some(host.id),
        incident_at: Some(birth.incident_at),
        changed_at: now,
        changed_by: birth.by.clone(),
    };
    super::compiled(&pattern)?;
    Ok(pattern)
}

/// The first snapshot within [`AFTER`] of the fault, else the last before it. `rows` are newest
/// first. Pure.
fn of_the_time(rows: &[SnapshotRow], incident: Timestamp) -> Option<&SnapshotRow> {
    let within = |row: &&SnapshotRow| {
        row.taken_at >= incident && row.taken_at.duration_since(incident) <= AFTER
    };
    let after = rows.iter().rev().find(within);
    after.or_else(|| rows.iter().find(|row| row.taken_at < incident))
}

/// The rule as text. Pure.
///
/// # Errors
/// [`PatternError::Nothing`].
pub fn written(
    pack: &Pack,
    birth: &Birth,
    facts: &Facts,
    taken_at: Timestamp,
) -> Result<String, PatternError> {
    let signatures = signatures(facts, birth.incident_at);
    let failing = failing(pack, facts, taken_at);
    let mut rule = Mapping::new();
    put(&mut rule, "id", birth.id.as_str());
    put(&mut rule, "rev", 1);
    put(&mut rule, "status", "draft");
    put(&mut rule, "kind", "pattern");
    if signatures.is_empty() {
        let Some((worst, _)) = failing.first() else { return Err(PatternError::Nothing) };
        as_judged(&mut rule, worst)?;
    } else {
        as_logged(&mut rule, &signatures);
    }
    put(&mut rule, "confidence", "likely");
    let texts = ["ko", "en"].map(|lang| (Value::from(lang), Value::from(text(birth, lang))));
    put(&mut rule, "text", texts.into_iter().collect::<Mapping>());
    let mut remedy = Mapping::new();
    put(&mut remedy, "type", "fix");
    put(&mut remedy, "ko", birth.remedy.ko.as_str());
    put(&mut remedy, "en", birth.remedy.en.as_str());
    put(&mut remedy, "change_risk", 2);
    put(&mut remedy, "reboot", false);
    put(&mut rule, "remedy", vec![Value::from(remedy)]);
    let refs = Mapping::from_iter([(Value::from("case"), Value::from(birth.case_id.as_str()))]);
    put(&mut rule, "refs", refs);
    let comments = comments(facts, &signatures, &failing);
    Ok(format!("{comments}{}", serde_yaml_ng::to_string(&rule)?))
}

fn put(map: &mut Mapping, key: &str, value: impl Into<Value>) {
    map.insert(Value::from(key), value.into());
}

fn text(birth: &Birth, lang: &str) -> Mapping {
    let of = |texts: &Texts| if lang == "ko" { texts.ko.clone() } else { texts.en.clone() };
    let none = if lang == "ko" { "징후 없음" } else { "no sign of it" };
    let mut text = Mapping::new();
    put(&mut text, "title", of(&birth.title));
    put(&mut text, "expected", none);
    put(&mut text, "why", of(&birth.why));
    put(&mut text, "finding", format!("{}: {{seen}}", of(&birth.title)));
    text
}

/// All signatures together are the fault.
fn as_logged(rule: &mut Mapping, signatures: &[String]) {
    let list: Vec<String> = signatures.iter().map(|id| format!("'{id}'")).collect();
    let hits = format!(
        "[{}].filter(p, p in facts.logs.count && facts.logs.count[p] > 0)",
        list.join(", ")
    );
    put(rule, "needs", vec![Value::from("logs.count")]);
    let mut lets = Mapping::new();
    put(&mut lets, "hits", hits);
    put(&mut lets, "seen", "join(hits, ', ')");
    put(rule, "let", lets);
    put(rule, "value", "seen");
    expect(rule, &format!("size(hits) < {}", signatures.len()));
    put(rule, "impact", 3);
    rated(rule, 3);
}

/// As the finding that failed is judged.
fn as_judged(rule: &mut Mapping, worst: &Rule) -> Result<(), PatternError> {
    let spec = &worst.spec;
    if let Some(applies_if) = &spec.applies_if {
        put(rule, "applies_if", applies_if.as_str());
    }
    put(rule, "needs", serde_yaml_ng::to_value(&spec.needs)?);
    if !spec.params.is_empty() {
        let params: BTreeMap<_, _> = spec
            .params
            .iter()
            .map(|(name, param)| (name, BTreeMap::from([("default", &param.default)])))
            .collect();
        put(rule, "params", serde_yaml_ng::to_value(params)?);
    }
    let mut lets = spec.lets.clone();
    let seen = spec.value.as_deref().unwrap_or("''");
    put(&mut lets, "seen", seen);
    put(rule, "let", lets);
    put(rule, "value", "seen");
    put(rule, "expect", serde_yaml_ng::to_value(&spec.expect)?);
    put(rule, "impact", spec.impact);
    rated(rule, spec.likelihood.base);
    Ok(())
}

fn expect(rule: &mut Mapping, expression: &str) {
    let mut one = Mapping::new();
    put(&mut one, "danger", expression);
    put(rule, "expect", vec![Value::from(one)]);
}

fn rated(rule: &mut Mapping, base: u8) {
    let mut likelihood = Mapping::new();
    put(&mut likelihood, "base", base);
    put(rule, "likelihood", likelihood);
}

/// Ids of log patterns with a line within [`NEAR`] of the fault; those nearest to it first.
fn signatures(facts: &Facts, incident: Timestamp) -> Vec<String> {
    let rows = facts.value("logs.patterns").and_then(|value| value.as_array());
    let is_name =
        |id: &str| id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let mut near: Vec<(u64, String)> = rows
        .into_iter()
        .flatten()
        .filter_map(|row| {
            let id = row["id"].as_str().filter(|id| is_name(id))?;
            let (first, last) = (row["first"].as_i64()?, row["last"].as_i64()?);
            let away = distance(incident.as_second(), (first, last));
            (away <= NEAR.as_secs().unsigned_abs()).then(|| (away, id.to_owned()))
        })
        .collect();
    near.sort();
    near.truncate(SIGNATURES_MAX);
    near.into_iter().map(|(_, id)| id).collect()
}

/// Seconds from a moment to a stretch of time; 0 within it.
const fn distance(at: i64, (first, last): (i64, i64)) -> u64 {
    if at < first {
        first.abs_diff(at)
    } else if at > last {
        at.abs_diff(last)
    } else {
        0
    }
}

/// Rules of single hosts that fail on the facts, the worst first, each with what it saw.
fn failing<'p>(pack: &'p Pack, facts: &Facts, now: Timestamp) -> Vec<(&'p Rule, String)> {
    let (nothing, none) = (Facts::default(), BTreeMap::new());
    let scene = Scene { facts, previous: &nothing, now };
    let mut failing: Vec<(Verdict, Level, &Rule, String)> = pack
        .rules
        .iter()
        .filter(|rule| rule.spec.scope == Scope::Host)
        .filter_map(|rule| {
            let judged = judge(rule, scene, &none);
            let fails = matches!(judged.verdict, Verdict::Danger | Verdict::Attention);
            let level = score::level(rule.spec.impact, judged.likelihood);
            fails.then_some((judged.verdict, level, rule, judged.value))
        })
        .collect();
    failing.sort_by(|a, b| (a.1, a.0, &a.2.id).cmp(&(b.1, b.0, &b.2.id)));
    failing.into_iter().map(|(_, _, rule, value)| (rule, value)).collect()
}

/// What stood out, a line each; text of hosts loses its control characters and line ends.
fn comments(facts: &Facts, signatures: &[String], failing: &[(&Rule, String)]) -> String {
    let templates = facts.value("logs.templates").and_then(|value| value.as_array());
    let logged = signatures.iter().map(|id| format!("log: {id}"));
    let unknown = templates.into_iter().flatten().filter_map(|row| {
        let (program, template) = (row["program"].as_str()?, row["template"].as_str()?);
        Some(format!("log, no known signature: {program}: {template}"))
    });
    let failed = failing.iter().map(|(rule, value)| format!("fails: {} ({value})", rule.id));
    let lines = logged.chain(failed).chain(unknown).take(COMMENTS_MAX);
    let said = lines.map(|line| {
        let line: String = plain(&line).chars().filter(|c| !c.is_control()).take(200).collect();
        format!("# {line}\n")
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn birth() -> Birth {
        let texts = |ko: &str, en: &str| Texts { ko: ko.to_owned(), en: en.to_owned() };
        Birth {
            id: "san-path-lost".to_owned(),
            area: "stability".to_owned(),
            case_id: "C-2026-0007".to_owned(),
            incident_at: "2026-11-03T10:00:00Z".parse().unwrap(),
            title: texts("SAN 경로 유실", "A path to the SAN was lost"),
            why: texts("경로가 끊김", "The path went away"),
            remedy: texts("케이블 확인", "Look at the cable"),
            by: "김도현".to_owned(),
        }
    }

    fn pattern(yaml: String) -> SupportPattern {
        SupportPattern {
            id: "san-path-lost".to_owned(),
            area: "stability".to_owned(),
            state: PatternState::Draft,
            revision: 1,
            yaml,
            case_id: String::new(),
            host: None,
            incident_at: None,
            changed_at: birth().incident_at,
            changed_by: String::new(),
        }
    }

    fn draft_of(facts: &Facts) -> Result<String, PatternError> {
        let pack = crate::rules::built_in().unwrap();
        written(&pack, &birth(), facts, birth().incident_at)
    }

    #[test]
    fn signatures_near_the_fault_are_the_condition() {
        let at = birth().incident_at.as_second();
        let mut facts = Facts::default();
        let row = |id: &str, first: i64, last: i64| json!({"id": id, "first": first, "last": last});
        let rows = json!([
            row("kernel.scsi", at - 60, at + 60),
            row("kernel.old", at - 900_000, at - 800_000),
            row("net.link", at + 3600, at + 7200),
        ]);
        facts.put("logs.patterns", rows, "log:messages");
        facts.put("logs.count", json!({"kernel.scsi": 4, "net.link": 1}), "log:messages");
        let template = json!([{"program": "multipathd", "template": "x\n evil: [*] \u{1b}"}]);
        facts.put("logs.templates", template, "log:messages");
        let yaml = draft_of(&facts).unwrap();
        assert!(!yaml.contains("kernel.old") && yaml.contains("case: C-2026-0007"), "{yaml}");
        assert!(yaml.lines().all(|line| !line.starts_with(" evil")), "{yaml}");
        let rule = super::super::compiled(&pattern(yaml)).unwrap();
        let none = BTreeMap::new();
        let judged = |facts: &Facts| {
            let nothing = Facts::default();
            judge(&rule, Scene { facts, previous: &nothing, now: birth().incident_at }, &none)
        };
        assert_eq!(judged(&facts).verdict, Verdict::Danger);
        assert_eq!(judged(&facts).value, "kernel.scsi, net.link");
        let mut half = Facts::default();
        half.put("logs.count", json!({"kernel.scsi": 4}), "log:messages");
        assert_eq!(judged(&half).verdict, Verdict::Pass);
        assert_eq!(judged(&Facts::default()).verdict, Verdict::Unknown);
    }

    #[test]
    fn without_a_signature_the_worst_finding_is_the_condition() {
        let mut facts = Facts::default();
        facts.put("logs.count", json!({"system.coredump": 30}), "log:messages");
        let yaml = draft_of(&facts).unwrap();
        let rule = super::super::compiled(&pattern(yaml.clone())).unwrap();
        let nothing = Facts::default();
        let scene = Scene { facts: &facts, previous: &nothing, now: birth().incident_at };
        let judged = judge(&rule, scene, &BTreeMap::new());
        assert!(matches!(judged.verdict, Verdict::Danger | Verdict::Attention), "{yaml}");
    }

    #[test]
    fn where_nothing_stands_out_nothing_is_drafted() {
        let error = draft_of(&Facts::default()).unwrap_err();
        assert!(error.to_string().contains("--file"), "{error}");
    }
}
