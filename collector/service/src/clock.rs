//! The clock of a promise: working time from a start, without pauses, until it is kept or broken.
//!
//! Counts the hours of a level in a time zone, holidays as the level has them. Does not know what
//! is promised or why it pauses.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::levels::Hours;

/// Longest time that is counted over: what runs longer is long broken, or paused for good.
const DAYS_MAX: usize = 3700;
/// From this part of the promised time on somebody is warned, in percent.
pub const WARN_PERCENT: u32 = 75;

/// A time in which the clock stands; without an end it still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

/// What is promised, and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Promise<'p> {
    pub start: Timestamp,
    /// Working minutes.
    pub minutes: u32,
    pub pauses: &'p [Pause],
    /// When it was kept.
    pub kept_at: Option<Timestamp>,
}

/// Where a promise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Running,
    /// [`WARN_PERCENT`] of the time is used.
    Warned,
    Paused,
    Met,
    /// Not kept in time, or kept late.
    Breached,
}

/// A look at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub standing: Standing,
    /// None while it is paused, or when it lies further ahead than is counted.
    pub due: Option<Timestamp>,
    pub used: SignedDuration,
}

/// The hours that count.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'c> {
    pub hours: &'c Hours,
    pub calendar: &'c Calendar,
    pub zone: &'c TimeZone,
}

impl Clock<'_> {
    /// Working time between two moments without the pauses; zero when `to` is not later.
    #[must_use]
    pub fn worked(&self, from: Timestamp, to: Timestamp, pauses: &[Pause]) -> SignedDuration {
        let times = self.times(from, pauses).take_while(|(start, _)| *start < to);
        times.map(|(start, end)| end.min(to).duration_since(start)).sum()
    }

    /// When `wanted` working time from `start` on is over; none when a pause without an end comes
    /// before, or when it is further ahead than ten years.
    #[must_use]
    pub fn due(
        &self,
        start: Timestamp,
        wanted: SignedDuration,
        pauses: &[Pause],
    ) -> Option<Timestamp> {
        let mut left = wanted;
        for (from, until) in self.times(start, pauses) {
            let here = until.duration_since(from);
            if here >= left {
                return from.checked_add(left).ok();
            }
            left -= here;
        }
        None
    }

    /// Where a promise stands at `now`.
    #[must_use]
    pub fn read(&self, promise: &Promise, now: Timestamp) -> Reading {
        let at = promise.kept_at.unwrap_or(now);
        let wanted = SignedDuration::from_mins(promise.minutes.into());
        let due = self.due(promise.start, wanted, promise.pauses);
        let used = self.worked(promise.start, at, promise.pauses);
        let is_late = due.is_some_and(|due| at > due);
        let is_paused = promise
            .pauses
            .iter()
            .any(|pause| pause.from <= now && pause.until.is_none_or(|until| now < until));
        let standing = if is_late {
            Standing::Breached
        } else if promise.kept_at.is_some() {
            Standing::Met
        } else if is_paused {
            Standing::Paused
        } else if used * 100 >= wanted * i32::try_from(WARN_PERCENT).unwrap_or(100) {
            Standing::Warned
        } else {
            Standing::Running
        };
        Reading { standing, due, used }
    }

    /// The stretches in which the clock runs, from `from` on, in order.
    fn times<'t>(
        &'t self,
        from: Timestamp,
        pauses: &'t [Pause],
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + 't {
        let first = from.to_zoned(self.zone.clone()).date();
        std::iter::successors(Some(first), |day| day.tomorrow().ok())
            .take(DAYS_MAX)
            .filter_map(|day| self.opening(day))
            .filter_map(move |(opens, closes)| {
                let opens = opens.max(from);
                (opens < closes).then_some((opens, closes))
            })
            .flat_map(move |open| without(open, pauses))
    }

    /// When a day's work begins and ends; none on a day without.
    fn opening(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        let hours = self.hours;
        let is_off = !hours.on_holidays && self.calendar.holiday(day).is_some();
        if is_off || !hours.days.contains(&day.weekday().to_monday_one_offset()) {
            return None;
        }
        let at = |hour: i8| {
            let (day, hour) = if hour >= 24 { (day.tomorrow().ok()?, 0) } else { (day, hour) };
            Some(day.at(hour, 0, 0, 0).to_zoned(self.zone.clone()).ok()?.timestamp())
        };
        Some((at(hours.from_hour)?, at(hours.until_hour)?))
    }
}

/// What is left of an open time without the pauses, in order.
fn without(open: (Timestamp, Timestamp), pauses: &[Pause]) -> Vec<(Timestamp, Timestamp)> {
    let mut left = vec![open];
    for pause in pauses {
        let until = pause.until.unwrap_or(Timestamp::MAX);
        left = left
            .into_iter()
            .flat_map(|(start, end)| [(start, end.min(pause.from)), (start.max(until), end)])
            .filter(|(start, end)| start < end)
            .collect();
    }
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::levels::Catalogue;

    struct Fixture {
        hours: Hours,
        calendar: Calendar,
        zone: TimeZone,
    }

    impl Fixture {
        fn of(level: &str, zone: &str) -> Self {
            let level = Catalogue::with(None).unwrap().of("", level).unwrap();
            let calendar = Calendar::korea().unwrap();
            Self { hours: level.hours, calendar, zone: TimeZone::get(zone).unwrap() }
        }

        fn clock(&self) -> Clock<'_> {
            Clock { hours: &self.hours, calendar: &self.calendar, zone: &self.zone }
        }
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}+09:00").parse().unwrap()
    }

    #[test]
    fn due_lies_in_the_levels_hours() {
        let check = |level: &str, start: &str, hours: i64, due: &str| {
            let fixture = Fixture::of(level, "Asia/Seoul");
            let found = fixture.clock().due(at(start), SignedDuration::from_hours(hours), &[]);
            assert_eq!(found, Some(at(due)), "{level} {start}");
        };
        // Friday 16:30, four hours of 09 to 17: half an hour then, the rest on Monday.
        check("standard-12", "2026-11-27T16:30", 4, "2026-11-30T12:30");
        // 추석 2026 lies from Thursday to Saturday, 개천절 has a substitute.
        check("standard-12", "2026-09-23T16:30", 4, "2026-09-28T12:30");
        check("standard-3", "2026-10-02T16:00", 8, "2026-10-06T16:00");
        // Opened at night, and exactly on a day's end.
        check("standard-12", "2026-11-23T03:00", 4, "2026-11-23T13:00");
        check("standard-12", "2026-11-23T09:00", 8, "2026-11-23T17:00");
        check("standard-plus", "2026-11-27T22:00", 4, "2026-11-30T02:00");
        check("premium", "2026-09-25T23:30", 2, "2026-09-26T01:30");
    }

    #[test]
    fn a_pause_moves_the_due_moment_and_one_without_an_end_takes_it() {
        let fixture = Fixture::of("standard-12", "Asia/Seoul");
        let clock = fixture.clock();
        let start = at("2026-11-23T10:00");
        let pause =
            |from: &str, until: Option<&str>| Pause { from: at(from), until: until.map(at) };
        let four = SignedDuration::from_hours(4);
        let pauses = [
            pause("2026-11-23T11:00", Some("2026-11-23T13:00")),
            pause("2026-11-23T12:00", Some("2026-11-24T10:00")),
        ];
        assert_eq!(clock.due(start, four, &pauses), Some(at("2026-11-24T13:00")));
        let open = [pause("2026-11-23T11:00", None)];
        assert_eq!(clock.due(start, four, &open), None);
        // Too late to help: the promise was broken before.
        let late = [pause("2026-11-23T15:00", None)];
        assert_eq!(clock.due(start, four, &late), Some(at("2026-11-23T14:00")));
    }

    #[test]
    fn a_promise_stands_where_its_time_is_used() {
        let fixture = Fixture::of("standard-12", "Asia/Seoul");
        let start = at("2026-11-27T16:30");
        let pauses = [Pause { from: at("2026-11-30T10:00"), until: Some(at("2026-11-30T11:00")) }];
        let check = |now: &str, kept_at: Option<&str>, standing: Standing, used: i64| {
            let kept_at = kept_at.map(at);
            let promise = Promise { start, minutes: 240, pauses: &pauses, kept_at };
            let read = fixture.clock().read(&promise, at(now));
            assert_eq!((read.standing, read.used.as_mins()), (standing, used), "{now}");
            assert_eq!(read.due, Some(at("2026-11-30T13:30")));
        };
        check("2026-11-28T12:00", None, Standing::Running, 30);
        check("2026-11-30T10:30", None, Standing::Paused, 90);
        check("2026-11-30T12:29", None, Standing::Running, 179);
        check("2026-11-30T12:30", None, Standing::Warned, 180);
        check("2026-11-30T13:30", None, Standing::Warned, 240);
        check("2026-11-30T13:31", None, Standing::Breached, 241);
        check("2026-12-24T00:00", Some("2026-11-30T13:30"), Standing::Met, 240);
        check("2026-12-24T00:00", Some("2026-11-30T13:40"), Standing::Breached, 250);
    }

    #[test]
    fn a_promise_that_nobody_can_reach_ends() {
        let mut fixture = Fixture::of("standard-12", "Asia/Seoul");
        let far = SignedDuration::from_hours(1_000_000);
        assert_eq!(fixture.clock().due(at("2026-11-27T16:30"), far, &[]), None);
        fixture.hours.days = [7].into();
        let due = fixture.clock().due(at("2035-12-31T12:00"), SignedDuration::from_hours(8), &[]);
        assert_eq!(due, Some(at("2036-01-06T17:00")));
    }

    proptest! {
        #[test]
        fn due_is_reached_after_exactly_the_promised_time(
            second in 1_767_225_600_i64..1_893_456_000,
            minutes in 1_i64..5_000,
            level in 0_usize..3,
            zone in 0_usize..2,
            paused in 0_i64..200_000,
        ) {
            let level = ["premium", "standard-plus", "standard-12"][level];
            let fixture = Fixture::of(level, ["Asia/Seoul", "America/New_York"][zone]);
            let clock = fixture.clock();
            let start = Timestamp::from_second(second).unwrap();
            let wanted = SignedDuration::from_mins(minutes);
            let until = start + SignedDuration::from_secs(paused);
            let pauses = [Pause { from: start, until: Some(until) }];
            let due = clock.due(start, wanted, &pauses).unwrap();
            prop_assert_eq!(clock.worked(start, due, &pauses), wanted);
            prop_assert_eq!(clock.worked(until, due, &[]), wanted);
            let before = due - SignedDuration::from_secs(1);
            prop_assert!(clock.worked(start, before, &pauses) < wanted);
        }
    }
}
