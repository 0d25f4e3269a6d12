//! Log analysis of one host: the window, and every pattern that was hit.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use carepack_assessment::model::HostAssessment;
use carepack_shared::patterns::embedded;
use serde_json::Value;

use super::{Scene, epoch, field};
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::Table;
use crate::reports::words::Lang;

/// Patterns in the table; a pack has about forty.
const ROWS_MAX: usize = 60;
/// Identifiers named beside the window.
const TOP_MAX: usize = 5;

pub fn window(scene: &Scene<'_>, host: &HostAssessment) -> String {
    let Some(window) = host.facts.value("logs.window") else {
        let missing = host.facts.missing.get("logs.window");
        let reason = missing.map(|missing| scene.say(super::unseen_key(missing.reason)));
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

/// What a pattern is called in the report's language, with its id; of a pack's own, the id.
pub fn title(scene: &Scene<'_>, id: &str) -> String {
    static WORDS: OnceLock<BTreeMap<String, (String, String)>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        embedded().into_iter().map(|pattern| (pattern.id, (pattern.ko, pattern.en))).collect()
    });
    match (words.get(id), scene.lang) {
        (Some((ko, _)), Lang::Ko) => format!("{ko} ({id})"),
        (Some((_, en)), Lang::En) => format!("{en} ({id})"),
        (None, _) => clean(id),
    }
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
            title(scene, field(hit, "id")),
            count(hit).to_string(),
            epoch(hit.get("first")),
            epoch(hit.get("last")),
            or_dash(sample.unwrap_or_default()),
        ]
    });
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() }
}
