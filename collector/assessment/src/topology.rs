//! Which hosts of a contract belong together: nodes of one cluster, and tiers that call each
//! other (web → application → database), found in the hosts' own facts.
//!
//! It judges nothing. A host that did not answer is not in it; a name that points outside the
//! contract stays a name.

mod addresses;
mod clusters;
mod corrections;
mod links;

use carepack_facts::Facts;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use addresses::Addresses;
pub use corrections::{ClusterFix, CorrectionError, Corrections, LinkFix};

/// Most groups of one contract.
pub const GROUPS_MAX: usize = 500;

/// One answering host.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub name: &'a str,
    pub facts: &'a Facts,
}

/// What kind of belonging it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nodes of one Pacemaker cluster, or the two sides of DRBD resources.
    Cluster,
    /// A web server and the application server that it passes requests to.
    WebApp,
    /// An application server and the database that its pools connect to.
    AppDb,
}

/// Hosts that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub kind: Kind,
    /// The cluster's name, or `web01 → app01`.
    pub name: String,
    /// Positions in the list of nodes: of a cluster in order of name, of a link from and to.
    pub members: Vec<usize>,
    /// Nodes that the cluster names and that are not among the members; of a link the caller's
    /// targets of the same kind that no host of the contract answers to.
    pub strangers: Vec<String>,
    /// Of a link: `[{"from": …, "to": … or null}]`, the caller's entry and what answers it.
    pub entries: Vec<Json>,
    /// Of a link to a database: connections that the caller's pools may open, and those of all
    /// callers of that host.
    pub pools: (i64, i64),
    /// Of a link to an application server: all its callers, itself among them, as positions in
    /// order of name. They stand beside each other behind one balancer or name.
    pub peers: Vec<usize>,
}

impl Group {
    fn new(kind: Kind, name: String) -> Self {
        Self {
            kind,
            name,
            members: Vec::new(),
            strangers: Vec::new(),
            entries: Vec::new(),
            pools: (0, 0),
            peers: Vec::new(),
        }
    }
}

/// Every group, clusters first, each kind in order of name; `corrections` have the last word.
#[must_use]
pub fn discover(nodes: &[Node<'_>], corrections: &Corrections) -> Vec<Group> {
    let addresses = Addresses::of(nodes);
    let mut groups = clusters::discover(nodes);
    corrections::clusters(nodes, &corrections.clusters, &mut groups);
    let mut links = links::discover(nodes, &addresses, &groups);
    corrections::links(nodes, &corrections.links, &mut links, |to, kind, target| {
        links::answer_of(&nodes[to], kind, target)
    });
    links::sum(&mut links);
    links::beside(nodes, &mut links);
    groups.extend(links);
    groups.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    groups.truncate(GROUPS_MAX);
    groups
}

/// The rows of a fact that is a list of maps; none when it is not known.
fn rows<'a>(facts: &'a Facts, key: &str) -> &'a [Json] {
    facts.value(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// A text field of a row; empty when it has none.
fn text<'a>(row: &'a Json, field: &str) -> &'a str {
    row.get(field).and_then(Json::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::facts;

    fn interfaces(address: &str) -> (&'static str, Json) {
        ("net.interfaces", json!([{"name": "ens192", "addresses": [format!("{address}/24")]}]))
    }

    fn told(hosts: &[(&str, Facts)]) -> Vec<String> {
        let nodes: Vec<Node<'_>> = hosts.iter().map(|(name, facts)| Node { name, facts }).collect();
        let names = |group: &Group| {
            let members = group.members.iter().map(|at| hosts[*at].0);
            members.collect::<Vec<_>>().join("+")
        };
        let one = |group: &Group| {
            let answered = group.entries.iter().filter(|e| !e["to"].is_null()).count();
            let (entries, strangers) = (group.entries.len(), group.strangers.join(","));
            let Group { kind, name, .. } = group;
            format!("{kind:?} {name}: {} [{strangers}] {answered}/{entries}", names(group))
        };
        discover(&nodes, &Corrections::default()).iter().map(one).collect()
    }

    #[test]
    fn a_two_tier_stack_on_a_cluster() {
        let cluster = json!([{"name": "db1"}, {"name": "db2"}, {"name": "db3"}]);
        let db = |name: &'static str, address: &str| {
            let known = facts(&[
                interfaces(address),
                ("cluster.name", json!("shop")),
                ("cluster.nodes", cluster.clone()),
                ("cluster.addresses", json!(["10.0.0.100"])),
                ("mysql.instances", json!([{"port": 3306, "max_connections": 200}])),
            ]);
            (name, known)
        };
        let web = facts(&[
            interfaces("10.0.0.1"),
            ("net.hosts", json!([{"address": "10.0.0.2", "names": ["app-a"]}])),
            ("httpd.backends", json!([{"scheme": "ajp", "host": "app-a", "port": 8009}])),
        ]);
        let app = facts(&[
            interfaces("10.0.0.2"),
            ("tomcat.connectors", json!([{"port": 8009, "max_threads": 200}])),
            (
                "tomcat.datasources",
                json!([{"host": "10.0.0.100", "port": 3306, "name": "jdbc/shop"}]),
            ),
        ]);
        let hosts = [db("db1", "10.0.0.3"), db("db2", "10.0.0.4"), ("web1", web), ("app1", app)];
        let expected = [
            "Cluster shop: db1+db2 [db3] 0/0",
            "WebApp web1 → app1: web1+app1 [] 1/1",
            "AppDb app1 → db1: app1+db1 [] 1/1",
            "AppDb app1 → db2: app1+db2 [] 1/1",
        ];
        assert_eq!(told(&hosts), expected);
    }

    #[test]
    fn an_engineer_has_the_last_word() {
        let web = facts(&[
            interfaces("10.0.0.1"),
            ("httpd.backends", json!([{"host": "10.0.0.2", "port": 80}, {"host": "10.9.9.9"}])),
        ]);
        let app = facts(&[interfaces("10.0.0.2"), ("tomcat.connectors", json!([{"port": 80}]))]);
        let hosts = [("web1", web), ("app1", app), ("db1", Facts::default())];
        let nodes: Vec<Node<'_>> = hosts.iter().map(|(name, facts)| Node { name, facts }).collect();
        let check = |yaml: &str, expected: &[&str]| {
            let corrections: Corrections = serde_yaml_ng::from_str(yaml).unwrap();
            let told = discover(&nodes, &corrections);
            let told: Vec<String> = told
                .iter()
                .map(|group| format!("{} [{}]", group.name, group.strangers.join(",")))
                .collect();
            assert_eq!(told, expected, "{yaml}");
        };
        check("{}", &["web1 → app1 [10.9.9.9]"]);
        check("links: [{from: web1, to: app1, remove: true}]", &[]);
        check(
            "{clusters: [{name: c, members: [db1, db9]}], links: [{from: app1, to: db1, kind: app_db}]}",
            &["c [db9]", "web1 → app1 [10.9.9.9]", "app1 → db1 []"],
        );
    }

    #[test]
    fn pools_of_all_callers_add_up() {
        let app = |address: &str| {
            facts(&[
                interfaces(address),
                (
                    "tomcat.datasources",
                    json!([{"host": "10.0.0.9", "port": 3306, "max_total": 60}, {"host": "10.0.0.9",
                        "port": 3306, "max_total": 40}]),
                ),
            ])
        };
        let db = facts(&[interfaces("10.0.0.9"), ("mysql.instances", json!([{"port": 3306}]))]);
        let hosts = [("app1", app("10.0.0.1")), ("app2", app("10.0.0.2")), ("db", db)];
        let nodes: Vec<Node<'_>> = hosts.iter().map(|(name, facts)| Node { name, facts }).collect();
        let groups = discover(&nodes, &Corrections::default());
        assert_eq!(groups.iter().map(|group| group.pools).collect::<Vec<_>>(), [(100, 200); 2]);
    }

    #[test]
    fn callers_of_one_application_server_stand_beside_each_other() {
        let web = |address: &str, target: &str| {
            facts(&[interfaces(address), ("httpd.backends", json!([{"host": target, "port": 80}]))])
        };
        let app = |address: &str| facts(&[interfaces(address)]);
        let hosts = [
            ("web2", web("10.0.0.2", "10.0.0.8")),
            ("web1", web("10.0.0.1", "10.0.0.8")),
            ("web3", web("10.0.0.3", "10.0.0.9")),
            ("app1", app("10.0.0.8")),
            ("app2", app("10.0.0.9")),
        ];
        let nodes: Vec<Node<'_>> = hosts.iter().map(|(name, facts)| Node { name, facts }).collect();
        let groups = discover(&nodes, &Corrections::default());
        let told: Vec<_> = groups.iter().map(|group| (&*group.name, &group.peers[..])).collect();
        let expected =
            [("web1 → app1", &[1, 0][..]), ("web2 → app1", &[1, 0]), ("web3 → app2", &[2])];
        assert_eq!(told, expected);
    }

    #[test]
    fn names_outside_the_contract_make_no_group() {
        let web = facts(&[
            interfaces("10.0.0.1"),
            ("httpd.backends", json!([{"host": "elsewhere.example", "port": 80}, {"port": 1}, 7])),
        ]);
        assert!(told(&[("web1", web)]).is_empty());
    }

    #[test]
    fn one_machine_may_be_two_tiers() {
        let both = facts(&[
            ("httpd.backends", json!([{"host": "localhost", "port": 8080}])),
            ("tomcat.connectors", json!([{"port": 8080}])),
        ]);
        assert_eq!(told(&[("w", both)]), ["WebApp w → w: w+w [] 1/1"]);
    }

    #[test]
    fn sides_of_drbd_are_a_cluster_without_pacemaker() {
        let side = || {
            facts(&[(
                "drbd.resources",
                json!([{"name": "r0", "nodes": [{"name": "a"}, {"name": "b.example.com"}]}]),
            )])
        };
        let hosts = [("a", side()), ("b", side()), ("c", Facts::default())];
        assert_eq!(told(&hosts), ["Cluster DRBD r0: a+b [] 0/0"]);
    }
}
