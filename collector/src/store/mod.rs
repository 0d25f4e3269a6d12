//! The collector's memory: customers, contracts, hosts, tokens, certificates, snapshots,
//! files handed over an air gap, inspections and their results, reviews, editions, visits, exceptions, alarms, advisories,
//! inventories, contacts, notices, plans, people, sessions, the audit log, Support Patterns,
//! cases.
//!
//! Rust is written once, SQL twice: a typed method names a query, and the query stands in one
//! file of the same name in each dialect's folder. Only this module holds SQL. What it does not
//! know: certificates' contents, snapshots' contents (they lie in [`crate::objects`]), HTTP.
//!
//! An `Ok` from a writing method means durable.

mod error;
mod migrations;
mod postgres;
mod queries;
mod sqlite;
mod value;
mod words;

mod advisory_sets;
mod alarms;
mod attachments;
mod audit;
mod case_findings;
mod cases;
mod certificates;
mod contacts;
mod contracts;
mod customers;
mod deliveries;
mod desk;
mod editions;
mod exceptions;
mod handovers;
mod hosts;
mod inspections;
mod inventories;
mod machines;
mod notices;
mod people;
mod plans;
mod results;
mod reviews;
mod service_records;
mod sessions;
mod snapshots;
mod support_patterns;
mod tokens;
mod visits;

use std::path::Path;
use std::sync::Arc;

pub use advisory_sets::{AdvisorySet, FeedState};
pub use alarms::{Alarm, AlarmKind};
pub use attachments::{Attachment, AttachmentKind};
pub use audit::{Act, AuditFilter, AuditRow, chain_break};
pub use case_findings::CaseFinding;
pub use cases::{
    Along, Case, CaseEvent, CaseSeverity, CaseState, Channel, EventKind, NewCase, Reader,
};
pub use certificates::Certificate;
pub use contacts::{Contact, Language};
pub use contracts::Contract;
pub use customers::Customer;
pub use deliveries::{Delivery, DeliveryState, Digest, Ended};
pub use desk::{CaseMail, DeskMember, Duty, MailOutcome};
pub use editions::{Acknowledged, Edition};
pub use error::{Cause, StoreError};
pub use exceptions::Exception;
pub use handovers::Handover;
pub use hosts::{Host, Polled};
pub use inspections::{Inspection, State};
pub use inventories::InventoryRow;
pub use machines::{HostMove, Machine, Settlement};
pub use notices::{Hold, Notice, NoticeHost, NoticeState, Reason, Revision, Standing, Words};
pub use people::{Person, Role};
pub use plans::{Decision, Plan, PlanChange, PlanState};
pub use results::{ComingDate, Failing, FailingRule, HostDate, HostResult, Newest};
pub use reviews::{Decided, Review, ReviewFinding, Signed};
pub use service_records::ServiceRecord;
pub use sessions::{AccessToken, Invitation, Session, Stage};
pub use snapshots::{Accepted, SnapshotRow};
pub use support_patterns::{PatternChange, PatternState, SupportPattern, Trial};
pub use tokens::{Enrolled, Spent, Token};
pub use visits::Visit;

use sqlite::Check;
use value::{Applied, Query, Row, Step, Value};

/// A handle to the store; clones share it.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
}

enum Backend {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens `sqlite:PATH`, `postgres://…` or a libpq string (`host=… user=…`), creating or
    /// migrating the schema. An SQLite file that nobody closed is read whole before.
    ///
    /// # Errors
    /// [`StoreError`]; a damaged or newer store is refused, never repaired.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        Self::opened(address, Check::AfterUncleanEnd).await
    }

    /// As [`Self::open`], for who stays or wants to know: an SQLite file is always read whole.
    ///
    /// # Errors
    /// [`StoreError`]; a damaged or newer store is refused, never repaired.
    pub async fn open_checked(address: &str) -> Result<Self, StoreError> {
        Self::opened(address, Check::Always).await
    }

    async fn opened(address: &str, check: Check) -> Result<Self, StoreError> {
        let backend = if let Some(path) = address.strip_prefix("sqlite:") {
            Backend::Sqlite(sqlite::Sqlite::open(Path::new(path), check).await?)
        } else if ["postgres://", "postgresql://"].iter().any(|scheme| address.starts_with(scheme))
            || address.contains('=')
        {
            Backend::Postgres(postgres::Postgres::open(address).await?)
        } else {
            return Err(StoreError::Address(address.to_owned()));
        };
        Ok(Self { backend: Arc::new(backend) })
    }

    /// Whether writes are still accepted; false for good after a read or write error.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.is_healthy(),
            Backend::Postgres(postgres) => postgres.is_healthy(),
        }
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Unhealthy`] or what the database says.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if !self.is_healthy() {
            return Err(StoreError::Unhealthy);
        }
        self.query(queries::STORE_PING, Vec::new()).await.map(|_| ())
    }

    async fn query(&self, query: Query, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.query(query, params).await,
            Backend::Postgres(postgres) => postgres.query(query, params).await,
        }
    }

    /// All steps or none, durable on return.
    async fn apply(&self, steps: Vec<Step>) -> Result<Applied, StoreError> {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.apply(steps).await,
            Backend::Postgres(postgres) => postgres.apply(steps).await,
        }
    }

    /// One statement; whether it changed exactly one row.
    async fn change(&self, query: Query, params: Vec<Value>) -> Result<bool, StoreError> {
        let applied = self.apply(vec![Step::one(query, params)]).await?;
        Ok(applied == Applied::Done)
    }

    async fn list<T: FromRow>(
        &self,
        query: Query,
        params: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        self.query(query, params).await?.iter().map(T::from_row).collect()
    }

    async fn first<T: FromRow>(
        &self,
        query: Query,
        params: Vec<Value>,
    ) -> Result<Option<T>, StoreError> {
        self.query(query, params).await?.first().map(T::from_row).transpose()
    }

    /// By id when `text` is one, else by name, which must then be unique.
    async fn find<T: FromRow>(&self, text: &str, how: Find) -> Result<Option<T>, StoreError> {
        if let Ok(id) = text.parse::<uuid::Uuid>() {
            return self.first(how.by_id, value::values![id]).await;
        }
        let mut found = self.list(how.by_name, value::values![text]).await?;
        if found.len() > 1 {
            return Err(StoreError::Ambiguous { what: how.what, name: text.to_owned() });
        }
        Ok(found.pop())
    }
}

/// The two look-ups behind "id or name".
struct Find {
    what: &'static str,
    by_id: Query,
    by_name: Query,
}

/// A row that becomes one of our types.
trait FromRow: Sized {
    fn from_row(row: &Row) -> Result<Self, StoreError>;
}
