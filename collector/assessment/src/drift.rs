//! What changed on a host since the last inspection: every package, parameter, unit, account,
//! mount and listener, and the system itself.
//!
//! It lists; whether a change is sound is for rules to say.

use std::collections::BTreeMap;

use carepack_facts::Facts;
use serde_json::Value as Json;

use crate::model::{Change, Subject};

/// A subject's things: name → how it stands.
type Things = BTreeMap<String, String>;

/// Every change, in order of subject and name. A subject that was not seen on both sides is left
/// out: what could not be read has not changed.
#[must_use]
pub fn changes(before: &Facts, after: &Facts) -> Vec<Change> {
    let mut all = Vec::new();
    for (subject, read) in SUBJECTS {
        if let (Some(before), Some(after)) = (read(before), read(after)) {
            compare(*subject, &before, &after, &mut all);
        }
    }
    all
}

type Read = fn(&Facts) -> Option<Things>;

const SUBJECTS: &[(Subject, Read)] = &[
    (Subject::System, system),
    (Subject::Package, packages),
    (Subject::Parameter, sysctl),
    (Subject::Parameter, sshd),
    (Subject::Parameter, cmdline),
    (Subject::Unit, units),
    (Subject::Account, accounts),
    (Subject::Mount, mounts),
    (Subject::Listener, listeners),
];

fn compare(subject: Subject, before: &Things, after: &Things, all: &mut Vec<Change>) {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (was, is) = (before.get(name), after.get(name));
        if was != is {
            all.push(Change {
                subject,
                name: name.clone(),
                before: was.cloned().unwrap_or_default(),
                after: is.cloned().unwrap_or_default(),
            });
        }
    }
}

fn system(facts: &Facts) -> Option<Things> {
    const KEYS: [&str; 9] = [
        "os.name",
        "kernel.release",
        "cpu.count",
        "memory.total_kib",
        "swap.total_kib",
        "hardware.bios_version",
        "selinux.mode",
        "tuned.profile",
        "boot.default_target",
    ];
    let known = KEYS.iter().filter_map(|key| Some(((*key).to_owned(), text(facts.value(key)?))));
    Some(known.collect())
}

fn packages(facts: &Facts) -> Option<Things> {
    let mut things: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in facts.value("packages.installed")?.as_array()? {
        let part = |name: &str| package.get(name).map(text).unwrap_or_default();
        let epoch = package.get("epoch").and_then(Json::as_i64).unwrap_or(0);
        let epoch = if epoch == 0 { String::new() } else { format!("{epoch}:") };
        let version = format!("{epoch}{}-{}", part("version"), part("release"));
        things.entry(format!("{}.{}", part("name"), part("arch"))).or_default().push(version);
    }
    Some(
        things
            .into_iter()
            .map(|(name, mut versions)| {
                versions.sort_unstable();
                (name, versions.join(", "))
            })
            .collect(),
    )
}

/// Kernel parameters that move by themselves are no change.
const RESTLESS: &[&str] = &["fs.file-nr", "fs.inode-nr", "fs.inode-state", "fs.dentry-state"];

fn sysctl(facts: &Facts) -> Option<Things> {
    let mut things = map(facts, "sysctl.live", "")?;
    things.retain(|name, _| {
        !RESTLESS.contains(&name.as_str()) && !name.starts_with("kernel.random.")
    });
    Some(things)
}

fn sshd(facts: &Facts) -> Option<Things> {
    map(facts, "sshd.settings", "sshd ")
}

fn cmdline(facts: &Facts) -> Option<Things> {
    let mut things = Things::new();
    for word in facts.value("kernel.cmdline")?.as_array()?.iter().filter_map(Json::as_str) {
        let (name, value) = word.split_once('=').unwrap_or((word, "set"));
        // The image's own name changes with every kernel, which the system subject shows.
        if name != "BOOT_IMAGE" {
            things.insert(format!("cmdline {name}"), value.to_owned());
        }
    }
    Some(things)
}

fn units(facts: &Facts) -> Option<Things> {
    let mut things = list(facts, "services.enabled", "enabled")?;
    for (name, state) in list(facts, "services.failed", "failed")? {
        let both = things.remove(&name).map_or(state.clone(), |other| format!("{other}, {state}"));
        things.insert(name, both);
    }
    Some(things)
}

fn accounts(facts: &Facts) -> Option<Things> {
    let mut things = Things::new();
    for user in facts.value("accounts.users")?.as_array()? {
        let part = |name: &str| user.get(name).map(text).unwrap_or_default();
        let stands = format!("uid {}, {}, {}", part("uid"), part("shell"), part("password"));
        things.insert(part("name"), stands);
    }
    Some(things)
}

fn mounts(facts: &Facts) -> Option<Things> {
    let mut things = Things::new();
    for mount in facts.value("fs.usage")?.as_array()? {
        let part = |name: &str| mount.get(name).map(text).unwrap_or_default();
        let read_only = mount.get("read_only") == Some(&Json::Bool(true));
        let access = if read_only { "ro" } else { "rw" };
        let stands = format!("{} {} {access}", part("device"), part("fstype"));
        things.insert(part("mount"), stands);
    }
    Some(things)
}

fn listeners(facts: &Facts) -> Option<Things> {
    let mut things = Things::new();
    for socket in facts.value("net.listeners")?.as_array()? {
        let part = |name: &str| socket.get(name).map(text).unwrap_or_default();
        let proto = part("proto");
        let port = socket.get("port").and_then(Json::as_i64).unwrap_or(0);
        // Ephemeral UDP sockets of clients come and go (ip_local_port_range begins at 32768).
        if proto.starts_with("udp") && port >= 32_768 {
            continue;
        }
        things.insert(format!("{proto} {}:{port}", part("address")), "listening".to_owned());
    }
    Some(things)
}

fn map(facts: &Facts, key: &str, prefix: &str) -> Option<Things> {
    let entries = facts.value(key)?.as_object()?;
    Some(entries.iter().map(|(name, value)| (format!("{prefix}{name}"), text(value))).collect())
}

fn list(facts: &Facts, key: &str, state: &str) -> Option<Things> {
    let names = facts.value(key)?.as_array()?;
    let names = names.iter().filter_map(Json::as_str);
    Some(names.map(|name| (name.to_owned(), state.to_owned())).collect())
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts(list: &[(&str, Json)]) -> Facts {
        let mut facts = Facts::default();
        for (key, value) in list {
            facts.put(key, value.clone(), "test");
        }
        facts
    }

    #[test]
    fn packages_parameters_and_units() {
        let package = |version: &str| json!({"name": "bash", "epoch": 0, "version": version, "release": "1.el9", "arch": "x86_64"});
        let before = facts(&[
            ("packages.installed", json!([package("5.1")])),
            ("sysctl.live", json!({"vm.swappiness": "60", "fs.file-nr": "1 0 9"})),
            ("services.enabled", json!(["httpd.service"])),
            ("services.failed", json!([])),
        ]);
        let after = facts(&[
            ("packages.installed", json!([package("5.2")])),
            ("sysctl.live", json!({"vm.swappiness": "10", "fs.file-nr": "2 0 9"})),
            ("services.enabled", json!(["httpd.service", "chronyd.service"])),
            ("services.failed", json!(["httpd.service"])),
        ]);
        let seen: Vec<_> = changes(&before, &after)
            .into_iter()
            .map(|c| format!("{}: {} → {}", c.name, c.before, c.after))
            .collect();
        assert_eq!(
            seen,
            [
                "bash.x86_64: 5.1-1.el9 → 5.2-1.el9",
                "vm.swappiness: 60 → 10",
                "chronyd.service:  → enabled",
                "httpd.service: enabled → enabled, failed",
            ]
        );
    }

    #[test]
    fn what_was_not_seen_has_not_changed() {
        let before = facts(&[("sysctl.live", json!({"vm.swappiness": "60"}))]);
        assert_eq!(changes(&before, &Facts::default()), []);
    }
}
