//! Where things stand in a CIB: parts of its configuration, options in their sets, names.
//!
//! It does not know what an option means, nor what becomes a fact.

use carepack_shared::xml::Element;
use serde_json::{Value, json};

use super::truth;

/// Most nodes that are told of.
const NODES_MAX: usize = 200;

/// A part of the configuration: `resources`, `crm_config`.
pub fn part<'e>(root: &'e Element, name: &str) -> Option<&'e Element> {
    let configuration = root.children.iter().find(|child| child.name == "configuration")?;
    configuration.children.iter().find(|child| child.name == name)
}

/// The value of an option among `nvpair`s of the given kind of set (`meta_attributes`).
pub fn option<'e>(of: &'e Element, set: &str, names: &[&str]) -> Option<&'e str> {
    let sets = of.children.iter().filter(|child| child.name == set);
    let mut pairs = sets.flat_map(|set| set.children.iter().filter(|c| c.name == "nvpair"));
    let found = pairs.find(|pair| pair.attribute("name").is_some_and(|n| names.contains(&n)))?;
    found.attribute("value")
}

/// The cluster's name as the CIB has it.
pub fn name(root: &Element) -> Option<String> {
    let name = option(part(root, "crm_config")?, "cluster_property_set", &["cluster-name"])?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// `[{"name", "id", "addresses": []}]` of full members; remote nodes have no vote.
pub fn nodes(root: &Element) -> Vec<Value> {
    let listed = part(root, "nodes").into_iter().flat_map(|nodes| nodes.all("node"));
    let members =
        listed.filter(|node| matches!(node.attribute("type"), None | Some("normal" | "member")));
    let one = |node: &Element| {
        let id = node.attribute("id").and_then(|id| id.parse::<i64>().ok());
        let name = node.attribute("uname").or_else(|| node.attribute("id")).unwrap_or_default();
        json!({ "name": name, "id": id, "addresses": [] })
    };
    members.take(NODES_MAX).map(one).collect()
}

/// Whether one of these attributes of a node is on: `standby`, `maintenance`.
pub fn is_set(node: &Element, names: &[&str]) -> bool {
    option(node, "instance_attributes", names).is_some_and(truth)
}
