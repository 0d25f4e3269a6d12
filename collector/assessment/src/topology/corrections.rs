//! What an engineer knows better than the hosts' own settings: hosts that belong to a cluster or
//! do not, links that names cannot show, and links that are none.
//!
//! ```yaml
//! clusters:
//!   - {name: shop, members: [db03]}         # more members, or a cluster that nothing names
//!   - {name: shop, without: [db09]}         # not a member
//!   - {name: DRBD r0, remove: true}         # no cluster
//! links:
//!   - {from: web01, to: app01, kind: web_app, port: 8009}
//!   - {from: web01, to: old01, remove: true}
//! ```

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Group, Kind, Node};

/// Most corrections of each kind.
const CORRECTIONS_MAX: usize = 500;
/// Where a link that was added says that it comes from.
const SOURCE: &str = "topology.yaml";

/// The corrections of one contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Corrections {
    pub clusters: Vec<ClusterFix>,
    pub links: Vec<LinkFix>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClusterFix {
    pub name: String,
    pub members: Vec<String>,
    pub without: Vec<String>,
    pub remove: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkFix {
    pub from: String,
    pub to: String,
    /// `web_app` or `app_db`; needed for a link that is added.
    pub kind: Option<Kind>,
    pub port: Option<u16>,
    #[serde(default)]
    pub remove: bool,
}

/// A correction that cannot be meant so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorrectionError {
    #[error("no host {0:?} is under the contract")]
    Host(String),
    #[error("a cluster without a name")]
    Unnamed,
    #[error("cluster {0}: nothing to correct (members, without or remove: true)")]
    Nothing(String),
    #[error("cluster {0}: remove: true together with members")]
    Both(String),
    #[error("link {0} → {1}: kind must be web_app or app_db")]
    Kind(String, String),
    #[error("more than {CORRECTIONS_MAX} corrections")]
    Limit,
}

impl Corrections {
    /// Whether every name is one of the contract's hosts, and every correction says something.
    ///
    /// # Errors
    /// The first correction that does not.
    pub fn check(&self, hosts: &BTreeSet<&str>) -> Result<(), CorrectionError> {
        if self.clusters.len().max(self.links.len()) > CORRECTIONS_MAX {
            return Err(CorrectionError::Limit);
        }
        let known = |name: &String| match hosts.contains(name.as_str()) {
            true => Ok(()),
            false => Err(CorrectionError::Host(name.clone())),
        };
        for fix in &self.clusters {
            let named = || fix.name.clone();
            if fix.name.trim().is_empty() {
                return Err(CorrectionError::Unnamed);
            }
            if fix.remove && !fix.members.is_empty() {
                return Err(CorrectionError::Both(named()));
            }
            if !fix.remove && fix.members.is_empty() && fix.without.is_empty() {
                return Err(CorrectionError::Nothing(named()));
            }
            fix.members.iter().chain(&fix.without).try_for_each(known)?;
        }
        for fix in &self.links {
            known(&fix.from)?;
            known(&fix.to)?;
            if !fix.remove && !matches!(fix.kind, Some(Kind::WebApp | Kind::AppDb)) {
                return Err(CorrectionError::Kind(fix.from.clone(), fix.to.clone()));
            }
        }
        Ok(())
    }
}

/// Clusters as an engineer has them. A member that did not answer becomes a stranger.
pub fn clusters(nodes: &[Node<'_>], fixes: &[ClusterFix], groups: &mut Vec<Group>) {
    let at = |name: &String| nodes.iter().position(|node| node.name == name);
    for fix in fixes {
        if fix.remove {
            groups.retain(|group| group.name != fix.name);
            continue;
        }
        let place = groups.iter().position(|group| group.name == fix.name);
        let place = place.unwrap_or_else(|| {
            groups.push(Group::new(Kind::Cluster, fix.name.clone()));
            groups.len() - 1
        });
        let group = &mut groups[place];
        for name in &fix.members {
            match at(name) {
                Some(member) if !group.members.contains(&member) => group.members.push(member),
                Some(_) => {}
                None if group.strangers.contains(name) => {}
                None => group.strangers.push(name.clone()),
            }
        }
        let away: Vec<usize> = fix.without.iter().filter_map(at).collect();
        group.members.retain(|member| !away.contains(member));
        group.strangers.retain(|name| !fix.without.contains(name));
        group.members.sort_by_key(|member| nodes[*member].name);
        group.strangers.sort();
    }
    groups.retain(|group| !group.members.is_empty());
}

/// Links as an engineer has them; `answer` finds what listens on a port of a host.
pub fn links(
    nodes: &[Node<'_>],
    fixes: &[LinkFix],
    groups: &mut Vec<Group>,
    answer: impl Fn(usize, Kind, &Json) -> Json,
) {
    let at = |name: &String| nodes.iter().position(|node| node.name == name);
    for fix in fixes {
        let (Some(from), Some(to)) = (at(&fix.from), at(&fix.to)) else { continue };
        let is_same = |group: &Group| {
            group.kind != Kind::Cluster
                && group.members == [from, to]
                && fix.kind.is_none_or(|kind| kind == group.kind)
        };
        if fix.remove {
            groups.retain(|group| !is_same(group));
            continue;
        }
        let Some(kind) = fix.kind else { continue };
        let target = json!({ "host": fix.to, "port": fix.port, "source": SOURCE });
        let entry = json!({ "from": target, "to": answer(to, kind, &target) });
        match groups.iter_mut().find(|group| is_same(group)) {
            Some(group) => group.entries.push(entry),
            None => {
                let name = format!("{} → {}", fix.from, fix.to);
                let members = vec![from, to];
                let entries = vec![entry];
                groups.push(Group { members, entries, ..Group::new(kind, name) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> Result<(), String> {
        let read: Result<Corrections, _> = serde_yaml_ng::from_str(yaml);
        let hosts = BTreeSet::from(["web01", "app01", "db01"]);
        let read = read.map_err(|error| error.to_string())?;
        read.check(&hosts).map_err(|error| error.to_string())
    }

    #[test]
    fn corrections_say_something_about_hosts_of_the_contract() {
        let check = |yaml: &str, expected: &str| match read(yaml) {
            Ok(()) => assert_eq!(expected, "", "{yaml}"),
            Err(error) => assert!(!expected.is_empty() && error.contains(expected), "{error}"),
        };
        check("clusters: [{name: shop, members: [db01]}]", "");
        check("links: [{from: web01, to: app01, kind: web_app, port: 8009}]", "");
        check("links: [{from: web01, to: app01, remove: true}]", "");
        check("clusters: [{name: shop, members: [db09]}]", "\"db09\"");
        check("clusters: [{name: shop}]", "nothing to correct");
        check("clusters: [{name: shop, remove: true, members: [db01]}]", "together");
        check("clusters: [{members: [db01]}]", "without a name");
        check("links: [{from: web01, to: app01}]", "kind");
        check("links: [{from: web01, to: app01, kind: cluster}]", "kind");
        check("links: [{from: web01, too: app01}]", "too");
        check("cluster: []", "cluster");
    }
}
