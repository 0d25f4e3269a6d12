//! Package transactions since the last inspection: when, who, what, and how they came out.
//!
//! It shows what the host's own history says; whether a failure needs work is for rules to say.

use carepack_assessment::model::HostAssessment;
use serde_json::Value;

use super::{Scene, epoch, field};
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::Table;

/// Transactions listed on paper; a month seldom has more. The rest is counted.
const ROWS_MAX: usize = 20;
/// Packages named of one transaction.
const NAMES_MAX: usize = 6;
/// At the first inspection, without a last one to begin at: the last three months.
const FIRST_SECONDS: i64 = 92 * 86_400;

/// The table, and what stands beside it; empty where the host told no history.
pub fn transactions(scene: &Scene<'_>, host: &HostAssessment) -> (Table, String) {
    let head = ["tx.when", "tx.user", "tx.command", "tx.what", "tx.outcome"];
    let head = head.iter().map(|key| scene.say(key)).collect();
    let history = host.facts.value("packages.transactions").and_then(Value::as_array);
    let (Some(history), Some(snapshot)) = (history, &host.snapshot) else {
        return (Table { head, rows: Vec::new() }, String::new());
    };
    let since = host.previous.as_ref().map_or_else(
        || snapshot.taken_at.as_second() - FIRST_SECONDS,
        |previous| previous.taken_at.as_second(),
    );
    let begin = |transaction: &Value| transaction.get("begin").and_then(Value::as_i64);
    let recent: Vec<&Value> =
        history.iter().filter(|transaction| begin(transaction) > Some(since)).collect();
    let rows = recent.iter().take(ROWS_MAX).map(|transaction| row(scene, transaction)).collect();
    let note = match recent.len() {
        0 => scene.say("tx.none"),
        count if count > ROWS_MAX => {
            format!("+{} {}", count - ROWS_MAX, scene.say("changes.more"))
        }
        _ => String::new(),
    };
    (Table { head, rows }, note)
}

fn row(scene: &Scene<'_>, transaction: &Value) -> Vec<String> {
    let outcome = match field(transaction, "outcome") {
        "done" => "tx.done",
        "failed" => "tx.failed",
        _ => "tx.unfinished",
    };
    vec![
        epoch(transaction.get("begin")),
        or_dash(field(transaction, "user")),
        or_dash(field(transaction, "command")),
        what(scene, transaction),
        scene.say(outcome),
    ]
}

/// `갱신 6: curl, libcurl, openssh +3`.
fn what(scene: &Scene<'_>, transaction: &Value) -> String {
    let counts = transaction.get("counts").and_then(Value::as_object).into_iter().flatten();
    let counts: Vec<String> =
        counts.map(|(action, count)| format!("{} {count}", action_word(scene, action))).collect();
    let changes = transaction.get("changes").and_then(Value::as_array);
    let names = changes.into_iter().flatten().map(|change| clean(field(change, "name")));
    let names: Vec<String> = names.take(NAMES_MAX).collect();
    if counts.is_empty() {
        return "-".to_owned();
    }
    let changed = transaction.get("changed").and_then(Value::as_u64).unwrap_or(0);
    let more = changed.saturating_sub(names.len() as u64);
    let more = if more == 0 { String::new() } else { format!(" +{more}") };
    format!("{}: {}{more}", counts.join(", "), names.join(", "))
}

fn action_word(scene: &Scene<'_>, action: &str) -> String {
    match action {
        "install" => scene.say("tx.install"),
        "upgrade" => scene.say("tx.upgrade"),
        "downgrade" => scene.say("tx.downgrade"),
        "remove" => scene.say("tx.remove"),
        "reinstall" => scene.say("tx.reinstall"),
        "obsolete" => scene.say("tx.obsolete"),
        other => clean(other),
    }
}
