//! Inspections: one contract × one period, from stored snapshots to a frozen assessment.
//!
//! Read in the order of a period's life: [`run`] (it falls due, collects, is assessed by itself, or
//! is missed), [`gather`] and the pure judgement (what is kept is frozen), [`review`] (what people
//! say of it), [`editions`] (published, signed, acknowledged). [`visits`] are entered by hand beside
//! it. It lays nothing out: reports do, from what is frozen.

mod archive;
mod changes;
pub mod editions;
mod gather;
mod installation;
pub mod manifest;
pub mod results;
pub mod review;
pub mod run;
pub mod signing;
pub mod visits;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use carepack_assessment::{Assessment, Pack};
use jiff::Timestamp;
use uuid::Uuid;

use crate::objects::{ObjectError, Objects};
use crate::rules::{self, RulesError};
use crate::store::{Contract, Inspection, State, Store, StoreError};
use crate::support_patterns;
pub(crate) use gather::{decoded, observed};

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
    #[error(
        "the inspection of {period} is {state}: it is not assessed again; to correct it, reopen it: carepack-collector inspection review open"
    )]
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
    #[error(transparent)]
    Rules(#[from] Box<RulesError>),
    #[error("the judging thread stopped")]
    Stopped(#[from] tokio::task::JoinError),
}

impl Inspector {
    /// With the built-in rules and the Support Patterns in force, or with the rules of a folder.
    ///
    /// # Errors
    /// [`InspectionError::Rules`] names the rule or pattern that cannot be used.
    pub async fn open(
        (store, objects): (Store, Objects),
        data: &Path,
        folder: Option<&Path>,
    ) -> Result<Self, InspectionError> {
        let pack = match folder {
            Some(folder) => rules::from_folder(folder).map_err(Box::new)?,
            None => support_patterns::pack(&store).await?,
        };
        Ok(Self { store, objects, pack: Arc::new(pack), data: data.to_path_buf() })
    }

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
            missed_at: None,
            hosts_answered: Some(assessment.summary.answered),
        };
        if self.store.put_inspection(&inspection).await? {
            results::keep(self, &inspection, &assessment).await?;
            return Ok(assessment);
        }
        let state = State::Published.as_str();
        Err(InspectionError::Closed { period: period.to_owned(), state })
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
