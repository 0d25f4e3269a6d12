//! Stand-in until the feeds are on main: the set in force is one object of the object store.

use std::sync::Arc;

use carepack_advisories::feeds::set::{self, Set, SetError};
use carepack_advisories::host::Host;
use uuid::Uuid;

use crate::objects::{ObjectError, Objects};
use crate::store::{Store, StoreError};

const BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum AdvisoriesError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Set(#[from] SetError),
}

pub async fn version(store: &Store, objects: &Objects) -> Result<u64, AdvisoriesError> {
    Ok(current(store, objects).await?.map_or(0, |set| set.header.version))
}

pub async fn current(
    _store: &Store,
    objects: &Objects,
) -> Result<Option<Arc<Set>>, AdvisoriesError> {
    let Some(bytes) = objects.get("advisories/stand-in.jsonl", BYTES_MAX).await? else {
        return Ok(None);
    };
    Ok(Some(Arc::new(set::read(bytes.as_slice())?)))
}

pub async fn inventories(
    store: &Store,
    objects: &Objects,
) -> Result<Vec<(Vec<Uuid>, Host)>, AdvisoriesError> {
    let mut found = Vec::new();
    for host in store.hosts(None).await? {
        if host.retired_at.is_some() {
            continue;
        }
        let Some(row) = store.snapshots(host.id, 1).await?.pop() else { continue };
        let Some(body) = objects.get(&row.object_key, BYTES_MAX).await? else { continue };
        let Ok(document) = carepack_shared::bundle::decompress(&body) else { continue };
        let Ok(snapshot) = carepack_shared::snapshot::Snapshot::from_document(&document) else {
            continue;
        };
        let observed = carepack_assessment::Observed::of(&snapshot, &row.sha256);
        if let Ok(installed) = Host::of(&observed.facts) {
            found.push((vec![host.id], installed));
        }
    }
    Ok(found)
}
