//! Counts of one scan: lines, severities, programs, and the patterns with a few samples.
//!
//! Bounded whatever the log holds; it does not know where lines come from.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::patterns::{Patterns, Priority};

/// Samples kept of each pattern: the newest.
const SAMPLES_MAX: usize = 3;
/// Longest sample, in characters.
const SAMPLE_CHARS_MAX: usize = 300;
/// Longest message looked at, in bytes; what follows is a dump or an attack.
pub(super) const MESSAGE_BYTES_MAX: usize = 4096;
/// Programs counted by name; more are counted together.
const PROGRAMS_MAX: usize = 1_000;
/// Programs reported.
const PROGRAMS_TOP: usize = 20;
/// Longest program name, in characters.
const PROGRAM_CHARS_MAX: usize = 64;

/// One log line.
pub(super) struct Line<'a> {
    /// Seconds since the epoch, when the line says so.
    pub at: Option<i64>,
    /// When the log keeps it.
    pub priority: Option<Priority>,
    pub program: &'a str,
    pub message: &'a str,
}

/// What was counted.
pub(super) struct Tally {
    patterns: &'static Patterns,
    span: Option<(i64, i64)>,
    lines: u64,
    bytes: u64,
    truncated: bool,
    by_priority: [u64; Priority::ALL.len()],
    programs: BTreeMap<String, u64>,
    hits: Vec<Hit>,
}

#[derive(Clone, Default)]
struct Hit {
    count: u64,
    span: Option<(i64, i64)>,
    /// By time, oldest first.
    samples: Vec<(Option<i64>, String)>,
}

impl Tally {
    pub fn new() -> Self {
        let patterns = Patterns::embedded();
        Self {
            patterns,
            span: None,
            lines: 0,
            bytes: 0,
            truncated: false,
            by_priority: [0; Priority::ALL.len()],
            programs: BTreeMap::new(),
            hits: vec![Hit::default(); patterns.list.len()],
        }
    }

    /// The log held more than the scan took.
    pub fn cut(&mut self) {
        self.truncated = true;
    }

    pub fn lines(&self) -> u64 {
        self.lines
    }

    pub fn add(&mut self, line: &Line<'_>) {
        self.lines += 1;
        self.bytes += line.message.len() as u64;
        self.span = widen(self.span, line.at);
        self.count_program(line.program);
        let message = head(line.message, MESSAGE_BYTES_MAX);
        let found = self.patterns.matching(line.program, message);
        let worst = found.iter().map(|&index| self.patterns.list[index].priority).min();
        if let Some(priority) = line.priority.or(worst) {
            self.by_priority[priority as usize] += 1;
        }
        for index in found {
            let hit = &mut self.hits[index];
            hit.count += 1;
            hit.span = widen(hit.span, line.at);
            hit.sample(line, message);
        }
    }

    fn count_program(&mut self, program: &str) {
        if let Some(count) = self.programs.get_mut(program) {
            *count += 1;
        } else if !program.is_empty() && self.programs.len() < PROGRAMS_MAX {
            self.programs.insert(program.to_owned(), 1);
        }
    }

    /// The observation; its shape is documented at [`super::Scanned`].
    pub fn into_json(self) -> Value {
        let by_priority: BTreeMap<&str, u64> = Priority::ALL
            .iter()
            .map(|priority| (priority.as_str(), self.by_priority[*priority as usize]))
            .filter(|&(_, count)| count > 0)
            .collect();
        let mut programs: Vec<_> = self.programs.into_iter().collect();
        programs.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        let program = |(name, lines): (String, u64)| {
            let name: String = name.chars().take(PROGRAM_CHARS_MAX).collect();
            json!({ "name": name, "lines": lines })
        };
        let top: Vec<Value> = programs.into_iter().take(PROGRAMS_TOP).map(program).collect();
        let named = self.patterns.list.iter().zip(self.hits).filter(|(_, hit)| hit.count > 0);
        let pattern = |(pattern, hit): (&super::patterns::Pattern, Hit)| {
            let samples: Vec<String> = hit.samples.into_iter().map(|(_, text)| text).collect();
            json!({
                "id": pattern.id,
                "count": hit.count,
                "first": hit.span.map(|span| span.0),
                "last": hit.span.map(|span| span.1),
                "samples": samples,
            })
        };
        let patterns: Vec<Value> = named.map(pattern).collect();
        json!({
            "from": self.span.map(|span| span.0),
            "to": self.span.map(|span| span.1),
            "lines": self.lines,
            "bytes": self.bytes,
            "truncated": self.truncated,
            "by_priority": by_priority,
            "top_identifiers": top,
            "patterns": patterns,
        })
    }
}

impl Hit {
    fn sample(&mut self, line: &Line<'_>, message: &str) {
        let full = self.samples.len() == SAMPLES_MAX;
        if full && line.at < self.samples[0].0 {
            return;
        }
        if full {
            self.samples.remove(0);
        }
        let text = format!("{}: {message}", line.program);
        let text: String = text.chars().take(SAMPLE_CHARS_MAX).collect();
        let place = self.samples.partition_point(|(at, _)| *at <= line.at);
        self.samples.insert(place, (line.at, text));
    }
}

fn widen(span: Option<(i64, i64)>, at: Option<i64>) -> Option<(i64, i64)> {
    match (span, at) {
        (span, None) => span,
        (None, Some(at)) => Some((at, at)),
        (Some((first, last)), Some(at)) => Some((first.min(at), last.max(at))),
    }
}

/// The beginning of a text, at most `bytes_max`, cut between characters.
fn head(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_samples_stay_whatever_the_order() {
        let mut tally = Tally::new();
        for at in [5, 9, 1, 7, 8, 2] {
            let message = format!("segfault at {at} {}", "가".repeat(400));
            let line = Line { at: Some(at), priority: None, program: "kernel", message: &message };
            tally.add(&line);
        }
        let value = tally.into_json();
        let pattern = &value["patterns"][0];
        assert_eq!(
            (&pattern["count"], &pattern["first"], &pattern["last"]),
            (&json!(6), &json!(1), &json!(9))
        );
        let samples: Vec<&str> =
            pattern["samples"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
        assert_eq!(samples.len(), 3);
        for (sample, at) in samples.iter().zip([7, 8, 9]) {
            assert!(sample.starts_with(&format!("kernel: segfault at {at} ")), "{sample}");
            assert_eq!(sample.chars().count(), SAMPLE_CHARS_MAX);
        }
        assert_eq!(value["by_priority"], json!({"warning": 6}));
        assert_eq!(value["top_identifiers"], json!([{"name": "kernel", "lines": 6}]));
    }
}
