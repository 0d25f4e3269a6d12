//! Evidence of a test: a snapshot of a few sources, as literals.

use std::collections::BTreeMap;

use carepack_shared::snapshot::{Agent, Host, SCHEMA};
use carepack_shared::{Content, Observation, Outcome, Reason, Snapshot, Source};
use serde_json::Value;

/// What was looked at: a path, `survey:NAME` or `cmd:NAME`, and what came of it.
pub fn snapshot(sources: impl IntoIterator<Item = (String, Outcome)>) -> Snapshot {
    let at: jiff::Timestamp = "2026-11-05T00:00:00Z".parse().unwrap();
    let one = |(key, outcome): (String, Outcome)| {
        let source = match key.split_once(':') {
            Some(("survey", name)) => Source::Survey { name: name.to_owned() },
            Some((_, name)) => Source::Command { name: name.to_owned(), argv: Vec::new() },
            None => Source::File { path: key },
        };
        Observation { probe: "test".to_owned(), source, at, took_ms: 0, outcome }
    };
    Snapshot {
        schema: SCHEMA,
        id: uuid::Uuid::nil(),
        host: Host { id: None, hostname: "w".to_owned(), machine: None, recorded: true },
        reason: Reason::Offline,
        period: None,
        taken_at: at,
        finished_at: at,
        agent: Agent { version: "0".to_owned(), cpu_ms: 0, peak_kib: 0, spawned: 0 },
        lost: 0,
        masked: BTreeMap::new(),
        privacy: carepack_shared::privacy::Privacy::default(),
        observations: sources.into_iter().map(one).collect(),
    }
}

/// A text that was seen whole.
pub fn text(text: &str) -> Outcome {
    Outcome::Seen { content: Content::Text(text.to_owned()), truncated: false }
}

/// A survey that was seen whole.
pub fn survey(value: &Value) -> Outcome {
    Outcome::Seen { content: Content::Json(value.clone()), truncated: false }
}
