//! Reviews: what people say of an assessed inspection before it is published.
//!
//! Every change names the revision that its maker read and raises it; of two people who change one
//! review at once, one wins and the other is told `false`. A change of words takes the signatures
//! away, since they were given to other words.

use carepack_assessment::model::Verdict;
use jiff::Timestamp;
use uuid::Uuid;

use super::editions::Edition;
use super::exceptions::{Exception, all_values as exception_values};
use super::inspections::State;
use super::value::{Applied, FromCell, Row, Step, Value, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

/// Most entries of one review: every finding of a large contract that an engineer touched.
pub const ENTRIES_MAX: i64 = 20_000;

words! {
    /// What an engineer decided on a finding.
    Decided {
        /// Nothing yet: there are words on it, or a case.
        Open = "open",
        Accepted = "accepted",
        /// The verdict is another one.
        Corrected = "corrected",
        /// The customer lives with it until a date.
        Excepted = "excepted",
    }
}

/// Who put their name to a review, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub name: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    pub inspection: Uuid,
    /// Raised with every change, those of its findings too.
    pub revision: u32,
    /// The overall opinion; empty while the generated draft stands.
    pub opinion_ko: String,
    pub opinion_en: String,
    /// 작성
    pub author: Option<Signed>,
    /// 검토
    pub reviewer: Option<Signed>,
    /// 승인
    pub approver: Option<Signed>,
}

/// An engineer's entry on one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewFinding {
    pub inspection: Uuid,
    /// [`carepack_assessment::model::HostAssessment::subject`] or that of a group.
    pub subject: String,
    pub rule: String,
    /// The verdict that the engineer saw; an entry on another one is stale.
    pub verdict: Verdict,
    pub decided: Decided,
    /// Of [`Decided::Corrected`]: the verdict that holds.
    pub corrected: Option<Verdict>,
    /// Of [`Decided::Excepted`]: the accepted risk.
    pub exception: Option<Uuid>,
    pub reason: String,
    pub comment_ko: String,
    pub comment_en: String,
    /// The linked case; empty for none.
    pub case_id: String,
    pub decided_by: String,
    pub decided_at: Timestamp,
}

impl FromCell for Verdict {
    fn from_cell(cell: &Value) -> Option<Self> {
        Self::of(&String::from_cell(cell)?)
    }
}

fn signed(row: &Row, name: &'static str, at: &'static str) -> Result<Option<Signed>, StoreError> {
    let name: Option<String> = row.get(name)?;
    name.map(|name| Ok(Signed { name, at: row.get(at)? })).transpose()
}

impl FromRow for Review {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            inspection: row.get("inspection")?,
            revision: row.get("revision")?,
            opinion_ko: row.get("opinion_ko")?,
            opinion_en: row.get("opinion_en")?,
            author: signed(row, "author", "author_at")?,
            reviewer: signed(row, "reviewer", "reviewed_at")?,
            approver: signed(row, "approver", "approved_at")?,
        })
    }
}

impl FromRow for ReviewFinding {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            inspection: row.get("inspection")?,
            subject: row.get("subject")?,
            rule: row.get("rule")?,
            verdict: row.get("verdict")?,
            decided: row.get("decision")?,
            corrected: row.get("corrected")?,
            exception: row.get("exception")?,
            reason: row.get("reason")?,
            comment_ko: row.get("comment_ko")?,
            comment_en: row.get("comment_en")?,
            case_id: row.get("case_id")?,
            decided_by: row.get("decided_by")?,
            decided_at: row.get("decided_at")?,
        })
    }
}

/// The parameters of `reviews_put`: the key, the revision that was read, the new words and names.
fn put(review: &Review) -> Vec<Value> {
    let name = |signed: &Option<Signed>| signed.as_ref().map(|signed| signed.name.clone());
    let at = |signed: &Option<Signed>| signed.as_ref().map(|signed| signed.at);
    values![
        review.inspection,
        i64::from(review.revision),
        &review.opinion_ko,
        &review.opinion_en,
        name(&review.author),
        at(&review.author),
        name(&review.reviewer),
        at(&review.reviewer),
        name(&review.approver),
        at(&review.approver),
    ]
}

fn entry(finding: &ReviewFinding) -> Vec<Value> {
    values![
        finding.inspection,
        &finding.subject,
        &finding.rule,
        finding.verdict.as_str(),
        finding.decided,
        finding.corrected.map(Verdict::as_str),
        finding.exception,
        &finding.reason,
        &finding.comment_ko,
        &finding.comment_en,
        &finding.case_id,
        &finding.decided_by,
        finding.decided_at,
    ]
}

impl Store {
    /// Takes an inspection from `from` into review. The words of an earlier review stay, its
    /// signatures do not. False when the inspection is not in `from` any more.
    pub async fn open_review(&self, inspection: Uuid, from: State) -> Result<bool, StoreError> {
        let steps = vec![
            Step::one(queries::INSPECTIONS_STATE, values![inspection, from, State::InReview]),
            Step::any(queries::REVIEWS_ADD, values![inspection]),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }

    pub async fn review(&self, inspection: Uuid) -> Result<Option<Review>, StoreError> {
        self.first(queries::REVIEWS_GET, values![inspection]).await
    }

    /// The entries on findings, at most [`ENTRIES_MAX`].
    pub async fn review_findings(
        &self,
        inspection: Uuid,
    ) -> Result<Vec<ReviewFinding>, StoreError> {
        self.list(queries::REVIEW_FINDINGS_LIST, values![inspection, ENTRIES_MAX]).await
    }

    /// Keeps a review whose revision is the one that was read, with an entry on a finding and the
    /// risks that it accepts, if any. False when the review was changed meanwhile, or is not open.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when an exception names a host that is not there.
    pub async fn put_review(
        &self,
        review: &Review,
        finding: Option<&ReviewFinding>,
        exceptions: &[Exception],
    ) -> Result<bool, StoreError> {
        let open = values![review.inspection, State::InReview, State::InReview];
        let mut steps = vec![
            Step::one(queries::INSPECTIONS_STATE, open),
            Step::one(queries::REVIEWS_PUT, put(review)),
        ];
        let risks = exceptions.iter().map(exception_values);
        steps.extend(risks.map(|risk| Step::one(queries::EXCEPTIONS_ADD, risk)));
        if let Some(finding) = finding {
            steps.push(Step::one(queries::REVIEW_FINDINGS_PUT, entry(finding)));
        }
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// Publishes an edition of the review that was read: the edition and the state, or neither.
    /// False when the review was changed or somebody else published meanwhile.
    pub async fn publish(&self, review: &Review, edition: &Edition) -> Result<bool, StoreError> {
        let held = values![review.inspection, i64::from(review.revision)];
        let published = values![review.inspection, State::InReview, State::Published];
        let steps = vec![
            Step::one(queries::INSPECTIONS_STATE, published),
            Step::one(queries::REVIEWS_HOLD, held),
            Step::one(queries::EDITIONS_ADD, super::editions::all_values(edition)),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }
}
