//! A file or a folder of a feed, read into what it tells.
//!
//! The form is told by the content, packed or not, never by the name. A folder with
//! `repodata/repomd.xml` is a repository: its `updateinfo` is read and its checksum checked.
//! Archives of CSAF files (`csaf_advisories_….tar.zst`) are read in memory. Everything is a
//! stranger's: capped, and never a path.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use carepack_advisories::catalogue::RED_HAT;
use carepack_advisories::feeds::set::Feed;
use carepack_advisories::feeds::{
    DOCUMENT_BYTES_MAX, Reading, bulletin, csaf, exploited, osv, repomd, repositories, updateinfo,
};
use carepack_shared::bzip2::Bzip2;
use jiff::Timestamp;
use sha2::Digest;

use super::{AdvisoriesError, chain};

/// Files of one folder or archive; all of Red Hat's VEX files are some 50,000.
const FILES_MAX: u64 = 500_000;
/// Folders below each other.
const DEPTH_MAX: usize = 8;
/// Dictionary of an xz file in KiB.
const DICTIONARY_KIB_MAX: u32 = 80 * 1024;
/// Window of a zstd file, as a power of two.
const WINDOW_LOG_MAX: u32 = 27;
/// Bytes that tell a form.
const HEAD_BYTES: usize = 4096;

/// What a feed gave.
#[derive(Debug, Default)]
pub struct Taken {
    pub feed: Feed,
    pub reading: Reading,
    /// Repository id → CPEs, where the feed had the map.
    pub repositories: BTreeMap<String, Vec<String>>,
    /// CVEs that are known to be exploited.
    pub exploited: BTreeSet<String>,
    /// Files that could not be read, with the reason; the rest was taken.
    pub refused: Vec<(PathBuf, String)>,
}

/// How a feed is read.
#[derive(Clone, Debug)]
pub struct How {
    /// The feed's name.
    pub name: String,
    /// `repo:ID` or `os:ID:MAJOR`, of `updateinfo.xml`.
    pub stream: Option<String>,
    /// Up to when it tells; without one, the date of its newest content.
    pub date: Option<Timestamp>,
}

impl How {
    /// # Errors
    /// [`AdvisoriesError::StreamForm`].
    pub fn check(&self) -> Result<(), AdvisoriesError> {
        let Some(stream) = &self.stream else { return Ok(()) };
        let is_one = match stream.split_once(':') {
            Some(("repo", id)) => !id.is_empty(),
            Some(("os", rest)) => {
                let parts: Vec<&str> = rest.split(':').collect();
                parts.len() == 2 && !parts[0].is_empty() && parts[1].parse::<u32>().is_ok()
            }
            _ => false,
        };
        if is_one { Ok(()) } else { Err(AdvisoriesError::StreamForm { stream: stream.clone() }) }
    }
}

/// Reads a file or folder.
///
/// # Errors
/// A single file must be a feed; of a folder or archive with some that are none, the others are
/// taken and those told.
pub fn take(path: &Path, how: &How) -> Result<Taken, AdvisoriesError> {
    how.check()?;
    let mut taking = Taking { how, taken: Taken::default(), kinds: BTreeSet::new(), dates: None };
    let seen = std::fs::metadata(path).map_err(read_error(path))?;
    if seen.is_dir() {
        taking.folder(path, 0, &mut 0)?;
    } else {
        taking.file(path)?;
    }
    taking.finish(path)
}

struct Taking<'h> {
    how: &'h How,
    taken: Taken,
    kinds: BTreeSet<&'static str>,
    /// The newest date that the content itself gives.
    dates: Option<Timestamp>,
}

fn read_error(path: &Path) -> impl Fn(std::io::Error) -> AdvisoriesError + '_ {
    |source| AdvisoriesError::Read { path: path.to_owned(), source }
}

impl Taking<'_> {
    fn folder(
        &mut self,
        path: &Path,
        depth: usize,
        count: &mut u64,
    ) -> Result<(), AdvisoriesError> {
        if path.join("repodata/repomd.xml").is_file() {
            return self.repository(path);
        }
        if depth > DEPTH_MAX {
            return Err(AdvisoriesError::Limit {
                what: "folders below each other",
                max: DEPTH_MAX as u64,
            });
        }
        let entries = std::fs::read_dir(path).map_err(read_error(path))?;
        let mut names: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        names.sort();
        for name in names {
            *count += 1;
            if *count > FILES_MAX {
                return Err(AdvisoriesError::Limit { what: "files in the folder", max: FILES_MAX });
            }
            // A link could lead anywhere.
            let kind = std::fs::symlink_metadata(&name).map_err(read_error(&name))?;
            if kind.is_dir() {
                self.folder(&name, depth + 1, count)?;
            } else if kind.is_file()
                && let Err(error) = self.file(&name)
            {
                self.taken.refused.push((name, chain(&error)));
            }
        }
        Ok(())
    }

    fn repository(&mut self, path: &Path) -> Result<(), AdvisoriesError> {
        let index = path.join("repodata/repomd.xml");
        let bytes = whole(&index, (repomd::REPOMD_BYTES_MAX as u64, "bytes in repomd.xml"))?;
        let read = repomd::read(&bytes);
        let repository = read.map_err(|source| AdvisoriesError::Feed { path: index, source })?;
        let Some(part) = repository.updateinfo else {
            return Err(AdvisoriesError::Empty(path.to_owned()));
        };
        let file = path.join(&part.href);
        if part.checksum.kind == "sha256" {
            let mut digest = sha2::Sha256::new();
            let mut from = File::open(&file).map_err(read_error(&file))?;
            std::io::copy(&mut from, &mut digest).map_err(read_error(&file))?;
            let digest = carepack_shared::digest::hex(&digest.finalize());
            if digest != part.checksum.value {
                return Err(AdvisoriesError::Checksum(file));
            }
        }
        self.file(&file)?;
        self.dates = self.dates.max(part.timestamp);
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), AdvisoriesError> {
        let file = File::open(path).map_err(read_error(path))?;
        let mut stream = unpacked(Box::new(file)).map_err(read_error(path))?;
        let head = stream.fill_buf().map_err(read_error(path))?;
        if head.get(257..262) == Some(b"ustar") {
            return self.archive(path, stream);
        }
        self.document(path, stream)
    }

    /// A tar of single documents.
    fn archive(&mut self, path: &Path, stream: Stream) -> Result<(), AdvisoriesError> {
        let mut archive = tar::Archive::new(stream);
        let mut count = 0;
        for entry in archive.entries().map_err(read_error(path))? {
            let entry = entry.map_err(read_error(path))?;
            count += 1;
            if count > FILES_MAX {
                return Err(AdvisoriesError::Limit {
                    what: "files in the archive",
                    max: FILES_MAX,
                });
            }
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let name = path.join(entry.path().map_err(read_error(path))?);
            // Only named in messages: nothing is ever written there.
            let stream: Box<dyn BufRead + '_> = Box::new(BufReader::new(entry));
            if let Err(error) = self.document(&name, stream) {
                self.taken.refused.push((name, chain(&error)));
            }
        }
        Ok(())
    }

    fn document(&mut self, path: &Path, mut stream: impl BufRead) -> Result<(), AdvisoriesError> {
        let mut head = Vec::with_capacity(HEAD_BYTES);
        (&mut stream).take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(read_error(path))?;
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace() && **byte < 0x80);
        let stream = std::io::Cursor::new(head.clone()).chain(stream);
        let feed = |source| AdvisoriesError::Feed { path: path.to_owned(), source };
        let reading = match first {
            Some(b'<') => {
                let lost = || AdvisoriesError::Stream(path.to_owned());
                let name = self.how.stream.as_ref().ok_or_else(lost)?;
                self.kinds.insert("updateinfo");
                self.cover(name.clone());
                updateinfo::read(stream, name).map_err(feed)?
            }
            Some(b'{') => return self.json(path, stream),
            Some(_) => {
                let bytes = limited(stream, bulletin::BULLETIN_BYTES_MAX as u64, path)?;
                let advisory = bulletin::read(&bytes).map_err(feed)?;
                self.kinds.insert("bulletin");
                Reading { advisories: vec![advisory], ..Reading::default() }
            }
            None => return Err(AdvisoriesError::Form(path.to_owned())),
        };
        self.join(reading);
        Ok(())
    }

    fn json(&mut self, path: &Path, stream: impl Read) -> Result<(), AdvisoriesError> {
        #[derive(serde::Deserialize)]
        struct Keys {
            document: Option<serde::de::IgnoredAny>,
            affected: Option<serde::de::IgnoredAny>,
            vulnerabilities: Option<serde::de::IgnoredAny>,
            data: Option<serde::de::IgnoredAny>,
        }
        let bytes = limited(stream, DOCUMENT_BYTES_MAX as u64, path)?;
        let feed = |source| AdvisoriesError::Feed { path: path.to_owned(), source };
        let form = || AdvisoriesError::Form(path.to_owned());
        let keys: Keys = serde_json::from_slice(&bytes).map_err(|_| form())?;
        if keys.document.is_some() {
            let read = csaf::read(&bytes).map_err(feed)?;
            self.kinds.insert("csaf");
            self.cover(RED_HAT.to_owned());
            self.join(read.reading);
        } else if keys.affected.is_some() {
            let reading = osv::read(&bytes).map_err(feed)?;
            self.kinds.insert("osv");
            let streams = reading.advisories.iter().flat_map(|one| &one.fixes);
            let streams: BTreeSet<String> =
                streams.flat_map(|fix| fix.streams.iter().cloned()).collect();
            streams.into_iter().for_each(|stream| self.cover(stream));
            self.join(reading);
        } else if keys.vulnerabilities.is_some() {
            let read = exploited::read(&bytes).map_err(feed)?;
            self.kinds.insert("exploited");
            self.dates = self.dates.max(read.released);
            self.taken.exploited.extend(read.cves);
        } else if keys.data.is_some() {
            self.kinds.insert("repositories");
            self.taken.repositories = repositories::read(&bytes).map_err(feed)?;
        } else {
            return Err(form());
        }
        Ok(())
    }

    fn cover(&mut self, stream: String) {
        let covers = &mut self.taken.feed.covers;
        let stream = if stream.starts_with("cpe:") { RED_HAT.to_owned() } else { stream };
        if let Err(place) = covers.binary_search(&stream) {
            covers.insert(place, stream);
        }
    }

    fn join(&mut self, reading: Reading) {
        let advisories = reading.advisories.iter().map(|one| one.updated);
        let dates = advisories.chain(reading.vulnerabilities.iter().map(|one| one.updated));
        self.dates = self.dates.max(dates.max());
        self.taken.reading.join(reading);
    }

    fn finish(self, path: &Path) -> Result<Taken, AdvisoriesError> {
        let Self { how, mut taken, kinds, dates } = self;
        if kinds.is_empty() {
            return Err(AdvisoriesError::Empty(path.to_owned()));
        }
        taken.feed.name.clone_from(&how.name);
        taken.feed.kind = kinds.into_iter().collect::<Vec<_>>().join("+");
        taken.feed.date = how.date.or(dates).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(taken)
    }
}

type Stream = Box<dyn BufRead>;

/// A file unpacked as its first bytes say: gzip, xz, bzip2, zstd or plain.
fn unpacked(from: Box<dyn Read>) -> std::io::Result<Stream> {
    let mut packed = BufReader::new(from);
    let head = packed.fill_buf()?;
    let stream: Box<dyn Read> = match head {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            Box::new(lzma_rust2::XzReader::new_mem_limit(packed, true, DICTIONARY_KIB_MAX))
        }
        [b'B', b'Z', b'h', ..] => Box::new(Bzip2::new(packed)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
            decoder.window_log_max(WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
        _ => Box::new(packed),
    };
    Ok(Box::new(BufReader::new(stream)))
}

/// All bytes of a stream, or the error that it has more.
fn limited(stream: impl Read, max: u64, path: &Path) -> Result<Vec<u8>, AdvisoriesError> {
    limited_as(stream, max, (path, "bytes in one document of the feed"))
}

fn limited_as(
    stream: impl Read,
    max: u64,
    (path, what): (&Path, &'static str),
) -> Result<Vec<u8>, AdvisoriesError> {
    let mut bytes = Vec::new();
    stream.take(max + 1).read_to_end(&mut bytes).map_err(read_error(path))?;
    if bytes.len() as u64 > max {
        return Err(AdvisoriesError::Limit { what, max });
    }
    Ok(bytes)
}

/// All bytes of a file of at most so many; `what` names them where there are more.
pub(super) fn whole(
    path: &Path,
    (max, what): (u64, &'static str),
) -> Result<Vec<u8>, AdvisoriesError> {
    limited_as(File::open(path).map_err(read_error(path))?, max, (path, what))
}
