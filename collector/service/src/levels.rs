//! The catalogue of service levels: what a contract is promised, as data.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

const BUILT_IN: &str = include_str!("levels.yaml");
/// The level of a contract whose own word is not in the catalogue: the most careful one.
const CAREFUL: &str = "premium";
/// Longest promised time, in working hours: a month of days and nights.
const HOURS_MAX: u32 = 31 * 24;
/// Most visits a year: one a working day.
const VISITS_MAX: u16 = 260;

/// A catalogue that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LevelsError {
    #[error("not a catalogue of service levels")]
    Malformed(#[from] serde_yaml_ng::Error),
    #[error("{of}: {what}")]
    Value { of: String, what: &'static str },
    #[error("the catalogue has no level {0:?}")]
    Missing(&'static str),
}

/// When a level is served.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// 1 Monday to 7 Sunday.
    pub days: BTreeSet<i8>,
    pub from_hour: i8,
    /// 24 is the day's end.
    pub until_hour: i8,
    pub on_holidays: bool,
}

/// How often somebody inspects on site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Onsite {
    Monthly,
    Quarterly,
    None,
}

/// One level.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    pub ko: String,
    pub en: String,
    pub hours: Hours,
    /// 응답시간, in working hours.
    pub first_response_hours: u32,
    /// (긴급)장애 지원, in working hours.
    pub emergency_hours: u32,
    /// 0: agreed per contract (협의).
    pub visits_a_year: u16,
    pub remote_inspection: bool,
    pub onsite_inspection: Onsite,
    pub options: BTreeSet<String>,
}

impl Level {
    /// Working minutes in which the first response is promised.
    #[must_use]
    pub const fn response_minutes(&self, emergency: bool) -> u32 {
        60 * if emergency { self.emergency_hours } else { self.first_response_hours }
    }

    fn check(&self, of: &str) -> Result<(), LevelsError> {
        let hours = &self.hours;
        let fault = |what| Err(LevelsError::Value { of: of.to_owned(), what });
        if hours.days.is_empty() || !hours.days.iter().all(|day| (1..=7).contains(day)) {
            return fault("days wants some of 1 to 7");
        }
        if !(0 <= hours.from_hour && hours.from_hour < hours.until_hour && hours.until_hour <= 24) {
            return fault("hours want 0 <= from_hour < until_hour <= 24");
        }
        let promised = [self.first_response_hours, self.emergency_hours];
        if !promised.iter().all(|hours| (1..=HOURS_MAX).contains(hours)) {
            return fault("a promised time wants 1 to 744 working hours");
        }
        if self.visits_a_year > VISITS_MAX {
            return fault("visits_a_year wants 0 to 260");
        }
        Ok(())
    }
}

/// What a contract has otherwise than its level.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Override {
    hours: Option<Hours>,
    first_response_hours: Option<u32>,
    emergency_hours: Option<u32>,
    visits_a_year: Option<u16>,
    remote_inspection: Option<bool>,
    onsite_inspection: Option<Onsite>,
    options: Option<BTreeSet<String>>,
}

impl Override {
    fn over(&self, level: &Level) -> Level {
        let options = self.options.as_ref().unwrap_or(&level.options);
        Level {
            ko: level.ko.clone(),
            en: level.en.clone(),
            hours: self.hours.clone().unwrap_or_else(|| level.hours.clone()),
            first_response_hours: self.first_response_hours.unwrap_or(level.first_response_hours),
            emergency_hours: self.emergency_hours.unwrap_or(level.emergency_hours),
            visits_a_year: self.visits_a_year.unwrap_or(level.visits_a_year),
            remote_inspection: self.remote_inspection.unwrap_or(level.remote_inspection),
            onsite_inspection: self.onsite_inspection.unwrap_or(level.onsite_inspection),
            options: options.clone(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    levels: BTreeMap<String, Level>,
    #[serde(default)]
    contracts: BTreeMap<String, Override>,
}

/// All levels, and what single contracts have otherwise.
#[derive(Clone, Debug)]
pub struct Catalogue {
    levels: BTreeMap<String, Level>,
    contracts: BTreeMap<String, Override>,
}

impl Catalogue {
    /// The built-in levels with `own`, the text of DATA/service/levels.yaml, over them.
    ///
    /// # Errors
    /// [`LevelsError`] names the level or the contract.
    pub fn with(own: Option<&str>) -> Result<Self, LevelsError> {
        let mut file: File = serde_yaml_ng::from_str(BUILT_IN)?;
        if let Some(text) = own {
            let own: File = serde_yaml_ng::from_str(text)?;
            file.levels.extend(own.levels);
            file.contracts.extend(own.contracts);
        }
        for (id, level) in &file.levels {
            level.check(id)?;
        }
        let careful = file.levels.get(CAREFUL).ok_or(LevelsError::Missing(CAREFUL))?;
        for (contract, own) in &file.contracts {
            own.over(careful).check(contract)?;
        }
        Ok(Self { levels: file.levels, contracts: file.contracts })
    }

    /// All levels by id, as they hold for a contract without values of its own.
    pub fn levels(&self) -> impl Iterator<Item = (&str, &Level)> {
        self.levels.iter().map(|(id, level)| (id.as_str(), level))
    }

    /// What a contract (by its name) of a level is promised.
    #[must_use]
    pub fn of(&self, contract: &str, level: &str) -> Option<Level> {
        let level = self.levels.get(level).or_else(|| self.levels.get(CAREFUL))?;
        let own = self.contracts.get(contract);
        Some(own.map_or_else(|| level.clone(), |own| own.over(level)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_levels_are_those_of_the_policy() {
        let catalogue = Catalogue::with(None).unwrap();
        let check = |id: &str, response: u32, visits: u16, onsite: Onsite| {
            let level = catalogue.of("any", id).unwrap();
            assert_eq!((level.first_response_hours, level.visits_a_year), (response, visits));
            assert_eq!(level.onsite_inspection, onsite, "{id}");
        };
        check("premium", 2, 0, Onsite::Monthly);
        check("standard-plus", 4, 0, Onsite::Quarterly);
        check("standard-12", 4, 12, Onsite::Quarterly);
        check("standard-3", 8, 3, Onsite::None);
        check("of an older register", 2, 0, Onsite::Monthly);
    }

    #[test]
    fn a_contract_has_its_own_values_and_an_unknown_key_is_refused() {
        let own = "contracts: {shop: {first_response_hours: 1, visits_a_year: 24}}";
        let catalogue = Catalogue::with(Some(own)).unwrap();
        let shop = catalogue.of("shop", "standard-3").unwrap();
        assert_eq!((shop.response_minutes(false), shop.response_minutes(true)), (60, 480));
        assert_eq!(shop.visits_a_year, 24);
        assert_eq!(catalogue.of("bank", "standard-3").unwrap().visits_a_year, 3);
        for wrong in [
            "contracts: {shop: {first_response: 1}}",
            "contracts: {shop: {first_response_hours: 0}}",
            "contracts: {shop: {hours: {days: [8], from_hour: 9, until_hour: 17, on_holidays: false}}}",
        ] {
            assert!(Catalogue::with(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
