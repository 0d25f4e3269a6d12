//! Cases of the service desk: the case itself, its timeline, its hosts.
//!
//! Keeps them; what may follow on what, and what the clock says, is [`crate::cases`]'s.

use carepack_service::clock::Pause;
use jiff::Timestamp;
use uuid::Uuid;

use super::alarms::Alarm;
use super::attachments::Attachment;
use super::desk::CaseMail;
use super::value::{Applied, Row, Step, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

/// Most cases that one list gives.
pub const CASES_MAX: i64 = 20_000;
/// Most events of one case that are read.
pub const EVENTS_MAX: i64 = 2_000;
/// Attempts at a number that another collector took at the same moment.
const NUMBER_TRIES_MAX: usize = 8;

words! {
    /// How a case came.
    Channel {
        Phone = "phone",
        Email = "email",
        Web = "web",
        Remote = "remote",
        Visit = "visit",
    }
}

words! {
    /// How bad it is, in the words of advisories.
    CaseSeverity {
        Critical = "critical",
        Important = "important",
        Moderate = "moderate",
        Low = "low",
    }
}

words! {
    /// Where a case stands.
    CaseState {
        Open = "open",
        InProgress = "in_progress",
        /// The clock stands.
        WaitingCustomer = "waiting_customer",
        Resolved = "resolved",
        Closed = "closed",
    }
}

words! {
    /// What a line of the timeline tells.
    EventKind {
        Opened = "opened",
        Comment = "comment",
        State = "state",
        Assigned = "assigned",
        /// A host was linked.
        Host = "host",
        /// A finding was linked.
        Finding = "finding",
        /// A linked host was asked for a fresh snapshot.
        Snapshot = "snapshot",
        /// A file was given.
        Attachment = "attachment",
        /// The first response is due soon.
        Warned = "warned",
        /// The first response did not come in time.
        Breached = "breached",
    }
}

/// A case before it has a number.
#[derive(Clone, Debug)]
pub struct NewCase {
    pub contract: Uuid,
    /// Year of its number, in the contract's time zone.
    pub year: i16,
    pub channel: Channel,
    pub severity: CaseSeverity,
    /// (긴급)장애: the level's emergency hours hold.
    pub emergency: bool,
    pub title: String,
    pub description: String,
    pub opened_at: Timestamp,
    pub opened_by: String,
    pub assignee: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub id: Uuid,
    pub contract: Uuid,
    pub year: u16,
    pub serial: u32,
    pub channel: Channel,
    pub severity: CaseSeverity,
    pub emergency: bool,
    pub title: String,
    pub description: String,
    pub state: CaseState,
    pub opened_at: Timestamp,
    pub opened_by: String,
    /// May be empty.
    pub assignee: String,
    /// The first answer to the customer.
    pub responded_at: Option<Timestamp>,
    /// Times in which the clock stands, in order.
    pub pauses: Vec<Pause>,
    pub warned_at: Option<Timestamp>,
    pub breached_at: Option<Timestamp>,
    pub cause: String,
    pub resolution: String,
    pub resolved_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// The store raises it with every change.
    pub revision: u64,
}

impl Case {
    /// `C-2026-0001`
    #[must_use]
    pub fn number(&self) -> String {
        format!("C-{}-{:04}", self.year, self.serial)
    }
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseEvent {
    pub id: Uuid,
    pub case: Uuid,
    pub at: Timestamp,
    pub actor: String,
    pub kind: EventKind,
    /// For the vendor's eyes only.
    pub internal: bool,
    /// Of a change of state; else empty.
    pub from_state: String,
    pub to_state: String,
    pub host: Option<Uuid>,
    pub body: String,
}

impl CaseEvent {
    /// An event without more than its kind and words.
    #[must_use]
    pub fn new(case: Uuid, kind: EventKind, (actor, body): (&str, &str), at: Timestamp) -> Self {
        Self {
            id: Uuid::now_v7(),
            case,
            at,
            actor: actor.to_owned(),
            kind,
            internal: false,
            from_state: String::new(),
            to_state: String::new(),
            host: None,
            body: body.to_owned(),
        }
    }

    pub(super) fn step(&self) -> Step {
        let params = values![
            self.id,
            self.case,
            self.at,
            &self.actor,
            self.kind,
            self.internal,
            &self.from_state,
            &self.to_state,
            self.host,
            &self.body,
        ];
        Step::any(queries::CASE_EVENTS_ADD, params)
    }
}

/// Who reads a mail about a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// One of the customer's contacts.
    Contact(Uuid),
    /// One of the desk.
    Member(Uuid),
}

/// What is kept together with a change of a case, or not at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Along<'a> {
    pub alarm: Option<&'a Alarm>,
    /// Who is mailed the first of the events.
    pub readers: &'a [Reader],
    pub attachments: &'a [Attachment],
    /// The mail that brought it.
    pub mail: Option<&'a CaseMail>,
}

impl Along<'_> {
    fn steps(&self, first: Option<&CaseEvent>) -> Vec<Step> {
        let mut steps: Vec<Step> = self.attachments.iter().map(Attachment::step).collect();
        steps.extend(self.alarm.map(Alarm::step));
        steps.extend(self.mail.map(CaseMail::step));
        for (event, reader) in first.iter().flat_map(|e| self.readers.iter().map(move |r| (e, r))) {
            let (contact, member) = match reader {
                Reader::Contact(id) => (Some(*id), None),
                Reader::Member(id) => (None, Some(*id)),
            };
            let params = values![Uuid::now_v7(), event.id, contact, member, false, event.at];
            steps.push(Step::any(queries::DELIVERIES_ADD_CASE, params));
        }
        steps
    }
}

impl FromRow for Case {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let pauses: String = row.get("pauses")?;
        Ok(Self {
            id: row.get("id")?,
            contract: row.get("contract")?,
            year: row.get("year")?,
            serial: row.get("serial")?,
            channel: row.get("channel")?,
            severity: row.get("severity")?,
            emergency: row.get("emergency")?,
            title: row.get("title")?,
            description: row.get("description")?,
            state: row.get("state")?,
            opened_at: row.get("opened_at")?,
            opened_by: row.get("opened_by")?,
            assignee: row.get("assignee")?,
            responded_at: row.get("responded_at")?,
            pauses: serde_json::from_str(&pauses)
                .map_err(|_| StoreError::Shape { column: "pauses" })?,
            warned_at: row.get("warned_at")?,
            breached_at: row.get("breached_at")?,
            cause: row.get("cause")?,
            resolution: row.get("resolution")?,
            resolved_at: row.get("resolved_at")?,
            closed_at: row.get("closed_at")?,
            revision: row.get("revision")?,
        })
    }
}

impl FromRow for CaseEvent {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            case: row.get("case_id")?,
            at: row.get("at")?,
            actor: row.get("actor")?,
            kind: row.get("kind")?,
            internal: row.get("internal")?,
            from_state: row.get("from_state")?,
            to_state: row.get("to_state")?,
            host: row.get("host")?,
            body: row.get("body")?,
        })
    }
}

/// One column of [`queries::CASE_HOSTS_LIST`].
struct Linked(Uuid);

impl FromRow for Linked {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        row.get("host").map(Self)
    }
}

impl Store {
    /// Adds a case with the next number of its year, and the event of its opening.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when the contract does not exist.
    pub async fn add_case(&self, new: &NewCase) -> Result<Case, StoreError> {
        let id = Uuid::now_v7();
        let opened = CaseEvent::new(id, EventKind::Opened, (&new.opened_by, ""), new.opened_at);
        let params = values![
            id,
            new.contract,
            i64::from(new.year),
            new.channel,
            new.severity,
            new.emergency,
            &new.title,
            &new.description,
            new.opened_at,
            &new.opened_by,
            &new.assignee,
        ];
        let steps = vec![Step::any(queries::CASES_ADD, params), opened.step()];
        let mut tries = 1;
        while let Err(error) = self.apply(steps.clone()).await {
            if !matches!(error, StoreError::Exists { .. }) || tries == NUMBER_TRIES_MAX {
                return Err(error);
            }
            tries += 1;
        }
        self.case(id).await?.ok_or(StoreError::Shape { column: "id" })
    }

    /// Keeps what may change of a case, with what the timeline tells of it and what goes along.
    /// False when somebody changed it since it was read, or an attachment is one too many: then
    /// nothing is kept.
    pub async fn change_case(
        &self,
        case: &Case,
        events: &[CaseEvent],
        along: &Along<'_>,
    ) -> Result<bool, StoreError> {
        let pauses = serde_json::to_string(&case.pauses)
            .map_err(|_| StoreError::Shape { column: "pauses" })?;
        let revision = i64::try_from(case.revision).unwrap_or(i64::MAX);
        let params = values![
            case.id,
            revision,
            case.state,
            &case.assignee,
            case.responded_at,
            pauses,
            case.warned_at,
            case.breached_at,
            &case.cause,
            &case.resolution,
            case.resolved_at,
            case.closed_at,
        ];
        let mut steps = vec![Step::one(queries::CASES_EDIT, params)];
        steps.extend(events.iter().map(CaseEvent::step));
        steps.extend(along.steps(events.first()));
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// Adds a line that changes nothing of the case.
    pub async fn add_case_event(&self, event: &CaseEvent) -> Result<(), StoreError> {
        self.apply(vec![event.step()]).await.map(|_| ())
    }

    /// Links the host of `event` to its case.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when it is linked already.
    pub async fn link_case_host(&self, host: Uuid, event: &CaseEvent) -> Result<(), StoreError> {
        let link = Step::any(queries::CASE_HOSTS_ADD, values![event.case, host]);
        self.apply(vec![link, event.step()]).await.map(|_| ())
    }

    pub async fn case(&self, id: Uuid) -> Result<Option<Case>, StoreError> {
        self.first(queries::CASES_GET, values![id]).await
    }

    /// By id or number (`C-2026-0001`).
    pub async fn find_case(&self, text: &str) -> Result<Option<Case>, StoreError> {
        if let Ok(id) = text.parse::<Uuid>() {
            return self.case(id).await;
        }
        let number = text.strip_prefix("C-").and_then(|rest| rest.split_once('-'));
        let Some((Ok(year), Ok(serial))) =
            number.map(|(year, serial)| (year.parse::<u16>(), serial.parse::<u32>()))
        else {
            return Ok(None);
        };
        let params = values![i64::from(year), i64::from(serial)];
        self.first(queries::CASES_NUMBERED, params).await
    }

    /// Of one contract or of all, newest first, at most [`CASES_MAX`].
    pub async fn cases(&self, contract: Option<Uuid>) -> Result<Vec<Case>, StoreError> {
        self.list(queries::CASES_LIST, values![contract, CASES_MAX]).await
    }

    /// Those that nobody answered and that are not told as late yet, oldest first.
    pub async fn cases_running(&self) -> Result<Vec<Case>, StoreError> {
        self.list(queries::CASES_RUNNING, values![CASES_MAX]).await
    }

    /// Those that nobody answered, late ones too, oldest first.
    pub async fn cases_unanswered(&self) -> Result<Vec<Case>, StoreError> {
        self.list(queries::CASES_UNANSWERED, values![CASES_MAX]).await
    }

    /// A case's timeline, oldest first, at most [`EVENTS_MAX`].
    pub async fn case_events(&self, case: Uuid) -> Result<Vec<CaseEvent>, StoreError> {
        self.list(queries::CASE_EVENTS_LIST, values![case, EVENTS_MAX]).await
    }

    pub async fn case_event(&self, id: Uuid) -> Result<Option<CaseEvent>, StoreError> {
        self.first(queries::CASE_EVENTS_GET, values![id]).await
    }

    pub async fn case_hosts(&self, case: Uuid) -> Result<Vec<Uuid>, StoreError> {
        let linked: Vec<Linked> = self.list(queries::CASE_HOSTS_LIST, values![case]).await?;
        Ok(linked.into_iter().map(|linked| linked.0).collect())
    }
}
