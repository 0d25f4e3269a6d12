//! From a file to a stream of tar blocks: gzip, xz, bzip2 or plain, told by their first bytes.
//!
//! The decoders are written in Rust, because the bytes are a stranger's: `flate2` on `zlib-rs`,
//! `lzma-rust2` without its unsafe speed-ups (kept, unlike `lzma-rs`; `liblzma` is C), our own
//! `bzip2`. All read on to the next stream: `pbzip2` and `xz -T` write many.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Error, Read};
use std::path::Path;
use std::rc::Rc;

use carepack_shared::bzip2::Bzip2;

use super::{ArchiveError, Limits};

/// Bytes that tell the kind: a tar header's magic ends at 262.
const HEAD_BYTES: usize = 512;

/// What the reader met, where the error it had to return cannot say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    Unpacked,
    Ratio,
}

/// How far a stream got.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    packed: Rc<Cell<u64>>,
    pub unpacked: Rc<Cell<u64>>,
    pub met: Rc<Cell<Option<Met>>>,
}

/// Counts the bytes that come out of the file.
struct Packed<R> {
    inner: R,
    progress: Progress,
}

/// Counts the bytes that come out of the decoder, and stops at the caps.
pub struct Unpacked<'a> {
    inner: Box<dyn Read + 'a>,
    progress: Progress,
    limits: Limits,
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.packed.set(self.progress.packed.get() + count as u64);
        Ok(count)
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let unpacked = self.progress.unpacked.get() + count as u64;
        self.progress.unpacked.set(unpacked);
        let counted = unpacked.saturating_sub(self.limits.ratio_free_bytes);
        let allowed = self.progress.packed.get().saturating_mul(self.limits.ratio_max);
        let met = if unpacked > self.limits.unpacked_bytes_max {
            Met::Unpacked
        } else if counted > allowed {
            Met::Ratio
        } else {
            return Ok(count);
        };
        self.progress.met.set(Some(met));
        Err(Error::other("a cap was met"))
    }
}

/// The unpacked stream of an archive file, and how far it gets.
///
/// # Errors
/// The file cannot be read, or is no archive.
pub fn open(path: &Path, limits: &Limits) -> Result<(Unpacked<'static>, Progress), ArchiveError> {
    let fault = |source| ArchiveError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(fault)?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(fault)?;
    let progress = Progress::default();
    let whole = std::io::Cursor::new(head.clone()).chain(file);
    let packed = BufReader::new(Packed { inner: whole, progress: progress.clone() });
    let inner: Box<dyn Read> = match head.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            let memory = limits.dictionary_kib_max;
            Box::new(lzma_rust2::XzReader::new_mem_limit(packed, true, memory))
        }
        [b'B', b'Z', b'h', ..] => Box::new(Bzip2::new(packed)),
        head if head.get(257..262) == Some(b"ustar") => Box::new(packed),
        _ => return Err(ArchiveError::Foreign { path: path.to_owned() }),
    };
    Ok((Unpacked { inner, progress: progress.clone(), limits: *limits }, progress))
}
