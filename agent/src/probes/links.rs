//! How interfaces hang together, what their rings dropped, and how they are configured.
//!
//! Of connection files only settings of a list are taken: keyfiles also hold passwords.

use carepack_shared::Unseen;
use serde_json::{Map, Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "links",
    about_ko: "인터페이스 구성 관계, 링 버퍼 유실, 네트워크 연결 설정, IPv6 경로",
    about_en: "Masters of interfaces, ring drops, connection settings, IPv6 routes",
    reads: &[
        file("/proc/net/ipv6_route"),
        file("/etc/nsswitch.conf"),
        Read::Survey { name: "links", reads: &[CLASS], run: links },
        Read::Survey { name: "connections", reads: &[KEYFILES, SCRIPTS], run: connections },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Resources,
    legal: Legal::Names,
};

const CLASS: &str = "/sys/class/net";
const KEYFILES: &str = "/etc/NetworkManager/system-connections";
const SCRIPTS: &str = "/etc/sysconfig/network-scripts";
/// A container host has an interface per container.
const LINKS_MAX: usize = 1_000;
const CONNECTIONS_MAX: usize = 200;
const CONNECTION_BYTES_MAX: usize = 32 * 1024;

/// Counters beside those of /proc/net/dev (kernel: ABI/testing/sysfs-class-net-statistics).
const COUNTERS: [&str; 6] = [
    "collisions",
    "rx_crc_errors",
    "rx_fifo_errors",
    "rx_missed_errors",
    "rx_over_errors",
    "tx_carrier_errors",
];

/// `[{"name":"eno1","master":"bond0"|null,"kind":"bond"|"bridge"|"vlan"|"","mtu":N,
/// "rx_missed_errors":N,…}]`.
fn links(host: &Host) -> Look<Value> {
    let names = host.list(CLASS)?.names;
    let one = |name: &String| {
        let word = |attribute: &str| host.word(&format!("{CLASS}/{name}/{attribute}")).ok();
        let has = |folder: &str| host.stat(&format!("{CLASS}/{name}/{folder}")).is_ok();
        let devtype = word("uevent").unwrap_or_default();
        let kind = if has("bonding") {
            "bond"
        } else if has("bridge") {
            "bridge"
        } else if devtype.lines().any(|line| line == "DEVTYPE=vlan") {
            "vlan"
        } else {
            ""
        };
        let master = host.link(&format!("{CLASS}/{name}/master")).ok();
        let master = master.as_deref().and_then(|target| target.rsplit('/').next());
        let mut link = json!({
            "name": name, "master": master, "kind": kind,
            "mtu": word("mtu")?.parse::<i64>().ok(),
        });
        for counter in COUNTERS {
            let count = word(&format!("statistics/{counter}"));
            link[counter] = count.and_then(|text| text.parse::<i64>().ok()).into();
        }
        Some(link)
    };
    Ok(names.iter().take(LINKS_MAX).filter_map(one).collect())
}

/// Settings of ifcfg files.
const SCRIPT_KEYS: [&str; 24] = [
    "BONDING_OPTS",
    "BOOTPROTO",
    "BRIDGE",
    "DEFROUTE",
    "DEVICE",
    "DNS1",
    "DNS2",
    "DNS3",
    "ETHTOOL_OPTS",
    "GATEWAY",
    "IPADDR",
    "IPV6INIT",
    "MASTER",
    "MTU",
    "NAME",
    "NETMASK",
    "NM_CONTROLLED",
    "ONBOOT",
    "PEERDNS",
    "PREFIX",
    "SLAVE",
    "TEAM_MASTER",
    "TYPE",
    "ZONE",
];

/// Settings of keyfiles, `section.name` (nm-settings-keyfile(5)).
const KEYFILE_KEYS: [&str; 26] = [
    "bond.miimon",
    "bond.mode",
    "bond.options",
    "bond.primary",
    "connection.autoconnect",
    "connection.controller",
    "connection.id",
    "connection.interface-name",
    "connection.master",
    "connection.port-type",
    "connection.slave-type",
    "connection.type",
    "connection.zone",
    "ethernet.mtu",
    "ipv4.address1",
    "ipv4.address2",
    "ipv4.dns",
    "ipv4.gateway",
    "ipv4.method",
    "ipv4.never-default",
    "ipv4.route1",
    "ipv4.route2",
    "ipv6.method",
    "vlan.id",
    "vlan.parent",
    "wired.mtu",
];

/// `[{"file":"/etc/…/ens192.nmconnection","settings":{"ipv4.method":"manual"}}]`.
fn connections(host: &Host) -> Look<Value> {
    let mut found = Vec::new();
    let mut missed = None;
    for (folder, fits, read) in FOLDERS {
        let names = match host.list(folder) {
            Ok(listing) => listing.names,
            Err(error) if error.reason == Unseen::Absent => {
                missed = missed.or(Some(error));
                continue;
            }
            Err(error) => return Err(error),
        };
        for name in names.iter().filter(|name| fits(name)) {
            let file = format!("{folder}/{name}");
            // One that may not be read could say anything about any interface.
            let piece = host.read(&file, CONNECTION_BYTES_MAX)?;
            let settings = read(&String::from_utf8_lossy(&piece.bytes));
            found.push(json!({ "file": file, "settings": settings }));
        }
    }
    found.truncate(CONNECTIONS_MAX);
    match missed {
        Some(missed) if found.is_empty() => Err(missed),
        _ => Ok(found.into()),
    }
}

/// Folder, which names in it count, how a file is read.
type Folder = (&'static str, fn(&str) -> bool, fn(&str) -> Map<String, Value>);
const FOLDERS: [Folder; 2] = [
    (KEYFILES, |name| name.ends_with(".nmconnection"), keyfile),
    (SCRIPTS, |name| name.starts_with("ifcfg-") && name != "ifcfg-lo", script),
];

fn script(text: &str) -> Map<String, Value> {
    let setting = |line: &str| {
        let (name, value) = line.trim().split_once('=')?;
        let value = value.trim().trim_matches(|c| c == '"' || c == '\'');
        SCRIPT_KEYS.contains(&name).then(|| (name.to_owned(), value.into()))
    };
    text.lines().filter_map(setting).collect()
}

fn keyfile(text: &str) -> Map<String, Value> {
    let mut section = "";
    let mut settings = Map::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else if let Some((name, value)) = line.split_once('=') {
            let key = format!("{section}.{}", name.trim());
            if KEYFILE_KEYS.contains(&key.as_str()) {
                settings.insert(key, value.trim().into());
            }
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_settings_leave_a_connection_file() {
        assert!(SCRIPT_KEYS.is_sorted() && KEYFILE_KEYS.is_sorted() && COUNTERS.is_sorted());
        let text = "[connection]\nid=ens192\ntype=ethernet\nuuid=1\n[802-1x]\npassword=hunter2\n\
            [ipv4]\nmethod=manual\naddress1=10.0.0.5/24,10.0.0.1\n";
        let got = Value::Object(keyfile(text)).to_string();
        assert_eq!(
            got,
            r#"{"connection.id":"ens192","connection.type":"ethernet","ipv4.address1":"10.0.0.5/24,10.0.0.1","ipv4.method":"manual"}"#
        );
        let text = "DEVICE=\"eth0\"\nONBOOT=yes\nWPA_PSK=hunter2\n# MTU=1\nMTU='9000'\n";
        let got = Value::Object(script(text)).to_string();
        assert_eq!(got, r#"{"DEVICE":"eth0","MTU":"9000","ONBOOT":"yes"}"#);
    }
}
