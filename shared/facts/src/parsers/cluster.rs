//! The high-availability cluster (corosync, Pacemaker): its settings, and what it says of itself.
//!
//! Settings come from `corosync.conf` and the CIB (both reduced on the host), the state of the
//! moment from `crm_mon`'s XML; the CIB on disk has no state, one taken from a running cluster
//! has. A host without any of it has empty lists and the stack `none`.

mod around;
mod cib;
mod constraints;
mod corosync;
mod fencing;
mod input;
mod monitor;
mod parts;
mod resources;
mod state;
mod tools;

use carepack_shared::{Unseen, xml};
use serde_json::{Value, json};

use crate::{Evidence, Facts, Missing, Parser, Spec};

pub static PARSER: Parser = Parser { name: "cluster", facts: FACTS, parse };

macro_rules! spec {
    ($key:literal, $about:literal) => {
        Spec { key: $key, unit: "", about: $about }
    };
}

const FACTS: &[Spec] = &[
    spec!("cluster.stack", "corosync, cman, unconfigured (installed only) or none"),
    spec!("cluster.name", "the cluster's name; empty when the host is in none"),
    spec!("cluster.nodes", "configured nodes: name, id, addresses"),
    spec!("cluster.addresses", "virtual addresses that resources carry"),
    spec!("cluster.legacy", "a cluster.conf of cman or rgmanager: name and nodes"),
    spec!("cluster.versions", "installed packages of the cluster → version"),
    spec!("cluster.totem", "corosync's transport, token, consensus, encryption, links"),
    spec!("cluster.quorum", "corosync's quorum options as they take effect"),
    spec!("cluster.config_sha256", "SHA-256 of corosync.conf"),
    spec!("cluster.logging", "where corosync writes its log"),
    spec!("cluster.cib", "version, writer and schema of the CIB"),
    spec!("cluster.properties", "Pacemaker's options as they take effect"),
    spec!("cluster.fencing", "fence devices, levels, and nodes that none covers"),
    spec!("cluster.resources", "configured resources: agent, timeouts, thresholds, options"),
    spec!("cluster.constraints", "location, colocation and order constraints"),
    spec!("cluster.status", "what the running cluster says: coordinator, quorum, version"),
    spec!("cluster.node_states", "online, standby, maintenance, unclean, pending, by node"),
    spec!("cluster.resource_states", "role, place, managed, failed, blocked, by resource"),
    spec!("cluster.failures", "failed actions: resource, node, operation, code, when"),
    spec!("cluster.fail_counts", "resource, node, failures, threshold"),
    spec!("cluster.fencing_history", "fencing that was done or tried"),
    spec!("cluster.operations", "how long starts and stops took, and their time-outs"),
    spec!("cluster.membership", "quorum as corosync counts it: votes, members, flags"),
    spec!("cluster.link_states", "rings or links as corosync sees them"),
    spec!("cluster.sbd", "SBD: devices, watchdog, settings"),
    spec!("cluster.booth", "booth sites, arbitrators and tickets"),
    spec!("cluster.keys", "modes and sizes of the cluster's keys"),
    spec!("cluster.units", "units of the cluster: active and enabled"),
    spec!(
        "cluster.last_input",
        "newest scheduler input: when, nodes, unclean, failures, fail counts"
    ),
    spec!("cluster.transitions", "newest scheduler inputs: kind and when"),
];

const COROSYNC: (&str, &str) = ("survey:corosync-conf", "/etc/corosync/corosync.conf");
const CIB: (&str, &str) = ("survey:cluster-cib", "/var/lib/pacemaker/cib/cib.xml");
const MONITOR: &str = "survey:crm-mon";
const LEGACY: &str = "survey:cluster-legacy";

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let seen = around::Seen::of(evidence);
    match around::stack(evidence, &seen) {
        Ok(stack) => {
            facts.put("cluster.stack", stack, COROSYNC.0);
            if matches!(stack, "none" | "cman") {
                empty(facts, &seen);
            }
        }
        Err(missing) => facts.hide(&["cluster.stack"], &missing),
    }
    around::tell(evidence, &seen, facts);
    if facts.value("cluster.stack").is_some_and(|stack| stack == "none" || stack == "cman") {
        return;
    }
    let ring = corosync::tell(evidence, &seen, facts);
    let root = text_of(evidence, CIB).and_then(|(text, source)| {
        let malformed = |_| Missing { reason: Unseen::Malformed, source: source.to_owned() };
        xml::parse(&text).map_err(malformed).map(|root| (root, source))
    });
    let monitor = monitor::root(evidence);
    match &root {
        Ok((root, source)) => cib::tell(root, source, facts),
        Err(missing) => facts.hide(&cib::KEYS, missing),
    }
    match (&monitor, &root) {
        (Ok(monitor), cib) => {
            monitor::tell(monitor, cib.as_ref().ok().map(|(cib, _)| cib), facts);
        }
        (Err(_), Ok((cib, source))) if state::has_status(cib) => state::tell(cib, source, facts),
        (Err(missing), _) => facts.hide(&monitor::KEYS, missing),
    }
    names(facts, &ring, root.as_ref().ok().map(|(root, _)| root));
    tools::tell(evidence, facts);
    input::tell(evidence, facts);
}

/// Everything of a host that is in no cluster.
fn empty(facts: &mut Facts, seen: &around::Seen) {
    let source = COROSYNC.0;
    let lists = [
        "cluster.nodes",
        "cluster.addresses",
        "cluster.resources",
        "cluster.constraints",
        "cluster.node_states",
        "cluster.resource_states",
        "cluster.failures",
        "cluster.fail_counts",
        "cluster.fencing_history",
        "cluster.operations",
        "cluster.link_states",
        "cluster.transitions",
    ];
    for key in lists {
        facts.put(key, Vec::<Value>::new(), source);
    }
    let maps = [
        "cluster.totem",
        "cluster.quorum",
        "cluster.logging",
        "cluster.cib",
        "cluster.properties",
        "cluster.fencing",
        "cluster.status",
        "cluster.membership",
        "cluster.sbd",
        "cluster.booth",
        "cluster.keys",
        "cluster.last_input",
        "cluster.units",
        "cluster.versions",
    ];
    for key in maps {
        facts.put(key, json!({}), source);
    }
    facts.put("cluster.legacy", seen.legacy.clone(), source);
    facts.put("cluster.name", "", source);
    facts.put("cluster.config_sha256", "", source);
}

/// The cluster's name and nodes, by corosync first: the CIB may not know its name.
fn names(facts: &mut Facts, ring: &corosync::Ring, cib: Option<&xml::Element>) {
    let cib_nodes = cib.map(parts::nodes).unwrap_or_default();
    let nodes = if ring.nodes.is_empty() { cib_nodes } else { ring.nodes.clone() };
    if nodes.is_empty() && ring.name.is_none() && cib.is_none() {
        let missing = ring
            .missing
            .clone()
            .unwrap_or_else(|| Missing { reason: Unseen::Absent, source: COROSYNC.0.to_owned() });
        return facts.hide(&["cluster.name", "cluster.nodes"], &missing);
    }
    let told = ring.name.clone().or_else(|| cib.and_then(parts::name));
    let named = || {
        let names = nodes.iter().filter_map(|node| node.get("name").and_then(Value::as_str));
        names.collect::<Vec<_>>().join("+")
    };
    facts.put("cluster.name", told.unwrap_or_else(named), COROSYNC.0);
    facts.put("cluster.nodes", nodes, COROSYNC.0);
}

/// The text of a source that is a survey (of the agent) or the file itself (of an archive).
fn text_of(
    evidence: &Evidence<'_>,
    (survey, path): (&'static str, &'static str),
) -> Result<(String, &'static str), Missing> {
    let reason = match evidence.get(survey).map(carepack_shared::Observation::json) {
        Some(Ok(Value::String(text))) => return Ok((text.clone(), survey)),
        Some(Ok(value)) => match value.get("text").and_then(Value::as_str) {
            Some(text) => return Ok((text.to_owned(), survey)),
            None => Unseen::Malformed,
        },
        Some(Err(reason)) => reason,
        None => match evidence.text(path) {
            Ok(text) => return Ok((text.to_owned(), path)),
            Err(reason) => return Err(Missing { reason, source: path.to_owned() }),
        },
    };
    Err(Missing { reason, source: survey.to_owned() })
}

/// Whether somebody looked for a source and it was not there.
fn is_absent(evidence: &Evidence<'_>, (survey, path): (&str, &str)) -> bool {
    evidence.is_absent(survey) || evidence.get(survey).is_none() && evidence.is_absent(path)
}

/// Pacemaker's booleans: `true`, `on`, `yes`, `y`, `1`.
fn truth(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "on" | "yes" | "y" | "1")
}

/// Milliseconds of an interval: `20`, `20s`, `500ms`, `2min`, `1h`, `PT1M30S`.
fn milliseconds(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(iso) = text.strip_prefix('P') {
        return iso_milliseconds(iso);
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..end].parse().ok()?;
    let factor = match text[end..].trim() {
        "" | "s" | "sec" => 1_000,
        "ms" | "msec" => 1,
        "us" | "usec" => return Some(number / 1_000),
        "m" | "min" => 60_000,
        "h" | "hr" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// `1DT2H3M4S`; years and months do not stand in time-outs.
fn iso_milliseconds(text: &str) -> Option<i64> {
    let (mut total, mut number, mut in_time) = (0_i64, 0_i64, false);
    for c in text.chars() {
        let factor = match c {
            'T' => {
                in_time = true;
                continue;
            }
            '0'..='9' => {
                let digit = i64::from(u32::from(c) - u32::from('0'));
                number = number.checked_mul(10)?.checked_add(digit)?;
                continue;
            }
            'W' => 604_800_000,
            'D' => 86_400_000,
            'H' => 3_600_000,
            'M' if in_time => 60_000,
            'S' => 1_000,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        number = 0;
    }
    Some(total)
}

/// Pacemaker's scores: a number, or ±INFINITY as ±1,000,000.
fn score(text: &str) -> Option<i64> {
    const INFINITY: i64 = 1_000_000;
    match text.trim() {
        "INFINITY" | "+INFINITY" | "infinity" => Some(INFINITY),
        "-INFINITY" | "-infinity" => Some(-INFINITY),
        number => number.parse::<i64>().ok().map(|n| n.clamp(-INFINITY, INFINITY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_and_scores() {
        let check = |text, expected| assert_eq!(milliseconds(text), expected, "{text}");
        check("20", Some(20_000));
        check("60s", Some(60_000));
        check("500ms", Some(500));
        check("2min", Some(120_000));
        check("PT1M30S", Some(90_000));
        check("P1DT1H", Some(90_000_000));
        check("soon", None);
        check("P99999999999999999999D", None);
        check("9223372036854775807h", None);
        assert_eq!(score("-INFINITY"), Some(-1_000_000));
        assert_eq!(score("100"), Some(100));
        assert_eq!(score("x"), None);
    }
}
