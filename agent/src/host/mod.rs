//! The only door to the operating system for observation.
//!
//! Everything a probe learns comes through [`Host`], live or replayed from a recorded folder, and
//! every look has a cap. It does not know what the contents mean, and it never writes.

mod command;
mod confined;
mod cost;
mod kept;
mod live;
mod memo;
mod open;
mod recorded;
#[cfg(test)]
pub mod testing;
mod walk;
mod windows;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use carepack_shared::Unseen;
use jiff::Timestamp;
use serde_json::Value;

pub use cost::{Meter, give_memory_back};
pub use kept::Kept;
use live::Live;
use memo::Memo;
pub use open::OpenFile;
pub use recorded::{Recorded, RecordedError};
pub use walk::{Bounds, Cut, Entry, Walked};
pub use windows::{Windows, unchanged};

/// Most names taken from one directory; above it the listing is cut and says so.
pub const NAMES_MAX: usize = 65_536;

/// Most entries of one walk over the file systems, unless the customer says otherwise. Measured on
/// a busy virtual machine of two processors: 2 µs of CPU each where the kernel holds them in memory
/// (0.2 s for all), up to 9 µs from a cold disk.
///
/// Nearly all of it is the kernel's work for the one question that each file costs. Of the best of
/// nine walks of 200,000 each (user and system): as it is 0.34 s; `statx` with a mask 0.34; `getdents` of
/// 64 KiB without `readdir` 0.32; both 0.31; and 0.12 without asking for owner and mode at all.
pub const WALK_ENTRIES_MAX: u64 = 100_000;

/// A host that can be observed.
pub struct Host {
    door: Door,
    memo: Memo,
}

/// The machine itself, or a recording of one.
enum Door {
    Live(Live),
    Recorded(Recorded),
}

/// Why a look gave nothing: the reason of the wire format, and one line for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Missed {
    pub reason: Unseen,
    /// The object and the operating system's word; never content.
    pub detail: String,
}

/// What a look gives.
pub type Look<T> = Result<T, Missed>;

/// The beginning of a file, or a piece of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub bytes: Vec<u8>,
    /// The file goes on after these bytes.
    pub truncated: bool,
    /// Inode number: tells a rotated log from a grown one.
    pub inode: u64,
}

/// The names in a directory, sorted, without `.` and `..`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub names: Vec<String>,
    pub truncated: bool,
}

/// What a file is, its links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    pub kind: Kind,
    /// Permission bits, set-id and sticky bits included (07777).
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub size_bytes: u64,
    pub inode: u64,
    /// Seconds since the epoch.
    pub modified: i64,
    /// What lies beyond the whole second, in nanoseconds.
    pub modified_nanos: i64,
}

/// The kinds of file that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    Other,
}

/// Space of one file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Space {
    pub bytes_total: u64,
    pub bytes_free: u64,
    /// Free to an unprivileged process.
    pub bytes_available: u64,
    pub inodes_total: u64,
    pub inodes_free: u64,
}

/// What the kernel says of its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub synchronised: bool,
    /// Largest error that the time daemon claims, in microseconds.
    pub max_error_us: i64,
}

/// One helper command of the allow-list.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Name in the source key, `cmd:NAME`.
    pub name: &'static str,
    /// `argv[0]` is an absolute path; there is no shell.
    pub argv: &'static [&'static str],
    /// Most bytes of output kept.
    pub output_bytes_max: usize,
    /// Root steps down to an unprivileged user first, so that the helper cannot touch the host's
    /// state (an RPM query by root updates the database's shared-memory file).
    pub as_nobody: bool,
}

/// What a command printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub bytes: Vec<u8>,
    pub truncated: bool,
}

/// Who takes a command's output piece by piece; `Break` ends the command.
pub type Sink<'a> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'a;

impl Missed {
    pub fn new(reason: Unseen, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// From an operating-system error on an object.
    #[must_use]
    pub fn from_io(object: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let reason = match error.kind() {
            Kind::NotFound | Kind::NotADirectory => Unseen::Absent,
            Kind::PermissionDenied => Unseen::Denied,
            Kind::TimedOut => Unseen::TimedOut,
            _ => Unseen::Failed,
        };
        Self::new(reason, format!("{object}: {error}"))
    }
}

impl Host {
    /// This machine.
    #[must_use]
    pub fn live() -> Self {
        Self::under(Path::new("/"))
    }

    /// The machine whose paths start at `root`: another folder than `/` in tests.
    #[must_use]
    pub fn under(root: &Path) -> Self {
        Self { door: Door::Live(Live::new(root)), memo: Memo::default() }
    }

    /// A file system mounted at `root`, of a machine that does not run; see [`Live::mounted`].
    ///
    /// # Errors
    /// It is no folder, or may not be opened.
    pub fn mounted(root: &Path, taken_at: Option<Timestamp>) -> std::io::Result<Self> {
        let live = Live::mounted(root, taken_at)?;
        Ok(Self { door: Door::Live(live), memo: Memo::default() })
    }

    /// The same host, walked no further than so many entries.
    #[must_use]
    pub fn walked_up_to(mut self, entries_max: u64) -> Self {
        if let Door::Live(live) = &mut self.door {
            live.walk_entries_max = entries_max;
        }
        self
    }

    /// Most entries of one walk over the file systems.
    #[must_use]
    pub const fn walk_entries_max(&self) -> u64 {
        match &self.door {
            Door::Live(live) => live.walk_entries_max,
            Door::Recorded(_) => 0,
        }
    }

    /// Whether it is a mounted root: its files are real, nothing runs.
    #[must_use]
    pub const fn is_mounted(&self) -> bool {
        matches!(&self.door, Door::Live(live) if live.is_mounted())
    }

    /// A recorded folder; `overlay` names a subfolder (`previous`) whose files come first.
    ///
    /// # Errors
    /// The folder has no readable `host.toml`.
    pub fn recorded(folder: &Path, overlay: Option<&str>) -> Result<Self, RecordedError> {
        let recorded = Recorded::open(folder, overlay)?;
        Ok(Self { door: Door::Recorded(recorded), memo: Memo::default() })
    }

    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        matches!(&self.door, Door::Recorded(_))
    }

    /// The beginning of a regular file, at most `bytes_max`.
    ///
    /// # Errors
    /// Why it was not seen; a FIFO, socket, device or directory is `failed`.
    pub fn read(&self, path: &str, bytes_max: usize) -> Look<Piece> {
        self.read_at(path, 0, bytes_max)
    }

    /// At most `bytes_max` of a regular file from `offset` on.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_at(&self, path: &str, offset: u64, bytes_max: usize) -> Look<Piece> {
        match &self.door {
            Door::Live(live) => live.read_at(path, offset, bytes_max),
            Door::Recorded(recorded) => recorded.tree(path)?.read_at(path, offset, bytes_max),
        }
    }

    /// A small file as text without the white space around it; invalid UTF-8 replaced.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn word(&self, path: &str) -> Look<String> {
        /// Kernel attributes are one page.
        const WORD_BYTES_MAX: usize = 4096;
        let piece = self.read(path, WORD_BYTES_MAX)?;
        Ok(String::from_utf8_lossy(&piece.bytes).trim().to_owned())
    }

    /// The names in a directory.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn list(&self, path: &str) -> Look<Listing> {
        match &self.door {
            Door::Live(live) => live.list(path),
            Door::Recorded(recorded) => recorded.list(path),
        }
    }

    /// What is at a path, links followed.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn stat(&self, path: &str) -> Look<Stat> {
        match &self.door {
            Door::Live(live) => live.stat(path),
            Door::Recorded(recorded) => recorded.tree(path)?.stat(path),
        }
    }

    /// The target of a symbolic link, as written in it.
    ///
    /// # Errors
    /// Why it was not seen; a path that is no link is `failed`.
    pub fn link(&self, path: &str) -> Look<String> {
        match &self.door {
            Door::Live(live) => live.link(path),
            Door::Recorded(recorded) => recorded.link(path),
        }
    }

    /// Space of the file system mounted at a path. Ask for local file systems only: a network
    /// one may never answer.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn statfs(&self, path: &str) -> Look<Space> {
        match &self.door {
            Door::Live(live) => live.statfs(path),
            Door::Recorded(recorded) => recorded.statfs(path),
        }
    }

    /// Runs a command and keeps the beginning of its output.
    ///
    /// # Errors
    /// `absent` when it is not installed, `timed_out` when its deadline passed, `failed` with the
    /// last line it wrote to standard error when it exits with another status than 0.
    pub fn run(&self, command: &Command, deadline: Instant) -> Look<Output> {
        let mut bytes = Vec::new();
        let mut truncated = false;
        let max = command.output_bytes_max;
        let argv: Vec<String> = command.argv.iter().map(|&word| word.to_owned()).collect();
        self.stream(command, &argv, deadline, &mut |piece| {
            let room = max - bytes.len();
            truncated |= piece.len() > room;
            bytes.extend_from_slice(&piece[..piece.len().min(room)]);
            ControlFlow::Continue(())
        })?;
        Ok(Output { bytes, truncated })
    }

    /// Runs a command with further arguments and hands its output on as it comes.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn stream(
        &self,
        command: &Command,
        argv: &[String],
        deadline: Instant,
        sink: &mut Sink<'_>,
    ) -> Look<()> {
        match &self.door {
            Door::Live(live) => live.stream(command, argv, deadline, sink),
            Door::Recorded(recorded) => recorded.stream(command, argv, deadline, sink),
        }
    }

    /// The wall clock: the machine's, or the recorded one.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.door {
            Door::Live(live) => live.now(),
            Door::Recorded(recorded) => recorded.now(),
        }
    }

    /// What the kernel says of its clock; a recorded host has it as a survey only.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn clock(&self) -> Look<Clock> {
        match &self.door {
            Door::Live(live) if live.is_mounted() => {
                Err(Missed::new(Unseen::Failed, "clock: nothing runs on a mounted root"))
            }
            Door::Live(_) => live::clock(),
            Door::Recorded(_) => Err(Missed::new(Unseen::Absent, "clock: not recorded")),
        }
    }

    #[must_use]
    pub fn hostname(&self) -> String {
        match &self.door {
            Door::Live(live) => live.hostname(),
            Door::Recorded(recorded) => recorded.hostname().to_owned(),
        }
    }

    /// A survey that a recorded host holds whole; a live host never does.
    #[must_use]
    pub fn survey(&self, name: &str) -> Option<Look<Value>> {
        match &self.door {
            Door::Live(_) => None,
            Door::Recorded(recorded) => recorded.survey(name),
        }
    }

    /// How many processes were started so far.
    #[must_use]
    pub fn spawned(&self) -> u32 {
        match &self.door {
            Door::Live(live) => live.spawned(),
            Door::Recorded(_) => 0,
        }
    }
}
