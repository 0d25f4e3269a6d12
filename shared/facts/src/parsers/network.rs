//! Interfaces, bonds, name servers, and the TCP stack's own complaints.
//!
//! ```text
//! /proc/net/dev           eth0: 1296342 13423 0 0 …
//! /proc/net/bonding/bond0 Slave Interface: eno1 / MII Status: up
//! /proc/net/netstat       TcpExt: … ListenOverflows … / TcpExt: … 12 …
//! ```

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::text::{base, int, lines, pct};
use crate::{Evidence, Facts, Parser, Spec};

const DEV: &str = "/proc/net/dev";
const INTERFACES: &str = "survey:interfaces";
const BONDS: &str = "/proc/net/bonding/";
const RESOLV: &str = "/etc/resolv.conf";
const NETSTAT: &str = "/proc/net/netstat";
const SNMP: &str = "/proc/net/snmp";
const TRACKED: &str = "/proc/sys/net/netfilter/nf_conntrack_count";
const TRACKED_MAX: &str = "/proc/sys/net/netfilter/nf_conntrack_max";

pub static PARSER: Parser = Parser {
    name: "network",
    facts: &[
        Spec {
            key: "net.interfaces",
            unit: "",
            about: "interfaces but lo: state, speed, counters",
        },
        Spec { key: "net.bonds", unit: "", about: "bonds and the state of their members" },
        Spec { key: "net.nameservers", unit: "", about: "name servers of resolv.conf" },
        Spec {
            key: "net.listen_overflows",
            unit: "connections",
            about: "accept queues that were full, since boot",
        },
        Spec {
            key: "net.tcp_retrans_pct",
            unit: "%",
            about: "TCP segments sent again, since boot",
        },
        Spec {
            key: "net.conntrack_used_pct",
            unit: "%",
            about: "connection tracking table in use",
        },
    ],
    parse,
};

#[derive(Deserialize)]
struct Interface {
    name: String,
    #[serde(default)]
    operstate: String,
    speed_mbps: Option<i64>,
    duplex: Option<String>,
    mtu: Option<i64>,
    #[serde(default)]
    physical: bool,
    #[serde(default)]
    addresses: Vec<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let list = evidence.survey::<Vec<Interface>>(INTERFACES);
    let interfaces = list.map(|list| {
        let counters = evidence.text(DEV).map(counters).unwrap_or_default();
        let one = |i: &Interface| interface(i, counters.get(i.name.as_str()));
        list.iter().filter(|i| i.name != "lo").map(one).collect::<Vec<Value>>()
    });
    facts.set("net.interfaces", interfaces, INTERFACES);
    // A host without bonds has no such folder.
    // An empty folder leaves no observation of its own; the interfaces listed beside it do.
    let looked = evidence.is_absent("/proc/net/bonding/*") || evidence.text(DEV).is_ok();
    match evidence.folder(BONDS, "") {
        Ok(files) if files.is_empty() && !looked => {
            facts.miss("net.bonds", Unseen::Absent, BONDS);
        }
        Ok(files) => {
            let bonds = files.into_iter().map(|(path, text)| bond(base(path), text));
            let bonds = bonds.collect::<Option<Vec<Value>>>().ok_or(Unseen::Malformed);
            facts.set("net.bonds", bonds, BONDS);
        }
        Err(missing) => facts.miss("net.bonds", missing.reason, &missing.source),
    }
    let servers = evidence.text(RESOLV).map(|text| {
        let servers = lines(text).filter_map(|line| line.strip_prefix("nameserver"));
        servers.filter_map(|rest| rest.split_whitespace().next()).collect::<Vec<_>>()
    });
    facts.set("net.nameservers", servers, RESOLV);
    let overflows =
        evidence.text(NETSTAT).and_then(|text| pair(text, "TcpExt:", "ListenOverflows"));
    facts.set("net.listen_overflows", overflows, NETSTAT);
    let resent = evidence.text(SNMP).and_then(|text| {
        Ok(pct(pair(text, "Tcp:", "RetransSegs")?, pair(text, "Tcp:", "OutSegs")?))
    });
    facts.set("net.tcp_retrans_pct", resent, SNMP);
    let number = |path| evidence.text(path).and_then(|text| int(text).ok_or(Unseen::Malformed));
    let tracked = number(TRACKED).and_then(|count| Ok(pct(count, number(TRACKED_MAX)?)));
    facts.set("net.conntrack_used_pct", tracked, TRACKED);
}

/// Names of the sixteen columns of /proc/net/dev that matter, by position.
const COLUMNS: [(&str, usize); 8] = [
    ("rx_bytes", 0),
    ("rx_packets", 1),
    ("rx_errors", 2),
    ("rx_dropped", 3),
    ("tx_bytes", 8),
    ("tx_packets", 9),
    ("tx_errors", 10),
    ("tx_dropped", 11),
];

fn counters(text: &str) -> BTreeMap<&str, Vec<i64>> {
    text.lines()
        .filter_map(|line| {
            let (name, numbers) = line.split_once(':')?;
            let numbers: Vec<i64> = numbers.split_whitespace().filter_map(int).collect();
            (numbers.len() >= 12).then_some((name.trim(), numbers))
        })
        .collect()
}

fn interface(interface: &Interface, counters: Option<&Vec<i64>>) -> Value {
    let mut value = json!({
        "name": interface.name, "operstate": interface.operstate,
        "speed_mbps": interface.speed_mbps, "duplex": interface.duplex, "mtu": interface.mtu,
        "physical": interface.physical, "addresses": interface.addresses,
    });
    for (name, at) in COLUMNS {
        value[name] = counters.and_then(|all| all.get(at)).copied().unwrap_or(0).into();
    }
    value
}

/// Further lines of a bond and of its members (kernel: Documentation/networking/bonding).
const BOND_FIELDS: [(&str, &str); 7] = [
    ("MII Polling Interval (ms)", "miimon"),
    ("Currently Active Slave", "active"),
    ("Aggregator ID", "aggregator"),
    ("Partner Mac Address", "partner"),
    ("Link Failure Count", "failures"),
    ("Speed", "speed"),
    ("Duplex", "duplex"),
];

/// Fields that a kernel does not print are left out.
///
/// None of a text that does not begin as the kernel writes it: without its members a bond would
/// look sound.
fn bond(name: &str, text: &str) -> Option<Value> {
    let mut mode = None;
    let mut more = Map::new();
    let mut slaves: Vec<Value> = Vec::new();
    for line in text.lines() {
        match line.trim().split_once(": ") {
            Some(("Bonding Mode", value)) => mode = Some(value),
            Some(("Slave Interface", value)) => {
                slaves.push(json!({"name": value, "status": "unknown"}));
            }
            // The bond's own status comes first, before any member.
            Some(("MII Status", value)) => {
                if let Some(slave) = slaves.last_mut() {
                    slave["status"] = value.into();
                }
            }
            Some((label, value)) => {
                let Some((_, key)) = BOND_FIELDS.iter().find(|(known, _)| *known == label) else {
                    continue;
                };
                let value = int(value).map_or_else(|| Value::from(value), Value::from);
                match slaves.last_mut() {
                    Some(slave) => slave[*key] = value,
                    None => drop(more.insert((*key).to_owned(), value)),
                }
            }
            None => {}
        }
    }
    let mut bond = json!({"name": name, "mode": mode?, "slaves": slaves});
    for (key, value) in more {
        bond[key] = value;
    }
    Some(bond)
}

/// A counter of a file whose lines come in pairs: names, then numbers.
fn pair(text: &str, prefix: &str, name: &str) -> Result<i64, Unseen> {
    let mut rows = text.lines().filter(|line| line.starts_with(prefix));
    while let (Some(names), Some(numbers)) = (rows.next(), rows.next()) {
        if let Some(at) = names.split(' ').position(|word| word == name) {
            return numbers.split(' ').nth(at).and_then(int).ok_or(Unseen::Malformed);
        }
    }
    Err(Unseen::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_dev() {
        let text =
            "Inter-| Receive\n face |bytes\n  eth0: 10 2 3 4 0 0 0 0 20 5 6 7 0 0 0 0\nbent: 1\n";
        let counters = counters(text);
        assert_eq!(counters.keys().copied().collect::<Vec<_>>(), ["eth0"]);
        assert_eq!((counters["eth0"][3], counters["eth0"][11]), (4, 7));
    }

    #[test]
    fn a_bond_with_a_dead_leg() {
        let text = "Bonding Mode: fault-tolerance (active-backup)\nMII Status: up\n\nSlave Interface: eno1\nMII Status: down\n\nSlave Interface: eno2\nMII Status: up\n";
        let expected = r#"{"mode":"fault-tolerance (active-backup)","name":"bond0","slaves":[{"name":"eno1","status":"down"},{"name":"eno2","status":"up"}]}"#;
        assert_eq!(bond("bond0", text).unwrap().to_string(), expected);
        assert_eq!(bond("bond0", "MII Status: up\n"), None);
    }

    #[test]
    fn a_bond_of_two_aggregators() {
        let text = "Bonding Mode: IEEE 802.3ad Dynamic link aggregation\nMII Status: up\nMII Polling Interval (ms): 100\n\tAggregator ID: 1\n\tPartner Mac Address: 00:00:00:00:00:00\n\nSlave Interface: eno1\nMII Status: up\nAggregator ID: 1\n\nSlave Interface: eno2\nMII Status: up\nLink Failure Count: 3\nAggregator ID: 2\n";
        let bond = bond("bond0", text).unwrap();
        assert_eq!((&bond["miimon"], &bond["aggregator"]), (&json!(100), &json!(1)));
        assert_eq!(
            (&bond["slaves"][1]["aggregator"], &bond["slaves"][1]["failures"]),
            (&json!(2), &json!(3))
        );
        assert_eq!(bond["partner"], "00:00:00:00:00:00");
    }

    #[test]
    fn paired_lines() {
        let text = "Ip: A\nIp: 1\nTcp: OutSegs RetransSegs\nTcp: 200 3\n";
        assert_eq!(pair(text, "Tcp:", "RetransSegs"), Ok(3));
        assert_eq!(pair(text, "Tcp:", "Nothing"), Err(Unseen::Malformed));
        assert_eq!(pair("Tcp: OutSegs\n", "Tcp:", "OutSegs"), Err(Unseen::Malformed));
    }
}
