//! The small records of the state folder, as they are written.

use carepack_shared::Reason;
use carepack_shared::privacy::Mode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::logs::LogState;
use crate::sandbox::Limit;

/// How far collecting has come. Written by the collecting process only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The last period with a scheduled snapshot in the spool or beyond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_period: Option<String>,
    /// The last request of the collector that was served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_on_demand: Option<Uuid>,
    /// Where the last log scan ended.
    #[serde(default)]
    pub log_state: LogState,
    /// Where only facts leave, the logs of a period are told whole by each snapshot of it: this is
    /// where those of the last scheduled period began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_state_before: Option<LogState>,
    /// Snapshots that a full spool dropped and no later snapshot has told of yet.
    #[serde(default)]
    pub lost: u64,
}

impl Progress {
    /// Where the log scan of a snapshot for `period` begins.
    #[must_use]
    pub fn log_start(&self, mode: Mode, period: Option<&str>) -> &LogState {
        match &self.log_state_before {
            Some(before) if mode != Mode::Full && period == self.last_period.as_deref() => before,
            _ => &self.log_state,
        }
    }

    /// Keeps where a scan ended. Evidence of several snapshots is joined by the collector; facts
    /// cannot be, so there only a scheduled snapshot moves the mark.
    pub fn scanned(&mut self, mode: Mode, reason: Reason, period: Option<&str>, end: LogState) {
        if mode != Mode::Full && reason != Reason::Scheduled {
            return;
        }
        let begun = std::mem::replace(&mut self.log_state, end);
        if mode == Mode::Full {
            self.log_state_before = None;
        } else if period != self.last_period.as_deref() {
            self.log_state_before = Some(begun);
        }
    }
}

/// Where the identity comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    pub server: String,
    pub at: Timestamp,
}

/// A collection that is asked for in `requests/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub reason: carepack_shared::Reason,
    pub period: Option<String>,
    pub request: Option<Uuid>,
    pub at: Timestamp,
}

/// The last file that was made for the way over an air gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    /// From 1.
    pub number: u64,
    /// Of the whole file, hex.
    pub sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Who this host was then: a new identity begins a new chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Uuid>,
}

/// The last file that came back over an air gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// When the collector made it: an older one is not taken any more.
    pub made_at: Timestamp,
    pub taken_at: Timestamp,
    /// Of the whole file, hex.
    pub sha256: String,
}

/// What went wrong last, for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub at: Timestamp,
    pub what: String,
    pub way_out: String,
}

/// What the resident process says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub enrolled: bool,
    pub host_id: Option<Uuid>,
    pub server: Option<String>,
    pub certificate_not_after: Option<Timestamp>,
    pub spooled: u32,
    /// Of these, what a person has to let go first.
    #[serde(default)]
    pub held: u32,
    pub collecting: bool,
    /// The last snapshot that the collector acknowledged.
    pub last_success: Option<Timestamp>,
    pub last_poll: Option<Timestamp>,
    pub next_run: Option<Timestamp>,
    pub last_error: Option<Fault>,
    /// This host's clock minus the collector's, in seconds.
    pub clock_skew_seconds: Option<i64>,
    /// Resident memory in KiB.
    pub rss_kib: u64,
    pub pid: Option<u32>,
    /// What the resident process gave up when it started.
    #[serde(default)]
    pub limits: Vec<Limit>,
    pub version: String,
}

impl Status {
    /// Whether the process that wrote it is still there.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.pid.is_some_and(|pid| std::path::Path::new(&format!("/proc/{pid}")).exists())
    }
}
