//! Facts as named things that can be compared: each fact gives names, and how each stands.
//!
//! A fact that a parser adds is compared without a word here, unless it moves by itself: those are
//! the lists below.

use std::collections::BTreeMap;

use carepack_facts::Facts;
use serde_json::Value as Json;

use crate::model::Subject;

/// Name → how it stands.
pub type Things = BTreeMap<String, String>;

/// Facts that move by themselves, or are made of others that are compared; a key that ends in a
/// dot stands for all below it.
pub const VOLATILE: &[&str] = &[
    "accounts.empty_password",
    "accounts.login",
    "accounts.uid_zero",
    "advisories.",
    "boot.arguments_pending",
    "boot.arguments_unsaved",
    "boot.images",
    "boot.time",
    "boot.uptime_seconds",
    "compliance.",
    "cpu.busy_pct",
    "cpu.iowait_pct",
    "cpu.steal_pct",
    "drift.",
    "files.max",
    "files.modified",
    "files.open",
    "fs.fstab_missing",
    "kernel.modules",
    "kisa.",
    "load.",
    "logging.largest",
    "logging.rotated",
    "logging.unrotated",
    "logs.",
    "memory.available_kib",
    "memory.cached_kib",
    "memory.commit_limit_kib",
    "memory.committed_kib",
    "memory.free_kib",
    "memory.used_pct",
    "net.conntrack_used_pct",
    "net.listen_overflows",
    "net.tcp_retrans_pct",
    "net.tcp_states",
    "pressure.",
    "processes.",
    "resources.",
    "samples.",
    "services.active",
    "services.settings",
    "services.units",
    "standard.",
    "subscription.consumer_until",
    "subscription.entitlements",
    "sudo.nopasswd_all",
    "swap.used_kib",
    "swap.used_pct",
    "sysctl.files",
    "sysctl.overridden",
    "time.offset_seconds",
    "time.sources",
    "time.stratum",
    "time.synchronised",
    "vm.oom_kill",
];

/// Members of listed objects that move by themselves; counters of interfaces begin with `rx_` or
/// `tx_`.
const VOLATILE_MEMBERS: &[&str] = &[
    "available_kib",
    "bytes_available",
    "carrier_changes",
    "collisions",
    "failures",
    "free_kib",
    "free_mib",
    "line",
    "size",
    "sync",
    "used_kib",
];

/// Kernel parameters that count.
const RESTLESS: &[&str] =
    &["fs.aio-nr", "fs.file-nr", "fs.inode-nr", "fs.inode-state", "fs.dentry-state"];

/// What belongs to one host alone: left out where two hosts are compared.
const OWN: &[&str] = &[
    "block.devices",
    "boot.default_kernel",
    "boot.entries",
    "disks.queues",
    "dm.devices",
    "files.sha256",
    "hardware.serial",
    "identity.",
    "kdump.dumps",
    "kernel.tainted",
    "lvm.groups",
    "net.hosts",
    "swap.areas",
];

/// Whether a fact is not compared.
#[must_use]
pub fn is_volatile(key: &str) -> bool {
    // Of the packages the list alone says everything.
    listed(VOLATILE, key) || (key.starts_with("packages.") && key != "packages.installed")
}

/// Whether a fact is expected to differ between two hosts of one kind.
#[must_use]
pub fn is_own(key: &str) -> bool {
    listed(OWN, key)
}

fn listed(list: &[&str], key: &str) -> bool {
    list.iter().any(|entry| *entry == key || (entry.ends_with('.') && key.starts_with(entry)))
}

/// The things of every fact that is known on both sides: key, before, after.
pub fn of_both<'f>(
    before: &'f Facts,
    after: &'f Facts,
) -> impl Iterator<Item = (&'f str, Things, Things)> {
    let compared = after.known.iter().filter(|(key, _)| !is_volatile(key));
    compared.filter_map(|(key, is)| {
        let was = before.known.get(key)?;
        (was.value != is.value).then(|| (key.as_str(), of(key, &was.value), of(key, &is.value)))
    })
}

/// Whether any compared fact is known on both sides.
#[must_use]
pub fn any_of_both(before: &Facts, after: &Facts) -> bool {
    after.known.keys().any(|key| !is_volatile(key) && before.known.contains_key(key))
}

/// What a fact is about, by its key.
#[must_use]
pub fn subject(key: &str) -> Subject {
    match key {
        "net.listeners" => return Subject::Listener,
        "kernel.cmdline" | "selinux.mode" => return Subject::Parameter,
        _ => {}
    }
    match key.split('.').next().unwrap_or_default() {
        "packages" => Subject::Package,
        "services" | "systemd" => Subject::Unit,
        "accounts" | "sudo" => Subject::Account,
        "fs" => Subject::Mount,
        "files" | "file_modes" => Subject::File,
        "net" => Subject::Network,
        "block" | "disks" | "dm" | "lvm" | "multipath" | "swap" => Subject::Storage,
        "boot" | "cpu" | "hardware" | "identity" | "kernel" | "memory" | "numa" | "os" => {
            Subject::System
        }
        _ => Subject::Parameter,
    }
}

/// The things of one fact.
#[must_use]
pub fn of(key: &str, value: &Json) -> Things {
    match key {
        "packages.installed" => packages(value),
        "sysctl.live" => {
            let mut things = members("", value);
            things.retain(|name, _| !RESTLESS.contains(&name.as_str()));
            things
        }
        "sshd.settings" => members("sshd ", value),
        "kernel.cmdline" => cmdline(value),
        "services.enabled" => each(value, "enabled"),
        "services.failed" => each(value, "failed"),
        "services.masked" => each(value, "masked"),
        "accounts.users" => accounts(value),
        "fs.usage" => mounts(value),
        "net.listeners" => listeners(value),
        "files.sha256" => digests(value),
        _ => generic(key, value),
    }
}

fn items(value: &Json) -> impl Iterator<Item = &Json> {
    value.as_array().into_iter().flatten()
}

fn packages(value: &Json) -> Things {
    let mut things: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in items(value) {
        let part = |name: &str| package.get(name).map(text).unwrap_or_default();
        let epoch = package.get("epoch").and_then(Json::as_i64).unwrap_or(0);
        let epoch = if epoch == 0 { String::new() } else { format!("{epoch}:") };
        let version = format!("{epoch}{}-{}", part("version"), part("release"));
        things.entry(format!("{}.{}", part("name"), part("arch"))).or_default().push(version);
    }
    let joined = |(name, mut versions): (String, Vec<String>)| {
        versions.sort_unstable();
        (name, versions.join(", "))
    };
    things.into_iter().map(joined).collect()
}

fn cmdline(value: &Json) -> Things {
    let mut things = Things::new();
    for word in items(value).filter_map(Json::as_str) {
        let (name, value) = word.split_once('=').unwrap_or((word, "set"));
        // The image's own name changes with every kernel, which its release shows.
        if name != "BOOT_IMAGE" {
            things.insert(format!("cmdline {name}"), value.to_owned());
        }
    }
    things
}

fn accounts(value: &Json) -> Things {
    let account = |user: &Json| {
        let part = |name: &str| user.get(name).map(text).unwrap_or_default();
        (part("name"), format!("uid {}, {}, {}", part("uid"), part("shell"), part("password")))
    };
    items(value).map(account).collect()
}

fn mounts(value: &Json) -> Things {
    let mount = |mount: &Json| {
        let part = |name: &str| mount.get(name).map(text).unwrap_or_default();
        let read_only = mount.get("read_only") == Some(&Json::Bool(true));
        let access = if read_only { "ro" } else { "rw" };
        (part("mount"), format!("{} {} {access}", part("device"), part("fstype")))
    };
    items(value).map(mount).collect()
}

fn listeners(value: &Json) -> Things {
    let mut things = Things::new();
    for socket in items(value) {
        let part = |name: &str| socket.get(name).map(text).unwrap_or_default();
        let proto = part("proto");
        let port = socket.get("port").and_then(Json::as_i64).unwrap_or(0);
        // Ephemeral UDP sockets of clients come and go (ip_local_port_range begins at 32768).
        if !proto.starts_with("udp") || port < 32_768 {
            things.insert(format!("{proto} {}:{port}", part("address")), "listening".to_owned());
        }
    }
    things
}

/// The first twelve digits tell digests apart on paper.
fn digests(value: &Json) -> Things {
    let mut things = members("", value);
    for digest in things.values_mut() {
        if digest.len() == 64 {
            digest.truncate(12);
        }
    }
    things
}

fn members(prefix: &str, value: &Json) -> Things {
    let entries = value.as_object().into_iter().flatten();
    entries.map(|(name, value)| (format!("{prefix}{name}"), text(value))).collect()
}

fn each(value: &Json, state: &str) -> Things {
    items(value).filter_map(Json::as_str).map(|name| (name.to_owned(), state.to_owned())).collect()
}

/// A scalar is a thing, a map one thing a member, a list one thing an item.
fn generic(key: &str, value: &Json) -> Things {
    match value {
        Json::Object(map) => {
            let member = |(name, value): (&String, &Json)| (format!("{key} {name}"), stand(value));
            map.iter().filter(|(name, _)| !moves(name)).map(member).collect()
        }
        Json::Array(list) => {
            let mut things = Things::new();
            for item in list {
                let (name, stands) = named(item);
                things.entry(format!("{key} {name}")).or_insert(stands);
            }
            things
        }
        scalar => Things::from([(key.to_owned(), text(scalar))]),
    }
}

/// Members that name an item, the first that is there; limits need all three of theirs.
const NAMES: [&str; 9] = ["name", "mount", "zone", "path", "key", "kernel", "to", "module", "host"];

fn named(item: &Json) -> (String, String) {
    let Json::Object(map) = item else { return (text(item), "set".to_owned()) };
    let part = |name: &str| map.get(name).map(text);
    let own: Vec<&str> = match (map.contains_key("domain"), map.contains_key("unit")) {
        (true, _) => vec!["domain", "type", "item"],
        (_, true) => vec!["unit", "file"],
        _ => NAMES.iter().copied().find(|name| map.contains_key(*name)).into_iter().collect(),
    };
    if own.is_empty() {
        return (stand(item), "set".to_owned());
    }
    let name: Vec<String> = own.iter().filter_map(|name| part(name)).collect();
    let rest: serde_json::Map<String, Json> = map
        .iter()
        .filter(|(member, _)| !own.contains(&member.as_str()))
        .map(|(member, value)| (member.clone(), value.clone()))
        .collect();
    (name.join(" "), stand(&Json::Object(rest)))
}

/// How a value stands, in one line, without what moves by itself.
fn stand(value: &Json) -> String {
    let Json::Object(map) = value else { return text(value) };
    let parts = map.iter().filter(|(name, value)| !moves(name) && !value.is_null());
    let said = parts.map(|(name, value)| (name, text(value))).filter(|(_, text)| !text.is_empty());
    said.map(|(name, text)| format!("{name} {text}")).collect::<Vec<_>>().join(", ")
}

fn moves(name: &str) -> bool {
    VOLATILE_MEMBERS.contains(&name) || name.starts_with("rx_") || name.starts_with("tx_")
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        Json::Array(list) if list.iter().any(Json::is_object) => {
            list.iter().map(stand).collect::<Vec<_>>().join("; ")
        }
        Json::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(" "),
        Json::Object(_) => stand(value),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_nested_list_reads_as_a_sentence() {
        let bond = json!({"name": "bond0", "slaves": [{"name": "eno1", "failures": 3}, {"name": "eno2"}], "none": []});
        let things = of("net.bonds", &json!([bond]));
        assert_eq!(things["net.bonds bond0"], "slaves name eno1; name eno2");
    }

    #[test]
    fn lists_are_sorted_and_name_facts_that_parsers_put() {
        assert!(VOLATILE.is_sorted() && VOLATILE_MEMBERS.is_sorted() && OWN.is_sorted());
        let keys: Vec<&str> = carepack_facts::catalogue().map(|spec| spec.key).collect();
        for key in VOLATILE.iter().chain(OWN).filter(|key| !key.ends_with('.')) {
            assert!(keys.contains(key), "{key} is no fact");
        }
    }
}
