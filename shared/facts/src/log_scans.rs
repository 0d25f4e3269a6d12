//! Log scans of one host, joined: each holds what was new since the one before, so a period's logs
//! are those of all its snapshots, whatever they were taken for.

use std::collections::BTreeMap;

use carepack_shared::{Content, Outcome, Snapshot, Source};
use serde_json::{Map, Value};

/// As many as the agent itself tells of one scan; of unknown faults twice as many.
const TOP_MAX: usize = 20;
const PROGRAMS_MAX: usize = 150;
const TEMPLATES_MAX: usize = 200;
const SAMPLES_MAX: usize = 3;
/// Silences, files and gaps kept of one log.
const PARTS_MAX: usize = 100;

/// Adds what an earlier snapshot's scan counted to that of a later one. A scan that was not seen
/// stays so: what was read before does not answer for it.
pub fn join(earlier: &Snapshot, later: &mut Snapshot) {
    let scan = earlier.observations.iter().find_map(|seen| match (&seen.source, &seen.outcome) {
        (Source::Log { .. }, Outcome::Seen { content: Content::Json(Value::Object(scan)), .. }) => {
            Some(scan)
        }
        _ => None,
    });
    let own =
        later.observations.iter_mut().find_map(|seen| match (&seen.source, &mut seen.outcome) {
            (
                Source::Log { .. },
                Outcome::Seen { content: Content::Json(Value::Object(scan)), .. },
            ) => Some(scan),
            _ => None,
        });
    if let (Some(scan), Some(own)) = (scan, own) {
        scans(scan, own);
    }
}

fn scans(earlier: &Map<String, Value>, later: &mut Map<String, Value>) {
    span(earlier, later, ("from", "to"));
    sum(earlier, later, &["lines", "bytes", "templates_untold"]);
    if earlier.get("truncated") == Some(&Value::Bool(true)) {
        later.insert("truncated".to_owned(), Value::Bool(true));
    }
    counts(earlier, later, "by_priority");
    let named = |row: &Map<String, Value>| text(row, "name");
    rows(earlier, later, ("top_identifiers", TOP_MAX), named, |one, own| sum(one, own, &["lines"]));
    rows(earlier, later, ("programs", PROGRAMS_MAX), named, |one, own| {
        sum(one, own, &["lines", "days"]);
        span(one, own, ("first", "last"));
    });
    let by_id = |row: &Map<String, Value>| text(row, "id");
    rows(earlier, later, ("patterns", usize::MAX), by_id, |one, own| {
        sum(one, own, &["count"]);
        span(one, own, ("first", "last"));
        counts(one, own, "days");
        append(one, own, ("samples", SAMPLES_MAX));
    });
    let by_template =
        |row: &Map<String, Value>| text(row, "program") + "\0" + &text(row, "template");
    rows(earlier, later, ("templates", TEMPLATES_MAX), by_template, |one, own| {
        sum(one, own, &["count"]);
        span(one, own, ("first", "last"));
    });
    rows(earlier, later, ("sources", usize::MAX), named, |one, own| {
        span(one, own, ("from", "to"));
        sum(one, own, &["lines", "bytes", "hours", "silent_hours"]);
        for key in ["silences", "files", "gaps"] {
            append(one, own, (key, PARTS_MAX));
        }
    });
}

fn text(row: &Map<String, Value>, key: &str) -> String {
    row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn sum(earlier: &Map<String, Value>, later: &mut Map<String, Value>, keys: &[&str]) {
    for key in keys {
        if let Some(count) = earlier.get(*key).and_then(Value::as_i64) {
            let own = later.get(*key).and_then(Value::as_i64).unwrap_or(0);
            later.insert((*key).to_owned(), own.saturating_add(count).into());
        }
    }
}

/// The span of both.
fn span(earlier: &Map<String, Value>, later: &mut Map<String, Value>, (from, to): (&str, &str)) {
    let get = |map: &Map<String, Value>, key: &str| map.get(key).and_then(Value::as_i64);
    let first = get(earlier, from).into_iter().chain(get(later, from)).min();
    let last = get(earlier, to).into_iter().chain(get(later, to)).max();
    for (key, value) in [(from, first), (to, last)] {
        if let Some(value) = value {
            later.insert(key.to_owned(), value.into());
        }
    }
}

/// Counts by a word: of each the sum.
fn counts(earlier: &Map<String, Value>, later: &mut Map<String, Value>, key: &str) {
    let Some(Value::Object(counts)) = earlier.get(key) else { return };
    let own = later.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(own) = own {
        let words: Vec<&str> = counts.keys().map(String::as_str).collect();
        sum(counts, own, &words);
    }
}

/// The later list, then the earlier one, up to a bound: the newest come first.
fn append(earlier: &Map<String, Value>, later: &mut Map<String, Value>, (key, max): (&str, usize)) {
    let Some(Value::Array(list)) = earlier.get(key) else { return };
    let own = later.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(own) = own {
        own.extend(list.iter().take(max.saturating_sub(own.len())).cloned());
    }
}

/// Rows of the same name are joined; those that only the earlier list has follow.
fn rows(
    earlier: &Map<String, Value>,
    later: &mut Map<String, Value>,
    (key, max): (&str, usize),
    name: impl Fn(&Map<String, Value>) -> String,
    join: impl Fn(&Map<String, Value>, &mut Map<String, Value>),
) {
    let Some(Value::Array(list)) = earlier.get(key) else { return };
    let own = later.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(own) = own else { return };
    let places: BTreeMap<String, usize> =
        own.iter().enumerate().filter_map(|(at, row)| Some((name(row.as_object()?), at))).collect();
    for row in list {
        let Some(one) = row.as_object() else { continue };
        match places.get(&name(one)) {
            Some(at) => {
                if let Some(own) = own[*at].as_object_mut() {
                    join(one, own);
                }
            }
            None if own.len() < max => own.push(row.clone()),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn joined(earlier: Value, later: Value) -> Value {
        let (Value::Object(earlier), Value::Object(mut later)) = (earlier, later) else {
            panic!("objects")
        };
        scans(&earlier, &mut later);
        Value::Object(later)
    }

    #[test]
    fn what_was_counted_before_counts_too() {
        let earlier = json!({
            "from": 10, "to": 50, "lines": 7, "bytes": 70, "truncated": true,
            "by_priority": {"err": 2, "crit": 1},
            "patterns": [
                {"id": "a", "count": 2, "first": 10, "last": 20, "days": {"d1": 2}, "samples": ["x", "y"]},
                {"id": "b", "count": 1, "first": 30, "last": 30, "days": {"d1": 1}, "samples": ["z"]},
            ],
            "templates": [{"program": "p", "template": "t", "count": 4, "first": 1, "last": 2}],
            "programs": [{"name": "p", "lines": 7, "days": 2, "first": 10, "last": 50}],
            "sources": [{"name": "/var/log/messages", "from": 10, "to": 50, "lines": 7,
                "gaps": [{"path": "m", "why": "rotated_away"}]}],
        });
        let later = json!({
            "from": 60, "to": 90, "lines": 3, "bytes": 30, "truncated": false,
            "by_priority": {"err": 1},
            "patterns": [{"id": "a", "count": 1, "first": 70, "last": 70, "days": {"d2": 1},
                "samples": ["n"]}],
            "programs": [], "sources": [{"name": "/var/log/messages", "from": 60, "to": 90, "lines": 3}],
        });
        let found = joined(earlier, later);
        assert_eq!(
            found["patterns"],
            json!([
                {"id": "a", "count": 3, "first": 10, "last": 70, "days": {"d1": 2, "d2": 1},
                    "samples": ["n", "x", "y"]},
                {"id": "b", "count": 1, "first": 30, "last": 30, "days": {"d1": 1}, "samples": ["z"]},
            ])
        );
        let told = ["from", "to", "lines", "bytes", "truncated"].map(|key| found[key].clone());
        assert_eq!(json!(told), json!([10, 90, 10, 100, true]));
        assert_eq!(found["by_priority"], json!({"err": 3, "crit": 1}));
        assert_eq!(found["templates"][0]["count"], 4);
        assert_eq!(found["programs"][0]["lines"], 7);
        let source = &found["sources"][0];
        assert_eq!((&source["lines"], &source["gaps"][0]["path"]), (&json!(10), &json!("m")));
    }

    #[test]
    fn other_shapes_change_nothing() {
        let later = json!({"lines": 3, "patterns": "none", "sources": [1, null]});
        let earlier =
            json!({"lines": "x", "patterns": [1], "sources": [{"name": "a"}], "programs": 5});
        assert_eq!(
            joined(earlier, later),
            json!({"lines": 3, "patterns": "none", "sources": [1, null, {"name": "a"}]})
        );
    }
}
