//! The SSH server's effective settings.
//!
//! sshd takes the first value of a keyword (sshd_config(5)); `Include` is read where it stands;
//! `Match` blocks apply to some connections only and are left out. Defaults are not filled in:
//! they differ by version, and rules know them.

use serde_json::{Map, Value};

use crate::text::lines;
use crate::{Evidence, Facts, Missing, Parser, Spec};

const MAIN: &str = "/etc/ssh/sshd_config";
const FOLDER: &str = "/etc/ssh/sshd_config.d/";
/// Keywords that may stand several times and add up.
const LISTS: [&str; 7] =
    ["port", "listenaddress", "hostkey", "acceptenv", "allowusers", "allowgroups", "denyusers"];

pub static PARSER: Parser = Parser {
    name: "sshd",
    facts: &[
        Spec { key: "sshd.settings", unit: "", about: "keyword in lower case → value in effect" },
        Spec { key: "sshd.present", unit: "", about: "whether an SSH server is configured" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.text(MAIN) {
        Ok(text) => {
            facts.put("sshd.present", true, MAIN);
            let mut settings = Map::new();
            match read(text, evidence, &mut settings) {
                Ok(()) => facts.put("sshd.settings", settings, MAIN),
                Err(missing) => facts.miss("sshd.settings", missing.reason, &missing.source),
            }
        }
        Err(reason) => {
            facts.miss("sshd.settings", reason, MAIN);
            let present = if evidence.is_absent(MAIN) { Ok(false) } else { Err(reason) };
            facts.set("sshd.present", present, MAIN);
        }
    }
}

fn read(
    text: &str,
    evidence: &Evidence<'_>,
    settings: &mut Map<String, Value>,
) -> Result<(), Missing> {
    for line in lines(text) {
        let (keyword, value) = split(line);
        match keyword.as_str() {
            "match" => break,
            "include" if value.contains("sshd_config.d") => {
                // One level: files of the folder do not include further ones in practice.
                for (_, text) in evidence.folder(FOLDER, ".conf")? {
                    included(text, settings);
                }
            }
            "include" => {}
            _ => set(keyword, &value, settings),
        }
    }
    Ok(())
}

fn included(text: &str, settings: &mut Map<String, Value>) {
    for line in lines(text) {
        let (keyword, value) = split(line);
        match keyword.as_str() {
            "match" => return,
            "include" => {}
            _ => set(keyword, &value, settings),
        }
    }
}

fn set(keyword: String, value: &str, settings: &mut Map<String, Value>) {
    // A keyword with a comment alone sets nothing.
    if value.is_empty() {
        return;
    }
    match settings.get_mut(&keyword) {
        Some(Value::String(all)) if LISTS.contains(&keyword.as_str()) => {
            all.push(' ');
            all.push_str(value);
        }
        Some(_) => {}
        None => {
            settings.insert(keyword, Value::from(value));
        }
    }
}

/// Keyword and value, separated by blanks or one `=`; quotes taken off, comments cut.
fn split(line: &str) -> (String, String) {
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (keyword, value) = line.split_at(end);
    let value = value.trim_start_matches(|c: char| c.is_whitespace() || c == '=');
    let mut hashes = value.match_indices('#').map(|(at, _)| at);
    let comment = hashes.find(|&at| at == 0 || value[..at].ends_with([' ', '\t']));
    let value = value[..comment.unwrap_or(value.len())].trim().trim_matches('"');
    (keyword.to_lowercase(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut settings = Map::new();
        included(text, &mut settings);
        assert_eq!(Value::from(settings).to_string(), expected);
    }

    #[test]
    fn the_first_value_counts_and_match_ends_it() {
        check(
            "PermitRootLogin no\npermitrootlogin yes\nX11Forwarding=yes # c\nMatch User a\nPasswordAuthentication no\n",
            r#"{"permitrootlogin":"no","x11forwarding":"yes"}"#,
        );
        check("Port 22\nPort 2222\n", r#"{"port":"22 2222"}"#);
    }
}
