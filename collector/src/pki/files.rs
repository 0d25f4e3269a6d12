//! The authority's files: written whole or not at all, keys readable by the collector alone.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::PkiError;

/// Longest file that is read, in bytes: a certificate is under 2 KiB.
const FILE_BYTES_MAX: u64 = 64 * 1024;

fn fail(path: &Path, operation: &'static str) -> impl FnOnce(std::io::Error) -> PkiError {
    move |source| PkiError::File { path: path.to_owned(), operation, source }
}

/// Makes the folder (0700) or checks that nobody else may write in it.
pub(crate) fn folder(path: &Path) -> Result<(), PkiError> {
    if !path.exists() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(path).map_err(fail(path, "made"))?;
    }
    guarded(path, 0o022, 0o700)
}

/// Reads a certificate; `None` when there is none.
pub(crate) fn read_public(path: &Path) -> Result<Option<String>, PkiError> {
    read(path, 0o022, 0o644)
}

/// Reads a key; `None` when there is none, refused when anyone else could read it.
pub(crate) fn read_secret(path: &Path) -> Result<Option<String>, PkiError> {
    read(path, 0o077, 0o600)
}

fn read(path: &Path, forbidden: u32, wanted: u32) -> Result<Option<String>, PkiError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(path, "read")(error)),
        Ok(found) if found.len() > FILE_BYTES_MAX => {
            return Err(PkiError::Unsound { path: path.to_owned(), what: "a short PEM text" });
        }
        Ok(_) => {}
    }
    guarded(path, forbidden, wanted)?;
    fs::read_to_string(path).map(Some).map_err(fail(path, "read"))
}

fn guarded(path: &Path, forbidden: u32, wanted: u32) -> Result<(), PkiError> {
    let found = fs::metadata(path).map_err(fail(path, "read"))?;
    let (mode, owner) = (found.mode() & 0o7777, found.uid());
    if mode & forbidden == 0 && owner == nix::unistd::geteuid().as_raw() {
        return Ok(());
    }
    Err(PkiError::Exposed { path: path.to_owned(), mode, owner, wanted })
}

/// Writes, syncs, renames, syncs the folder.
pub(crate) fn write(path: &Path, text: &str, mode: u32) -> Result<(), PkiError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let staged = path.with_extension("staged");
    let written = || -> std::io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&staged)?;
        // The umask, or a file left by a crash, may have set another mode.
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&staged, path)?;
        File::open(folder)?.sync_all()
    };
    written().map_err(fail(path, "written"))
}

/// Writes a key (0600) unless there is one already: of processes that make it at once, one's stays.
pub(crate) fn write_once(path: &Path, text: &str) -> Result<(), PkiError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = || -> std::io::Result<()> {
        // 0600 from the beginning.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Err(error) if error.error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error.error);
            }
            _ => {}
        }
        File::open(folder)?.sync_all()
    };
    written().map_err(fail(path, "written"))
}
