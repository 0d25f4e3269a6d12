//! The states of a case: what may follow on what, and when the clock stands.

use carepack_service::clock::Pause;
use jiff::Timestamp;

use super::CaseError;
use crate::store::{Case, CaseState};

/// Most pauses of one case; one more is not counted for it.
const PAUSES_MAX: usize = 200;

/// The states that may follow on one.
#[must_use]
pub const fn may_follow(state: CaseState) -> &'static [CaseState] {
    use CaseState::{Closed, InProgress, Open, Resolved, WaitingCustomer};
    match state {
        Open => &[InProgress, WaitingCustomer, Resolved, Closed],
        InProgress => &[WaitingCustomer, Resolved, Closed],
        WaitingCustomer => &[InProgress, Resolved, Closed],
        // The fault came back.
        Resolved => &[InProgress, Closed],
        Closed => &[],
    }
}

/// Moves a case: waiting for the customer stops the clock, going on starts it again.
pub fn to(case: &mut Case, state: CaseState, now: Timestamp) -> Result<(), CaseError> {
    if !may_follow(case.state).contains(&state) {
        return Err(CaseError::NotNext { from: case.state, to: state });
    }
    if let Some(pause) = case.pauses.last_mut().filter(|pause| pause.until.is_none()) {
        pause.until = Some(now);
    }
    match state {
        CaseState::WaitingCustomer if case.pauses.len() < PAUSES_MAX => {
            case.pauses.push(Pause { from: now, until: None });
        }
        CaseState::Resolved => case.resolved_at = Some(now),
        CaseState::Closed => {
            case.resolved_at.get_or_insert(now);
            case.closed_at = Some(now);
        }
        CaseState::InProgress => case.resolved_at = None,
        CaseState::Open | CaseState::WaitingCustomer => {}
    }
    case.state = state;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::sla::testing::a_case;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}+09:00").parse().unwrap()
    }

    #[test]
    fn waiting_for_the_customer_stops_the_clock_until_it_goes_on() {
        let mut case = a_case(at("23T10:00"));
        to(&mut case, CaseState::WaitingCustomer, at("23T11:00")).unwrap();
        assert_eq!(case.pauses, [Pause { from: at("23T11:00"), until: None }]);
        to(&mut case, CaseState::InProgress, at("24T09:30")).unwrap();
        to(&mut case, CaseState::WaitingCustomer, at("24T10:00")).unwrap();
        to(&mut case, CaseState::Closed, at("24T12:00")).unwrap();
        let ends: Vec<_> = case.pauses.iter().map(|pause| pause.until).collect();
        assert_eq!(ends, [Some(at("24T09:30")), Some(at("24T12:00"))]);
        assert_eq!((case.resolved_at, case.closed_at), (Some(at("24T12:00")), case.closed_at));
    }

    #[test]
    fn a_closed_case_stays_closed_and_a_resolved_one_may_come_back() {
        let mut case = a_case(at("23T10:00"));
        to(&mut case, CaseState::Resolved, at("23T11:00")).unwrap();
        to(&mut case, CaseState::InProgress, at("23T12:00")).unwrap();
        assert_eq!(case.resolved_at, None);
        to(&mut case, CaseState::Closed, at("23T13:00")).unwrap();
        let refused = to(&mut case, CaseState::InProgress, at("23T14:00")).unwrap_err();
        assert_eq!(refused.to_string(), "a case that is closed cannot become in_progress");
        assert!(CaseState::ALL.iter().all(|state| !may_follow(*state).contains(state)));
    }
}
