//! A fact: `key, value, unit`, with the source it was read from.
//!
//! It knows nothing of which keys there are: the parsers in `carepack-facts` declare them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Unseen;

/// One thing known about a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub value: Value,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Key of the observation that it was read from.
    pub source: String,
}

/// Why a declared fact is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub reason: Unseen,
    pub source: String,
}

/// Everything known about one host at one time, and what could not be known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub known: BTreeMap<String, Fact>,
    pub missing: BTreeMap<String, Missing>,
}

impl Facts {
    /// Puts a fact; its unit comes from the parser's specification when the parser is settled.
    pub fn put(&mut self, key: &str, value: impl Into<Value>, source: &str) {
        self.missing.remove(key);
        let fact = Fact { value: value.into(), unit: String::new(), source: source.to_owned() };
        self.known.insert(key.to_owned(), fact);
    }

    /// Puts a fact, or says why it is not known.
    pub fn tell<V: Into<Value>>(&mut self, key: &str, seen: Result<V, Unseen>, source: &str) {
        match seen {
            Ok(value) => self.put(key, value, source),
            Err(reason) => self.miss(key, reason, source),
        }
    }

    /// Says why a fact is not known. A known fact stays known.
    pub fn miss(&mut self, key: &str, reason: Unseen, source: &str) {
        if !self.known.contains_key(key) {
            let missing = Missing { reason, source: source.to_owned() };
            self.missing.insert(key.to_owned(), missing);
        }
    }

    /// Puts what was read, or says why it was not.
    pub fn set<T: Into<Value>>(&mut self, key: &str, read: Result<T, Unseen>, source: &str) {
        match read {
            Ok(value) => self.put(key, value, source),
            Err(reason) => self.miss(key, reason, source),
        }
    }

    /// Says of several facts why they are not known.
    pub fn miss_all(&mut self, keys: &[&str], reason: Unseen, source: &str) {
        for key in keys {
            self.miss(key, reason, source);
        }
    }

    /// Says of several facts which source hid them.
    pub fn hide(&mut self, keys: &[&str], missing: &Missing) {
        self.miss_all(keys, missing.reason, &missing.source);
    }

    /// The value under a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.known.get(key).map(|fact| &fact.value)
    }
}
