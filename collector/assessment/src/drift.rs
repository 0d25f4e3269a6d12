//! What differs between two sets of facts of one host, or of two hosts: every package, parameter,
//! unit, account, port, mount and watched file, each with its author where evidence names one.
//!
//! It lists; whether a change is sound is for rules to say. How facts become named things is
//! [`things`], who made a change is [`author`].

pub mod author;
pub mod things;
pub mod transactions;

use carepack_facts::Facts;
use serde_json::{Value as Json, json};

use crate::model::{Change, Subject};

/// Most changes kept of one host: a reinstalled host differs in all of its packages, and the first
/// five thousand say so.
pub const CHANGES_MAX: usize = 5_000;

/// Every change, in order of subject and name. A fact that was not seen on both sides is left out:
/// what could not be read has not changed.
#[must_use]
pub fn changes(before: &Facts, after: &Facts) -> Vec<Change> {
    let mut all = Vec::new();
    for (key, was, is) in things::of_both(before, after) {
        let names: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for name in names {
            let (old, new) = (was.get(name), is.get(name));
            if old != new {
                all.push(Change {
                    subject: things::subject(key),
                    key: key.to_owned(),
                    name: name.clone(),
                    before: old.cloned().unwrap_or_default(),
                    after: new.cloned().unwrap_or_default(),
                    author: None,
                });
            }
        }
    }
    all.sort();
    all.truncate(CHANGES_MAX);
    all
}

/// Two hosts, or two dates of one, against each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    pub differences: Vec<Change>,
    /// Facts that were seen on one side only.
    pub one_sided: Vec<String>,
}

/// What differs between two sets of facts; without `all`, what belongs to one host alone (devices,
/// addresses, serial numbers) is left out.
#[must_use]
pub fn compare(a: &Facts, b: &Facts, all: bool) -> Compared {
    let mut differences = changes(a, b);
    differences.retain(|one| all || !things::is_own(&one.key));
    let lacks = |facts: &Facts, key: &String| !facts.known.contains_key(key);
    let of_a = a.known.keys().filter(|key| lacks(b, key));
    let of_b = b.known.keys().filter(|key| lacks(a, key));
    let compared = of_a.chain(of_b).filter(|key| !things::is_volatile(key));
    Compared { one_sided: compared.cloned().collect(), differences }
}

/// Facts whose change is a symptom: a rule of its own speaks of it, and nobody "made" it.
const SYMPTOMS: [&str; 9] = [
    "block.md",
    "dm.multipath",
    "fs.errors",
    "kdump.dumps",
    "kdump.loaded",
    "kernel.tainted",
    "net.bonds",
    "net.interfaces",
    "services.failed",
];

/// Whether a fact's change is a symptom, and no work of anybody.
#[must_use]
pub fn is_symptom(key: &str) -> bool {
    SYMPTOMS.contains(&key)
}

/// The changes nobody can be named for, as the fact that the rule `unexplained-drift` judges.
#[must_use]
pub fn unexplained(changes: &[Change]) -> Vec<Json> {
    let open = |change: &&Change| change.author.is_none() && !is_symptom(&change.key);
    changes
        .iter()
        .filter(open)
        .zip(1..)
        .map(|(change, rank)| {
            json!({
                "rank": rank, "subject": word(change.subject), "name": change.name, "before": change.before,
                "after": change.after,
            })
        })
        .collect()
}

/// The subject's word, as in JSON.
#[must_use]
pub const fn word(subject: Subject) -> &'static str {
    match subject {
        Subject::System => "system",
        Subject::Package => "package",
        Subject::Parameter => "parameter",
        Subject::Unit => "unit",
        Subject::Account => "account",
        Subject::Mount => "mount",
        Subject::Listener => "listener",
        Subject::File => "file",
        Subject::Network => "network",
        Subject::Storage => "storage",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::facts;

    fn said(before: &[(&str, Json)], after: &[(&str, Json)]) -> Vec<String> {
        changes(&facts(before), &facts(after))
            .into_iter()
            .map(|c| format!("{}: {} → {}", c.name, c.before, c.after))
            .collect()
    }

    #[test]
    fn packages_parameters_and_units() {
        let package = |version: &str| json!({"name": "bash", "epoch": 0, "version": version, "release": "1.el9", "arch": "x86_64"});
        let before = [
            ("packages.installed", json!([package("5.1")])),
            ("sysctl.live", json!({"vm.swappiness": "60", "fs.file-nr": "1 0 9"})),
            ("services.enabled", json!(["httpd.service"])),
            ("services.failed", json!([])),
        ];
        let after = [
            ("packages.installed", json!([package("5.2")])),
            ("sysctl.live", json!({"vm.swappiness": "10", "fs.file-nr": "2 0 9"})),
            ("services.enabled", json!(["httpd.service", "chronyd.service"])),
            ("services.failed", json!(["httpd.service"])),
        ];
        assert_eq!(
            said(&before, &after),
            [
                "bash.x86_64: 5.1-1.el9 → 5.2-1.el9",
                "vm.swappiness: 60 → 10",
                "chronyd.service:  → enabled",
                "httpd.service:  → failed",
            ]
        );
    }

    #[test]
    fn what_belongs_to_one_host_alone_is_compared_only_when_asked_for() {
        let a = [("identity.machine_id", json!("a")), ("selinux.mode", json!("enforcing"))];
        let b = [("identity.machine_id", json!("b")), ("os.version", json!("9.4"))];
        let said = |all| {
            let compared = compare(&facts(&a), &facts(&b), all);
            (compared.differences.len(), compared.one_sided)
        };
        let one_sided = vec!["selinux.mode".to_owned(), "os.version".to_owned()];
        assert_eq!(said(false), (0, one_sided.clone()));
        assert_eq!(said(true), (1, one_sided));
    }

    #[test]
    fn any_fact_that_a_parser_adds_is_compared() {
        let before = [
            (
                "limits.entries",
                json!([{"domain": "*", "item": "core", "type": "soft", "value": "0"}]),
            ),
            ("audit.settings", json!({"num_logs": "5"})),
            ("net.links", json!([{"name": "eth0", "mtu": 1500, "rx_missed_errors": 1}])),
            ("memory.available_kib", json!(1)),
        ];
        let after = [
            ("limits.entries", json!([])),
            ("audit.settings", json!({"num_logs": "9"})),
            ("net.links", json!([{"name": "eth0", "mtu": 9000, "rx_missed_errors": 7}])),
            ("memory.available_kib", json!(2)),
        ];
        assert_eq!(
            said(&before, &after),
            [
                "audit.settings num_logs: 5 → 9",
                "limits.entries * soft core: value 0 → ",
                "net.links eth0: mtu 1500 → mtu 9000",
            ]
        );
    }

    #[test]
    fn what_was_not_seen_has_not_changed() {
        assert!(said(&[("sysctl.live", json!({"vm.swappiness": "60"}))], &[]).is_empty());
    }

    #[test]
    fn a_symptom_is_no_unexplained_change() {
        let before = facts(&[("services.failed", json!([])), ("selinux.mode", json!("enforcing"))]);
        let after = facts(&[
            ("services.failed", json!(["a.service"])),
            ("selinux.mode", json!("disabled")),
        ]);
        let open = unexplained(&changes(&before, &after));
        assert_eq!(open.len(), 1);
        assert_eq!(open[0]["name"], "selinux.mode");
    }
}
