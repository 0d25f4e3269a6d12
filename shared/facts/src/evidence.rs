//! A snapshot's observations, looked up by their source's key.

use std::collections::BTreeMap;

use carepack_shared::{Observation, Snapshot, Unseen};
use jiff::Timestamp;

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

    /// Seen texts of files whose path begins with `prefix`, by path.
    pub fn under<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = (&'s str, &'a str)> + 's {
        self.by_key
            .range(prefix.to_owned()..)
            .take_while(move |(key, _)| key.starts_with(prefix))
            .filter_map(|(key, seen)| Some((key.as_str(), seen.text().ok()?)))
    }
}
