//! How one host compares with the standard of its role.

use carepack_assessment::model::HostAssessment;

use super::Scene;
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::Table;

/// Deviations listed on paper; the rest is counted.
const ROWS_MAX: usize = 60;

/// The table, and what stands beside it; both empty for a host without a standard.
pub fn standard(scene: &Scene<'_>, host: &HostAssessment) -> (Table, String) {
    let Some(compared) = &host.standard else { return (Table::default(), String::new()) };
    let head = ["subject", "name", "standard.expected", "standard.actual"];
    let rows = compared.deviations.iter().take(ROWS_MAX).map(|deviation| {
        vec![
            scene.say(subject(&deviation.kind)),
            or_dash(&deviation.name),
            or_dash(&deviation.expected),
            or_dash(&deviation.actual),
        ]
    });
    let table =
        Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() };
    let mut note = format!(
        "{} · {} {} · {} {}",
        clean(&compared.standard),
        scene.say("standard.checked"),
        compared.checked,
        scene.say("standard.deviations"),
        compared.deviations.len()
    );
    if !compared.unseen.is_empty() {
        let unseen: Vec<&str> = compared.unseen.iter().map(|(key, _)| key.as_str()).collect();
        note = format!("{note} · {}: {}", scene.say("verdict.unknown"), unseen.join(", "));
    }
    (table, note)
}

fn subject(kind: &str) -> &'static str {
    match kind {
        "package" => "subject.package",
        "unit" => "subject.unit",
        "account" => "subject.account",
        "listener" => "subject.listener",
        _ => "subject.parameter",
    }
}
