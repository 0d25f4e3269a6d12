//! Names looked up below a mounted root: no link, however it is made, leads out of it.
//!
//! The kernel does it where it can (`openat2` with `RESOLVE_IN_ROOT`, since 5.6); on older ones
//! (RHEL 7 and 8) each component is opened without following it, and links are walked here. What
//! is found is a descriptor, so that nothing can be swapped between the look-up and the use.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use carepack_shared::Unseen;
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::sys::stat::{Mode, SFlag, fstat};

use super::{Look, Missed};

/// Links followed on the way to one name: the kernel's own limit.
const HOPS_MAX: usize = 40;
/// Components on the way to one name, those of links included.
const COMPONENTS_MAX: usize = 4096;
/// `openat2` says "again" when something is renamed meanwhile.
const RETRIES: usize = 8;

/// State of a running kernel and of programs: below a mounted root it is missing, or, in a rescue
/// system that has bound its own there, another machine's.
const LIVE: [&str; 4] = ["/dev", "/proc", "/run", "/sys"];

/// A folder that stands for `/`.
pub(super) struct Confined {
    root: OwnedFd,
}

/// A name that was looked up: a path that leads to it and nowhere else while this is held.
pub(super) struct Located {
    path: PathBuf,
    /// The path goes through this descriptor: it must live as long.
    _held: Option<OwnedFd>,
}

impl Located {
    /// A name of the machine itself, looked up when it is used.
    pub const fn plain(path: PathBuf) -> Self {
        Self { path, _held: None }
    }
}

impl std::ops::Deref for Located {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<Path> for Located {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl Confined {
    /// Opens the folder.
    ///
    /// # Errors
    /// It is no folder, or may not be opened.
    pub fn open(root: &Path) -> std::io::Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Self { root: nix::fcntl::open(root, flags, Mode::empty())? })
    }

    /// Looks a name up, following links within the root.
    ///
    /// # Errors
    /// Why it was not seen; live kernel state is `failed`, because nobody looked.
    pub fn locate(&self, path: &str) -> Look<Located> {
        let held = self.find(path, true)?;
        Ok(Located {
            path: PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd())),
            _held: Some(held),
        })
    }

    /// The target of a link, as written.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn link(&self, path: &str) -> Look<OsString> {
        let held = self.find(path, false)?;
        // An empty name means the descriptor itself (readlinkat(2), since 2.6.39).
        readlinkat(&held, "").map_err(|errno| match errno {
            Errno::ENOENT | Errno::EINVAL => {
                Missed::new(Unseen::Failed, format!("{path}: not a symbolic link"))
            }
            errno => Missed::from_io(path, &errno.into()),
        })
    }

    fn find(&self, path: &str, follow: bool) -> Look<OwnedFd> {
        if LIVE
            .iter()
            .any(|live| path.strip_prefix(live).is_some_and(|r| r.is_empty() || r.starts_with('/')))
        {
            let detail = format!("{path}: a mounted root has no running kernel");
            return Err(Missed::new(Unseen::Failed, detail));
        }
        let found = match self.by_kernel(path, follow) {
            Err(Errno::ENOSYS | Errno::EPERM | Errno::EAGAIN) => self.by_hand(path, follow),
            found => found,
        };
        found.map_err(|errno| Missed::from_io(path, &errno.into()))
    }

    fn by_kernel(&self, path: &str, follow: bool) -> nix::Result<OwnedFd> {
        let resolve = ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS;
        let how = OpenHow::new().flags(flags(follow)).resolve(resolve);
        let mut tries = 0;
        loop {
            match openat2(&self.root, path, how) {
                Err(Errno::EAGAIN) if tries < RETRIES => tries += 1,
                found => return found,
            }
        }
    }

    /// As the kernel would, with a stack of the folders from the root down to where we are.
    fn by_hand(&self, path: &str, follow: bool) -> nix::Result<OwnedFd> {
        let mut left: VecDeque<OsString> = components(OsStr::new(path)).collect();
        let mut stack: Vec<OwnedFd> = Vec::new();
        let (mut hops, mut steps) = (0, 0);
        while let Some(name) = left.pop_front() {
            steps += 1;
            if steps > COMPONENTS_MAX || left.len() > COMPONENTS_MAX {
                return Err(Errno::ENAMETOOLONG);
            }
            if name == ".." {
                stack.pop();
                continue;
            }
            let folder = stack.last().unwrap_or(&self.root);
            let found = openat(folder, name.as_os_str(), flags(false), Mode::empty())?;
            let kind = SFlag::from_bits_truncate(fstat(&found)?.st_mode) & SFlag::S_IFMT;
            if kind == SFlag::S_IFLNK && (follow || !left.is_empty()) {
                hops += 1;
                if hops > HOPS_MAX {
                    return Err(Errno::ELOOP);
                }
                let target = readlinkat(&found, "")?;
                if target.as_bytes().starts_with(b"/") {
                    stack.clear();
                }
                let parts: Vec<OsString> = components(&target).collect();
                parts.into_iter().rev().for_each(|part| left.push_front(part));
            } else if kind != SFlag::S_IFDIR && !left.is_empty() {
                return Err(Errno::ENOTDIR);
            } else {
                stack.push(found);
            }
        }
        stack.pop().map_or_else(
            || self.root.as_fd().try_clone_to_owned().map_err(|error| errno(&error)),
            Ok,
        )
    }
}

fn errno(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

fn flags(follow: bool) -> OFlag {
    let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
    if follow { flags } else { flags | OFlag::O_NOFOLLOW }
}

/// Parts of a path, `.` and empty ones left out.
fn components(path: &OsStr) -> impl Iterator<Item = OsString> {
    path.as_bytes()
        .split(|&byte| byte == b'/')
        .filter(|part| !part.is_empty() && *part != b".")
        .map(|part| OsStr::from_bytes(part).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A root beside a secret that must not be reached.
    fn tree() -> (tempfile::TempDir, Confined) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("usr/lib")).unwrap();
        std::fs::create_dir_all(root.join("etc/deep/er")).unwrap();
        std::fs::create_dir(root.join("proc")).unwrap();
        std::fs::write(root.join("usr/lib/os-release"), "inside").unwrap();
        std::fs::write(root.join("secret"), "inside").unwrap();
        std::fs::write(root.join("proc/stat"), "another machine's").unwrap();
        std::fs::write(folder.path().join("secret"), "outside").unwrap();
        for (name, target) in [
            ("etc/os-release", "../usr/lib/os-release"),
            ("etc/absolute", "/usr/lib/os-release"),
            ("etc/out", "../../../../../../secret"),
            ("etc/deep/er/out", "../../../../secret"),
            ("etc/lib", "/usr/lib"),
            ("etc/me", "me"),
            ("etc/one", "two"),
            ("etc/two", "one/x"),
            ("etc/gone", "nowhere"),
        ] {
            symlink(target, root.join(name)).unwrap();
        }
        symlink(folder.path().join("secret"), root.join("etc/host-path")).unwrap();
        let confined = Confined::open(&root).unwrap();
        (folder, confined)
    }

    #[test]
    fn both_ways_end_inside_the_root() {
        let (_folder, confined) = tree();
        let check = |path: &str, expected: Result<&str, Errno>| {
            for found in [confined.by_kernel(path, true), confined.by_hand(path, true)] {
                if matches!(found, Err(Errno::ENOSYS | Errno::EPERM)) {
                    println!("this kernel has no openat2");
                    continue;
                }
                let text = found.map(|fd| {
                    std::fs::read_to_string(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap()
                });
                assert_eq!(text.as_deref().map_err(|errno| *errno), expected, "{path}");
            }
        };
        check("/etc/os-release", Ok("inside"));
        check("/etc/absolute", Ok("inside"));
        check("/etc/lib/os-release", Ok("inside"));
        check("/../../secret", Ok("inside"));
        check("/etc/out", Ok("inside"));
        check("/etc/deep/er/out", Ok("inside"));
        check("/etc/host-path", Err(Errno::ENOENT));
        check("/etc/me", Err(Errno::ELOOP));
        check("/etc/one", Err(Errno::ELOOP));
        check("/etc/gone", Err(Errno::ENOENT));
        check("/etc/os-release/x", Err(Errno::ENOTDIR));
    }

    #[test]
    fn a_link_is_shown_and_a_file_is_none() {
        let (_folder, confined) = tree();
        assert_eq!(confined.link("/etc/out").unwrap(), "../../../../../../secret");
        assert_eq!(confined.link("/secret").unwrap_err().reason, Unseen::Failed);
        assert_eq!(confined.link("/none").unwrap_err().reason, Unseen::Absent);
    }

    #[test]
    fn the_kernels_state_is_not_looked_at() {
        let (_folder, confined) = tree();
        for path in ["/proc/stat", "/sys/block", "/proc", "/run/x", "/dev/shm"] {
            let Err(missed) = confined.locate(path) else { panic!("{path} was seen") };
            assert_eq!(missed.reason, Unseen::Failed, "{path}");
        }
        assert!(confined.locate("/process").is_err_and(|missed| missed.reason == Unseen::Absent));
    }
}
