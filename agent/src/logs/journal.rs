//! The systemd journal, read backwards from its newest entry to where the last scan ended.
//!
//! Backwards, because of a journal that holds more than a scan may take the newest part counts.

use std::ops::ControlFlow;
use std::time::Instant;

use serde::Deserialize;

use carepack_shared::patterns::Priority;

use super::coverage::{Coverage, Gap};
use super::engine::Engine;
use super::files::AUDIT;
use super::tally::Line;
use super::{JournalMark, oldest};
use crate::host::{Command, Host, Look, Missed};

const JOURNAL: Command = Command {
    name: "journal",
    argv: &["/usr/bin/journalctl", "--no-pager", "--reverse", "--quiet", "--output=json"],
    output_bytes_max: OUTPUT_BYTES_MAX,
    as_nobody: false,
};

/// Since systemd 236; RHEL 7 has 219, which is asked again without it.
const FIELDS: &str =
    "--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_TRANSPORT,__REALTIME_TIMESTAMP";

/// Most output taken: some forty thousand entries.
const OUTPUT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most entries taken.
const ENTRIES_MAX: u64 = 50_000;
/// Longest entry; a longer one is passed over.
const ENTRY_BYTES_MAX: usize = 128 * 1024;

/// What the journal told.
pub(super) struct Heard {
    /// The newest entry, or the one that was known.
    pub mark: JournalMark,
    pub coverage: Coverage,
    /// Where it begins later than was asked for: the time of the oldest entry that was read.
    pub holds_from: Option<i64>,
}

/// Scans the journal; none when it showed no entry at all.
pub(super) fn scan(
    host: &Host,
    mark: Option<&JournalMark>,
    deadline: Instant,
    engine: &mut Engine<'_>,
) -> Look<Option<Heard>> {
    let since = mark.map_or_else(
        || oldest(host),
        |mark| i64::try_from(mark.realtime_us / 1_000_000).unwrap_or(i64::MAX),
    );
    let mut coverage = Coverage::new("journal", host.now().as_second());
    coverage.begin("journal");
    // What auditd writes itself is read there; the journal's copy would count twice.
    let audited = host.stat(AUDIT).is_ok_and(|stat| stat.size_bytes > 0);
    let mut scan = Scan::new(mark, engine, coverage);
    scan.audited = audited;
    let argv = |fields: &[&str]| -> Vec<String> {
        let since = format!("--since=@{since}");
        let words = JOURNAL.argv.iter().chain(fields).map(|&word| word.to_owned());
        words.chain([since]).collect()
    };
    let mut sink = |piece: &[u8]| scan.take(piece);
    let mut ended = host.stream(&JOURNAL, &argv(&[FIELDS]), deadline, &mut sink);
    if matches!(&ended, Err(Missed { detail, .. }) if detail.contains("unrecognized option")) {
        ended = host.stream(&JOURNAL, &argv(&[]), deadline, &mut sink);
    }
    // Late with something in hand is a cut scan, not a failed one.
    match ended {
        Err(missed) if scan.entries == 0 => return Err(missed),
        Err(_) => scan.cut = Some("out_of_time"),
        Ok(()) => {}
    }
    let begins = scan.coverage.span().map(|span| span.0);
    if let Some(why) = scan.cut {
        let (path, why) = ("journal".to_owned(), why.to_owned());
        scan.coverage.gap(Gap { path, bytes: None, from: Some(since), to: begins, why });
        scan.engine.tally.cut();
    }
    let holds_from = if scan.reached { None } else { begins };
    let (newest, coverage) = (scan.newest, scan.coverage);
    let mark = newest.or_else(|| mark.cloned());
    Ok(mark.map(|mark| Heard { mark, coverage, holds_from }))
}

struct Scan<'a, 'p> {
    mark: Option<&'a JournalMark>,
    newest: Option<JournalMark>,
    engine: &'a mut Engine<'p>,
    coverage: Coverage,
    /// The beginning of an entry whose end has not come yet.
    pending: Vec<u8>,
    taken: usize,
    entries: u64,
    /// The pending entry is too long and is passed over.
    over: bool,
    /// The audit log is read from its own file.
    audited: bool,
    /// The last scan's end was reached.
    reached: bool,
    /// More was there than was taken, and why.
    cut: Option<&'static str>,
}

/// A field is text, or its bytes when it is no UTF-8, or null when it is very long.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Text(String),
    Bytes(Vec<u8>),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "MESSAGE")]
    message: Option<Field>,
    #[serde(rename = "PRIORITY")]
    priority: Option<Field>,
    #[serde(rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Field>,
    #[serde(rename = "_TRANSPORT")]
    transport: Option<Field>,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    realtime: Option<Field>,
    #[serde(rename = "__CURSOR")]
    cursor: Option<Field>,
}

impl<'a, 'p> Scan<'a, 'p> {
    fn new(mark: Option<&'a JournalMark>, engine: &'a mut Engine<'p>, coverage: Coverage) -> Self {
        Self {
            mark,
            newest: None,
            engine,
            coverage,
            pending: Vec::new(),
            taken: 0,
            entries: 0,
            over: false,
            audited: false,
            reached: false,
            cut: None,
        }
    }

    fn take(&mut self, piece: &[u8]) -> ControlFlow<()> {
        self.taken += piece.len();
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            let mut whole = std::mem::take(&mut self.pending);
            whole.extend_from_slice(line);
            if !std::mem::take(&mut self.over) {
                self.entry(&whole)?;
            }
            whole.clear();
            self.pending = whole;
        }
        self.over |= self.pending.len() + rest.len() > ENTRY_BYTES_MAX;
        if self.over {
            self.pending.clear();
        } else {
            self.pending.extend_from_slice(rest);
        }
        if self.taken >= OUTPUT_BYTES_MAX || self.entries >= ENTRIES_MAX {
            self.cut = Some("over_budget");
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn entry(&mut self, line: &[u8]) -> ControlFlow<()> {
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else {
            return ControlFlow::Continue(());
        };
        let cursor = text(entry.cursor);
        let realtime_us: u64 = text(entry.realtime).parse().unwrap_or(0);
        if let Some(mark) = self.mark
            && (cursor == mark.cursor || realtime_us < mark.realtime_us)
        {
            self.reached = true;
            return ControlFlow::Break(());
        }
        if self.newest.as_ref().is_none_or(|newest| newest.realtime_us < realtime_us) {
            self.newest = Some(JournalMark { cursor, realtime_us });
        }
        let level = text(entry.priority).parse().ok().filter(|&level: &usize| level < 8);
        let program = match (text(entry.identifier), text(entry.transport)) {
            (program, transport) if program.is_empty() => transport,
            (program, _) => program,
        };
        self.entries += 1;
        if self.audited && program == "audit" {
            return ControlFlow::Continue(());
        }
        let message = text(entry.message);
        let at = i64::try_from(realtime_us / 1_000_000).ok().filter(|&at| at > 0);
        self.coverage.line(at);
        self.coverage.bytes(message.len() as u64);
        self.engine.entry(&Line {
            at,
            priority: level.map(|level| Priority::ALL[level]),
            program: program.as_bytes(),
            message: message.as_bytes(),
            quiet: false,
        });
        ControlFlow::Continue(())
    }
}

fn text(field: Option<Field>) -> String {
    match field {
        Some(Field::Text(text)) => text,
        Some(Field::Bytes(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Some(Field::Other(_)) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::patterns::Patterns;
    use super::*;

    fn feed(
        mark: Option<&JournalMark>,
        text: &str,
        (chunk, audited): (usize, bool),
    ) -> (serde_json::Map<String, serde_json::Value>, Option<JournalMark>, bool) {
        let mut engine = Engine::new(Patterns::of_agent(), jiff::tz::TimeZone::UTC);
        let mut coverage = Coverage::new("journal", 4);
        coverage.begin("journal");
        let mut scan = Scan::new(mark, &mut engine, coverage);
        scan.audited = audited;
        for piece in text.as_bytes().chunks(chunk) {
            if scan.take(piece).is_break() {
                break;
            }
        }
        let (newest, reached) = (scan.newest, scan.reached);
        (engine.tally.into_json(), newest, reached)
    }

    const TEXT: &str = "\
{\"__CURSOR\":\"c\",\"__REALTIME_TIMESTAMP\":\"3000000\",\"PRIORITY\":\"3\",\"MESSAGE\":[65,255],\"SYSLOG_IDENTIFIER\":\"a\"}
{\"__CURSOR\":\"b\",\"__REALTIME_TIMESTAMP\":\"2000000\",\"PRIORITY\":\"2\",\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"Kernel panic - not syncing\"}
bent
{\"__CURSOR\":\"a\",\"__REALTIME_TIMESTAMP\":\"1000000\",\"MESSAGE\":null}
";

    #[test]
    fn entries_are_counted_however_they_are_cut() {
        for chunk in [1, 7, 4096] {
            let (value, newest, reached) = feed(None, TEXT, (chunk, false));
            assert!(!reached);
            assert_eq!(value["lines"], 3);
            assert_eq!(value["from"], 1);
            assert_eq!(value["to"], 3);
            assert_eq!(value["by_priority"], serde_json::json!({"err": 1, "crit": 1}));
            assert_eq!(value["patterns"][0]["id"], "kernel.panic");
            let expected = JournalMark { cursor: "c".into(), realtime_us: 3_000_000 };
            assert_eq!(newest, Some(expected));
        }
    }

    #[test]
    fn the_scan_ends_where_the_last_one_began() {
        let mark = JournalMark { cursor: "b".into(), realtime_us: 2_000_000 };
        let (value, newest, reached) = feed(Some(&mark), TEXT, (64, false));
        assert_eq!(value["lines"], 1);
        assert_eq!(newest.unwrap().cursor, "c");
        assert!(reached);
    }

    #[test]
    fn what_the_audit_log_holds_is_not_counted_twice() {
        let entry = |cursor: &str, program: &str| {
            format!(
                "{{\"__CURSOR\":\"{cursor}\",\"__REALTIME_TIMESTAMP\":\"1000000\",\"MESSAGE\":\"AVC \
                 avc:  denied  {{ read }} for pid=1\",\"SYSLOG_IDENTIFIER\":\"{program}\"}}\n"
            )
        };
        let text = entry("a", "audit") + &entry("b", "kernel");
        let count = |audited| feed(None, &text, (64, audited)).0["patterns"][0]["count"].clone();
        assert_eq!((count(false), count(true)), (2.into(), 1.into()));
    }
}
