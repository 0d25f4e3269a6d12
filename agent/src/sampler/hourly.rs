//! Samples → what travels: minimum, mean, 95th percentile and maximum of each hour.
//!
//! The shape of the survey `resources`:
//! ```text
//! {"source": "sampler", "every_seconds": 60, "from": EPOCH, "hours": N, "samples": N,
//!  "expected": N, "starts": N, "series": [
//!   {"name": "cpu.busy", "min": "3,2,-", "mean": "…", "p95": "…", "max": "…"},
//!   {"name": "fs:/.used", "last": "1021,1021,-"}]}
//! ```
//! The numbers of a series stand in one text, an hour each from `from` on, `-` where there is no
//! sample (commas between them: with spaces a mask could take four of them for a card's number); their units are in [`super::rates`]. `expected` is how many minutes lie between the
//! first and the last sample, `starts` how often the sampler began. `more` names devices that
//! were left out.
//!
//! `top` are the programs that used most: `{"name", "hours", "cpu_ms", "rss_max_kib", "rss"}`, of
//! the hours in which they were among the first; `rss` is KiB at the last such hour of each day.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::processes::Top;
use super::ring::{self, Entry};

/// Devices of a kind that travel: the busiest ones.
const DEVICES_MAX: usize = 4;
const MOUNTS_MAX: usize = 16;
/// Programs that travel, by CPU time and by memory.
const PROGRAMS_MAX: usize = 10;
const PROGRAMS_SEEN_MAX: usize = 500;
/// A quarter and a margin.
const HOURS_MAX: i64 = 2_400;
const HOUR: i64 = 3_600;

/// The hours since `since`; none when there is no sample.
///
/// # Errors
/// The folder cannot be read.
pub fn hours(folder: &Path, since: i64) -> std::io::Result<Option<Value>> {
    let mut survey = Survey::default();
    let mut programs = Programs::default();
    ring::read(folder, since, &mut |entry| match entry {
        Entry::Sample { when, first, names, values } => survey.see(when, first, names, values),
        Entry::Top { when, top } => programs.see(when, top),
    })?;
    let Some((begun, ended)) = survey.span else { return Ok(None) };
    let from = begun.max(ended - HOURS_MAX * HOUR).div_euclid(HOUR) * HOUR;
    let (chosen, more) = survey.choose();
    let mut hours = Hours::new(chosen);
    ring::read(folder, from, &mut |entry| {
        if let Entry::Sample { when, names, values, .. } = entry {
            hours.see((when - from).div_euclid(HOUR), names, values);
        }
    })?;
    hours.flush();
    let count = (ended - from).div_euclid(HOUR) + 1;
    Ok(Some(json!({
        "source": "sampler",
        "every_seconds": super::EVERY.as_secs(),
        "from": from,
        "hours": count,
        "samples": survey.samples,
        "expected": (ended - begun) / i64::try_from(super::EVERY.as_secs()).unwrap_or(60) + 1,
        "starts": survey.starts,
        "more": more,
        "top": programs.told(),
        "series": hours.series.into_iter().map(|series| series.told(count)).collect::<Vec<_>>(),
    })))
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

/// The first pass: when, how many, and which devices are busy.
#[derive(Default)]
struct Survey {
    span: Option<(i64, i64)>,
    samples: u64,
    starts: u64,
    sums: BTreeMap<String, i64>,
}

impl Survey {
    fn see(&mut self, when: i64, first: bool, names: &[String], values: &[(usize, i64)]) {
        let (begun, ended) = self.span.unwrap_or((when, when));
        self.span = Some((begun.min(when), ended.max(when)));
        self.samples += 1;
        self.starts += u64::from(first);
        for (number, value) in values {
            let Some(name) = names.get(*number) else { continue };
            match self.sums.get_mut(name) {
                Some(sum) => *sum = sum.saturating_add(*value),
                None => {
                    self.sums.insert(name.clone(), *value);
                }
            }
        }
    }

    /// The series that travel, and the devices that do not.
    fn choose(&self) -> (Vec<String>, Vec<String>) {
        let busiest = |kind: &str, measures: &[&str], most: usize| {
            let mut devices: BTreeMap<&str, i64> = BTreeMap::new();
            for (name, sum) in &self.sums {
                let Some((device, measure)) = device(name, kind) else { continue };
                let weight = if measures.contains(&measure) { *sum } else { 0 };
                let total = devices.entry(device).or_default();
                *total = total.saturating_add(weight);
            }
            let mut ranked: Vec<(&str, i64)> = devices.into_iter().collect();
            ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            let rest = ranked.split_off(ranked.len().min(most));
            let named = |list: Vec<(&str, i64)>| {
                list.into_iter().map(|(device, _)| format!("{kind}{device}")).collect::<Vec<_>>()
            };
            (named(ranked), named(rest))
        };
        let kinds = [
            busiest("disk:", &["util"], DEVICES_MAX),
            busiest("net:", &["rx", "tx"], DEVICES_MAX),
            busiest("fs:", &["used"], MOUNTS_MAX),
        ];
        let more: Vec<String> = kinds.iter().flat_map(|(_, rest)| rest.clone()).collect();
        let is_left_out = |name: &str| {
            more.iter().any(|device| {
                name.strip_prefix(device.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        let chosen = self.sums.keys().filter(|name| !is_left_out(name)).cloned().collect();
        (chosen, more)
    }
}

/// `disk:sda.util` of `disk:` → `sda`, `util`.
fn device<'n>(name: &'n str, kind: &str) -> Option<(&'n str, &'n str)> {
    name.strip_prefix(kind)?.rsplit_once('.')
}

/// The second pass: one hour at a time.
struct Hours {
    numbers: BTreeMap<String, usize>,
    series: Vec<Series>,
    hour: i64,
}

struct Series {
    name: String,
    values: Vec<i64>,
    /// Hours written so far.
    written: i64,
    min: String,
    mean: String,
    p95: String,
    max: String,
    last: String,
}

impl Hours {
    fn new(names: Vec<String>) -> Self {
        let numbers = names.iter().enumerate().map(|(n, name)| (name.clone(), n)).collect();
        Self { numbers, series: names.into_iter().map(Series::new).collect(), hour: 0 }
    }

    fn see(&mut self, hour: i64, names: &[String], values: &[(usize, i64)]) {
        // Samples from before a clock that was set back belong to an hour that is told already.
        if hour < self.hour {
            return;
        }
        if hour > self.hour {
            self.flush();
            self.hour = hour;
        }
        for (number, value) in values {
            let known = names.get(*number).and_then(|name| self.numbers.get(name));
            if let Some(series) = known.and_then(|at| self.series.get_mut(*at)) {
                series.values.push(*value);
            }
        }
    }

    fn flush(&mut self) {
        for series in &mut self.series {
            series.flush(self.hour);
        }
    }
}

impl Series {
    fn new(name: String) -> Self {
        Self {
            name,
            values: Vec::new(),
            written: 0,
            min: String::new(),
            mean: String::new(),
            p95: String::new(),
            max: String::new(),
            last: String::new(),
        }
    }

    fn is_level(&self) -> bool {
        self.name.starts_with("fs:")
    }

    fn flush(&mut self, hour: i64) {
        let Some(&last) = self.values.last() else { return };
        self.skip_to(hour);
        if self.is_level() {
            put(&mut self.last, Some(last));
        } else {
            self.values.sort_unstable();
            let count = self.values.len();
            let sum: i128 = self.values.iter().map(|value| i128::from(*value)).sum();
            let mean = sum / i128::try_from(count).unwrap_or(1);
            put(&mut self.min, self.values.first().copied());
            put(&mut self.mean, i64::try_from(mean).ok());
            // Nearest rank: the smallest value that 95 % of the values do not exceed.
            put(&mut self.p95, self.values.get((count * 95).div_ceil(100) - 1).copied());
            put(&mut self.max, self.values.last().copied());
        }
        self.values.clear();
        self.written += 1;
    }

    /// Hours without a sample.
    fn skip_to(&mut self, hour: i64) {
        let level = self.is_level();
        for _ in self.written..hour {
            if level {
                put(&mut self.last, None);
            } else {
                for text in [&mut self.min, &mut self.mean, &mut self.p95, &mut self.max] {
                    put(text, None);
                }
            }
            self.written += 1;
        }
    }

    fn told(mut self, hours: i64) -> Value {
        self.skip_to(hours);
        if self.is_level() {
            json!({"name": self.name, "last": self.last})
        } else {
            json!({
                "name": self.name,
                "min": self.min,
                "mean": self.mean,
                "p95": self.p95,
                "max": self.max,
            })
        }
    }
}

fn put(text: &mut String, value: Option<i64>) {
    if !text.is_empty() {
        text.push(',');
    }
    match value {
        Some(value) => {
            let _ = write!(text, "{value}");
        }
        None => text.push('-'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::ring::Writer;
    use jiff::Timestamp;

    fn told(samples: &[(i64, &[(&str, i64)])]) -> Value {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(folder.path().into());
        for (when, values) in samples {
            let sample = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
            writer.append(Timestamp::from_second(*when).unwrap(), &sample, &[]).unwrap();
        }
        hours(folder.path(), 0).unwrap().unwrap()
    }

    #[test]
    fn an_hour_is_four_numbers_and_a_gap_is_a_gap() {
        let mut samples: Vec<(i64, Vec<(&str, i64)>)> =
            (0..60).map(|minute| (3_600 + minute * 60, vec![("cpu.busy", minute)])).collect();
        samples.push((3 * 3_600 + 5, vec![("cpu.busy", 7), ("fs:/.used", 10)]));
        samples.push((3 * 3_600 + 65, vec![("fs:/.used", 11)]));
        let samples: Vec<(i64, &[(&str, i64)])> =
            samples.iter().map(|(when, values)| (*when, values.as_slice())).collect();
        let told = told(&samples);
        assert_eq!(told["from"], 3_600);
        assert_eq!(told["hours"], 3);
        assert_eq!(told["samples"], 62);
        assert_eq!(told["starts"], 1);
        assert_eq!(told["series"][0]["name"], "cpu.busy");
        assert_eq!(told["series"][0]["min"], "0,-,7");
        assert_eq!(told["series"][0]["mean"], "29,-,7");
        assert_eq!(told["series"][0]["p95"], "56,-,7");
        assert_eq!(told["series"][0]["max"], "59,-,7");
        assert_eq!(told["series"][1], json!({"name": "fs:/.used", "last": "-,-,11"}));
    }

    #[test]
    fn the_busiest_devices_travel_and_the_others_are_named() {
        let names: Vec<String> = (0..6).map(|n| format!("disk:sd{n}.util")).collect();
        let values: Vec<(&str, i64)> =
            names.iter().enumerate().map(|(n, name)| (name.as_str(), n as i64)).collect();
        let told = told(&[(60, &values)]);
        assert_eq!(told["more"], json!(["disk:sd1", "disk:sd0"]));
        assert_eq!(told["series"].as_array().unwrap().len(), 4);
    }

    #[test]
    fn a_clock_that_is_set_back_repeats_no_hour() {
        let told = told(&[
            (7_200, &[("load.1", 1)]),
            (3_600, &[("load.1", 9)]),
            (7_260, &[("load.1", 3)]),
        ]);
        assert_eq!(told["from"], 3_600);
        assert_eq!(told["series"][0]["max"], "-,3");
    }
}
