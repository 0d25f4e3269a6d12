//! Every text of a JSON value, names of members too, put through one function.

use serde_json::Value;

/// Replaces each text that `rewrite` gives another one for.
pub fn rewrite(value: &mut Value, f: &mut impl FnMut(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(other) = f(text) {
                *text = other;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, f)),
        Value::Object(members) => {
            let mut renamed = Vec::new();
            for (key, member) in members.iter_mut() {
                rewrite(member, f);
                if let Some(other) = f(key) {
                    renamed.push((key.clone(), other));
                }
            }
            // In the order of the names, so that of two that become one the later stays.
            let moved: Vec<(String, Value)> = renamed
                .into_iter()
                .filter_map(|(key, other)| Some((other, members.remove(&key)?)))
                .collect();
            members.extend(moved);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
