//! A tar stream, entry by entry, into the [`Tree`] of what is looked at.
//!
//! The `tar` crate reads headers and their checksums; long names are joined here, because there
//! they have no cap. Whatever could be read in two ways (a length said twice) is refused whole.

use std::io::Read;

use tar::{Archive, EntryType};

use super::decode::{Met, Progress, Unpacked};
use super::tree::{Piece, Tree, name_of};
use super::{ArchiveError, Limits};

/// Longest pax header: names, times and labels of one entry.
const PAX_BYTES_MAX: u64 = 64 * 1024;

/// What extension headers say of the entry after them.
#[derive(Default)]
struct Ahead {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
}

/// Reads a whole archive, keeping the files that `wanted` names.
///
/// # Errors
/// What is wrong with it, or which cap it met; nothing of it is kept then.
pub fn read(
    stream: Unpacked<'_>,
    progress: &Progress,
    limits: &Limits,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Tree, ArchiveError> {
    let damaged = |source: std::io::Error| match progress.met.get() {
        Some(Met::Unpacked) => ArchiveError::Unpacked { max: limits.unpacked_bytes_max },
        Some(Met::Ratio) => ArchiveError::Ratio { max: limits.ratio_max },
        None => ArchiveError::Damaged { unpacked_bytes: progress.unpacked.get(), source },
    };
    let mut archive = Archive::new(stream);
    let mut taking = Taking { limits, wanted, tree: Tree::default(), damaged: &damaged };
    let mut ahead = Ahead::default();
    let mut count = 0;
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        count += 1;
        if count > limits.entries_max {
            return Err(ArchiveError::Entries { max: limits.entries_max });
        }
        match entry.header().entry_type() {
            EntryType::GNULongName => ahead.name = Some(long(&mut entry, limits, &damaged)?),
            EntryType::GNULongLink => ahead.target = Some(long(&mut entry, limits, &damaged)?),
            EntryType::XHeader => pax(&mut entry, &mut ahead, limits, &damaged)?,
            EntryType::XGlobalHeader => {}
            _ => {
                let said = std::mem::take(&mut ahead);
                let length = entry.header().entry_size().map_err(damaged)?;
                if said.size.is_some_and(|size| size != length) {
                    return Err(ArchiveError::Ambiguous { entry: count });
                }
                taking.take(&mut entry, said)?;
            }
        }
    }
    finish(archive.into_inner(), count, &damaged)?;
    Ok(taking.tree)
}

/// A stream that ends before its end mark, or a compressed one before its checksum, is cut short.
fn finish(
    mut stream: Unpacked<'_>,
    count: u64,
    damaged: &dyn Fn(std::io::Error) -> ArchiveError,
) -> Result<(), ArchiveError> {
    // The first of the two empty blocks is read already; a stream that just stopped has no second.
    let rest = std::io::copy(&mut stream, &mut std::io::sink()).map_err(damaged)?;
    if rest == 0 || count == 0 { Err(ArchiveError::Truncated) } else { Ok(()) }
}

/// What is being taken of an archive.
struct Taking<'a> {
    limits: &'a Limits,
    wanted: &'a dyn Fn(&str) -> bool,
    tree: Tree,
    damaged: &'a dyn Fn(std::io::Error) -> ArchiveError,
}

impl Taking<'_> {
    fn take<R: Read>(
        &mut self,
        entry: &mut tar::Entry<'_, R>,
        said: Ahead,
    ) -> Result<(), ArchiveError> {
        let raw = said.name.unwrap_or_else(|| entry.path_bytes().into_owned());
        let Some(name) = name_of(&raw) else {
            // The top folder itself has no name of its own and is no stranger.
            self.tree.refused += u64::from(!matches!(raw.as_slice(), b"." | b"./"));
            return Ok(());
        };
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous if (self.wanted)(&name) => {
                let modified = entry.header().mtime().ok().and_then(|at| i64::try_from(at).ok());
                let mut bytes = Vec::new();
                let max = self.limits.of(&name);
                entry.take(max as u64 + 1).read_to_end(&mut bytes).map_err(self.damaged)?;
                let truncated = bytes.len() > max;
                bytes.truncate(max);
                let modified = modified.unwrap_or_default();
                self.tree.add_file(name, Piece { bytes, truncated, modified }, self.limits)
            }
            EntryType::Symlink => {
                let written = || entry.link_name_bytes().map(std::borrow::Cow::into_owned);
                let target = said.target.or_else(written).unwrap_or_default();
                let target = String::from_utf8_lossy(&target).into_owned();
                self.tree.add_link(name, target, self.limits)
            }
            // Folders say nothing; hard links, devices and FIFOs are no evidence.
            _ => Ok(()),
        }
    }
}

/// The name in a GNU extension entry, without the zero that ends it.
fn long<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    limits: &Limits,
    damaged: &dyn Fn(std::io::Error) -> ArchiveError,
) -> Result<Vec<u8>, ArchiveError> {
    let mut name = Vec::new();
    let limit = limits.name_bytes_max as u64 + 1;
    entry.take(limit + 1).read_to_end(&mut name).map_err(damaged)?;
    if name.last() == Some(&0) {
        name.pop();
    }
    if name.len() > limits.name_bytes_max {
        return Err(ArchiveError::Name { max: limits.name_bytes_max });
    }
    Ok(name)
}

/// `LENGTH KEY=VALUE\n` records of a pax header (POSIX.1-2001, pax).
fn pax<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    ahead: &mut Ahead,
    limits: &Limits,
    damaged: &dyn Fn(std::io::Error) -> ArchiveError,
) -> Result<(), ArchiveError> {
    let mut records = Vec::new();
    entry.take(PAX_BYTES_MAX + 1).read_to_end(&mut records).map_err(damaged)?;
    if records.len() as u64 > PAX_BYTES_MAX {
        return Err(ArchiveError::Name { max: limits.name_bytes_max });
    }
    let mut rest = records.as_slice();
    while let Some((record, after)) = record(rest) {
        rest = after;
        let Some(at) = record.iter().position(|&byte| byte == b'=') else { continue };
        let (key, value) = (&record[..at], record[at + 1..].to_vec());
        match key {
            b"path" | b"linkpath" if value.len() > limits.name_bytes_max => {
                return Err(ArchiveError::Name { max: limits.name_bytes_max });
            }
            b"path" => ahead.name = Some(value),
            b"linkpath" => ahead.target = Some(value),
            // A length that is no number can equal none.
            b"size" => {
                let size = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
                ahead.size = Some(size.unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }
    Ok(())
}

/// One record without its length and line feed, and what follows it.
fn record(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = text.iter().position(|&byte| byte == b' ')?;
    let length: usize = std::str::from_utf8(&text[..blank]).ok()?.parse().ok()?;
    let (whole, rest) = text.split_at_checked(length)?;
    let record = whole.get(blank + 1..)?.strip_suffix(b"\n")?;
    Some((record, rest))
}
