//! The forms in which vendors publish, each read into the [`model`](crate::model).
//!
//! Every reader is a pure function from bytes (or a buffered stream of them) to a [`Reading`]:
//! what it understood, and a count of what it had to leave out. A document that is not of its
//! form at all is a [`FeedError`]. No reader fetches, unpacks or checks a signature: that is the
//! caller's.
//!
//! `csaf` (Red Hat's advisories and VEX files) · `updateinfo` and `repomd` (repositories) · `osv`
//! · `bulletin` (what an engineer writes) · `repositories` and `exploited` (maps beside them) ·
//! `set` (all of it in one, and as lines of JSON).

pub mod bulletin;
pub mod csaf;
mod cvss;
pub mod exploited;
pub mod osv;
mod purl;
pub mod repomd;
pub mod repositories;
mod rows;
pub mod set;
pub mod updateinfo;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;
use thiserror::Error;

use crate::model::{Advisory, Vulnerability};

/// Largest document in JSON that is read as one; the largest of Red Hat's VEX is some 30 MB.
pub const DOCUMENT_BYTES_MAX: usize = 128 << 20;
/// Most characters of a title.
pub const TITLE_CHARS_MAX: usize = 300;
/// Most characters of a summary.
pub const SUMMARY_CHARS_MAX: usize = 4_000;
/// Most addresses of one advisory.
pub const REFERENCES_MAX: usize = 20;
/// Longest address, in bytes.
pub const REFERENCE_BYTES_MAX: usize = 500;
/// Longest name of a package, a stream, a version or an advisory, in bytes.
pub const NAME_BYTES_MAX: usize = 256;
/// Most CVEs of one advisory; a kernel's has some hundreds.
pub const CVES_MAX: usize = 5_000;

/// What one document gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    pub advisories: Vec<Advisory>,
    pub vulnerabilities: Vec<Vulnerability>,
    /// Advisories that the vendor took back.
    pub withdrawn: Vec<Withdrawn>,
    pub faults: Faults,
}

/// An advisory that the vendor took back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    pub id: String,
    /// A revision later than this stands again.
    pub at: Timestamp,
}

/// Why a document gives nothing.
#[derive(Debug, Error)]
pub enum FeedError {
    /// The chain names line and column.
    #[error("not the JSON of {form}")]
    Json { form: &'static str, source: serde_json::Error },
    #[error("not the XML of {form}, near byte {byte}")]
    Xml { form: &'static str, byte: u64, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("not a bulletin")]
    Yaml(#[source] serde_yaml_ng::Error),
    #[error("{form} lacks {what}")]
    Lacks { form: &'static str, what: &'static str },
    /// Of what a person wrote: which key, and what is wrong with its value.
    #[error("{key}: {why}")]
    Value { key: String, why: String },
    #[error("more than {max} {what} in {form}; split the file, or raise the limit of that name")]
    Limit { form: &'static str, what: &'static str, max: usize },
}

/// What a reader left out, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// No id, or none that can be one.
    Id,
    /// No date that can be read; the beginning of 1970 stands for it.
    Date,
    /// What is called a CVE is none.
    Cve,
    /// A score outside 0–10 or a vector that is none.
    Score,
    /// A product that the document does not describe.
    Product,
    /// A platform without a name that hosts could be held against.
    Platform,
    /// A package URL that is none.
    Purl,
    /// A module without a stream: its packages cannot be told from those of other streams.
    Module,
    /// A package without a name, or with a version that is none (a module's build among them).
    Package,
    /// Nested or chained deeper than is followed.
    Depth,
    /// A name longer than is kept.
    Length,
}

/// Counts of faults, each with the first object that had it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(BTreeMap<Fault, (usize, String)>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault, object: &str) {
        let first = || (0, words::clip(object, NAME_BYTES_MAX).to_owned());
        self.0.entry(fault).or_insert_with(first).0 += 1;
    }

    /// How many of a kind.
    #[must_use]
    pub fn count(&self, fault: Fault) -> usize {
        self.0.get(&fault).map_or(0, |(count, _)| *count)
    }

    /// Each kind with its count and the first object that had it.
    pub fn iter(&self) -> impl Iterator<Item = (Fault, usize, &str)> {
        self.0.iter().map(|(fault, (count, first))| (*fault, *count, first.as_str()))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over what another document had.
    pub fn join(&mut self, other: Self) {
        for (fault, (count, first)) in other.0 {
            self.0.entry(fault).or_insert((0, first)).0 += count;
        }
    }
}

impl Reading {
    /// Takes over what another document gave.
    pub fn join(&mut self, other: Self) {
        self.advisories.extend(other.advisories);
        self.vulnerabilities.extend(other.vulnerabilities);
        self.withdrawn.extend(other.withdrawn);
        self.faults.join(other.faults);
    }
}

/// JSON of a form, not larger than [`DOCUMENT_BYTES_MAX`].
fn json<'a, T: serde::Deserialize<'a>>(
    bytes: &'a [u8],
    form: &'static str,
) -> Result<T, FeedError> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(FeedError::Limit { form, what: "bytes", max: DOCUMENT_BYTES_MAX });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|source| FeedError::Json { form, source })
}

fn limit(form: &'static str, what: &'static str, len: usize, max: usize) -> Result<(), FeedError> {
    if len > max { Err(FeedError::Limit { form, what, max }) } else { Ok(()) }
}
