//! Notices: what a contract is told of one advisory, revision by revision, and how each of its
//! hosts stands to it.
//!
//! Every change names the revision that its maker read; of two jobs that change one notice at
//! once, one wins and the other is told `false`.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Applied, Row, Step, Value, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

/// Most notices that one list gives.
pub const NOTICES_MAX: i64 = 50_000;

words! {
    /// How far a notice has come, in this revision.
    NoticeState {
        /// Not sent to anybody yet.
        Drafted = "drafted",
        /// A mail server took it for at least one contact.
        Sent = "sent",
        /// A mail system says that it lies in a contact's box.
        Delivered = "delivered",
        /// A contact opened its link.
        Read = "read",
        /// Every host has a decision in force, or needs none.
        Decided = "decided",
        /// Evidence shows it applied on every host.
        Verified = "verified",
    }
}

words! {
    /// What keeps a notice from being sent.
    Hold {
        /// Nothing.
        None = "none",
        /// It waits for its contract's next digest.
        Digest = "digest",
        /// An engineer wants to look at it.
        Engineer = "engineer",
    }
}

words! {
    /// Why this revision was made.
    Reason {
        New = "new",
        /// The vendor changed what it says.
        Revised = "revised",
        /// A host more is affected.
        HostAdded = "host_added",
        /// The risk had been accepted, or waited with, until a date that is past.
        AcceptanceExpired = "acceptance_expired",
        /// It was applied, and is missing again.
        Regressed = "regressed",
    }
}

words! {
    /// How a host stands to an advisory, by its newest evidence.
    Standing {
        Missing = "missing",
        /// Installed; the machine still runs what was before.
        NotRunning = "not_running",
        Applied = "applied",
        /// The host is not under contract any more.
        Gone = "gone",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: Uuid,
    pub contract: Uuid,
    /// The advisory's id, as its vendor writes it.
    pub advisory: String,
    /// The advisory's own last revision.
    pub updated: Timestamp,
    pub kind: String,
    pub severity: String,
    pub exploited: bool,
    /// JSON of [`crate::notices::Content`].
    pub content: String,
    /// From 1; every one is told once.
    pub revision: u32,
    pub reason: Reason,
    pub state: NoticeState,
    pub hold: Hold,
    /// The last revision that was given to the mail queue; 0 for none.
    pub queued_revision: u32,
    /// The last revision that was reminded of.
    pub escalated_revision: u32,
    /// The engineer's words; empty until there are some.
    pub words: Words,
    pub drafted_at: Timestamp,
    pub revised_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub read_at: Option<Timestamp>,
}

/// What an engineer adds: the risk of the change, and how to apply it here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub risk_ko: String,
    pub risk_en: String,
    pub how_ko: String,
    pub how_en: String,
}

/// One host of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeHost {
    pub notice: Uuid,
    pub host: Uuid,
    /// JSON of [`crate::notices::Evidence`].
    pub evidence: String,
    pub standing: Standing,
    /// It was seen applied, whatever came later.
    pub was_applied: bool,
    /// The newest snapshot that was looked at; none: not yet since the last revision.
    pub snapshot: Option<Uuid>,
    pub observed_at: Option<Timestamp>,
}

/// What changes with a revision of the advisory.
#[derive(Clone, Debug)]
pub struct Revision<'a> {
    pub updated: Timestamp,
    pub kind: &'a str,
    pub severity: &'a str,
    pub exploited: bool,
    pub content: &'a str,
    pub revision: u32,
    pub reason: Reason,
    pub hold: Hold,
}

impl FromRow for Notice {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            contract: row.get("contract")?,
            advisory: row.get("advisory")?,
            updated: row.get("updated")?,
            kind: row.get("kind")?,
            severity: row.get("severity")?,
            exploited: row.get("exploited")?,
            content: row.get("content")?,
            revision: row.get("revision")?,
            reason: row.get("reason")?,
            state: row.get("state")?,
            hold: row.get("hold")?,
            queued_revision: row.get("queued_revision")?,
            escalated_revision: row.get("escalated_revision")?,
            words: Words {
                risk_ko: row.get("risk_ko")?,
                risk_en: row.get("risk_en")?,
                how_ko: row.get("how_ko")?,
                how_en: row.get("how_en")?,
            },
            drafted_at: row.get("drafted_at")?,
            revised_at: row.get("revised_at")?,
            sent_at: row.get("sent_at")?,
            read_at: row.get("read_at")?,
        })
    }
}

impl FromRow for NoticeHost {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            notice: row.get("notice")?,
            host: row.get("host")?,
            evidence: row.get("evidence")?,
            standing: row.get("standing")?,
            was_applied: row.get("was_applied")?,
            snapshot: row.get("snapshot")?,
            observed_at: row.get("observed_at")?,
        })
    }
}

fn hosts_added(notice: Uuid, hosts: &[(Uuid, String)]) -> impl Iterator<Item = Step> {
    hosts.iter().map(move |(host, evidence)| {
        Step::any(queries::NOTICE_HOSTS_ADD, values![notice, *host, evidence])
    })
}

impl Store {
    /// Makes a contract's notice of an advisory, with its hosts and their evidence. False when
    /// there is one already.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when contract or host does not exist.
    pub async fn add_notice(
        &self,
        (id, contract, advisory): (Uuid, Uuid, &str),
        first: &Revision<'_>,
        hosts: &[(Uuid, String)],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let params = values![
            id,
            contract,
            advisory,
            first.updated,
            first.kind,
            first.severity,
            first.exploited,
            first.content,
            first.hold,
            now,
        ];
        let mut steps = vec![Step::one(queries::NOTICES_ADD, params)];
        steps.extend(hosts_added(id, hosts));
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// Takes over what the advisory says now, adds hosts, and begins the revision anew. Mail of
    /// the revision before that still waits is taken back. False when somebody else changed it.
    pub async fn revise_notice(
        &self,
        before: &Notice,
        to: &Revision<'_>,
        hosts: &[(Uuid, String)],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let params = values![
            before.id,
            i64::from(before.revision),
            i64::from(to.revision),
            to.updated,
            to.kind,
            to.severity,
            to.exploited,
            to.content,
            to.reason,
            to.hold,
            now,
        ];
        let mut steps = vec![
            Step::one(queries::NOTICES_REVISE, params),
            Step::any(queries::DELIVERIES_WITHDRAW, values![before.id]),
        ];
        steps.extend(hosts_added(before.id, hosts));
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// A later date, or the vendor's text mended: no new revision.
    pub async fn touch_notice(
        &self,
        notice: &Notice,
        updated: Timestamp,
        content: &str,
    ) -> Result<bool, StoreError> {
        let params = values![notice.id, i64::from(notice.revision), updated, content];
        self.change(queries::NOTICES_TOUCH, params).await
    }

    pub async fn notice(&self, id: Uuid) -> Result<Option<Notice>, StoreError> {
        self.first(queries::NOTICES_GET, values![id]).await
    }

    /// Oldest first: those that are not verified, and those revised since a moment; of one
    /// contract or of all; at most [`NOTICES_MAX`].
    pub async fn notices(
        &self,
        contract: Option<Uuid>,
        since: Timestamp,
    ) -> Result<Vec<Notice>, StoreError> {
        self.list(queries::NOTICES_LIST, values![contract, since, NOTICES_MAX]).await
    }

    /// The hosts of one notice.
    pub async fn notice_hosts(&self, notice: Uuid) -> Result<Vec<NoticeHost>, StoreError> {
        let params = values![Some(notice), Timestamp::UNIX_EPOCH];
        self.list(queries::NOTICE_HOSTS_LIST, params).await
    }

    /// The hosts of all notices that [`Self::notices`] gives for the same moment.
    pub async fn all_notice_hosts(&self, since: Timestamp) -> Result<Vec<NoticeHost>, StoreError> {
        self.list(queries::NOTICE_HOSTS_LIST, values![None::<Uuid>, since]).await
    }

    /// Holds a notice, or lets it go. A revision that no mail server has yet is taken back from
    /// the queue. False when there is no such notice.
    pub async fn hold_notice(&self, id: Uuid, hold: Hold) -> Result<bool, StoreError> {
        let steps = vec![
            Step::one(queries::NOTICES_HOLD, values![id, hold]),
            Step::any(queries::DELIVERIES_WITHDRAW, values![id]),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// Sets the engineer's words. False when there is no such notice.
    pub async fn edit_notice(&self, id: Uuid, words: &Words) -> Result<bool, StoreError> {
        let params = values![id, &words.risk_ko, &words.risk_en, &words.how_ko, &words.how_en];
        self.change(queries::NOTICES_EDIT, params).await
    }

    /// A contact opened its link: the notice is read, and that mail arrived.
    pub async fn read_notice(
        &self,
        id: Uuid,
        contact: Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let steps = vec![
            Step::any(queries::NOTICES_READ, values![id, now]),
            Step::any(queries::DELIVERIES_OPENED, values![id, contact]),
        ];
        self.apply(steps).await.map(|_| ())
    }

    /// Moves a revision to a state that its hosts justify. False when it is there already or has
    /// been revised.
    pub async fn settle_notice(
        &self,
        notice: &Notice,
        state: NoticeState,
    ) -> Result<bool, StoreError> {
        let params = values![notice.id, i64::from(notice.revision), state];
        self.change(queries::NOTICES_SETTLE, params).await
    }

    /// Keeps what a host's newest evidence says.
    pub async fn keep_standing(&self, host: &NoticeHost) -> Result<bool, StoreError> {
        self.change(queries::NOTICE_HOSTS_SEEN, seen(host)).await
    }
}

pub(super) fn seen(host: &NoticeHost) -> Vec<Value> {
    values![
        host.notice,
        host.host,
        &host.evidence,
        host.standing,
        host.was_applied,
        host.snapshot,
        host.observed_at,
    ]
}

/// Begins a revision because of what happened to its hosts, not of what the vendor said.
pub(super) fn reopened(notice: &Notice, reason: Reason, hold: Hold, now: Timestamp) -> Vec<Step> {
    let params = values![notice.id, i64::from(notice.revision), reason, hold, now];
    vec![
        Step::any(queries::NOTICES_REOPEN, params),
        Step::any(queries::DELIVERIES_WITHDRAW, values![notice.id]),
    ]
}

impl Store {
    /// Begins a new revision because of what happened to its hosts. Nothing when it has been
    /// revised meanwhile.
    pub async fn reopen_notice(
        &self,
        notice: &Notice,
        reason: Reason,
        hold: Hold,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.apply(reopened(notice, reason, hold, now)).await.map(|_| ())
    }
}
