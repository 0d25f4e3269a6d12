//! Tiers: which host calls which, by the targets of proxies and of connection pools.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::addresses::Addresses;
use super::{Group, Kind, Node, rows, text};

/// Facts that name a target (`host`, `port`), and facts of what may answer it (`port`).
struct Tier {
    kind: Kind,
    callers: &'static [&'static str],
    answers: &'static [&'static str],
}

const TIERS: [Tier; 2] = [
    Tier {
        kind: Kind::WebApp,
        callers: &["httpd.backends"],
        answers: &["tomcat.connectors", "jboss.listeners"],
    },
    Tier {
        kind: Kind::AppDb,
        callers: &["tomcat.datasources", "jboss.datasources"],
        answers: &["mysql.instances"],
    },
];

/// Most targets of one host.
const TARGETS_MAX: usize = 1_000;

/// Every link between hosts of the contract, also of a host with itself.
pub fn discover(nodes: &[Node<'_>], addresses: &Addresses, clusters: &[Group]) -> Vec<Group> {
    let mut groups = Vec::new();
    for tier in &TIERS {
        for (from, node) in nodes.iter().enumerate() {
            let mut links: BTreeMap<usize, Vec<Json>> = BTreeMap::new();
            let targets = tier.callers.iter().flat_map(|key| rows(node.facts, key));
            for target in targets.take(TARGETS_MAX) {
                for to in owners(nodes, addresses, clusters, (from, text(target, "host"))) {
                    let answer = answer(&nodes[to], tier, target);
                    let entry = json!({ "from": target, "to": answer });
                    links.entry(to).or_default().push(entry);
                }
            }
            groups.extend(links.into_iter().map(|(to, entries)| Group {
                kind: tier.kind,
                name: format!("{} → {}", node.name, nodes[to].name),
                members: vec![from, to],
                strangers: Vec::new(),
                entries,
            }));
        }
    }
    groups
}

/// The hosts that a target means: one, or all nodes of the cluster whose address it is.
fn owners(
    nodes: &[Node<'_>],
    addresses: &Addresses,
    clusters: &[Group],
    (from, name): (usize, &str),
) -> Vec<usize> {
    if name.is_empty() {
        return Vec::new();
    }
    let address = addresses.address(from, name);
    let floats = |at: &usize| {
        let list = nodes[*at].facts.value("cluster.addresses").and_then(Json::as_array);
        list.into_iter().flatten().any(|one| one.as_str() == Some(address))
    };
    // A floating address is asked for first: its holder of the moment has it on an interface.
    let cluster = clusters.iter().find(|cluster| cluster.members.iter().any(floats));
    match cluster {
        Some(cluster) => cluster.members.clone(),
        None => addresses.host(from, name).into_iter().collect(),
    }
}

/// What listens on the target's port; a null when nothing known does.
fn answer(node: &Node<'_>, tier: &Tier, target: &Json) -> Json {
    let port = target.get("port").and_then(Json::as_i64);
    let all = tier.answers.iter().flat_map(|key| rows(node.facts, key));
    let mut fitting =
        all.filter(|row| port.is_some() && row.get("port").and_then(Json::as_i64) == port);
    fitting.next().cloned().unwrap_or(Json::Null)
}
