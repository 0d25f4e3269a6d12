//! Facts of a test, as literals.

use carepack_facts::Facts;
use serde_json::Value as Json;

/// Facts that are known, by key.
pub fn facts(list: &[(&str, Json)]) -> Facts {
    let mut facts = Facts::default();
    for (key, value) in list {
        facts.put(key, value.clone(), "test");
    }
    facts
}
