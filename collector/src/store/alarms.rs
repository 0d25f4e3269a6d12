//! Alarms: what an engineer must look at, because no machine may decide it.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, values};
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmKind {
    /// The same snapshot id arrived with another digest or from another host.
    DigestConflict,
    /// A snapshot spoke of another host than its certificate.
    HostMismatch,
    /// Two machine ids under one certificate: a cloned or rebuilt machine.
    MachineChanged,
    /// A mail was refused or given up.
    MailFailed,
    /// Nobody knows whether a mail was sent; a person decides.
    MailUncertain,
    /// Nobody answered a notice within the level's hours.
    NoticeUnanswered,
}

impl AlarmKind {
    pub const ALL: [Self; 6] = [
        Self::DigestConflict,
        Self::HostMismatch,
        Self::MachineChanged,
        Self::MailFailed,
        Self::MailUncertain,
        Self::NoticeUnanswered,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DigestConflict => "digest_conflict",
            Self::HostMismatch => "host_mismatch",
            Self::MachineChanged => "machine_changed",
            Self::MailFailed => "mail_failed",
            Self::MailUncertain => "mail_uncertain",
            Self::NoticeUnanswered => "notice_unanswered",
        }
    }
}

impl FromRow for Alarm {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let kind: String = row.get("kind")?;
        let kind = AlarmKind::ALL.into_iter().find(|known| known.as_str() == kind);
        Ok(Self {
            id: row.get("id")?,
            at: row.get("at")?,
            kind: kind.ok_or(StoreError::Shape { column: "kind" })?,
            host: row.get("host")?,
            detail: row.get("detail")?,
        })
    }
}

impl Store {
    /// # Errors
    /// [`StoreError::Dangling`] when the host does not exist.
    pub async fn add_alarm(&self, alarm: &Alarm) -> Result<(), StoreError> {
        let params = values![alarm.id, alarm.at, alarm.kind.as_str(), alarm.host, &alarm.detail];
        self.apply(vec![Step::any(queries::ALARMS_ADD, params)]).await.map(|_| ())
    }

    /// Newest first, at most `limit`.
    pub async fn alarms(&self, limit: u32) -> Result<Vec<Alarm>, StoreError> {
        self.list(queries::ALARMS_LIST, values![i64::from(limit)]).await
    }
}
