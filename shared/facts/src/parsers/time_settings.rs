//! How the time daemon is set up beside its servers.

use carepack_shared::Unseen;
use serde_json::{Map, Value};

use crate::text::lines;
use crate::{Evidence, Facts, Parser, Spec};

const CHRONY: &str = "/etc/chrony.conf";
const NTP: &str = "/etc/ntp.conf";

pub static PARSER: Parser = Parser {
    name: "time_settings",
    facts: &[Spec {
        key: "time.directives",
        unit: "",
        about: "directives of chrony.conf or ntp.conf but the servers",
    }],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let (file, text) = match evidence.text(CHRONY) {
        Err(Unseen::Absent) => (NTP, evidence.text(NTP)),
        seen => (CHRONY, seen),
    };
    facts.set("time.directives", text.map(directives), file);
}

fn directives(text: &str) -> Map<String, Value> {
    let line = |line: &str| {
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let server = matches!(name, "server" | "pool" | "peer");
        (!server && !line.starts_with('!')).then(|| (name.to_owned(), Value::from(rest.trim())))
    };
    lines(text).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_without_servers() {
        let found = directives("server a iburst\nmakestep 1.0 3\nrtcsync\n! note\n");
        assert_eq!(Value::Object(found).to_string(), r#"{"makestep":"1.0 3","rtcsync":""}"#);
    }
}
