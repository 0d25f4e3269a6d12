//! A kernel file that is read again and again: opened once, read from its beginning each time.
//!
//! Reopening `/proc` files costs twice the reading of them; a sampler that reads ten of them each
//! minute for months keeps them open.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::live::{machines_own, open_regular};
use super::{Look, Missed};

/// Most bytes taken of one file: `/proc/stat` of a machine with a thousand interrupts.
const BYTES_MAX: usize = 256 * 1024;
/// What is asked for at a time.
const PIECE: usize = 16 * 1024;

/// One kernel file.
pub struct Kept {
    path: &'static str,
    at: PathBuf,
    file: Option<File>,
}

impl Kept {
    /// `root` is `/`, but in tests.
    #[must_use]
    pub fn new(root: &std::path::Path, path: &'static str) -> Self {
        Self { path, at: machines_own(root, path), file: None }
    }

    /// Fills `buffer` with the file as it is now, at most [`BYTES_MAX`] of it.
    ///
    /// # Errors
    /// Why it was not seen; the next call opens it anew.
    pub fn read(&mut self, buffer: &mut Vec<u8>) -> Look<()> {
        buffer.clear();
        let file = match self.file.take() {
            Some(file) => file,
            None => open_regular(&self.at, self.path)?.0,
        };
        while buffer.len() < BYTES_MAX {
            let start = buffer.len();
            buffer.resize(start + PIECE, 0);
            let read = file.read_at(&mut buffer[start..], start as u64);
            buffer.truncate(start + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return Err(Missed::from_io(self.path, &error)),
            }
        }
        self.file = Some(file);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_read_sees_the_file_as_it_is_and_a_missing_one_may_come() {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Kept::new(folder.path(), "/stat");
        let mut buffer = Vec::new();
        assert!(kept.read(&mut buffer).is_err());
        std::fs::write(folder.path().join("stat"), "one").unwrap();
        kept.read(&mut buffer).unwrap();
        assert_eq!(buffer, b"one");
        std::fs::write(folder.path().join("stat"), "x".repeat(300 * 1024)).unwrap();
        kept.read(&mut buffer).unwrap();
        assert_eq!(buffer.len(), BYTES_MAX);
    }
}
