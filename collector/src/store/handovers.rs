//! Files that hosts without a network handed over, by their number in the host's chain.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, values};
use super::{Alarm, FromRow, Store, StoreError, queries};

/// Most files of a host that are looked at: a century of months.
const HANDOVERS_MAX: i64 = 1200;
/// Most files of a contract: five hundred hosts, ten years of months.
const CONTRACT_MAX: i64 = 60_000;

/// One file that was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    pub host: Uuid,
    /// From 1.
    pub number: u64,
    /// Of the whole file, hex.
    pub sha256: String,
    pub before_sha256: Option<String>,
    pub before_period: Option<String>,
    pub period: Option<String>,
    pub snapshot: Uuid,
    /// Whose seal it carries.
    pub certificate_pem: String,
    pub imported_at: Timestamp,
}

impl FromRow for Handover {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            host: row.get("host")?,
            number: row.get("number")?,
            sha256: row.get("sha256")?,
            before_sha256: row.get("before_sha256")?,
            before_period: row.get("before_period")?,
            period: row.get("period")?,
            snapshot: row.get("snapshot")?,
            certificate_pem: row.get("certificate_pem")?,
            imported_at: row.get("imported_at")?,
        })
    }
}

impl Store {
    /// Keeps a file's place in the chain together with the alarms that it raises.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the host has a file of that number.
    pub async fn add_handover(
        &self,
        handover: &Handover,
        alarms: &[Alarm],
    ) -> Result<(), StoreError> {
        let params = values![
            handover.host,
            i64::try_from(handover.number).unwrap_or(i64::MAX),
            &handover.sha256,
            handover.before_sha256.as_ref(),
            handover.before_period.as_ref(),
            handover.period.as_ref(),
            handover.snapshot,
            &handover.certificate_pem,
            handover.imported_at,
        ];
        let mut steps = vec![Step::any(queries::HANDOVERS_ADD, params)];
        steps.extend(alarms.iter().map(Alarm::step));
        self.apply(steps).await.map(|_| ())
    }

    /// The files of all hosts of a contract, newest first; at most [`CONTRACT_MAX`].
    pub async fn handovers_of_contract(&self, contract: Uuid) -> Result<Vec<Handover>, StoreError> {
        self.list(queries::HANDOVERS_OF_CONTRACT, values![contract, CONTRACT_MAX]).await
    }

    /// A host's files, newest first; at most [`HANDOVERS_MAX`].
    pub async fn handovers(&self, host: Uuid) -> Result<Vec<Handover>, StoreError> {
        self.list(queries::HANDOVERS_LIST, values![host, HANDOVERS_MAX]).await
    }
}
