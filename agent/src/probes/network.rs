//! Interfaces, bonds, name servers, routes and the counters of the network stack.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file, files};
use crate::host::{Command, Host, Look};

pub static PROBE: Probe = Probe {
    id: "network",
    about_ko: "네트워크 인터페이스, 본딩, 이름 서버, 경로, 통계",
    about_en: "Network interfaces, bonds, name servers, routes, counters",
    reads: &[
        file("/proc/net/dev"),
        files("/proc/net/bonding", ""),
        file("/etc/resolv.conf"),
        file("/proc/net/netstat"),
        file("/proc/net/snmp"),
        file("/proc/sys/net/netfilter/nf_conntrack_count"),
        file("/proc/sys/net/netfilter/nf_conntrack_max"),
        file("/proc/net/route"),
        Read::Survey {
            name: "interfaces",
            reads: &[CLASS, "/usr/sbin/ip -o addr show"],
            run: interfaces,
        },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Resources,
    legal: Legal::Names,
};

const CLASS: &str = "/sys/class/net";
/// Most interfaces listed: a container host has one per container.
const INTERFACES_MAX: usize = 1_000;

/// The one helper that gives both address families on every release since RHEL 7.
const IP: Command = Command {
    name: "ip-addresses",
    argv: &["/usr/sbin/ip", "-o", "addr", "show"],
    output_bytes_max: 256 * 1024,
    as_nobody: false,
};
const IP_DEADLINE: Duration = Duration::from_secs(3);

/// `[{"name":"eth0","operstate":"up","speed_mbps":N|null,"duplex":"full"|null,"mtu":N,
/// "carrier_changes":N|null,"physical":bool,"addresses":["10.0.0.5/24"]}]`.
fn interfaces(host: &Host) -> Look<Value> {
    let names = host.list(CLASS)?.names;
    let addresses = host.run(&IP, Instant::now() + IP_DEADLINE).map_or_else(
        |_| BTreeMap::new(),
        |output| addresses(&String::from_utf8_lossy(&output.bytes)),
    );
    let one = |name: &String| {
        let word = |attribute: &str| host.word(&format!("{CLASS}/{name}/{attribute}")).ok();
        let number = |attribute: &str| word(attribute)?.parse::<i64>().ok();
        // A link that is down answers with an error or -1.
        let speed = number("speed").filter(|&speed| speed > 0);
        let duplex = word("duplex").filter(|duplex| duplex != "unknown" && !duplex.is_empty());
        // /sys/class/net also holds a plain file, bonding_masters.
        Some(json!({
            "name": name,
            "operstate": word("operstate")?,
            "speed_mbps": speed,
            "duplex": duplex,
            "mtu": number("mtu"),
            "carrier_changes": number("carrier_changes"),
            "physical": host.stat(&format!("{CLASS}/{name}/device")).is_ok(),
            "addresses": addresses.get(name).cloned().unwrap_or_default(),
        }))
    };
    Ok(names.iter().take(INTERFACES_MAX).filter_map(one).collect())
}

/// Lines such as `2: eth0    inet 10.0.0.5/24 brd … scope global eth0`.
fn addresses(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace().skip(1);
        if let (Some(name), Some("inet" | "inet6"), Some(address)) =
            (words.next(), words.next(), words.next())
        {
            let name = name.split('@').next().unwrap_or(name);
            found.entry(name.to_owned()).or_default().push(address.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn addresses_are_grouped_by_interface() {
        let text = "1: lo    inet 127.0.0.1/8 scope host lo\\ valid_lft forever\n\
                    2: eth0    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0\n\
                    2: eth0    inet6 fe80::1/64 scope link \n\
                    3: veth1@if2    inet 10.1.0.1/30 scope global veth1\n\
                    bent";
        let got = super::addresses(text);
        assert_eq!(got["eth0"], ["10.0.0.5/24", "fe80::1/64"]);
        assert_eq!(got["veth1"], ["10.1.0.1/30"]);
        assert_eq!(got.len(), 3);
    }
}
