//! Package transactions: who changed what, when, and how it came out.
//!
//! ```text
//! {"reader": "dnf", "total": 31, "transactions": [{"id": 31, "begin": 1792170721, "end": 1792170730,
//!   "user": "kimjh", "command": "upgrade -y --security", "outcome": "done", "return_code": null,
//!   "changed": 6, "counts": {"upgrade": 6}, "changes": [["upgrade", "curl", "0:7.76.1-29.el9_4.2",
//!   "x86_64", true], …]}, …]}
//! ```
//! Archives do not carry the file.

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const HISTORY: &str = "survey:package-history";
const KEYS: [&str; 3] =
    ["packages.transactions", "packages.transactions_failed", "packages.last_update"];
/// Actions that bring something newer.
const UPDATES: [&str; 2] = ["upgrade", "obsolete"];

pub static PARSER: Parser = Parser {
    name: "package_history",
    facts: &[
        Spec {
            key: "packages.transactions",
            unit: "",
            about: "the newest package transactions: when, who, command, outcome, changes",
        },
        Spec {
            key: "packages.transactions_failed",
            unit: "",
            about: "those of them that failed or never ended",
        },
        Spec {
            key: "packages.last_update",
            unit: "",
            about: "the newest one that updated something: id, when, who, command; {} for none",
        },
    ],
    parse,
};

#[derive(Deserialize)]
struct History {
    transactions: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    id: i64,
    begin: i64,
    end: Option<i64>,
    user: Option<String>,
    #[serde(default)]
    command: String,
    outcome: String,
    return_code: Option<i64>,
    #[serde(default)]
    changed: i64,
    #[serde(default)]
    counts: BTreeMap<String, i64>,
    #[serde(default)]
    changes: Vec<Change>,
}

/// Action, name, `epoch:version-release`, architecture, done.
#[derive(Deserialize)]
struct Change(String, String, String, String, bool);

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let history = match evidence.survey::<History>(HISTORY) {
        Ok(history) => history,
        Err(reason) => return facts.miss_all(&KEYS, reason, HISTORY),
    };
    let list = &history.transactions;
    facts.put(KEYS[0], list.iter().map(Transaction::told).collect::<Vec<_>>(), HISTORY);
    // What is under way at the moment of the look has not failed: an end may yet come.
    let now = evidence.taken_at().as_second();
    let failed = list.iter().filter(|transaction| transaction.failed(now));
    facts.put(KEYS[1], failed.map(Transaction::brief).collect::<Vec<_>>(), HISTORY);
    let updates = |t: &&Transaction| {
        t.outcome == "done" && UPDATES.iter().any(|action| t.counts.contains_key(*action))
    };
    let last = list.iter().find(updates).map_or_else(|| json!({}), Transaction::brief);
    facts.put(KEYS[2], last, HISTORY);
    if list.is_empty() {
        facts.miss(KEYS[2], Unseen::Absent, HISTORY);
    }
}

/// A transaction of that age that has no end will never have one, in seconds.
const UNDER_WAY_SECONDS: i64 = 6 * 3600;

impl Transaction {
    fn failed(&self, now: i64) -> bool {
        match self.outcome.as_str() {
            "done" => false,
            "unfinished" => now - self.begin > UNDER_WAY_SECONDS,
            _ => true,
        }
    }

    fn brief(&self) -> Value {
        json!({
            "id": self.id,
            "at": self.begin,
            "user": self.user.as_deref().unwrap_or_default(),
            "command": self.command,
            "outcome": self.outcome,
        })
    }

    fn told(&self) -> Value {
        let change = |change: &Change| {
            let Change(action, name, evr, arch, done) = change;
            json!({"action": action, "name": name, "evr": evr, "arch": arch, "done": done})
        };
        json!({
            "id": self.id,
            "begin": self.begin,
            "end": self.end,
            "user": self.user.as_deref().unwrap_or_default(),
            "command": self.command,
            "outcome": self.outcome,
            "return_code": self.return_code,
            "changed": self.changed,
            "counts": self.counts,
            "changes": self.changes.iter().map(change).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(outcome: &str, begin: i64, counts: &Value) -> Transaction {
        serde_json::from_value(json!({
            "id": 1, "begin": begin, "end": null, "user": null, "outcome": outcome,
            "return_code": null, "counts": counts,
        }))
        .unwrap()
    }

    #[test]
    fn what_is_under_way_has_not_failed() {
        let check = |outcome, begin, expected| {
            assert_eq!(transaction(outcome, begin, &json!({})).failed(100_000), expected);
        };
        check("done", 0, false);
        check("failed", 99_999, true);
        check("unfinished", 99_000, false);
        check("unfinished", 9_000, true);
        check("a word of another version", 0, true);
    }
}
