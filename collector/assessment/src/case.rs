//! The rules' own test cases: minimal facts in, the verdict in the file's name expected out.

use std::collections::{BTreeMap, BTreeSet};

use carepack_facts::{Facts, Missing};
use carepack_shared::Unseen;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::judge::{Scene, judge};
use crate::model::Verdict;
use crate::pack::Pack;
use crate::params;

/// 2026-11-23T00:00:00Z, for cases that do not bring their own time.
const DEFAULT_NOW: i64 = 1_795_392_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    facts: BTreeMap<String, Json>,
    #[serde(default)]
    missing: BTreeMap<String, Unseen>,
    #[serde(default)]
    prev: BTreeMap<String, Json>,
    /// A contract's own values of overridable params.
    #[serde(default)]
    params: BTreeMap<String, Json>,
    #[serde(default = "default_now")]
    now: i64,
    value: Option<String>,
}

const fn default_now() -> i64 {
    DEFAULT_NOW
}

/// What running a pack's cases gave.
#[derive(Debug, Default)]
pub struct Outcome {
    pub passed: usize,
    /// One line each: which case, what it expected, what it got.
    pub failed: Vec<String>,
}

/// Runs every case of every rule, and asks that each rule has a pass, a failing and an unknown
/// case.
#[must_use]
pub fn run(pack: &Pack) -> Outcome {
    let mut outcome = Outcome::default();
    for rule in &pack.rules {
        let mut kinds = BTreeSet::new();
        for (_, file, text) in pack.cases.iter().filter(|(id, ..)| *id == rule.id) {
            match check(rule, file, text) {
                Ok(verdict) => {
                    kinds.insert(verdict);
                    outcome.passed += 1;
                }
                Err(fault) => outcome.failed.push(format!("{}/cases/{file}: {fault}", rule.id)),
            }
        }
        let fails = kinds.contains(&Verdict::Danger) || kinds.contains(&Verdict::Attention);
        let full = fails && kinds.contains(&Verdict::Pass) && kinds.contains(&Verdict::Unknown);
        if !full {
            outcome.failed.push(format!(
                "{}: a rule needs at least a passing, a failing and an unknown case that hold",
                rule.id
            ));
        }
    }
    for (id, file, _) in &pack.cases {
        if !pack.rules.iter().any(|rule| rule.id == *id) {
            outcome.failed.push(format!("{id}/cases/{file}: there is no such rule"));
        }
    }
    outcome
}

fn check(rule: &crate::rule::Rule, file: &str, text: &str) -> Result<Verdict, String> {
    let expected = verdict_of(file)?;
    let case: Case = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    let now = Timestamp::from_second(case.now).map_err(|error| error.to_string())?;
    let (facts, previous) = (case_facts(&case), known(&case.prev));
    let scene = Scene { facts: &facts, previous: &previous, now };
    params::check_rule(rule, &case.params).map_err(|error| error.to_string())?;
    let judged = judge(rule, scene, &case.params);
    let why = judged.cause.as_ref().map(|c| format!(" ({} {})", c.fact, c.source));
    if judged.verdict != expected {
        let why = why.unwrap_or_default();
        return Err(format!("expected {expected:?}, got {:?}{why}", judged.verdict));
    }
    // An expression that fails also gives "unknown": only a missing fact may be expected.
    if let Some(cause) = judged.cause.filter(|cause| cause.fact.is_empty()) {
        return Err(cause.source);
    }
    match case.value {
        Some(value) if value != judged.value => {
            Err(format!("expected value {value:?}, got {:?}", judged.value))
        }
        _ => Ok(expected),
    }
}

fn case_facts(case: &Case) -> Facts {
    let mut facts = known(&case.facts);
    for (key, reason) in &case.missing {
        let missing = Missing { reason: *reason, source: "case".to_owned() };
        facts.missing.insert(key.clone(), missing);
    }
    facts
}

fn known(values: &BTreeMap<String, Json>) -> Facts {
    let mut facts = Facts::default();
    for (key, value) in values {
        facts.put(key, value.clone(), "case");
    }
    facts
}

fn verdict_of(file: &str) -> Result<Verdict, String> {
    match file.trim_end_matches(".yaml").rsplit('.').next() {
        Some("pass") => Ok(Verdict::Pass),
        Some("attention") => Ok(Verdict::Attention),
        Some("danger") => Ok(Verdict::Danger),
        Some("unknown") => Ok(Verdict::Unknown),
        Some("not_applicable") => Ok(Verdict::NotApplicable),
        _ => Err("its name does not end in a verdict, such as full.danger.yaml".to_owned()),
    }
}
