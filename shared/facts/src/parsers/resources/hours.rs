//! The survey's texts as numbers, and what each device did.

use std::collections::BTreeMap;

use carepack_shared::Unseen;

use super::{Survey, count};
use crate::hourly::{Numbers, Unpacked, unpack};

/// A quarter and a margin, in hours; a longer series is no survey of ours.
const HOURS_MAX: i64 = 3_000;
const SERIES_MAX: usize = 400;

/// All series of a host.
pub struct Hours<'a> {
    pub source: &'a str,
    /// Seconds since the epoch, of the first hour.
    pub from: i64,
    /// Hours.
    pub len: usize,
    pub coverage_pct: f64,
    pub starts: u64,
    /// Hours that sysstat's history tells.
    pub history: usize,
    /// Whether an hour has any sample.
    pub seen: Vec<bool>,
    series: BTreeMap<&'a str, Unpacked<'a>>,
}

impl<'a> Hours<'a> {
    /// # Errors
    /// [`Unseen::Malformed`]: numbers that are none, or more than there can be.
    pub fn of(survey: &'a Survey<'a>) -> Result<Self, Unseen> {
        if !(1..=HOURS_MAX).contains(&survey.hours)
            || survey.series.len() > SERIES_MAX
            || survey.from < 0
        {
            return Err(Unseen::Malformed);
        }
        let len = usize::try_from(survey.hours).map_err(|_| Unseen::Malformed)?;
        let mut series = BTreeMap::new();
        let mut seen = vec![false; len];
        for told in &survey.series {
            let one = unpack(told, len)?;
            for (seen, (mean, last)) in seen.iter_mut().zip(one.mean.iter().zip(&one.last)) {
                *seen |= mean.is_some() || last.is_some();
            }
            series.insert(told.name, one);
        }
        #[expect(clippy::cast_precision_loss, reason = "a share with one decimal")]
        let coverage_pct = if survey.expected == 0 {
            0.0
        } else {
            (survey.samples as f64 * 100.0 / survey.expected as f64).min(100.0)
        };
        Ok(Self {
            source: survey.source,
            from: survey.from,
            len,
            coverage_pct,
            starts: survey.starts,
            history: survey.history.iter().map(|(_, n)| *n as usize).sum::<usize>().min(len),
            seen,
            series,
        })
    }

    pub fn mean(&self, name: &str) -> Option<&[Option<f64>]> {
        self.series.get(name).map(|series| series.mean.as_slice())
    }

    pub fn p95(&self, name: &str) -> Option<Numbers> {
        self.series.get(name).map(Unpacked::p95)
    }

    pub fn max(&self, name: &str) -> Option<Numbers> {
        self.series.get(name).map(Unpacked::max)
    }

    pub fn last(&self, name: &str) -> Option<&[Option<f64>]> {
        self.series.get(name).map(|series| series.last.as_slice())
    }

    /// Devices of a kind: `disk:` → `sda`, `sdb`.
    pub fn devices(&self, kind: &str) -> Vec<&str> {
        let names = self.series.keys().filter_map(|name| name.strip_prefix(kind));
        let mut devices: Vec<&str> =
            names.filter_map(|name| name.rsplit_once('.').map(|(device, _)| device)).collect();
        devices.dedup();
        devices
    }
}

/// What each device did.
pub mod devices {
    use serde_json::{Value, json};

    use super::super::{known, round1};
    use super::{Hours, count};
    use crate::statistics::{mean, percentile};

    /// Points of a chart: a quarter by the hour.
    const POINTS_MAX: usize = 2_400;

    pub fn disks(hours: &Hours<'_>) -> Value {
        let told = |name: &&str| {
            let of = |measure: &str| format!("disk:{name}.{measure}");
            let means = |measure: &str| hours.mean(&of(measure)).map(known).unwrap_or_default();
            let p95 = |measure: &str| {
                hours.p95(&of(measure)).and_then(|values| percentile(&known(&values), 95))
            };
            json!({
                "name": name,
                "util_mean_pct": mean(&means("util")).map(|v| round1(v / 10.0)),
                "util_p95_pct": p95("util").map(|v| round1(v / 10.0)),
                "await_p95_ms": p95("await").map(|v| round1(v / 100.0)),
                "read_kib_s": mean(&means("read")).map(|v| round1(v / 60.0)),
                "write_kib_s": mean(&means("write")).map(|v| round1(v / 60.0)),
            })
        };
        hours.devices("disk:").iter().map(told).collect()
    }

    pub fn interfaces(hours: &Hours<'_>) -> Value {
        let told = |name: &&str| {
            let of = |measure: &str| format!("net:{name}.{measure}");
            // KiB a minute → Mbit/s.
            let p95 = |measure: &str| {
                let values = known(&hours.p95(&of(measure))?);
                percentile(&values, 95).map(|v| round1(v * 8.0 * 1024.0 / 60.0 / 1e6))
            };
            let sum = |measure: &str| {
                let means = hours.mean(&of(measure)).map(known).unwrap_or_default();
                // Means of a minute over hours of sixty.
                (means.iter().sum::<f64>() * 60.0).round()
            };
            json!({
                "name": name,
                "rx_p95_mbps": p95("rx"),
                "tx_p95_mbps": p95("tx"),
                "errors": sum("errors"),
                "drops": sum("drops"),
            })
        };
        hours.devices("net:").iter().map(told).collect()
    }

    /// The series that a report draws: name, unit, how to come to it.
    const DRAWN: [(&str, &str, f64); 4] = [
        ("cpu.busy", "%", 10.0),
        ("cpu.iowait", "%", 10.0),
        ("memory.used", "%", 10.0),
        ("swap.used", "%", 10.0),
    ];

    pub fn charts(hours: &Hours<'_>) -> Value {
        let mut drawn: Vec<(String, &str, f64)> =
            DRAWN.iter().map(|(name, unit, scale)| ((*name).to_owned(), *unit, *scale)).collect();
        let busiest = |kind: &str, measure: &str| {
            let weight = |device: &&str| {
                let means = hours.mean(&format!("{kind}{device}.{measure}"));
                means.into_iter().flatten().flatten().sum::<f64>()
            };
            let devices = hours.devices(kind);
            devices.into_iter().max_by(|a, b| weight(a).total_cmp(&weight(b)))
        };
        if let Some(disk) = busiest("disk:", "util") {
            drawn.push((format!("disk:{disk}.util"), "%", 10.0));
        }
        if let Some(interface) = busiest("net:", "rx") {
            for direction in ["rx", "tx"] {
                // KiB a minute → Mbit/s.
                let scale = 60.0 * 1e6 / 8.0 / 1024.0;
                drawn.push((format!("net:{interface}.{direction}"), "Mbit/s", scale));
            }
        }
        let scaled = |values: &[Option<f64>], scale: f64| -> Vec<Option<f64>> {
            values.iter().take(POINTS_MAX).map(|v| v.map(|v| round2(v / scale))).collect()
        };
        let told = |(name, unit, scale): &(String, &str, f64)| {
            let (mean, max) = (hours.mean(name)?, hours.max(name)?);
            Some(json!({
                "name": name,
                "unit": unit,
                "from": hours.from,
                "mean": scaled(mean, *scale),
                "max": scaled(&max, *scale),
            }))
        };
        drawn.iter().filter_map(told).collect()
    }

    fn round2(value: f64) -> f64 {
        (value * 100.0).round() / 100.0
    }

    /// Hours as days.
    pub fn days(hours: usize) -> f64 {
        count(hours) / 24.0
    }
}
