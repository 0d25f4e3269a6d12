//! How interfaces are joined, routed and configured; how names are resolved.
//!
//! ```text
//! survey:links       [{"name": "eno1", "master": "bond0", "kind": "", "mtu": 1500, "rx_missed_errors": 0}]
//! /proc/net/route    eth0 00000000 0100000A 0003 0 0 100 00000000 …   (addresses little-endian, hex)
//! /etc/resolv.conf   search example.com / options timeout:1 attempts:2
//! ```

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::text::{int, lines};
use crate::{Evidence, Facts, Parser, Spec};

const LINKS: &str = "survey:links";
const CONNECTIONS: &str = "survey:connections";
const ROUTE: &str = "/proc/net/route";
const RESOLV: &str = "/etc/resolv.conf";
const HOSTS: &str = "/etc/hosts";
const NSSWITCH: &str = "/etc/nsswitch.conf";

pub static PARSER: Parser = Parser {
    name: "links",
    facts: &[
        Spec { key: "net.links", unit: "", about: "interfaces: master, kind, MTU, ring counters" },
        Spec { key: "net.connections", unit: "", about: "connection files and chosen settings" },
        Spec { key: "net.routes", unit: "", about: "IPv4 routes of the main table" },
        Spec {
            key: "net.resolver_options",
            unit: "",
            about: "options of resolv.conf: name → number, or 1",
        },
        Spec { key: "net.search_domains", unit: "", about: "search domains of resolv.conf" },
        Spec { key: "net.hosts", unit: "", about: "entries of the hosts file" },
        Spec { key: "net.name_sources", unit: "", about: "sources of the hosts line of nsswitch" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("net.links", evidence.survey::<Vec<Value>>(LINKS), LINKS);
    #[derive(Deserialize)]
    struct Connection {
        file: String,
        settings: Map<String, Value>,
    }
    let connections = evidence.survey::<Vec<Connection>>(CONNECTIONS).map(|list| {
        let told = |c: &Connection| {
            let device = ["connection.interface-name", "DEVICE", "connection.id", "NAME"];
            let device = device.iter().find_map(|key| c.settings.get(*key));
            json!({"file": c.file, "device": device, "settings": c.settings})
        };
        list.iter().map(told).collect::<Vec<Value>>()
    });
    facts.set("net.connections", connections, CONNECTIONS);
    facts.set("net.routes", evidence.text(ROUTE).and_then(routes), ROUTE);
    let words = |name: &'static str| {
        evidence.text(RESOLV).map(|text| {
            // The last line of a kind stands (resolv.conf(5)).
            let line = lines(text).filter_map(|line| {
                let (word, rest) = line.split_once(char::is_whitespace)?;
                (word == name).then_some(rest)
            });
            line.last()
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
    };
    let options =
        words("options").map(|words| words.iter().map(|word| option(word)).collect::<Map<_, _>>());
    facts.set("net.resolver_options", options, RESOLV);
    facts.set("net.search_domains", words("search"), RESOLV);
    facts.set("net.hosts", evidence.text(HOSTS).map(hosts), HOSTS);
    let sources = evidence.text(NSSWITCH).and_then(|text| {
        let line = lines(text).find_map(|line| line.strip_prefix("hosts:"));
        let line = line.ok_or(Unseen::Malformed)?;
        Ok(line.split_whitespace().filter(|word| !word.starts_with('[')).collect::<Vec<_>>())
    });
    facts.set("net.name_sources", sources, NSSWITCH);
}

/// `timeout:2` carries a number; `rotate` stands for itself.
fn option(word: &str) -> (String, Value) {
    let (name, value) = word.split_once(':').unwrap_or((word, "1"));
    (name.to_owned(), int(value).unwrap_or(1).into())
}

/// Columns: interface, destination, gateway, flags, reference count, use, metric, mask.
fn routes(text: &str) -> Result<Vec<Value>, Unseen> {
    let mut rows = text.lines();
    if !rows.next().is_some_and(|head| head.starts_with("Iface")) {
        return Err(Unseen::Malformed);
    }
    let address = |word: &str| u32::from_str_radix(word, 16).ok().map(u32::to_le_bytes);
    let route = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (to, via) = (address(words.get(1)?)?, address(words.get(2)?)?);
        let mask = u32::from_be_bytes(address(words.get(7)?)?);
        let dotted = |bytes: [u8; 4]| bytes.map(|byte| byte.to_string()).join(".");
        let via = (via != [0; 4]).then(|| dotted(via));
        Some(json!({
            "interface": words[0], "to": format!("{}/{}", dotted(to), mask.count_ones()), "via": via,
            "metric": words.get(6).copied().and_then(int).unwrap_or(0),
        }))
    };
    Ok(rows.filter_map(route).collect())
}

fn hosts(text: &str) -> Vec<Value> {
    let entry = |line: &str| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let address = words.next()?;
        let names: Vec<&str> = words.collect();
        (!names.is_empty()).then(|| json!({"address": address, "names": names}))
    };
    lines(text).filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_read_in_the_order_of_their_bytes() {
        let text = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n\
            eth0\t00000000\t0101140A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
            eth0\t0001140A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\nbent\n";
        let expected = concat!(
            r#"[{"interface":"eth0","metric":100,"to":"0.0.0.0/0","via":"10.20.1.1"},"#,
            r#"{"interface":"eth0","metric":100,"to":"10.20.1.0/24","via":null}]"#
        );
        assert_eq!(Value::from(routes(text).unwrap()).to_string(), expected);
        assert_eq!(routes("\u{1}"), Err(Unseen::Malformed));
    }

    #[test]
    fn resolver_options() {
        assert_eq!(option("timeout:2"), ("timeout".to_owned(), json!(2)));
        assert_eq!(option("rotate"), ("rotate".to_owned(), json!(1)));
    }

    #[test]
    fn hosts_entries() {
        let text = "127.0.0.1 localhost # own\n::1\n10.0.0.5\tdb01 db01.example.com\n";
        assert_eq!(hosts(text).len(), 2);
    }
}
