//! `names.json`: which name each code stands for. It never leaves; whoever reads it can turn a
//! report back.

use std::collections::BTreeMap;
use std::path::Path;

use super::{SECRET_BYTES_MAX, State, StateError, read, read_secret};

const FILE: &str = "names.json";
/// Most names kept: a host of 2,000 accounts and addresses fills it in ten years of changes. Those
/// beyond keep their codes, which cannot be turned back here.
const NAMES_MAX: usize = 50_000;

impl State {
    /// Code → name, of every snapshot so far.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn names(&self) -> Result<BTreeMap<String, String>, StateError> {
        let path = self.dir.join(FILE);
        table(&path, read_secret(&path)?)
    }

    /// Adds the names of a snapshot; meant to be called under the lock, before it may leave.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_names(&self, given: BTreeMap<String, String>) -> Result<(), StateError> {
        if given.is_empty() {
            return Ok(());
        }
        let mut names = self.names()?;
        let before = names.len();
        let mut left_out = 0;
        for (code, name) in given {
            if names.len() < NAMES_MAX {
                names.entry(code).or_insert(name);
            } else {
                left_out += usize::from(!names.contains_key(&code));
            }
        }
        if left_out > 0 {
            tracing::warn!(left_out, "collect.names: names.json is full, these have codes only");
        }
        if names.len() == before { Ok(()) } else { self.save(FILE, &names) }
    }
}

/// A table that was carried here from another host of the customer.
///
/// # Errors
/// [`StateError`].
pub fn other_table(path: &Path) -> Result<BTreeMap<String, String>, StateError> {
    match read(path, SECRET_BYTES_MAX)? {
        Some(bytes) => table(path, Some(bytes)),
        None => Err(StateError::Io {
            operation: "read",
            path: path.to_path_buf(),
            source: std::io::ErrorKind::NotFound.into(),
        }),
    }
}

fn table(path: &Path, bytes: Option<Vec<u8>>) -> Result<BTreeMap<String, String>, StateError> {
    let Some(bytes) = bytes else { return Ok(BTreeMap::new()) };
    serde_json::from_slice(&bytes)
        .map_err(|source| StateError::Damaged { path: path.to_path_buf(), source })
}
