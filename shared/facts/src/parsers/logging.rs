//! Whether logs are kept, rotated, and sent to another host.
//!
//! ```text
//! *.info @@log.example.com:514
//! action(type="omfwd" target="10.0.0.9" protocol="tcp")
//! ```

use carepack_shared::Unseen;
use serde::Deserialize;

use crate::text::lines;
use crate::{Evidence, Facts, Parser, Spec};

const STORAGE: &str = "survey:log-storage";
const RSYSLOG: &str = "/etc/rsyslog.conf";
const RSYSLOG_FOLDER: &str = "/etc/rsyslog.d/";
const LOGROTATE: &str = "/etc/logrotate.conf";

pub static PARSER: Parser = Parser {
    name: "logging",
    facts: &[
        Spec {
            key: "logging.journal_persistent",
            unit: "",
            about: "the journal survives a reboot",
        },
        Spec { key: "logging.rsyslog_remote", unit: "", about: "rsyslog sends to another host" },
        Spec { key: "logging.logrotate", unit: "", about: "logrotate is configured" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Storage {
    journal_persistent: bool,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let storage = evidence.survey::<Storage>(STORAGE).map(|storage| storage.journal_persistent);
    facts.set("logging.journal_persistent", storage, STORAGE);
    let dropins = evidence.under(RSYSLOG_FOLDER).any(|(_, text)| sends(text));
    let remote = evidence.text(RSYSLOG).map(|text| dropins || sends(text));
    facts.set("logging.rsyslog_remote", remote, RSYSLOG);
    let rotated = match evidence.text(LOGROTATE) {
        Ok(text) => Ok(lines(text).next().is_some()),
        Err(Unseen::Absent) if evidence.is_absent(LOGROTATE) => Ok(false),
        Err(reason) => Err(reason),
    };
    facts.set("logging.logrotate", rotated, LOGROTATE);
}

fn sends(text: &str) -> bool {
    lines(text).any(|line| {
        let target = line.split_whitespace().nth(1).is_some_and(|word| word.starts_with('@'));
        target || line.contains("\"omfwd\"") || line.contains(":omrelp:")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_target() {
        assert!(sends("*.info @@log.example.com:514"));
        assert!(sends("action(type=\"omfwd\" target=\"10.0.0.9\")"));
        assert!(!sends("#*.* @@remote\nauthpriv.* /var/log/secure\n"));
    }
}
