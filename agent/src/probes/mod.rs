//! What is looked at, as data: one file = one subject, and the alphabetical list of them all.
//!
//! A probe declares its reads; one executor ([`execute`]) turns them into observations. No
//! threshold and no opinion lives here.

pub mod execute;

use crate::host::{Command, Host, Look};
use serde_json::Value;

/// One subject.
pub struct Probe {
    pub id: &'static str,
    pub about_ko: &'static str,
    pub about_en: &'static str,
    pub reads: &'static [Read],
    /// All its reads together, in milliseconds; then it is given up.
    pub deadline_ms: u64,
    pub privilege: Privilege,
}

/// What a probe needs to see all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    None,
    /// `CAP_DAC_READ_SEARCH`: some of its sources are readable by root only.
    ReadAll,
}

/// One source, declared.
pub enum Read {
    /// A regular or kernel file.
    File {
        path: &'static str,
        bytes_max: usize,
    },
    /// The files of one directory whose name ends so.
    Glob {
        dir: &'static str,
        suffix: &'static str,
        bytes_max: usize,
        files_max: usize,
    },
    Command(Command),
    /// The target of a symbolic link, as text.
    Link {
        path: &'static str,
    },
    /// Something counted on the spot; `reads` says in words what it looks at.
    Survey {
        name: &'static str,
        reads: &'static [&'static str],
        run: Count,
    },
    /// The incremental log scan.
    Log {
        reads: &'static [&'static str],
    },
}

/// How a survey counts.
pub type Count = fn(&Host) -> Look<Value>;

/// Every probe, in alphabetical order.
#[must_use]
pub fn all() -> &'static [&'static Probe] {
    ALL
}

static ALL: &[&Probe] = &[];
