//! What changed on one host since the last inspection.

use carepack_assessment::model::{HostAssessment, Subject};

use super::Scene;
use crate::reports::clean::or_dash;
use crate::reports::model::Table;

/// Changes listed on paper; a patched host can have hundreds. The rest is counted.
const ROWS_MAX: usize = 60;

/// The table, and what stands beside it.
pub fn changes(scene: &Scene<'_>, host: &HostAssessment) -> (Table, String) {
    let head = ["subject", "name", "before", "after"];
    let rows = host.changes.iter().take(ROWS_MAX).map(|change| {
        vec![
            scene.say(subject(change.subject)),
            or_dash(&change.name),
            or_dash(&change.before),
            or_dash(&change.after),
        ]
    });
    let table =
        Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() };
    let note = if host.previous.is_none() {
        scene.say("changes.first")
    } else if host.changes.is_empty() {
        scene.say("changes.none")
    } else if host.changes.len() > ROWS_MAX {
        format!("+{} {}", host.changes.len() - ROWS_MAX, scene.say("changes.more"))
    } else {
        String::new()
    };
    (table, note)
}

const fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::System => "subject.system",
        Subject::Package => "subject.package",
        Subject::Parameter => "subject.parameter",
        Subject::Unit => "subject.unit",
        Subject::Account => "subject.account",
        Subject::Mount => "subject.mount",
        Subject::Listener => "subject.listener",
    }
}
