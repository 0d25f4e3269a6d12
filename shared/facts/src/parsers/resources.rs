//! Resources over the whole period: the sampler's hours as levels, peaks, trends and charts.
//!
//! The survey's shape and units stand in the agent's `sampler::hourly` and `sampler::rates`, how
//! the hours are packed in [`crate::hourly`].

mod hours;
mod trends;

use carepack_shared::{Observation, Unseen};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::hourly::Packed;
use crate::statistics::{mean, percentile};
use crate::{Evidence, Facts, Parser, Spec};

use hours::{Hours, devices};

const SURVEY: &str = "survey:resources";
/// Gaps told one by one; the coverage counts them all.
const GAPS_MAX: usize = 20;
const HOUR: i64 = 3_600;

const KEYS: [&str; 22] = [
    "resources.source",
    "resources.days",
    "resources.coverage_pct",
    "resources.starts",
    "resources.gaps",
    "resources.history_hours",
    "resources.cpu_mean_pct",
    "resources.cpu_p95_pct",
    "resources.cpu_max_pct",
    "resources.iowait_p95_pct",
    "resources.steal_p95_pct",
    "resources.load_p95",
    "resources.memory_p95_pct",
    "resources.swap_p95_pct",
    "resources.swap_pages_p95",
    "resources.busy_hours",
    "resources.disks",
    "resources.interfaces",
    "resources.growth",
    "resources.files_growth",
    "resources.top",
    "resources.hourly",
];

pub static PARSER: Parser = Parser {
    name: "resources",
    facts: &[
        Spec { key: "resources.source", unit: "", about: "who took the samples" },
        Spec { key: "resources.days", unit: "days", about: "from the first sample to the last" },
        Spec {
            key: "resources.coverage_pct",
            unit: "%",
            about: "samples there are of those that the time had room for",
        },
        Spec { key: "resources.starts", unit: "", about: "how often sampling began" },
        Spec { key: "resources.gaps", unit: "", about: "list of {from, hours} without a sample" },
        Spec {
            key: "resources.history_hours",
            unit: "hours",
            about: "told by sysstat's history: the sampler did not run then",
        },
        Spec { key: "resources.cpu_mean_pct", unit: "%", about: "mean of all processors" },
        Spec {
            key: "resources.cpu_p95_pct",
            unit: "%",
            about: "95th percentile over hours of each hour's 95th percentile",
        },
        Spec { key: "resources.cpu_max_pct", unit: "%", about: "busiest minute" },
        Spec { key: "resources.iowait_p95_pct", unit: "%", about: "as cpu_p95_pct" },
        Spec { key: "resources.steal_p95_pct", unit: "%", about: "as cpu_p95_pct" },
        Spec { key: "resources.load_p95", unit: "tasks", about: "as cpu_p95_pct" },
        Spec { key: "resources.memory_p95_pct", unit: "%", about: "what was not available" },
        Spec { key: "resources.swap_p95_pct", unit: "%", about: "as cpu_p95_pct" },
        Spec {
            key: "resources.swap_pages_p95",
            unit: "pages a minute",
            about: "swapped in or out, 95th percentile over hours of each hour's mean",
        },
        Spec {
            key: "resources.busy_hours",
            unit: "",
            about: "the three busiest hours of the day in UTC: {hour, cpu_pct}",
        },
        Spec {
            key: "resources.disks",
            unit: "",
            about: "{name, util_mean_pct, util_p95_pct, await_p95_ms, read_kib_s, write_kib_s}",
        },
        Spec {
            key: "resources.interfaces",
            unit: "",
            about: "{name, rx_p95_mbps, tx_p95_mbps, errors, drops}",
        },
        Spec {
            key: "resources.growth",
            unit: "",
            about: "{mount, kind (space, inodes), used, free, per_day, days_left, days_soonest, \
                    days_latest} of growing file systems; space in MiB; days_latest −1: never",
        },
        Spec {
            key: "resources.files_growth",
            unit: "",
            about: "open files: {first, last, per_day, low, high}",
        },
        Spec {
            key: "resources.top",
            unit: "",
            about: "programs that used most: {name, hours, cpu_pct (of one processor), rss_max_mib, \
                    rss_last_mib, grown_pct, per_day_mib, low_mib}; the last three null without a \
                    week of days",
        },
        Spec {
            key: "resources.hourly",
            unit: "",
            about: "for charts: {name, unit, from, mean, max}, null where there is no sample",
        },
    ],
    parse,
};

/// The survey.
#[derive(Deserialize)]
struct Survey<'a> {
    source: &'a str,
    from: i64,
    hours: i64,
    samples: u64,
    expected: u64,
    #[serde(default)]
    starts: u64,
    /// Hours from `from` on, and how many: what `sysstat` told, not the sampler.
    #[serde(default)]
    history: Vec<(u32, u32)>,
    #[serde(borrow)]
    series: Vec<Packed<'a>>,
    #[serde(default, borrow)]
    top: Vec<Program<'a>>,
}

/// A program in the hours in which it was among the first.
#[derive(Deserialize)]
struct Program<'a> {
    name: &'a str,
    hours: u64,
    cpu_ms: u64,
    rss_max_kib: u64,
    /// KiB at the end of each such day.
    rss: &'a str,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let survey = evidence.get(SURVEY).ok_or(Unseen::Absent).and_then(Observation::json);
    // Borrowed: a month is half a megabyte of text.
    let survey = survey.and_then(|v| Survey::deserialize(v).map_err(|_| Unseen::Malformed));
    if let Err(reason) = survey.and_then(|survey| read(&survey, facts)) {
        facts.miss_all(&KEYS, reason, SURVEY);
    }
}

fn read(survey: &Survey<'_>, facts: &mut Facts) -> Result<(), Unseen> {
    let (hours, programs) = (Hours::of(survey)?, trends::programs(&survey.top)?);
    tell(&hours, facts);
    facts.put("resources.top", programs, SURVEY);
    Ok(())
}

fn tell(hours: &Hours<'_>, facts: &mut Facts) {
    facts.put("resources.source", hours.source, SURVEY);
    facts.put("resources.days", round1(count(hours.len) / 24.0), SURVEY);
    facts.put("resources.coverage_pct", round1(hours.coverage_pct), SURVEY);
    facts.put("resources.starts", hours.starts, SURVEY);
    facts.put("resources.gaps", gaps(hours), SURVEY);
    facts.put("resources.history_hours", hours.history, SURVEY);
    let mut level = |key: &str, value: Option<f64>| {
        facts.set(key, value.map(round1).ok_or(Unseen::Absent), SURVEY);
    };
    let p95 = |name: &str, scale: f64| {
        hours.p95(name).and_then(|values| percentile(&known(&values), 95)).map(|v| v / scale)
    };
    let busy = hours.mean("cpu.busy").map(known).unwrap_or_default();
    level("resources.cpu_mean_pct", mean(&busy).map(|v| v / 10.0));
    level("resources.cpu_p95_pct", p95("cpu.busy", 10.0));
    let peak = hours.max("cpu.busy").and_then(|values| percentile(&known(&values), 100));
    level("resources.cpu_max_pct", peak.map(|v| v / 10.0));
    level("resources.iowait_p95_pct", p95("cpu.iowait", 10.0));
    level("resources.steal_p95_pct", p95("cpu.steal", 10.0));
    level("resources.load_p95", p95("load.1", 100.0));
    level("resources.memory_p95_pct", p95("memory.used", 10.0));
    level("resources.swap_p95_pct", p95("swap.used", 10.0));
    level("resources.swap_pages_p95", swapped(hours));
    facts.put("resources.busy_hours", busy_hours(hours), SURVEY);
    facts.put("resources.disks", devices::disks(hours), SURVEY);
    facts.put("resources.interfaces", devices::interfaces(hours), SURVEY);
    facts.put("resources.growth", trends::growth(hours), SURVEY);
    let files = trends::files(hours).ok_or(Unseen::Absent);
    facts.set("resources.files_growth", files, SURVEY);
    facts.put("resources.hourly", devices::charts(hours), SURVEY);
}

/// Pages in either direction: the sum of both hours' means.
fn swapped(hours: &Hours<'_>) -> Option<f64> {
    let (ins, outs) = (hours.mean("swap.in")?, hours.mean("swap.out")?);
    let both: Vec<f64> =
        ins.iter().zip(outs).filter_map(|(a, b)| Some(a.as_ref()? + b.as_ref()?)).collect();
    percentile(&both, 95)
}

fn gaps(hours: &Hours<'_>) -> Value {
    let mut gaps: Vec<Value> = Vec::new();
    let mut begun: Option<usize> = None;
    for at in 0..=hours.len {
        let missing = at < hours.len && !hours.seen[at];
        match (missing, begun) {
            (true, None) => begun = Some(at),
            (false, Some(start)) => {
                let from = hours.from + whole(start) * HOUR;
                gaps.push(json!({"from": from, "hours": at - start}));
                begun = None;
            }
            _ => {}
        }
    }
    gaps.truncate(GAPS_MAX);
    Value::Array(gaps)
}

/// The three hours of the day with the highest mean.
fn busy_hours(hours: &Hours<'_>) -> Value {
    let Some(means) = hours.mean("cpu.busy") else { return json!([]) };
    let mut by_hour: Vec<(i64, f64)> = (0..24)
        .filter_map(|hour| {
            let of_hour: Vec<f64> = means
                .iter()
                .enumerate()
                .filter(|(at, _)| ((hours.from / HOUR + whole(*at)) % 24) == hour)
                .filter_map(|(_, value)| *value)
                .collect();
            Some((hour, mean(&of_hour)? / 10.0))
        })
        .collect();
    by_hour.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let told = |(hour, pct): &(i64, f64)| json!({"hour": hour, "cpu_pct": round1(*pct)});
    by_hour.iter().take(3).map(told).collect()
}

/// The hours that were seen.
fn known(values: &[Option<f64>]) -> Vec<f64> {
    values.iter().flatten().copied().collect()
}

fn round1(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
