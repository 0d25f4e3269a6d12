//! Incremental log scan: what is new since the last durable snapshot, counted by pattern.
//!
//! Read in this order: [`patterns`] (what is looked for, by one look for all: [`prefilter`]),
//! [`tally`] (what is counted: [`programs`], [`templates`]), [`engine`] (the one pass over
//! [`blocks`] of lines, told apart by [`bytes`] and read by [`syslog`]), then the logs themselves:
//! [`journal`], and [`files`] with their [`rotation`] and packing ([`unpack`]), the [`products`]'
//! own among them. [`coverage`] says what was read.
//!
//! A line leaves the host only when a pattern matched it, three of each at most; of unknown faults
//! the words that stay the same leave. Masking comes later.

mod blocks;
mod bytes;
mod coverage;
mod engine;
mod files;
mod journal;
mod patterns;
mod prefilter;
mod products;
mod programs;
mod rotation;
mod span;
mod syslog;
mod tally;
mod templates;
mod unpack;

use std::time::{Duration, Instant};

use carepack_shared::Unseen;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::host::{Command, Host, Look, Missed};
use coverage::Coverage;
use engine::{Engine, Window};
use files::Files;
use products::Console;

pub use engine::digest;
pub use patterns::Patterns;
pub use products::{LOGS_MAX, ProductLog, Products, Withheld};
pub use syslog::Format;

/// A first scan, or one after a long silence, looks back so far: a month and a margin.
const LOOK_BACK_DAYS: i64 = 35;

/// The scan stops by itself after this, with what it has.
const SCAN_MAX: Duration = Duration::from_secs(20);

/// The kernel's ring buffer, for a host with neither a journal nor a system log.
const DMESG: Command = Command {
    name: "dmesg",
    argv: &["/usr/bin/dmesg"],
    output_bytes_max: 2 * 1024 * 1024,
    as_nobody: false,
};

/// Where the last scan ended. Saved by the service only after its snapshot is durably spooled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogState {
    /// Journal position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<JournalMark>,
    /// Position in each log file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileMark>,
    /// The last line of the kernel's ring buffer, in epoch seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<i64>,
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
    /// Of the log, not of the file that the scan ended in.
    pub path: String,
    pub inode: u64,
    /// In plain bytes.
    pub offset: u64,
    /// Unknown to agents before 0.2 and of an empty file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
    /// The time of the last line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
}

/// The first bytes of a file, by which it is known again under another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub bytes: u32,
    /// FNV-1a of them.
    pub hash: u64,
}

/// What a scan gave.
pub struct Scanned {
    /// `journal` or `messages`.
    pub name: &'static str,
    /// The counts, and where the next scan begins. All times in epoch seconds:
    ///
    /// ```text
    /// {"from":ts|null,"to":ts|null,"lines":N,"bytes":N,"truncated":bool,"zone":"Asia/Seoul",
    ///  "pack_version":N, "by_priority":{"err":3}, "top_identifiers":[{"name","lines"}],
    ///  "programs":[{"name","lines","days","first","last"}],
    ///  "patterns":[{"id","count","first","last","days":{"2026-11-05":N},"samples":[…]}],
    ///  "templates":[{"program","template","count","first","last"}], "templates_untold":N,
    ///  "sources":[{"name","from","to","lines","bytes","hours","silent_hours",
    ///              "silences":[{"from","to"}], "files":[{"path","lines","bytes","from","to"}],
    ///              "gaps":[{"path","bytes","from","to","why"}],
    ///              "product":"httpd"|"tomcat"|"jboss"|"mysqld" of a product's own log only}]}
    /// ```
    /// Agents before 0.2 sent `from` … `by_priority`, `top_identifiers` and `patterns` without
    /// `days` only.
    pub result: Look<(Value, LogState)>,
}

/// Scans what is new with the embedded patterns: the journal where it answers, the log files for
/// what it does not hold.
#[must_use]
pub fn scan(host: &Host, state: &LogState, deadline: Instant) -> Scanned {
    let what = What {
        patterns: Patterns::of_agent(),
        products: &Products::default(),
        withheld: &|_| false,
    };
    scan_with(host, state, deadline, &what)
}

/// What a scan looks for, and where beside the system's logs.
pub struct What<'a> {
    pub patterns: &'a Patterns,
    pub products: &'a Products,
    /// Asked of the products' logs, one by one.
    pub withheld: Withheld<'a>,
}

/// As [`scan`], with given patterns and the products' own logs.
#[must_use]
pub fn scan_with(host: &Host, state: &LogState, deadline: Instant, what: &What<'_>) -> Scanned {
    let deadline = deadline.min(Instant::now() + SCAN_MAX);
    let zone = zone(host);
    let mut engine = Engine::new(what.patterns, zone.clone());
    engine.console = Console::of(what.products);
    let mut coverage = Vec::new();
    let journal = journal::scan(host, state.journal.as_ref(), deadline, &mut engine);
    let mut next = state.clone();
    let mut missed = None;
    // The stretch of time in which files have to stand in for the journal.
    let window = match journal {
        Ok(Some(heard)) => {
            let until = heard.holds_from;
            coverage.push(heard.coverage);
            next.journal = Some(heard.mark);
            until.map(|until| Window { after: None, until: Some(until) })
        }
        Ok(None) => Some(Window::default()),
        Err(fault) => {
            missed = Some(fault);
            Some(Window::default())
        }
    };
    let heard = !coverage.is_empty();
    let known = state.journal.as_ref();
    let known = known.and_then(|mark| i64::try_from(mark.realtime_us / 1_000_000).ok());
    let mut files = Files::new((host, &state.files), deadline, &zone, &mut engine);
    let mut fault = None;
    let mut marks = Vec::new();
    if let Some(window) = window {
        let window = Window { after: known, ..window };
        (marks, fault) = files.scan(&files::SYSLOG, window);
        if !heard && marks.is_empty() {
            next.kernel = kernel(&mut files, state.kernel, deadline);
        }
    }
    let seen = heard || !marks.is_empty() || next.kernel.is_some();
    marks.extend(files.scan(&files::OWN, Window::default()).0);
    files.engine.console = Console::default();
    marks.extend(files.products(what.products, what.withheld));
    coverage.extend(files.coverage);
    keep(&mut next.files, marks);
    let name = if heard { "journal" } else { "messages" };
    if !seen {
        let fault = fault.unwrap_or_else(|| Missed::new(Unseen::Absent, "no log file"));
        return Scanned { name, result: Err(worse(missed, fault)) };
    }
    let mut value = engine.tally.into_json();
    let told = coverage.into_iter().filter(|one| !one.is_empty()).map(Coverage::into_json);
    value.insert("sources".to_owned(), told.collect());
    value.insert("zone".to_owned(), zone.iana_name().into());
    Scanned { name, result: Ok((Value::Object(value), next)) }
}

/// Scans the log files alone, with the embedded patterns: what a host without a journal gives.
#[must_use]
pub fn scan_files(host: &Host, state: &LogState, deadline: Instant) -> Value {
    let zone = zone(host);
    let mut engine = Engine::new(Patterns::of_agent(), zone.clone());
    let mut files = Files::new((host, &state.files), deadline, &zone, &mut engine);
    let _ = files.scan(&files::SYSLOG, Window::default());
    Value::Object(engine.tally.into_json())
}

/// New marks take the place of the old ones of the same log; the others stay.
fn keep(marks: &mut Vec<FileMark>, new: Vec<FileMark>) {
    marks.retain(|mark| new.iter().all(|other| other.path != mark.path));
    marks.extend(new);
    marks.sort_by(|a, b| a.path.cmp(&b.path));
}

/// The kernel's ring buffer; the time of its last line, or that of the last scan.
fn kernel(files: &mut Files<'_, '_>, known: Option<i64>, deadline: Instant) -> Option<i64> {
    let Ok(output) = files.host.run(&DMESG, deadline) else { return known };
    let window = Window { after: known, until: None };
    files::kernel(files, &mut &output.bytes[..], window).or(known)
}

/// Which of the two refusals is told.
fn worse(journal: Option<Missed>, files: Missed) -> Missed {
    match journal {
        _ if files.reason != Unseen::Absent => files,
        // No log file: what the journal said is the better answer.
        Some(journal) => journal,
        None => {
            let detail = format!("the journal shows no entry; {}", files.detail);
            Missed::new(files.reason, detail)
        }
    }
}

/// The host's own time zone: that of the link `/etc/localtime`, else UTC.
pub(crate) fn zone(host: &Host) -> TimeZone {
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
