//! The systemd journal, read backwards from its newest entry to where the last scan ended.
//!
//! Backwards, because of a journal that holds more than a scan may take the newest part counts.

use std::ops::ControlFlow;
use std::time::Instant;

use serde::Deserialize;

use super::patterns::Priority;
use super::tally::{Line, Tally};
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

/// Scans the journal. The newest mark, or none when the journal showed no entry at all.
pub(super) fn scan(
    host: &Host,
    mark: Option<&JournalMark>,
    deadline: Instant,
    tally: &mut Tally,
) -> Look<Option<JournalMark>> {
    let mut scan = Scan { mark, newest: None, tally, pending: Vec::new(), taken: 0, over: false };
    let since = mark.map_or_else(
        || oldest(host),
        |mark| i64::try_from(mark.realtime_us / 1_000_000).unwrap_or(i64::MAX),
    );
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
        Err(missed) if scan.tally.lines() == 0 => return Err(missed),
        Err(_) => scan.tally.cut(),
        Ok(()) => {}
    }
    Ok(scan.newest.or_else(|| mark.cloned()))
}

struct Scan<'a> {
    mark: Option<&'a JournalMark>,
    newest: Option<JournalMark>,
    tally: &'a mut Tally,
    /// The beginning of an entry whose end has not come yet.
    pending: Vec<u8>,
    taken: usize,
    /// The pending entry is too long and is passed over.
    over: bool,
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

impl Scan<'_> {
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
        if self.taken >= OUTPUT_BYTES_MAX || self.tally.lines() >= ENTRIES_MAX {
            self.tally.cut();
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
        let message = text(entry.message);
        self.tally.add(&Line {
            at: i64::try_from(realtime_us / 1_000_000).ok().filter(|&at| at > 0),
            priority: level.map(|level| Priority::ALL[level]),
            program: &program,
            message: &message,
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
    use super::*;

    fn feed(mark: Option<&JournalMark>, text: &str, chunk: usize) -> (Tally, Option<JournalMark>) {
        let mut tally = Tally::new();
        let mut scan =
            Scan { mark, newest: None, tally: &mut tally, pending: vec![], taken: 0, over: false };
        for piece in text.as_bytes().chunks(chunk) {
            if scan.take(piece).is_break() {
                break;
            }
        }
        let newest = scan.newest;
        (tally, newest)
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
            let (tally, newest) = feed(None, TEXT, chunk);
            let value = tally.into_json();
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
        let (tally, newest) = feed(Some(&mark), TEXT, 64);
        assert_eq!(tally.lines(), 1);
        assert_eq!(newest.unwrap().cursor, "c");
    }
}
