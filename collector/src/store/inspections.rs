//! Inspections: one contract in one period, and where its frozen assessment lies.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    pub id: Uuid,
    pub contract: Uuid,
    /// `2026-11` or `2026-Q4`; unique within the contract.
    pub period: String,
    pub state: State,
    pub assessed_at: Option<Timestamp>,
    /// Version of the rule pack that judged.
    pub pack_version: Option<String>,
    /// Where in the object store.
    pub assessment_key: Option<String>,
}

words! {
    /// How far an inspection has come.
    State {
        Due = "due",
        Collecting = "collecting",
        Assessed = "assessed",
        InReview = "in_review",
        Published = "published",
        Acknowledged = "acknowledged",
    }
}

impl FromRow for Inspection {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            contract: row.get("contract")?,
            period: row.get("period")?,
            state: row.get("state")?,
            assessed_at: row.get("assessed_at")?,
            pack_version: row.get("pack_version")?,
            assessment_key: row.get("assessment_key")?,
        })
    }
}

impl Store {
    /// Adds the inspection of a contract and period, or changes the one that is there; the first
    /// one's id stays.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when the contract does not exist.
    pub async fn put_inspection(&self, inspection: &Inspection) -> Result<(), StoreError> {
        let params = values![
            inspection.id,
            inspection.contract,
            &inspection.period,
            inspection.state.as_str(),
            inspection.assessed_at,
            inspection.pack_version.as_ref(),
            inspection.assessment_key.as_ref(),
        ];
        self.apply(vec![Step::any(queries::INSPECTIONS_PUT, params)]).await.map(|_| ())
    }

    pub async fn inspection(
        &self,
        contract: Uuid,
        period: &str,
    ) -> Result<Option<Inspection>, StoreError> {
        self.first(queries::INSPECTIONS_GET, values![contract, period]).await
    }

    /// Of one contract or of all, by period.
    pub async fn inspections(&self, contract: Option<Uuid>) -> Result<Vec<Inspection>, StoreError> {
        self.list(queries::INSPECTIONS_LIST, values![contract]).await
    }

    /// The last assessed inspection before `period`.
    pub async fn previous_inspection(
        &self,
        contract: Uuid,
        period: &str,
    ) -> Result<Option<Inspection>, StoreError> {
        self.first(queries::INSPECTIONS_PREVIOUS, values![contract, period]).await
    }
}
