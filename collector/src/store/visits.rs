//! Visits (방문 예방 점검): inspections on site, entered by hand beside the evidence of their period.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::value::{Row, Step, values};
use super::{FromRow, Store, StoreError, queries};

/// Most visits that one list gives: a decade of weekly ones.
pub const VISITS_MAX: i64 = 600;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub id: Uuid,
    pub contract: Uuid,
    /// The period whose report prints it.
    pub period: String,
    pub held_on: Date,
    /// Who came.
    pub who: String,
    /// JSON: names of the hosts that were looked at.
    pub hosts: String,
    /// JSON: what was looked at, with its result.
    pub checklist: String,
    pub words_ko: String,
    pub words_en: String,
    pub entered_at: Timestamp,
    pub entered_by: String,
}

impl FromRow for Visit {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            contract: row.get("contract")?,
            period: row.get("period")?,
            held_on: row.get("held_on")?,
            who: row.get("who")?,
            hosts: row.get("hosts")?,
            checklist: row.get("checklist")?,
            words_ko: row.get("words_ko")?,
            words_en: row.get("words_en")?,
            entered_at: row.get("entered_at")?,
            entered_by: row.get("entered_by")?,
        })
    }
}

impl Store {
    /// # Errors
    /// [`StoreError::Dangling`] when the contract does not exist.
    pub async fn add_visit(&self, visit: &Visit) -> Result<(), StoreError> {
        let params = values![
            visit.id,
            visit.contract,
            &visit.period,
            visit.held_on,
            &visit.who,
            &visit.hosts,
            &visit.checklist,
            &visit.words_ko,
            &visit.words_en,
            visit.entered_at,
            &visit.entered_by,
        ];
        self.apply(vec![Step::any(queries::VISITS_ADD, params)]).await.map(|_| ())
    }

    /// Of a contract, in one period or in all, by date; at most [`VISITS_MAX`].
    pub async fn visits(
        &self,
        contract: Uuid,
        period: Option<&str>,
    ) -> Result<Vec<Visit>, StoreError> {
        self.list(queries::VISITS_LIST, values![contract, period, VISITS_MAX]).await
    }
}
