//! Who made a change, where evidence says so: a package transaction, a reboot, an engineer's visit.
//!
//! A package transaction names its user, number and command where the host's history has it (see
//! [`super::transactions`]).
//! A change without evidence keeps no author: a visit in the period does not explain everything
//! that changed in it. Times come from the packages' install times, the boot, and the times of the
//! files that hold a setting.

use std::collections::BTreeMap;

use carepack_facts::Facts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::transactions::Transactions;
use crate::model::{Author, By, Change, Subject};

/// Somebody was at work on the contract's hosts: a visit, or the window of an agreed plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Who, and what for: `김엔지니어 정기점검`.
    pub who: String,
    /// Host names it was about; empty: all of the contract.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// The period in which changes were made, and what is known of it.
pub struct Between<'a> {
    pub before: &'a Facts,
    pub after: &'a Facts,
    pub from: Timestamp,
    pub to: Timestamp,
    pub windows: &'a [Window],
}

/// A file written this near to a package's installation was written by it, in seconds: a large
/// transaction runs its scripts for minutes.
const SCRIPT_SECONDS: i64 = 300;

/// Facts that only a boot changes, or that it sets back.
const BY_BOOT: [&str; 8] = [
    "disks.queues",
    "kernel.cmdline",
    "kernel.release",
    "kernel.tainted",
    "memory.thp",
    "memory.thp_defrag",
    "swap.areas",
    "sysctl.live",
];

/// Facts that come with the kernel's or the release's packages.
const BY_PACKAGE: [(&str, &str); 10] = [
    ("boot.default_kernel", "kernel"),
    ("boot.entries", "kernel"),
    ("cpu.vulnerabilities", "kernel"),
    ("kernel.images", "kernel"),
    ("kernel.release", "kernel"),
    ("os.", "-release"),
    ("repositories.", "-release"),
    ("repositories.", "-repos"),
    ("crypto.policy", "crypto-policies"),
    ("selinux.", "selinux-policy"),
];

/// Where a fact's setting is kept: key prefix → path prefix.
const KEPT_IN: [(&str, &str); 30] = [
    ("accounts.", "/etc/passwd"),
    ("accounts.", "/etc/group"),
    ("audit.", "/etc/audit/"),
    ("boot.grub_cmdline", "/etc/default/grub"),
    ("cron.", "/etc/cron"),
    ("firewall.", "/etc/firewalld/"),
    ("fs.fstab", "/etc/fstab"),
    ("kdump.target", "/etc/kdump.conf"),
    ("limits.", "/etc/security/limits"),
    ("logging.", "/etc/rsyslog"),
    ("logging.", "/etc/systemd/journald.conf"),
    ("login.", "/etc/login.defs"),
    ("login.", "/etc/pam.d/"),
    ("lvm.settings", "/etc/lvm/lvm.conf"),
    ("modprobe.", "/etc/modprobe.d/"),
    ("multipath.", "/etc/multipath.conf"),
    ("net.hosts", "/etc/hosts"),
    ("net.name_sources", "/etc/nsswitch.conf"),
    ("net.nameservers", "/etc/resolv.conf"),
    ("net.resolver_options", "/etc/resolv.conf"),
    ("net.search_domains", "/etc/resolv.conf"),
    ("nfs.exports", "/etc/exports"),
    ("repositories.", "/etc/yum.repos.d/"),
    ("selinux.configured", "/etc/selinux/config"),
    ("sshd.", "/etc/ssh/sshd_config"),
    ("sudo.", "/etc/sudoers"),
    ("sysctl.", "/etc/sysctl"),
    ("systemd.", "/etc/systemd/system.conf"),
    ("time.directives", "/etc/chrony.conf"),
    ("time.servers", "/etc/chrony.conf"),
];

/// Names the author of each change that has one.
pub fn explain(changes: &mut [Change], between: &Between<'_>) {
    let installed = installed(between);
    let touched: Vec<String> = changes
        .iter()
        .filter(|change| change.subject == Subject::Package)
        .filter(|change| installed.contains_key(change.name.as_str()))
        .map(|change| change.name.clone())
        .collect();
    for change in changes {
        change.author = match change.subject {
            Subject::Package => {
                let at = installed.get(change.name.as_str()).copied();
                // What was removed has no install time any more; the history has its removal.
                let at = at.or_else(|| between.removed(&change.name));
                at.map(|at| between.transaction(at))
            }
            Subject::File => between.file(&change.name, &installed),
            _ => between.setting(change, &installed, &touched),
        };
    }
}

/// `name.arch` → the moment it was last installed, of those installed in the period.
fn installed(between: &Between<'_>) -> BTreeMap<String, Timestamp> {
    let mut found: BTreeMap<String, Timestamp> = BTreeMap::new();
    let list = between.after.value("packages.installed").and_then(Json::as_array);
    for package in list.into_iter().flatten() {
        let part = |name: &str| package.get(name).and_then(Json::as_str).unwrap_or_default();
        let at = package.get("installed_at").and_then(Json::as_i64);
        let at = at.and_then(|at| Timestamp::from_second(at).ok());
        if let Some(at) = at.filter(|at| between.holds(*at)) {
            let last = found.entry(format!("{}.{}", part("name"), part("arch"))).or_insert(at);
            *last = at.max(*last);
        }
    }
    found
}

impl Between<'_> {
    fn holds(&self, at: Timestamp) -> bool {
        at > self.from && at <= self.to
    }

    fn visit(&self, at: Timestamp) -> Option<Author> {
        let window = self.windows.iter().find(|window| at >= window.from && at <= window.to)?;
        Some(Author { by: By::Visit, who: window.who.clone(), at: Some(at) })
    }

    fn transaction(&self, at: Timestamp) -> Author {
        let who = || Transactions::of(self.after).at(at).unwrap_or_default();
        let package = || Author { by: By::Package, who: who(), at: Some(at) };
        self.visit(at).unwrap_or_else(package)
    }

    fn removed(&self, name: &str) -> Option<Timestamp> {
        Transactions::of(self.after).removal(name).filter(|at| self.holds(*at))
    }

    /// The last moment the file was written, when that was in the period.
    fn file(&self, path: &str, installed: &BTreeMap<String, Timestamp>) -> Option<Author> {
        let at = self.after.value("files.modified")?.get(path)?.as_i64()?;
        let at = Timestamp::from_second(at).ok().filter(|at| self.holds(*at))?;
        let near =
            |other: &&Timestamp| (at.as_second() - other.as_second()).abs() <= SCRIPT_SECONDS;
        let by_script = || installed.values().find(near).map(|at| self.transaction(*at));
        self.visit(at).or_else(by_script)
    }

    fn setting(
        &self,
        change: &Change,
        installed: &BTreeMap<String, Timestamp>,
        touched: &[String],
    ) -> Option<Author> {
        let key = change.key.as_str();
        let by_package = || {
            let words = BY_PACKAGE.iter().filter(|(prefix, _)| key.starts_with(prefix));
            let brought = |word: &str| {
                // A release of words such as `-release` ends a name; others begin one.
                let fits = |name: &&String| {
                    let bare = name.rsplit_once('.').map_or(name.as_str(), |(bare, _)| bare);
                    bare.starts_with(word) || (word.starts_with('-') && bare.ends_with(word))
                };
                touched.iter().find(fits).and_then(|name| installed.get(name))
            };
            let at = words.filter_map(|(_, word)| brought(word)).next();
            at.or_else(|| self.unit_of(change, installed, touched)).map(|at| self.transaction(*at))
        };
        self.kept(key, installed).or_else(by_package).or_else(|| self.reboot(key))
    }

    /// A unit that came, or changed, with the package that it is named after.
    fn unit_of<'i>(
        &self,
        change: &Change,
        installed: &'i BTreeMap<String, Timestamp>,
        touched: &[String],
    ) -> Option<&'i Timestamp> {
        if change.key != "services.enabled" {
            return None;
        }
        let (unit, _) = change.name.rsplit_once('.')?;
        let named = |name: &&String| name.rsplit_once('.').is_some_and(|(bare, _)| bare == unit);
        installed.get(touched.iter().find(named)?)
    }

    /// By the time of a file that keeps the setting and has changed.
    fn kept(&self, key: &str, installed: &BTreeMap<String, Timestamp>) -> Option<Author> {
        let digest = |facts: &Facts, path: &str| {
            facts.value("files.sha256").and_then(|all| all.get(path)).cloned()
        };
        let files = self.after.value("files.sha256")?.as_object()?;
        let places = KEPT_IN.iter().filter(|(prefix, _)| key.starts_with(prefix));
        places
            .flat_map(|(_, place)| files.keys().filter(move |path| path.starts_with(place)))
            .filter(|path| digest(self.before, path) != digest(self.after, path))
            .find_map(|path| self.file(path, installed))
    }

    fn reboot(&self, key: &str) -> Option<Author> {
        let at = self.after.value("boot.time")?.as_i64()?;
        let at = Timestamp::from_second(at).ok().filter(|at| self.holds(*at))?;
        let author = || Author { by: By::Reboot, who: String::new(), at: Some(at) };
        BY_BOOT.contains(&key).then(|| self.visit(at).unwrap_or_else(author))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::changes;
    use crate::testing::facts;
    use serde_json::json;

    const FROM: i64 = 1_000_000;
    const TO: i64 = 2_000_000;

    fn check(before: &[(&str, Json)], after: &[(&str, Json)], expected: &[(&str, Option<By>)]) {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (before, after) = (facts(before), facts(after));
        let windows = [Window {
            from: at(1_500_000),
            to: at(1_510_000),
            who: "engineer".to_owned(),
            hosts: Vec::new(),
        }];
        let mut found = changes(&before, &after);
        let between = Between {
            before: &before,
            after: &after,
            from: at(FROM),
            to: at(TO),
            windows: &windows,
        };
        explain(&mut found, &between);
        let seen: Vec<(&str, Option<By>)> = found
            .iter()
            .map(|c| (c.name.as_str(), c.author.as_ref().map(|author| author.by)))
            .collect();
        assert_eq!(seen, expected);
    }

    fn package(name: &str, version: &str, at: i64) -> Json {
        json!({"name": name, "version": version, "release": "1", "arch": "x86_64", "installed_at": at})
    }

    #[test]
    fn packages_by_their_install_time() {
        check(
            &[(
                "packages.installed",
                json!([package("a", "1", 5), package("gone", "1", 5), package("v", "1", 5)]),
            )],
            &[(
                "packages.installed",
                json!([package("a", "2", 1_200_000), package("v", "2", 1_505_000)]),
            )],
            &[
                ("a.x86_64", Some(By::Package)),
                ("gone.x86_64", None),
                ("v.x86_64", Some(By::Visit)),
            ],
        );
        // An install time outside the period explains nothing: the clock or the database is wrong.
        check(
            &[("packages.installed", json!([package("a", "1", 5)]))],
            &[("packages.installed", json!([package("a", "2", 5)]))],
            &[("a.x86_64", None)],
        );
    }

    #[test]
    fn what_a_reboot_sets_and_what_it_does_not() {
        let before = [
            ("sysctl.live", json!({"vm.swappiness": "60"})),
            ("selinux.configured", json!("enforcing")),
            ("boot.time", json!(5)),
        ];
        let after = |boot: i64| {
            [
                ("sysctl.live", json!({"vm.swappiness": "10"})),
                ("selinux.configured", json!("disabled")),
                ("boot.time", json!(boot)),
            ]
        };
        check(
            &before,
            &after(1_700_000),
            &[("selinux.configured", None), ("vm.swappiness", Some(By::Reboot))],
        );
        check(&before, &after(5), &[("selinux.configured", None), ("vm.swappiness", None)]);
    }

    #[test]
    fn a_setting_by_the_time_of_its_file() {
        let side = |value: &str, digest: &str, modified: i64| {
            [
                ("sysctl.live", json!({"vm.swappiness": value})),
                ("files.sha256", json!({"/etc/sysctl.d/90.conf": digest})),
                ("files.modified", json!({"/etc/sysctl.d/90.conf": modified})),
            ]
        };
        let name = ["vm.swappiness", "/etc/sysctl.d/90.conf"];
        check(
            &side("60", "a", 5),
            &side("10", "b", 1_505_000),
            &[(name[0], Some(By::Visit)), (name[1], Some(By::Visit))],
        );
        check(
            &side("60", "a", 5),
            &side("10", "b", 1_800_000),
            &[(name[0], None), (name[1], None)],
        );
    }

    #[test]
    fn the_release_and_a_unit_come_with_their_packages() {
        check(
            &[
                ("packages.installed", json!([package("redhat-release", "9.4", 5)])),
                ("os.version", json!("9.4")),
                ("services.enabled", json!([])),
            ],
            &[
                (
                    "packages.installed",
                    json!([
                        package("redhat-release", "9.6", 1_200_000),
                        package("chronyd", "1", 1_200_000)
                    ]),
                ),
                ("os.version", json!("9.6")),
                ("services.enabled", json!(["chronyd.service", "other.service"])),
            ],
            &[
                ("os.version", Some(By::Package)),
                ("chronyd.x86_64", Some(By::Package)),
                ("redhat-release.x86_64", Some(By::Package)),
                ("chronyd.service", Some(By::Package)),
                ("other.service", None),
            ],
        );
    }
}
