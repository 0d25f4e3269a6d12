//! A large file seen through a few windows, and a database read while nobody writes to it.
//!
//! It does not know what the file holds; readers come from the crate of RPM databases.

use std::cell::{OnceCell, RefCell};

use carepack_rpmdb::{Error, ReadAt};
use carepack_shared::Unseen;

use super::{Host, Look, Missed, OpenFile, Stat};

/// A change during the read is met by one more read.
const ATTEMPTS: usize = 2;
/// One window of a file: many pages, one look.
const WINDOW_BYTES: usize = 64 * 1024;
/// Windows kept of one file: 512 KiB. Four times as much made the whole collection's peak.
const WINDOWS_MAX: usize = 8;

/// Who reads a database and its write-ahead log (empty where there is none).
pub type Reader<'r, T> = dyn FnMut(&dyn ReadAt, &dyn ReadAt) -> Result<T, Error> + 'r;

/// Reads a database that stays as it is meanwhile.
///
/// # Errors
/// It cannot be read, has a hot rollback journal, or changed during every attempt.
pub fn unchanged<T>(host: &Host, path: &str, read: &mut Reader<'_, T>) -> Look<T> {
    let mut last = Missed::new(Unseen::Failed, format!("{path}: changed while it was read"));
    for _ in 0..ATTEMPTS {
        let before = state(host, path)?;
        let given = once(host, path, &before, read);
        if state(host, path)? != before {
            continue;
        }
        match given {
            Ok(given) => return Ok(given),
            Err(error) => last = Missed::new(Unseen::Failed, format!("{path}: {error}")),
        }
    }
    Err(last)
}

/// The database, its write-ahead log and its rollback journal.
fn state(host: &Host, path: &str) -> Look<[Option<Stat>; 3]> {
    let beside = |ending: &str| host.stat(&format!("{path}{ending}")).ok();
    Ok([Some(host.stat(path)?), beside("-wal"), beside("-journal")])
}

fn once<T>(
    host: &Host,
    path: &str,
    [file, wal, journal]: &[Option<Stat>; 3],
    read: &mut Reader<'_, T>,
) -> Result<T, Error> {
    if journal.is_some_and(|stat| stat.size_bytes > 0) {
        return Err(Error::Unsupported("database with a hot rollback journal"));
    }
    let size = |stat: &Option<Stat>| stat.map_or(0, |stat| stat.size_bytes);
    let file = Windows::new(host, path.to_owned(), size(file));
    let wal = Windows::new(host, format!("{path}-wal"), size(wal));
    read(&file, &wal)
}

/// A file seen through a few windows: start and bytes, the newest last.
pub struct Windows<'a> {
    host: &'a Host,
    path: String,
    size: u64,
    /// Opened with the first window.
    file: OnceCell<OpenFile>,
    kept: RefCell<Vec<(u64, Vec<u8>)>>,
}

impl<'a> Windows<'a> {
    /// A file of that size.
    #[must_use]
    pub const fn new(host: &'a Host, path: String, size: u64) -> Self {
        Self { host, path, size, file: OnceCell::new(), kept: RefCell::new(Vec::new()) }
    }

    /// Copies what one window has of the wanted bytes, and says how many those are.
    fn copy(&self, offset: u64, buf: &mut [u8]) -> Result<usize, Error> {
        let start = offset - offset % WINDOW_BYTES as u64;
        let mut kept = self.kept.borrow_mut();
        let window = if let Some(at) = kept.iter().position(|(at, _)| *at == start) {
            kept.remove(at)
        } else {
            let oldest = (kept.len() == WINDOWS_MAX).then(|| kept.remove(0).1);
            let mut bytes = oldest.unwrap_or_else(|| Vec::with_capacity(WINDOW_BYTES));
            let read = self.file().and_then(|file| file.fill(&self.path, start, &mut bytes));
            read.map_err(|missed| Error::Read { offset, detail: missed.detail })?;
            (start, bytes)
        };
        let skip = usize::try_from(offset - start).unwrap_or(usize::MAX);
        let bytes = window.1.get(skip..).unwrap_or_default();
        let count = bytes.len().min(buf.len());
        buf[..count].copy_from_slice(&bytes[..count]);
        kept.push(window);
        Ok(count)
    }

    fn file(&self) -> Look<&OpenFile> {
        if self.file.get().is_none() {
            let _ = self.file.set(self.host.open(&self.path)?);
        }
        self.file.get().ok_or_else(|| Missed::new(Unseen::Failed, self.path.clone()))
    }
}

impl ReadAt for Windows<'_> {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        let mut done = 0;
        while done < buf.len() {
            match self.copy(offset + done as u64, &mut buf[done..])? {
                0 => return Err(Error::Truncated("file")),
                count => done += count,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_across_windows_and_never_past_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..3 * WINDOW_BYTES as u64 + 5).map(|n| (n % 251) as u8).collect();
        std::fs::write(folder.path().join("a"), &bytes).unwrap();
        let path = folder.path().join("a").to_string_lossy().into_owned();
        let host = Host::live();
        let windows = Windows::new(&host, path, bytes.len() as u64);
        let mut part = vec![0; WINDOW_BYTES + 9];
        windows.read_at(WINDOW_BYTES as u64 - 3, &mut part).unwrap();
        assert_eq!(part, bytes[WINDOW_BYTES - 3..][..part.len()]);
        assert_eq!(
            windows.read_at(bytes.len() as u64 - 1, &mut [0; 2]),
            Err(Error::Truncated("file"))
        );
    }
}
