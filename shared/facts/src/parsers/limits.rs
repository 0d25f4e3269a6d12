//! Limits of login sessions (limits.conf).
//!
//! ```text
//! *       soft    core      0
//! mysql   hard    nofile    65536
//! @dba    -       memlock   unlimited
//! ```

use serde_json::{Value, json};

use crate::text::lines;
use crate::{Evidence, Facts, Parser, Spec};

const MAIN: &str = "/etc/security/limits.conf";
const FOLDER: &str = "/etc/security/limits.d/";

pub static PARSER: Parser = Parser {
    name: "limits",
    facts: &[Spec {
        key: "limits.entries",
        unit: "",
        about: "entries of limits.conf and limits.d",
    }],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let mut entries = Vec::new();
    let main = evidence.text(MAIN);
    if let Ok(text) = main {
        entries.extend(lines(text).filter_map(|line| entry(line, MAIN)));
    }
    for (path, text) in evidence.under(FOLDER) {
        entries.extend(lines(text).filter_map(|line| entry(line, path)));
    }
    match main {
        Err(reason) if entries.is_empty() => facts.miss("limits.entries", reason, MAIN),
        _ => facts.put("limits.entries", entries, MAIN),
    }
}

fn entry(line: &str, file: &str) -> Option<Value> {
    let line = line.split('#').next().unwrap_or_default();
    let mut words = line.split_whitespace();
    let (domain, kind, item, value) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(json!({"domain": domain, "type": kind, "item": item, "value": value, "file": file}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let seen = entry("* soft core 0 # none", "f").map(|v| v.to_string());
        let expected = r#"{"domain":"*","file":"f","item":"core","type":"soft","value":"0"}"#;
        assert_eq!(seen.as_deref(), Some(expected));
        assert_eq!(entry("* soft", "f"), None);
    }
}
