//! firewalld's settings and zones, and rule files that are loaded without it.
//!
//! ```text
//! survey:firewall-zones   [{"zone": "public", "target": "default", "services": ["ssh"], "ports": []}]
//! ```

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::Value;

use crate::text::assignments;
use crate::{Evidence, Facts, Parser, Spec};

const CONF: &str = "/etc/firewalld/firewalld.conf";
const ZONES: &str = "survey:firewall-zones";
const FILES: &str = "survey:firewall-files";

pub static PARSER: Parser = Parser {
    name: "firewall_zones",
    facts: &[
        Spec { key: "firewall.default_zone", unit: "", about: "firewalld's default zone" },
        Spec { key: "firewall.backend", unit: "", about: "nftables or iptables" },
        Spec { key: "firewall.log_denied", unit: "", about: "which refusals firewalld logs" },
        Spec { key: "firewall.zones", unit: "", about: "zones and what each lets in" },
        Spec { key: "firewall.rule_files", unit: "", about: "rule files beside firewalld" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let settings = evidence.text(CONF).map(assignments);
    let setting = |name: &str, default: &str| {
        let value = settings.as_ref().map_err(|reason| *reason)?.get(name);
        Ok::<_, Unseen>(value.and_then(Value::as_str).unwrap_or(default).to_owned())
    };
    facts.set("firewall.default_zone", setting("DefaultZone", "public"), CONF);
    facts.set("firewall.log_denied", setting("LogDenied", "off"), CONF);
    // Before RHEL 8 the key did not exist and there was one back end.
    facts.set("firewall.backend", setting("FirewallBackend", "iptables"), CONF);
    let zones = evidence.survey::<Vec<Value>>(ZONES).map(|mut zones| {
        zones.iter_mut().for_each(measure);
        zones
    });
    facts.set("firewall.zones", zones, ZONES);
    #[derive(Deserialize)]
    struct Files {
        files: Vec<String>,
    }
    let files = match evidence.survey::<Files>(FILES) {
        Ok(found) => Ok(found.files),
        Err(Unseen::Absent) if evidence.is_absent(FILES) => Ok(Vec::new()),
        Err(reason) => Err(reason),
    };
    facts.set("firewall.rule_files", files, FILES);
}

/// Adds how many ports the widest range of a zone holds.
fn measure(zone: &mut Value) {
    let ports = zone.get("ports").and_then(Value::as_array).into_iter().flatten();
    let widest = ports.filter_map(Value::as_str).filter_map(width).max().unwrap_or(0);
    if let Some(zone) = zone.as_object_mut() {
        zone.insert("widest".to_owned(), widest.into());
    }
}

/// 11 of `9000-9010/tcp`, 1 of `443/tcp`.
fn width(port: &str) -> Option<i64> {
    let range = port.split('/').next()?;
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
    Some(i64::from(last) - i64::from(first) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_of_ranges() {
        let check = |port, expected| assert_eq!(width(port), expected, "{port}");
        check("443/tcp", Some(1));
        check("1-65535/tcp", Some(65_535));
        check("x/tcp", None);
        check("70000/udp", None);
    }
}
