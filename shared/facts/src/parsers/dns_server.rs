//! Who may take or change the zones of a name server.

use carepack_shared::reduce::dns::{Access, Dns, Zone};
use serde_json::{Value, json};

use super::services::runs;
use crate::{Evidence, Facts, Parser, Spec};

const DNS: &str = "survey:dns-server";

pub static PARSER: Parser = Parser {
    name: "dns_server",
    facts: &[
        Spec { key: "dns_server.running", unit: "", about: "a name server (BIND) runs" },
        Spec {
            key: "dns_server.zones",
            unit: "",
            about: "zones it holds: type, transfer and update lists in effect (empty: not set)",
        },
    ],
    parse,
};

/// Kinds of zones that hold records which others may ask for.
const HELD: [&str; 4] = ["master", "primary", "slave", "secondary"];

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let running = runs(evidence, &["named", "named-chroot"], DNS);
    facts.set("dns_server.running", running, DNS);
    let zones = evidence.survey::<Dns>(DNS).map(|dns| {
        let held = dns.zones.iter().filter(|zone| HELD.contains(&zone.kind.as_str()));
        held.map(|zone| in_effect(zone, &dns.options)).collect::<Vec<Value>>()
    });
    facts.set("dns_server.zones", zones, DNS);
}

/// What a zone says itself stands before what holds for all.
fn in_effect(zone: &Zone, all: &Access) -> Value {
    let of = |own: &Option<Vec<String>>, all: &Option<Vec<String>>| {
        own.as_ref().or(all.as_ref()).cloned().unwrap_or_default()
    };
    json!({
        "name": zone.name,
        "type": zone.kind,
        "transfer": of(&zone.access.allow_transfer, &all.allow_transfer),
        "update": of(&zone.access.allow_update, &all.allow_update),
        "policy": zone.access.update_policy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_takes_what_holds_for_all_unless_it_says_itself() {
        let all = Access { allow_transfer: Some(vec!["none".into()]), ..Access::default() };
        let own = Access { allow_transfer: Some(vec!["any".into()]), ..Access::default() };
        let zone = |access| Zone { name: "a".into(), kind: "master".into(), access };
        assert_eq!(in_effect(&zone(Access::default()), &all)["transfer"], json!(["none"]));
        assert_eq!(in_effect(&zone(own), &all)["transfer"], json!(["any"]));
    }
}
