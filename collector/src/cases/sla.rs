//! The clock of a case's first response.

use carepack_service::clock::{Clock, Promise, Reading, Standing};
use carepack_service::levels::Level;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::CaseError;
use crate::service::Service;
use crate::store::{Case, Contract};

/// The time zone of a contract.
///
/// # Errors
/// [`CaseError::Zone`] when it is not known.
pub fn zone(contract: &Contract) -> Result<TimeZone, CaseError> {
    let name = &contract.schedule.time_zone;
    TimeZone::get(name).map_err(|_| CaseError::Zone(name.clone()))
}

/// Where the first response of a case stands at `now`; none when no level holds.
///
/// # Errors
/// [`CaseError::Zone`] when the contract's time zone is not known.
pub fn read(
    service: &Service,
    contract: &Contract,
    case: &Case,
    now: Timestamp,
) -> Result<Option<Reading>, CaseError> {
    let zone = zone(contract)?;
    let level = service.levels.of(&contract.name, &contract.level);
    Ok(level.map(|level| look(service, (&level, &zone), case, now)))
}

fn look(
    service: &Service,
    (level, zone): (&Level, &TimeZone),
    case: &Case,
    now: Timestamp,
) -> Reading {
    let clock = Clock { hours: &level.hours, calendar: &service.calendar, zone };
    let promise = Promise {
        start: case.opened_at,
        minutes: level.response_minutes(case.emergency),
        pauses: &case.pauses,
        kept_at: case.responded_at,
    };
    clock.read(&promise, now)
}

/// The word of a standing.
#[must_use]
pub const fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Running => "running",
        Standing::Warned => "warned",
        Standing::Paused => "paused",
        Standing::Met => "met",
        Standing::Breached => "breached",
    }
}

#[cfg(test)]
pub mod testing {
    use jiff::Timestamp;
    use uuid::Uuid;

    use crate::store::{Case, CaseSeverity, CaseState, Channel};

    /// A case that was opened at a moment.
    pub fn a_case(opened_at: Timestamp) -> Case {
        Case {
            id: Uuid::now_v7(),
            contract: Uuid::now_v7(),
            year: 2026,
            serial: 1,
            channel: Channel::Phone,
            severity: CaseSeverity::Important,
            emergency: false,
            title: "DB 응답 없음".to_owned(),
            description: "접속이 되지 않습니다".to_owned(),
            state: CaseState::Open,
            opened_at,
            opened_by: "kim".to_owned(),
            assignee: String::new(),
            responded_at: None,
            pauses: Vec::new(),
            warned_at: None,
            breached_at: None,
            cause: String::new(),
            resolution: String::new(),
            resolved_at: None,
            closed_at: None,
            revision: 1,
        }
    }
}
