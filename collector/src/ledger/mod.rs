//! The ledger: what a contract was promised over a time, and what was done.
//!
//! Gathers visits, inspections, cases and recorded services; counts them and measures the first
//! responses against the level's clock. Says nothing in any language: the annual service report
//! ([`crate::reports::annual`]) is made from it and from nothing else.

mod count;
pub mod record;

use carepack_service::clock::Standing;
use carepack_service::levels::Onsite;
use carepack_shared::period::ScheduleError;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::cases::{self, CaseError, sla};
use crate::service::Service;
use crate::store::{Case, Contract, Customer, Inspection, State, Store, StoreError};

pub use count::{Cases, Counted, Responses};
pub use record::Recorded;

/// Longest time that one ledger is over: a contract of five years.
const DAYS_MAX: i32 = 5 * 366;
/// Inspections of the longest time, monthly, with one to spare.
const SLOTS_MAX: usize = 62;

/// Why there is no ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Case(#[from] CaseError),
    #[error("the contract's schedule")]
    Schedule(#[from] ScheduleError),
    #[error("{from} to {until} is no time of up to five years")]
    Span { from: Date, until: Date },
    #[error("a stored record cannot be read")]
    Json(#[from] serde_json::Error),
    #[error("there is no kind of service {0:?}; see: carepack-collector service kinds")]
    Kind(String),
    #[error("{kind} has no item {item:?} in its checklist; see: carepack-collector service kinds")]
    Item { kind: String, item: String },
    #[error("{0:?} is no result: pass, attention, danger, unknown or not_applicable")]
    Result(String),
    #[error("{0} is empty")]
    Empty(&'static str),
    #[error("{what} is longer than {max} characters")]
    Long { what: &'static str, max: usize },
}

/// From the first to the last day, both counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Span {
    pub from: Date,
    pub until: Date,
}

impl Span {
    /// A year of the calendar.
    #[must_use]
    pub fn year(year: i16) -> Option<Self> {
        let from = Date::new(year, 1, 1).ok()?;
        Some(Self { from, until: Date::new(year, 12, 31).ok()? })
    }

    fn has(&self, day: Date) -> bool {
        self.from <= day && day <= self.until
    }

    fn check(&self) -> Result<(), LedgerError> {
        let days = self.until.since(self.from).map_or(-1, |span| span.get_days());
        if (0..DAYS_MAX).contains(&days) {
            return Ok(());
        }
        Err(LedgerError::Span { from: self.from, until: self.until })
    }
}

/// A visit on site.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VisitLine {
    pub held_on: Date,
    pub who: String,
    pub period: String,
}

/// What became of the inspection of one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    Published,
    /// Assessed, not published yet.
    Assessed,
    /// Its window passed without evidence.
    Missed,
    /// Its window has not passed.
    Coming,
}

/// The inspection of one period.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InspectionLine {
    pub period: String,
    pub window_from: Date,
    pub became: Became,
}

/// A case and its first response.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseLine {
    pub number: String,
    pub title: String,
    pub channel: &'static str,
    pub severity: &'static str,
    pub emergency: bool,
    pub state: &'static str,
    pub opened_on: Date,
    /// Working minutes that were promised, and that passed until the first response (or now).
    pub promised_minutes: u32,
    pub used_minutes: i64,
    /// [`sla::standing_word`].
    pub standing: &'static str,
}

/// The ledger of one contract.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ledger {
    pub customer: String,
    pub contract: String,
    pub level: LevelWords,
    pub engineer: String,
    pub contact: String,
    pub span: Span,
    /// 0: agreed per contract (협의).
    pub visits_promised: u16,
    pub onsite: &'static str,
    pub visits: Vec<VisitLine>,
    pub inspections: Vec<InspectionLine>,
    pub inspections_counted: Counted,
    pub cases: Vec<CaseLine>,
    pub cases_counted: Cases,
    pub responses: Responses,
    pub services: Vec<Recorded>,
}

/// The name of a level.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LevelWords {
    pub ko: String,
    pub en: String,
}

/// Reads the ledger of a contract.
///
/// # Errors
/// [`LedgerError`].
pub async fn read(
    store: &Store,
    service: &Service,
    (contract, customer): (&Contract, &Customer),
    span: Span,
    now: Timestamp,
) -> Result<Ledger, LedgerError> {
    span.check()?;
    let zone = sla::zone(contract)?;
    let level = service.levels.of(&contract.name, &contract.level);
    let visits = store.visits(contract.id, None).await?.into_iter();
    let visits = visits.filter(|visit| span.has(visit.held_on)).map(|visit| VisitLine {
        held_on: visit.held_on,
        who: visit.who,
        period: visit.period,
    });
    let held = store.inspections(Some(contract.id)).await?;
    let inspections = inspections(contract, (&held, &zone), span, now)?;
    let mut cases = Vec::new();
    for case in store.cases(Some(contract.id)).await? {
        if span.has(case.opened_at.to_zoned(zone.clone()).date()) {
            cases.push(case_line(service, contract, (&case, &zone), now)?);
        }
    }
    cases.reverse();
    let mut services = Vec::new();
    for row in store.service_records(Some(contract.id)).await? {
        if span.has(row.held_on) {
            services.push(Recorded::of(&row)?);
        }
    }
    services.reverse();
    Ok(Ledger {
        customer: customer.name.clone(),
        contract: contract.name.clone(),
        visits_promised: level.as_ref().map_or(0, |level| level.visits_a_year),
        onsite: match level.as_ref().map_or(Onsite::None, |level| level.onsite_inspection) {
            Onsite::Monthly => "monthly",
            Onsite::Quarterly => "quarterly",
            Onsite::None => "none",
        },
        level: LevelWords {
            ko: level.as_ref().map_or(&contract.level, |level| &level.ko).clone(),
            en: level.as_ref().map_or(&contract.level, |level| &level.en).clone(),
        },
        engineer: contract.engineer.clone(),
        contact: contract.customer_contact.clone(),
        span,
        visits: visits.collect(),
        inspections_counted: Counted::of(&inspections),
        inspections,
        cases_counted: Cases::of(&cases),
        responses: Responses::of(&cases),
        cases,
        services,
    })
}

/// The periods whose window begins in the span and in the contract's term, with what came of each.
fn inspections(
    contract: &Contract,
    (held, zone): (&[Inspection], &TimeZone),
    span: Span,
    now: Timestamp,
) -> Result<Vec<InspectionLine>, LedgerError> {
    let mut lines = Vec::new();
    let from = span.from.max(contract.starts);
    let until = span.until.min(contract.ends);
    let Ok(begin) = from.to_zoned(zone.clone()) else { return Ok(lines) };
    let mut at = begin.timestamp();
    for _ in 0..SLOTS_MAX {
        let slot = contract.schedule.slot_at(at, "")?;
        let day = slot.window_start.to_zoned(zone.clone()).date();
        if day > until {
            break;
        }
        if day >= from {
            let inspection = held.iter().find(|inspection| inspection.period == slot.period);
            let became = became(inspection, slot.window_end <= now);
            lines.push(InspectionLine { period: slot.period, window_from: day, became });
        }
        at = slot.period_end;
    }
    Ok(lines)
}

fn became(inspection: Option<&Inspection>, is_over: bool) -> Became {
    let state = inspection.map(|inspection| inspection.state);
    match state {
        Some(State::Published | State::Acknowledged) => Became::Published,
        Some(State::Assessed | State::InReview) => Became::Assessed,
        _ if is_over => Became::Missed,
        _ => Became::Coming,
    }
}

fn case_line(
    service: &Service,
    contract: &Contract,
    (case, zone): (&Case, &TimeZone),
    now: Timestamp,
) -> Result<CaseLine, cases::CaseError> {
    let reading = sla::read(service, contract, case, now)?;
    let level = service.levels.of(&contract.name, &contract.level);
    let standing = reading.map_or(Standing::Running, |reading| reading.standing);
    let used = reading.map_or(SignedDuration::ZERO, |reading| reading.used);
    Ok(CaseLine {
        number: case.number(),
        title: case.title.clone(),
        channel: case.channel.as_str(),
        severity: case.severity.as_str(),
        emergency: case.emergency,
        state: case.state.as_str(),
        opened_on: case.opened_at.to_zoned(zone.clone()).date(),
        promised_minutes: level.map_or(0, |level| level.response_minutes(case.emergency)),
        // A minute that has begun is used.
        used_minutes: (used.as_secs() + 59) / 60,
        standing: sla::standing_word(standing),
    })
}

/// The contract of a record, by its id, with the record.
///
/// # Errors
/// What the store says, or a row that cannot be read.
pub async fn recorded(store: &Store, id: Uuid) -> Result<Option<(Uuid, Recorded)>, LedgerError> {
    let Some(row) = store.service_record(id).await? else { return Ok(None) };
    Ok(Some((row.contract, Recorded::of(&row)?)))
}
