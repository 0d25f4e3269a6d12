//! RPM databases, read as bytes: what is installed, without RPM, its locks or its libraries.
//!
//! Pure: bytes come through [`ReadAt`], so that the caller decides how a file is opened. It knows
//! three containers ([`sqlite`], [`bdb`], [`ndb`]) and the one header blob that all of them hold.
//! It does not know where a database lies, and it judges nothing. Every count, length and page
//! number comes from the file and is not believed: bad bytes are an [`Error`], never a panic.

#![forbid(unsafe_code)]

pub mod bdb;
pub mod header;
pub mod history;
pub mod ndb;
pub mod sqlite;

mod openpgp;

pub use header::Package;

/// Largest header blob accepted: RPM's own limit of a header's store (`HEADER_DATA_MAX`), 256 MiB,
/// is far above any package; the largest kernels and firmware lists stay below 32 MiB.
pub const BLOB_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most packages taken from one database; the largest hosts have some 10,000.
pub const PACKAGES_MAX: usize = 200_000;

/// Who takes the packages of a database: each, or why its header could not be read. An error that
/// it returns ends the reading.
pub type VisitPackage<'v> = dyn FnMut(Result<Package, Error>) -> Result<(), Error> + 'v;

/// Why a database could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file could not be read; the words are the reader's.
    #[error("cannot read at byte {offset}: {detail}")]
    Read { offset: u64, detail: String },
    /// A structure reaches beyond the end of its file, page or blob.
    #[error("{0} is cut short")]
    Truncated(&'static str),
    /// Not what the format says.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// A part of the format that is not read.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// More than the limit.
    #[error("{0} is above its limit")]
    Limit(&'static str),
}

/// A file that is read at offsets.
pub trait ReadAt {
    /// Its size in bytes when it was opened.
    fn len(&self) -> u64;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills the whole buffer from `offset` on.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Truncated`] when it cannot be filled.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error>;
}

impl ReadAt for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        let short = Error::Truncated("file");
        let start = usize::try_from(offset).map_err(|_| short.clone())?;
        let end = start.checked_add(buf.len()).ok_or_else(|| short.clone())?;
        buf.copy_from_slice(self.get(start..end).ok_or(short)?);
        Ok(())
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        self.as_slice().read_at(offset, buf)
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}
