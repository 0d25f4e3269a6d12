//! systemd units: what runs, what failed, what starts at boot.
//!
//! ```text
//! sshd.service   loaded active running OpenSSH server daemon
//! ● httpd.service loaded failed failed The Apache HTTP Server
//! ```

use carepack_shared::Unseen;
use serde_json::{Value, json};

use crate::{Evidence, Facts, Parser, Spec};

pub(super) const UNITS: &str = "cmd:systemd-units";
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

pub(super) struct Unit<'a> {
    pub name: &'a str,
    pub load: &'a str,
    pub active: &'a str,
    pub sub: &'a str,
}

/// Active states of systemd(1); other words in that column are headings and legends.
const STATES: [&str; 8] = [
    "active",
    "inactive",
    "failed",
    "activating",
    "deactivating",
    "reloading",
    "refreshing",
    "maintenance",
];

/// The units listed.
///
/// # Errors
/// Why they were not seen; a list without a single unit is none.
pub(super) fn units<'a>(evidence: &Evidence<'a>) -> Result<Vec<Unit<'a>>, Unseen> {
    let units: Vec<Unit<'_>> = evidence.text(UNITS)?.lines().filter_map(unit).collect();
    if units.is_empty() { Err(Unseen::Malformed) } else { Ok(units) }
}

/// Whether a unit of these names (without `.service`) runs. What has no configuration, though a
/// probe looked for it, does not.
///
/// # Errors
/// Why the units were not seen.
pub(super) fn runs(evidence: &Evidence<'_>, names: &[&str], config: &str) -> Result<bool, Unseen> {
    if evidence.is_absent(config) {
        return Ok(false);
    }
    let stem = |unit: &Unit<'_>| {
        let stem = unit.name.rsplit_once('.').map_or(unit.name, |(stem, _)| stem);
        names.iter().any(|name| stem == *name || stem.split_once('@').is_some_and(|s| s.0 == *name))
    };
    Ok(units(evidence)?.iter().any(|unit| unit.active == "active" && stem(unit)))
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match units(evidence) {
        Ok(units) => {
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
    facts.set("services.enabled", evidence.text(FILES).and_then(enabled), FILES);
}

/// Name, load, active, sub, description; a mark (`●`, `*`) may stand before the name.
fn unit(line: &str) -> Option<Unit<'_>> {
    let mut words = line.split_whitespace().skip_while(|word| !word.contains('.'));
    let (name, load, active, sub) = (words.next()?, words.next()?, words.next()?, words.next()?);
    STATES.contains(&active).then_some(Unit { name, load, active, sub })
}

fn listed(unit: &Unit<'_>) -> Value {
    let kind = unit.name.rsplit('.').next().unwrap_or_default();
    json!({"name": unit.name, "type": kind, "load": unit.load, "active": unit.active, "sub": unit.sub})
}

/// Unit files in state `enabled`; the column after it is the vendor's preset.
fn enabled(text: &str) -> Result<Vec<&str>, Unseen> {
    let file = |line| {
        let mut words = str::split_whitespace(line);
        words.next().filter(|name| name.contains('.')).zip(words.next())
    };
    let files: Vec<(&str, &str)> = text.lines().filter_map(file).collect();
    if files.is_empty() {
        return Err(Unseen::Malformed);
    }
    let on = files.into_iter().filter(|(_, state)| *state == "enabled");
    let mut names: Vec<&str> = on.map(|(name, _)| name).collect();
    names.sort_unstable();
    Ok(names)
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
        let legend = "ACTIVE = The high-level unit activation state, i.e. generalization of SUB.";
        assert!(super::unit(legend).is_none());
    }

    #[test]
    fn enabled_is_the_state_not_the_preset() {
        let text = "a.service enabled enabled\nb.service disabled enabled\nc.timer enabled -\n";
        assert_eq!(enabled(text), Ok(vec!["a.service", "c.timer"]));
        assert_eq!(enabled("Failed to connect to bus"), Err(Unseen::Malformed));
    }
}
