//! The SNMP agent's access rules, as the host reduced them: no community is in there.

use carepack_shared::reduce::snmp::Snmp;
use serde_json::{Value, json};

use super::services::runs;
use crate::{Evidence, Facts, Parser, Spec};

const SNMP: &str = "survey:snmp";

pub static PARSER: Parser = Parser {
    name: "snmp",
    facts: &[
        Spec { key: "snmp.running", unit: "", about: "an SNMP agent runs" },
        Spec {
            key: "snmp.communities",
            unit: "",
            about: "communities described: length, kinds of characters, source",
        },
        Spec { key: "snmp.v3_users", unit: "users", about: "users of version 3 that are let in" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("snmp.running", runs(evidence, &["snmpd"], SNMP), SNMP);
    match evidence.survey::<Snmp>(SNMP) {
        Ok(seen) => {
            let one = |community| serde_json::to_value(community).unwrap_or_else(|_| json!({}));
            let communities: Vec<Value> = seen.communities.iter().map(one).collect();
            facts.put("snmp.communities", communities, SNMP);
            facts.put("snmp.v3_users", seen.v3_users, SNMP);
        }
        Err(reason) => facts.miss_all(&["snmp.communities", "snmp.v3_users"], reason, SNMP),
    }
}
