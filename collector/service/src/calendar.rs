//! The holidays of Korea, by date, with the days that were added and removed by hand.
//!
//! Does not know who works when: that is a level's ([`crate::levels::Hours`]).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

const BUILT_IN: &str = include_str!("holidays.yaml");

/// One day on which offices are closed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    pub day: Date,
    pub ko: String,
    pub en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    estimated_from: i16,
    days: Vec<Holiday>,
}

/// What an operator changes: holidays decreed at short notice, days that are worked after all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amendment {
    estimated_from: Option<i16>,
    #[serde(default)]
    added: Vec<Holiday>,
    #[serde(default)]
    removed: Vec<Date>,
}

/// The holidays.
#[derive(Clone, Debug)]
pub struct Calendar {
    days: BTreeMap<Date, Holiday>,
    estimated_from: i16,
}

impl Calendar {
    /// The built-in table: Korea, 2024 to 2035.
    ///
    /// # Errors
    /// Never for the table that is built in; a test reads it.
    pub fn korea() -> Result<Self, serde_yaml_ng::Error> {
        let table: Table = serde_yaml_ng::from_str(BUILT_IN)?;
        let days = table.days.into_iter().map(|holiday| (holiday.day, holiday)).collect();
        Ok(Self { days, estimated_from: table.estimated_from })
    }

    /// Adds and removes the days of a text of `added`, `removed` and `estimated_from`.
    ///
    /// # Errors
    /// When the text is not of that form.
    pub fn amend(&mut self, text: &str) -> Result<(), serde_yaml_ng::Error> {
        let amendment: Amendment = serde_yaml_ng::from_str(text)?;
        for day in &amendment.removed {
            self.days.remove(day);
        }
        self.days.extend(amendment.added.into_iter().map(|holiday| (holiday.day, holiday)));
        self.estimated_from = amendment.estimated_from.unwrap_or(self.estimated_from);
        Ok(())
    }

    /// The holiday of a day, if it is one.
    #[must_use]
    pub fn holiday(&self, day: Date) -> Option<&Holiday> {
        self.days.get(&day)
    }

    /// Whether the holidays of a day's year may still change (추정).
    #[must_use]
    pub fn is_estimated(&self, day: Date) -> bool {
        day.year() >= self.estimated_from
    }

    /// All days, in order.
    pub fn days(&self) -> impl Iterator<Item = &Holiday> {
        self.days.values()
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn the_tricky_days_of_the_law_stand_in_the_table() {
        let korea = Calendar::korea().unwrap();
        let check = |text: &str, closed: bool| {
            assert_eq!(korea.holiday(day(text)).is_some(), closed, "{text}");
        };
        // Substitutes of 설날 2024 (Sunday) and 어린이날 2024 (Sunday).
        check("2024-02-12", true);
        check("2024-05-06", true);
        // 추석 2024 begins on Monday: no substitute.
        for text in ["2024-09-16", "2024-09-17", "2024-09-18"] {
            check(text, true);
        }
        check("2024-09-19", false);
        // Decreed at short notice.
        check("2024-10-01", true);
        check("2025-01-27", true);
        // 어린이날 and 부처님오신날 on one day; 추석 with a Sunday.
        check("2025-05-06", true);
        check("2025-10-08", true);
        // 노동절 and 제헌절 are public holidays from 2026 on.
        check("2025-05-01", false);
        check("2026-05-01", true);
        check("2025-07-17", false);
        check("2026-07-17", true);
        // 현충일 on Saturday and 추석 on Saturday have no substitute.
        check("2026-06-08", false);
        check("2026-09-28", false);
        check("2026-08-17", true);
        check("2027-02-09", true);
        check("2027-05-03", true);
        check("2027-07-19", true);
        check("2027-12-27", true);
        check("2028-10-05", true);
        // Elections.
        check("2024-04-10", true);
        check("2026-06-03", true);
        check("2028-04-12", true);
    }

    #[test]
    fn working_days_of_a_year() {
        let korea = Calendar::korea().unwrap();
        for (year, expected) in [(2025, 244), (2026, 245), (2027, 246), (2028, 243)] {
            let first = Date::constant(year, 1, 1);
            let works = |date: &Date| {
                date.weekday().to_monday_one_offset() <= 5 && korea.holiday(*date).is_none()
            };
            let days = first.series(1.day()).take_while(|date| date.year() == year);
            assert_eq!(days.filter(works).count(), expected, "{year}");
        }
    }

    #[test]
    fn an_operator_adds_and_removes_days() {
        let mut korea = Calendar::korea().unwrap();
        assert!(!korea.is_estimated(day("2027-12-31")) && korea.is_estimated(day("2028-01-01")));
        let text = "estimated_from: 2029\nremoved: [2027-01-01]\nadded:\n  \
                    - {day: 2027-01-04, ko: 임시공휴일, en: Temporary holiday}\n";
        korea.amend(text).unwrap();
        assert!(korea.holiday(day("2027-01-01")).is_none());
        assert_eq!(korea.holiday(day("2027-01-04")).unwrap().ko, "임시공휴일");
        assert!(!korea.is_estimated(day("2028-01-01")));
        assert!(korea.amend("holidays: [2027-01-01]").is_err(), "an unknown key");
    }
}
