//! Who may become whom by sudo; the rules' texts never leave the host.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const SUDO: &str = "survey:sudo";

pub static PARSER: Parser = Parser {
    name: "sudo",
    facts: &[
        Spec {
            key: "sudo.rules",
            unit: "",
            about: "rules: subject, without password, all commands",
        },
        Spec {
            key: "sudo.nopasswd_all",
            unit: "",
            about: "who may run everything without a password",
        },
    ],
    parse,
};

#[derive(Deserialize)]
struct Rule {
    file: String,
    line: i64,
    subject: String,
    nopasswd: bool,
    all_commands: bool,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Vec<Rule>>(SUDO) {
        Ok(rules) => {
            let mut all: Vec<&str> = rules
                .iter()
                .filter(|rule| rule.nopasswd && rule.all_commands && rule.subject != "root")
                .map(|rule| rule.subject.as_str())
                .collect();
            all.sort_unstable();
            all.dedup();
            facts.put("sudo.nopasswd_all", all, SUDO);
            let rules: Vec<Value> = rules
                .iter()
                .map(|r| {
                    json!({"file": r.file, "line": r.line, "subject": r.subject,
                           "nopasswd": r.nopasswd, "all_commands": r.all_commands})
                })
                .collect();
            facts.put("sudo.rules", rules, SUDO);
        }
        Err(reason) => facts.miss_all(&["sudo.rules", "sudo.nopasswd_all"], reason, SUDO),
    }
}
