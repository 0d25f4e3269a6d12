//! Incremental log scan: what is new since the last durable snapshot, counted by pattern.

use serde::{Deserialize, Serialize};

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
