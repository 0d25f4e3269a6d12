//! The contracted schedule: which period a moment belongs to, when a host is due, when it is late.
//!
//! Pure calendar: the caller brings the time. A period is a month (`2026-11`) or a quarter
//! (`2026-Q4`) in the contract's time zone; a host's own slot inside the collection window is a
//! hash of its identity, so that a fleet never arrives at once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How often a contract is inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    Monthly,
    Quarterly,
}

/// When to collect, as the contract says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    pub cadence: Cadence,
    /// First day of the window, 1–28, in the first month of the period.
    pub window_day: u8,
    /// First hour of the window, 0–23.
    pub window_hour: u8,
    /// Length of the window in hours, 1–240.
    pub window_hours: u16,
    /// IANA time zone, e.g. `Asia/Seoul`.
    pub time_zone: String,
}

/// A moment that the calendar cannot place.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    #[error("time zone {0:?} is not known; use an IANA name such as Asia/Seoul")]
    Zone(String),
    #[error("{field} is {value}, outside {allowed}")]
    Range { field: &'static str, value: u32, allowed: &'static str },
    #[error("period {0:?} is not of the form 2026-11 or 2026-Q4")]
    Period(String),
    #[error("the moment lies outside the calendar")]
    Calendar(#[from] jiff::Error),
}

/// One period of a schedule and this host's slot in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// `2026-11` or `2026-Q4`.
    pub period: String,
    pub window_start: Timestamp,
    pub window_end: Timestamp,
    /// This host's own moment inside the window.
    pub due: Timestamp,
    /// First moment of the next period.
    pub period_end: Timestamp,
}

impl Schedule {
    /// Refuses values that the calendar cannot keep.
    ///
    /// # Errors
    /// [`ScheduleError`] names the field, its value and what is allowed.
    pub fn check(&self) -> Result<(), ScheduleError> {
        let range = |field, value: u32, low: u32, high: u32, allowed| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(ScheduleError::Range { field, value, allowed })
            }
        };
        range("window_day", self.window_day.into(), 1, 28, "1 to 28")?;
        range("window_hour", self.window_hour.into(), 0, 23, "0 to 23")?;
        range("window_hours", self.window_hours.into(), 1, 240, "1 to 240")?;
        self.zone().map(|_| ())
    }

    /// The period that `now` belongs to, and the slot of `identity` in it.
    ///
    /// # Errors
    /// See [`Schedule::check`].
    pub fn slot_at(&self, now: Timestamp, identity: &str) -> Result<Slot, ScheduleError> {
        let local = now.to_zoned(self.zone()?);
        self.slot(local.year(), self.first_month(local.month()), identity)
    }

    /// The slot of `identity` in a named period.
    ///
    /// # Errors
    /// [`ScheduleError::Period`] when `period` is not one of this cadence.
    pub fn slot_of(&self, period: &str, identity: &str) -> Result<Slot, ScheduleError> {
        let bad = || ScheduleError::Period(period.to_owned());
        let (year, rest) = period.split_once('-').ok_or_else(bad)?;
        let year: i16 = year.parse().map_err(|_| bad())?;
        let month = match (self.cadence, rest.strip_prefix('Q')) {
            (Cadence::Quarterly, Some(quarter)) => match quarter {
                "1" => 1,
                "2" => 4,
                "3" => 7,
                "4" => 10,
                _ => return Err(bad()),
            },
            (Cadence::Monthly, None) if rest.len() == 2 => {
                rest.parse().ok().filter(|m| (1..=12).contains(m)).ok_or_else(bad)?
            }
            _ => return Err(bad()),
        };
        self.slot(year, month, identity)
    }

    /// The name of the period before `period`.
    ///
    /// # Errors
    /// [`ScheduleError::Period`] when `period` is not one of this cadence.
    pub fn period_before(&self, period: &str) -> Result<String, ScheduleError> {
        let start = self.period_start(period)?;
        let before = start.checked_sub(jiff::SignedDuration::from_hours(1))?;
        Ok(self.slot_at(before, "")?.period)
    }

    /// First moment of `period`.
    ///
    /// # Errors
    /// [`ScheduleError::Period`] when `period` is not one of this cadence.
    pub fn period_start(&self, period: &str) -> Result<Timestamp, ScheduleError> {
        let slot = self.slot_of(period, "")?;
        let end = slot.period_end.to_zoned(self.zone()?);
        Ok(end.checked_sub(jiff::Span::new().months(self.months()))?.timestamp())
    }

    fn slot(&self, year: i16, month: i8, identity: &str) -> Result<Slot, ScheduleError> {
        self.check()?;
        let zone = self.zone()?;
        let first = jiff::civil::date(year, month, 1);
        let day = i8::try_from(self.window_day).unwrap_or(28);
        let hour = i8::try_from(self.window_hour).unwrap_or(23);
        let start = jiff::civil::date(year, month, day)
            .at(hour, 0, 0, 0)
            .to_zoned(zone.clone())?
            .timestamp();
        let window = i64::from(self.window_hours) * 3600;
        let offset = spread(identity, window);
        let next = first.checked_add(jiff::Span::new().months(self.months()))?;
        Ok(Slot {
            period: match self.cadence {
                Cadence::Monthly => format!("{year}-{month:02}"),
                Cadence::Quarterly => format!("{year}-Q{}", (month - 1) / 3 + 1),
            },
            window_start: start,
            window_end: start.checked_add(jiff::SignedDuration::from_secs(window))?,
            due: start.checked_add(jiff::SignedDuration::from_secs(offset))?,
            period_end: next.to_zoned(zone)?.timestamp(),
        })
    }

    fn zone(&self) -> Result<jiff::tz::TimeZone, ScheduleError> {
        jiff::tz::TimeZone::get(&self.time_zone)
            .map_err(|_| ScheduleError::Zone(self.time_zone.clone()))
    }

    const fn months(&self) -> i64 {
        match self.cadence {
            Cadence::Monthly => 1,
            Cadence::Quarterly => 3,
        }
    }

    const fn first_month(&self, month: i8) -> i8 {
        match self.cadence {
            Cadence::Monthly => month,
            Cadence::Quarterly => (month - 1) / 3 * 3 + 1,
        }
    }
}

impl Slot {
    /// Whether to collect now, given the last period that was collected.
    ///
    /// A host that slept through its slot is due as soon as it wakes inside the period. A clock
    /// that jumped back (the last collected period lies in the future) does not make it due.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, last_period: Option<&str>) -> bool {
        now >= self.due && last_period.is_none_or(|last| last < self.period.as_str())
    }

    /// Whether a host that has sent nothing for this period is late at `now`.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        now > self.window_end
    }
}

/// A number in `0..range` that depends on the identity alone (first 8 bytes of its SHA-256).
fn spread(identity: &str, range: i64) -> i64 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(identity.as_bytes());
    let head = u64::from_be_bytes(digest[..8].try_into().expect("a digest has 32 bytes"));
    i64::try_from(head % range.max(1).unsigned_abs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn monthly() -> Schedule {
        Schedule {
            cadence: Cadence::Monthly,
            window_day: 5,
            window_hour: 1,
            window_hours: 4,
            time_zone: "Asia/Seoul".to_owned(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_begins_in_the_contracts_zone() {
        // 2026-10-31T15:30Z is already 1 November in Seoul.
        let slot = monthly().slot_at(at("2026-10-31T15:30:00Z"), "h").unwrap();
        assert_eq!(slot.period, "2026-11");
        assert_eq!(slot.window_start, at("2026-11-04T16:00:00Z"));
        assert_eq!(slot.window_end, at("2026-11-04T20:00:00Z"));
        assert_eq!(slot.period_end, at("2026-11-30T15:00:00Z"));
        assert!(slot.due >= slot.window_start && slot.due < slot.window_end);
    }

    #[test]
    fn quarters_and_their_neighbours() {
        let schedule = Schedule { cadence: Cadence::Quarterly, ..monthly() };
        let slot = schedule.slot_at(at("2026-12-31T12:00:00Z"), "h").unwrap();
        assert_eq!(slot.period, "2026-Q4");
        assert_eq!(schedule.slot_of("2026-Q4", "h").unwrap(), slot);
        assert_eq!(schedule.period_before("2026-Q1").unwrap(), "2025-Q4");
        assert_eq!(monthly().period_before("2026-01").unwrap(), "2025-12");
        assert_eq!(monthly().period_start("2026-02").unwrap(), at("2026-01-31T15:00:00Z"));
        assert!(schedule.slot_of("2026-11", "h").is_err());
        assert!(monthly().slot_of("2026-13", "h").is_err());
    }

    #[test]
    fn due_once_a_period_and_never_because_of_a_clock_that_jumped_back() {
        let slot = monthly().slot_at(at("2026-11-20T00:00:00Z"), "h").unwrap();
        assert!(!slot.is_due(slot.window_start, Some("2026-10")) || slot.due == slot.window_start);
        assert!(slot.is_due(at("2026-11-20T00:00:00Z"), Some("2026-10")));
        assert!(slot.is_due(at("2026-11-20T00:00:00Z"), None));
        assert!(!slot.is_due(at("2026-11-20T00:00:00Z"), Some("2026-11")));
        assert!(!slot.is_due(at("2026-11-20T00:00:00Z"), Some("2027-01")));
    }

    #[test]
    fn a_fleet_spreads_over_the_window() {
        let slots: std::collections::BTreeSet<_> = (0..100)
            .map(|n| monthly().slot_of("2026-11", &format!("host-{n}")).unwrap().due)
            .collect();
        assert!(slots.len() > 95, "{} distinct moments of 100", slots.len());
    }

    #[test]
    fn impossible_windows_are_named() {
        let bad = Schedule { window_day: 31, ..monthly() };
        assert!(bad.check().unwrap_err().to_string().contains("window_day is 31"));
        let zone = Schedule { time_zone: "Seoul".to_owned(), ..monthly() };
        assert!(zone.check().unwrap_err().to_string().contains("Asia/Seoul"));
    }
}
