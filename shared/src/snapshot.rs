//! All observations of one host at one time, immutable, named by UUIDv7 and SHA-256.
//!
//! The document is plain JSON: what `carepack-agent preview` prints is byte for byte what leaves
//! the host (compressed on the wire), and its SHA-256 is the digest on every receipt and report.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::observation::Observation;
use crate::privacy::Privacy;

/// Version of a document that carries evidence. Raised only when an old reader would misunderstand
/// a new document.
pub const SCHEMA: u32 = 1;

/// Version of a document that carries facts instead of evidence, the newest that is read: a reader
/// that looks for evidence would take all of it for absent.
pub const SCHEMA_FACTS: u32 = 2;

/// Longest document that either side accepts, uncompressed, in bytes. A five-year-old host with
/// 3,000 packages and full logs stays under 3 MiB; sixteen leaves room and still fits in memory.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most observations in one document.
pub const OBSERVATIONS_MAX: usize = 20_000;

/// One host at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub schema: u32,
    pub id: Uuid,
    pub host: Host,
    pub reason: Reason,
    /// The inspection period it was taken for, e.g. `2026-11` or `2026-Q4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    pub taken_at: Timestamp,
    pub finished_at: Timestamp,
    pub agent: Agent,
    /// Snapshots that a full spool had to drop since the last one that arrived.
    #[serde(default)]
    pub lost: u64,
    /// How many pieces of text were masked, by kind (`password`, `resident_number`, …).
    #[serde(default)]
    pub masked: BTreeMap<String, u64>,
    /// What the host's policy lets leave.
    #[serde(default, skip_serializing_if = "Privacy::is_open")]
    pub privacy: Privacy,
    pub observations: Vec<Observation>,
}

/// Who the snapshot speaks of. The collector believes the certificate, not this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The id given at enrolment; none for an agent that was never enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    pub hostname: String,
    /// SHA-256 of `/etc/machine-id`, hex: shows clones without carrying the id itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Replayed from a recorded folder, not a live host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recorded: bool,
}

/// Why it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Scheduled,
    OnDemand,
    Installation,
    Offline,
}

impl Reason {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::OnDemand => "on_demand",
            Self::Installation => "installation",
            Self::Offline => "offline",
        }
    }
}

/// The agent that took it, and what the taking cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub version: String,
    /// CPU time of the collection in milliseconds, children included.
    #[serde(default)]
    pub cpu_ms: u64,
    /// Peak resident memory in KiB (VmHWM).
    #[serde(default)]
    pub peak_kib: u64,
    /// Processes started.
    #[serde(default)]
    pub spawned: u32,
}

/// A document that is not a snapshot this version can read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error(
        "snapshot schema {found} is newer than {SCHEMA_FACTS}, the newest this version reads; upgrade the collector"
    )]
    Newer { found: u32 },
    #[error("snapshot schema {found} is not known (this version reads {SCHEMA} to {SCHEMA_FACTS})")]
    Unknown { found: u32 },
    #[error("the document is not a snapshot")]
    Malformed(#[source] serde_json::Error),
    #[error("the document is {bytes} bytes, over the limit of {DOCUMENT_BYTES_MAX}")]
    TooLong { bytes: usize },
    #[error("the document holds {count} observations, over the limit of {OBSERVATIONS_MAX}")]
    TooMany { count: usize },
}

impl Snapshot {
    /// The document: JSON, one line, field order fixed.
    ///
    /// # Panics
    /// Never: every type in it has string keys.
    #[must_use]
    pub fn to_document(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a snapshot always serialises")
    }

    /// Reads a document, refusing versions it does not know before it looks further.
    ///
    /// # Errors
    /// [`SnapshotError`] names what is wrong.
    pub fn from_document(document: &[u8]) -> Result<Self, SnapshotError> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        if document.len() > DOCUMENT_BYTES_MAX {
            return Err(SnapshotError::TooLong { bytes: document.len() });
        }
        let Version { schema } =
            serde_json::from_slice(document).map_err(SnapshotError::Malformed)?;
        match schema {
            SCHEMA | SCHEMA_FACTS => {}
            found if found > SCHEMA_FACTS => return Err(SnapshotError::Newer { found }),
            found => return Err(SnapshotError::Unknown { found }),
        }
        let snapshot: Self = serde_json::from_slice(document).map_err(SnapshotError::Malformed)?;
        match snapshot.observations.len() {
            0..=OBSERVATIONS_MAX => Ok(snapshot),
            count => Err(SnapshotError::TooMany { count }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_schema_is_refused_by_number() {
        let error = |text: &str| Snapshot::from_document(text.as_bytes()).unwrap_err().to_string();
        assert!(error(r#"{"schema":99}"#).contains("99 is newer"));
        assert!(error(r#"{"schema":0}"#).contains("0 is not known"));
        assert!(error(r#"{"schema":1}"#).contains("not a snapshot"));
        assert!(error("[").contains("not a snapshot"));
    }
}
