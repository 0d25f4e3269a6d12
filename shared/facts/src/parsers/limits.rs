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
    match evidence.main_and_folder(MAIN, FOLDER, ".conf") {
        Ok(files) => {
            let entries = files
                .into_iter()
                .flat_map(|(path, text)| lines(text).filter_map(move |line| entry(line, path)));
            facts.put("limits.entries", entries.collect::<Vec<_>>(), MAIN);
        }
        Err(missing) => facts.miss("limits.entries", missing.reason, &missing.source),
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
