//! What grows, how fast, and when it is full.

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::hours::{Hours, devices::days};
use super::{Program, round1};
use crate::hourly::numbers;
use crate::statistics::theil_sen;

/// Growth that would take longer than this is none.
const DAYS_MAX: f64 = 3_650.0;
/// Programs of one survey, and the days that they were seen.
const PROGRAMS_MAX: usize = 50;
const PROGRAM_DAYS_MAX: usize = 120;

/// The last value of each day.
fn daily(values: &[Option<f64>]) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let day = days(at).floor();
        match points.last_mut() {
            Some(last) if last.0 >= day => last.1 = *value,
            _ => points.push((day, *value)),
        }
    }
    points
}

/// File systems and inode tables that grow, the soonest full first.
pub fn growth(hours: &Hours<'_>) -> Value {
    let mut growing: Vec<(f64, Value)> = Vec::new();
    for mount in hours.devices("fs:") {
        for (kind, used, free) in
            [("space", "used", "free"), ("inodes", "inodes_used", "inodes_free")]
        {
            let series = |measure: &str| hours.last(&format!("fs:{mount}.{measure}"));
            let (Some(used), Some(free)) = (series(used), series(free)) else { continue };
            let (Some(trend), Some(left)) =
                (theil_sen(&daily(used)), free.iter().rev().flatten().next())
            else {
                continue;
            };
            // An interval that holds zero is no growth.
            if trend.low <= 0.0 || left / trend.slope > DAYS_MAX {
                continue;
            }
            let soonest = left / trend.high;
            growing.push((
                soonest,
                json!({
                    "mount": mount,
                    "kind": kind,
                    "used": used.iter().rev().flatten().next(),
                    "free": left,
                    "per_day": round1(trend.slope),
                    "days_left": round1(left / trend.slope),
                    "days_soonest": round1(soonest),
                    "days_latest": round1(left / trend.low),
                }),
            ));
        }
    }
    growing.sort_by(|a, b| a.0.total_cmp(&b.0));
    growing.into_iter().map(|(_, told)| told).collect()
}

/// Open files of the whole system; none without a week of samples.
pub fn files(hours: &Hours<'_>) -> Option<Value> {
    let points = daily(hours.mean("files.open")?);
    let trend = theil_sen(&points)?;
    Some(json!({
        "first": points.first()?.1,
        "last": points.last()?.1,
        "per_day": round1(trend.slope),
        "low": round1(trend.low),
        "high": round1(trend.high),
    }))
}

/// Programs with the growth of their memory.
pub fn programs(told: &[Program<'_>]) -> Result<Value, Unseen> {
    if told.len() > PROGRAMS_MAX {
        return Err(Unseen::Malformed);
    }
    told.iter().map(program).collect()
}

fn program(told: &Program<'_>) -> Result<Value, Unseen> {
    const MIB: f64 = 1024.0;
    let days = told.rss.split(',').filter(|_| !told.rss.is_empty()).count();
    if days > PROGRAM_DAYS_MAX {
        return Err(Unseen::Malformed);
    }
    let rss: Vec<f64> = numbers(told.rss, days)?.into_iter().flatten().collect();
    let points: Vec<(f64, f64)> =
        rss.iter().enumerate().map(|(day, kib)| (super::count(day), kib / MIB)).collect();
    let trend = theil_sen(&points);
    let grown = match (rss.first(), rss.last()) {
        (Some(first), Some(last)) if *first > 0.0 && trend.is_some() => {
            Some(round1((last - first) * 100.0 / first))
        }
        _ => None,
    };
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let (cpu_ms, hours, most) = (told.cpu_ms as f64, told.hours as f64, told.rss_max_kib as f64);
    Ok(json!({
        "name": told.name,
        "hours": told.hours,
        "cpu_pct": round1(if hours > 0.0 { cpu_ms / (hours * 36_000.0) } else { 0.0 }),
        "rss_max_mib": round1(most / MIB),
        "rss_last_mib": rss.last().map(|kib| round1(kib / MIB)),
        "grown_pct": grown,
        "per_day_mib": trend.map(|trend| round1(trend.slope)),
        "low_mib": trend.map(|trend| round1(trend.low)),
    }))
}
