//! Findings that a case is about: a rule that failed on a host.

use jiff::Timestamp;
use uuid::Uuid;

use super::cases::CaseEvent;
use super::value::{Row, Step, values};
use super::{FromRow, Store, StoreError, queries};

/// Most findings of one case that are read.
const FINDINGS_MAX: i64 = 500;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFinding {
    pub case: Uuid,
    pub host: Uuid,
    pub rule: String,
    /// As it was when it was linked.
    pub verdict: String,
    pub linked_at: Timestamp,
}

impl FromRow for CaseFinding {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            case: row.get("case_id")?,
            host: row.get("host")?,
            rule: row.get("rule")?,
            verdict: row.get("verdict")?,
            linked_at: row.get("linked_at")?,
        })
    }
}

impl Store {
    /// Links a finding, and its host too where `with_host` says so.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when it is linked already.
    pub async fn link_case_finding(
        &self,
        finding: &CaseFinding,
        (with_host, event): (bool, &CaseEvent),
    ) -> Result<(), StoreError> {
        let params = values![
            finding.case,
            finding.host,
            &finding.rule,
            &finding.verdict,
            finding.linked_at,
        ];
        let mut steps = vec![Step::any(queries::CASE_FINDINGS_ADD, params), event.step()];
        if with_host {
            steps.push(Step::any(queries::CASE_HOSTS_ADD, values![finding.case, finding.host]));
        }
        self.apply(steps).await.map(|_| ())
    }

    /// Of a case, in the order in which they were linked.
    pub async fn case_findings(&self, case: Uuid) -> Result<Vec<CaseFinding>, StoreError> {
        self.list(queries::CASE_FINDINGS_LIST, values![case, FINDINGS_MAX]).await
    }
}
