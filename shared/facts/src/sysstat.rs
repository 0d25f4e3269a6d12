//! sysstat's history as text → samples in the sampler's names and units. Pure.
//!
//! Two forms of the same tables, of sysstat 10.1.5 (RHEL 7) to 12.7 (RHEL 10):
//!
//! ```text
//! # hostname;interval;timestamp;CPU;%user;%nice;%system;%iowait;%steal;%idle      sadf -d
//! db01;600;2026-11-05 00:10:01 UTC;-1;1.20;0.00;0.80;0.40;0.00;97.60
//!
//! Linux 3.10.0-1160.el7.x86_64 (db01)     2026-11-05     _x86_64_    (4 CPU)               sar
//!
//! 12:00:01 AM     CPU      %usr     %nice      %sys   %iowait    %steal     %idle
//! 12:10:01 AM     all      1.20      0.00      0.80      0.40      0.00     97.60
//! ```
//! `sadf` tells UTC (or seconds since the epoch, `-U`), `sar` the host's own time by its locale.
//! Which table a line belongs to is told by the names of its columns, which differ by version.
//!
//! A value is the mean over an interval (10 minutes as installed), so an hour's extremes are those
//! of six means. Where a version does not tell what memory is available, free memory, buffers and
//! cache stand for it. What the interrupts, sockets and so on did is passed over.

mod columns;
mod sar;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Value, json};

use crate::hourly::{HOUR, Hours, Survey};

pub use sar::Sar;

/// As sysstat is installed.
const EVERY_SECONDS: u32 = 600;
/// A quarter and a margin.
const HOURS_MAX: i64 = 2_400;
/// Moments of one history: a quarter of 10 minutes each.
const MOMENTS_MAX: usize = 15_000;
/// A value is told of the interval that ends at its moment: one that ends on the hour belongs to
/// the hour before.
const ENDS_BEFORE_SECONDS: i64 = 60;
/// Series of one moment.
const SERIES_MAX: usize = 200;
const LINE_BYTES_MAX: usize = 4_096;
const COLUMNS_MAX: usize = 64;

/// Moments (seconds since the epoch) and what was measured up to them, by series.
pub type Samples = BTreeMap<i64, BTreeMap<String, i64>>;

/// Reads what `sadf -d` prints, line by line.
#[derive(Default)]
pub struct Sadf {
    head: Vec<String>,
    samples: Samples,
}

impl Sadf {
    /// Takes a line.
    pub fn line(&mut self, line: &str) {
        let line = line.trim_end();
        if line.len() > LINE_BYTES_MAX {
            return;
        }
        if let Some(head) = line.strip_prefix('#') {
            let names = head.trim_start().split(';').skip(3).take(COLUMNS_MAX);
            self.head = names.map(str::to_owned).collect();
            return;
        }
        // host;interval;moment;values…
        let mut words = line.split(';').skip(2);
        let Some(when) = words.next().and_then(moment) else { return };
        let values: Vec<&str> = words.take(COLUMNS_MAX).collect();
        add(&mut self.samples, when, &self.head, &values);
    }

    /// What was told.
    #[must_use]
    pub fn samples(self) -> Samples {
        self.samples
    }
}

/// `2026-11-05 00:10:01 UTC` or `1793837401`.
fn moment(word: &str) -> Option<i64> {
    if let Ok(second) = word.parse::<i64>() {
        return (second > 0).then_some(second);
    }
    let at: DateTime = word.strip_suffix(" UTC")?.replacen(' ', "T", 1).parse().ok()?;
    let at: Timestamp = jiff::tz::Offset::UTC.to_timestamp(at).ok()?;
    Some(at.as_second())
}

/// Puts one row's values under its moment.
fn add<W: AsRef<str>>(samples: &mut Samples, ended: i64, head: &[W], values: &[&str]) {
    let when = ended - ENDS_BEFORE_SECONDS;
    let known = samples.contains_key(&when);
    if head.is_empty() || (!known && samples.len() >= MOMENTS_MAX) {
        return;
    }
    let row = columns::Row::new(head, values);
    let series = row.series();
    if series.is_empty() {
        return;
    }
    let sample = samples.entry(when).or_default();
    for (name, value) in series {
        if sample.len() < SERIES_MAX || sample.contains_key(&name) {
            sample.insert(name, value);
        }
    }
}

/// The survey `resources` of a host of which there is nothing but this history, from `since` on:
/// its shape is that of the agent's `sampler::hourly`. None of no samples.
#[must_use]
pub fn survey(samples: &Samples, since: i64) -> Option<Value> {
    let mut whole = Survey::default();
    for (when, sample) in samples.range(since..) {
        whole.at(*when);
        sample.iter().for_each(|(name, value)| whole.see(name, *value));
    }
    let (begun, ended) = whole.span?;
    let from = begun.max(ended - HOURS_MAX * HOUR).div_euclid(HOUR) * HOUR;
    let (chosen, more) = whole.choose();
    let mut hours = Hours::new(chosen);
    let mut told: BTreeSet<i64> = BTreeSet::new();
    for (when, sample) in samples.range(from..) {
        let hour = (when - from).div_euclid(HOUR);
        told.insert(hour);
        if hours.reach(hour) {
            sample.iter().for_each(|(name, value)| hours.see(name, *value));
        }
    }
    let count = (ended - from).div_euclid(HOUR) + 1;
    Some(json!({
        "source": "sysstat",
        "every_seconds": EVERY_SECONDS,
        "from": from,
        "hours": count,
        "samples": told.len(),
        "expected": count,
        "starts": 0,
        "history": runs(&told),
        "more": more,
        "top": [],
        "series": hours.told(count),
    }))
}

/// Unbroken runs of hours: the first and how many.
#[must_use]
pub fn runs(hours: &BTreeSet<i64>) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for hour in hours {
        match runs.last_mut() {
            Some((first, count)) if *first + *count == *hour => *count += 1,
            _ => runs.push((*hour, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests;
