//! What the log scan counted: patterns by day, priorities, who wrote when, unknown faults, and what
//! was read at all.
//!
//! Snapshots of agents before 0.2 hold the counts alone: what they lack is missing, not empty.

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const LOGS: [&str; 3] = ["log:journal", "log:messages", "log:syslog"];
const KEYS: [&str; 5] = ["logs.window", "logs.patterns", "logs.count", "logs.errors", "logs.top"];
/// What only newer agents tell.
const NEWER: [&str; 5] =
    ["logs.days", "logs.programs", "logs.templates", "logs.sources", "logs.gaps"];
/// Seconds of an hour, the step of silences.
const HOUR_SECONDS: i64 = 3_600;
/// Priorities of syslog that say something is wrong.
const BAD: [&str; 4] = ["emerg", "alert", "crit", "err"];

pub static PARSER: Parser = Parser {
    name: "logs",
    facts: &[
        Spec { key: "logs.window", unit: "", about: "what was scanned: from, to, lines, bytes" },
        Spec {
            key: "logs.patterns",
            unit: "",
            about: "patterns hit: count, first, last, masked samples",
        },
        Spec { key: "logs.count", unit: "lines", about: "pattern → lines" },
        Spec { key: "logs.errors", unit: "lines", about: "lines of priority err or worse" },
        Spec { key: "logs.top", unit: "", about: "who wrote most lines" },
        Spec { key: "logs.days", unit: "lines", about: "pattern → day of the host → lines" },
        Spec {
            key: "logs.programs",
            unit: "",
            about: "programs: lines, days with a line, first, last",
        },
        Spec {
            key: "logs.templates",
            unit: "",
            about: "unknown faults by template: program, template, count, first, last",
        },
        Spec {
            key: "logs.sources",
            unit: "",
            about: "each log: from, to, lines, hours with a line, silent hours, longest silence; \
                    product of a product's own log",
        },
        Spec {
            key: "logs.gaps",
            unit: "",
            about: "what was not read: log, path, bytes, from, to, why; product of its own log",
        },
    ],
    parse,
};

#[derive(Deserialize)]
struct Scan {
    from: Option<i64>,
    to: Option<i64>,
    lines: i64,
    bytes: i64,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    by_priority: Map<String, Value>,
    #[serde(default)]
    top_identifiers: Vec<Value>,
    #[serde(default)]
    patterns: Vec<Pattern>,
    programs: Option<Vec<Value>>,
    templates: Option<Vec<Value>>,
    sources: Option<Vec<LogSource>>,
}

#[derive(Deserialize)]
struct LogSource {
    name: String,
    from: Option<i64>,
    to: Option<i64>,
    #[serde(default)]
    lines: i64,
    #[serde(default)]
    hours: i64,
    #[serde(default)]
    silent_hours: i64,
    #[serde(default)]
    silences: Vec<Span>,
    #[serde(default)]
    files: Vec<Value>,
    #[serde(default)]
    gaps: Vec<Gap>,
    /// Of a product's own log.
    product: Option<String>,
}

#[derive(Deserialize)]
struct Span {
    from: i64,
    to: i64,
}

#[derive(Deserialize)]
struct Gap {
    path: String,
    bytes: Option<i64>,
    from: Option<i64>,
    to: Option<i64>,
    why: String,
}

#[derive(Deserialize)]
struct Pattern {
    id: String,
    count: i64,
    first: Option<i64>,
    last: Option<i64>,
    #[serde(default)]
    days: Option<Map<String, Value>>,
    #[serde(default)]
    samples: Vec<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let mut reason = Unseen::Absent;
    for source in LOGS {
        match evidence.survey::<Scan>(source) {
            Ok(scan) => return tell(scan, source, facts),
            Err(Unseen::Absent) => {}
            Err(other) => reason = other,
        }
    }
    facts.miss_all(&KEYS, reason, LOGS[0]);
    facts.miss_all(&NEWER, reason, LOGS[0]);
}

fn tell(mut scan: Scan, source: &str, facts: &mut Facts) {
    tell_newer(&mut scan, source, facts);
    let bad = BAD.iter().filter_map(|word| scan.by_priority.get(*word).and_then(Value::as_i64));
    let errors = bad.fold(0_i64, i64::saturating_add);
    // Plain text logs keep no priorities: then nothing is known of errors.
    let told = scan.lines == 0 || !scan.by_priority.is_empty();
    facts.set("logs.errors", if told { Ok(errors) } else { Err(Unseen::Absent) }, source);
    let window = json!({
        "from": scan.from, "to": scan.to, "lines": scan.lines, "bytes": scan.bytes,
        "truncated": scan.truncated,
    });
    facts.put("logs.window", window, source);
    let count: Map<String, Value> =
        scan.patterns.iter().map(|p| (p.id.clone(), p.count.into())).collect();
    facts.put("logs.count", count, source);
    let patterns: Vec<Value> = scan
        .patterns
        .into_iter()
        .map(|p| {
            json!({"id": p.id, "count": p.count, "first": p.first, "last": p.last,
                   "samples": p.samples})
        })
        .collect();
    facts.put("logs.patterns", patterns, source);
    facts.put("logs.top", scan.top_identifiers, source);
}

fn tell_newer(scan: &mut Scan, source: &str, facts: &mut Facts) {
    let Some(sources) = scan.sources.take() else {
        return facts.miss_all(&NEWER, Unseen::Absent, source);
    };
    let days = scan.patterns.iter_mut().filter_map(|pattern| {
        let days = pattern.days.take().filter(|days| !days.is_empty())?;
        Some((pattern.id.clone(), Value::Object(days)))
    });
    facts.put("logs.days", days.collect::<Map<_, _>>(), source);
    facts.put("logs.programs", scan.programs.take().unwrap_or_default(), source);
    facts.put("logs.templates", scan.templates.take().unwrap_or_default(), source);
    let gaps: Vec<Value> = sources
        .iter()
        .flat_map(|log| log.gaps.iter().map(move |gap| (log, gap)))
        .map(|(log, gap)| {
            let row = json!({"log": log.name, "path": gap.path, "bytes": gap.bytes,
                             "from": gap.from, "to": gap.to, "why": gap.why});
            with_product(row, log)
        })
        .collect();
    facts.put("logs.gaps", gaps, source);
    let told = |log: &LogSource| {
        let hours = |span: &Span| span.to.saturating_sub(span.from) / HOUR_SECONDS;
        let row = json!({"name": log.name, "from": log.from, "to": log.to, "lines": log.lines,
                         "files": log.files.len(), "hours": log.hours,
                         "silent_hours": log.silent_hours,
                         "longest_silence_hours":
                             log.silences.iter().map(hours).max().unwrap_or(0)});
        with_product(row, log)
    };
    facts.put("logs.sources", sources.iter().map(told).collect::<Vec<_>>(), source);
}

/// A row of a log that is a product's own names it.
fn with_product(mut row: Value, log: &LogSource) -> Value {
    if let Some(product) = &log.product {
        row["product"] = product.as_str().into();
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(value: &Value) -> Facts {
        let mut facts = Facts::default();
        tell(serde_json::from_value(value.clone()).unwrap(), "log:journal", &mut facts);
        facts
    }

    #[test]
    fn an_older_agents_counts_stay_readable_and_what_they_lack_is_missing() {
        let facts = facts(&json!({"from": 1, "to": 2, "lines": 3, "bytes": 4, "truncated": false,
            "by_priority": {"err": 3}, "top_identifiers": [],
            "patterns": [{"id": "kernel.panic", "count": 2, "first": 1, "last": 2,
                          "samples": ["x"]}]}));
        assert_eq!(facts.value("logs.count"), Some(&json!({"kernel.panic": 2})));
        assert!(NEWER.iter().all(|key| facts.missing.contains_key(*key)));
    }

    #[test]
    fn days_silences_and_gaps_are_told() {
        let facts = facts(&json!({"from": 1, "to": 2, "lines": 3, "bytes": 4,
            "patterns": [{"id": "kernel.panic", "count": 2, "first": 1, "last": 2,
                          "days": {"2026-11-05": 2}, "samples": []}],
            "programs": [{"name": "sshd", "lines": 3, "days": 1, "first": 1, "last": 2}],
            "templates": [],
            "sources": [{"name": "/var/log/messages", "from": 1, "to": 2, "lines": 3, "bytes": 4,
                "hours": 2, "silent_hours": 9, "silences": [{"from": 0, "to": 7200},
                {"from": 0, "to": 25200}], "files": [{}, {}],
                "gaps": [{"path": "p", "bytes": null, "from": 1, "to": null, "why": "w"}]}]}));
        assert_eq!(facts.value("logs.days"), Some(&json!({"kernel.panic": {"2026-11-05": 2}})));
        let source = &facts.value("logs.sources").unwrap()[0];
        assert_eq!((&source["longest_silence_hours"], &source["files"]), (&json!(7), &json!(2)));
        assert_eq!(facts.value("logs.gaps").unwrap()[0]["log"], "/var/log/messages");
        assert_eq!(facts.value("logs.templates"), Some(&json!([])));
    }
}
