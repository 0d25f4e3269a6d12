//! What is installed on each host, by its newest snapshot: where that inventory lies.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Applied, Row, Step, values};
use super::{FromRow, SnapshotRow, Store, StoreError, queries};

/// A host's inventory. Hosts installed alike share an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryRow {
    pub host: Uuid,
    pub snapshot: Uuid,
    /// The snapshot's.
    pub taken_at: Timestamp,
    /// Where in the object store; none where the snapshot does not tell what is installed.
    pub object_key: Option<String>,
}

impl FromRow for InventoryRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            host: row.get("host")?,
            snapshot: row.get("snapshot")?,
            taken_at: row.get("taken_at")?,
            object_key: row.get("object_key")?,
        })
    }
}

impl Store {
    /// Newest snapshots of hosts under contract whose inventory is of an older one.
    pub async fn inventories_due(&self, count_max: u32) -> Result<Vec<SnapshotRow>, StoreError> {
        self.list(queries::INVENTORIES_DUE, values![i64::from(count_max)]).await
    }

    /// Keeps a host's inventory; one of a newer snapshot stays.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when host or snapshot does not exist.
    pub async fn put_inventory(&self, row: &InventoryRow) -> Result<(), StoreError> {
        let params = values![row.host, row.snapshot, row.taken_at, row.object_key.as_ref()];
        self.apply(vec![Step::any(queries::INVENTORIES_PUT, params)]).await.map(|_: Applied| ())
    }

    /// Of all hosts under contract that tell what is installed, by host.
    pub async fn inventories(&self) -> Result<Vec<InventoryRow>, StoreError> {
        self.list(queries::INVENTORIES_LIST, values![]).await
    }
}
