//! The host's own name, its tuned profile, its firewall.

use carepack_shared::Unseen;
use serde::Deserialize;

use super::services::{UNITS, units};
use crate::{Evidence, Facts, Parser, Spec};

const IDENTITY: &str = "survey:identity";
const TUNED: &str = "/etc/tuned/active_profile";
const FIREWALLS: [&str; 4] =
    ["firewalld.service", "nftables.service", "iptables.service", "ufw.service"];

pub static PARSER: Parser = Parser {
    name: "platform",
    facts: &[
        Spec { key: "identity.hostname", unit: "", about: "the host's name" },
        Spec { key: "tuned.profile", unit: "", about: "active tuned profile" },
        Spec { key: "firewall.active", unit: "", about: "a firewall service is active" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Identity {
    hostname: String,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let name = evidence.survey::<Identity>(IDENTITY).map(|identity| identity.hostname);
    facts.set("identity.hostname", name, IDENTITY);
    let profile = match evidence.text(TUNED) {
        Ok(text) => Ok(text.trim()),
        // No profile was ever chosen: an answer, and a rule's business.
        Err(Unseen::Absent) if evidence.is_absent(TUNED) => Ok(""),
        Err(reason) => Err(reason),
    };
    facts.set("tuned.profile", profile, TUNED);
    let active = units(evidence).map(|units| {
        units.iter().any(|unit| unit.active == "active" && FIREWALLS.contains(&unit.name))
    });
    facts.set("firewall.active", active, UNITS);
}
