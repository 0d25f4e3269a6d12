//! What parsers declare, and what becomes of a declared key that nobody put.

use carepack_shared::Unseen;
use carepack_shared::fact::{Facts, Missing};

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

/// Units from the catalogue; declared keys that were neither put nor missed become missing.
pub(crate) fn settle(facts: &mut Facts, parser: &crate::Parser) {
    for spec in parser.facts {
        match facts.known.get_mut(spec.key) {
            Some(fact) => spec.unit.clone_into(&mut fact.unit),
            None => {
                facts.missing.entry(spec.key.to_owned()).or_insert_with(|| Missing {
                    reason: Unseen::Absent,
                    source: parser.name.to_owned(),
                });
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
        settle(&mut facts, &PARSER);
        let told = |key: &str| {
            let missing = &facts.missing[key];
            (missing.reason, missing.source.as_str())
        };
        assert_eq!(told("p.denied"), (Unseen::Denied, "/etc/shadow"));
        assert_eq!(told("p.silent"), (Unseen::Absent, "p"));
    }
}
