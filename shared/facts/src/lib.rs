//! Evidence → facts: pure parsers, one file per subject.
//!
//! A parser is typed inside and generic outside: it reads observations by their source's key and
//! puts facts as `key, value, unit`. It never judges. The collector runs the parsers over stored
//! evidence, so a parser written next year can be run over last year's snapshots.

mod evidence;
mod fact;
pub mod hourly;
pub mod httpd;
pub mod log_scans;
mod lvm_backup;
pub mod my_cnf;
pub mod parsers;
pub mod statistics;
pub mod sysstat;
#[cfg(test)]
mod testing;
mod text;
mod texts;
pub mod tomcat;

pub use carepack_shared::fact::{Fact, Facts, Missing};
pub use evidence::Evidence;
pub use fact::Spec;
pub use texts::{is_named_by_us, is_versions, quoted_member, quotes};

use carepack_shared::{Snapshot, Unseen};

/// The facts of a snapshot: what its host told where it let no evidence leave, else what every
/// parser reads in its evidence.
///
/// Every key that a parser declares is afterwards either a fact or a [`Missing`] with its reason.
#[must_use]
pub fn derive(snapshot: &Snapshot) -> Facts {
    match &snapshot.privacy.facts {
        Some(told) => declared(told),
        None => parsed(snapshot),
    }
}

/// What a host told, by the catalogue's keys and units alone: a host may say anything. Of what its
/// agent's parsers did not know yet the evidence stayed there.
fn declared(told: &Facts) -> Facts {
    let mut facts = Facts::default();
    for parser in parsers::all() {
        for spec in parser.facts {
            match (told.known.get(spec.key), told.missing.get(spec.key)) {
                (Some(fact), _) => facts.put(spec.key, fact.value.clone(), &fact.source),
                (None, Some(missing)) => facts.miss(spec.key, missing.reason, &missing.source),
                (None, None) => facts.miss(spec.key, Unseen::Withheld, parser.name),
            }
        }
        fact::settle(&mut facts, parser);
    }
    facts
}

/// Runs every parser over a snapshot's evidence.
fn parsed(snapshot: &Snapshot) -> Facts {
    let evidence = Evidence::of(snapshot);
    let mut facts = Facts::default();
    for parser in parsers::all() {
        (parser.parse)(&evidence, &mut facts);
        fact::settle(&mut facts, parser);
    }
    facts
}

/// Every fact that any parser may put, in the order of the parsers.
pub fn catalogue() -> impl Iterator<Item = &'static Spec> {
    parsers::all().iter().flat_map(|parser| parser.facts)
}

/// One subject: what it can tell, and how it reads it.
pub struct Parser {
    pub name: &'static str,
    /// Every fact that it may put, for the catalogue.
    pub facts: &'static [Spec],
    pub parse: fn(&Evidence<'_>, &mut Facts),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_a_host_tells_is_taken_by_declared_keys_alone() {
        let mut told = Facts::default();
        told.put("memory.total_kib", 7, "/proc/meminfo");
        told.known.get_mut("memory.total_kib").unwrap().unit = "apples".to_owned();
        told.put("no.such.key", 1, "x");
        told.miss("load.avg1", Unseen::Denied, "/proc/loadavg");
        let mut snapshot = crate::testing::snapshot([]);
        snapshot.privacy.facts = Some(told);
        let facts = derive(&snapshot);
        let total = &facts.known["memory.total_kib"];
        assert_eq!((&total.value, total.unit.as_str()), (&7.into(), "KiB"));
        assert!(!facts.known.contains_key("no.such.key"));
        assert_eq!(facts.missing["load.avg1"].reason, Unseen::Denied);
        let untold = facts.missing.values().filter(|m| m.reason == Unseen::Withheld).count();
        assert_eq!(untold + 2, super::catalogue().count());
    }

    #[test]
    fn every_key_belongs_to_one_parser() {
        let keys: Vec<&str> = super::catalogue().map(|spec| spec.key).collect();
        let distinct: BTreeSet<&str> = keys.iter().copied().collect();
        assert_eq!(keys.len(), distinct.len(), "a key is declared twice");
        assert!(super::catalogue().all(|spec| !spec.about.is_empty()));
    }
}
