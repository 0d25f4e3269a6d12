//! Resources of one host: charts, file systems, network.

use carepack_assessment::model::HostAssessment;
use carepack_facts::Facts;
use serde_json::Value;

use super::{Scene, fact_f64, fact_i64, field, seoul, size};
use crate::reports::charts::{Bar, Part, Period, bars, parts, period};
use crate::reports::clean::clean;
use crate::reports::model::{Chart, Table};
use crate::reports::words::Lang;

/// File systems and interfaces in a table; further ones are in the snapshot.
const ROWS_MAX: usize = 40;

pub fn charts(scene: &Scene<'_>, host: &HostAssessment) -> Vec<Chart> {
    let (now, before) = (&host.facts, &host.previous_facts);
    let mut charts = Vec::new();
    let usage = [
        ("cpu", "cpu.busy_pct", cpu_note(scene, now)),
        ("memory", "memory.used_pct", memory_note(scene, now)),
        ("swap", "swap.used_pct", swap_note(now)),
    ];
    let list: Vec<Bar> = usage
        .into_iter()
        .filter_map(|(word, key, note)| {
            let pct = fact_f64(now, key)?;
            let note = format!("{pct:.1} %  {note}");
            Some(Bar { label: scene.say(word), pct, before: fact_f64(before, key), note })
        })
        .collect();
    if !list.is_empty() {
        let caption = scene.say("usage");
        charts.push(Chart { svg: bars(&caption, &list), caption });
    }
    if let Some(list) = composition(scene, now) {
        let caption = scene.say("memory.parts");
        charts.push(Chart { svg: parts(&caption, &list), caption });
    }
    let list: Vec<Bar> = systems(now)
        .map(|fs| {
            let pct = pct(fs, "used_pct");
            Bar {
                label: clean(field(fs, "mount")),
                pct,
                before: earlier(before, field(fs, "mount")),
                note: format!("{pct:.1} %"),
            }
        })
        .collect();
    if !list.is_empty() {
        let caption = scene.say("filesystems");
        charts.push(Chart { svg: bars(&caption, &list), caption });
    }
    charts.extend(hourly(scene, now));
    charts
}

/// Fewer hours are no period to draw.
const HOURS_MIN: usize = 24;
/// Between two dates below a chart.
const DAYS_EVERY: usize = 3;

/// What the sampler saw all period long.
fn hourly(scene: &Scene<'_>, facts: &Facts) -> Vec<Chart> {
    let series = facts.value("resources.hourly").and_then(Value::as_array);
    let series: Vec<&Value> = series.into_iter().flatten().collect();
    let covered = fact_f64(facts, "resources.coverage_pct").unwrap_or(0.0);
    // Whose hours they are, where they are not the agent's own.
    let history = match fact_i64(facts, "resources.history_hours") {
        Some(hours) if hours > 0 => format!(" (sysstat {hours} {})", scene.say("hours")),
        _ => String::new(),
    };
    let chart = |value: &&Value| {
        let numbers = |name: &str| -> Vec<Option<f64>> {
            value[name].as_array().into_iter().flatten().map(Value::as_f64).collect()
        };
        let (mean, max) = (numbers("mean"), numbers("max"));
        if mean.len() < HOURS_MIN || mean.iter().flatten().next().is_none() {
            return None;
        }
        let unit = field(value, "unit");
        let peak = max.iter().flatten().copied().fold(0.0, f64::max);
        let title = format!("{} ({unit})", series_name(scene.lang, field(value, "name")));
        let note = format!(
            "{} {peak:.1} {unit} · {} {covered:.1} %{history}",
            scene.say("peak"),
            scene.say("coverage.samples")
        );
        let days = days(value["from"].as_i64().unwrap_or(0), mean.len());
        let svg = period(&Period { title: title.clone(), unit, mean, max, days, note });
        Some(Chart { svg, caption: title })
    };
    series.iter().filter_map(chart).collect()
}

/// `disk:sda.util` → its words and the device.
#[must_use]
pub fn series_name(lang: Lang, name: &str) -> String {
    let (kind, rest) = name.split_once(':').unwrap_or(("", name));
    let (device, measure) = match kind {
        "" => ("", rest),
        _ => rest.rsplit_once('.').unwrap_or(("", rest)),
    };
    let key = match (kind, measure) {
        ("", "cpu.busy") => "series.cpu.busy",
        ("", "cpu.iowait") => "series.cpu.iowait",
        ("", "memory.used") => "series.memory.used",
        ("", "swap.used") => "series.swap.used",
        ("disk", "util") => "series.disk.util",
        ("net", "rx") => "series.net.rx",
        ("net", "tx") => "series.net.tx",
        _ => return clean(name),
    };
    format!("{} {}", lang.say(key), clean(device)).trim().to_owned()
}

/// Midnights in the report's time zone, every few days.
fn days(from: i64, hours: usize) -> Vec<(usize, String)> {
    let mut days = Vec::new();
    let mut midnights = 0;
    for hour in 0..hours {
        let at = from + i64::try_from(hour).unwrap_or(0) * 3_600;
        let Ok(at) = jiff::Timestamp::from_second(at) else { break };
        let local = seoul(at);
        if local.hour() == 0 {
            if midnights % DAYS_EVERY == 0 {
                days.push((hour, local.strftime("%m-%d").to_string()));
            }
            midnights += 1;
        }
    }
    days
}

fn cpu_note(scene: &Scene<'_>, facts: &Facts) -> String {
    let loads = ["load.avg1", "load.avg5", "load.avg15"];
    let loads: Vec<String> =
        loads.iter().filter_map(|key| Some(format!("{:.2}", fact_f64(facts, key)?))).collect();
    if loads.is_empty() {
        String::new()
    } else {
        format!("{} {}", scene.say("load"), loads.join(" · "))
    }
}

fn memory_note(scene: &Scene<'_>, facts: &Facts) -> String {
    let kib = |key| fact_i64(facts, key).map(|kib| size(kib.saturating_mul(1024)));
    match (kib("memory.available_kib"), kib("memory.total_kib")) {
        (Some(available), Some(total)) => {
            format!("{} {available} / {total}", scene.say("memory.available"))
        }
        _ => String::new(),
    }
}

/// What the memory holds: programs, cache, nothing. None where a part is not known or the parts
/// do not fit the whole.
fn composition(scene: &Scene<'_>, facts: &Facts) -> Option<Vec<Part>> {
    let total = fact_i64(facts, "memory.total_kib").filter(|total| *total > 0)?;
    let cached = fact_i64(facts, "memory.cached_kib")?;
    let free = fact_i64(facts, "memory.free_kib")?;
    let used = total.checked_sub(cached)?.checked_sub(free).filter(|used| *used >= 0)?;
    let part = |key, kib: i64| Part {
        label: format!("{} {}", scene.say(key), size(kib.saturating_mul(1024))),
        share: share(kib, total),
    };
    Some(vec![part("memory.used", used), part("memory.cached", cached), part("memory.free", free)])
}

#[expect(clippy::cast_precision_loss, reason = "drawn to a tenth of a unit")]
fn share(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

fn swap_note(facts: &Facts) -> String {
    let kib = |key| fact_i64(facts, key).map(|kib| size(kib.saturating_mul(1024)));
    match (kib("swap.used_kib"), kib("swap.total_kib")) {
        (Some(used), Some(total)) => format!("{used} / {total}"),
        _ => String::new(),
    }
}

fn systems(facts: &Facts) -> impl Iterator<Item = &Value> {
    facts.value("fs.usage").and_then(Value::as_array).into_iter().flatten()
}

fn earlier(facts: &Facts, mount: &str) -> Option<f64> {
    let found = systems(facts).find(|fs| field(fs, "mount") == mount)?;
    found.get("used_pct")?.as_f64()
}

fn pct(value: &Value, name: &str) -> f64 {
    value.get(name).and_then(Value::as_f64).unwrap_or(0.0)
}

pub fn filesystems(scene: &Scene<'_>, host: &HostAssessment) -> Table {
    let head = ["mount", "size", "previous", "current", "inodes"];
    let rows = systems(&host.facts).take(ROWS_MAX).map(|fs| {
        let before = earlier(&host.previous_facts, field(fs, "mount"));
        let inodes = fs.get("inodes_used_pct").and_then(Value::as_f64);
        let percent = |n: Option<f64>| n.map_or_else(|| "-".into(), |n| format!("{n:.1} %"));
        vec![
            clean(&format!("{} ({})", field(fs, "mount"), field(fs, "fstype"))),
            size(fs.get("bytes_total").and_then(Value::as_i64).unwrap_or(0)),
            percent(before),
            percent(Some(pct(fs, "used_pct"))),
            percent(inodes),
        ]
    });
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() }
}

pub fn network(scene: &Scene<'_>, host: &HostAssessment) -> Table {
    let head = ["interface", "speed", "errors"];
    let interfaces = host.facts.value("net.interfaces").and_then(Value::as_array);
    let rows = interfaces.into_iter().flatten().take(ROWS_MAX).map(|interface| {
        let n = |name: &str| interface.get(name).and_then(Value::as_i64).unwrap_or(0);
        let speed = interface.get("speed_mbps").and_then(Value::as_i64);
        let speed = speed.map_or_else(|| "-".to_owned(), |mbps| format!("{mbps} Mb/s"));
        vec![
            clean(&format!("{} ({})", field(interface, "name"), field(interface, "operstate"))),
            format!("{speed} {}", clean(field(interface, "duplex"))).trim().to_owned(),
            format!(
                "{} · {} / {} · {}",
                n("rx_errors"),
                n("rx_dropped"),
                n("tx_errors"),
                n("tx_dropped")
            ),
        ]
    });
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() }
}

/// A row for each item of a fact that is a list; no rows without it.
fn listed(
    scene: &Scene<'_>,
    facts: &Facts,
    key: &str,
    head: &[&'static str],
    row: fn(&Value) -> Vec<String>,
) -> Table {
    let items = facts.value(key).and_then(Value::as_array);
    let rows = items.into_iter().flatten().take(ROWS_MAX).map(row).collect();
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows }
}

/// A number with its unit; `-` where there is none.
fn amount(value: &Value, name: &str, unit: &str) -> String {
    value[name].as_f64().map_or_else(|| "-".to_owned(), |n| format!("{n:.1} {unit}"))
}

/// Disks over the whole period.
pub fn disks(scene: &Scene<'_>, host: &HostAssessment) -> Table {
    let head = ["disk", "busy.mean", "busy.p95", "await.p95", "read.write"];
    listed(scene, &host.facts, "resources.disks", &head, |disk| {
        vec![
            clean(field(disk, "name")),
            amount(disk, "util_mean_pct", "%"),
            amount(disk, "util_p95_pct", "%"),
            amount(disk, "await_p95_ms", "ms"),
            format!(
                "{} / {}",
                amount(disk, "read_kib_s", "KiB/s"),
                amount(disk, "write_kib_s", "KiB/s")
            ),
        ]
    })
}

/// Programs that used most over the whole period.
pub fn programs(scene: &Scene<'_>, host: &HostAssessment) -> Table {
    let head = ["program", "hours.top", "cpu.mean", "rss.max", "rss.growth"];
    listed(scene, &host.facts, "resources.top", &head, |program| {
        vec![
            clean(field(program, "name")),
            program["hours"].as_i64().unwrap_or(0).to_string(),
            amount(program, "cpu_pct", "%"),
            amount(program, "rss_max_mib", "MiB"),
            amount(program, "per_day_mib", "MiB/d"),
        ]
    })
}
