//! Settings of one server as they take effect, and where each value comes from.
//!
//! It knows neither the settings nor the server.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Values in effect, and where each comes from.
#[derive(Default)]
pub(super) struct Told {
    values: BTreeMap<&'static str, Value>,
    from: BTreeMap<&'static str, String>,
}

impl Told {
    pub(super) fn put(&mut self, name: &'static str, value: Value, from: String) {
        self.values.insert(name, value);
        self.from.insert(name, from);
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// As the fact has it: `values` and `from`.
    pub(super) fn parts(&self) -> (Map<String, Value>, Value) {
        let own = |(name, value): (&&str, &Value)| ((*name).to_owned(), value.clone());
        (self.values.iter().map(own).collect(), json!(self.from))
    }
}
