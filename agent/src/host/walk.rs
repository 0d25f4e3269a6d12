//! One walk over a tree of one file system: what each entry is, whose, with which mode.
//!
//! It follows no link, opens no file, enters no other file system and touches no mount point that
//! it is told of: a network file system that does not answer would hold the process in the kernel.
//! Each folder is opened once; its entries are asked for through its descriptor, by name, without
//! a path being made. It does not know what is looked for.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Instant;

use carepack_shared::Unseen;
use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};

use super::{Host, Kind, Look, Missed};

/// Folders inside folders: each holds one descriptor while it is walked.
const DEPTH_MAX: usize = 64;
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
        let Self::Live(live) = self else {
            return Err(Missed::new(Unseen::Absent, format!("{start}: not recorded")));
        };
        let located = live.at(start)?;
        let mut path = start.trim_end_matches('/').as_bytes().to_vec();
        let mut walk = Walk { bounds, visit, device: 0, done: Walked::default() };
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
            if self.done.cut.is_some() {
                return Ok(());
            }
            if stack.len() == DEPTH_MAX {
                self.done.unread += 1;
                continue;
            }
            push(path, &name);
            match self.below(&stack[stack.len() - 1].folder, &name, path) {
                Ok(frame) => stack.push(frame),
                // Gone meanwhile: nothing is there to be seen.
                Err(Errno::ENOENT) => {}
                Err(_) => self.done.unread += 1,
            }
        }
        Ok(())
    }

    fn below(&mut self, parent: &OwnedFd, name: &CStr, path: &[u8]) -> nix::Result<Frame> {
        let folder = enter(parent, name)?;
        // Something may have been mounted here since it was asked for.
        let left = if fstat(&folder)?.st_dev == self.device {
            self.folder(&folder, path)?
        } else {
            Vec::new()
        };
        Ok(Frame { folder, left, path_bytes: path.len() })
    }

    /// Visits the entries of one folder and gives the folders in it, the last name first.
    fn folder(&mut self, folder: &OwnedFd, path: &[u8]) -> nix::Result<Vec<CString>> {
        let copy =
            folder.try_clone().map_err(|e| Errno::from_raw(e.raw_os_error().unwrap_or(0)))?;
        let mut folders = Vec::new();
        let mut child = path.to_vec();
        for entry in Dir::from_fd(copy)?.iter() {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") || entry.file_type() == Some(Type::Symlink) {
                continue;
            }
            if !self.may_go_on() {
                break;
            }
            // Only a folder can be a mount point that hangs, or a tree to leave out.
            if matches!(entry.file_type(), Some(Type::Directory) | None) {
                child.truncate(path.len());
                push(&mut child, name);
                if self.bounds.skip.contains(&child) {
                    continue;
                }
            }
            let flags = AtFlags::AT_SYMLINK_NOFOLLOW | AtFlags::AT_NO_AUTOMOUNT;
            let Ok(seen) = fstatat(folder, name, flags) else { continue };
            if seen.st_dev != self.device {
                continue;
            }
            let Some(kind) = kind(&seen) else { continue };
            let mode = seen.st_mode & 0o7777;
            (self.visit)(&Entry {
                kind,
                mode,
                uid: seen.st_uid,
                gid: seen.st_gid,
                folder: path,
                name,
            });
            if kind == Kind::Directory {
                folders.push(name.to_owned());
            }
        }
        folders.sort_unstable_by(|a, b| b.cmp(a));
        Ok(folders)
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
