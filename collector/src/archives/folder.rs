//! An archive that somebody unpacked: the same [`Tree`] from a folder.
//!
//! Links are kept as links and never followed by the system; what is not a regular file is not
//! opened.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc;

use super::tree::{Piece, Tree, name_of};
use super::{ArchiveError, Limits};

/// Reads a folder, keeping the files that `wanted` names.
///
/// # Errors
/// The folder itself cannot be read, or a cap is met. What cannot be read inside it is left out,
/// as it would be in the archive.
pub fn read(
    top: &Path,
    limits: &Limits,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Tree, ArchiveError> {
    let mut tree = Tree::default();
    let mut count = 0;
    let mut open: Vec<(PathBuf, usize)> = vec![(top.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        if depth > limits.depth_max {
            return Err(ArchiveError::Depth { max: limits.depth_max });
        }
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(source) if depth == 0 => return Err(ArchiveError::Read { path: folder, source }),
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            count += 1;
            if count > limits.entries_max {
                return Err(ArchiveError::Entries { max: limits.entries_max });
            }
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                open.push((path, depth + 1));
                continue;
            }
            let below = path.strip_prefix(top).unwrap_or(&path).as_os_str().as_bytes();
            let Some(name) = name_of(below) else { continue };
            if kind.is_symlink() {
                if let Ok(target) = std::fs::read_link(&path) {
                    tree.add_link(name, target.to_string_lossy().into_owned(), limits)?;
                }
            } else if kind.is_file()
                && wanted(&name)
                && let Some(piece) = piece(&path, limits.of(&name))
            {
                tree.add_file(name, piece, limits)?;
            }
        }
    }
    Ok(tree)
}

/// The beginning of a regular file; none when it is, or has become, something else.
fn piece(path: &Path, bytes_max: usize) -> Option<Piece> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file: File = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let seen = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).ok()?;
    let truncated = bytes.len() > bytes_max;
    bytes.truncate(bytes_max);
    Some(Piece { bytes, truncated, modified: seen.mtime() })
}
