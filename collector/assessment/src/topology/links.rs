//! Tiers: which host calls which, by the targets of proxies and of connection pools.

use std::collections::{BTreeMap, BTreeSet};

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
            let mut strangers: BTreeSet<String> = BTreeSet::new();
            for target in targets.take(TARGETS_MAX) {
                let owners = owners(nodes, addresses, clusters, (from, text(target, "host")));
                if owners.is_empty() && !text(target, "host").is_empty() {
                    strangers.insert(place(target));
                }
                for to in owners {
                    let answer = answer(&nodes[to], tier, target);
                    let entry = json!({ "from": target, "to": answer });
                    links.entry(to).or_default().push(entry);
                }
            }
            groups.extend(links.into_iter().map(|(to, entries)| Group {
                kind: tier.kind,
                name: format!("{} → {}", node.name, nodes[to].name),
                members: vec![from, to],
                strangers: strangers.iter().cloned().collect(),
                entries,
                pools: (0, 0),
                peers: Vec::new(),
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

/// `10.0.0.9:3306`.
fn place(target: &Json) -> String {
    let host = text(target, "host");
    match target.get("port").and_then(Json::as_i64) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// What listens on the target's port of a tier of this kind.
pub fn answer_of(node: &Node<'_>, kind: Kind, target: &Json) -> Json {
    let tier = TIERS.iter().find(|tier| tier.kind == kind);
    tier.map_or(Json::Null, |tier| answer(node, tier, target))
}

/// Connections that pools may open: of each link, and of all links to the same host.
pub fn sum(groups: &mut [Group]) {
    let mut all: BTreeMap<usize, i64> = BTreeMap::new();
    for group in groups.iter_mut().filter(|group| group.kind == Kind::AppDb) {
        let size = |entry: &Json| {
            let sizes = ["max_total", "max_pool"].map(|field| entry["from"].get(field));
            sizes.into_iter().flatten().find_map(Json::as_i64).unwrap_or(0).max(0)
        };
        group.pools.0 = group.entries.iter().map(size).fold(0, i64::saturating_add);
        let of_host = all.entry(group.members[1]).or_default();
        *of_host = of_host.saturating_add(group.pools.0);
    }
    for group in groups.iter_mut().filter(|group| group.kind == Kind::AppDb) {
        group.pools.1 = all.get(&group.members[1]).copied().unwrap_or(0);
    }
}

/// Which callers of the same application server each caller stands beside, itself among them.
pub fn beside(nodes: &[Node<'_>], groups: &mut [Group]) {
    let mut callers: BTreeMap<usize, BTreeSet<(&str, usize)>> = BTreeMap::new();
    for group in groups.iter().filter(|group| group.kind == Kind::WebApp) {
        let from = group.members[0];
        callers.entry(group.members[1]).or_default().insert((nodes[from].name, from));
    }
    for group in groups.iter_mut().filter(|group| group.kind == Kind::WebApp) {
        let all = callers.get(&group.members[1]).into_iter().flatten();
        group.peers = all.map(|(_, at)| *at).collect();
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
