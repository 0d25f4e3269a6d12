//! Counts of one scan: lines, severities, programs, the patterns by day with a few samples, and
//! groups of unknown faults.
//!
//! Bounded whatever the log holds; it does not know where lines come from.

use std::collections::BTreeMap;

use carepack_shared::patterns::Priority;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::patterns::Patterns;
use super::prefilter::Found;
use super::programs::{Key, Programs};
use super::span::widen;
use super::templates::Templates;

/// Samples kept of each pattern: the newest.
const SAMPLES_MAX: usize = 3;
/// Longest sample, in characters.
const SAMPLE_CHARS_MAX: usize = 300;
/// Longest message looked at, in bytes; what follows is a dump or an attack.
pub(super) const MESSAGE_BYTES_MAX: usize = 4096;
/// Days counted of one pattern; later ones take the place of earlier ones.
const DAYS_MAX: usize = 130;

/// One log line.
pub(super) struct Line<'a> {
    /// Seconds since the epoch, when the line says so.
    pub at: Option<i64>,
    /// When the log keeps it.
    pub priority: Option<Priority>,
    pub program: &'a [u8],
    pub message: &'a [u8],
    /// No fault of its own, whatever words stand in it: its log says so.
    pub quiet: bool,
}

/// What was counted.
pub(super) struct Tally<'p> {
    patterns: &'p Patterns,
    days: Days,
    span: Option<(i64, i64)>,
    lines: u64,
    bytes: u64,
    truncated: bool,
    by_priority: [u64; Priority::ALL.len()],
    programs: Programs,
    templates: Templates,
    hits: Vec<Hit>,
    scratch: Vec<u16>,
}

#[derive(Clone, Default)]
struct Hit {
    count: u64,
    span: Option<(i64, i64)>,
    days: BTreeMap<i32, u64>,
    /// By time, oldest first.
    samples: Vec<Sample>,
}

impl<'p> Tally<'p> {
    pub fn new(patterns: &'p Patterns, zone: TimeZone) -> Self {
        Self {
            patterns,
            days: Days { zone, from: 0, to: 0, day: 0 },
            span: None,
            lines: 0,
            bytes: 0,
            truncated: false,
            by_priority: [0; Priority::ALL.len()],
            programs: Programs::new(),
            templates: Templates::default(),
            hits: vec![Hit::default(); patterns.list.len()],
            scratch: Vec::new(),
        }
    }

    /// The log held more than the scan took.
    pub fn cut(&mut self) {
        self.truncated = true;
    }

    #[cfg(test)]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Counts a line in which no literal stands; with the key of its program.
    #[inline]
    pub fn pass(&mut self, line: &Line<'_>, key: Key) {
        self.lines += 1;
        self.bytes += line.message.len() as u64;
        self.span = widen(self.span, line.at);
        let day = line.at.map_or(0, |at| self.days.of(at));
        self.programs.add((line.program, key), line.at, day);
        if let Some(priority) = line.priority {
            self.by_priority[priority as usize] += 1;
            if priority <= Priority::Err {
                self.templates.add(line.program, line.message, line.at);
            }
        }
    }

    /// Counts a line with the literals that stand in its message.
    pub fn add(&mut self, line: &Line<'_>, found: &[Found]) {
        let key = Key::of(line.program, line.program.len());
        if found.is_empty() {
            return self.pass(line, key);
        }
        self.lines += 1;
        self.bytes += line.message.len() as u64;
        self.span = widen(self.span, line.at);
        let day = line.at.map_or(0, |at| self.days.of(at));
        self.programs.add((line.program, key), line.at, day);
        let message = &line.message[..line.message.len().min(MESSAGE_BYTES_MAX)];
        let patterns = self.patterns;
        let mut hits = std::mem::take(&mut self.scratch);
        let fault = patterns.decide((line.program, message), found, &mut hits);
        let worst = hits.iter().map(|&hit| patterns.list[usize::from(hit)].priority).min();
        let priority = line.priority.or(worst);
        if let Some(priority) = priority {
            self.by_priority[priority as usize] += 1;
        }
        if hits.is_empty() && !line.quiet && (fault || priority.is_some_and(|p| p <= Priority::Err))
        {
            self.templates.add(line.program, message, line.at);
        }
        for &index in &hits {
            let hit = &mut self.hits[usize::from(index)];
            hit.count += 1;
            hit.span = widen(hit.span, line.at);
            if line.at.is_some() {
                *hit.days.entry(day).or_default() += 1;
                if hit.days.len() > DAYS_MAX {
                    hit.days.pop_first();
                }
            }
            hit.sample(line, message);
        }
        self.scratch = hits;
    }

    /// The observation; its shape is documented at [`super::Scanned`].
    pub fn into_json(self) -> Map<String, Value> {
        let by_priority: BTreeMap<&str, u64> = Priority::ALL
            .iter()
            .map(|priority| (priority.as_str(), self.by_priority[*priority as usize]))
            .filter(|&(_, count)| count > 0)
            .collect();
        let named = self.patterns.list.iter().zip(self.hits).filter(|(_, hit)| hit.count > 0);
        let pattern = |(pattern, hit): (&super::patterns::Ready, Hit)| {
            let samples: Vec<String> = hit.samples.iter().map(Sample::text).collect();
            let days: BTreeMap<String, u64> =
                hit.days.into_iter().map(|(day, count)| (date(day), count)).collect();
            json!({
                "id": pattern.id,
                "count": hit.count,
                "first": hit.span.map(|span| span.0),
                "last": hit.span.map(|span| span.1),
                "days": days,
                "samples": samples,
            })
        };
        let patterns: Vec<Value> = named.map(pattern).collect();
        let (top, programs) = self.programs.into_json();
        let (templates, untold) = self.templates.into_json();
        let value = json!({
            "from": self.span.map(|span| span.0),
            "to": self.span.map(|span| span.1),
            "lines": self.lines,
            "bytes": self.bytes,
            "truncated": self.truncated,
            "by_priority": by_priority,
            "top_identifiers": top,
            "programs": programs,
            "patterns": patterns,
            "templates": templates,
            "templates_untold": untold,
            "pack_version": self.patterns.pack_version,
        });
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

impl Hit {
    fn sample(&mut self, line: &Line<'_>, message: &[u8]) {
        let full = self.samples.len() == SAMPLES_MAX;
        if full && line.at < self.samples[0].at {
            return;
        }
        let mut sample = if full { self.samples.remove(0) } else { Sample::default() };
        sample.at = line.at;
        // Four bytes a character at most.
        let head = |text: &'_ [u8]| text.len().min(4 * SAMPLE_CHARS_MAX);
        sample.program = head(line.program);
        sample.bytes.clear();
        sample.bytes.extend_from_slice(&line.program[..sample.program]);
        sample.bytes.extend_from_slice(&message[..head(message)]);
        let place = self.samples.partition_point(|sample| sample.at <= line.at);
        self.samples.insert(place, sample);
    }
}

/// A line kept as it came: most make room for a newer one and are never told.
#[derive(Clone, Default)]
struct Sample {
    at: Option<i64>,
    /// The program, then the message.
    bytes: Vec<u8>,
    /// Bytes of the program.
    program: usize,
}

impl Sample {
    fn text(&self) -> String {
        let (program, message) = self.bytes.split_at(self.program);
        let program = String::from_utf8_lossy(program);
        let message = String::from_utf8_lossy(message);
        let text = match &*program {
            "" => message.into_owned(),
            program => format!("{program}: {message}"),
        };
        text.chars().take(SAMPLE_CHARS_MAX).collect()
    }
}

/// Days of the host's zone, as days since the epoch; lines come in order, so the last one serves.
struct Days {
    zone: TimeZone,
    from: i64,
    to: i64,
    day: i32,
}

impl Days {
    #[inline]
    fn of(&mut self, at: i64) -> i32 {
        if at < self.from || at >= self.to {
            self.place(at);
        }
        self.day
    }

    fn place(&mut self, at: i64) {
        const DAY_SECONDS: i64 = 86_400;
        let moment = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
        let offset = i64::from(self.zone.to_offset(moment).seconds());
        let day = (at + offset).div_euclid(DAY_SECONDS);
        self.day = i32::try_from(day).unwrap_or(0);
        // To the end of the hour only: the offset may change with the next.
        self.from = at - (at + offset).rem_euclid(3_600);
        self.to = self.from + 3_600;
    }
}

/// `2026-11-05`.
fn date(day: i32) -> String {
    use jiff::ToSpan;
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.checked_add(day.days()).map_or_else(|_| String::new(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[(i64, Option<Priority>, &str, &str)]) -> Map<String, Value> {
        let patterns = Patterns::of_agent();
        let mut tally = Tally::new(patterns, TimeZone::get("Asia/Seoul").unwrap());
        let mut found = Vec::new();
        for &(at, priority, program, message) in lines {
            patterns.look(message.as_bytes(), &mut found);
            let (program, message) = (program.as_bytes(), message.as_bytes());
            tally.add(&Line { at: Some(at), priority, program, message, quiet: false }, &found);
        }
        tally.into_json()
    }

    #[test]
    fn the_newest_samples_stay_whatever_the_order() {
        let tail = "가".repeat(400);
        let texts: Vec<(i64, String)> = [5, 9, 1, 7, 8, 2]
            .map(|at| (at, format!("app[7]: segfault at {at} ip 0 sp 0 error 4 {tail}")))
            .into();
        let lines: Vec<_> =
            texts.iter().map(|(at, text)| (*at, None, "kernel", text.as_str())).collect();
        let value = tally(&lines);
        let pattern = &value["patterns"][0];
        assert_eq!(
            (&pattern["count"], &pattern["first"], &pattern["last"]),
            (&json!(6), &json!(1), &json!(9))
        );
        assert_eq!(pattern["days"], json!({"1970-01-01": 6}));
        let samples: Vec<&str> =
            pattern["samples"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
        assert_eq!(samples.len(), 3);
        for (sample, at) in samples.iter().zip([7, 8, 9]) {
            assert!(sample.starts_with(&format!("kernel: app[7]: segfault at {at} ")), "{sample}");
            assert_eq!(sample.chars().count(), SAMPLE_CHARS_MAX);
        }
        assert_eq!(value["by_priority"], json!({"warning": 6}));
        assert_eq!(value["top_identifiers"], json!([{"name": "kernel", "lines": 6}]));
    }

    #[test]
    fn days_are_those_of_the_host() {
        // 1767283140 is 2026-01-01 15:59 UTC: the next day begins in Seoul at 15:00 UTC.
        let panic = "Kernel panic - not syncing: x";
        let line = |at| (at, None, "kernel", panic);
        let value = tally(&[line(1_767_279_540), line(1_767_283_140), line(1_767_283_141)]);
        let expected = json!({"2026-01-01": 1, "2026-01-02": 2});
        assert_eq!(value["patterns"][0]["days"], expected);
    }

    #[test]
    fn unknown_faults_are_grouped_and_known_ones_are_not() {
        let err = Some(Priority::Err);
        let value = tally(&[
            (1, None, "kernel", "Kernel panic - not syncing: fatal"),
            (2, None, "app", "error 17 in the billing module"),
            (3, None, "app", "error 18 in the billing module"),
            (4, err, "app", "billing is not there"),
            (5, Some(Priority::Info), "app", "all is well"),
        ]);
        let seen: Vec<_> = value["templates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["template"].as_str().unwrap(), one["count"].as_u64().unwrap()))
            .collect();
        assert_eq!(seen, [("error <*> in the billing module", 2), ("billing is not there", 1)]);
    }
}
