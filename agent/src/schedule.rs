//! When to collect: a pure decision on facts that the caller brings, the clock included.

use carepack_shared::Reason;
use carepack_shared::wire::Policy;
use jiff::Timestamp;
use uuid::Uuid;

use crate::state::Progress;

/// What the decision is made on.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub now: Timestamp,
    /// The last policy heard; none before the first poll.
    pub policy: Option<&'a Policy>,
    pub progress: &'a Progress,
    /// Spreads the hosts over the window: the host's id.
    pub identity: &'a str,
    pub refuses_on_demand: bool,
    /// A collection runs or is asked for.
    pub busy: bool,
    /// A failed collection is not tried again before.
    pub not_before: Option<Timestamp>,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Collect(Job),
    /// Nothing before this moment, as far as the schedule is concerned.
    Wait(Timestamp),
    /// Nothing can be planned before a policy is heard.
    NoPolicy,
}

/// One collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub reason: Reason,
    pub period: String,
    /// The collector's request that it serves.
    pub request: Option<Uuid>,
}

/// Decides. A request of the collector goes before the schedule, so that an engineer who waits
/// is served first; the scheduled one follows at the next step.
///
/// # Errors
/// The policy's calendar makes no sense.
pub fn next_step(facts: Facts<'_>) -> Result<Step, carepack_shared::period::ScheduleError> {
    let Some(policy) = facts.policy else { return Ok(Step::NoPolicy) };
    let slot = policy.schedule.slot_at(facts.now, facts.identity)?;
    let next = next_due(policy, &slot, facts)?;
    if facts.busy {
        return Ok(Step::Wait(next));
    }
    if let Some(not_before) = facts.not_before.filter(|moment| facts.now < *moment) {
        return Ok(Step::Wait(not_before));
    }
    let asked = policy.collect_now.filter(|_| !facts.refuses_on_demand);
    if let Some(request) = asked.filter(|id| facts.progress.last_on_demand != Some(*id)) {
        let (reason, period) = (Reason::OnDemand, slot.period);
        return Ok(Step::Collect(Job { reason, period, request: Some(request) }));
    }
    if slot.is_due(facts.now, facts.progress.last_period.as_deref()) {
        let (reason, period) = (Reason::Scheduled, slot.period);
        return Ok(Step::Collect(Job { reason, period, request: None }));
    }
    Ok(Step::Wait(next))
}

/// The next scheduled moment: this period's, or the next one's when this one is served.
fn next_due(
    policy: &Policy,
    slot: &carepack_shared::period::Slot,
    facts: Facts<'_>,
) -> Result<Timestamp, carepack_shared::period::ScheduleError> {
    let served = facts.progress.last_period.as_deref().is_some_and(|l| l >= slot.period.as_str());
    if served {
        let next = policy.schedule.slot_at(slot.period_end, facts.identity)?;
        return Ok(next.due);
    }
    Ok(slot.due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carepack_shared::period::{Cadence, Schedule};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn policy() -> Policy {
        Policy {
            version: 1,
            schedule: Schedule {
                cadence: Cadence::Monthly,
                window_day: 5,
                window_hour: 1,
                window_hours: 4,
                time_zone: "Asia/Seoul".to_owned(),
            },
            poll_seconds: 300,
            collect_now: None,
            patterns: None,
            now: at("2026-11-01T00:00:00Z"),
        }
    }

    fn step(now: &str, policy: &Policy, progress: &Progress) -> Step {
        next_step(facts(now, policy, progress)).unwrap()
    }

    fn facts<'a>(now: &str, policy: &'a Policy, progress: &'a Progress) -> Facts<'a> {
        Facts {
            now: at(now),
            policy: Some(policy),
            progress,
            identity: "h",
            refuses_on_demand: false,
            busy: false,
            not_before: None,
        }
    }

    fn done(period: &str) -> Progress {
        Progress { last_period: Some(period.to_owned()), ..Progress::default() }
    }

    fn scheduled(period: &str) -> Step {
        let (reason, period) = (Reason::Scheduled, period.to_owned());
        Step::Collect(Job { reason, period, request: None })
    }

    #[test]
    fn the_schedule_over_a_year_of_hours_collects_once_a_month() {
        let mut progress = Progress::default();
        let mut now = at("2026-01-01T00:00:00Z");
        let mut taken = Vec::new();
        while now < at("2027-01-01T00:00:00Z") {
            let text = now.to_string();
            if let Step::Collect(job) = step(&text, &policy(), &progress) {
                progress.last_period = Some(job.period.clone());
                taken.push(job.period);
            }
            now += jiff::SignedDuration::from_hours(1);
        }
        let expected: Vec<_> = (1..=12).map(|month| format!("2026-{month:02}")).collect();
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_host_that_slept_is_due_when_it_wakes_and_a_clock_that_jumps_back_changes_nothing() {
        let policy = policy();
        assert_eq!(step("2026-11-29T00:00:00Z", &policy, &done("2026-10")), scheduled("2026-11"));
        assert_eq!(step("2026-11-29T00:00:00Z", &policy, &done("2026-08")), scheduled("2026-11"));
        let waits = |now, progress: &Progress| match step(now, &policy, progress) {
            Step::Wait(until) => until,
            other => panic!("{other:?}"),
        };
        assert!(waits("2026-11-29T00:00:00Z", &done("2026-11")) > at("2026-12-04T16:00:00Z"));
        assert!(waits("2026-11-02T00:00:00Z", &done("2026-10")) < at("2026-11-04T20:00:00Z"));
        // The clock jumped forward once, a period of the future was taken, then it was set right.
        waits("2026-11-29T00:00:00Z", &done("2027-03"));
        waits("1970-01-01T00:00:00Z", &done("2026-11"));
    }

    #[test]
    fn a_request_is_served_once_and_only_where_the_host_allows_it() {
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let asked = Policy { collect_now: Some(id), ..policy() };
        let now = "2026-11-20T00:00:00Z";
        let job = Job { reason: Reason::OnDemand, period: "2026-11".to_owned(), request: Some(id) };
        assert_eq!(step(now, &asked, &done("2026-11")), Step::Collect(job.clone()));
        // It goes first, the schedule follows.
        assert_eq!(step(now, &asked, &done("2026-10")), Step::Collect(job.clone()));
        let served = Progress { last_on_demand: Some(id), ..done("2026-10") };
        assert_eq!(step(now, &asked, &served), scheduled("2026-11"));
        let before = Progress { last_on_demand: Some(other), ..done("2026-11") };
        assert_eq!(step(now, &asked, &before), Step::Collect(job));
        let progress = done("2026-11");
        let refuses = Facts { refuses_on_demand: true, ..facts(now, &asked, &progress) };
        assert!(matches!(next_step(refuses).unwrap(), Step::Wait(_)));
    }

    #[test]
    fn one_at_a_time_and_a_failure_waits() {
        let (policy, progress) = (policy(), done("2026-10"));
        let due = facts("2026-11-20T00:00:00Z", &policy, &progress);
        assert!(matches!(next_step(Facts { busy: true, ..due }).unwrap(), Step::Wait(_)));
        let later = at("2026-11-20T00:10:00Z");
        let failed = Facts { not_before: Some(later), ..due };
        assert_eq!(next_step(failed).unwrap(), Step::Wait(later));
        let over = Facts { now: later, not_before: Some(later), ..due };
        assert_eq!(next_step(over).unwrap(), scheduled("2026-11"));
        assert_eq!(next_step(Facts { policy: None, ..due }).unwrap(), Step::NoPolicy);
    }
}
