//! This machine, read with care: regular files only, caps on everything, no write ever.
//!
//! A path is first opened with `O_PATH`, which touches neither a device nor a FIFO behind it;
//! only what `fstat` calls a regular file is then opened for reading (through the descriptor, so
//! that nothing can be swapped in between). Links are followed: `/etc/os-release` is one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use carepack_shared::Unseen;
use jiff::Timestamp;
use nix::libc;

use super::confined::{Confined, Located};
use super::{
    Clock, Command, Kind, Listing, Look, Missed, NAMES_MAX, Piece, Sink, Space, Stat,
    WALK_ENTRIES_MAX, command,
};

/// What most files of the kernel stay below: one page.
const KERNEL_FILE_BYTES: u64 = 4096;

/// The machine under a root folder; `/` is the machine itself, anything else a file tree.
pub struct Live {
    root: PathBuf,
    /// A mounted root, which no link may leave and in which nothing runs.
    confined: Option<Confined>,
    /// The moment that a mounted root stands for, where it is not the present one.
    taken_at: Option<Timestamp>,
    /// Most entries of one walk over the file systems.
    pub(super) walk_entries_max: u64,
    spawned: AtomicU32,
}

impl Live {
    /// The machine whose paths start at `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            confined: None,
            taken_at: None,
            walk_entries_max: WALK_ENTRIES_MAX,
            spawned: AtomicU32::new(0),
        }
    }

    /// A file system that is mounted at `root` and not running: a disk image, a rescue. `taken_at`
    /// is the moment that it stands for, the present one without it.
    ///
    /// # Errors
    /// It is no folder, or may not be opened.
    pub fn mounted(root: &Path, taken_at: Option<Timestamp>) -> std::io::Result<Self> {
        let confined = Some(Confined::open(root)?);
        Ok(Self { confined, taken_at, ..Self::new(root) })
    }

    /// Whether nothing runs here.
    pub(super) const fn is_mounted(&self) -> bool {
        self.confined.is_some()
    }

    pub(super) fn at(&self, path: &str) -> Look<Located> {
        match &self.confined {
            Some(confined) => confined.locate(path),
            None => Ok(Located::plain(machines_own(&self.root, path))),
        }
    }

    /// See [`super::Host::read_at`].
    pub(super) fn read_at(&self, path: &str, offset: u64, bytes_max: usize) -> Look<Piece> {
        let fault = |error: &std::io::Error| Missed::from_io(path, error);
        let (mut file, inode, size) = open_regular(&self.at(path)?, path)?;
        if offset > 0 {
            file.seek(SeekFrom::Start(offset)).map_err(|error| fault(&error))?;
        }
        let limit = bytes_max as u64 + 1;
        // Kernel files say 0. With room for all of it a file costs two reads; without, five.
        let expected = size.saturating_sub(offset).max(KERNEL_FILE_BYTES) + 1;
        let room = usize::try_from(expected.min(limit)).unwrap_or(bytes_max);
        let mut bytes = Vec::with_capacity(room);
        file.take(limit).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
        let truncated = bytes.len() > bytes_max;
        bytes.truncate(bytes_max);
        Ok(Piece { bytes, truncated, inode })
    }

    /// See [`super::Host::open`].
    pub(super) fn open(&self, path: &str) -> Look<super::OpenFile> {
        let (file, inode, size_bytes) = open_regular(&self.at(path)?, path)?;
        Ok(super::OpenFile { file, inode, size_bytes })
    }

    /// See [`super::Host::list`].
    pub(super) fn list(&self, path: &str) -> Look<Listing> {
        let fault = |error: &std::io::Error| Missed::from_io(path, error);
        let mut names = Vec::new();
        let mut truncated = false;
        for entry in std::fs::read_dir(self.at(path)?).map_err(|error| fault(&error))? {
            if names.len() == NAMES_MAX {
                truncated = true;
                break;
            }
            let name = entry.map_err(|error| fault(&error))?.file_name();
            names.push(name.to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(Listing { names, truncated })
    }

    /// See [`super::Host::stat`].
    pub(super) fn stat(&self, path: &str) -> Look<Stat> {
        let seen = std::fs::metadata(self.at(path)?).map_err(|e| Missed::from_io(path, &e))?;
        let kind = match () {
            () if seen.is_file() => Kind::File,
            () if seen.is_dir() => Kind::Directory,
            () => Kind::Other,
        };
        Ok(Stat {
            kind,
            mode: seen.mode() & 0o7777,
            uid: seen.uid(),
            gid: seen.gid(),
            size_bytes: seen.len(),
            inode: seen.ino(),
            modified: seen.mtime(),
            modified_nanos: seen.mtime_nsec(),
        })
    }

    /// See [`super::Host::link`].
    pub(super) fn link(&self, path: &str) -> Look<String> {
        let target = match &self.confined {
            Some(confined) => confined.link(path)?,
            None => std::fs::read_link(self.at(path)?)
                .map_err(|error| Missed::from_io(path, &error))?
                .into_os_string(),
        };
        Ok(target.to_string_lossy().into_owned())
    }

    /// See [`super::Host::statfs`].
    pub(super) fn statfs(&self, path: &str) -> Look<Space> {
        let seen = nix::sys::statvfs::statvfs(&*self.at(path)?)
            .map_err(|errno| Missed::from_io(path, &errno.into()))?;
        let unit = seen.fragment_size();
        Ok(Space {
            bytes_total: seen.blocks().saturating_mul(unit),
            bytes_free: seen.blocks_free().saturating_mul(unit),
            bytes_available: seen.blocks_available().saturating_mul(unit),
            inodes_total: seen.files(),
            inodes_free: seen.files_free(),
        })
    }

    /// See [`super::Host::stream`].
    pub(super) fn stream(
        &self,
        command: &Command,
        argv: &[String],
        deadline: Instant,
        sink: &mut Sink<'_>,
    ) -> Look<()> {
        if self.is_mounted() {
            let detail = format!("{}: nothing runs on a mounted root", command.name);
            return Err(Missed::new(Unseen::Failed, detail));
        }
        let child = command::start(command, argv)?;
        self.spawned.fetch_add(1, Ordering::Relaxed);
        command::attend(child, command.name, deadline, sink)
    }

    pub(super) fn hostname(&self) -> String {
        if self.is_mounted() {
            return self.configured_hostname().unwrap_or_else(|| "unknown".to_owned());
        }
        nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The name in `/etc/hostname`; before RHEL 7 it stood in `/etc/sysconfig/network`.
    fn configured_hostname(&self) -> Option<String> {
        let text = |path| {
            let piece = self.read_at(path, 0, 4096).ok()?;
            Some(String::from_utf8_lossy(&piece.bytes).into_owned())
        };
        let name = |text: String| text.split_whitespace().next().map(str::to_owned);
        text("/etc/hostname").and_then(name).or_else(|| {
            let text = text("/etc/sysconfig/network")?;
            let line = text.lines().find_map(|line| line.trim().strip_prefix("HOSTNAME="))?;
            name(line.replace(['"', '\''], ""))
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.taken_at.unwrap_or_else(Timestamp::now)
    }

    pub(super) fn spawned(&self) -> u32 {
        self.spawned.load(Ordering::Relaxed)
    }
}

/// adjtimex(2), asked without changing anything.
pub(super) fn clock() -> Look<Clock> {
    // SAFETY: `timex` is plain numbers, for which all zeroes is a value; `modes` 0 asks the kernel
    // to fill it in and to set nothing, and the pointer is to a live, exclusive local.
    let (state, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut timex), timex)
    };
    if state < 0 {
        return Err(Missed::from_io("adjtimex", &std::io::Error::last_os_error()));
    }
    // The state alone is not enough: with STA_UNSYNC the kernel answers TIME_ERROR (5).
    let synchronised = state != libc::TIME_ERROR && timex.status & libc::STA_UNSYNC == 0;
    Ok(Clock { synchronised, max_error_us: timex.maxerror })
}

/// A regular file open for reading, its inode number and its size.
pub(super) fn open_regular(path: &Path, shown: &str) -> Look<(File, u64, u64)> {
    let fault = |error: std::io::Error| Missed::from_io(shown, &error);
    if let Some(opened) = kernel_file(path) {
        return Ok(opened);
    }
    let mut options = File::options();
    // The access mode is ignored with O_PATH: nothing behind the name is opened yet.
    let handle = options
        .read(true)
        .custom_flags(libc::O_PATH | libc::O_CLOEXEC)
        .open(path)
        .map_err(fault)?;
    let seen = handle.metadata().map_err(fault)?;
    if !seen.is_file() {
        return Err(Missed::new(Unseen::Failed, format!("{shown}: not a regular file")));
    }
    let name = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let flags = libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY;
    // The kernel lets only the owner and root read without a new access time.
    let open = |flags| File::options().read(true).custom_flags(flags).open(&name);
    let file = open(flags | libc::O_NOATIME).or_else(|_| open(flags)).map_err(fault)?;
    Ok((file, seen.ino(), seen.len()))
}

/// Where a path lies under a root. The mounts of this process are those of its sandbox, which
/// shows a disk as read-only that is not: the machine's are those of its first process.
pub(super) fn machines_own(root: &Path, path: &str) -> PathBuf {
    let path = match path {
        "/proc/self/mountinfo" if root == Path::new("/") => "/proc/1/mountinfo",
        "/proc/self/mounts" if root == Path::new("/") => "/proc/1/mounts",
        path => path,
    };
    root.join(path.trim_start_matches('/'))
}

/// A file of `/proc` that lies behind no link (as `/proc/1/root` is one): none of them is a device
/// or a FIFO, so it may be opened at once, which costs half of the careful way. None: that way
/// finds out why.
fn kernel_file(path: &Path) -> Option<(File, u64, u64)> {
    if !is_kernel_file(path.to_str()?) {
        return None;
    }
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY;
    let file = File::options().read(true).custom_flags(flags).open(path).ok()?;
    let seen = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    Some((file, seen.ino(), seen.len()))
}

/// `/proc/NAME`, `/proc/PID/NAME` and what lies below `/proc/sys`.
fn is_kernel_file(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("/proc/") else { return false };
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    let mut parts = rest.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("sys"), ..) => rest.split('/').all(plain),
        (Some(name), None, _) => plain(name),
        (Some(pid), Some(name), None) => pid.parse::<u32>().is_ok() && plain(name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> (tempfile::TempDir, Live) {
        let folder = tempfile::tempdir().unwrap();
        let live = Live::new(folder.path());
        (folder, live)
    }

    #[test]
    fn a_file_is_cut_at_the_cap_and_says_so() {
        let (folder, live) = tree();
        std::fs::write(folder.path().join("a"), "0123456789").unwrap();
        let check = |offset, max, expected: &str, truncated| {
            let piece = live.read_at("/a", offset, max).unwrap();
            assert_eq!(piece.bytes, expected.as_bytes());
            assert_eq!(piece.truncated, truncated);
        };
        check(0, 4, "0123", true);
        check(0, 10, "0123456789", false);
        check(7, 100, "789", false);
        check(99, 100, "", false);
    }

    #[test]
    fn only_what_no_link_can_lead_away_from_is_opened_at_once() {
        let check = |path, expected| assert_eq!(is_kernel_file(path), expected, "{path}");
        for path in ["/proc/stat", "/proc/7/stat", "/proc/sys/vm/swappiness"] {
            check(path, true);
        }
        for path in [
            "/proc/7/root/dev/zero",
            "/proc/self/stat",
            "/proc/..",
            "/proc/sys/../../dev/zero",
            "/proc/7/..",
            "/process",
            "/sys/class/net/lo/mtu",
        ] {
            check(path, false);
        }
        // A link in itself, which is not followed.
        let own = format!("/proc/{}/exe", std::process::id());
        assert!(is_kernel_file(&own) && kernel_file(Path::new(&own)).is_none());
    }

    #[test]
    fn mounts_are_those_of_the_machine_and_not_of_a_sandbox() {
        let check = |root, path, expected| {
            assert_eq!(machines_own(Path::new(root), path), Path::new(expected));
        };
        check("/", "/proc/self/mountinfo", "/proc/1/mountinfo");
        check("/", "/proc/self/mounts", "/proc/1/mounts");
        check("/", "/proc/self/stat", "/proc/self/stat");
        check("/x", "/proc/self/mountinfo", "/x/proc/self/mountinfo");
    }

    #[test]
    fn a_fifo_a_device_and_a_folder_are_never_opened() {
        let (folder, live) = tree();
        nix::unistd::mkfifo(&folder.path().join("fifo"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero")).unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        for path in ["/fifo", "/zero", "/folder"] {
            let missed = live.read_at(path, 0, 10).unwrap_err();
            assert_eq!(missed.reason, Unseen::Failed, "{path}");
            assert!(missed.detail.contains("not a regular file"), "{}", missed.detail);
        }
        assert_eq!(live.read_at("/none", 0, 10).unwrap_err().reason, Unseen::Absent);
    }

    #[test]
    fn a_link_to_a_file_is_read_and_shown() {
        let (folder, live) = tree();
        std::fs::write(folder.path().join("real"), "x").unwrap();
        std::os::unix::fs::symlink("real", folder.path().join("link")).unwrap();
        assert_eq!(live.read_at("/link", 0, 10).unwrap().bytes, b"x");
        assert_eq!(live.link("/link").unwrap(), "real");
        assert_eq!(live.link("/real").unwrap_err().reason, Unseen::Failed);
        assert_eq!(live.list("/").unwrap().names, ["link", "real"]);
    }
}
