//! One rule on one host's facts: a verdict, the value seen, and the words filled in.
//!
//! A needed fact that is missing gives 점검불가 before any expression runs; an expression that
//! cannot be evaluated gives 점검불가 too, never a pass.

use std::collections::{BTreeMap, BTreeSet};

use carepack_facts::Facts;
use carepack_shared::Unseen;
use cel::Context;
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::expression::{ExpressionError, Shared, facts_tree, from_json, root_scope, show};
use crate::model::{Cause, Verdict, Words};
use crate::rule::{Rule, Text, placeholders};

/// One host's facts made ready for expressions; built once, used by every rule.
pub struct Scene<'f> {
    facts: &'f Facts,
    root: Context<'static, 'static>,
}

impl<'f> Scene<'f> {
    /// `wanted` are the fact keys that the pack mentions.
    #[must_use]
    pub fn new(
        facts: &'f Facts,
        previous: &Facts,
        now: Timestamp,
        wanted: &BTreeSet<String>,
    ) -> Self {
        let mut root = root_scope();
        root.add_variable_as_val("facts", Box::new(facts_tree(facts, wanted)));
        root.add_variable_as_val("prev", Box::new(facts_tree(previous, wanted)));
        root.add_variable_from_value("now", now.as_second());
        Self { facts, root }
    }
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
    /// Texts for placeholders.
    names: BTreeMap<String, String>,
}

/// Judges one rule. `overrides` are a contract's own values of overridable params.
#[must_use]
pub fn judge(rule: &Rule, scene: &Scene<'_>, overrides: &BTreeMap<String, Json>) -> Judged {
    if let Some(cause) = missing(rule, scene.facts) {
        // A host where a thing is absent may well be out of the rule's reach.
        return out_of_reach(rule, scene).unwrap_or_else(|| unknown(rule, cause));
    }
    match weigh(rule, scene, overrides) {
        Ok(judged) => judged,
        Err(error) => unknown(
            rule,
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
    let key = rule.spec.needs.iter().find(|key| !facts.known.contains_key(*key))?;
    let (reason, source) = facts
        .missing
        .get(key)
        .map_or((Unseen::Absent, String::new()), |m| (m.reason, m.source.clone()));
    Some(Cause { fact: key.clone(), reason, source })
}

/// Not applicable, when `applies_if` can be evaluated without the missing fact and is false.
fn out_of_reach(rule: &Rule, scene: &Scene<'_>) -> Option<Judged> {
    let applies = rule.applies_if.as_ref()?.holds(&scene.root).ok()?;
    (!applies).then(|| bare(rule, Verdict::NotApplicable))
}

fn weigh(
    rule: &Rule,
    scene: &Scene<'_>,
    overrides: &BTreeMap<String, Json>,
) -> Result<Judged, ExpressionError> {
    let mut scope = scene.root.new_inner_scope();
    let (params, mut names) = params(rule, overrides);
    scope.add_variable_as_val("params", Box::new(params));
    if let Some(applies_if) = &rule.applies_if
        && !applies_if.holds(&scope)?
    {
        return Ok(bare(rule, Verdict::NotApplicable));
    }
    for (name, expression) in &rule.lets {
        let value = expression.evaluate(&scope)?;
        names.insert(name.clone(), show(value.as_ref()));
        let value = value.into_owned();
        scope.add_variable_as_val(name.as_str(), value);
    }
    let mut verdict = Verdict::Pass;
    for (failing, expression) in &rule.expect {
        if !expression.holds(&scope)? {
            verdict = *failing;
            break;
        }
    }
    let value = rule.value.as_ref().map(|value| value.evaluate(&scope)).transpose()?;
    Ok(Judged {
        verdict,
        cause: None,
        likelihood: likelihood(rule, &scope)?,
        value: value.map(|value| show(value.as_ref())).unwrap_or_default(),
        names,
    })
}

/// A rule's params, the contract's own where they may be, as expressions and as sentences take
/// them.
fn params(rule: &Rule, overrides: &BTreeMap<String, Json>) -> (Shared, BTreeMap<String, String>) {
    let mut values = BTreeMap::new();
    let mut names = BTreeMap::new();
    for (name, param) in &rule.spec.params {
        let own = overrides.get(name).filter(|_| param.overridable);
        let value = from_json(own.unwrap_or(&param.default));
        names.insert(name.clone(), show(value.as_ref()));
        values.insert(name.clone(), value);
    }
    (Shared::map(values), names)
}

/// Raised by evidence, never lowered.
fn likelihood(rule: &Rule, scope: &Context<'_, '_>) -> Result<u8, ExpressionError> {
    let base = rule.spec.likelihood.base;
    for (raised, expression) in &rule.raise_to {
        if *raised > base && expression.holds(scope)? {
            return Ok(*raised);
        }
    }
    Ok(base)
}

fn unknown(rule: &Rule, cause: Cause) -> Judged {
    Judged { cause: Some(cause), ..bare(rule, Verdict::Unknown) }
}

fn bare(rule: &Rule, verdict: Verdict) -> Judged {
    let (_, names) = params(rule, &BTreeMap::new());
    Judged {
        verdict,
        cause: None,
        likelihood: rule.spec.likelihood.base,
        value: String::new(),
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
