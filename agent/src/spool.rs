//! Snapshots on their way: one file each, durable before anything else believes in it, removed
//! only after the collector's receipt.
//!
//! Bounded: a full spool drops its oldest entries and counts them, the loss is told by the next
//! snapshot. An entry that is not sound is set aside with its reason; the others go on.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use carepack_shared::bundle::{self, BundleError, Header};
use carepack_shared::digest::hex;
use carepack_shared::snapshot::DOCUMENT_BYTES_MAX;
use carepack_shared::wire::{BODY_BYTES_MAX, Receipt};
use uuid::Uuid;

use crate::state::files;

/// The last entry that left.
const LAST_SENT: &str = "last.sent";
/// End of an entry's name.
const SUFFIX: &str = "cpk";
/// Most entries kept aside for a person to look at.
const QUARANTINE_MAX: usize = 16;
/// Longest entry believed: the largest body and its frame.
const ENTRY_BYTES_MAX: u64 = BODY_BYTES_MAX as u64 + 64 * 1024;

/// The folder and its limits.
#[derive(Clone, Debug)]
pub struct Spool {
    dir: PathBuf,
    bytes_max: u64,
    count_max: u32,
}

/// One entry, checked.
#[derive(Debug)]
pub struct Entry {
    pub header: Header,
    /// Bytes of the whole file.
    pub bytes: u64,
    file: Vec<u8>,
}

/// What a look at an entry gives.
#[derive(Debug)]
pub enum Found {
    Sound(Entry),
    /// Set aside, and why.
    Unsound(Unsound),
    /// It went away meanwhile.
    Gone,
}

/// Entries that had to go for a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    pub ids: Vec<Uuid>,
}

/// The spool cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("cannot {operation} {path}; check the free space and the owner of the state folder")]
    Io { operation: &'static str, path: PathBuf, source: std::io::Error },
    #[error("the snapshot is {bytes} bytes, over the limit of {max}; withhold what is large")]
    TooLarge { bytes: u64, max: u64 },
}

/// Why an entry is not sound.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    #[error("the entry is empty")]
    Empty,
    #[error("the entry is {0} bytes, over the limit")]
    TooLong(u64),
    #[error("the entry's name and its header are of different snapshots")]
    Name,
    #[error("the header names {header} bytes, the document has {document}")]
    Length { header: u64, document: u64 },
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

impl Spool {
    /// Limits: bytes of all entries together, and their number.
    #[must_use]
    pub fn new(dir: PathBuf, limits: crate::config::Spool) -> Self {
        Self { dir, bytes_max: limits.bytes_max, count_max: limits.count_max }
    }

    /// Removes half-written files; meant for the start of the resident process, under the lock.
    pub fn clean(&self) {
        files::clean(&self.dir);
    }

    /// Keeps a bundle; when it returns, the entry survives a power cut.
    ///
    /// # Errors
    /// [`SpoolError`]; nothing was kept then, though older entries may be gone.
    pub fn put(&self, id: Uuid, file: &[u8]) -> Result<Dropped, SpoolError> {
        let bytes = file.len() as u64;
        let max = self.bytes_max.min(ENTRY_BYTES_MAX);
        if bytes > max {
            return Err(SpoolError::TooLarge { bytes, max });
        }
        let dropped = self.make_room(bytes)?;
        let path = self.path(id);
        files::write_durable(&path, file, 0o600).map_err(|source| SpoolError::Io {
            operation: "write",
            path,
            source,
        })?;
        Ok(dropped)
    }

    fn make_room(&self, bytes: u64) -> Result<Dropped, SpoolError> {
        let mut standing = Vec::new();
        for id in self.list()? {
            let length = std::fs::metadata(self.path(id)).map_or(0, |meta| meta.len());
            standing.push((id, length));
        }
        let mut total = standing.iter().map(|(_, length)| length).sum::<u64>() + bytes;
        let mut count = standing.len() as u64 + 1;
        let mut dropped = Dropped::default();
        for (id, length) in standing {
            if total <= self.bytes_max && count <= u64::from(self.count_max) {
                break;
            }
            self.discard(id)?;
            dropped.ids.push(id);
            total -= length;
            count -= 1;
        }
        Ok(dropped)
    }

    /// The entries, oldest first (their ids are UUIDv7: the name is the time).
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn list(&self) -> Result<Vec<Uuid>, SpoolError> {
        let io = |source| SpoolError::Io { operation: "list", path: self.dir.clone(), source };
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io(error)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let path = entry.map_err(io)?.path();
            if path.extension().is_some_and(|end| end == SUFFIX) {
                let stem = path.file_stem().and_then(|stem| stem.to_str());
                ids.extend(stem.and_then(|stem| stem.parse::<Uuid>().ok()));
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// Reads an entry and checks its digest; an unsound one is set aside.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when the operating system refuses, which says nothing of the entry.
    pub fn get(&self, id: Uuid) -> Result<Found, SpoolError> {
        let Some(file) = self.read(self.path(id))? else { return Ok(Found::Gone) };
        match check(id, &file) {
            Ok(header) => {
                let bytes = file.len() as u64;
                Ok(Found::Sound(Entry { header, bytes, file }))
            }
            Err(reason) => {
                self.set_aside(id)?;
                Ok(Found::Unsound(reason))
            }
        }
    }

    fn read(&self, path: PathBuf) -> Result<Option<Vec<u8>>, SpoolError> {
        let mut file = Vec::new();
        let read = std::fs::File::open(&path)
            .and_then(|open| open.take(ENTRY_BYTES_MAX + 1).read_to_end(&mut file));
        match read {
            Ok(_) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SpoolError::Io { operation: "read", path, source }),
        }
    }

    /// Takes an entry out whose receipt speaks of exactly this document. Says whether it did. The
    /// last one stays beside the spool, so that a person can see what the next one adds.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn acknowledge(&self, entry: &Entry, receipt: &Receipt) -> Result<bool, SpoolError> {
        if !entry.is_receipt(receipt) {
            return Ok(false);
        }
        let path = self.path(entry.header.id);
        std::fs::rename(&path, self.last_path())
            .and_then(|()| files::sync_folder(&self.dir))
            .map_err(|source| SpoolError::Io { operation: "rename", path, source })?;
        Ok(true)
    }

    /// The last entry that left, by the network or by hand; none before the first.
    ///
    /// # Errors
    /// [`SpoolError::Io`]; [`Unsound`] when it was altered since.
    pub fn last_sent(&self) -> Result<Option<Result<Entry, Unsound>>, SpoolError> {
        let Some(file) = self.read(self.last_path())? else { return Ok(None) };
        let header = bundle::split(&file).map(|(header, _)| header.id).map_err(Unsound::from);
        Ok(Some(header.and_then(|id| check(id, &file)).map(|header| {
            let bytes = file.len() as u64;
            Entry { header, bytes, file }
        })))
    }

    /// Remembers a bundle that a person carried away as the last one that left.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn keep_sent(&self, file: &[u8]) -> Result<(), SpoolError> {
        let path = self.last_path();
        files::write_durable(&path, file, 0o600).map_err(|source| SpoolError::Io {
            operation: "write",
            path,
            source,
        })
    }

    fn last_path(&self) -> PathBuf {
        self.dir.join(LAST_SENT)
    }

    /// Moves an entry to `quarantine/`, the oldest of which go when it is full.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn set_aside(&self, id: Uuid) -> Result<(), SpoolError> {
        let aside = self.dir.join("quarantine");
        let io = |operation, path: &Path| {
            let path = path.to_path_buf();
            move |source| SpoolError::Io { operation, path, source }
        };
        if let Err(error) = std::fs::create_dir(&aside)
            && error.kind() != ErrorKind::AlreadyExists
        {
            return Err(io("create", &aside)(error));
        }
        let limits = crate::config::Spool { bytes_max: 0, count_max: 0 };
        let quarantine = Self::new(aside.clone(), limits);
        let standing = quarantine.list()?;
        let over = (standing.len() + 1).saturating_sub(QUARANTINE_MAX);
        for old in standing.into_iter().take(over) {
            quarantine.discard(old)?;
        }
        let from = self.path(id);
        std::fs::rename(&from, quarantine.path(id)).map_err(io("set aside", &from))
    }

    fn discard(&self, id: Uuid) -> Result<(), SpoolError> {
        let path = self.path(id);
        files::remove_durable(&path).map_err(|source| SpoolError::Io {
            operation: "remove",
            path,
            source,
        })
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.dir.join(format!("{id}.{SUFFIX}"))
    }
}

impl Entry {
    /// The compressed document, as it goes over the wire.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        bundle::split(&self.file).map_or(&[], |(_, body)| body)
    }

    /// The document.
    ///
    /// # Errors
    /// Never for an entry that was found sound.
    pub fn document(&self) -> Result<Vec<u8>, BundleError> {
        bundle::decompress(self.body())
    }

    /// Whether a receipt speaks of exactly this document.
    #[must_use]
    pub fn is_receipt(&self, receipt: &Receipt) -> bool {
        receipt.id == self.header.id && receipt.sha256 == self.header.sha256
    }
}

/// Decodes the document piece by piece, so that the resident process never holds it whole.
fn check(id: Uuid, file: &[u8]) -> Result<Header, Unsound> {
    if file.is_empty() {
        return Err(Unsound::Empty);
    }
    if file.len() as u64 > ENTRY_BYTES_MAX {
        return Err(Unsound::TooLong(file.len() as u64));
    }
    let (header, body) = bundle::split(file)?;
    if header.id != id {
        return Err(Unsound::Name);
    }
    let decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(BundleError::Body)?;
    let mut decoder = decoder.take(DOCUMENT_BYTES_MAX as u64 + 1);
    let mut digest = digest::Context::new(&digest::SHA256);
    let mut piece = vec![0; 64 * 1024];
    let mut length = 0u64;
    loop {
        let read = decoder.read(&mut piece).map_err(BundleError::Body)?;
        if read == 0 {
            break;
        }
        digest.update(&piece[..read]);
        length += read as u64;
    }
    if length > DOCUMENT_BYTES_MAX as u64 {
        return Err(BundleError::TooLong.into());
    }
    if hex(digest.finish().as_ref()) != header.sha256 {
        return Err(BundleError::Digest.into());
    }
    if length != header.bytes {
        return Err(Unsound::Length { header: header.bytes, document: length });
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &[u8] = b"{\"schema\":1,\"and\":\"so on and so on and so on\"}";

    fn spool(count_max: u32) -> (tempfile::TempDir, Spool) {
        let dir = tempfile::tempdir().unwrap();
        let limits = crate::config::Spool { bytes_max: 10_000, count_max };
        let spool = Spool::new(dir.path().to_path_buf(), limits);
        (dir, spool)
    }

    fn entry(id: u128) -> (Uuid, Vec<u8>) {
        let id = Uuid::from_u128(id);
        (id, bundle::write(id, DOCUMENT, None).unwrap())
    }

    #[test]
    fn an_entry_goes_only_for_its_own_receipt() {
        let (_dir, spool) = spool(9);
        let (id, file) = entry(1);
        spool.put(id, &file).unwrap();
        let Found::Sound(found) = spool.get(id).unwrap() else { panic!("unsound") };
        assert_eq!(found.document().unwrap(), DOCUMENT);
        let good = Receipt { id, sha256: found.header.sha256.clone(), duplicate: false };
        let other = Receipt { id: Uuid::from_u128(2), ..good.clone() };
        let bent = Receipt { sha256: "00".repeat(32), ..good.clone() };
        assert!(!spool.acknowledge(&found, &other).unwrap());
        assert!(!spool.acknowledge(&found, &bent).unwrap());
        assert_eq!(spool.list().unwrap(), [id]);
        assert!(spool.acknowledge(&found, &good).unwrap());
        assert!(spool.list().unwrap().is_empty());
        assert!(matches!(spool.get(id).unwrap(), Found::Gone));
    }

    #[test]
    fn a_full_spool_drops_the_oldest() {
        let (_dir, spool) = spool(2);
        let put = |id| {
            let (id, file) = entry(id);
            spool.put(id, &file).unwrap().ids
        };
        assert!(put(3).is_empty());
        assert!(put(2).is_empty());
        assert_eq!(put(5), [Uuid::from_u128(2)]);
        assert_eq!(spool.list().unwrap(), [Uuid::from_u128(3), Uuid::from_u128(5)]);
        let noise: Vec<u8> = (0..10_001u32).map(|n| n as u8).collect();
        assert!(matches!(
            spool.put(Uuid::from_u128(7), &noise),
            Err(SpoolError::TooLarge { bytes: 10_001, .. })
        ));
        assert_eq!(put(9).len(), 1);
    }

    #[test]
    fn every_flipped_byte_is_seen_or_changes_nothing() {
        let (_dir, spool) = spool(9);
        let (id, file) = entry(1);
        let mut unsound = 0;
        for at in 0..file.len() {
            for bit in [0x01, 0x20, 0x80] {
                let mut bent = file.clone();
                bent[at] ^= bit;
                std::fs::write(spool.path(id), &bent).unwrap();
                match spool.get(id).unwrap() {
                    Found::Sound(found) => assert_eq!(found.document().unwrap(), DOCUMENT),
                    Found::Unsound(_) => unsound += 1,
                    Found::Gone => panic!("gone"),
                }
            }
        }
        // Letters of the id in capitals and a few unused bits of the frame are harmless.
        assert!(unsound > file.len() * 3 - 60, "{unsound} of {}", file.len() * 3);
    }

    #[test]
    fn a_cut_or_empty_or_foreign_entry_is_set_aside_and_the_others_go_on() {
        let (dir, spool) = spool(99);
        let (id, file) = entry(1);
        for length in 0..file.len() {
            std::fs::write(spool.path(id), &file[..length]).unwrap();
            assert!(matches!(spool.get(id).unwrap(), Found::Unsound(_)), "{length}");
            assert!(!spool.path(id).exists());
        }
        // Another snapshot's bundle under this name.
        std::fs::write(spool.path(Uuid::from_u128(2)), &file).unwrap();
        let found = spool.get(Uuid::from_u128(2)).unwrap();
        assert!(matches!(found, Found::Unsound(Unsound::Name)));
        for n in 0..40 {
            let id = Uuid::from_u128(100 + n);
            std::fs::write(spool.path(id), b"x").unwrap();
            assert!(matches!(spool.get(id).unwrap(), Found::Unsound(_)));
        }
        let aside = std::fs::read_dir(dir.path().join("quarantine")).unwrap().count();
        assert_eq!(aside, QUARANTINE_MAX);
        let (id, file) = entry(7);
        spool.put(id, &file).unwrap();
        std::fs::write(dir.path().join(".new-half"), b"x").unwrap();
        spool.clean();
        assert_eq!(spool.list().unwrap(), [id]);
        assert!(!dir.path().join(".new-half").exists());
    }
}
