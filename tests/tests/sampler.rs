//! The resident agent samples for hours, is killed and started again, and what it saw is in the
//! snapshot and in the report: with a clock that runs 900 times as fast.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use carepack_tests::agent::Agent;
use carepack_tests::binaries;
use carepack_tests::collector::Collector;
use carepack_tests::faketime;
use carepack_tests::process::{run_ok, until};
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

const CONTRACT: &str = "sampler";
/// An hour is four seconds.
const SPEED: u32 = 900;
/// Of each of both runs: an hour and some minutes of the next.
const SAMPLES: usize = 66;

#[test]
fn a_killed_samplers_hours_are_in_the_snapshot_and_its_gap_in_the_report() -> Result<()> {
    let Some(library) = faketime::library() else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("collector"))?;
    let addresses = collector.serve()?;
    collector.contract("표본", CONTRACT, &["--window-day", "1", "--window-hour", "0"])?;
    let url = format!("https://{}", addresses.agents);
    let mut agent = Agent::new(&dir.path().join("agent"), &url, None)?;
    agent.enrol(&collector.token(CONTRACT, &["--host", "h"])?)?;
    // Neither a schedule nor a request: only samples are taken.
    collector.kill_9();

    // The first run a day before the second, both in the past of the real clock.
    let hour = Timestamp::now().as_second() / 3_600 * 3_600;
    let first = Timestamp::from_second(hour)?.checked_sub(28.hours())?;
    for (begin, taken) in [(first, SAMPLES), (first.checked_add(24.hours())?, 2 * SAMPLES)] {
        agent.start_with(&fast_from(library, begin))?;
        until("an hour of samples", || {
            ensure!(agent.is_alive(), "the agent ended: {}", agent.tail());
            Ok((samples(&agent.state().join("samples"))? >= taken).then_some(()))
        })?;
        agent.process().context("the agent runs")?.kill_9();
    }

    let file = dir.path().join("snapshot.json");
    let name = file.to_string_lossy().into_owned();
    let collected = agent.run(&["collect", "--output", &name])?;
    // 6: part of this host cannot be seen, such as what RHEL alone has.
    ensure!(matches!(collected.status.code(), Some(0 | 6)), "{collected:?}");
    let snapshot: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    let told = survey(&snapshot).context("the survey resources")?;
    check(told, first)?;

    let out = dir.path().join("report");
    let binary = binaries::path("carepack-collector")?;
    let mut assess = std::process::Command::new(binary);
    run_ok(assess.args(["assess", &name, "--report"]).arg(&out))?;
    let html = std::fs::read_to_string(out.join("report.en.html"))?;
    ensure!(html.contains("CPU use (%)") || html.contains("Memory"), "no chart of the period");
    let charts: Vec<&str> =
        html.split("<svg").filter(|svg| svg.contains(r#"height="110""#)).collect();
    ensure!(charts.len() >= 2, "{} charts of the period", charts.len());
    if Path::new("/var/log/sa").exists() {
        println!("skipped: sysstat's history of this host fills the gap");
    } else {
        let gap = r##"height="74" fill="#d8dee6""##;
        ensure!(charts.iter().all(|svg| svg.contains(gap)), "a chart does not show the gap");
    }
    Ok(())
}

/// The clock of a process that begins at `begin`.
fn fast_from(library: &Path, begin: Timestamp) -> Vec<(String, String)> {
    let begin = begin.strftime("%Y-%m-%d %H:%M:%S");
    [
        ("LD_PRELOAD", library.to_string_lossy().into_owned()),
        ("FAKETIME", format!("@{begin} x{SPEED}")),
        ("TZ", "UTC".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Samples in the ring: its files are `CPS1` and frames of a kind, a length, so many bytes and
/// four of a checksum.
fn samples(folder: &Path) -> Result<usize> {
    let mut count = 0;
    let files: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    for file in files {
        let bytes = std::fs::read(&file)?;
        let mut at = 4;
        while let Some([kind, low, high]) = bytes.get(at..at + 3) {
            count += usize::from(*kind == b'S');
            at += 7 + usize::from(u16::from_le_bytes([*low, *high]));
        }
    }
    Ok(count)
}

fn survey(snapshot: &Value) -> Option<&Value> {
    let observations = snapshot["observations"].as_array()?;
    let found = observations.iter().find(|o| o["source"]["name"] == "resources")?;
    found.pointer("/outcome/seen/content/json").or_else(|| found.pointer("/outcome/content/json"))
}

/// What the hours must be: both runs with their gap, each hour's numbers in their order.
fn check(told: &Value, first: Timestamp) -> Result<()> {
    ensure!(told["from"] == first.as_second(), "from {}", told["from"]);
    ensure!(told["starts"] == 2, "starts {}", told["starts"]);
    ensure!(told["hours"].as_u64() >= Some(26), "hours {}", told["hours"]);
    let hours = told["hours"].as_u64().context("hours")? as usize;
    let series = told["series"].as_array().context("series")?;
    let text = |name: &str, key: &str| -> Result<Vec<Option<i64>>> {
        let one = series.iter().find(|one| one["name"] == name);
        let text =
            one.and_then(|one| one[key].as_str()).with_context(|| format!("{name} {key}"))?;
        Ok(text.split(',').map(|word| word.parse().ok()).collect())
    };
    for name in ["cpu.busy", "memory.used"] {
        let keys = ["under", "mean", "over", "top"];
        let [under, mean, over, top] = keys.map(|key| text(name, key));
        let (under, mean, over, top) = (under?, mean?, over?, top?);
        ensure!(mean.len() == hours, "{name}: {} of {hours} hours", mean.len());
        let seen: Vec<usize> = (0..hours).filter(|hour| mean[*hour].is_some()).collect();
        ensure!(seen.starts_with(&[0, 1]) && seen.contains(&24), "{name}: hours {seen:?}");
        if !Path::new("/var/log/sa").exists() {
            ensure!(seen.iter().all(|hour| !(3..24).contains(hour)), "{name}: no gap in {seen:?}");
        }
        for hour in seen {
            let of = |list: &[Option<i64>]| list[hour].context("all four or none");
            let (under, mean, over, top) = (of(&under)?, of(&mean)?, of(&over)?, of(&top)?);
            // A share's extremes are told by their distance; one sample in twenty may lift the
            // mean over the 95th percentile, and none over the maximum.
            ensure!(under >= 0 && top >= 0 && over + top >= 0, "{name}: hour {hour}");
            ensure!(mean - under >= 0 && mean + over + top <= 1_000, "{name}: hour {hour}");
        }
    }
    let (min, mean) = (text("load.1", "min")?, text("load.1", "mean")?);
    let (p95, max) = (text("load.1", "p95")?, text("load.1", "max")?);
    for hour in (0..hours).filter(|hour| mean[*hour].is_some()) {
        ensure!(min[hour] <= mean[hour] && mean[hour] <= max[hour] && p95[hour] <= max[hour]);
        ensure!(min[hour] <= p95[hour], "load.1: hour {hour}");
    }
    Ok(())
}
