//! An installation as it was first seen: a host's oldest snapshot, held against its standard.

use std::collections::BTreeMap;
use std::sync::Arc;

use carepack_assessment::model::HostRef;
use carepack_assessment::{Assessment, HostInput, Input, assess};

use super::{InspectionError, Inspector};
use crate::agreed::Agreed;
use crate::store::{Contract, Host};

/// Snapshots of one host that are looked through for the first.
const SNAPSHOTS_MAX: u32 = 10_000;

impl Inspector {
    /// Judges the first snapshot of a host as of its own time, with the standard that the contract
    /// names for it; none without a snapshot.
    ///
    /// # Errors
    /// [`InspectionError`] names what cannot be read.
    pub async fn installation(
        &self,
        contract: &Contract,
        host: &Host,
    ) -> Result<Option<Assessment>, InspectionError> {
        let rows = self.store.snapshots(host.id, SNAPSHOTS_MAX).await?;
        let Some(first) = rows.last() else { return Ok(None) };
        let agreed = Agreed::of(&self.data, &contract.name, &self.pack)?;
        let input = HostInput {
            host: HostRef {
                id: host.id.to_string(),
                name: host.hostname.clone(),
                role: host.role.clone(),
                importance: host.importance,
            },
            current: Some(self.observed(first).await?),
            previous: None,
            history: Vec::new(),
            exceptions: BTreeMap::new(),
            standard: agreed.standard(&host.hostname, &host.role),
        };
        let period = Self::period_at(contract, first.taken_at)?;
        let input = Input::of(first.taken_at, &period, vec![input]);
        let pack = Arc::clone(&self.pack);
        Ok(Some(tokio::task::spawn_blocking(move || assess(&pack, input)).await?))
    }
}
