//! Other people's evidence: a sosreport or an insights archive becomes a snapshot like any other.
//!
//! Read in the data's order: [`decode`] (gzip, xz, bzip2, capped), [`tar`] or [`folder`] (entries),
//! [`mod@tree`] (names in memory, links inside it), [`layout`] (whose archive), [`sources`] (what
//! stands for what, as data), [`survey`] (outputs of commands into the shapes that the agent's own
//! surveys have), [`assemble`] (masked, one document).
//!
//! An archive is a stranger's: it is read in memory, never unpacked, and its names are data.
//! What it lacks leaves no observation at all: an agent's "absent" means that somebody looked and
//! found nothing, which an archive cannot say. Rules then answer 점검불가.

mod assemble;
mod decode;
mod error;
mod folder;
mod layout;
mod limits;
mod product_logs;
pub mod sources;
pub mod survey;
mod tar;
mod tree;

use std::path::Path;

use carepack_shared::Snapshot;
use jiff::Timestamp;

pub use assemble::put_into;
pub use error::ArchiveError;
pub use limits::Limits;

use layout::Layout;
use tree::Tree;

/// What an archive gave.
pub struct Imported {
    pub snapshot: Snapshot,
    /// `sosreport` or `insights`.
    pub kind: &'static str,
    /// Entries whose names leave the archive; they were passed over.
    pub refused: u64,
}

/// Reads an archive file, or the folder that somebody unpacked it into.
///
/// The same archive gives the same snapshot, its id included, packed or unpacked. `taken_at`
/// stands where the archive does not say when it was made.
///
/// # Errors
/// [`ArchiveError`] names what is wrong; nothing of a refused archive is kept.
pub fn read(
    path: &Path,
    limits: &Limits,
    taken_at: Option<Timestamp>,
) -> Result<Imported, ArchiveError> {
    let layout = Layout::of(tree(path, limits)?)?;
    let taken_at = taken_at.or_else(|| layout.made_at()).ok_or(ArchiveError::Undated)?;
    let snapshot = assemble::snapshot(&layout, taken_at);
    Ok(Imported { snapshot, kind: layout.kind.as_str(), refused: layout.tree.refused })
}

fn tree(path: &Path, limits: &Limits) -> Result<Tree, ArchiveError> {
    let seen = std::fs::metadata(path)
        .map_err(|source| ArchiveError::Read { path: path.to_owned(), source })?;
    if seen.is_dir() {
        return folder::read(path, limits, &sources::is_wanted);
    }
    if !seen.is_file() {
        return Err(ArchiveError::Kind { path: path.to_owned() });
    }
    // The decoders are other people's code over a stranger's bytes: should one panic, the archive
    // is refused and the collector goes on.
    let unpack = || {
        let (stream, progress) = decode::open(path, limits)?;
        tar::read(stream, &progress, limits, &sources::is_wanted)
    };
    std::thread::scope(|scope| scope.spawn(unpack).join()).unwrap_or(Err(ArchiveError::Broken))
}
