//! Advisories: where they come from, the set of them that is in force, and what is installed on
//! each host.
//!
//! Read in this order: [`source`] (a file or folder of a feed), [`fetch`] (a feed's address: what
//! is new is downloaded and read as a folder is), [`sets`] (merged, immutable, the newest in
//! force), [`bundle`] (signed, for a collector without a network), [`inventory`] (hosts by what is
//! installed). Reading forms and matching are `carepack-advisories`' work; judging is the
//! assessment's.

pub mod bundle;
pub mod fetch;
pub mod inventory;
pub mod sets;
pub mod source;

use std::path::PathBuf;

use carepack_advisories::feeds::FeedError;
use carepack_advisories::feeds::set::SetError;

use crate::objects::{ObjectError, Objects};
use crate::store::StoreError;

pub use inventory::inventories;
pub use sets::current;

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// An object that a row names.
async fn stored(
    objects: &Objects,
    key: &str,
    (what, bytes_max): (&str, u64),
) -> Result<Vec<u8>, AdvisoriesError> {
    let object = |source| AdvisoriesError::Object { what: what.to_owned(), source };
    let found = objects.get(key, bytes_max).await.map_err(object)?;
    found.ok_or_else(|| AdvisoriesError::Gone { what: what.to_owned() })
}

/// Why advisories could not be taken in or given.
#[derive(Debug, thiserror::Error)]
pub enum AdvisoriesError {
    #[error("asking the store")]
    Store(#[from] StoreError),
    #[error("reading or writing {what}")]
    Object {
        what: String,
        #[source]
        source: ObjectError,
    },
    #[error("{what} is gone from the object store; import the feeds again")]
    Gone { what: String },
    #[error("{what} in the object store is damaged; import the feeds again")]
    Damaged {
        what: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{} is no feed that can be read", path.display())]
    Feed {
        path: PathBuf,
        #[source]
        source: FeedError,
    },
    #[error("{} is none of the forms of a feed: CSAF or OSV (JSON), updateinfo.xml, a bulletin (YAML), repository-to-cpe.json, a catalogue of exploited vulnerabilities", .0.display())]
    Form(PathBuf),
    #[error("{} does not say which repository it is of; name it: --stream repo:ID or --stream os:ID:MAJOR", .0.display())]
    Stream(PathBuf),
    #[error("{stream:?} is no stream; give repo:ID or os:ID:MAJOR, e.g. os:rocky:9")]
    StreamForm { stream: String },
    #[error("{} holds no advisory at all", .0.display())]
    Empty(PathBuf),
    #[error("more than {max} {what}")]
    Limit { what: &'static str, max: u64 },
    #[error("{} does not have the checksum that its repository names; fetch it again", .0.display())]
    Checksum(PathBuf),
    #[error("{} is no advisory bundle", path.display())]
    Bundle {
        path: PathBuf,
        #[source]
        source: SetError,
    },
    #[error("the signature of {} does not hold: {detail}; nothing was taken in", path.display())]
    Signature { path: PathBuf, detail: String },
    #[error(
        "the bundle has version {offered}, in force is {known}: an older bundle is not taken in"
    )]
    Older { offered: u64, known: u64 },
    #[error("the bundle was valid until {0}; ask for a newer one")]
    Expired(jiff::Timestamp),
    #[error("the key {} cannot be read: {detail}", path.display())]
    Key { path: PathBuf, detail: String },
    #[error("feed {feed}: asking {address}")]
    Ask {
        feed: String,
        address: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("feed {feed}: {address} answered {status}")]
    Answer { feed: String, address: String, status: u16 },
    #[error("feed {feed}: {address} gave {detail}")]
    Content { feed: String, address: String, detail: String },
    #[error(
        "there is no set of advisories yet; run: carepack-collector advisory import, or configure a [[feed]]"
    )]
    None,
    #[error("the reading thread stopped")]
    Stopped(#[from] tokio::task::JoinError),
}
