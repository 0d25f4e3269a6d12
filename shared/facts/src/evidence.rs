//! A snapshot's observations, looked up by their source's key.

use std::collections::BTreeMap;

use carepack_shared::{Observation, Outcome, Snapshot, Unseen};
use jiff::Timestamp;

use crate::Missing;

/// The observations of one snapshot.
pub struct Evidence<'a> {
    by_key: BTreeMap<String, &'a Observation>,
    taken_at: Timestamp,
}

impl<'a> Evidence<'a> {
    /// Indexes a snapshot. Of two observations of one source the later stands.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let by_key = snapshot.observations.iter().map(|o| (o.source.key(), o)).collect();
        Self { by_key, taken_at: snapshot.taken_at }
    }

    /// When the snapshot was taken: the only "now" a parser may use.
    #[must_use]
    pub const fn taken_at(&self) -> Timestamp {
        self.taken_at
    }

    /// The observation of `key`, e.g. `/etc/fstab`, `cmd:rpm-packages`, `survey:statfs`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a Observation> {
        self.by_key.get(key).copied()
    }

    /// The text of `key`. A source that no probe looked at counts as absent.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn text(&self, key: &str) -> Result<&'a str, Unseen> {
        self.get(key).ok_or(Unseen::Absent)?.text()
    }

    /// The survey of `key`, read into its shape.
    ///
    /// # Errors
    /// Why it was not seen; [`Unseen::Malformed`] when it has another shape.
    pub fn survey<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<T, Unseen> {
        let value = self.get(key).ok_or(Unseen::Absent)?.json()?;
        T::deserialize(value).map_err(|_| Unseen::Malformed)
    }

    /// Whether a probe looked for `key` and it was not there: only then absence is an answer.
    #[must_use]
    pub fn is_absent(&self, key: &str) -> bool {
        let outcome = self.get(key).map(|seen| &seen.outcome);
        matches!(outcome, Some(Outcome::Unseen { reason: Unseen::Absent, .. }))
    }

    /// The files `dir/*suffix` by path, with their texts. A folder that is not there is empty.
    ///
    /// # Errors
    /// One file that was not seen, for another reason than having gone meanwhile, hides them all:
    /// it could hold anything.
    pub fn folder<'s>(
        &'s self,
        dir: &str,
        suffix: &str,
    ) -> Result<Vec<(&'s str, &'a str)>, Missing> {
        let prefix = format!("{}/", dir.trim_end_matches('/'));
        let mut files = Vec::new();
        for (key, seen) in self.by_key.range(prefix.clone()..) {
            let Some(name) = key.strip_prefix(&prefix) else { break };
            if !name.ends_with(suffix) || name.contains('/') {
                continue;
            }
            match seen.text() {
                Ok(text) => files.push((key.as_str(), text)),
                Err(Unseen::Absent) => {}
                Err(reason) => return Err(Missing { reason, source: key.clone() }),
            }
        }
        Ok(files)
    }

    /// Settings of a main file, which comes first, and of a folder beside it. Either may be
    /// absent when the other is there.
    ///
    /// # Errors
    /// Which of them was not seen, and why.
    pub fn main_and_folder<'s>(
        &'s self,
        main: &'s str,
        dir: &str,
        suffix: &str,
    ) -> Result<Vec<(&'s str, &'a str)>, Missing> {
        let mut files = self.folder(dir, suffix)?;
        match self.text(main) {
            Ok(text) => files.insert(0, (main, text)),
            Err(Unseen::Absent) if !files.is_empty() => {}
            Err(reason) => return Err(Missing { reason, source: main.to_owned() }),
        }
        Ok(files)
    }

    /// Seen texts of files whose path begins with `prefix`, by path.
    pub fn under<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = (&'s str, &'a str)> + 's {
        self.by_key
            .range(prefix.to_owned()..)
            .take_while(move |(key, _)| key.starts_with(prefix))
            .filter_map(|(key, seen)| Some((key.as_str(), seen.text().ok()?)))
    }
}
