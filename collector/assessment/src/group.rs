//! Rules of a whole: a cluster's nodes together, or two tiers and the link between them.
//!
//! A group is judged as a host is, on facts of its own: `group.nodes` or `link.from`, `link.to`
//! and `link.entries`, in which each member brings the facts that the rule asks for. A member
//! that does not know one of them makes the rule 점검불가, with the member's name.

use carepack_facts::Facts;
use carepack_shared::Unseen;
use serde_json::{Map, Value as Json, json};

use crate::rule::{Rule, Scope};
use crate::topology::{Group, Kind, Node};

/// Where the facts of a group come from.
pub const SOURCE: &str = "topology";

/// Whether a group is in a rule's reach.
#[must_use]
pub const fn is_in_scope(rule: &Rule, group: &Group) -> bool {
    match rule.spec.scope {
        Scope::Host => false,
        Scope::Cluster => matches!(group.kind, Kind::Cluster),
        Scope::Tiers => matches!(group.kind, Kind::WebApp | Kind::AppDb),
    }
}

/// What a rule sees of a group. `nodes` are those that the group's members point into.
#[must_use]
pub fn facts(rule: &Rule, group: &Group, nodes: &[Node<'_>]) -> Facts {
    let mut facts = Facts::default();
    facts.put("group.kind", word(group.kind), SOURCE);
    facts.put("group.name", group.name.as_str(), SOURCE);
    facts.put("group.strangers", group.strangers.clone(), SOURCE);
    let member = |prefix: &str, at: usize| told(rule, prefix, nodes[at]);
    if group.kind == Kind::Cluster {
        let all: Result<Vec<Json>, Lacking> =
            group.members.iter().map(|at| member("node.", *at)).collect();
        put(&mut facts, "group.nodes", all.map(Json::from));
        return facts;
    }
    facts.put("link.entries", group.entries.clone(), SOURCE);
    facts.put("link.pool_total", group.pools.0, SOURCE);
    facts.put("link.pool_total_all", group.pools.1, SOURCE);
    let peers: Result<Vec<Json>, Lacking> =
        group.peers.iter().map(|at| member("peer.", *at)).collect();
    put(&mut facts, "link.peers", peers.map(Json::from));
    for (key, prefix, at) in [("link.from", "from.", 0), ("link.to", "to.", 1)] {
        put(&mut facts, key, member(prefix, group.members[at]));
    }
    facts
}

/// A fact that a member does not know.
struct Lacking {
    reason: Unseen,
    source: String,
}

fn put(facts: &mut Facts, key: &str, value: Result<Json, Lacking>) {
    match value {
        Ok(value) => facts.put(key, value, SOURCE),
        Err(lacking) => facts.miss(key, lacking.reason, &lacking.source),
    }
}

/// `{"name": …, "facts": {key: value}}`, with what the rule needs and what it wants.
fn told(rule: &Rule, prefix: &str, node: Node<'_>) -> Result<Json, Lacking> {
    let mut known = Map::new();
    for key in rule.spec.needs.iter().filter_map(|need| need.strip_prefix(prefix)) {
        let Some(value) = node.facts.value(key) else { return Err(lacking(node, key)) };
        known.insert(key.to_owned(), value.clone());
    }
    for key in rule.spec.wants.iter().filter_map(|want| want.strip_prefix(prefix)) {
        if let Some(value) = node.facts.value(key) {
            known.insert(key.to_owned(), value.clone());
        }
    }
    Ok(json!({ "name": node.name, "facts": known }))
}

fn lacking(node: Node<'_>, key: &str) -> Lacking {
    let missing = node.facts.missing.get(key);
    let reason = missing.map_or(Unseen::Absent, |missing| missing.reason);
    let source = missing.map_or(key, |missing| missing.source.as_str());
    Lacking { reason, source: format!("{}: {source}", node.name) }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Cluster => "cluster",
        Kind::WebApp => "web_app",
        Kind::AppDb => "app_db",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = r#"
id: x
rev: 1
kind: best-practice
scope: cluster
needs: [group.nodes, node.kernel.release]
wants: [node.tuned.profile]
let: {kernels: "distinct(facts.group.nodes.map(n, n.facts['kernel.release']))"}
expect: [{attention: "size(kernels) == 1"}]
impact: 2
likelihood: {base: 2}
text:
  ko: {title: t, expected: e, why: w, finding: "{kernels}"}
  en: {title: t, expected: e, why: w, finding: "{kernels}"}
remedy: [{type: fix, ko: k, en: e, change_risk: 1, reboot: false}]
"#;

    #[test]
    fn members_bring_what_the_rule_asks_for() {
        let rule = Rule::parse("hygiene", "x", RULE).unwrap();
        let (mut a, mut b) = (Facts::default(), Facts::default());
        a.put("kernel.release", "5.14", "uname");
        b.put("tuned.profile", "balanced", "tuned");
        let group = Group {
            kind: Kind::Cluster,
            name: "shop".to_owned(),
            members: vec![0, 1],
            strangers: Vec::new(),
            entries: Vec::new(),
            pools: (0, 0),
            peers: Vec::new(),
        };
        let seen = |a: &Facts, b: &Facts| {
            let nodes = [Node { name: "a", facts: a }, Node { name: "b", facts: b }];
            facts(&rule, &group, &nodes)
        };
        let lacking = seen(&a, &b);
        assert_eq!(lacking.missing["group.nodes"].source, "b: kernel.release");
        b.put("kernel.release", "5.14", "uname");
        let whole = seen(&a, &b);
        assert_eq!(
            whole.value("group.nodes"),
            Some(&json!([
                {"name": "a", "facts": {"kernel.release": "5.14"}},
                {"name": "b", "facts": {"kernel.release": "5.14", "tuned.profile": "balanced"}},
            ]))
        );
        assert!(is_in_scope(&rule, &group));
    }

    #[test]
    fn a_rule_of_a_whole_may_only_ask_for_facts_that_there_are() {
        let wrong = RULE.replace("node.kernel.release", "node.kernel.relaese");
        let error = Rule::parse("hygiene", "x", &wrong).unwrap_err().to_string();
        assert!(error.contains("kernel.relaese"), "{error}");
        let wrong = RULE.replace("scope: cluster", "scope: host");
        let error = Rule::parse("hygiene", "x", &wrong).unwrap_err().to_string();
        assert!(error.contains("scope"), "{error}");
    }
}
