//! What changed on one host since the last inspection.

use carepack_assessment::drift::is_symptom;
use carepack_assessment::model::{By, Change, HostAssessment, Subject};

use super::{Scene, moment};
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::Table;

/// Changes listed on paper; a patched host can have hundreds. The rest is counted.
const ROWS_MAX: usize = 60;

/// The table, and what stands beside it.
pub fn changes(scene: &Scene<'_>, host: &HostAssessment) -> (Table, String) {
    let head = ["subject", "name", "before", "after", "author"];
    let rows = host.changes.iter().take(ROWS_MAX).map(|change| {
        vec![
            scene.say(subject(change.subject)),
            or_dash(&change.name),
            or_dash(&change.before),
            or_dash(&change.after),
            author(scene, change),
        ]
    });
    let table =
        Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() };
    let note = if host.previous.is_none() {
        scene.say("changes.first")
    } else if host.changes.is_empty() {
        scene.say("changes.none")
    } else {
        let explained = host.changes.iter().filter(|change| change.author.is_some()).count();
        let open = |change: &&Change| change.author.is_none() && !is_symptom(&change.key);
        let mut note = format!(
            "{} {explained}, {} {}",
            scene.say("changes.explained"),
            scene.say("changes.unexplained"),
            host.changes.iter().filter(open).count()
        );
        if host.changes.len() > ROWS_MAX {
            let more = host.changes.len() - ROWS_MAX;
            note = format!("{note} · +{more} {}", scene.say("changes.more"));
        }
        note
    };
    (table, note)
}

/// Who made it and when, or that nobody is known.
fn author(scene: &Scene<'_>, change: &Change) -> String {
    let Some(author) = &change.author else {
        let symptom = is_symptom(&change.key);
        return scene.say(if symptom { "author.symptom" } else { "author.unknown" });
    };
    let word = match author.by {
        By::Package if author.who.is_empty() => scene.say("author.package"),
        By::Package => format!("{} {}", scene.say("author.package"), clean(&author.who)),
        By::Reboot => scene.say("author.reboot"),
        By::Visit => format!("{} {}", scene.say("author.visit"), clean(&author.who)),
    };
    author.at.map_or_else(|| word.clone(), |at| format!("{word} {}", moment(at)))
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
        Subject::File => "subject.file",
        Subject::Network => "subject.network",
        Subject::Storage => "subject.storage",
    }
}
