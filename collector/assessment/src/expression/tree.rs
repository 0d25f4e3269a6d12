//! Facts as the tree that expressions walk, and values as the text that reports show.

use std::collections::{BTreeSet, HashMap};

use carepack_facts::Facts;
use cel::Value;
use cel::objects::Key;
use serde_json::{Map, Value as Json};

/// JSON as CEL: integers become int (never uint), other numbers double.
#[must_use]
pub fn to_cel(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Value::Int(int),
            None => Value::Float(number.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::List(items.iter().map(to_cel).collect::<Vec<_>>().into()),
        Json::Object(map) => {
            let map: HashMap<Key, Value> =
                map.iter().map(|(key, value)| (Key::from(key.as_str()), to_cel(value))).collect();
            Value::from(map)
        }
    }
}

/// The facts under `wanted` keys as a tree: `fs.usage` is found at `facts.fs.usage`.
///
/// The parent of every key of the catalogue is there even when none of its facts is known, so
/// that `has(facts.pressure.io_some_avg300)` is false instead of an error.
#[must_use]
pub fn facts_tree(facts: &Facts, wanted: &BTreeSet<String>) -> Value {
    let mut tree = Map::new();
    for spec in carepack_facts::parsers::all().iter().flat_map(|parser| parser.facts) {
        parent(&mut tree, spec.key);
    }
    for (key, fact) in &facts.known {
        let name = key.rsplit('.').next().unwrap_or(key);
        if wanted.contains(key)
            && let Some(map) = parent(&mut tree, key)
        {
            map.insert(name.to_owned(), fact.value.clone());
        }
    }
    to_cel(&Json::Object(tree))
}

/// The map that holds the last part of `key`, made where it is not there.
fn parent<'t>(tree: &'t mut Map<String, Json>, key: &str) -> Option<&'t mut Map<String, Json>> {
    let mut map = tree;
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            break;
        }
        map = map.entry(part).or_insert_with(|| Json::Object(Map::new())).as_object_mut()?;
    }
    Some(map)
}

/// Which of `keys` the expressions' sources mention; the others need not be in the tree.
pub fn known_keys<'a>(keys: impl Iterator<Item = &'a str>, sources: &[&str]) -> BTreeSet<String> {
    keys.filter(|key| sources.iter().any(|source| source.contains(key)))
        .map(str::to_owned)
        .collect()
}

/// A value as a report shows it: lists joined by commas, whole doubles without decimals.
#[must_use]
pub fn show(value: &Value) -> String {
    match value {
        Value::List(items) => items.iter().map(show).collect::<Vec<_>>().join(", "),
        Value::Map(map) => {
            let mut entries: Vec<String> = map
                .map
                .iter()
                .map(|(key, value)| format!("{}={}", show(&Value::from(key)), show(value)))
                .collect();
            entries.sort_unstable();
            entries.join(", ")
        }
        Value::Int(n) => n.to_string(),
        Value::UInt(n) => n.to_string(),
        Value::Float(x) => x.to_string(),
        Value::String(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => "-".to_owned(),
        other => format!("{other:?}"),
    }
}
