//! Log analysis of one host: the window, and every pattern that was hit.

use carepack_assessment::model::HostAssessment;
use serde_json::Value;

use super::{Scene, epoch, field};
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::Table;

/// Patterns in the table; a pack has about forty.
const ROWS_MAX: usize = 60;
/// Identifiers named beside the window.
const TOP_MAX: usize = 5;

pub fn window(scene: &Scene<'_>, host: &HostAssessment) -> String {
    let Some(window) = host.facts.value("logs.window") else {
        let missing = host.facts.missing.get("logs.window");
        let reason = missing.map(|missing| scene.say(super::host::unseen_key(missing.reason)));
        return reason
            .map_or_else(String::new, |word| format!("{}: {word}", scene.say("verdict.unknown")));
    };
    let lines = window.get("lines").and_then(Value::as_i64).unwrap_or(0);
    format!(
        "{}: {} – {}, {lines} {}{}",
        scene.say("logs.window"),
        epoch(window.get("from")),
        epoch(window.get("to")),
        scene.say("logs.lines"),
        top(scene, host)
    )
}

/// Who wrote most of the lines.
fn top(scene: &Scene<'_>, host: &HostAssessment) -> String {
    let list = host.facts.value("logs.top").and_then(Value::as_array);
    let named: Vec<String> = list
        .into_iter()
        .flatten()
        .take(TOP_MAX)
        .map(|one| {
            let lines = one.get("lines").and_then(Value::as_i64).unwrap_or(0);
            format!("{} {lines}", clean(field(one, "name")))
        })
        .collect();
    if named.is_empty() {
        return String::new();
    }
    format!(" · {}: {}", scene.say("logs.top"), named.join(", "))
}

pub fn patterns(scene: &Scene<'_>, host: &HostAssessment) -> Table {
    let head = ["pattern", "count", "first", "last", "sample"];
    let mut hits: Vec<&Value> = host
        .facts
        .value("logs.patterns")
        .and_then(Value::as_array)
        .map(|list| list.iter().collect())
        .unwrap_or_default();
    let count = |hit: &Value| hit.get("count").and_then(Value::as_i64).unwrap_or(0);
    hits.sort_by(|a, b| count(b).cmp(&count(a)).then(field(a, "id").cmp(field(b, "id"))));
    let rows = hits.into_iter().take(ROWS_MAX).map(|hit| {
        let samples = hit.get("samples").and_then(Value::as_array);
        let sample = samples.and_then(|list| list.first()).and_then(Value::as_str);
        vec![
            clean(field(hit, "id")),
            count(hit).to_string(),
            epoch(hit.get("first")),
            epoch(hit.get("last")),
            or_dash(sample.unwrap_or_default()),
        ]
    });
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() }
}
