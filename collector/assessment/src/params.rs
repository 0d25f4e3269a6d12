//! A contract's own values of rules' params, held against the pack before they judge.
//!
//! A value must be of the kind of the rule's default, so that it means there what it says. It
//! does not know where the values are written.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value as Json;

use crate::pack::Pack;
use crate::rule::Rule;

/// Rule → param → the contract's own value.
pub type Overrides = BTreeMap<String, BTreeMap<String, Json>>;

/// A value that cannot be used, and the way out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    #[error("there is no rule {rule}; `carepack-collector rules list` names those there are")]
    NoRule { rule: String },
    #[error("rule {rule} has no param {param}; {}", has(.names))]
    NoParam { rule: String, param: String, names: Vec<String> },
    #[error("param {param} of rule {rule} is the same for every contract; remove the line")]
    Fixed { rule: String, param: String },
    #[error(
        "param {param} of rule {rule} is {found}; write {wanted}, such as the default {default}"
    )]
    Kind { rule: String, param: String, found: String, wanted: String, default: String },
}

fn has(names: &[String]) -> String {
    if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) }
}

/// Checks every value against the pack's rules.
///
/// # Errors
/// [`ParamError`], the first in order of rule and param.
pub fn check(pack: &Pack, overrides: &Overrides) -> Result<(), ParamError> {
    for (id, values) in overrides {
        let rule = pack.rules.iter().find(|rule| rule.id == *id);
        check_rule(rule.ok_or_else(|| ParamError::NoRule { rule: id.clone() })?, values)?;
    }
    Ok(())
}

/// Checks the values of one rule.
///
/// # Errors
/// [`ParamError`].
pub fn check_rule(rule: &Rule, values: &BTreeMap<String, Json>) -> Result<(), ParamError> {
    for (name, value) in values {
        let (rule_id, param) = (rule.id.clone(), name.clone());
        let Some(known) = rule.spec.params.get(name) else {
            let names = rule.spec.params.keys().cloned().collect();
            return Err(ParamError::NoParam { rule: rule_id, param, names });
        };
        if !known.overridable {
            return Err(ParamError::Fixed { rule: rule_id, param });
        }
        if let Some(wanted) = wanted(&known.default, value) {
            return Err(ParamError::Kind {
                rule: rule_id,
                param,
                found: short(value),
                wanted,
                default: short(&known.default),
            });
        }
    }
    Ok(())
}

/// What must be written instead; none when the value is of the default's kind.
fn wanted(default: &Json, value: &Json) -> Option<String> {
    match (default, value) {
        (Json::String(default), Json::String(value)) => {
            // Only a pattern is anchored at both ends.
            let pattern = default.starts_with('^') && default.ends_with('$');
            let bent = pattern && Regex::new(value).is_err();
            bent.then(|| "a regular expression".to_owned())
        }
        // An empty default says nothing of its items.
        (Json::Array(items), Json::Array(values)) => {
            let first = items.first()?;
            let bent = values.iter().find_map(|value| wanted(first, value));
            bent.map(|kind| format!("a list, of each item {kind}"))
        }
        (Json::Object(map), Json::Object(values)) => {
            let first = map.values().next()?;
            let bent = values.values().find_map(|value| wanted(first, value));
            bent.map(|kind| format!("a map, of each entry {kind}"))
        }
        _ => (kind(default) != kind(value)).then(|| kind(default).to_owned()),
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(number) if number.is_i64() => "a whole number",
        Json::Number(_) => "a number with decimals",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a map",
    }
}

/// Characters of a value that an error repeats.
const SHOWN_MAX: usize = 80;

fn short(value: &Json) -> String {
    let text = value.to_string();
    let cut: String = text.chars().take(SHOWN_MAX).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULE: &str = r#"
id: x
rev: 1
kind: compliance
needs: [os.major]
params:
  literal: {default: false, overridable: true}
  limit: {default: 600, overridable: true}
  part: {default: 0.5, overridable: true}
  mode: {default: "^0644$", overridable: true}
  word: {default: "a(", overridable: true}
  paths: {default: [/etc], overridable: true}
  more: {default: [], overridable: true}
  ends: {default: {"8": 1}, overridable: true}
  fixed: {default: 1}
expect: [{attention: "!params.literal"}]
impact: 2
likelihood: {base: 2}
text:
  ko: {title: t, expected: e, why: w, finding: f}
  en: {title: t, expected: e, why: w, finding: f}
remedy: [{type: fix, ko: k, en: e, change_risk: 1, reboot: false}]
"#;

    #[test]
    fn a_value_is_of_the_defaults_kind_or_refused_with_a_way_out() {
        let files = BTreeMap::from([("hygiene/x/rule.yaml".to_owned(), RULE.to_owned())]);
        let pack = Pack::load("1", &files).unwrap();
        let said = |rule: &str, param: &str, value: &Json| {
            let values = BTreeMap::from([(param.to_owned(), value.clone())]);
            let result = self::check(&pack, &BTreeMap::from([(rule.to_owned(), values)]));
            result.err().map(|error| error.to_string()).unwrap_or_default()
        };
        let good = |param: &str, value: Json| assert_eq!(said("x", param, &value), "");
        good("literal", json!(true));
        good("limit", json!(1));
        good("part", json!(1.0));
        good("mode", json!("^06[04]0$"));
        good("word", json!("b("));
        good("paths", json!([]));
        good("paths", json!(["/a", "/b"]));
        good("more", json!([1, "a"]));
        good("ends", json!({"9": 7}));
        let bad = |param: &str, value: Json, word: &str| {
            let said = said("x", param, &value);
            assert!(said.contains("rule x") && said.contains(word), "{param} {value}: {said}");
        };
        bad("literal", json!("true"), "is \"true\"; write true or false, such as");
        bad("limit", json!("600"), "write a whole number");
        bad("limit", json!(1.5), "write a whole number");
        bad("part", json!(1), "write a number with decimals, such as the default 0.5");
        bad("mode", json!("("), "write a regular expression");
        bad("paths", json!("/a"), "write a list");
        bad("paths", json!(["/a", 1]), "of each item a text");
        bad("ends", json!({"9": "x"}), "of each entry a whole number");
        bad("fixed", json!(2), "same for every contract");
        bad("litteral", json!(true), "it has ends, fixed, limit, literal, mode");
        assert!(said("y", "limit", &json!(1)).contains("rules list"));
    }
}
