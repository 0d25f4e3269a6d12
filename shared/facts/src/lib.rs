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
pub mod tomcat;

pub use evidence::Evidence;
pub use fact::{Fact, Facts, Missing, Spec};

use carepack_shared::Snapshot;

/// Runs every parser over a snapshot.
///
/// Every key that a parser declares is afterwards either a fact or a [`Missing`] with its reason.
#[must_use]
pub fn derive(snapshot: &Snapshot) -> Facts {
    let evidence = Evidence::of(snapshot);
    let mut facts = Facts::default();
    for parser in parsers::all() {
        (parser.parse)(&evidence, &mut facts);
        facts.settle(parser);
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

    #[test]
    fn every_key_belongs_to_one_parser() {
        let keys: Vec<&str> = super::catalogue().map(|spec| spec.key).collect();
        let distinct: BTreeSet<&str> = keys.iter().copied().collect();
        assert_eq!(keys.len(), distinct.len(), "a key is declared twice");
        assert!(super::catalogue().all(|spec| !spec.about.is_empty()));
    }
}
