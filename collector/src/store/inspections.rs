//! Inspections: one contract in one period, and where its frozen assessment lies.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, values};
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
    /// Where in the object store: as it was judged, before any review.
    pub assessment_key: Option<String>,
    /// When its window passed and no host had answered.
    pub missed_at: Option<Timestamp>,
    /// Hosts whose evidence was judged; the others stand in the assessment as 접속 불가.
    pub hosts_answered: Option<u32>,
}

impl Inspection {
    /// Its window passed, and nothing has been assessed since.
    #[must_use]
    pub const fn is_missed(&self) -> bool {
        self.missed_at.is_some() && self.assessment_key.is_none()
    }
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
            missed_at: row.get("missed_at")?,
            hosts_answered: row.get("hosts_answered")?,
        })
    }
}

impl Store {
    /// Adds the inspection of a contract and period, or changes the one that is there; the first
    /// one's id stays. False when that one is published: nothing is changed then.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when the contract does not exist.
    pub async fn put_inspection(&self, inspection: &Inspection) -> Result<bool, StoreError> {
        let params = values![
            inspection.id,
            inspection.contract,
            &inspection.period,
            inspection.state.as_str(),
            inspection.assessed_at,
            inspection.pack_version.as_ref(),
            inspection.assessment_key.as_ref(),
            inspection.missed_at,
            inspection.hosts_answered.map(i64::from),
        ];
        self.change(queries::INSPECTIONS_PUT, params).await
    }

    /// Makes the row of a period that nobody has assessed, or brings it up to date; whether that
    /// changed anything. It may be told twice.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when the contract does not exist.
    pub async fn expect_inspection(
        &self,
        (contract, period): (Uuid, &str),
        state: State,
        missed_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let params = values![Uuid::now_v7(), contract, period, state, missed_at];
        self.change(queries::INSPECTIONS_EXPECT, params).await
    }

    /// Moves an inspection on; false when it is not in `from` any more.
    pub async fn advance_inspection(
        &self,
        id: Uuid,
        from: State,
        to: State,
    ) -> Result<bool, StoreError> {
        self.change(queries::INSPECTIONS_STATE, values![id, from, to]).await
    }

    pub async fn inspection(
        &self,
        contract: Uuid,
        period: &str,
    ) -> Result<Option<Inspection>, StoreError> {
        self.first(queries::INSPECTIONS_GET, values![contract, period]).await
    }

    pub async fn inspection_by_id(&self, id: Uuid) -> Result<Option<Inspection>, StoreError> {
        self.first(queries::INSPECTIONS_BY_ID, values![id]).await
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
