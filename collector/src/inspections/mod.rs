//! Inspections: one contract × one period, from stored snapshots to a frozen assessment.
//!
//! It gathers what the judgement depends on, judges in a pure function, and keeps the result. It
//! does not render: reports read the frozen assessment.

mod archive;
mod gather;
pub mod results;

use std::path::PathBuf;
use std::sync::Arc;

use carepack_assessment::{Assessment, Pack};
use jiff::Timestamp;
use uuid::Uuid;

use crate::objects::{ObjectError, Objects};
use crate::store::{Contract, Inspection, State, Store, StoreError};
pub(crate) use gather::observed;

/// Everything an inspection is made from.
pub struct Inspector {
    pub store: Store,
    pub objects: Objects,
    pub pack: Arc<Pack>,
    /// The data folder, where standards, visits and params lie ([`crate::agreed`]).
    pub data: PathBuf,
}

/// An inspection that cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum InspectionError {
    #[error("asking the store")]
    Store(#[from] StoreError),
    #[error("reading or writing {what}")]
    Object {
        what: String,
        #[source]
        source: ObjectError,
    },
    #[error("{what} is gone from the object store; restore it from a backup")]
    Gone { what: String },
    #[error("{what} in the object store is damaged: {detail}; restore it from a backup")]
    Damaged { what: String, detail: String },
    #[error("period {period} of contract {contract}")]
    Period {
        contract: String,
        period: String,
        #[source]
        source: carepack_shared::period::ScheduleError,
    },
    #[error("the inspection of {period} is {state}: it is closed and is not assessed again")]
    Closed { period: String, state: &'static str },
    #[error("contract {0} has no hosts; add a host or enrol an agent first")]
    NoHosts(String),
    #[error(
        "the inspection of {period} of contract {contract} has not been assessed; run: carepack-collector inspect --contract {contract} --period {period}"
    )]
    NotAssessed { contract: String, period: String },
    #[error("what was agreed with the customer cannot be read")]
    Agreed(#[from] crate::agreed::AgreedError),
    #[error("reading the advisories")]
    Advisories(#[from] Box<crate::advisories::AdvisoriesError>),
    #[error("the judging thread stopped")]
    Stopped(#[from] tokio::task::JoinError),
}

impl Inspector {
    /// The period that a contract is in at `now`.
    ///
    /// # Errors
    /// [`InspectionError::Period`] for a contract whose calendar cannot be kept.
    pub fn period_at(contract: &Contract, now: Timestamp) -> Result<String, InspectionError> {
        let slot = contract.schedule.slot_at(now, "");
        let slot = slot.map_err(|source| InspectionError::Period {
            contract: contract.name.clone(),
            period: now.to_string(),
            source,
        })?;
        Ok(slot.period)
    }

    /// Judges a period now and keeps the result; an inspection that is published is refused.
    ///
    /// # Errors
    /// [`InspectionError`] names what is wrong; nothing is changed then.
    pub async fn inspect(
        &self,
        contract: &Contract,
        period: &str,
        now: Timestamp,
    ) -> Result<Assessment, InspectionError> {
        let slot =
            contract.schedule.slot_of(period, "").map_err(|source| InspectionError::Period {
                contract: contract.name.clone(),
                period: period.to_owned(),
                source,
            })?;
        let existing = self.store.inspection(contract.id, period).await?;
        if let Some(existing) = &existing
            && matches!(existing.state, State::Published | State::Acknowledged)
        {
            let state = existing.state.as_str();
            return Err(InspectionError::Closed { period: period.to_owned(), state });
        }
        let input = gather::input(self, contract, period, now).await?;
        let pack = Arc::clone(&self.pack);
        let judged = tokio::task::spawn_blocking(move || carepack_assessment::assess(&pack, input));
        let mut assessment = judged.await?;
        assessment.plans = crate::plans::lines(&self.store, contract, slot.period_end, now).await?;
        let id = existing.map_or_else(Uuid::now_v7, |existing| existing.id);
        let key = archive::write(&self.objects, id, &assessment).await?;
        let inspection = Inspection {
            id,
            contract: contract.id,
            period: period.to_owned(),
            state: State::Assessed,
            assessed_at: Some(now),
            pack_version: Some(assessment.pack.version.clone()),
            assessment_key: Some(key),
        };
        self.store.put_inspection(&inspection).await?;
        results::keep(self, &inspection, &assessment).await?;
        Ok(assessment)
    }

    /// A stored snapshot, checked against its digest and parsed into facts.
    ///
    /// # Errors
    /// [`InspectionError`] when it is gone or damaged.
    pub async fn observed(
        &self,
        row: &crate::store::SnapshotRow,
    ) -> Result<carepack_assessment::Observed, InspectionError> {
        gather::observed(&self.objects, row).await
    }

    /// The frozen assessment of a period.
    ///
    /// # Errors
    /// [`InspectionError::NotAssessed`] with the command that helps.
    pub async fn assessment(
        &self,
        contract: &Contract,
        period: &str,
    ) -> Result<(Inspection, Assessment), InspectionError> {
        let inspection = self.store.inspection(contract.id, period).await?;
        match inspection.and_then(|i| Some((i.assessment_key.clone()?, i))) {
            Some((key, inspection)) => Ok((inspection, archive::read(&self.objects, &key).await?)),
            None => Err(InspectionError::NotAssessed {
                contract: contract.name.clone(),
                period: period.to_owned(),
            }),
        }
    }
}
