//! Incremental log scan: what is new since the last durable snapshot, counted by pattern.
//!
//! Read in this order: [`patterns`] (what is looked for), [`tally`] (what is counted), [`syslog`]
//! (one line of a file), then the two logs: [`journal`], and [`files`] where there is no journal.
//! A line leaves the host only when a pattern matched it; masking comes later.

mod files;
mod journal;
mod patterns;
mod syslog;
mod tally;

use std::time::{Duration, Instant};

use carepack_shared::Unseen;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::host::{Host, Look, Missed};
use tally::Tally;

/// A first scan, or one after a long silence, looks back so far: a month and a margin.
const LOOK_BACK_DAYS: i64 = 35;

/// The scan stops by itself after this, with what it has.
const SCAN_MAX: Duration = Duration::from_secs(20);

/// Where the last scan ended. Saved by the service only after its snapshot is durably spooled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogState {
    /// Journal position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<JournalMark>,
    /// Position in each log file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileMark>,
}

/// The newest journal entry that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalMark {
    pub cursor: String,
    /// Its wall clock in microseconds since the epoch.
    pub realtime_us: u64,
}

/// How far a log file was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    pub path: String,
    pub inode: u64,
    pub offset: u64,
}

/// What a scan gave.
pub struct Scanned {
    /// `journal` or `messages`.
    pub name: &'static str,
    /// The counts (`{"from":ts|null,"to":ts|null,"lines":N,"bytes":N,"truncated":bool,
    /// "by_priority":{"err":3},"top_identifiers":[{"name","lines"}],
    /// "patterns":[{"id","count","first","last","samples"}]}`, times in epoch seconds), and where
    /// the next scan begins.
    pub result: Look<(Value, LogState)>,
}

/// Scans what is new: the journal where it answers, the log files where it does not.
#[must_use]
pub fn scan(host: &Host, state: &LogState, deadline: Instant) -> Scanned {
    let deadline = deadline.min(Instant::now() + SCAN_MAX);
    let mut tally = Tally::new();
    let journal = journal::scan(host, state.journal.as_ref(), deadline, &mut tally);
    let heard = matches!(&journal, Ok(mark) if mark.is_some());
    if heard {
        let state = LogState { journal: journal.unwrap_or_default(), files: state.files.clone() };
        return Scanned { name: "journal", result: Ok((tally.into_json(), state)) };
    }
    let mut tally = Tally::new();
    let files = files::scan(host, state, deadline, &mut tally);
    let result = match (files, journal) {
        (Ok(files), _) => {
            let state = LogState { journal: state.journal.clone(), files };
            Ok((tally.into_json(), state))
        }
        (Err(missed), Err(_)) if missed.reason != Unseen::Absent => Err(missed),
        // No log file: what the journal said is the better answer.
        (Err(_), Err(missed)) => Err(missed),
        (Err(missed), Ok(_)) => {
            let detail = format!("the journal shows no entry; {}", missed.detail);
            Err(Missed::new(missed.reason, detail))
        }
    };
    Scanned { name: "messages", result }
}

/// The host's own time zone: that of the link `/etc/localtime`, else UTC.
fn zone(host: &Host) -> TimeZone {
    let link = host.link("/etc/localtime").ok();
    let linked =
        link.as_deref().and_then(|link| link.split_once("zoneinfo/")).map(|(_, name)| name);
    let recorded = host.survey("clock").and_then(Result::ok);
    let recorded = recorded.as_ref().and_then(|clock| clock["time_zone"].as_str());
    let name = linked.or(recorded).unwrap_or("UTC");
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// The first moment that a scan without a mark looks at.
fn oldest(host: &Host) -> i64 {
    host.now().as_second() - LOOK_BACK_DAYS * 24 * 60 * 60
}
