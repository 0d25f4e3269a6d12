//! How long one host takes with every rule, last month's evidence judged beside this month's, without the rest of the product:
//! `cargo run --release -p carepack-assessment --example judge-time SNAPSHOT.json…`

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use carepack_assessment::model::HostRef;
use carepack_assessment::{HostInput, Input, Observed, Pack, assess};
use carepack_shared::Snapshot;

/// Rounds over all snapshots.
const ROUNDS: u32 = 50;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = BTreeMap::new();
    read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../rules")), "", &mut files);
    let pack = Pack::load("time", &files)?;
    let mut snapshots = Vec::new();
    for file in std::env::args().skip(1) {
        snapshots.push(Snapshot::from_document(&std::fs::read(file)?)?);
    }
    let hosts = f64::from(ROUNDS) * f64::from(u32::try_from(snapshots.len())?);
    let (mut parsing, mut judging) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let input = input(&snapshots);
        parsing += start.elapsed();
        let start = Instant::now();
        let judged = assess(&pack, input);
        judging += start.elapsed();
        std::hint::black_box(judged);
    }
    let told = |what: &str, took: Duration| {
        let each = took.as_secs_f64() * 1e3 / hosts;
        println!("{what}: {each:.2} ms a host, {:.0} hosts a second", 1e3 / each);
    };
    told("facts out of both months' evidence", parsing);
    told(&format!("{} rules on both months' facts, and the score", pack.rules.len()), judging);
    told("both", parsing + judging);
    Ok(())
}

fn input(snapshots: &[Snapshot]) -> Input {
    let host = |snapshot: &Snapshot| HostInput {
        host: HostRef {
            id: snapshot.id.to_string(),
            name: snapshot.host.hostname.clone(),
            role: String::new(),
            importance: 1,
        },
        current: Some(Observed::of(snapshot, "")),
        previous: Some(Observed::of(snapshot, "")),
        history: Vec::new(),
        exceptions: BTreeMap::new(),
        standard: None,
    };
    Input::of(
        snapshots.first().map_or(jiff::Timestamp::UNIX_EPOCH, |s| s.finished_at),
        "2026-11",
        snapshots.iter().map(host).collect(),
    )
}

fn read(dir: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.insert(name, text);
        }
    }
}
