//! A regular file opened once and read on: what it is cannot change between looking and reading.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use super::{Door, Host, Look, Missed};

/// An open file of the host.
pub struct OpenFile {
    pub(super) file: File,
    pub inode: u64,
    pub size_bytes: u64,
}

impl Host {
    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn open(&self, path: &str) -> Look<OpenFile> {
        match &self.door {
            Door::Live(live) => live.open(path),
            Door::Recorded(recorded) => recorded.tree(path)?.open(path),
        }
    }
}

impl OpenFile {
    /// Goes to a byte offset from the beginning.
    ///
    /// # Errors
    /// The operating system's.
    pub fn seek(&mut self, path: &str, offset: u64) -> Look<()> {
        let sought = self.file.seek(SeekFrom::Start(offset));
        sought.map(|_| ()).map_err(|error| Missed::from_io(path, &error))
    }

    /// Fills an empty or used buffer, as far as it has room, with what stands at an offset.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn fill(&self, path: &str, offset: u64, buffer: &mut Vec<u8>) -> Look<()> {
        buffer.resize(buffer.capacity(), 0);
        let mut done = 0;
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Missed::from_io(path, &error)),
            }
        }
        buffer.truncate(done);
        Ok(())
    }
}

impl Read for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(buffer)
    }
}
