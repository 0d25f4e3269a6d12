//! Samples → what travels: minimum, mean, 95th percentile and maximum of each hour.
//!
//! The shape of the survey `resources`:
//! ```text
//! {"source": "sampler", "every_seconds": 60, "from": EPOCH, "hours": N, "samples": N,
//!  "expected": N, "starts": N, "history": [[AT, N], …], "series": […]}
//! ```
//! How the numbers of a series are packed stands in [`carepack_facts::hourly`]; their units are in
//! [`super::rates`]. `expected` is how many minutes lie between the first and the last sample,
//! `starts` how often the sampler began. `more` names devices that were left out. Hours without a
//! sample of our own are those of sysstat where it kept any: `history` tells which, from the
//! AT-th hour on N of them; they count as sixty samples. Where all are, `source` is `sysstat`.
//!
//! `top` are the programs that used most: `{"name", "hours", "cpu_ms", "rss_max_kib", "rss"}`, of
//! the hours in which they were among the first; `rss` is KiB at the last such hour of each day.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use carepack_facts::hourly::{HOUR, Hours, Survey, put};
use carepack_facts::sysstat::{Samples, runs};
use serde_json::{Value, json};

use super::processes::Top;
use super::ring::{self, Entry};

/// Programs that travel, by CPU time and by memory.
const PROGRAMS_MAX: usize = 10;
const PROGRAMS_SEEN_MAX: usize = 500;
/// A quarter and a margin.
const HOURS_MAX: i64 = 2_400;
const MINUTES: u64 = 60;

/// Who tells of hours without a sample of our own: it is given those that there are, as numbers
/// since the epoch.
pub type Fill<'f> = dyn FnMut(&BTreeSet<i64>) -> Samples + 'f;

/// The hours since `since`; none when there is no sample.
///
/// # Errors
/// The folder cannot be read.
pub fn hours(folder: &Path, since: i64, fill: &mut Fill<'_>) -> std::io::Result<Option<Value>> {
    let mut ours = Ours::default();
    let mut programs = Programs::default();
    ring::read(folder, since, &mut |entry| match entry {
        Entry::Sample { when, first, names, values } => ours.see(when, first, names, values),
        Entry::Top { when, top } => programs.see(when, top),
    })?;
    let mut history = fill(&ours.hours);
    history.retain(|when, _| *when >= since && !ours.hours.contains(&when.div_euclid(HOUR)));
    for (when, sample) in &history {
        ours.survey.at(*when);
        sample.iter().for_each(|(name, value)| ours.survey.see(name, *value));
    }
    let Some((begun, ended)) = ours.survey.span else { return Ok(None) };
    let from = begun.max(ended - HOURS_MAX * HOUR).div_euclid(HOUR) * HOUR;
    let (chosen, more) = ours.survey.choose();
    let mut hours = Hours::new(chosen);
    let mut earlier = history.range(from..).peekable();
    ring::read(folder, from, &mut |entry| {
        let Entry::Sample { when, names, values, .. } = entry else { return };
        while let Some((then, sample)) = earlier.next_if(|(then, _)| **then < when) {
            add(&mut hours, then - from, sample.iter());
        }
        let named = values.iter().filter_map(|(at, value)| Some((names.get(*at)?, value)));
        add(&mut hours, when - from, named);
    })?;
    for (then, sample) in earlier {
        add(&mut hours, then - from, sample.iter());
    }
    let count = (ended - from).div_euclid(HOUR) + 1;
    let filled: BTreeSet<i64> =
        history.range(from..).map(|(when, _)| (when - from).div_euclid(HOUR)).collect();
    let every = super::EVERY.as_secs();
    let expected = (ended - begun) / i64::try_from(every).unwrap_or(60) + 1;
    let source = if ours.samples == 0 { "sysstat" } else { "sampler" };
    Ok(Some(json!({
        "source": source,
        "every_seconds": every,
        "from": from,
        "hours": count,
        "samples": ours.samples + filled.len() as u64 * MINUTES,
        "expected": expected,
        "starts": ours.starts,
        "history": runs(&filled),
        "more": more,
        "top": programs.told(),
        "series": hours.told(count),
    })))
}

fn add<'s>(hours: &mut Hours, second: i64, values: impl Iterator<Item = (&'s String, &'s i64)>) {
    if hours.reach(second.div_euclid(HOUR)) {
        values.for_each(|(name, value)| hours.see(name, *value));
    }
}

/// What our own samples say before they are summed up.
#[derive(Default)]
struct Ours {
    survey: Survey,
    samples: u64,
    starts: u64,
    /// Since the epoch.
    hours: BTreeSet<i64>,
}

impl Ours {
    fn see(&mut self, when: i64, first: bool, names: &[String], values: &[(usize, i64)]) {
        self.survey.at(when);
        self.samples += 1;
        self.starts += u64::from(first);
        self.hours.insert(when.div_euclid(HOUR));
        for (number, value) in values {
            if let Some(name) = names.get(*number) {
                self.survey.see(name, *value);
            }
        }
    }
}

/// Programs that were among the first of some hour.
#[derive(Default)]
struct Programs {
    seen: BTreeMap<String, Program>,
}

#[derive(Default)]
struct Program {
    hours: u64,
    cpu_ms: u64,
    rss_max_kib: u64,
    /// Day and memory.
    days: Vec<(i64, u64)>,
}

impl Programs {
    fn see(&mut self, when: i64, top: Vec<Top>) {
        for one in top {
            if self.seen.len() >= PROGRAMS_SEEN_MAX && !self.seen.contains_key(&one.name) {
                continue;
            }
            let program = self.seen.entry(one.name).or_default();
            program.hours += 1;
            program.cpu_ms = program.cpu_ms.saturating_add(one.cpu_ms);
            program.rss_max_kib = program.rss_max_kib.max(one.rss_kib);
            let day = when.div_euclid(24 * HOUR);
            match program.days.last_mut() {
                Some(last) if last.0 >= day => last.1 = one.rss_kib,
                _ => program.days.push((day, one.rss_kib)),
            }
        }
    }

    fn told(self) -> Value {
        let mut all: Vec<(String, Program)> = self.seen.into_iter().collect();
        all.sort_by(|a, b| b.1.rss_max_kib.cmp(&a.1.rss_max_kib).then_with(|| a.0.cmp(&b.0)));
        let by_memory: Vec<String> =
            all.iter().take(PROGRAMS_MAX).map(|(name, _)| name.clone()).collect();
        all.sort_by(|a, b| b.1.cpu_ms.cmp(&a.1.cpu_ms).then_with(|| a.0.cmp(&b.0)));
        let kept = all
            .into_iter()
            .enumerate()
            .filter(|(at, (name, _))| *at < PROGRAMS_MAX || by_memory.contains(name));
        let told = kept.map(|(_, (name, program))| {
            let mut rss = String::new();
            for (_, kib) in program.days {
                put(&mut rss, i64::try_from(kib).ok());
            }
            json!({
                "name": name,
                "hours": program.hours,
                "cpu_ms": program.cpu_ms,
                "rss_max_kib": program.rss_max_kib,
                "rss": rss,
            })
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::ring::Writer;
    use jiff::Timestamp;

    fn told(samples: &[(i64, &[(&str, i64)])], history: &Samples) -> Value {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(folder.path().into());
        for (when, values) in samples {
            let sample = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
            writer.append(Timestamp::from_second(*when).unwrap(), &sample, &[]).unwrap();
        }
        hours(folder.path(), 0, &mut |_| history.clone()).unwrap().unwrap()
    }

    #[test]
    fn an_hour_is_four_numbers_and_a_gap_is_a_gap() {
        let mut samples: Vec<(i64, Vec<(&str, i64)>)> =
            (0..60).map(|minute| (3_600 + minute * 60, vec![("load.1", minute)])).collect();
        samples.push((3 * 3_600 + 5, vec![("load.1", 7), ("fs:/.used", 10)]));
        samples.push((3 * 3_600 + 65, vec![("fs:/.used", 11)]));
        let samples: Vec<(i64, &[(&str, i64)])> =
            samples.iter().map(|(when, values)| (*when, values.as_slice())).collect();
        let told = told(&samples, &Samples::new());
        assert_eq!(told["from"], 3_600);
        assert_eq!(told["hours"], 3);
        assert_eq!(told["samples"], 62);
        assert_eq!(told["starts"], 1);
        assert_eq!(told["history"], json!([]));
        let expected = json!([
            {"name": "fs:/.used", "steps": "-,-,11"},
            {"name": "load.1", "min": "0,-,7", "mean": "29,-,7", "p95": "56,-,7", "max": "59,-,7"},
        ]);
        assert_eq!(told["series"], expected);
    }

    #[test]
    fn sysstat_tells_of_the_hours_that_we_did_not_see_and_of_no_other() {
        let moment = |when, load| (when, BTreeMap::from([("load.1".to_owned(), load)]));
        let history = Samples::from([
            moment(600, 5),
            moment(4_200, 99),
            moment(7_800, 6),
            moment(9_000, 8),
            moment(18_600, 4),
        ]);
        let ours: [(i64, &[(&str, i64)]); 2] =
            [(3_660, &[("load.1", 1)]), (3 * 3_600, &[("load.1", 2)])];
        let told = told(&ours, &history);
        assert_eq!(told["series"][0]["max"], "5,1,8,2,-,4");
        assert_eq!(told["history"], json!([[0, 1], [2, 1], [5, 1]]));
        assert_eq!((&told["source"], &told["from"]), (&json!("sampler"), &json!(0)));
        assert_eq!(told["samples"], 2 + 3 * 60);
    }

    #[test]
    fn the_busiest_devices_travel_and_the_others_are_named() {
        let names: Vec<String> = (0..6).map(|n| format!("disk:sd{n}.util")).collect();
        let values: Vec<(&str, i64)> =
            names.iter().enumerate().map(|(n, name)| (name.as_str(), n as i64)).collect();
        let told = told(&[(60, &values)], &Samples::new());
        assert_eq!(told["more"], json!(["disk:sd1", "disk:sd0"]));
        assert_eq!(told["series"].as_array().unwrap().len(), 4);
    }

    #[test]
    fn a_clock_that_is_set_back_repeats_no_hour() {
        let ours: [(i64, &[(&str, i64)]); 3] =
            [(7_200, &[("load.1", 1)]), (3_600, &[("load.1", 9)]), (7_260, &[("load.1", 3)])];
        let told = told(&ours, &Samples::new());
        assert_eq!(told["from"], 3_600);
        assert_eq!(told["series"][0]["max"], "-,3");
    }
}
