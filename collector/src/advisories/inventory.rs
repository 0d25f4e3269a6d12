//! What is installed on each host, by its newest snapshot, so that an advisory finds its hosts
//! without reading snapshots. Hosts installed alike share one object.

use std::collections::BTreeMap;
use std::io::Read;

use carepack_advisories::host::Host;
use carepack_shared::digest::sha256_hex;
use uuid::Uuid;

use super::{AdvisoriesError, stored};
use crate::objects::Objects;
use crate::store::{InventoryRow, SnapshotRow, Store};

/// Snapshots read in one go; the rest follows in the next.
const BATCH: u32 = 200;
/// Longest inventory in bytes, stored and unpacked: 10,000 packages are some 1 MB.
const STORED_BYTES_MAX: u64 = 16 * 1024 * 1024;
const BYTES_MAX: u64 = 64 * 1024 * 1024;
const ZSTD_LEVEL: i32 = 6;

/// Brings inventories up to the newest snapshots; how many changed. What cannot be read is logged
/// and tried again with the host's next snapshot.
///
/// # Errors
/// [`AdvisoriesError`] of the store or the object store.
pub async fn refresh(store: &Store, objects: &Objects) -> Result<usize, AdvisoriesError> {
    let mut count = 0;
    loop {
        let due = store.inventories_due(BATCH).await?;
        if due.is_empty() {
            return Ok(count);
        }
        for row in due {
            let object_key = match host(objects, &row).await {
                Ok(Some(host)) => Some(put(objects, &host).await?),
                Ok(None) => None,
                Err(error) => {
                    tracing::error!(snapshot = %row.id, "inventory.unreadable: {error:#}");
                    None
                }
            };
            let SnapshotRow { host, id: snapshot, taken_at, .. } = row;
            store.put_inventory(&InventoryRow { host, snapshot, taken_at, object_key }).await?;
            count += 1;
        }
    }
}

/// What a snapshot tells of packages; none where it tells of none.
async fn host(objects: &Objects, row: &SnapshotRow) -> anyhow::Result<Option<Host>> {
    let observed = crate::inspections::observed(objects, row).await?;
    Ok(Host::of(&observed.facts).ok())
}

async fn put(objects: &Objects, host: &Host) -> Result<String, AdvisoriesError> {
    let what = || "an inventory".to_owned();
    let damaged = |source: Box<dyn std::error::Error + Send + Sync>| AdvisoriesError::Damaged {
        what: what(),
        source,
    };
    let json = serde_json::to_vec(host).map_err(|error| damaged(Box::new(error)))?;
    let key = format!("inventories/{}.json.zst", sha256_hex(&json));
    let packed =
        zstd::bulk::compress(&json, ZSTD_LEVEL).map_err(|error| damaged(Box::new(error)))?;
    let put = objects.put(&key, packed).await;
    put.map_err(|source| AdvisoriesError::Object { what: what(), source })?;
    Ok(key)
}

/// Every distinct inventory with the hosts that have it, hosts under contract only.
///
/// # Errors
/// [`AdvisoriesError`] when one is gone or damaged.
pub async fn inventories(
    store: &Store,
    objects: &Objects,
) -> Result<Vec<(Vec<Uuid>, Host)>, AdvisoriesError> {
    let mut alike: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for row in store.inventories().await? {
        if let Some(key) = row.object_key {
            alike.entry(key).or_default().push(row.host);
        }
    }
    let mut found = Vec::with_capacity(alike.len());
    for (key, hosts) in alike {
        found.push((hosts, read(objects, &key).await?));
    }
    Ok(found)
}

async fn read(objects: &Objects, key: &str) -> Result<Host, AdvisoriesError> {
    let what = format!("inventory {key}");
    let packed = stored(objects, key, (&what, STORED_BYTES_MAX)).await?;
    let damaged = |source: Box<dyn std::error::Error + Send + Sync>| AdvisoriesError::Damaged {
        what: what.clone(),
        source,
    };
    let mut json = Vec::new();
    zstd::stream::read::Decoder::with_buffer(&packed[..])
        .and_then(|decoder| decoder.take(BYTES_MAX).read_to_end(&mut json))
        .map_err(|error| damaged(Box::new(error)))?;
    serde_json::from_slice(&json).map_err(|error| damaged(Box::new(error)))
}
