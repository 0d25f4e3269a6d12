//! What `sar` prints, line by line: the tables of one day in the host's own time.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::{COLUMNS_MAX, LINE_BYTES_MAX, Samples, add};

/// A time that falls by more than this is the next day's.
const HALF_DAY_SECONDS: i32 = 12 * 3_600;

/// Reads one report of `sar`.
pub struct Sar {
    zone: TimeZone,
    date: Option<Date>,
    /// Columns of the table; empty between tables.
    head: Vec<String>,
    /// The table's last time, and how many midnights it passed.
    last: Option<(i32, i64)>,
    samples: Samples,
}

impl Sar {
    /// A report of a host in this time zone.
    #[must_use]
    pub const fn new(zone: TimeZone) -> Self {
        Self { zone, date: None, head: Vec::new(), last: None, samples: Samples::new() }
    }

    /// Takes a line.
    pub fn line(&mut self, line: &str) {
        if line.len() > LINE_BYTES_MAX {
            return;
        }
        let words: Vec<&str> = line.split_ascii_whitespace().take(COLUMNS_MAX).collect();
        match words.as_slice() {
            [] => self.head.clear(),
            ["Linux", rest @ ..] => {
                self.date = rest.iter().find_map(|word| date(word));
                self.head.clear();
            }
            words => self.row(words),
        }
    }

    fn row(&mut self, words: &[&str]) {
        let Some((seconds, rest)) = time(words) else { return };
        let Some(last) = rest.last() else { return };
        if last.starts_with(|c: char| c.is_ascii_digit()) {
            if let Some(when) = self.moment(seconds) {
                add(&mut self.samples, when, &self.head, rest);
            }
        } else if rest.iter().any(|word| word.starts_with("RESTART")) {
            self.head.clear();
        } else {
            self.head = rest.iter().map(|word| (*word).to_owned()).collect();
            self.last = Some((seconds, 0));
        }
    }

    /// Seconds since the epoch.
    fn moment(&mut self, seconds: i32) -> Option<i64> {
        let midnights = match self.last {
            Some((before, midnights)) if before - seconds > HALF_DAY_SECONDS => midnights + 1,
            Some((_, midnights)) => midnights,
            None => 0,
        };
        self.last = Some((seconds, midnights));
        let date = self.date?.checked_add(jiff::Span::new().days(midnights)).ok()?;
        let [hour, minute, second] = [seconds / 3_600, seconds / 60 % 60, seconds % 60];
        let byte = |n: i32| i8::try_from(n).ok();
        let time = Time::new(byte(hour)?, byte(minute)?, byte(second)?, 0).ok()?;
        let local = date.to_datetime(time);
        Some(self.zone.to_timestamp(local).ok()?.as_second())
    }

    /// What was told.
    #[must_use]
    pub fn samples(self) -> Samples {
        self.samples
    }
}

/// `2026-11-05` (ISO), `11/05/2026` and `11/05/26` (month first: the locales of the C library's
/// English, and what sysstat itself writes without a locale).
fn date(word: &str) -> Option<Date> {
    if word.len() == 10 && word.contains('-') {
        return word.parse().ok();
    }
    let mut parts = word.split('/').map(|part| part.parse::<i16>().ok());
    let (month, day, year) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if year < 100 { year + 2_000 } else { year };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `12:10:01 AM …` or `00:10:01 …`: seconds of the day, and what follows.
fn time<'w, 't>(words: &'w [&'t str]) -> Option<(i32, &'w [&'t str])> {
    let (clock, rest) = words.split_first()?;
    let mut parts = clock.split(':').map(|part| part.parse::<i32>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some()
        || !(0..24).contains(&hour)
        || !(0..60).contains(&minute)
        || !(0..60).contains(&second)
    {
        return None;
    }
    let (hour, rest) = match rest.split_first() {
        Some((&"AM", rest)) => (hour % 12, rest),
        Some((&"PM", rest)) => (hour % 12 + 12, rest),
        _ => (hour, rest),
    };
    Some((hour * 3_600 + minute * 60 + second, rest))
}
