//! The host's own history of package transactions, asked who was at work at a moment.
//!
//! It knows the fact `packages.transactions` and nothing else.

use carepack_facts::Facts;
use jiff::Timestamp;
use serde_json::Value as Json;

/// Packages carry the second they were written in, which lies inside their transaction; clocks
/// that are read twice differ by little.
const SLACK_SECONDS: i64 = 5;
/// A transaction without an end is taken to have lasted that long.
const UNFINISHED_SECONDS: i64 = 3600;
/// Longest command shown beside an author, in characters.
const COMMAND_CHARS_MAX: usize = 60;

/// The transactions, newest first; none where the history was not seen.
pub struct Transactions<'a>(&'a [Json]);

impl<'a> Transactions<'a> {
    #[must_use]
    pub fn of(facts: &'a Facts) -> Self {
        let list = facts.value("packages.transactions").and_then(Json::as_array);
        Self(list.map_or(&[], Vec::as_slice))
    }

    /// Who was at work at that moment: `kimjh · #31 upgrade -y`.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<String> {
        let at = at.as_second();
        let covers = |transaction: &&Json| {
            let begin = number(transaction, "begin").unwrap_or(i64::MAX);
            let end =
                number(transaction, "end").unwrap_or(begin.saturating_add(UNFINISHED_SECONDS));
            at >= begin.saturating_sub(SLACK_SECONDS) && at <= end.saturating_add(SLACK_SECONDS)
        };
        self.0.iter().find(covers).map(words)
    }

    /// When `name.arch` was last removed.
    #[must_use]
    pub fn removal(&self, name: &str) -> Option<Timestamp> {
        let removes = |change: &Json| {
            let gone = matches!(text(change, "action"), "remove" | "obsolete");
            let own =
                name.strip_prefix(text(change, "name")).and_then(|rest| rest.strip_prefix('.'));
            gone && own == Some(text(change, "arch"))
        };
        let touched = |transaction: &&Json| {
            let changes = transaction.get("changes").and_then(Json::as_array);
            changes.is_some_and(|changes| changes.iter().any(removes))
        };
        let transaction = self.0.iter().find(touched)?;
        let at = number(transaction, "end").or_else(|| number(transaction, "begin"))?;
        Timestamp::from_second(at).ok()
    }
}

fn words(transaction: &Json) -> String {
    let id = number(transaction, "id").unwrap_or(0);
    let command: String = text(transaction, "command").chars().take(COMMAND_CHARS_MAX).collect();
    let user = text(transaction, "user");
    let user = if user.is_empty() { String::new() } else { format!("{user} · ") };
    format!("{user}#{id} {command}").trim_end().to_owned()
}

fn number(value: &Json, name: &str) -> Option<i64> {
    value.get(name)?.as_i64()
}

fn text<'v>(value: &'v Json, name: &str) -> &'v str {
    value.get(name).and_then(Json::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_transaction_that_covers_a_moment_and_the_one_that_removed() {
        let mut facts = Facts::default();
        let list = json!([
            {"id": 9, "begin": 500, "end": null, "user": "", "command": "", "changes": []},
            {"id": 8, "begin": 100, "end": 120, "user": "kimjh", "command": "remove telnet",
             "changes": [{"action": "remove", "name": "telnet", "arch": "x86_64"},
                         {"action": "upgrade", "name": "bash", "arch": "x86_64"}]},
        ]);
        facts.put("packages.transactions", list, "test");
        let history = Transactions::of(&facts);
        let at = |second| history.at(Timestamp::from_second(second).unwrap());
        assert_eq!(at(110).as_deref(), Some("kimjh · #8 remove telnet"));
        assert_eq!(at(125).as_deref(), Some("kimjh · #8 remove telnet"));
        assert_eq!(at(126), None);
        assert_eq!(at(600).as_deref(), Some("#9"));
        let removed = |name| history.removal(name).map(Timestamp::as_second);
        assert_eq!(removed("telnet.x86_64"), Some(120));
        assert_eq!(removed("telnet.i686"), None);
        assert_eq!(removed("bash.x86_64"), None);
        assert_eq!(Transactions::of(&Facts::default()).at(Timestamp::UNIX_EPOCH), None);
    }
}
