//! What the running cluster says: `crm_mon`'s XML, of Pacemaker 1.1 (`<crm_mon>`) and since
//! (`<pacemaker-result>`).
//!
//! ```text
//! <node name="db-a" id="1" online="true" standby="false" unclean="false" …/>
//! <resource id="vip" resource_agent="ocf:heartbeat:IPaddr2" role="Started" managed="true" …>
//! <failure op_key="db_start_0" node="db-a" exitstatus="error" exitcode="1" last-rc-change="…"/>
//! ```

use carepack_shared::Unseen;
use carepack_shared::xml::{self, Element};
use serde_json::{Value, json};

use super::{MONITOR, resources, truth};
use crate::{Evidence, Facts, Missing};

pub const KEYS: [&str; 7] = [
    "cluster.status",
    "cluster.node_states",
    "cluster.resource_states",
    "cluster.failures",
    "cluster.fail_counts",
    "cluster.fencing_history",
    "cluster.operations",
];

/// Most rows of each list.
const ROWS_MAX: usize = 2_000;

/// The document; an archive has it as the text of a command.
pub fn root(evidence: &Evidence<'_>) -> Result<Element, Missing> {
    let missing = |reason| Missing { reason, source: MONITOR.to_owned() };
    let value = evidence.get(MONITOR).ok_or(Unseen::Absent).and_then(|seen| seen.json());
    let text = value.map_err(missing)?.as_str().ok_or_else(|| missing(Unseen::Malformed))?;
    xml::parse(text).map_err(|_| missing(Unseen::Malformed))
}

pub fn tell(root: &Element, cib: Option<&Element>, facts: &mut Facts) {
    let summary = root.all("summary").next();
    // A tool that reached no cluster answers too, with a summary that is empty or none.
    let Some(summary) = summary.filter(|_| root.all("nodes").next().is_some()) else {
        let missing = Missing { reason: Unseen::Failed, source: MONITOR.to_owned() };
        return facts.hide(&KEYS, &missing);
    };
    facts.put("cluster.status", status(root, summary), MONITOR);
    facts.put("cluster.node_states", nodes(root), MONITOR);
    facts.put("cluster.resource_states", states(root), MONITOR);
    facts.put("cluster.failures", failures(root), MONITOR);
    facts.put("cluster.fail_counts", counts(root), MONITOR);
    facts.put("cluster.fencing_history", fencing(root), MONITOR);
    let configured = cib.map(resources::resources).unwrap_or_default();
    facts.put("cluster.operations", operations(root, &configured), MONITOR);
}

fn status(root: &Element, summary: &Element) -> Value {
    let dc = summary.all("current_dc").next();
    let get = |name: &str| dc.and_then(|dc| dc.attribute(name));
    let daemon = root.all("pacemakerd").next().and_then(|daemon| daemon.attribute("state"));
    json!({
        "dc": get("name"),
        "dc_present": get("present").is_some_and(truth),
        "with_quorum": get("with_quorum").map(truth),
        "mixed_version": get("mixed_version").map(truth),
        "version": get("version"),
        "daemon": daemon,
        "bans": root.all("bans").flat_map(|bans| bans.all("ban")).count(),
        "changed": summary.all("last_change").next().and_then(|e| e.attribute("time")),
    })
}

fn on(element: &Element, name: &str) -> bool {
    element.attribute(name).is_some_and(truth)
}

fn nodes(root: &Element) -> Vec<Value> {
    let listed = root.all("nodes").flat_map(|list| list.all("node")).take(ROWS_MAX);
    let running =
        |node: &Element| node.attribute("resources_running").and_then(|n| n.parse::<i64>().ok());
    let one = |node: &Element| {
        json!({
            "name": node.attribute("name"),
            "id": node.attribute("id"),
            "online": on(node, "online"),
            "standby": on(node, "standby"),
            "standby_onfail": on(node, "standby_onfail"),
            "maintenance": on(node, "maintenance"),
            "pending": on(node, "pending"),
            "unclean": on(node, "unclean"),
            "shutdown": on(node, "shutdown"),
            "health": node.attribute("health"),
            "is_dc": on(node, "is_dc"),
            "type": node.attribute("type").unwrap_or("member"),
            "resources_running": running(node),
        })
    };
    listed.map(one).collect()
}

/// Instances with the group and clone that they stand in.
fn states(root: &Element) -> Vec<Value> {
    let mut found = Vec::new();
    for list in root.all("resources") {
        walk(list, (None, None), &mut found);
    }
    found.truncate(ROWS_MAX);
    found
}

/// The depth is that of the document, which its reader bounds.
fn walk<'e>(
    element: &'e Element,
    (group, clone): (Option<&'e str>, Option<&'e str>),
    found: &mut Vec<Value>,
) {
    for child in &element.children {
        let id = child.attribute("id");
        match child.name.as_str() {
            "resource" => found.push(state(child, group, clone)),
            "group" => walk(child, (id, clone), found),
            "clone" | "bundle" => walk(child, (group, id), found),
            "replica" => walk(child, (group, clone), found),
            _ => {}
        }
    }
}

fn state(element: &Element, group: Option<&str>, clone: Option<&str>) -> Value {
    let nodes: Vec<&str> = element.all("node").filter_map(|node| node.attribute("name")).collect();
    json!({
        "id": element.attribute("id"),
        "agent": element.attribute("resource_agent"),
        "role": element.attribute("role"),
        "target_role": element.attribute("target_role"),
        "active": on(element, "active"),
        "orphaned": on(element, "orphaned"),
        "blocked": on(element, "blocked"),
        "managed": on(element, "managed"),
        "failed": on(element, "failed"),
        "failure_ignored": on(element, "failure_ignored"),
        "nodes": nodes,
        "group": group,
        "clone": clone,
    })
}

/// Failed actions that nobody has cleaned up yet.
fn failures(root: &Element) -> Vec<Value> {
    let listed = root.all("failures").flat_map(|list| list.all("failure")).take(ROWS_MAX);
    let one = |failure: &Element| {
        let key = failure.attribute("op_key").or_else(|| failure.attribute("id"));
        let key = key.unwrap_or_default();
        // `db_start_0`: resource, operation, interval.
        let mut parts = key.rsplitn(3, '_');
        let (_, op, resource) = (parts.next(), parts.next(), parts.next());
        json!({
            "resource": resource.unwrap_or(key),
            "operation": failure.attribute("task").or(op),
            "node": failure.attribute("node"),
            "code": failure.attribute("exitcode").and_then(|code| code.parse::<i64>().ok()),
            "what": failure.attribute("exitstatus"),
            "reason": failure.attribute("exitreason"),
            "status": failure.attribute("status"),
            "at": failure.attribute("last-rc-change"),
        })
    };
    listed.map(one).collect()
}

/// Each node's list of resources that ran there.
fn histories(root: &Element) -> impl Iterator<Item = (&str, &Element)> {
    let nodes = root.all("node_history").flat_map(|list| list.all("node")).take(ROWS_MAX);
    nodes.flat_map(|node| {
        let name = node.attribute("name").unwrap_or_default();
        node.all("resource_history").map(move |history| (name, history))
    })
}

fn counts(root: &Element) -> Vec<Value> {
    let one = |(node, history): (&str, &Element)| {
        let score = |name: &str| history.attribute(name).and_then(super::score);
        let failures = score("fail-count")?;
        Some(json!({
            "resource": history.attribute("id"),
            "node": node,
            "failures": failures,
            "threshold": score("migration-threshold"),
            "last": history.attribute("last-failure"),
        }))
    };
    histories(root).filter_map(one).take(ROWS_MAX).collect()
}

fn fencing(root: &Element) -> Vec<Value> {
    let listed = root.all("fence_history").flat_map(|list| list.all("fence_event"));
    let one = |event: &Element| {
        json!({
            "target": event.attribute("target"),
            "action": event.attribute("action"),
            "status": event.attribute("status"),
            "reason": event.attribute("exit-reason"),
            "delegate": event.attribute("delegate"),
            "client": event.attribute("client"),
            "at": event.attribute("completed"),
        })
    };
    listed.take(ROWS_MAX).map(one).collect()
}

/// How long starts, stops and promotions last took, beside the time-outs of the CIB.
fn operations(root: &Element, configured: &[Value]) -> Vec<Value> {
    let mut found = Vec::new();
    for (node, history) in histories(root) {
        let id = history.attribute("id").unwrap_or_default();
        // A clone's instance is `db:0`.
        let bare = id.split(':').next().unwrap_or(id);
        let row = configured.iter().find(|row| row["id"] == bare);
        for operation in history.all("operation_history") {
            let task = operation.attribute("task").unwrap_or_default();
            let field = match task {
                "start" => "start_timeout_ms",
                "stop" => "stop_timeout_ms",
                "promote" => "promote_timeout_ms",
                "monitor" => "monitor_timeout_ms",
                _ => continue,
            };
            let exec = operation.attribute("exec-time").and_then(super::milliseconds);
            let code = operation.attribute("rc").and_then(|rc| rc.parse::<i64>().ok());
            found.push(json!({
                "resource": bare,
                "node": node,
                "operation": task,
                "exec_ms": exec,
                "code": code,
                "timeout_ms": row.map(|row| row[field].clone()),
                "at": operation.attribute("last-rc-change"),
            }));
        }
    }
    found.truncate(ROWS_MAX);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: &str = r#"<pacemaker-result api-version="2.25">
      <pacemakerd state="running"/>
      <summary><current_dc present="true" version="2.1.7" name="a" with_quorum="true"/></summary>
      <nodes><node name="a" id="1" online="true" standby="true" is_dc="true"
        resources_running="2" type="member"/></nodes>
      <resources><clone id="c"><resource id="d" resource_agent="ocf:linbit:drbd" role="Promoted"
        active="true" managed="true"><node name="a" id="1"/></resource></clone>
        <group id="g"><resource id="vip" role="Stopped" managed="false"/></group></resources>
      <node_history><node name="a"><resource_history id="d" migration-threshold="3"
        fail-count="INFINITY" last-failure="x"><operation_history task="start" rc="0"
        exec-time="19500ms"/></resource_history></node></node_history>
      <failures><failure op_key="db_main_start_0" node="b" exitcode="1"/></failures>
      <fence_history status="0"><fence_event action="reboot" target="b" status="failed"/>
      </fence_history></pacemaker-result>"#;

    #[test]
    fn states_failures_and_history() {
        let root = xml::parse(SEEN).unwrap();
        let cib = xml::parse(
            "<cib><configuration><resources><primitive id='d'><operations>\
             <op name='start' timeout='20s'/></operations></primitive></resources>\
             </configuration></cib>",
        );
        let mut facts = Facts::default();
        tell(&root, cib.as_ref().ok(), &mut facts);
        let value = |key: &str| facts.value(key).unwrap();
        assert_eq!(value("cluster.node_states")[0]["standby"], true);
        let states = value("cluster.resource_states");
        assert_eq!((&states[0]["clone"], &states[0]["nodes"]), (&json!("c"), &json!(["a"])));
        assert_eq!((&states[1]["group"], &states[1]["managed"]), (&json!("g"), &json!(false)));
        let failure = &value("cluster.failures")[0];
        assert_eq!(
            (&failure["resource"], &failure["operation"]),
            (&json!("db_main"), &json!("start"))
        );
        assert_eq!(value("cluster.fail_counts")[0]["failures"], 1_000_000);
        let operation = &value("cluster.operations")[0];
        assert_eq!(
            (&operation["exec_ms"], &operation["timeout_ms"]),
            (&json!(19_500), &json!(20_000))
        );
        assert_eq!(value("cluster.fencing_history")[0]["status"], "failed");
    }

    #[test]
    fn an_answer_without_a_cluster_is_no_empty_cluster() {
        let root = xml::parse("<pacemaker-result><status code='102'/></pacemaker-result>").unwrap();
        let mut facts = Facts::default();
        tell(&root, None, &mut facts);
        assert!(facts.known.is_empty());
        assert_eq!(facts.missing["cluster.node_states"].reason, Unseen::Failed);
    }
}
