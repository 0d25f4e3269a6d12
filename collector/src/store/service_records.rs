//! Recorded services: what was done for a contract besides inspections and cases.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::value::{Row, Step, values};
use super::{FromRow, Store, StoreError, queries};

/// Most records that one list gives: a decade of weekly ones.
pub const RECORDS_MAX: i64 = 600;

/// One service that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRecord {
    pub id: Uuid,
    pub contract: Uuid,
    /// A name of the catalogue as it was then.
    pub kind: String,
    pub held_on: Date,
    pub engineer: String,
    /// JSON: kind and checklist in their words of then, with the results.
    pub results: String,
    pub note: String,
    pub entered_at: Timestamp,
    pub entered_by: String,
}

impl FromRow for ServiceRecord {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            contract: row.get("contract")?,
            kind: row.get("kind")?,
            held_on: row.get("held_on")?,
            engineer: row.get("engineer")?,
            results: row.get("results")?,
            note: row.get("note")?,
            entered_at: row.get("entered_at")?,
            entered_by: row.get("entered_by")?,
        })
    }
}

impl Store {
    /// # Errors
    /// [`StoreError::Dangling`] when the contract does not exist.
    pub async fn add_service_record(&self, record: &ServiceRecord) -> Result<(), StoreError> {
        let params = values![
            record.id,
            record.contract,
            &record.kind,
            record.held_on,
            &record.engineer,
            &record.results,
            &record.note,
            record.entered_at,
            &record.entered_by,
        ];
        self.apply(vec![Step::any(queries::SERVICE_RECORDS_ADD, params)]).await.map(|_| ())
    }

    pub async fn service_record(&self, id: Uuid) -> Result<Option<ServiceRecord>, StoreError> {
        self.first(queries::SERVICE_RECORDS_GET, values![id]).await
    }

    /// Of a contract or of all, the latest first; at most [`RECORDS_MAX`].
    pub async fn service_records(
        &self,
        contract: Option<Uuid>,
    ) -> Result<Vec<ServiceRecord>, StoreError> {
        self.list(queries::SERVICE_RECORDS_LIST, values![contract, RECORDS_MAX]).await
    }
}
