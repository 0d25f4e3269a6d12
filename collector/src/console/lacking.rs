//! What hosts under contract lack now: advisories of the set in force with the hosts that can apply
//! them, gathered once and kept until the set or an inventory is another.
//!
//! Whose hosts they are is not looked at here: pages ask the tenant filter.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use carepack_advisories::model::Advisory;
use carepack_shared::digest::sha256_hex;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::Console;
use super::page::Refusal;
use crate::advisories::{AdvisoriesError, current, inventories};
use crate::notices::{Evidence, affected};
use crate::store::Store;

/// An advisory and who lacks it.
pub struct Lack {
    pub advisory: Advisory,
    pub hosts: BTreeMap<Uuid, Evidence>,
}

/// By id; empty before the first set.
pub type Lacks = BTreeMap<String, Lack>;

/// What was gathered, and of which set and inventories.
type Gathered = (String, Arc<Lacks>);

/// What was gathered last; clones share it.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Option<Gathered>>>);

impl Console {
    /// What is lacking now. Gathering takes seconds with a vendor's whole history; whoever asks
    /// meanwhile waits for the same.
    pub(super) async fn lacks(&self) -> Result<Arc<Lacks>, Refusal> {
        let mut kept = self.lacking.0.lock().await;
        let state = state(&self.store).await?;
        if let Some((_, lacks)) = kept.as_ref().filter(|(known, _)| *known == state) {
            return Ok(Arc::clone(lacks));
        }
        let gathered = gather(self).await;
        let lacks = gathered.map_err(|error| Refusal::broken("the advisories", &error))?;
        let lacks = Arc::new(lacks);
        *kept = Some((state, Arc::clone(&lacks)));
        drop(kept);
        Ok(lacks)
    }
}

/// What set and inventories are in force, in a word.
async fn state(store: &Store) -> Result<String, Refusal> {
    let set = store.advisory_sets(1).await?.pop().map(|set| set.sha256).unwrap_or_default();
    let mut text = set;
    for row in store.inventories().await? {
        text.push_str(&row.host.to_string());
        text.push_str(row.object_key.as_deref().unwrap_or_default());
    }
    Ok(sha256_hex(text.as_bytes()))
}

async fn gather(console: &Console) -> Result<Lacks, AdvisoriesError> {
    let (store, objects) = (&console.store, &console.objects);
    let Some(set) = current(store, objects).await? else { return Ok(Lacks::new()) };
    let installed = inventories(store, objects).await?;
    let hosts = store.hosts(None).await?.into_iter();
    let contract_of: HashMap<Uuid, Uuid> = hosts.map(|host| (host.id, host.contract)).collect();
    let gathering = tokio::task::spawn_blocking(move || {
        let mut lacks = Lacks::new();
        for one in affected(&set, installed, &contract_of, |_, _| true) {
            let lack = lacks.entry(one.advisory.id.clone());
            let lack = lack
                .or_insert_with(|| Lack { advisory: one.advisory.clone(), hosts: BTreeMap::new() });
            lack.hosts.extend(one.hosts);
        }
        lacks
    });
    Ok(gathering.await?)
}
