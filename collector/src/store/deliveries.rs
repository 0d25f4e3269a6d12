//! The mail queue: one row a mail, from queued to what became of it.
//!
//! A mail is sent at most once. A row is claimed before anything is said to a mail server, and the
//! claim is durable; whose claimer vanished between the server's word and ours is `uncertain` and
//! waits for a person.

use jiff::Timestamp;
use uuid::Uuid;

use super::notices::Notice;
use super::value::{Applied, Row, Step, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

words! {
    /// What became of a mail.
    DeliveryState {
        Queued = "queued",
        /// A job talks to the mail server, or died doing so.
        Sending = "sending",
        /// The mail server took it.
        Sent = "sent",
        /// It lies in the contact's box, or its link was opened.
        Delivered = "delivered",
        /// A mail system refused it for good.
        Bounced = "bounced",
        /// Given up after many tries, or it cannot be written.
        Failed = "failed",
        /// It may have been sent, and nobody knows; a person decides.
        Uncertain = "uncertain",
        /// Taken back before it was sent.
        Withdrawn = "withdrawn",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: Uuid,
    /// What it tells of: one of the two.
    pub notice: Option<Uuid>,
    pub digest: Option<Uuid>,
    /// A line of a case's timeline.
    pub case_event: Option<Uuid>,
    /// The customer's reader, or else the desk's.
    pub contact: Option<Uuid>,
    pub member: Option<Uuid>,
    /// The notice's; 0 of a digest.
    pub revision: u32,
    pub reminder: bool,
    pub state: DeliveryState,
    pub attempts: u32,
    pub queued_at: Timestamp,
    pub next_attempt_at: Timestamp,
    pub claimed_at: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
    /// The last refusal, in the mail server's words; empty when there was none.
    pub last_error: String,
    pub message_id: String,
}

/// Several notices in one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    pub id: Uuid,
    pub contract: Uuid,
    /// The moment of the week that it is for.
    pub due_at: Timestamp,
    pub made_at: Timestamp,
}

/// What a claimed mail ended with.
#[derive(Clone, Debug)]
pub struct Ended<'a> {
    pub state: DeliveryState,
    pub next_attempt_at: Timestamp,
    pub last_error: &'a str,
    pub message_id: &'a str,
    pub sent_at: Option<Timestamp>,
}

impl FromRow for Delivery {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            notice: row.get("notice")?,
            digest: row.get("digest")?,
            case_event: row.get("case_event")?,
            contact: row.get("contact")?,
            member: row.get("member")?,
            revision: row.get("revision")?,
            reminder: row.get("reminder")?,
            state: row.get("state")?,
            attempts: row.get("attempts")?,
            queued_at: row.get("queued_at")?,
            next_attempt_at: row.get("next_attempt_at")?,
            claimed_at: row.get("claimed_at")?,
            sent_at: row.get("sent_at")?,
            last_error: row.get("last_error")?,
            message_id: row.get("message_id")?,
        })
    }
}

impl FromRow for Digest {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            contract: row.get("contract")?,
            due_at: row.get("due_at")?,
            made_at: row.get("made_at")?,
        })
    }
}

/// A digest's notice and the revision that it was gathered in.
struct Member(Uuid, u32);

impl FromRow for Member {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self(row.get("notice")?, row.get("revision")?))
    }
}

impl Store {
    /// Gives a notice's revision to the queue, one mail a contact. False when another job did, or
    /// it is held or revised now.
    pub async fn queue_notice(
        &self,
        notice: &Notice,
        contacts: &[Uuid],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let revision = i64::from(notice.revision);
        let params = values![notice.id, revision, "none"];
        let mut steps = vec![Step::one(queries::NOTICES_QUEUED, params)];
        steps.extend(mails(notice, contacts, false, now));
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// Gives one reminder of a revision to the queue. False when it has been done.
    pub async fn queue_reminder(
        &self,
        notice: &Notice,
        contacts: &[Uuid],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let params = values![notice.id, i64::from(notice.revision)];
        let mut steps = vec![Step::one(queries::NOTICES_ESCALATED, params)];
        steps.extend(mails(notice, contacts, true, now));
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// Gathers notices into one mail a contact. False when the digest of that moment is there, or
    /// one of the notices is held otherwise or revised now.
    pub async fn queue_digest(
        &self,
        digest: &Digest,
        notices: &[Notice],
        contacts: &[Uuid],
    ) -> Result<bool, StoreError> {
        let now = digest.made_at;
        let params = values![digest.id, digest.contract, digest.due_at, now];
        let mut steps = vec![Step::one(queries::DIGESTS_ADD, params)];
        for notice in notices {
            let revision = i64::from(notice.revision);
            let params = values![notice.id, revision, "digest"];
            steps.push(Step::one(queries::NOTICES_QUEUED, params));
            let params = values![digest.id, notice.id, revision];
            steps.push(Step::any(queries::DIGEST_NOTICES_ADD, params));
        }
        for contact in contacts {
            let params = values![Uuid::now_v7(), digest.id, *contact, false, now];
            steps.push(Step::any(queries::DELIVERIES_ADD_DIGEST, params));
        }
        Ok(self.apply(steps).await? == Applied::Done)
    }

    pub async fn digest(&self, id: Uuid) -> Result<Option<Digest>, StoreError> {
        self.first(queries::DIGESTS_GET, values![id]).await
    }

    /// A contract's digest of the latest moment.
    pub async fn latest_digest(&self, contract: Uuid) -> Result<Option<Digest>, StoreError> {
        self.first(queries::DIGESTS_LATEST, values![contract]).await
    }

    /// A digest's notices, each with the revision that it was gathered in.
    pub async fn digest_notices(&self, digest: Uuid) -> Result<Vec<(Uuid, u32)>, StoreError> {
        let members: Vec<Member> = self.list(queries::DIGEST_NOTICES_LIST, values![digest]).await?;
        Ok(members.into_iter().map(|Member(notice, revision)| (notice, revision)).collect())
    }

    pub async fn delivery(&self, id: Uuid) -> Result<Option<Delivery>, StoreError> {
        self.first(queries::DELIVERIES_GET, values![id]).await
    }

    /// Newest first, at most `limit`; of one state or of all.
    pub async fn deliveries(
        &self,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let state = state.map(DeliveryState::as_str);
        self.list(queries::DELIVERIES_LIST, values![state, i64::from(limit)]).await
    }

    /// Mails that told or tell of a notice, digests too, oldest first.
    pub async fn deliveries_of(&self, notice: Uuid) -> Result<Vec<Delivery>, StoreError> {
        self.list(queries::DELIVERIES_OF_NOTICE, values![notice]).await
    }

    /// Mails whose time has come, at most `limit`.
    pub async fn due_deliveries(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.list(queries::DELIVERIES_DUE, values![now, i64::from(limit)]).await
    }

    /// Claims a mail; of any number of jobs exactly one is told `true`.
    pub async fn claim_delivery(&self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        self.change(queries::DELIVERIES_CLAIM, values![id, now]).await
    }

    /// Keeps what a claimed mail ended with; what was sent moves its notices on.
    pub async fn end_delivery(
        &self,
        delivery: &Delivery,
        ended: &Ended<'_>,
    ) -> Result<bool, StoreError> {
        let params = values![
            delivery.id,
            ended.state,
            ended.next_attempt_at,
            ended.last_error,
            ended.message_id,
            ended.sent_at,
        ];
        let mut steps = vec![Step::one(queries::DELIVERIES_END, params)];
        if let (DeliveryState::Sent | DeliveryState::Delivered, Some(at)) =
            (ended.state, ended.sent_at)
        {
            steps.push(match (delivery.notice, delivery.digest) {
                (Some(notice), _) => {
                    let params = values![notice, i64::from(delivery.revision), at];
                    Step::any(queries::NOTICES_SENT, params)
                }
                (None, digest) => Step::any(queries::DIGEST_NOTICES_SENT, values![digest, at]),
            });
        }
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// Mails claimed before a moment and never ended.
    pub async fn stale_deliveries(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.list(queries::DELIVERIES_STALE, values![before, i64::from(limit)]).await
    }

    /// Says that nobody knows whether a stale mail was sent. False when its job ended it.
    pub async fn doubt_delivery(
        &self,
        id: Uuid,
        before: Timestamp,
        why: &str,
    ) -> Result<bool, StoreError> {
        self.change(queries::DELIVERIES_UNCERTAIN, values![id, before, why]).await
    }

    /// What a mail system reported later: delivered or bounced.
    pub async fn report_delivery(
        &self,
        delivery: &Delivery,
        state: DeliveryState,
        words: &str,
    ) -> Result<bool, StoreError> {
        let params = values![delivery.id, state, words];
        let mut steps = vec![Step::one(queries::DELIVERIES_TOLD, params)];
        if state == DeliveryState::Delivered {
            steps.push(match (delivery.notice, delivery.digest) {
                (Some(notice), _) => {
                    let params = values![notice, i64::from(delivery.revision)];
                    Step::any(queries::NOTICES_DELIVERED, params)
                }
                (None, digest) => Step::any(queries::DIGEST_NOTICES_DELIVERED, values![digest]),
            });
        }
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// A person's word: send it, though it may arrive twice. False when it is not uncertain,
    /// failed, bounced or withdrawn.
    pub async fn resend_delivery(&self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        self.change(queries::DELIVERIES_RESEND, values![id, now]).await
    }

    /// A person's word: do not send it. False when it is neither queued nor uncertain.
    pub async fn drop_delivery(&self, id: Uuid) -> Result<bool, StoreError> {
        self.change(queries::DELIVERIES_DROP, values![id]).await
    }
}

fn mails(notice: &Notice, contacts: &[Uuid], reminder: bool, now: Timestamp) -> Vec<Step> {
    let revision = i64::from(notice.revision);
    let mail = |contact: &Uuid| {
        let params = values![Uuid::now_v7(), notice.id, *contact, revision, reminder, now];
        Step::any(queries::DELIVERIES_ADD, params)
    };
    contacts.iter().map(mail).collect()
}
