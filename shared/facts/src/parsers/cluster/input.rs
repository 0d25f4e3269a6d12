//! The newest input of the scheduler: what the cluster was like when it last had something to do.
//!
//! Only the node that coordinates the cluster writes inputs, and only when something is to be done:
//! so it is history with a date, never the state of the moment. Where the cluster answers, what it
//! says stands; where it does not, this is the last that is known.

use carepack_shared::{Unseen, xml};
use serde_json::{Value, json};

use super::state;
use crate::{Evidence, Facts};

const INPUT: &str = "survey:cluster-input";

pub fn tell(evidence: &Evidence<'_>, facts: &mut Facts) {
    let seen = evidence.get(INPUT).ok_or(Unseen::Absent).and_then(|seen| seen.json());
    facts.set("cluster.last_input", seen.and_then(last), INPUT);
}

/// `{"name", "at", "nodes", "unclean", "failures", "fail_counts"}`.
fn last(value: &Value) -> Result<Value, Unseen> {
    let text = value.get("cib").and_then(Value::as_str).ok_or(Unseen::Malformed)?;
    let root = xml::parse(text).map_err(|_| Unseen::Malformed)?;
    let nodes = state::nodes(&root);
    let unclean = nodes.iter().filter(|node| node["unclean"] == true);
    Ok(json!({
        "name": value.get("name"),
        "at": value.get("modified").and_then(Value::as_i64).ok_or(Unseen::Malformed)?,
        "unclean": unclean.map(|node| node["name"].clone()).collect::<Vec<_>>(),
        "nodes": nodes,
        "failures": state::failures(&root),
        "fail_counts": state::counts(&root),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_that_is_known() {
        let packed = include_bytes!("../../../../tests/pe-input-7.bz2");
        let cib = carepack_shared::cluster::reduced_input(packed).unwrap();
        let seen = last(&json!({"name": "pe-input-7.bz2", "modified": 9, "cib": cib})).unwrap();
        assert_eq!((&seen["at"], &seen["unclean"]), (&json!(9), &json!([])));
        let online: Vec<&Value> =
            seen["nodes"].as_array().unwrap().iter().map(|node| &node["online"]).collect();
        assert_eq!(online, [true, false]);
        let failure = &seen["failures"][0];
        assert_eq!(
            [&failure["resource"], &failure["operation"], &failure["node"], &failure["at"]],
            ["db", "start", "a", "2026-11-04T17:01:40Z"]
        );
        assert_eq!(seen["fail_counts"][0]["failures"], 1_000_000);
        assert_eq!(last(&json!({"cib": "<cib>", "modified": 9})), Err(Unseen::Malformed));
    }
}
