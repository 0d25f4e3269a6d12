//! Interfaces from `ip` and `ethtool`.
//!
//! ```text
//! 2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master bond0 state UP mode DEFAULT …
//!     link/ether 00:15:5d:b7:25:12 brd ff:ff:ff:ff:ff:ff promiscuity 0 …
//! 2: eth0    inet 172.16.1.10/24 brd 172.16.1.255 scope global eth0
//! ```

use std::collections::BTreeMap;

use carepack_shared::Content;
use serde_json::{Value, json};

use super::Seen;

/// Most interfaces listed, as on a host.
const INTERFACES_MAX: usize = 1_000;

/// Kinds of virtual link, as `ip -d link` begins their line of details.
const VIRTUAL: &[&str] = &[
    "bond",
    "bridge",
    "dummy",
    "gre",
    "gretap",
    "ifb",
    "ipip",
    "macvlan",
    "macvtap",
    "openvswitch",
    "sit",
    "team",
    "tun",
    "veth",
    "vlan",
    "vrf",
    "vxlan",
    "wireguard",
];

#[derive(Default)]
struct Link {
    state: String,
    mtu: Option<u64>,
    ethernet: bool,
    is_virtual: bool,
    addresses: Vec<String>,
    speed_mbps: Option<u64>,
    duplex: Option<String>,
}

/// The interfaces, in order of name.
pub fn interfaces(seen: &Seen<'_>) -> Option<Content> {
    let outputs = ["ip_-s_-d_link", "ip_-o_addr", "ip_-d_address", "ip_address", "ip_addr"];
    let mut links: BTreeMap<String, Link> = BTreeMap::new();
    for text in outputs.iter().filter_map(|name| seen.command(&[name])) {
        read(&text, &mut links);
    }
    for (name, piece) in seen.layout.commands(&|name| name.starts_with("ethtool_")) {
        let device = name.rsplit_once("ethtool_").map_or("", |(_, device)| device);
        if let Some(link) = links.get_mut(device) {
            speed(&super::super::layout::text(piece), link);
        }
    }
    links.retain(|_, link| !link.state.is_empty());
    let list: Vec<Value> = links.into_iter().take(INTERFACES_MAX).map(shown).collect();
    (!list.is_empty()).then(|| Content::Json(list.into()))
}

fn shown((name, link): (String, Link)) -> Value {
    json!({
        "name": name,
        "operstate": link.state,
        "speed_mbps": link.speed_mbps,
        "duplex": link.duplex,
        "mtu": link.mtu,
        "carrier_changes": null,
        "physical": link.ethernet && !link.is_virtual,
        "addresses": link.addresses,
    })
}

/// Reads any of ip's forms; what one says, another completes.
fn read(text: &str, links: &mut BTreeMap<String, Link>) {
    let mut current = String::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = words.first().and_then(|word| word.strip_suffix(':'));
        if number.is_some_and(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())) {
            let Some(name) = words.get(1) else { continue };
            let (name, peer) = name.trim_end_matches(':').split_once('@').unwrap_or((name, ""));
            let name = name.trim_end_matches(':');
            name.clone_into(&mut current);
            let link = links.entry(current.clone()).or_default();
            link.is_virtual |= !peer.is_empty();
            if words.get(2).is_some_and(|word| word.starts_with('<')) {
                head(&words, link);
            } else {
                address(&words[2..], link);
            }
        } else if let Some(link) = links.get_mut(&current) {
            match words.first() {
                Some(&"link/ether") => link.ethernet = true,
                Some(&("inet" | "inet6")) => address(&words, link),
                Some(word) => link.is_virtual |= VIRTUAL.contains(word),
                None => {}
            }
        }
    }
}

fn head(words: &[&str], link: &mut Link) {
    let after = |key: &str| {
        let at = words.iter().position(|word| *word == key)?;
        words.get(at + 1).copied()
    };
    link.mtu = after("mtu").and_then(|word| word.parse().ok()).or(link.mtu);
    if let Some(state) = after("state") {
        link.state = state.to_lowercase();
    }
}

fn address(words: &[&str], link: &mut Link) {
    if let [family, address, ..] = words
        && matches!(*family, "inet" | "inet6")
        && !link.addresses.iter().any(|known| known == address)
    {
        link.addresses.push((*address).to_owned());
    }
}

/// `Speed: 10000Mb/s`, `Duplex: Full`; unknown ones are no numbers.
fn speed(text: &str, link: &mut Link) {
    let field = |name| text.lines().find_map(|line| line.trim().strip_prefix(name));
    let number = field("Speed: ").and_then(|word| word.strip_suffix("Mb/s"));
    link.speed_mbps = number.and_then(|word| word.parse().ok());
    link.duplex = field("Duplex: ").map(str::to_lowercase).filter(|word| !word.contains("unknown"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_interface_from_several_outputs() {
        let mut links = BTreeMap::new();
        read(
            "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT\n    \
             link/ether 00:15:5d:b7:25:12 brd ff:ff:ff:ff:ff:ff\n\
             3: eth0.10@eth0: <BROADCAST,UP> mtu 1500 qdisc noqueue state DOWN\n    \
             link/ether 00:15:5d:b7:25:12\n\
             4: br0: <UP> mtu 9000 state UP\n    link/ether 00:00:00:00:00:01\n    bridge forward_delay 1500\n",
            &mut links,
        );
        read("2: eth0    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0\\  valid\n", &mut links);
        read("2: eth0: <UP> mtu 1500 state UP\n    inet 10.0.0.5/24 scope global\n", &mut links);
        speed(
            "Settings for eth0:\n\tSpeed: 10000Mb/s\n\tDuplex: Full\n",
            links.get_mut("eth0").unwrap(),
        );
        let shown: Vec<Value> = links.into_iter().map(shown).collect();
        let eth0 = shown.iter().find(|link| link["name"] == "eth0").unwrap();
        assert_eq!(eth0["addresses"], json!(["10.0.0.5/24"]));
        assert_eq!((&eth0["operstate"], &eth0["speed_mbps"]), (&json!("up"), &json!(10_000)));
        let physical: Vec<&Value> = shown.iter().map(|link| &link["physical"]).collect();
        assert_eq!(physical, [&json!(false), &json!(true), &json!(false)], "br0, eth0, eth0.10");
    }
}
