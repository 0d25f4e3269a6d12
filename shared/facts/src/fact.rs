//! A fact: `key, value, unit`, with the source it was read from.

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// What a parser may put under a key; the catalogue is made of these.
pub struct Spec {
    pub key: &'static str,
    pub unit: &'static str,
    pub about: &'static str,
}

impl Spec {
    /// A fact without a unit.
    #[must_use]
    pub const fn plain(key: &'static str, about: &'static str) -> Self {
        Self { key, unit: "", about }
    }
}

/// Everything known about one host at one time, and what could not be known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub known: BTreeMap<String, Fact>,
    pub missing: BTreeMap<String, Missing>,
}

impl Facts {
    /// Puts a fact; its unit comes from the parser's [`Spec`] when the parser is settled.
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

    /// Units from the catalogue; declared keys that were neither put nor missed become missing.
    pub(crate) fn settle(&mut self, parser: &crate::Parser) {
        for spec in parser.facts {
            match self.known.get_mut(spec.key) {
                Some(fact) => spec.unit.clone_into(&mut fact.unit),
                None => {
                    self.missing.entry(spec.key.to_owned()).or_insert_with(|| Missing {
                        reason: Unseen::Absent,
                        source: parser.name.to_owned(),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settling_keeps_the_reason_that_a_parser_gave() {
        static PARSER: crate::Parser = crate::Parser {
            name: "p",
            facts: &[
                Spec { key: "p.denied", unit: "", about: "a" },
                Spec { key: "p.silent", unit: "", about: "b" },
            ],
            parse: |_, _| {},
        };
        let mut facts = Facts::default();
        facts.miss("p.denied", Unseen::Denied, "/etc/shadow");
        facts.settle(&PARSER);
        let told = |key: &str| {
            let missing = &facts.missing[key];
            (missing.reason, missing.source.as_str())
        };
        assert_eq!(told("p.denied"), (Unseen::Denied, "/etc/shadow"));
        assert_eq!(told("p.silent"), (Unseen::Absent, "p"));
    }
}
