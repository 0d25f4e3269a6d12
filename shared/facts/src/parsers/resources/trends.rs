//! What grows, how fast, and when it is full.

use serde_json::{Value, json};

use super::hours::{Hours, devices::days};
use super::round1;
use crate::statistics::theil_sen;

/// Growth that would take longer than this is none.
const DAYS_MAX: f64 = 3_650.0;

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
pub fn growth(hours: &Hours) -> Value {
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
pub fn files(hours: &Hours) -> Option<Value> {
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
