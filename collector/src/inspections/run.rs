//! What becomes of periods by themselves: they fall due, collect, are assessed when the evidence is
//! there, and are marked missed when it never came.
//!
//! A run takes no input and may happen twice at once. It looks at every contract in force, at most
//! [`PERIODS_MAX`] periods back; the next run is the retry. Intake never assesses.

use std::path::PathBuf;
use std::time::Duration;

use carepack_shared::period::Slot;
use jiff::Timestamp;

use super::{InspectionError, Inspector};
use crate::objects::Objects;
use crate::store::{Contract, Inspection, State, Store};

/// How often the running collector looks.
const EVERY: Duration = Duration::from_secs(300);
/// Periods looked back to: two years of months.
const PERIODS_MAX: usize = 24;
/// Of these, the newest may still be assessed by themselves; older ones wait for an engineer.
const ASSESSED_BACK_MAX: usize = 2;

/// What is known of one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// None: there is no row yet.
    pub state: Option<State>,
    /// Hosts whose evidence was in the assessment, if there is one.
    pub judged: Option<u32>,
    /// Hosts under contract, and those that have sent evidence of this period.
    pub hosts: u32,
    pub answered: u32,
    /// The contract was in force when the window ended.
    pub promised: bool,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    /// Its window has not begun.
    Due,
    Collecting,
    /// Every host has answered, or the window is over and some have.
    Assess,
    /// The window is over and nobody has answered.
    Missed,
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    pub expected: usize,
    pub missed: usize,
    pub assessed: usize,
    pub failed: usize,
}

/// What is to be done about a period at `now`. Pure.
#[must_use]
pub fn next(seen: Seen, slot: &Slot, now: Timestamp) -> Step {
    match seen.state {
        // A host that was silent has answered after all.
        Some(State::Assessed) if seen.judged.is_some_and(|judged| seen.answered > judged) => {
            return Step::Assess;
        }
        Some(State::Assessed | State::InReview | State::Published | State::Acknowledged) => {
            return Step::Nothing;
        }
        Some(State::Due | State::Collecting) | None => {}
    }
    let all = seen.hosts > 0 && seen.answered >= seen.hosts;
    if now >= slot.window_end {
        return match (seen.answered > 0, seen.promised) {
            (true, _) => Step::Assess,
            (false, true) => Step::Missed,
            (false, false) => Step::Nothing,
        };
    }
    // Evidence from before the window came as a file.
    match (all, now >= slot.window_start || seen.answered > 0) {
        (true, _) => Step::Assess,
        (false, true) => Step::Collecting,
        (false, false) => Step::Due,
    }
}

impl Inspector {
    /// Looks at every contract in force once.
    ///
    /// # Errors
    /// When the contracts cannot be listed; what fails for one contract is logged and counted.
    pub async fn run(&self, now: Timestamp) -> Result<Ran, InspectionError> {
        let mut ran = Ran::default();
        for contract in self.store.contracts().await? {
            if let Err(error) = self.run_one(&contract, now, &mut ran).await {
                ran.failed += 1;
                let words = carepack_shared::terminal::explain(&error, None);
                tracing::error!(contract = %contract.name, "inspections.failed: {words}");
            }
        }
        Ok(ran)
    }

    async fn run_one(
        &self,
        contract: &Contract,
        now: Timestamp,
        ran: &mut Ran,
    ) -> Result<(), InspectionError> {
        let known = self.store.inspections(Some(contract.id)).await?;
        let hosts = self.store.hosts(Some(contract.id)).await?;
        let hosts = hosts.iter().filter(|host| host.retired_at.is_none_or(|at| at > now)).count();
        let hosts = u32::try_from(hosts).unwrap_or(u32::MAX);
        for (back, (slot, promised)) in slots(contract, now)?.into_iter().enumerate() {
            let row = known.iter().find(|row| row.period == slot.period);
            if row.is_some_and(Inspection::is_missed) && back >= ASSESSED_BACK_MAX {
                continue;
            }
            let answered = self.store.answered(contract.id, &slot.period, now).await?;
            let seen = Seen {
                state: row.map(|row| row.state),
                judged: row.and_then(|row| row.hosts_answered),
                hosts,
                answered,
                promised,
            };
            let step = match next(seen, &slot, now) {
                Step::Assess if back >= ASSESSED_BACK_MAX && row.is_none() => Step::Missed,
                Step::Assess if back >= ASSESSED_BACK_MAX => Step::Nothing,
                step => step,
            };
            self.take(contract, &slot, step, (now, &mut *ran)).await?;
        }
        Ok(())
    }

    async fn take(
        &self,
        contract: &Contract,
        slot: &Slot,
        step: Step,
        (now, ran): (Timestamp, &mut Ran),
    ) -> Result<(), InspectionError> {
        let key = (contract.id, slot.period.as_str());
        match step {
            Step::Nothing => {}
            Step::Due => {
                ran.expected +=
                    usize::from(self.store.expect_inspection(key, State::Due, None).await?);
            }
            Step::Collecting => {
                let state = State::Collecting;
                ran.expected += usize::from(self.store.expect_inspection(key, state, None).await?);
            }
            Step::Missed => {
                let missed_at = Some(slot.window_end);
                if self.store.expect_inspection(key, State::Due, missed_at).await? {
                    tracing::warn!(contract = %contract.name, period = %slot.period, "inspection.missed");
                    ran.missed += 1;
                }
            }
            Step::Assess => {
                self.inspect(contract, &slot.period, now).await?;
                tracing::info!(contract = %contract.name, period = %slot.period, "inspection.assessed");
                ran.assessed += 1;
            }
        }
        Ok(())
    }
}

/// The period that the contract is in and those before it, the newest first; each with whether the
/// contract was in force when its window ended.
fn slots(contract: &Contract, now: Timestamp) -> Result<Vec<(Slot, bool)>, InspectionError> {
    let fault = |source| InspectionError::Period {
        contract: contract.name.clone(),
        period: now.to_string(),
        source,
    };
    let zone = jiff::tz::TimeZone::get(&contract.schedule.time_zone);
    let zone = zone.map_err(|error| fault(error.into()))?;
    let mut slots = Vec::new();
    let mut slot = contract.schedule.slot_at(now, "").map_err(fault)?;
    for _ in 0..PERIODS_MAX {
        let end = slot.window_end.to_zoned(zone.clone()).date();
        let before = contract.schedule.period_before(&slot.period).map_err(fault)?;
        let is_over = end < contract.starts;
        slots.push((slot, !is_over && end <= contract.ends));
        if is_over {
            break;
        }
        slot = contract.schedule.slot_of(&before, "").map_err(fault)?;
    }
    Ok(slots)
}

/// Runs until `stop`: every [`EVERY`]. A run in progress ends first; one that fails is logged, and
/// the next is the retry.
pub async fn keep_running(
    (store, objects): (Store, Objects),
    data: PathBuf,
    mut stop: tokio::sync::watch::Receiver<bool>,
) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = tick.tick() => {}
        }
        let stores = (store.clone(), objects.clone());
        let ran = match Inspector::open(stores, &data, None).await {
            Ok(inspector) => inspector.run(Timestamp::now()).await,
            Err(error) => Err(error),
        };
        match ran {
            Ok(ran) if ran != Ran::default() => tracing::info!(?ran, "inspections.ran"),
            Ok(_) => {}
            Err(error) => {
                let words = carepack_shared::terminal::explain(&error, None);
                tracing::error!("inspections.failed: {words}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use carepack_shared::period::{Cadence, Schedule};

    use super::*;

    fn slot() -> Slot {
        let schedule = Schedule {
            cadence: Cadence::Monthly,
            window_day: 5,
            window_hour: 1,
            window_hours: 4,
            time_zone: "Asia/Seoul".to_owned(),
        };
        schedule.slot_of("2026-11", "").unwrap()
    }

    const BEFORE: &str = "2026-11-03T00:00:00Z";
    const WITHIN: &str = "2026-11-04T18:00:00Z";
    const AFTER: &str = "2026-11-04T20:00:00Z";

    fn check(now: &str, state: Option<State>, (hosts, answered): (u32, u32), expected: Step) {
        let seen = Seen { state, judged: Some(1), hosts, answered, promised: true };
        let step = next(seen, &slot(), now.parse().unwrap());
        assert_eq!(step, expected, "{now} {state:?} {answered} of {hosts}");
    }

    #[test]
    fn a_period_goes_on_by_its_evidence_and_its_window() {
        check(BEFORE, None, (2, 0), Step::Due);
        check(BEFORE, None, (2, 1), Step::Collecting);
        check(WITHIN, Some(State::Due), (2, 0), Step::Collecting);
        check(WITHIN, Some(State::Collecting), (2, 2), Step::Assess);
        check(WITHIN, None, (0, 0), Step::Collecting);
        check(AFTER, Some(State::Collecting), (2, 1), Step::Assess);
        check(AFTER, Some(State::Collecting), (2, 0), Step::Missed);
        check(AFTER, Some(State::Due), (2, 0), Step::Missed);
    }

    #[test]
    fn what_is_assessed_is_assessed_again_only_for_a_host_that_was_silent() {
        check(AFTER, Some(State::Assessed), (3, 1), Step::Nothing);
        check(AFTER, Some(State::Assessed), (3, 2), Step::Assess);
        for state in [State::InReview, State::Published, State::Acknowledged] {
            check(AFTER, Some(state), (3, 3), Step::Nothing);
        }
    }

    #[test]
    fn a_window_from_before_the_contract_is_not_missed() {
        let seen = Seen { state: None, judged: None, hosts: 1, answered: 0, promised: false };
        assert_eq!(next(seen, &slot(), AFTER.parse().unwrap()), Step::Nothing);
    }
}
