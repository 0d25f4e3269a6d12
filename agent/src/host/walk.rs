//! One walk over a tree of one file system: what each entry is, whose, with which mode.
//!
//! It follows no link, opens no file, enters no other file system and touches no mount point that
//! it is told of: a network file system that does not answer would hold the process in the kernel.
//! Each folder is opened once, and asked what it is when it is open; its other entries are asked for
//! through its descriptor, by name, without a path being made. It does not know what is looked for.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::time::Instant;

use carepack_shared::Unseen;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::libc;
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};

use super::{Door, Host, Kind, Look, Missed};

/// Folders inside folders: each holds one descriptor while it is walked.
const DEPTH_MAX: usize = 64;
/// Room for the names that one question gives; a folder of a thousand files needs no second one.
const NAMES_BYTES: usize = 32 * 1024;
/// The clock is asked once in so many entries.
const CLOCK_EVERY: u64 = 256;

/// How far a walk may go; `entries_left` is shared by several walks.
pub struct Bounds<'a> {
    /// Absolute paths that are not touched: mount points, and trees that are not of interest.
    pub skip: &'a BTreeSet<Vec<u8>>,
    pub entries_left: u64,
    pub until: Instant,
}

/// One entry; symbolic links are left out.
pub struct Entry<'a> {
    pub kind: Kind,
    /// Permission bits, set-id and sticky bits included (07777).
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    folder: &'a [u8],
    name: &'a CStr,
}

/// Why a walk ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Entries,
    Time,
}

/// What a walk did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    pub entries: u64,
    /// Folders that could not be opened, and such as lie too deep.
    pub unread: u64,
    pub cut: Option<Cut>,
}

impl Entry<'_> {
    /// Its absolute path; invalid UTF-8 replaced.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = self.folder.to_vec();
        push(&mut path, self.name);
        String::from_utf8_lossy(&path).into_owned()
    }
}

impl Host {
    /// Walks the tree at `start`, the folder itself left out. A recorded host keeps neither owners
    /// nor modes and is not walked.
    ///
    /// # Errors
    /// `start` could not be opened; what lies below and could not be is counted.
    pub fn walk(
        &self,
        start: &str,
        bounds: &mut Bounds<'_>,
        visit: &mut dyn FnMut(&Entry<'_>),
    ) -> Look<Walked> {
        let Door::Live(live) = &self.door else {
            return Err(Missed::new(Unseen::Absent, format!("{start}: not recorded")));
        };
        let located = live.at(start)?;
        let mut path = start.trim_end_matches('/').as_bytes().to_vec();
        let mut walk =
            Walk { bounds, visit, device: 0, done: Walked::default(), names: Names::default() };
        let fault = |errno: Errno| Missed::from_io(start, &errno.into());
        // Below a mounted root the name is that of a descriptor, which is a link.
        let follow = if self.is_mounted() { OFlag::O_NOFOLLOW } else { OFlag::empty() };
        walk.tree(&located, folder_flags() - follow, &mut path).map_err(fault)?;
        Ok(walk.done)
    }
}

struct Walk<'a, 'b> {
    bounds: &'a mut Bounds<'b>,
    visit: &'a mut dyn FnMut(&Entry<'_>),
    device: u64,
    done: Walked,
    names: Names,
}

/// A folder whose own folders are still to be walked.
struct Frame {
    folder: OwnedFd,
    left: Vec<CString>,
    /// Length of its path.
    path_bytes: usize,
}

impl Walk<'_, '_> {
    fn tree(&mut self, start: &Path, flags: OFlag, path: &mut Vec<u8>) -> nix::Result<()> {
        let folder = open(start, flags, Mode::empty())?;
        self.device = fstat(&folder)?.st_dev;
        let left = self.folder(&folder, path)?;
        let mut stack = vec![Frame { folder, left, path_bytes: path.len() }];
        while let Some(frame) = stack.last_mut() {
            path.truncate(frame.path_bytes);
            let Some(name) = frame.left.pop() else {
                stack.pop();
                continue;
            };
            let deep = stack.len() == DEPTH_MAX;
            let parent = &stack[stack.len() - 1].folder;
            if deep || self.done.cut.is_some() {
                self.done.unread += u64::from(deep);
                self.look(parent, &name, path);
                continue;
            }
            match self.below(parent, &name, path) {
                Ok(frame) => stack.push(frame),
                // Gone meanwhile: nothing is there to be seen.
                Err(Errno::ENOENT) => {}
                Err(_) => self.done.unread += 1,
            }
        }
        Ok(())
    }

    /// Enters a folder, which is asked what it is once it is open: that saves the question by name.
    fn below(&mut self, parent: &OwnedFd, name: &CStr, path: &mut Vec<u8>) -> nix::Result<Frame> {
        let folder = enter(parent, name).inspect_err(|_| {
            self.look(parent, name, path);
        })?;
        let seen = fstat(&folder)?;
        // Something may have been mounted here since the mount table was read.
        let own = self.show(&seen, path, name);
        push(path, name);
        let left = if own { self.folder(&folder, path)? } else { Vec::new() };
        Ok(Frame { folder, left, path_bytes: path.len() })
    }

    /// Asks for one entry by its name, and shows it; says whether it is a folder.
    fn look(&mut self, folder: &OwnedFd, name: &CStr, path: &[u8]) -> bool {
        let flags = AtFlags::AT_SYMLINK_NOFOLLOW | AtFlags::AT_NO_AUTOMOUNT;
        fstatat(folder, name, flags).is_ok_and(|seen| self.show(&seen, path, name))
    }

    /// Shows an entry of this file system that is no link; says whether it is a folder.
    fn show(&mut self, seen: &FileStat, folder: &[u8], name: &CStr) -> bool {
        let kind = kind(seen).filter(|_| seen.st_dev == self.device);
        let Some(kind) = kind else { return false };
        let (mode, uid, gid) = (seen.st_mode & 0o7777, seen.st_uid, seen.st_gid);
        (self.visit)(&Entry { kind, mode, uid, gid, folder, name });
        kind == Kind::Directory
    }

    /// Visits what one folder holds but its folders; gives those, the last name first.
    fn folder(&mut self, folder: &OwnedFd, path: &[u8]) -> nix::Result<Vec<CString>> {
        let mut folders = Vec::new();
        let mut child = path.to_vec();
        let mut names = std::mem::take(&mut self.names);
        let read = names.each(folder, &mut |name, kind| {
            if matches!(name.to_bytes(), b"." | b"..") || kind == libc::DT_LNK {
                return ControlFlow::Continue(());
            }
            if !self.may_go_on() {
                return ControlFlow::Break(());
            }
            // An old XFS does not say what a name is (mkfs without ftype, RHEL 7).
            let may_be_folder = matches!(kind, libc::DT_DIR | libc::DT_UNKNOWN);
            // Only a folder can be a mount point that hangs, or a tree to leave out.
            if may_be_folder {
                child.truncate(path.len());
                push(&mut child, name);
                if self.bounds.skip.contains(&child) {
                    return ControlFlow::Continue(());
                }
            }
            if kind == libc::DT_DIR || may_be_folder && is_folder(folder, name) {
                folders.push(name.to_owned());
            } else {
                self.look(folder, name, path);
            }
            ControlFlow::Continue(())
        });
        self.names = names;
        folders.sort_unstable_by(|a, b| b.cmp(a));
        read.map(|()| folders)
    }

    /// Counts an entry, and says whether it is still within the bounds.
    fn may_go_on(&mut self) -> bool {
        if self.bounds.entries_left == 0 {
            self.done.cut = Some(Cut::Entries);
        } else if self.done.entries.is_multiple_of(CLOCK_EVERY)
            && Instant::now() >= self.bounds.until
        {
            self.done.cut = Some(Cut::Time);
        } else {
            self.bounds.entries_left -= 1;
            self.done.entries += 1;
        }
        self.done.cut.is_none()
    }
}

/// Reads the names in open folders: one buffer for all, where a `readdir` of the C library makes
/// one for each folder and asks three things about it first.
struct Names(Vec<u8>);

impl Default for Names {
    fn default() -> Self {
        Self(vec![0; NAMES_BYTES])
    }
}

/// Who is handed each name and what the folder says that it is (`DT_…`).
type EachName<'a> = dyn FnMut(&CStr, u8) -> ControlFlow<()> + 'a;

impl Names {
    fn each(&mut self, folder: &OwnedFd, hand_on: &mut EachName<'_>) -> nix::Result<()> {
        loop {
            let buffer = &mut self.0;
            // SAFETY: getdents64(2) writes at most as many bytes as it is told to where the
            // pointer says, which is a buffer of that length that nobody else has.
            let read = unsafe {
                let (at, room) = (buffer.as_mut_ptr(), buffer.len());
                libc::syscall(libc::SYS_getdents64, folder.as_raw_fd(), at, room)
            };
            let read = usize::try_from(Errno::result(read)?).unwrap_or(0);
            let mut left = buffer.get(..read).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            while let Some((name, kind, rest)) = entry(left) {
                if hand_on(name, kind).is_break() {
                    return Ok(());
                }
                left = rest;
            }
        }
    }
}

/// The first entry, and what follows it; see `struct linux_dirent64` in getdents(2): number (8
/// bytes), offset (8), length of the entry (2), kind (1), the name and a zero byte.
fn entry(bytes: &[u8]) -> Option<(&CStr, u8, &[u8])> {
    let length = u16::from_ne_bytes(bytes.get(16..18)?.try_into().ok()?);
    let (entry, rest) = bytes.split_at_checked(length.into())?;
    let name = CStr::from_bytes_until_nul(entry.get(19..)?).ok()?;
    Some((name, *entry.get(18)?, rest))
}

fn is_folder(parent: &OwnedFd, name: &CStr) -> bool {
    let flags = AtFlags::AT_SYMLINK_NOFOLLOW | AtFlags::AT_NO_AUTOMOUNT;
    fstatat(parent, name, flags).is_ok_and(|seen| kind(&seen) == Some(Kind::Directory))
}

fn folder_flags() -> OFlag {
    OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC
}

/// Opens a folder by its name; where the kernel lets us, its access time stays.
fn enter(parent: impl AsFd, name: &CStr) -> nix::Result<OwnedFd> {
    let quiet = openat(parent.as_fd(), name, folder_flags() | OFlag::O_NOATIME, Mode::empty());
    match quiet {
        Err(Errno::EPERM) => openat(parent, name, folder_flags(), Mode::empty()),
        opened => opened,
    }
}

/// None for a link.
fn kind(seen: &FileStat) -> Option<Kind> {
    match seen.st_mode & nix::libc::S_IFMT {
        nix::libc::S_IFLNK => None,
        nix::libc::S_IFREG => Some(Kind::File),
        nix::libc::S_IFDIR => Some(Kind::Directory),
        _ => Some(Kind::Other),
    }
}

fn push(path: &mut Vec<u8>, name: &CStr) {
    path.push(b'/');
    path.extend_from_slice(name.to_bytes());
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::Duration;

    use super::*;

    fn walk(root: &Path, skip: &[&str], entries: u64) -> (Vec<String>, Walked) {
        let skip = skip.iter().map(|path| path.as_bytes().to_vec()).collect();
        let until = Instant::now() + Duration::from_secs(60);
        let mut bounds = Bounds { skip: &skip, entries_left: entries, until };
        let mut seen = Vec::new();
        let host = Host::mounted(root, None).unwrap();
        let walked = host.walk("/", &mut bounds, &mut |entry| {
            seen.push(format!("{} {:04o}", entry.path(), entry.mode));
        });
        seen.sort();
        (seen, walked.unwrap())
    }

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["a/b", "a/c", "skipped/d"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        for (name, mode) in [("a/b/suid", 0o4755), ("a/open", 0o666), ("skipped/d/x", 0o666)] {
            std::fs::write(root.join(name), "").unwrap();
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(root.join(name), mode).unwrap();
        }
        for name in ["a", "a/b", "a/c"] {
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(root.join(name), mode).unwrap();
        }
        symlink("/", root.join("a/out")).unwrap();
        symlink("b", root.join("a/again")).unwrap();
        folder
    }

    #[test]
    fn links_are_not_followed_and_trees_are_left_out() {
        let folder = tree();
        let (seen, walked) = walk(folder.path(), &["/skipped"], 1_000);
        let expected = ["/a 0755", "/a/b 0755", "/a/b/suid 4755", "/a/c 0755", "/a/open 0666"];
        assert_eq!(seen, expected);
        // What is left out counts as one entry looked at.
        assert_eq!(walked, Walked { entries: 6, unread: 0, cut: None });
    }

    #[test]
    fn a_walk_ends_at_its_bounds_and_says_so() {
        let folder = tree();
        let (seen, walked) = walk(folder.path(), &[], 3);
        assert_eq!((seen.len(), walked.cut), (3, Some(Cut::Entries)));
        let skip = BTreeSet::new();
        let mut bounds = Bounds { skip: &skip, entries_left: 9, until: Instant::now() };
        let host = Host::mounted(folder.path(), None).unwrap();
        let walked = host.walk("/", &mut bounds, &mut |_| {}).unwrap();
        assert_eq!((walked.cut, walked.entries), (Some(Cut::Time), 0));
    }

    #[test]
    fn a_tree_deeper_than_the_bound_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let deep: std::path::PathBuf = vec!["d"; DEPTH_MAX + 10].iter().collect();
        std::fs::create_dir_all(folder.path().join(deep)).unwrap();
        let (seen, walked) = walk(folder.path(), &[], 1_000);
        assert_eq!((seen.len(), walked.unread), (DEPTH_MAX, 1));
    }

    #[test]
    fn what_is_no_folder_is_not_walked() {
        let folder = tree();
        let skip = BTreeSet::new();
        let mut bounds = Bounds { skip: &skip, entries_left: 9, until: Instant::now() };
        let host = Host::mounted(folder.path(), None).unwrap();
        assert!(host.walk("/a/open", &mut bounds, &mut |_| {}).is_err());
        assert!(host.walk("/none", &mut bounds, &mut |_| {}).is_err());
    }
}
