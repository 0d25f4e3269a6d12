//! The state of nodes, and failures, out of a CIB that was taken from a running cluster (reports of problems,
//! inputs of the scheduler); the one on disk has none.
//!
//! ```text
//! <node_state id="1" uname="a" in_ccm="true" crmd="online" join="member" expected="member"/>
//! ```

use carepack_shared::xml::Element;
use serde_json::{Value, json};

use super::{parts, score, truth};
use crate::{Facts, Missing};

/// Most rows of each list.
const ROWS_MAX: usize = 2_000;

fn states(root: &Element) -> impl Iterator<Item = &Element> {
    root.all("status").flat_map(|status| status.all("node_state"))
}

/// Whether the CIB has a state at all.
pub fn has_status(root: &Element) -> bool {
    states(root).next().is_some()
}

pub fn tell(root: &Element, source: &str, facts: &mut Facts) {
    facts.put("cluster.node_states", nodes(root), source);
    facts.put("cluster.fail_counts", counts(root), source);
    facts.put("cluster.failures", failures(root), source);
    let told = json!({
        "dc": null,
        "with_quorum": root.attribute("have-quorum").map(truth),
        "changed": root.attribute("cib-last-written"),
    });
    facts.put("cluster.status", told, source);
    let reason = carepack_shared::Unseen::Absent;
    let missing = Missing { reason, source: super::MONITOR.to_owned() };
    facts.hide(&super::monitor::KEYS, &missing);
}

pub fn nodes(root: &Element) -> Vec<Value> {
    let fenced = fencing_on(root);
    let listed = parts::part(root, "nodes").into_iter().flat_map(|list| list.all("node"));
    let members =
        listed.filter(|node| matches!(node.attribute("type"), None | Some("normal" | "member")));
    members.take(ROWS_MAX).map(|node| one(root, node, fenced)).collect()
}

fn fencing_on(root: &Element) -> bool {
    let names = ["stonith-enabled", "fencing-enabled"];
    let config = parts::part(root, "crm_config");
    let set = config.and_then(|config| parts::option(config, "cluster_property_set", &names));
    set.is_none_or(truth)
}

/// A yes, or the moment since when (since Pacemaker 2.1.7).
fn is_up(state: &Element, name: &str) -> bool {
    let Some(text) = state.attribute(name) else { return false };
    truth(text) || text == "online" || text.parse::<i64>().is_ok_and(|since| since > 0)
}

fn one(root: &Element, node: &Element, fenced: bool) -> Value {
    let id = node.attribute("id");
    let name = node.attribute("uname").or(id);
    let state = states(root).find(|state| {
        state.attribute("uname").is_some_and(|uname| Some(uname) == name)
            || state.attribute("id") == id
    });
    let word = |name: &str| state.and_then(|state| state.attribute(name)).unwrap_or("down");
    let is_member = state.is_some_and(|state| is_up(state, "in_ccm"));
    let is_served = state.is_some_and(|state| is_up(state, "crmd"));
    let joined = word("join") == "member";
    let transient = state
        .map(|state| state.all("transient_attributes").any(|set| parts::is_set(set, &["standby"])));
    json!({
        "name": name,
        "id": id,
        "online": is_member && is_served && joined,
        "standby": parts::is_set(node, &["standby"]) || transient.unwrap_or(false),
        "standby_onfail": false,
        "maintenance": parts::is_set(node, &["maintenance"]),
        "pending": is_member && is_served && !joined,
        "unclean": fenced && word("expected") == "member" && !(is_member && is_served),
        "shutdown": false,
        "health": null,
        "is_dc": false,
        "type": "member",
        "resources_running": null,
    })
}

/// `fail-count-db#start_0` of transient attributes; `fail-count-db` before Pacemaker 1.1.17.
pub fn counts(root: &Element) -> Vec<Value> {
    let mut found = Vec::new();
    for state in states(root) {
        let node = state.attribute("uname").or_else(|| state.attribute("id"));
        let sets = state.all("transient_attributes").flat_map(|set| set.all("instance_attributes"));
        for pair in sets.flat_map(|set| set.all("nvpair")) {
            let name = pair.attribute("name").and_then(|name| name.strip_prefix("fail-count-"));
            let count = pair.attribute("value").and_then(score);
            if let (Some(name), Some(failures)) = (name, count) {
                let resource = name.split(['#', ':']).next().unwrap_or(name);
                found.push(json!({
                    "resource": resource, "node": node, "failures": failures,
                    "threshold": null, "last": null,
                }));
            }
        }
    }
    found.truncate(ROWS_MAX);
    found
}

/// What failed last of each resource and has not been cleaned up: Pacemaker keeps it under an id of
/// its own (`db_last_failure_0`). `failure-timeout` is not reckoned in, as `crm_mon` does.
pub fn failures(root: &Element) -> Vec<Value> {
    let mut found = Vec::new();
    for state in states(root) {
        let node = state.attribute("uname").or_else(|| state.attribute("id"));
        let resources = state.all("lrm").flat_map(|lrm| lrm.all("lrm_resources"));
        for resource in resources.flat_map(|list| list.all("lrm_resource")) {
            let id = resource.attribute("id");
            let failed = resource.all("lrm_rsc_op").filter(|op| is_failure(op));
            found.extend(failed.map(|op| failure(op, id, node)));
        }
    }
    found.truncate(ROWS_MAX);
    found
}

/// Codes by which a first look (a monitor without an interval) says what it found: running, stopped,
/// promoted. Pacemaker notes one that it did not expect as it notes a failure.
const FOUND: [&str; 3] = ["0", "7", "8"];

fn is_failure(op: &Element) -> bool {
    let word = |name: &str| op.attribute(name).unwrap_or_default();
    let is_look = word("operation") == "monitor" && word("interval") == "0";
    let code = word("rc-code");
    word("id").ends_with("_last_failure_0")
        && code != "0"
        && !(is_look && FOUND.contains(&code) && word("op-status") == "0")
}

/// A row as [`super::monitor`] tells it.
fn failure(op: &Element, resource: Option<&str>, node: Option<&str>) -> Value {
    let number = |name: &str| op.attribute(name).and_then(|text| text.parse::<i64>().ok());
    let at = number("last-rc-change").and_then(|at| jiff::Timestamp::from_second(at).ok());
    json!({
        "resource": resource,
        "operation": op.attribute("operation"),
        "node": op.attribute("on_node").or(node),
        "code": number("rc-code"),
        "what": null,
        "reason": null,
        "status": op.attribute("op-status"),
        "at": at.map(|at| at.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use carepack_shared::xml::parse;

    fn check(state: &str, expected: [bool; 3]) {
        let text = format!(
            "<cib><configuration><nodes><node id='1' uname='a'/></nodes></configuration>\
             <status><node_state id='1' uname='a' {state}/></status></cib>"
        );
        let node = nodes(&parse(&text).unwrap()).remove(0);
        let seen = ["online", "pending", "unclean"].map(|field| node[field] == true);
        assert_eq!(seen, expected, "{state}");
    }

    #[test]
    fn a_first_look_that_found_something_is_no_failure() {
        let check = |op: &str, expected: usize| {
            let text = format!(
                "<cib><status><node_state uname='a'><lrm><lrm_resources><lrm_resource id='d'>\
                 <lrm_rsc_op {op}/></lrm_resource></lrm_resources></lrm></node_state></status></cib>"
            );
            assert_eq!(failures(&parse(&text).unwrap()).len(), expected, "{op}");
        };
        let last = "id='d_last_failure_0' op-status='0'";
        check(&format!("{last} operation='monitor' interval='10000' rc-code='7'"), 1);
        check(&format!("{last} operation='start' interval='0' rc-code='1'"), 1);
        check(&format!("{last} operation='monitor' interval='0' rc-code='5'"), 1);
        check(&format!("{last} operation='monitor' interval='0' rc-code='7'"), 0);
        check(&format!("{last} operation='monitor' interval='0' rc-code='0'"), 0);
        check("id='d_last_0' operation='start' interval='0' rc-code='1' op-status='0'", 0);
    }

    #[test]
    fn nodes_are_online_pending_or_unclean() {
        check("in_ccm='true' crmd='online' join='member' expected='member'", [true, false, false]);
        check("in_ccm='1700000000' crmd='1700000001' join='member'", [true, false, false]);
        check("in_ccm='true' crmd='online' join='down' expected='member'", [false, true, false]);
        check("in_ccm='false' crmd='offline' join='down' expected='member'", [false, false, true]);
        check("in_ccm='false' crmd='offline' join='down' expected='down'", [false, false, false]);
    }
}
