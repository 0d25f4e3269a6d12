//! The log of one host over time: patterns by day, faults that are new, and what was not read.

use std::collections::BTreeSet;

use carepack_assessment::model::HostAssessment;
use carepack_facts::Facts;
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::{Scene, epoch, field, logs};
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::Table;

/// Patterns by day, new faults and gaps in a table: the rest is in the evidence.
const ROWS_MAX: usize = 30;
/// Days shown one by one.
const DAYS_SHOWN: i64 = 7;

/// Of every pattern: on how many days, the busiest, and the last week.
pub fn days(scene: &Scene<'_>, host: &HostAssessment) -> Table {
    let head = ["pattern", "logs.days_hit", "logs.busiest", "logs.week"];
    let Some(days) = host.facts.value("logs.days").and_then(Value::as_object) else {
        return table(scene, &head, Vec::new());
    };
    let last = last_day(host, days);
    let mut lines: Vec<(i64, Vec<String>)> = days
        .iter()
        .filter_map(|(id, days)| Some((id, days.as_object()?)))
        .map(|(id, days)| {
            let count = |day: &str| days.get(day).and_then(Value::as_i64).unwrap_or(0);
            let busiest = days.keys().max_by_key(|day| (count(day), std::cmp::Reverse(*day)));
            let busiest = busiest.map(|day| format!("{} ({})", clean(day), count(day)));
            let week = last.map(|last| {
                let shown = (0..DAYS_SHOWN).rev();
                let day = |back: i64| last.checked_sub(back.days()).ok().map(|d| d.to_string());
                let counts = shown.map(|back| day(back).map_or(0, |day| count(&day)).to_string());
                counts.collect::<Vec<_>>().join(" · ")
            });
            let total = days.keys().map(|day| count(day)).fold(0, i64::saturating_add);
            let row = vec![
                logs::title(scene, id),
                days.len().to_string(),
                busiest.unwrap_or_default(),
                week.unwrap_or_default(),
            ];
            (total, row)
        })
        .collect();
    lines.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    table(scene, &head, lines.into_iter().map(|(_, row)| row).take(ROWS_MAX).collect())
}

/// The day that the window ends on, or the last one with a line if that is later (the host's zone
/// may be ahead of the report's).
fn last_day(host: &HostAssessment, days: &Map<String, Value>) -> Option<Date> {
    let window = host.facts.value("logs.window")?;
    let end = epoch(window.get("to"));
    let end: Option<Date> = end.get(..10).and_then(|day| day.parse().ok());
    let told = days.values().filter_map(Value::as_object).flat_map(Map::keys);
    end.max(told.filter_map(|day| day.parse::<Date>().ok()).max())
}

/// Templates that the last inspection's evidence does not hold; none without one.
pub fn new_faults(scene: &Scene<'_>, host: &HostAssessment) -> Table {
    let head = ["logs.program", "logs.template", "count", "first"];
    let name = |one: &Value| (field(one, "program").to_owned(), field(one, "template").to_owned());
    let Some(before) = templates(&host.previous_facts) else {
        return table(scene, &head, Vec::new());
    };
    let before: BTreeSet<_> = before.iter().map(name).collect();
    let fresh =
        templates(&host.facts).into_iter().flatten().filter(|one| !before.contains(&name(one)));
    let rows = fresh.take(ROWS_MAX).map(|one| {
        vec![
            clean(field(one, "program")),
            clean(field(one, "template")),
            one.get("count").and_then(Value::as_i64).unwrap_or(0).to_string(),
            epoch(one.get("first")),
        ]
    });
    table(scene, &head, rows.collect())
}

fn templates(facts: &Facts) -> Option<&Vec<Value>> {
    facts.value("logs.templates")?.as_array()
}

/// Every log that was read, the products' own with their name; none of older agents.
pub fn sources(scene: &Scene<'_>, host: &HostAssessment) -> Table {
    let head = ["logs.log", "logs.product", "logs.lines", "logs.from", "logs.to"];
    let list = host.facts.value("logs.sources").and_then(Value::as_array).into_iter().flatten();
    let lines = |log: &Value| log.get("lines").and_then(Value::as_i64).unwrap_or(0);
    let read = list.filter(|log| lines(log) > 0).take(ROWS_MAX);
    let rows = read.map(|log| {
        vec![
            clean(field(log, "name")),
            or_dash(field(log, "product")),
            lines(log).to_string(),
            epoch(log.get("from")),
            epoch(log.get("to")),
        ]
    });
    table(scene, &head, rows.collect())
}

/// What was not read, and each log's longest silence when it is a day or more.
pub fn gaps(scene: &Scene<'_>, host: &HostAssessment) -> Table {
    /// Shorter silences are usual at night.
    const SILENCE_HOURS_MIN: i64 = 24;
    let head = ["logs.log", "logs.gap", "logs.from", "logs.to"];
    let list = |key: &str| host.facts.value(key).and_then(Value::as_array).into_iter().flatten();
    let gaps = list("logs.gaps").map(|gap| {
        let why = field(gap, "why");
        let word = match why {
            "rotated_away" => scene.say("logs.gap.rotated_away"),
            "over_budget" => scene.say("logs.gap.over_budget"),
            "out_of_time" => scene.say("logs.gap.out_of_time"),
            "denied" => scene.say("logs.gap.denied"),
            "withheld" => scene.say("logs.gap.withheld"),
            _ => scene.say("logs.gap.unreadable"),
        };
        let (from, to) = (epoch(gap.get("from")), epoch(gap.get("to")));
        vec![clean(field(gap, "path")), word, from, to]
    });
    let silences = list("logs.sources").filter_map(|log| {
        let hours = log.get("longest_silence_hours").and_then(Value::as_i64)?;
        (hours >= SILENCE_HOURS_MIN).then(|| {
            let word = format!("{}: {hours}", scene.say("logs.silence"));
            vec![clean(field(log, "name")), word, epoch(log.get("from")), epoch(log.get("to"))]
        })
    });
    table(scene, &head, gaps.chain(silences).take(ROWS_MAX).collect())
}

fn table(scene: &Scene<'_>, head: &[&'static str], rows: Vec<Vec<String>>) -> Table {
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows }
}
