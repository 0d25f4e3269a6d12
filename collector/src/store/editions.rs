//! Editions: what was published of an inspection, by number. The bytes lie in the object store;
//! a row is never changed but by the customer's acknowledgement.

use jiff::Timestamp;
use uuid::Uuid;

use super::inspections::State;
use super::value::{Applied, Row, Step, Value, values};
use super::{FromRow, Store, StoreError, queries};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    pub id: Uuid,
    pub inspection: Uuid,
    /// 1, 2, …
    pub number: u32,
    /// Document number, the same for all editions of an inspection.
    pub document: String,
    /// Why there is another edition; empty for the first.
    pub reason: String,
    pub published_at: Timestamp,
    pub published_by: String,
    /// Where in the object store: the manifest, its signature, the frozen assessment with the
    /// engineers' corrections, the words of the review.
    pub manifest_key: String,
    pub signature_key: String,
    pub assessment_key: String,
    pub review_key: String,
    pub acknowledged: Option<Acknowledged>,
}

/// 확인: the customer's side has read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    pub at: Timestamp,
    pub name: String,
    /// What they had to say; may be empty.
    pub comment: String,
}

impl FromRow for Edition {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let at: Option<Timestamp> = row.get("acknowledged_at")?;
        let acknowledged = match at {
            Some(at) => Some(Acknowledged {
                at,
                name: row.get("acknowledged_by")?,
                comment: row.get("acknowledged_as")?,
            }),
            None => None,
        };
        Ok(Self {
            id: row.get("id")?,
            inspection: row.get("inspection")?,
            number: row.get("number")?,
            document: row.get("document")?,
            reason: row.get("reason")?,
            published_at: row.get("published_at")?,
            published_by: row.get("published_by")?,
            manifest_key: row.get("manifest_key")?,
            signature_key: row.get("signature_key")?,
            assessment_key: row.get("assessment_key")?,
            review_key: row.get("review_key")?,
            acknowledged,
        })
    }
}

/// The columns of a new edition, in the order of the statement.
pub(super) fn all_values(edition: &Edition) -> Vec<Value> {
    values![
        edition.id,
        edition.inspection,
        i64::from(edition.number),
        &edition.document,
        &edition.reason,
        edition.published_at,
        &edition.published_by,
        &edition.manifest_key,
        &edition.signature_key,
        &edition.assessment_key,
        &edition.review_key,
    ]
}

impl Store {
    /// All editions of an inspection, by number.
    pub async fn editions(&self, inspection: Uuid) -> Result<Vec<Edition>, StoreError> {
        self.list(queries::EDITIONS_LIST, values![inspection]).await
    }

    /// Keeps the customer's acknowledgement of the edition in force. False when it has one, or a
    /// newer edition is being made.
    pub async fn acknowledge(
        &self,
        edition: &Edition,
        acknowledged: &Acknowledged,
    ) -> Result<bool, StoreError> {
        let confirmed =
            values![edition.id, acknowledged.at, &acknowledged.name, &acknowledged.comment];
        let moved = values![edition.inspection, State::Published, State::Acknowledged];
        let steps = vec![
            Step::one(queries::INSPECTIONS_STATE, moved),
            Step::one(queries::EDITIONS_ACKNOWLEDGE, confirmed),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }
}
