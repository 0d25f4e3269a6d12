//! systemd units: what runs, what failed, what starts at boot.
//!
//! ```text
//! sshd.service   loaded active running OpenSSH server daemon
//! ● httpd.service loaded failed failed The Apache HTTP Server
//! ```

use serde_json::{Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const UNITS: &str = "cmd:systemd-units";
const FILES: &str = "cmd:systemd-unit-files";

pub static PARSER: Parser = Parser {
    name: "services",
    facts: &[
        Spec { key: "services.units", unit: "", about: "units with load, active and sub state" },
        Spec { key: "services.failed", unit: "", about: "units that failed" },
        Spec { key: "services.active", unit: "", about: "active services, sockets and timers" },
        Spec { key: "services.enabled", unit: "", about: "unit files that start at boot" },
    ],
    parse,
};

struct Unit<'a> {
    name: &'a str,
    load: &'a str,
    active: &'a str,
    sub: &'a str,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.text(UNITS) {
        Ok(text) => {
            let units: Vec<Unit<'_>> = text.lines().filter_map(unit).collect();
            let names = |wanted: &dyn Fn(&Unit<'_>) -> bool| {
                let mut names: Vec<&str> =
                    units.iter().filter(|u| wanted(u)).map(|u| u.name).collect();
                names.sort_unstable();
                names
            };
            facts.put("services.failed", names(&|u| u.active == "failed"), UNITS);
            let kinds = [".service", ".socket", ".timer"];
            let runs = |u: &Unit<'_>| {
                u.active == "active" && kinds.iter().any(|kind| u.name.ends_with(kind))
            };
            facts.put("services.active", names(&runs), UNITS);
            facts.put("services.units", units.iter().map(listed).collect::<Vec<_>>(), UNITS);
        }
        Err(reason) => {
            let keys = ["services.units", "services.failed", "services.active"];
            facts.miss_all(&keys, reason, UNITS);
        }
    }
    facts.set("services.enabled", evidence.text(FILES).map(enabled), FILES);
}

/// Name, load, active, sub, description; a mark (`●`, `*`) may stand before the name.
fn unit(line: &str) -> Option<Unit<'_>> {
    let mut words = line.split_whitespace().skip_while(|word| !word.contains('.'));
    let (name, load, active, sub) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(Unit { name, load, active, sub })
}

fn listed(unit: &Unit<'_>) -> Value {
    let kind = unit.name.rsplit('.').next().unwrap_or_default();
    json!({"name": unit.name, "type": kind, "load": unit.load, "active": unit.active, "sub": unit.sub})
}

/// Unit files in state `enabled`; the column after it is the vendor's preset.
fn enabled(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next()?;
            (words.next()? == "enabled").then_some(name)
        })
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_states() {
        let unit = unit("● httpd.service loaded failed failed The Apache HTTP Server").unwrap();
        assert_eq!((unit.name, unit.active), ("httpd.service", "failed"));
        assert!(super::unit("").is_none());
        assert!(super::unit("cut.service loaded").is_none());
    }

    #[test]
    fn enabled_is_the_state_not_the_preset() {
        let text = "a.service enabled enabled\nb.service disabled enabled\nc.timer enabled -\n";
        assert_eq!(enabled(text), ["a.service", "c.timer"]);
    }
}
