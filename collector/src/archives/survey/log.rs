//! The system log of an archive, counted by the same patterns as on a host.
//!
//! ```text
//! Nov  5 01:12:00 db01 kernel: Out of memory: Killed process 811 (java)
//! ```
//!
//! The files are taken where they are, the journal's text where they are not: on RHEL both hold
//! the same lines. The products' own logs are counted with either, where the archive brings them.
//! insights-client takes chosen lines only, of which nothing can be counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use carepack_shared::Content;
use carepack_shared::patterns::{Pattern, Priority, embedded};
use carepack_shared::product_log::{Part, Reader};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde_json::{Value, json};

use super::super::layout::{Kind, text};
use super::super::product_logs::{is_told_by, product_of};
use super::Seen;

/// As far as an agent's first scan looks back.
const LOOK_BACK_DAYS: i64 = 35;
/// Longest message looked at, in bytes; what follows is a dump.
const MESSAGE_BYTES_MAX: usize = 4096;
/// Samples kept of each pattern, the newest, and their length in characters.
const SAMPLES_MAX: usize = 3;
const SAMPLE_CHARS_MAX: usize = 300;
/// Programs counted by name, and reported.
const PROGRAMS_MAX: usize = 1_000;
const PROGRAMS_TOP: usize = 20;
/// Rotated files of one log.
const ROTATED_MAX: usize = 12;
/// Files of the products' own logs.
const PRODUCT_LOGS_MAX: usize = 200;

const LOGS: [&str; 3] = ["var/log/messages", "var/log/secure", "var/log/cron"];
const JOURNALS: [&str; 4] = [
    "journalctl_--no-pager_--catalog_--boot_-1",
    "journalctl_--no-pager_--catalog_--boot",
    "journalctl_--no-pager_--boot_-1",
    "journalctl_--no-pager_--boot",
];

/// The files' counts, in the shape of the agent's own scan.
pub fn messages(seen: &Seen<'_>) -> Option<Content> {
    if seen.layout.kind != Kind::Sos {
        return None;
    }
    let mut tally = Tally::new(seen);
    let mut found = false;
    for log in LOGS {
        for name in rotated(seen, log) {
            let Some(piece) = seen.layout.tree.file(&name) else { continue };
            found |= log == LOGS[0];
            tally.truncated |= piece.truncated;
            text(piece).lines().for_each(|line| tally.line(line));
        }
    }
    tally.products(seen);
    // Without the main log the others say little: then the journal is asked.
    found.then(|| Content::Json(tally.into_json()))
}

/// The journal's counts, where there are no files.
pub fn journal(seen: &Seen<'_>) -> Option<Content> {
    let has_files = seen.layout.tree.file(LOGS[0]).is_some_and(|piece| !piece.bytes.is_empty());
    if seen.layout.kind != Kind::Sos || has_files {
        return None;
    }
    let mut tally = Tally::new(seen);
    let mut found = false;
    for (_, piece) in JOURNALS.iter().filter_map(|name| seen.layout.command(&[name])) {
        found = true;
        tally.truncated |= piece.truncated;
        // Explanations of the catalogue and marks of boots begin with two dashes.
        let text = text(piece);
        text.lines().filter(|line| !line.starts_with("--")).for_each(|line| tally.line(line));
    }
    tally.products(seen);
    found.then(|| Content::Json(tally.into_json()))
}

/// A log and its rotated files, oldest first: `messages-20261101`, then `messages.1`.
fn rotated(seen: &Seen<'_>, log: &str) -> Vec<String> {
    let names = seen.layout.tree.names_under(log);
    let number = |name: &str, separator: char| -> Option<u64> {
        name.strip_prefix(log)?.strip_prefix(separator)?.parse().ok()
    };
    let mut old: Vec<(u64, String)> = names
        .filter_map(|name| {
            // A smaller number is a newer file, a smaller date an older one.
            let place = number(name, '-').or_else(|| Some(u64::MAX - number(name, '.')?))?;
            Some((place, name.to_owned()))
        })
        .collect();
    old.sort_unstable();
    let over = old.len().saturating_sub(ROTATED_MAX);
    let mut files: Vec<String> = old.drain(over..).map(|(_, name)| name).collect();
    files.push(log.to_owned());
    files
}

/// A pattern ready to be asked.
struct Ready {
    pattern: Pattern,
    regex: Option<Regex>,
    unless: Option<Regex>,
}

/// The embedded patterns behind one search for all their literals.
struct Patterns {
    list: Vec<Ready>,
    literals: RegexSet,
    owner: Vec<usize>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let built = |text: &String| {
        let regex = RegexBuilder::new(text).unicode(false).build();
        regex.expect("the embedded patterns are tested")
    };
    let mut owner = Vec::new();
    let mut literals = Vec::new();
    let mut list = Vec::new();
    for pattern in embedded() {
        literals.extend(pattern.literals.iter().map(|literal| regex::escape(literal)));
        owner.resize(literals.len(), list.len());
        let (regex, unless) =
            (pattern.regex.as_ref().map(built), pattern.unless.as_ref().map(built));
        list.push(Ready { pattern, regex, unless });
    }
    let literals = RegexSetBuilder::new(literals).unicode(false).build();
    Patterns { list, literals: literals.expect("literals are expressions"), owner }
});

impl Patterns {
    /// Which patterns a message of a program matches, each once.
    fn matching(&self, program: &str, message: &[u8]) -> Vec<usize> {
        let hits = self.literals.matches(message);
        let mut found: Vec<usize> = hits.into_iter().map(|hit| self.owner[hit]).collect();
        found.dedup();
        found.retain(|&index| {
            let Ready { pattern, regex, unless } = &self.list[index];
            let from = pattern.program.is_empty() || pattern.program.iter().any(|p| p == program);
            from && regex.as_ref().is_none_or(|regex| regex.is_match(message))
                && !unless.as_ref().is_some_and(|unless| unless.is_match(message))
        });
        found
    }
}

#[derive(Default)]
struct Hit {
    count: u64,
    span: Option<(i64, i64)>,
    days: BTreeMap<String, u64>,
    samples: Vec<(Option<i64>, String)>,
}

struct Tally {
    taken_at: Timestamp,
    zone: TimeZone,
    /// The last hour that was placed: its text (`Nov  5 01`), and its first second.
    hour: Option<(String, i64)>,
    span: Option<(i64, i64)>,
    lines: u64,
    bytes: u64,
    truncated: bool,
    by_priority: BTreeMap<&'static str, u64>,
    programs: BTreeMap<String, u64>,
    hits: BTreeMap<usize, Hit>,
}

impl Tally {
    fn new(seen: &Seen<'_>) -> Self {
        let clock = seen.command(&["timedatectl", "timedatectl_status"]).unwrap_or_default();
        let zone = clock.lines().find_map(|line| line.trim().strip_prefix("Time zone: "));
        let zone = zone.and_then(|zone| TimeZone::get(zone.split(' ').next()?).ok());
        Self {
            taken_at: seen.taken_at,
            zone: zone.unwrap_or(TimeZone::UTC),
            hour: None,
            span: None,
            lines: 0,
            bytes: 0,
            truncated: false,
            by_priority: BTreeMap::new(),
            programs: BTreeMap::new(),
            hits: BTreeMap::new(),
        }
    }

    fn line(&mut self, line: &str) {
        let Some((at, rest)) = self.stamped(line).or_else(|| rfc3339(line)) else { return };
        if at < self.oldest() {
            return;
        }
        let rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
        let (tag, message) = rest.split_once(": ").unwrap_or((rest.trim_end_matches(':'), ""));
        let (program, message) = if tag.contains(' ') { ("", rest) } else { (tag, message) };
        let program = program.split('[').next().unwrap_or(program);
        let message = if program == "kernel" { without_uptime(message) } else { message };
        self.count(at, (program, message), None, true);
    }

    /// The products' own logs; what one of them tells again is left out.
    fn products(&mut self, seen: &Seen<'_>) {
        let logs = seen.layout.tree.files().filter_map(|(name, piece)| {
            let product = product_of(name)?;
            let twice = is_told_by(name).and_then(|other| seen.layout.tree.file(&other));
            twice.is_none_or(|other| other.bytes.is_empty()).then_some((product, piece))
        });
        for (product, piece) in logs.take(PRODUCT_LOGS_MAX) {
            self.truncated |= piece.truncated;
            let day = self.taken_at.to_zoned(self.zone.clone()).date();
            let mut reader = Reader::new(product, self.zone.clone(), Some(day));
            for line in text(piece).lines() {
                let line = reader.line(line.as_bytes());
                let Some(at) = line.at.filter(|at| *at >= self.oldest()) else { continue };
                let message = String::from_utf8_lossy(line.message);
                let said = (product.program(), &*message);
                self.count(at, said, line.priority, line.part != Part::Frame);
            }
        }
    }

    fn oldest(&self) -> i64 {
        self.taken_at.as_second() - LOOK_BACK_DAYS * 86_400
    }

    /// Counts a message of a program; `looked` says whether patterns may match it.
    fn count(
        &mut self,
        at: i64,
        (program, message): (&str, &str),
        priority: Option<Priority>,
        looked: bool,
    ) {
        let message = &message[..message.floor_char_boundary(MESSAGE_BYTES_MAX)];
        self.lines += 1;
        self.bytes += message.len() as u64;
        self.span = widen(self.span, at);
        if self.programs.len() < PROGRAMS_MAX || self.programs.contains_key(program) {
            *self.programs.entry(program.to_owned()).or_default() += 1;
        }
        let found = match looked {
            true => PATTERNS.matching(program, message.as_bytes()),
            false => Vec::new(),
        };
        let worst = found.iter().map(|&index| PATTERNS.list[index].pattern.priority).min();
        if let Some(priority) = priority.or(worst) {
            *self.by_priority.entry(Priority::as_str(priority)).or_default() += 1;
        }
        let day = Timestamp::from_second(at).map(|at| at.to_zoned(self.zone.clone()).date());
        for index in found {
            let hit = self.hits.entry(index).or_default();
            hit.count += 1;
            hit.span = widen(hit.span, at);
            if let Ok(day) = day {
                *hit.days.entry(day.to_string()).or_default() += 1;
            }
            hit.sample(at, &format!("{program}: {message}"));
        }
    }

    /// `Nov  5 01:12:00 `: the latest year that does not lie in the future.
    fn stamped<'t>(&mut self, line: &'t str) -> Option<(i64, &'t str)> {
        let (stamp, rest) = (line.get(..15)?, line.get(16..)?);
        let (hour, clock) = (stamp.get(..9)?, stamp.get(9..)?);
        let minute: i64 = clock.strip_prefix(':')?.get(..2)?.parse().ok()?;
        let second: i64 = clock.get(4..6)?.parse().ok()?;
        let start = match &self.hour {
            Some((known, start)) if known == hour => *start,
            _ => {
                let start = self.place(hour)?;
                self.hour = Some((hour.to_owned(), start));
                start
            }
        };
        Some((start + minute * 60 + second, rest))
    }

    fn place(&self, hour: &str) -> Option<i64> {
        // A clock that was a little ahead must not throw a line back by a year.
        let latest = self.taken_at.checked_add(24.hours()).ok()?;
        let year = latest.to_zoned(self.zone.clone()).year();
        let hour: String = hour.split_whitespace().collect::<Vec<_>>().join(" ");
        (0..=4).find_map(|back| {
            let stamp = format!("{} {hour}:00:00", year - back);
            let at = DateTime::strptime("%Y %b %d %H:%M:%S", stamp).ok()?;
            let at = at.to_zoned(self.zone.clone()).ok()?.timestamp();
            (at <= latest).then(|| at.as_second())
        })
    }

    fn into_json(self) -> Value {
        let mut programs: Vec<(String, u64)> = self.programs.into_iter().collect();
        programs.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        let top = programs.iter().filter(|(name, _)| !name.is_empty()).take(PROGRAMS_TOP);
        let top: Vec<Value> =
            top.map(|(name, lines)| json!({ "name": name, "lines": lines })).collect();
        let patterns: Vec<Value> = self
            .hits
            .into_iter()
            .map(|(index, hit)| {
                let samples: Vec<String> = hit.samples.into_iter().map(|(_, text)| text).collect();
                json!({
                    "id": PATTERNS.list[index].pattern.id,
                    "count": hit.count,
                    "first": hit.span.map(|span| span.0),
                    "last": hit.span.map(|span| span.1),
                    "days": hit.days,
                    "samples": samples,
                })
            })
            .collect();
        json!({
            "from": self.span.map(|span| span.0),
            "to": self.span.map(|span| span.1),
            "lines": self.lines,
            "bytes": self.bytes,
            "truncated": self.truncated,
            "by_priority": self.by_priority,
            "top_identifiers": top,
            "patterns": patterns,
        })
    }
}

impl Hit {
    fn sample(&mut self, at: i64, text: &str) {
        if self.samples.len() == SAMPLES_MAX {
            if Some(at) < self.samples[0].0 {
                return;
            }
            self.samples.remove(0);
        }
        let text: String = text.chars().take(SAMPLE_CHARS_MAX).collect();
        let place = self.samples.partition_point(|(known, _)| *known <= Some(at));
        self.samples.insert(place, (Some(at), text));
    }
}

fn widen(span: Option<(i64, i64)>, at: i64) -> Option<(i64, i64)> {
    let (first, last) = span.unwrap_or((at, at));
    Some((first.min(at), last.max(at)))
}

fn rfc3339(line: &str) -> Option<(i64, &str)> {
    let (stamp, rest) = line.split_once(' ')?;
    let at: Timestamp = stamp.parse().ok()?;
    Some((at.as_second(), rest))
}

/// Kernel lines may begin with seconds since boot: `[12345.678901] `.
fn without_uptime(message: &str) -> &str {
    let inside = message.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    match inside {
        Some((stamp, rest))
            if stamp.trim().bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') =>
        {
            rest
        }
        _ => message,
    }
}
