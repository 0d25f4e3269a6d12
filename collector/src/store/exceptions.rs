//! Exceptions: findings that a customer accepts until a date, with an approver.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, Value, values};
use super::{FromRow, Store, StoreError, queries};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    pub id: Uuid,
    pub contract: Uuid,
    /// One host, or all of the contract.
    pub host: Option<Uuid>,
    /// Rule id.
    pub rule: String,
    pub reason: String,
    /// What may happen.
    pub risk: String,
    /// What is done instead.
    pub compensation: String,
    pub approver: String,
    pub approved_at: Timestamp,
    /// From here on the finding is back.
    pub expires_at: Timestamp,
}

impl FromRow for Exception {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            contract: row.get("contract")?,
            host: row.get("host")?,
            rule: row.get("rule")?,
            reason: row.get("reason")?,
            risk: row.get("risk")?,
            compensation: row.get("compensation")?,
            approver: row.get("approver")?,
            approved_at: row.get("approved_at")?,
            expires_at: row.get("expires_at")?,
        })
    }
}

/// All columns, in the order of the statement.
pub(super) fn all_values(exception: &Exception) -> Vec<Value> {
    values![
        exception.id,
        exception.contract,
        exception.host,
        &exception.rule,
        &exception.reason,
        &exception.risk,
        &exception.compensation,
        &exception.approver,
        exception.approved_at,
        exception.expires_at,
    ]
}

impl Store {
    /// # Errors
    /// [`StoreError::Dangling`] when the contract or host does not exist.
    pub async fn add_exception(&self, exception: &Exception) -> Result<(), StoreError> {
        let params = all_values(exception);
        self.apply(vec![Step::any(queries::EXCEPTIONS_ADD, params)]).await.map(|_| ())
    }

    /// All of a contract, expired ones too, oldest first.
    pub async fn exceptions(&self, contract: Uuid) -> Result<Vec<Exception>, StoreError> {
        self.list(queries::EXCEPTIONS_LIST, values![contract]).await
    }
}
