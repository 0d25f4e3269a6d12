//! What arrived: one row a snapshot, its document lies in the object store.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Applied, Row, Step, values};
use super::{FromRow, Store, StoreError, queries};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRow {
    pub id: Uuid,
    pub host: Uuid,
    /// Of the uncompressed document, hex.
    pub sha256: String,
    /// Length of the document, and of its compressed form.
    pub bytes: u64,
    pub stored_bytes: u64,
    /// [`carepack_shared::Reason::as_str`].
    pub reason: String,
    pub period: Option<String>,
    /// The host's clock.
    pub taken_at: Timestamp,
    /// Our clock.
    pub received_at: Timestamp,
    /// Where in the object store.
    pub object_key: String,
    /// Replayed from a recorded folder, not a live host.
    pub recorded: bool,
}

/// What became of an arriving snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    New,
    /// The same id with the same digest from the same host is there already.
    Duplicate,
    /// The same id is there with another digest, or from another host.
    Conflict {
        stored_sha: String,
    },
}

impl FromRow for SnapshotRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            host: row.get("host")?,
            sha256: row.get("sha256")?,
            bytes: row.get("bytes")?,
            stored_bytes: row.get("stored_bytes")?,
            reason: row.get("reason")?,
            period: row.get("period")?,
            taken_at: row.get("taken_at")?,
            received_at: row.get("received_at")?,
            object_key: row.get("object_key")?,
            recorded: row.get("recorded")?,
        })
    }
}

impl Store {
    /// Accepts a snapshot once, however often and from however many sides it comes.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when the host does not exist.
    pub async fn accept_snapshot(&self, row: &SnapshotRow) -> Result<Accepted, StoreError> {
        let params = values![
            row.id,
            row.host,
            &row.sha256,
            i64::try_from(row.bytes).unwrap_or(i64::MAX),
            i64::try_from(row.stored_bytes).unwrap_or(i64::MAX),
            &row.reason,
            row.period.as_ref(),
            row.taken_at,
            row.received_at,
            &row.object_key,
            row.recorded,
        ];
        let steps = vec![
            Step::one(queries::SNAPSHOTS_ADD, params),
            Step::any(queries::HOSTS_SEEN, values![row.host, row.received_at]),
        ];
        if self.apply(steps).await? == Applied::Done {
            return Ok(Accepted::New);
        }
        let stored = self.snapshot(row.id).await?;
        let stored = stored.ok_or(StoreError::Shape { column: "id" })?;
        if stored.sha256 == row.sha256 && stored.host == row.host {
            Ok(Accepted::Duplicate)
        } else {
            Ok(Accepted::Conflict { stored_sha: stored.sha256 })
        }
    }

    pub async fn snapshot(&self, id: Uuid) -> Result<Option<SnapshotRow>, StoreError> {
        self.first(queries::SNAPSHOTS_GET, values![id]).await
    }

    /// A host's snapshots, newest first by the host's clock, at most `limit`.
    pub async fn snapshots(&self, host: Uuid, limit: u32) -> Result<Vec<SnapshotRow>, StoreError> {
        self.list(queries::SNAPSHOTS_LIST, values![host, i64::from(limit)]).await
    }

    /// How many snapshots each host has; a host without any is not in it.
    pub async fn snapshot_counts(&self) -> Result<BTreeMap<Uuid, u64>, StoreError> {
        let rows = self.query(queries::SNAPSHOTS_COUNT, values![]).await?;
        rows.iter().map(|row| Ok((row.get("host")?, row.get("count")?))).collect()
    }

    /// How many hosts under a contract have sent evidence of a period.
    pub async fn answered(
        &self,
        contract: Uuid,
        period: &str,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let rows = self.query(queries::SNAPSHOTS_ANSWERED, values![contract, period, now]).await?;
        rows.first().map_or(Ok(0), |row| row.get("count"))
    }

    /// The last one taken for a period.
    pub async fn latest_in_period(
        &self,
        host: Uuid,
        period: &str,
    ) -> Result<Option<SnapshotRow>, StoreError> {
        self.first(queries::SNAPSHOTS_LATEST_IN_PERIOD, values![host, period]).await
    }

    /// The last one taken before a moment, for whatever reason.
    pub async fn latest_before(
        &self,
        host: Uuid,
        before: Timestamp,
    ) -> Result<Option<SnapshotRow>, StoreError> {
        self.first(queries::SNAPSHOTS_LATEST_BEFORE, values![host, before]).await
    }
}
