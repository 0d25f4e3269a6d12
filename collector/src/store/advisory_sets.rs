//! Sets of advisories, and how far each feed was read. The sets themselves lie in the object
//! store; none is ever overwritten.

use jiff::Timestamp;

use super::value::{Applied, Row, Step, values};
use super::{FromRow, Store, StoreError, queries};

/// One set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisorySet {
    /// The highest one is in force.
    pub version: u64,
    /// Of its lines, hex.
    pub sha256: String,
    pub made_at: Timestamp,
    pub valid_until: Option<Timestamp>,
    pub imported_at: Timestamp,
    pub advisories: u64,
    pub vulnerabilities: u64,
    /// Where in the object store.
    pub object_key: String,
}

/// How the last look at a feed went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    pub name: String,
    /// What tells that nothing is new: an entity tag, a checksum, the date of the newest change.
    pub mark: String,
    pub checked_at: Timestamp,
    pub ok_at: Option<Timestamp>,
    /// Why the last look failed.
    pub error: Option<String>,
}

impl FromRow for AdvisorySet {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            version: row.get("version")?,
            sha256: row.get("sha256")?,
            made_at: row.get("made_at")?,
            valid_until: row.get("valid_until")?,
            imported_at: row.get("imported_at")?,
            advisories: row.get("advisories")?,
            vulnerabilities: row.get("vulnerabilities")?,
            object_key: row.get("object_key")?,
        })
    }
}

impl FromRow for FeedState {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.get("name")?,
            mark: row.get("mark")?,
            checked_at: row.get("checked_at")?,
            ok_at: row.get("ok_at")?,
            error: row.get("error")?,
        })
    }
}

impl Store {
    /// Adds a set.
    ///
    /// # Errors
    /// A version that is there already is a [`StoreError`]: two imports at once, of which the
    /// later should begin anew.
    pub async fn add_advisory_set(&self, set: &AdvisorySet) -> Result<(), StoreError> {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let params = values![
            number(set.version),
            &set.sha256,
            set.made_at,
            set.valid_until,
            set.imported_at,
            number(set.advisories),
            number(set.vulnerabilities),
            &set.object_key,
        ];
        self.apply(vec![Step::any(queries::ADVISORY_SETS_ADD, params)]).await.map(|_: Applied| ())
    }

    /// The newest sets, newest first.
    pub async fn advisory_sets(&self, count_max: u32) -> Result<Vec<AdvisorySet>, StoreError> {
        self.list(queries::ADVISORY_SETS_LIST, values![i64::from(count_max)]).await
    }

    /// Every feed that was ever looked at, by name.
    pub async fn feed_states(&self) -> Result<Vec<FeedState>, StoreError> {
        self.list(queries::FEEDS_LIST, values![]).await
    }

    /// Keeps how a look went.
    pub async fn put_feed_state(&self, state: &FeedState) -> Result<(), StoreError> {
        let params =
            values![&state.name, &state.mark, state.checked_at, state.ok_at, state.error.as_ref(),];
        self.apply(vec![Step::any(queries::FEEDS_PUT, params)]).await.map(|_: Applied| ())
    }
}
