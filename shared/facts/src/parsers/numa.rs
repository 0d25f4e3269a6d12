//! Memory nodes.

use serde_json::Value;

use crate::{Evidence, Facts, Parser, Spec};

const NODES: &str = "survey:numa";

pub static PARSER: Parser = Parser {
    name: "numa",
    facts: &[
        Spec { key: "numa.nodes", unit: "", about: "nodes: processors, total and free memory" },
        Spec { key: "numa.count", unit: "nodes", about: "nodes with memory" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let nodes = evidence.survey::<Vec<Value>>(NODES);
    let count = nodes.as_ref().map_err(|reason| *reason).map(|nodes| {
        let memory = |node: &&Value| node.get("total_kib").and_then(Value::as_i64) > Some(0);
        nodes.iter().filter(memory).count()
    });
    facts.set("numa.count", count, NODES);
    facts.set("numa.nodes", nodes, NODES);
}
