//! When a customer is told: at once, with the weekly digest, or not at all; and how long an
//! answer may take.
//!
//! Pure but for reading the files. The built-in values are `policy.yaml` beside this file;
//! `DATA/notices/policy.yaml` changes them for all contracts, `DATA/notices/CONTRACT.yaml` for one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use carepack_advisories::model::{Advisory, Severity};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;

use crate::service::{self, ServiceError};
use crate::store::Hold;

const BUILT_IN: &str = include_str!("policy.yaml");
/// Longest policy file that is read.
const BYTES_MAX: u64 = 64 * 1024;
/// Longest time that working hours are counted over: a notice that old is overdue anyway.
const DAYS_COUNTED_MAX: i32 = 400;

/// A policy that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("reading {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is longer than {BYTES_MAX} bytes", path.display())]
    TooLong { path: PathBuf },
    #[error("{} is no notice policy", path.display())]
    Malformed {
        path: PathBuf,
        #[source]
        source: serde_yaml_ng::Error,
    },
    #[error("{}: {what}", path.display())]
    Value { path: PathBuf, what: String },
    #[error(transparent)]
    Holidays(#[from] ServiceError),
}

/// Which notices do not wait.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtOnce {
    pub severities: BTreeSet<Severity>,
    pub exploited: bool,
    /// A notice waits until no host has joined it for so long: the hosts of one window come one
    /// after another, and each contact should hear once.
    #[serde(default)]
    pub settle_minutes: u16,
}

/// The weekly moment of the digest, in the contract's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weekly {
    /// 1 Monday to 7 Sunday.
    pub weekday: i8,
    /// 0 to 23.
    pub hour: i8,
}

/// A service level's clock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// 1 Monday to 7 Sunday.
    pub days: BTreeSet<i8>,
    pub from_hour: i8,
    /// 24 is the day's end.
    pub until_hour: i8,
    pub on_holidays: bool,
    /// Working hours that an answer may take: to what was told at once, and to the rest.
    pub answer_hours_at_once: u32,
    pub answer_hours: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    at_once: Option<AtOnce>,
    digest: Option<Weekly>,
    age_days_max: Option<u16>,
    link_days: Option<u16>,
    /// Only in the built-in file and in that of all contracts.
    #[serde(default)]
    levels: BTreeMap<String, Level>,
    #[serde(default)]
    holidays: BTreeSet<Date>,
    /// Only in a contract's.
    level: Option<Level>,
}

/// What holds for one contract.
#[derive(Clone, Debug)]
pub struct Policy {
    pub at_once: AtOnce,
    pub digest: Weekly,
    pub age_days_max: u16,
    pub link_days: u16,
    pub level: Level,
    pub holidays: BTreeSet<Date>,
}

impl Policy {
    /// The policy of a contract by name and service level, from the data folder.
    ///
    /// # Errors
    /// [`PolicyError`] names the file.
    pub fn of(data: &Path, contract: &str, level: &str) -> Result<Self, PolicyError> {
        let built_in = PathBuf::from("the built-in policy.yaml");
        let base = parse(BUILT_IN, &built_in)?;
        let folder = data.join("notices");
        let all = read(&folder.join("policy.yaml"))?;
        let korea = service::calendar(data)?;
        // A contract's name is the engineer's own word; one that is no file name has no file.
        let own = is_file_name(contract).then(|| folder.join(format!("{contract}.yaml")));
        let own = own.as_deref().map_or(Ok(None), read)?;
        let mut policy = Self::merge([Some(base), all, own], level, &built_in)?;
        policy.holidays.extend(korea.days().map(|holiday| holiday.day));
        Ok(policy)
    }

    fn merge(files: [Option<File>; 3], level: &str, built_in: &Path) -> Result<Self, PolicyError> {
        let (mut at_once, mut digest, mut age, mut link, mut own) = (None, None, None, None, None);
        let mut levels = BTreeMap::new();
        let mut holidays = BTreeSet::new();
        for file in files.into_iter().flatten() {
            at_once = file.at_once.or(at_once);
            digest = file.digest.or(digest);
            age = file.age_days_max.or(age);
            link = file.link_days.or(link);
            own = file.level.or(own);
            levels.extend(file.levels);
            holidays.extend(file.holidays);
        }
        let missing = |what: &str| PolicyError::Value {
            path: built_in.to_owned(),
            what: format!("{what} is missing"),
        };
        // A level of another name, from an older register, is served as the most careful one.
        let level = own.or_else(|| levels.remove(level)).or_else(|| levels.remove("premium"));
        Ok(Self {
            at_once: at_once.ok_or_else(|| missing("at_once"))?,
            digest: digest.ok_or_else(|| missing("digest"))?,
            age_days_max: age.ok_or_else(|| missing("age_days_max"))?,
            link_days: link.ok_or_else(|| missing("link_days"))?,
            level: level.ok_or_else(|| missing("levels.premium"))?,
            holidays,
        })
    }

    /// What keeps a new revision from being sent.
    #[must_use]
    pub fn hold(&self, severity: Severity, exploited: bool) -> Hold {
        if self.at_once.severities.contains(&severity) || (self.at_once.exploited && exploited) {
            Hold::None
        } else {
            Hold::Digest
        }
    }

    /// Whether hosts may still be joining a notice that goes at once.
    #[must_use]
    pub fn is_settling(&self, revised_at: Timestamp, now: Timestamp) -> bool {
        let settle = SignedDuration::from_mins(self.at_once.settle_minutes.into());
        now.duration_since(revised_at) < settle
    }

    /// Whether an advisory is still news.
    #[must_use]
    pub fn is_news(&self, advisory: &Advisory, now: Timestamp) -> bool {
        let age_max = SignedDuration::from_hours(24 * i64::from(self.age_days_max));
        let changed = advisory.updated.max(advisory.published);
        (self.at_once.exploited && advisory.is_exploited())
            || now.duration_since(changed) <= age_max
    }

    /// The last weekly moment that is not after `now`.
    #[must_use]
    pub fn digest_moment(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = now.to_zoned(zone.clone()).date();
        let back = (today.weekday().to_monday_one_offset() - self.digest.weekday).rem_euclid(7);
        let moment = |days: i8| {
            let day = today.checked_sub(i64::from(days).days()).ok()?;
            let at = day.at(self.digest.hour, 0, 0, 0).to_zoned(zone.clone()).ok()?;
            Some(at.timestamp())
        };
        moment(back).filter(|at| *at <= now).or_else(|| moment(back + 7))
    }

    /// Working hours that an answer may take.
    #[must_use]
    pub fn answer_hours(&self, severity: Severity, exploited: bool) -> u32 {
        match self.hold(severity, exploited) {
            Hold::None => self.level.answer_hours_at_once,
            _ => self.level.answer_hours,
        }
    }

    /// Time on the level's clock between two moments.
    #[must_use]
    pub fn worked(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> SignedDuration {
        let mut day = from.to_zoned(zone.clone()).date();
        let mut sum = SignedDuration::ZERO;
        for _ in 0..DAYS_COUNTED_MAX {
            let Some((opens, closes)) = self.hours(day, zone) else {
                let Ok(next) = day.tomorrow() else { break };
                day = next;
                if day.to_zoned(zone.clone()).is_ok_and(|start| start.timestamp() > to) {
                    break;
                }
                continue;
            };
            if opens > to {
                break;
            }
            let worked = closes.min(to).duration_since(opens.max(from));
            sum += worked.max(SignedDuration::ZERO);
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        sum
    }

    /// When a day's work begins and ends; none on a day without.
    fn hours(&self, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        let weekday = day.weekday().to_monday_one_offset();
        let off = !self.level.on_holidays && self.holidays.contains(&day);
        if !self.level.days.contains(&weekday) || off {
            return None;
        }
        let at = |hour: i8| {
            let (day, hour) = if hour >= 24 { (day.tomorrow().ok()?, 0) } else { (day, hour) };
            Some(day.at(hour, 0, 0, 0).to_zoned(zone.clone()).ok()?.timestamp())
        };
        Some((at(self.level.from_hour)?, at(self.level.until_hour)?))
    }
}

fn is_file_name(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && !name.starts_with('.') && name != "policy" && name.chars().all(allowed)
}

fn read(path: &Path) -> Result<Option<File>, PolicyError> {
    let fail = |source| PolicyError::Read { path: path.to_owned(), source };
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(fail)?,
    };
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(fail)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(PolicyError::TooLong { path: path.to_owned() });
    }
    parse(&text, path).map(Some)
}

fn parse(text: &str, path: &Path) -> Result<File, PolicyError> {
    let file: File = serde_yaml_ng::from_str(text)
        .map_err(|source| PolicyError::Malformed { path: path.to_owned(), source })?;
    let fault = |what: String| PolicyError::Value { path: path.to_owned(), what };
    if let Some(digest) = file.digest
        && !((1..=7).contains(&digest.weekday) && (0..=23).contains(&digest.hour))
    {
        return Err(fault("digest wants weekday 1 to 7 and hour 0 to 23".to_owned()));
    }
    for level in file.levels.values().chain(file.level.as_ref()) {
        let hours = 0 <= level.from_hour && level.from_hour < level.until_hour;
        let days = !level.days.is_empty() && level.days.iter().all(|day| (1..=7).contains(day));
        if !hours || level.until_hour > 24 || !days {
            let what = "a level wants days 1 to 7 and hours with 0 <= from_hour < until_hour <= 24";
            return Err(fault(what.to_owned()));
        }
    }
    if file.link_days.is_some_and(|days| !(1..=3650).contains(&days)) {
        return Err(fault("link_days wants 1 to 3650".to_owned()));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(level: &str) -> Policy {
        Policy::of(Path::new("/nonexistent"), "shop", level).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn seoul() -> TimeZone {
        TimeZone::get("Asia/Seoul").unwrap()
    }

    #[test]
    fn critical_and_exploited_go_at_once_and_the_rest_waits() {
        let policy = policy("standard-12");
        assert_eq!(policy.hold(Severity::Critical, false), Hold::None);
        assert_eq!(policy.hold(Severity::Low, true), Hold::None);
        assert_eq!(policy.hold(Severity::Important, false), Hold::Digest);
        assert_eq!(policy.answer_hours(Severity::Critical, false), 16);
        assert_eq!(policy.answer_hours(Severity::Moderate, false), 56);
    }

    #[test]
    fn the_digest_is_on_the_contracts_monday_morning() {
        let check = |now: &str, expected: &str| {
            let found = policy("premium").digest_moment(at(now), &seoul());
            assert_eq!(found, Some(at(expected)), "{now}");
        };
        // Monday 2026-11-23 09:00 in Seoul is 00:00 in UTC.
        check("2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z");
        check("2026-11-22T23:59:59Z", "2026-11-16T00:00:00Z");
        check("2026-11-29T14:59:00Z", "2026-11-23T00:00:00Z");
    }

    #[test]
    fn only_the_levels_hours_count() {
        let check = |level: &str, from: &str, to: &str, minutes: i64| {
            let worked = policy(level).worked(at(from), at(to), &seoul());
            assert_eq!(worked.as_mins(), minutes, "{level} {from} {to}");
        };
        // Friday 16:00 to Monday 10:00 in Seoul.
        let (friday, monday) = ("2026-11-20T07:00:00Z", "2026-11-23T01:00:00Z");
        check("standard-12", friday, monday, 120);
        check("standard-plus", friday, monday, (8 + 10) * 60);
        check("premium", friday, monday, 66 * 60);
        // Around 추석 2026: Wednesday 16:00 to Monday 10:00.
        check("standard-3", "2026-09-23T07:00:00Z", "2026-09-28T01:00:00Z", 120);
        check("premium", "2026-09-23T07:00:00Z", "2026-09-28T01:00:00Z", 114 * 60);
        // Within one evening, and backwards.
        check("standard-12", "2026-11-23T09:00:00Z", "2026-11-23T12:00:00Z", 0);
        check("premium", monday, friday, 0);
    }

    #[test]
    fn a_contracts_own_values_come_last() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("notices")).unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join("notices").join(name), text).unwrap();
        };
        write("policy.yaml", "age_days_max: 60\nholidays: [2026-11-24]\n");
        write("shop.yaml", "digest: {weekday: 5, hour: 14}\n");
        let shop = Policy::of(folder.path(), "shop", "standard-12").unwrap();
        assert_eq!((shop.age_days_max, shop.link_days), (60, 90));
        assert_eq!(shop.digest, Weekly { weekday: 5, hour: 14 });
        assert!(shop.holidays.contains(&"2026-11-24".parse::<Date>().unwrap()));
        assert!(shop.holidays.len() > 40, "the built-in ones stay");
        let other = Policy::of(folder.path(), "../policy", "standard-12").unwrap();
        assert_eq!(other.digest.weekday, 1);
        write("shop.yaml", "digest: {weekday: 8, hour: 14}\n");
        let refused = Policy::of(folder.path(), "shop", "standard-12").unwrap_err();
        assert!(refused.to_string().contains("shop.yaml"), "{refused}");
    }
}
