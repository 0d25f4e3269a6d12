//! The desk: who of the vendor is told of a contract's clocks, who reads a case's answers by mail,
//! and what became of each mail that came in.

use jiff::Timestamp;
use uuid::Uuid;

use super::contacts::Language;
use super::value::{Applied, Row, Step, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

words! {
    /// What somebody of the desk is told.
    Duty {
        /// That an answer is due soon, and that it is late.
        Engineer = "engineer",
        /// That an answer is late.
        Escalation = "escalation",
    }
}

/// Somebody of the vendor who looks after a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskMember {
    pub id: Uuid,
    pub contract: Uuid,
    pub name: String,
    pub email: String,
    pub language: Language,
    pub duty: Duty,
    pub created: Timestamp,
    pub removed_at: Option<Timestamp>,
}

words! {
    /// What became of a mail that came in.
    MailOutcome {
        /// It stands in a case.
        Taken = "taken",
        /// An automatic answer, or our own.
        Ignored = "ignored",
        /// A person decides.
        SetAside = "set_aside",
    }
}

/// A mail that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseMail {
    /// Its sender's; a digest where it has none.
    pub message_id: String,
    pub case: Option<Uuid>,
    pub outcome: MailOutcome,
    pub sender: String,
    pub subject: String,
    /// Why it was not taken.
    pub why: String,
    pub came_at: Timestamp,
}

impl CaseMail {
    /// The step that notes it; one that is noted already undoes the batch.
    pub(super) fn step(&self) -> Step {
        let params = values![
            &self.message_id,
            self.case,
            self.outcome,
            &self.sender,
            &self.subject,
            &self.why,
            self.came_at,
        ];
        Step::any(queries::CASE_MAILS_ADD, params)
    }
}

impl FromRow for DeskMember {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            contract: row.get("contract")?,
            name: row.get("name")?,
            email: row.get("email")?,
            language: row.get("language")?,
            duty: row.get("duty")?,
            created: row.get("created")?,
            removed_at: row.get("removed_at")?,
        })
    }
}

impl FromRow for CaseMail {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            message_id: row.get("message_id")?,
            case: row.get("case_id")?,
            outcome: row.get("outcome")?,
            sender: row.get("sender")?,
            subject: row.get("subject")?,
            why: row.get("why")?,
            came_at: row.get("came_at")?,
        })
    }
}

impl Store {
    /// # Errors
    /// [`StoreError::Exists`] when the address has a duty for the contract already.
    pub async fn add_desk_member(&self, member: &DeskMember) -> Result<(), StoreError> {
        let params = values![
            member.id,
            member.contract,
            &member.name,
            &member.email,
            member.language,
            member.duty,
            member.created,
        ];
        self.apply(vec![Step::any(queries::DESK_MEMBERS_ADD, params)]).await.map(|_| ())
    }

    /// Somebody of the desk, one who was removed too.
    pub async fn desk_member(&self, id: Uuid) -> Result<Option<DeskMember>, StoreError> {
        self.first(queries::DESK_MEMBERS_GET, values![id]).await
    }

    /// Who looks after a contract, the engineers first.
    pub async fn desk_members(&self, contract: Uuid) -> Result<Vec<DeskMember>, StoreError> {
        self.list(queries::DESK_MEMBERS_LIST, values![contract]).await
    }

    /// Tells somebody nothing more; mail still waiting is taken back. False when there is nobody.
    pub async fn remove_desk_member(&self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let steps = vec![
            Step::one(queries::DESK_MEMBERS_REMOVE, values![id, now]),
            Step::any(queries::DESK_MEMBERS_WITHDRAW_MAIL, values![id]),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// The contact to whom a case's answers are mailed.
    pub async fn case_reporter(&self, case: Uuid) -> Result<Option<Uuid>, StoreError> {
        let rows = self.query(queries::CASE_REPORTERS_GET, values![case]).await?;
        rows.first().map(|row| row.get("contact")).transpose()
    }

    pub async fn set_case_reporter(&self, case: Uuid, contact: Uuid) -> Result<(), StoreError> {
        let step = Step::any(queries::CASE_REPORTERS_PUT, values![case, contact]);
        self.apply(vec![step]).await.map(|_| ())
    }

    /// What became of a mail by its Message-ID.
    pub async fn case_mail(&self, message_id: &str) -> Result<Option<CaseMail>, StoreError> {
        self.first(queries::CASE_MAILS_GET, values![message_id]).await
    }

    /// Notes a mail that no case took, with what a person must know of it.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when it is noted already.
    pub async fn note_case_mail(
        &self,
        mail: &CaseMail,
        alarm: Option<&super::Alarm>,
    ) -> Result<(), StoreError> {
        let mut steps = vec![mail.step()];
        steps.extend(alarm.map(super::Alarm::step));
        self.apply(steps).await.map(|_| ())
    }
}
