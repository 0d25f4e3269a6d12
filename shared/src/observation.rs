//! One thing looked at on a host: its source, when, its content, or why it was not seen.
//!
//! It knows nothing of what the content means; parsers in `carepack-facts` do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One look at one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The probe that looked, e.g. `memory`.
    pub probe: String,
    pub source: Source,
    pub at: Timestamp,
    /// Wall time of the look in milliseconds.
    pub took_ms: u32,
    pub outcome: Outcome,
}

/// Where an observation comes from. [`Source::key`] is what parsers look it up by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Source {
    /// A regular file, a kernel file (`/proc`, `/sys`), or the target of a symbolic link.
    File { path: String },
    /// An allow-listed command; `argv[0]` is an absolute path.
    Command { name: String, argv: Vec<String> },
    /// Something that the agent counts on the spot, because the raw form is too large or too
    /// private to travel: statfs, processes, accounts, listening sockets.
    Survey { name: String },
    /// An incremental scan of one log.
    Log { name: String },
}

impl Source {
    /// The name that parsers ask for: `/etc/os-release`, `cmd:rpm-packages`, `survey:statfs`,
    /// `log:journal`.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::File { path } => path.clone(),
            Self::Command { name, .. } => format!("cmd:{name}"),
            Self::Survey { name } => format!("survey:{name}"),
            Self::Log { name } => format!("log:{name}"),
        }
    }
}

/// What the look gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Outcome {
    Seen {
        content: Content,
        /// The source held more than the cap; `content` is its beginning.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        truncated: bool,
    },
    Unseen {
        reason: Unseen,
        /// One line for a person: the object and the operating system's word. Never content.
        detail: String,
    },
}

/// The content of a seen source, masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Text as it stood, secrets masked, invalid UTF-8 replaced.
    Text(String),
    /// A survey's own shape, documented beside the survey.
    Json(serde_json::Value),
    /// It stays on the host, as long as it is; what was read in it is among the snapshot's facts.
    Kept { bytes: u64 },
}

impl Content {
    /// Length in a document, in bytes, escapes counted.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let escaped = |byte: &u8| matches!(byte, b'\n' | b'\t' | b'"');
        match self {
            Self::Text(text) => text.len() + text.bytes().filter(|byte| escaped(byte)).count(),
            Self::Json(value) => value.to_string().len(),
            Self::Kept { .. } => 0,
        }
    }
}

/// Why a source was not seen. Failure to see is data: rules answer 점검불가, never 양호.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unseen {
    /// It is not there (no such file, command not installed).
    Absent,
    /// The agent may not read it.
    Denied,
    /// It did not answer within its deadline.
    TimedOut,
    /// It answered with an error.
    Failed,
    /// It answered with something that cannot be read as what it should be.
    Malformed,
    /// The customer's policy keeps it back.
    Withheld,
}

impl Unseen {
    /// The word of the wire format, also used as an i18n key.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Denied => "denied",
            Self::TimedOut => "timed_out",
            Self::Failed => "failed",
            Self::Malformed => "malformed",
            Self::Withheld => "withheld",
        }
    }
}

impl Observation {
    /// The text, or why there is none.
    ///
    /// # Errors
    /// The reason it was not seen; [`Unseen::Malformed`] when the content is not text.
    pub fn text(&self) -> Result<&str, Unseen> {
        match &self.outcome {
            Outcome::Seen { content: Content::Text(text), .. } => Ok(text),
            Outcome::Seen { content: Content::Kept { .. }, .. } => Err(Unseen::Withheld),
            Outcome::Seen { .. } => Err(Unseen::Malformed),
            Outcome::Unseen { reason, .. } => Err(*reason),
        }
    }

    /// The survey's value, or why there is none.
    ///
    /// # Errors
    /// The reason it was not seen; [`Unseen::Malformed`] when the content is plain text.
    pub fn json(&self) -> Result<&serde_json::Value, Unseen> {
        match &self.outcome {
            Outcome::Seen { content: Content::Json(value), .. } => Ok(value),
            Outcome::Seen { content: Content::Kept { .. }, .. } => Err(Unseen::Withheld),
            Outcome::Seen { .. } => Err(Unseen::Malformed),
            Outcome::Unseen { reason, .. } => Err(*reason),
        }
    }
}
