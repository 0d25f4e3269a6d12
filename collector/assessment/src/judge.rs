//! One rule on one host's facts: a verdict, the value seen, and the words filled in.
//!
//! A needed fact that is missing gives 점검불가 before any expression runs; an expression that
//! cannot be evaluated gives 점검불가 too, never a pass.

use std::collections::{BTreeMap, BTreeSet};

use carepack_facts::Facts;
use carepack_shared::Unseen;
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::expression::{ExpressionError, Frame, Value, show};
use crate::model::{Cause, Verdict, Words};
use crate::rule::{PREFIXES, Rule, Text, placeholders};

/// Days of one rule on one host: more certificates than a web server has.
const DATES_MAX: usize = 50;

/// One host's evidence at one time, as rules see it.
#[derive(Clone, Copy)]
pub struct Scene<'f> {
    pub facts: &'f Facts,
    /// Of the inspection before; nothing is known when there was none.
    pub previous: &'f Facts,
    pub now: Timestamp,
}

/// What a rule says of a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Pass, danger, attention, unknown or not applicable.
    pub verdict: Verdict,
    pub cause: Option<Cause>,
    pub likelihood: u8,
    /// The value as shown; empty when it could not be seen.
    pub value: String,
    /// What the rule watches and when, seconds since 1970.
    pub dates: Vec<(String, i64)>,
    /// Texts for placeholders.
    names: BTreeMap<String, String>,
}

/// Judges one rule. `overrides` are a contract's own values of overridable params.
#[must_use]
pub fn judge(rule: &Rule, scene: Scene<'_>, overrides: &BTreeMap<String, Json>) -> Judged {
    let params = params(rule, overrides);
    let mut frame = Frame::new(scene.facts, scene.previous, scene.now, params.clone());
    if let Some(cause) = missing(rule, scene.facts) {
        // A host where a thing is absent may well be out of the rule's reach.
        return out_of_reach(rule, &mut frame, &params)
            .unwrap_or_else(|| unknown(rule, &params, cause));
    }
    match weigh(rule, &mut frame, &params) {
        Ok(judged) if judged.verdict == Verdict::Unknown => {
            Judged { cause: Some(not_enough(rule, scene.facts)), ..judged }
        }
        Ok(judged) => judged,
        Err(error) => unknown(
            rule,
            &params,
            Cause { fact: String::new(), reason: Unseen::Malformed, source: error.to_string() },
        ),
    }
}

/// Fills a rule's words; the finding sentence only where something is wrong.
#[must_use]
pub fn words(text: &Text, judged: &Judged) -> Words {
    let fill = |template: &str| fill(template, &judged.names);
    let failing = matches!(judged.verdict, Verdict::Danger | Verdict::Attention);
    Words {
        title: fill(&text.title),
        expected: fill(&text.expected),
        why: fill(&text.why),
        finding: if failing { fill(&text.finding) } else { String::new() },
    }
}

fn missing(rule: &Rule, facts: &Facts) -> Option<Cause> {
    // What is asked of a group's members is missing as the group's own fact.
    let own = |key: &&String| !PREFIXES.iter().any(|prefix| key.starts_with(prefix));
    let key = rule.spec.needs.iter().filter(own).find(|key| !facts.known.contains_key(*key))?;
    let (reason, source) = facts
        .missing
        .get(key)
        .map_or((Unseen::Absent, String::new()), |m| (m.reason, m.source.clone()));
    Some(Cause { fact: key.clone(), reason, source })
}

/// The rule itself says that what was seen does not suffice: a look ended at its bound.
fn not_enough(rule: &Rule, facts: &Facts) -> Cause {
    let fact = rule.spec.needs.first().cloned().unwrap_or_default();
    let source = facts.known.get(&fact).map(|fact| fact.source.clone()).unwrap_or_default();
    Cause { fact, reason: Unseen::TimedOut, source }
}

/// Not applicable, when `applies_if` can be evaluated without the missing fact and is false.
fn out_of_reach<'f>(
    rule: &'f Rule,
    frame: &mut Frame<'f>,
    params: &BTreeMap<&'f str, &'f Json>,
) -> Option<Judged> {
    let applies = rule.applies_if.as_ref()?.holds(frame).ok()?;
    (!applies).then(|| bare(rule, params, Verdict::NotApplicable))
}

fn weigh<'f>(
    rule: &'f Rule,
    frame: &mut Frame<'f>,
    params: &BTreeMap<&'f str, &'f Json>,
) -> Result<Judged, ExpressionError> {
    if let Some(applies_if) = &rule.applies_if
        && !applies_if.holds(frame)?
    {
        return Ok(bare(rule, params, Verdict::NotApplicable));
    }
    let mut names = shown(params);
    for (name, expression) in &rule.lets {
        let value = expression.evaluate(frame)?;
        names.insert(name.clone(), show(&value));
        frame.push(value);
    }
    let mut verdict = Verdict::Pass;
    for (failing, expression) in &rule.expect {
        if !expression.holds(frame)? {
            verdict = *failing;
            break;
        }
    }
    let value = rule.value.as_ref().map(|value| value.evaluate(frame)).transpose()?;
    Ok(Judged {
        verdict,
        cause: None,
        likelihood: likelihood(rule, frame)?,
        value: value.as_ref().map(show).unwrap_or_default(),
        dates: dates(rule, frame)?,
        names,
    })
}

/// The days that a rule watches; an entry without a day has none.
fn dates<'f>(rule: &'f Rule, frame: &mut Frame<'f>) -> Result<Vec<(String, i64)>, ExpressionError> {
    let Some(expression) = &rule.dates else { return Ok(Vec::new()) };
    let list = expression.evaluate(frame)?;
    let one = |entry: Value<'f>| match entry.field("at")? {
        Value::Int(at) => Some((show(&entry.field("what")?), at)),
        _ => None,
    };
    let mut dates: Vec<_> = list.items().into_iter().flatten().filter_map(one).collect();
    dates.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    dates.dedup();
    dates.truncate(DATES_MAX);
    Ok(dates)
}

/// A rule's params, the contract's own where they may be.
pub fn params<'f>(
    rule: &'f Rule,
    overrides: &'f BTreeMap<String, Json>,
) -> BTreeMap<&'f str, &'f Json> {
    let param = |(name, param): (&'f String, &'f crate::rule::Param)| {
        let own = overrides.get(name).filter(|_| param.overridable);
        (name.as_str(), own.unwrap_or(&param.default))
    };
    rule.spec.params.iter().map(param).collect()
}

/// Params as sentences take them.
fn shown(params: &BTreeMap<&str, &Json>) -> BTreeMap<String, String> {
    params.iter().map(|(name, value)| ((*name).to_owned(), show(&Value::of(value)))).collect()
}

/// Raised by evidence, never lowered.
fn likelihood<'f>(rule: &'f Rule, frame: &mut Frame<'f>) -> Result<u8, ExpressionError> {
    let base = rule.spec.likelihood.base;
    for (raised, expression) in &rule.raise_to {
        if *raised > base && expression.holds(frame)? {
            return Ok(*raised);
        }
    }
    Ok(base)
}

fn unknown(rule: &Rule, params: &BTreeMap<&str, &Json>, cause: Cause) -> Judged {
    Judged { cause: Some(cause), ..bare(rule, params, Verdict::Unknown) }
}

fn bare(rule: &Rule, params: &BTreeMap<&str, &Json>, verdict: Verdict) -> Judged {
    let names = shown(params);
    Judged {
        verdict,
        cause: None,
        likelihood: rule.spec.likelihood.base,
        value: String::new(),
        dates: Vec::new(),
        names,
    }
}

fn fill(template: &str, names: &BTreeMap<String, String>) -> String {
    let mut text = template.to_owned();
    let wanted: BTreeSet<&str> = placeholders(template).collect();
    for name in wanted {
        let value = names.get(name).map_or("-", String::as_str);
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}
