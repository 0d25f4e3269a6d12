//! Which host a name or an address means, as the host that uses it would resolve it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Node, rows, text};

/// Addresses and names of all hosts.
pub struct Addresses {
    owners: BTreeMap<String, usize>,
    /// Of each host: what its own hosts file says.
    own: Vec<BTreeMap<String, String>>,
}

impl Addresses {
    pub fn of(nodes: &[Node<'_>]) -> Self {
        let mut owners = BTreeMap::new();
        let mut own = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            for interface in rows(node.facts, "net.interfaces") {
                for address in strings(interface.get("addresses")) {
                    let bare = address.split('/').next().unwrap_or(address);
                    owners.entry(bare.to_owned()).or_insert(at);
                }
            }
            owners.entry(node.name.to_lowercase()).or_insert(at);
            owners.entry(short(node.name).to_lowercase()).or_insert(at);
            own.push(hosts_file(node));
        }
        Self { owners, own }
    }

    /// The host that `name` means on host `from`; none when it is outside the contract.
    pub fn host(&self, from: usize, name: &str) -> Option<usize> {
        let name = name.trim_matches(['[', ']']).to_lowercase();
        if is_loopback(&name) {
            return Some(from);
        }
        let known = self.owners.get(self.address(from, &name));
        known.or_else(|| self.owners.get(&name)).or_else(|| self.owners.get(short(&name))).copied()
    }

    /// The address that the hosts file of `from` gives for a name, else the name itself.
    pub fn address<'a>(&'a self, from: usize, name: &'a str) -> &'a str {
        self.own.get(from).and_then(|own| own.get(name)).map_or(name, String::as_str)
    }
}

/// Whether a name stays on the host.
fn is_loopback(name: &str) -> bool {
    name.starts_with("127.") || matches!(name, "localhost" | "localhost.localdomain" | "::1")
}

/// `db1` of `db1.example.com`; an address stays whole.
pub fn short(name: &str) -> &str {
    let is_address = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_address { name } else { name.split('.').next().unwrap_or(name) }
}

fn hosts_file(node: &Node<'_>) -> BTreeMap<String, String> {
    let mut own = BTreeMap::new();
    for row in rows(node.facts, "net.hosts") {
        for name in strings(row.get("names")) {
            let address = text(row, "address").to_owned();
            own.entry(name.to_lowercase()).or_insert(address);
        }
    }
    own
}

fn strings(list: Option<&Json>) -> impl Iterator<Item = &str> {
    list.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}
