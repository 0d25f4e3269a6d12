//! Listening sockets, and how many connections are in which state.

use serde::Deserialize;
use serde_json::Value;

use crate::{Evidence, Facts, Parser, Spec};

const LISTENERS: &str = "survey:listeners";

pub static PARSER: Parser = Parser {
    name: "sockets",
    facts: &[
        Spec {
            key: "net.listeners",
            unit: "",
            about: "listening sockets: protocol, address, port, owner",
        },
        Spec { key: "net.tcp_states", unit: "connections", about: "TCP state → connections" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Listeners {
    listening: Vec<Value>,
    tcp_states: Value,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Listeners>(LISTENERS) {
        Ok(found) => {
            facts.put("net.listeners", found.listening, LISTENERS);
            facts.put("net.tcp_states", found.tcp_states, LISTENERS);
        }
        Err(reason) => facts.miss_all(&["net.listeners", "net.tcp_states"], reason, LISTENERS),
    }
}
