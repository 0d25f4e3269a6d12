//! How much of what was seen leaves a host, as its administrator decided.
//!
//! The collector believes it only so far as to say it: what did not leave cannot be judged.

use serde::{Deserialize, Serialize};

use crate::fact::Facts;

/// What leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The evidence as it was seen, masked.
    #[default]
    Full,
    /// What the parsers read in it on the host; no evidence, no line of a log.
    FactsOnly,
    /// Of those, numbers, versions and yes or no; no text.
    NumbersOnly,
}

impl Mode {
    /// The word of settings and documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::FactsOnly => "facts-only",
            Self::NumbersOnly => "numbers-only",
        }
    }
}

/// What a snapshot says of its host's policy, and the facts that stand in for evidence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Privacy {
    #[serde(default)]
    pub mode: Mode,
    /// Names of hosts and people, IP and MAC addresses are codes that only the host can turn back.
    #[serde(default)]
    pub pseudonyms: bool,
    /// What the host's own parsers read; none where the evidence itself is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
}

impl Privacy {
    /// Whether everything left as it was seen.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.mode, Mode::Full) && !self.pseudonyms && self.facts.is_none()
    }
}
