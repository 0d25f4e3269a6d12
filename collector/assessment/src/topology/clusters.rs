//! Clusters: hosts that name the same Pacemaker cluster, and the two sides of DRBD resources.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::addresses::short;
use super::{Group, Kind, Node, rows, text};

/// Every cluster of more than one host, and every Pacemaker cluster even of one.
pub fn discover(nodes: &[Node<'_>]) -> Vec<Group> {
    let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        // The name of a host that is in no cluster is empty.
        let name = node.facts.value("cluster.name").and_then(Json::as_str);
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            found.entry(name.to_owned()).or_default().insert(at);
        }
    }
    let mut groups: Vec<Group> = found
        .into_iter()
        .map(|(name, members)| group(nodes, name, members, "cluster.nodes"))
        .collect();
    let taken: Vec<BTreeSet<usize>> =
        groups.iter().map(|group| group.members.iter().copied().collect()).collect();
    for (name, members) in mirrored(nodes) {
        if members.len() > 1 && !taken.iter().any(|whole| members.is_subset(whole)) {
            groups.push(group(nodes, name, members, ""));
        }
    }
    groups
}

/// Members in order of name, with the nodes that only the cluster's own list has.
fn group(nodes: &[Node<'_>], name: String, members: BTreeSet<usize>, list: &str) -> Group {
    let mut members: Vec<usize> = members.into_iter().collect();
    members.sort_by_key(|at| nodes[*at].name);
    let known: BTreeSet<&str> = members.iter().map(|at| short(nodes[*at].name)).collect();
    let named = members.iter().flat_map(|at| rows(nodes[*at].facts, list));
    let strangers: BTreeSet<&str> = named
        .map(|row| text(row, "name"))
        .filter(|name| !name.is_empty() && !known.contains(short(name)))
        .collect();
    let strangers = strangers.into_iter().map(str::to_owned).collect();
    Group { members, strangers, ..Group::new(Kind::Cluster, name) }
}

/// Hosts that share DRBD resources: resource names → hosts. Resources with the same sides are one.
fn mirrored(nodes: &[Node<'_>]) -> Vec<(String, BTreeSet<usize>)> {
    let mut sides: BTreeMap<BTreeSet<usize>, BTreeSet<&str>> = BTreeMap::new();
    for node in nodes {
        for resource in rows(node.facts, "drbd.resources") {
            let named = resource.get("nodes").and_then(Json::as_array);
            let named = named.into_iter().flatten().map(|side| short(text(side, "name")));
            let of = |name: &str| nodes.iter().position(|other| short(other.name) == name);
            let members: BTreeSet<usize> = named.filter_map(of).collect();
            sides.entry(members).or_default().insert(text(resource, "name"));
        }
    }
    let name = |names: BTreeSet<&str>| {
        format!("DRBD {}", names.into_iter().collect::<Vec<_>>().join(", "))
    };
    sides.into_iter().map(|(members, names)| (name(names), members)).collect()
}
