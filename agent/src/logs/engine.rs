//! The one pass: a block of whole lines goes in, its literals are looked for, its lines counted.
//!
//! Every byte is read from the file once. Lines without a literal cost a time stamp and a name;
//! expressions run on the few others only.

use carepack_shared::patterns::Priority;
use carepack_shared::product_log::Part;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::bytes::line_ends;
use super::coverage::Coverage;
use super::patterns::Patterns;
use super::prefilter::Found;
use super::products::Console;
use super::programs::Key;
use super::syslog::{Format, Parts, Reader};
use super::tally::{Line, MESSAGE_BYTES_MAX, Tally};

/// Which lines count.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    /// Lines at or before this were counted before.
    pub after: Option<i64>,
    /// Lines at or past this are counted elsewhere.
    pub until: Option<i64>,
}

/// The search and its counts.
pub(super) struct Engine<'p> {
    patterns: &'p Patterns,
    pub tally: Tally<'p>,
    found: Vec<Found>,
    ends: Vec<u32>,
    /// What products say on standard output and in files that are read too.
    pub console: Console,
}

impl<'p> Engine<'p> {
    pub fn new(patterns: &'p Patterns, zone: TimeZone) -> Self {
        let tally = Tally::new(patterns, zone);
        let console = Console::default();
        Self { patterns, tally, found: Vec::new(), ends: Vec::new(), console }
    }

    /// Counts the lines of a block.
    pub fn block(
        &mut self,
        block: &[u8],
        reader: &mut Reader,
        window: Window,
        coverage: &mut Coverage,
    ) {
        coverage.bytes(block.len() as u64);
        let mut found = std::mem::take(&mut self.found);
        self.patterns.look(block, &mut found);
        let mut ends = std::mem::take(&mut self.ends);
        line_ends(block, &mut ends);
        if block.last() != Some(&b'\n') {
            ends.push(block.len() as u32);
        }
        let mut left = &found[..];
        let mut begin = 0;
        for &end in &ends {
            let end = end as usize;
            let line = &block[begin..end];
            let (hits, others) = left.split_at(count_before(left, end));
            left = others;
            let parts = reader.line(line);
            let new = parts.at.is_none_or(|at| {
                window.after.is_none_or(|after| at > after)
                    && window.until.is_none_or(|until| at < until)
            });
            if new {
                coverage.line(parts.at);
                if hits.is_empty() || parts.part == Part::Frame {
                    self.pass(&parts);
                } else {
                    self.look_at((line, begin), &parts, hits);
                }
            }
            begin = end + 1;
        }
        (self.found, self.ends) = (found, ends);
    }

    /// Counts a line without a literal. Its message is not looked at: no priority.
    #[inline]
    fn pass(&mut self, parts: &Parts<'_>) {
        let Parts { at, program, rest: message, priority, .. } = *parts;
        let line = Line { at, priority, program, message, quiet: false };
        self.tally.pass(&line, parts.key());
    }

    /// Counts a line with the literals that stand in it; only those of the message say anything.
    #[inline(never)]
    fn look_at(&mut self, (line, begin): (&[u8], usize), parts: &Parts<'_>, hits: &[Found]) {
        let tag = begin + start_of(line, parts.rest);
        if count_before(hits, tag) == hits.len() {
            return self.pass(parts);
        }
        let message = parts.message();
        let text = begin + start_of(line, message);
        let range = count_before(hits, text)..count_before(hits, text + MESSAGE_BYTES_MAX);
        let Parts { at, program, priority, part, .. } = *parts;
        let quiet = part == Part::Continued || priority.is_some_and(|p| p > Priority::Warning);
        let line = Line { at, priority, program, message, quiet };
        self.count(&line, &hits[range]);
    }

    /// Counts one entry that is no line of a file.
    pub fn entry(&mut self, line: &Line<'_>) {
        let head = &line.message[..line.message.len().min(MESSAGE_BYTES_MAX)];
        self.patterns.look(head, &mut self.found);
        let found = std::mem::take(&mut self.found);
        self.count(line, &found);
        self.found = found;
    }

    /// What a product's own log says too counts there.
    fn count(&mut self, line: &Line<'_>, hits: &[Found]) {
        if !hits.is_empty() && self.console.says(line) {
            self.tally.pass(line, Key::of(line.program, line.program.len()));
        } else {
            self.tally.add(line, hits);
        }
    }
}

/// How many of some literals in order stand before a place.
#[inline]
fn count_before(hits: &[Found], place: usize) -> usize {
    hits.iter().take_while(|hit| (hit.at as usize) < place).count()
}

/// Where a line's last part begins: it is the end of it, but for a carriage return.
#[inline]
fn start_of(line: &[u8], part: &[u8]) -> usize {
    let end = line.len() - usize::from(line.last() == Some(&b'\r'));
    end - part.len().min(end)
}

/// Counts a whole text as one log; for tests and for looking at a saved file.
#[must_use]
pub fn digest(text: &[u8], format: Format, now: Timestamp, zone: &TimeZone) -> Map<String, Value> {
    let mut engine = Engine::new(Patterns::of_agent(), zone.clone());
    let mut coverage = Coverage::new("text", now.as_second());
    coverage.begin("text");
    let mut reader = Reader::new(format, now, zone.clone());
    let mut from = text;
    let mut blocks = super::blocks::Blocks::new();
    let (_, ended) = blocks.feed(&mut from, super::blocks::Tail::Counts, &mut |block| {
        engine.block(block, &mut reader, Window::default(), &mut coverage);
        std::ops::ControlFlow::Continue(())
    });
    ended.expect("a text in memory can be read");
    engine.tally.into_json()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn counts(text: &[u8]) -> (u64, Value) {
        let now = "2026-11-05T00:00:00Z".parse().unwrap();
        let value = digest(text, Format::Syslog, now, &TimeZone::UTC);
        let counts: Map<String, Value> = value["patterns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["id"].as_str().unwrap().to_owned(), one["count"].clone()))
            .collect();
        (value["lines"].as_u64().unwrap(), counts.into())
    }

    const PANIC: &str = "Nov  4 01:12:00 a kernel: Kernel panic - not syncing: x";

    #[test]
    fn a_literal_counts_in_the_message_of_its_own_line_only() {
        let text = format!("{PANIC}\nNov  4 01:12:00 a x: y\r\n{PANIC}\r\n{PANIC}");
        assert_eq!(counts(text.as_bytes()), (4, json!({"kernel.panic": 3})));
        // In the place of the host name, or cut by a line's end, it says nothing.
        let text = "Nov  4 01:12:00 Kernel_panic kernel: Kernel\nNov  4 01:12:00 a kernel: panic\n";
        assert_eq!(counts(text.as_bytes()), (2, json!({})));
    }

    #[test]
    fn hostile_files_are_survived() {
        let mut text = vec![0; 300_000];
        text.extend_from_slice(PANIC.as_bytes());
        text.extend_from_slice(b"\n\xff\xfe\x1b[2J\n");
        text.extend_from_slice(PANIC.as_bytes());
        text.extend_from_slice(&[b'x'; 1_000_000]);
        text.extend_from_slice(b"\r\n");
        text.extend_from_slice(format!("\0\0{PANIC}\n\n\n").as_bytes());
        let (lines, counts) = counts(&text);
        assert_eq!((lines, counts), (6, json!({"kernel.panic": 3})));
    }

    #[test]
    fn every_pair_of_bytes_can_be_counted() {
        let text: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_be_bytes).collect();
        counts(&text);
    }

    /// The same counts by the plain way: each line by itself, its message searched by itself.
    fn plainly(text: &[u8], format: Format, now: Timestamp) -> Map<String, Value> {
        let patterns = Patterns::of_agent();
        let mut tally = Tally::new(patterns, TimeZone::UTC);
        let mut reader = Reader::new(format, now, TimeZone::UTC);
        let mut found = Vec::new();
        let whole = text.strip_suffix(b"\n").unwrap_or(text);
        for line in whole.split(|&byte| byte == b'\n').filter(|_| !text.is_empty()) {
            let parts = reader.line(line);
            let whole = parts.message();
            patterns.look(&whole[..whole.len().min(MESSAGE_BYTES_MAX)], &mut found);
            // A literal in the tag, too, is reason enough to take the tag off; bytes tell of it.
            let mut all = Vec::new();
            patterns.look(parts.rest, &mut all);
            let message = if all.is_empty() { parts.rest } else { whole };
            let Parts { at, program, .. } = parts;
            tally.add(&Line { at, priority: None, program, message, quiet: false }, &found);
        }
        tally.into_json()
    }

    fn line() -> impl Strategy<Value = String> {
        let heads = vec![
            "Nov  4 01:12:0",
            "Nov  3 23:59:5",
            "2026-11-04T01:12:00+09:00 ",
            "",
            "\0\0",
            "\t",
            "[ 12.5] ",
            "type=AVC msg=audit(1762272720.1:2): ",
        ];
        let tags = vec![
            "3 a kernel: ",
            "7 a sshd[12]: ",
            "7 a systemd[1]:",
            "1 host-of-a-long-name java: ",
            "9 a a-program-with-quite-a-long-name[3]: ",
            "5 a error[1]: ",
            "2 a ",
            "",
        ];
        let words = vec![
            "Kernel panic - not syncing: x",
            "Failed password for root from 1.2.3.4 port 5 ssh2",
            "error",
            "failed",
            "an error of the billing module 17",
            "all is well",
            "",
            "x: y",
            "segfault at 0 ip 0 sp 0 error 4",
            "한글 오류",
            "\u{1b}[31m",
            "Oops: 0",
            "\r",
        ];
        let pick = proptest::sample::select::<&'static str>;
        (pick(heads), pick(tags), proptest::collection::vec(pick(words), 0..4))
            .prop_map(|(head, tag, words)| format!("{head}{tag}{}", words.join(" ")))
    }

    proptest! {
        #[test]
        fn one_pass_over_a_block_counts_what_a_look_at_each_line_counts(
            lines in proptest::collection::vec(line(), 1..60),
            ended in any::<bool>(),
        ) {
            let text = lines.join("\n") + if ended { "\n" } else { "" };
            let now = "2026-11-05T00:00:00Z".parse().unwrap();
            for format in [Format::Syslog, Format::Audit, Format::Plain { program: "app" }] {
                let seen = digest(text.as_bytes(), format, now, &TimeZone::UTC);
                prop_assert_eq!(seen, plainly(text.as_bytes(), format, now));
            }
        }
    }
}
