//! Alarms: what an engineer must look at, because no machine may decide it.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub id: Uuid,
    pub at: Timestamp,
    pub kind: AlarmKind,
    pub host: Option<Uuid>,
    /// One sentence; may quote a host's own text.
    pub detail: String,
}

words! {
    /// Why somebody must look.
    AlarmKind {
        /// A file of a host without a network does not follow the one before it.
        BundleChain = "bundle_chain",
        /// A file of a host without a network never came.
        BundleMissing = "bundle_missing",
        /// A case was not answered within the level's hours.
        CaseBreached = "case_breached",
        /// A case must be answered soon.
        CaseDue = "case_due",
        /// The same snapshot id arrived with another digest or from another host.
        DigestConflict = "digest_conflict",
        /// A snapshot spoke of another host than its certificate.
        HostMismatch = "host_mismatch",
        /// Two machine ids under one certificate: a cloned or rebuilt machine.
        MachineChanged = "machine_changed",
        /// A mail was refused or given up.
        MailFailed = "mail_failed",
        /// A mail to the desk that nobody can place; it lies in the folder `set-aside`.
        MailSetAside = "mail_set_aside",
        /// Nobody knows whether a mail was sent; a person decides.
        MailUncertain = "mail_uncertain",
        /// Nobody answered a notice within the level's hours.
        NoticeUnanswered = "notice_unanswered",
    }
}

impl FromRow for Alarm {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            at: row.get("at")?,
            kind: row.get("kind")?,
            host: row.get("host")?,
            detail: row.get("detail")?,
        })
    }
}

impl Alarm {
    /// The step that adds it to what it tells of.
    pub(super) fn step(&self) -> Step {
        let params = values![self.id, self.at, self.kind, self.host, &self.detail];
        Step::any(queries::ALARMS_ADD, params)
    }
}

impl Store {
    /// # Errors
    /// [`StoreError::Dangling`] when the host does not exist.
    pub async fn add_alarm(&self, alarm: &Alarm) -> Result<(), StoreError> {
        self.apply(vec![alarm.step()]).await.map(|_| ())
    }

    /// Newest first, at most `limit`.
    pub async fn alarms(&self, limit: u32) -> Result<Vec<Alarm>, StoreError> {
        self.list(queries::ALARMS_LIST, values![i64::from(limit)]).await
    }
}
