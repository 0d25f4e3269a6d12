//! What the log scan counted: patterns, priorities, who wrote most.

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const LOGS: [&str; 3] = ["log:journal", "log:messages", "log:syslog"];
const KEYS: [&str; 5] = ["logs.window", "logs.patterns", "logs.count", "logs.errors", "logs.top"];
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
}

#[derive(Deserialize)]
struct Pattern {
    id: String,
    count: i64,
    first: Option<i64>,
    last: Option<i64>,
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
}

fn tell(scan: Scan, source: &str, facts: &mut Facts) {
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
