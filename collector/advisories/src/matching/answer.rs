//! What a look at a host answers: what it lacks, and how it stands to one advisory.

use serde::{Deserialize, Serialize};

use crate::index::Index;
use crate::model::Severity;

/// What can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The fix is in a stream that the host takes packages from.
    Applicable,
    /// The fix is in another life-cycle stream, or in a repository that is off.
    Elsewhere,
    /// The vendor has no fix yet.
    NoFixYet,
    /// The vendor will not fix it in the host's release.
    WillNotFix,
}

impl Class {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applicable => "applicable",
            Self::Elsewhere => "elsewhere",
            Self::NoFixYet => "no_fix_yet",
            Self::WillNotFix => "will_not_fix",
        }
    }
}

/// An advisory or a vulnerability, by its place in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Advisory(u32),
    Vulnerability(u32),
}

/// One thing that a host lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    pub what: What,
    pub class: Class,
    /// By name and architecture.
    pub hits: Vec<Hit>,
    /// A live patch of the kernel is in force: the fault may be shut without a new kernel.
    pub live_patched: bool,
}

impl What {
    /// Its id, and how its vendor rates it.
    #[must_use]
    pub fn named<'s>(self, index: &Index<'s>) -> (&'s str, Severity) {
        match self {
            Self::Advisory(at) => {
                let one = &index.advisories[at as usize];
                (&one.id, one.severity)
            }
            Self::Vulnerability(at) => {
                let one = &index.vulnerabilities[at as usize];
                (&one.cve.id, one.severity)
            }
        }
    }
}

impl Match {
    /// Everything is installed, and the machine still runs what was before.
    #[must_use]
    pub fn is_only_not_running(&self) -> bool {
        self.class == Class::Applicable && self.hits.iter().all(|hit| hit.running.is_some())
    }
}

/// A package or product of the host, and what would fix it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hit {
    pub name: String,
    /// Empty of a product outside RPM, whose place stands in `place`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub arch: String,
    /// Where a product outside RPM is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// `E:V-R`, or a product's version: the newest installed.
    pub installed: String,
    /// None where there is no fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// The running release, where the fixed one is installed and not booted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
    /// An epoch was not known on one side, so it was compared without.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_epoch: bool,
}

/// How a host stands to one advisory, package by package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Older than what fixes it.
    pub missing: Vec<Hit>,
    /// Installed, and the machine still runs what was before.
    pub not_running: Vec<Hit>,
    /// As new as asked for, or newer.
    pub applied: Vec<Hit>,
}

impl Standing {
    /// The host has something that the advisory fixes, and all of it is in force.
    #[must_use]
    pub fn is_applied(&self) -> bool {
        self.missing.is_empty() && self.not_running.is_empty() && !self.applied.is_empty()
    }

    /// The host has nothing that the advisory fixes.
    #[must_use]
    pub fn is_unconcerned(&self) -> bool {
        self.missing.is_empty() && self.not_running.is_empty() && self.applied.is_empty()
    }
}
