//! The audit daemon: how it keeps its log, what it does when full, which rules it loads.
//!
//! ```text
//! /etc/audit/auditd.conf   space_left_action = SYSLOG
//! /etc/audit/audit.rules   -w /etc/passwd -p wa -k identity / -e 2
//! ```

use serde_json::Map;

use crate::text::{assignments, lines};
use crate::{Evidence, Facts, Parser, Spec};

const CONF: &str = "/etc/audit/auditd.conf";
const LOADED: &str = "/etc/audit/audit.rules";
const FOLDER: &str = "/etc/audit/rules.d/";

pub static PARSER: Parser = Parser {
    name: "audit",
    facts: &[
        Spec { key: "audit.settings", unit: "", about: "settings of auditd.conf, in lower case" },
        Spec { key: "audit.rules_count", unit: "rules", about: "watches and system-call rules" },
        Spec { key: "audit.immutable", unit: "", about: "rules are locked until a reboot (-e 2)" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let settings = evidence.text(CONF).map(|text| {
        let lower = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_lowercase();
        assignments(text)
            .iter()
            .map(|(name, value)| (name.to_lowercase(), lower(value).into()))
            .collect::<Map<_, _>>()
    });
    facts.set("audit.settings", settings, CONF);
    // augenrules makes the one file of the folder; where it was never run, the file stands alone.
    match evidence.main_and_folder(LOADED, FOLDER, ".rules") {
        Ok(files) => {
            let dropped = files.iter().any(|(path, text)| *path != LOADED && rules(text) > 0);
            let used: Vec<&str> = files
                .into_iter()
                .filter(|(path, _)| !dropped || *path != LOADED)
                .map(|(_, text)| text)
                .collect();
            let count: usize = used.iter().map(|text| rules(text)).sum();
            facts.put("audit.rules_count", count, LOADED);
            facts.put("audit.immutable", used.iter().any(|text| locks(text)), LOADED);
        }
        Err(missing) => facts.hide(&["audit.rules_count", "audit.immutable"], &missing),
    }
}

/// `-w` watches a file, `-a` and `-A` a system call (auditctl(8)).
fn rules(text: &str) -> usize {
    let kind = |line: &&str| matches!(line.split_whitespace().next(), Some("-w" | "-a" | "-A"));
    lines(text).filter(kind).count()
}

fn locks(text: &str) -> bool {
    lines(text).any(|line| line.split_whitespace().eq(["-e", "2"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_counted_and_the_lock_is_seen() {
        let text =
            "-D\n-b 8192\n-w /etc/passwd -p wa\n# -w /x\n-a always,exit -S adjtimex\n-e  2\n";
        assert_eq!((rules(text), locks(text)), (2, true));
        assert_eq!((rules("-D\n-e 1\n"), locks("-D\n-e 1\n")), (0, false));
    }
}
