//! CPU of matching one host, beside `dnf updateinfo list` on the same packages and advisories:
//! `match-time CASE [COMMAND…]`, where CASE holds `packages.tsv` (name, epoch, version, release, arch,
//! module label) and `updateinfo.xml`, and COMMAND asks dnf the same. Both in one run.

use std::io::BufReader;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use carepack_advisories::feeds::updateinfo;
use carepack_advisories::host::{Host, Os, Package};
use carepack_advisories::index::Index;
use carepack_advisories::matching::matches;
use carepack_advisories::stream::{Repositories, Streams};

/// Rounds that one figure is the mean of.
const ROUNDS: u32 = 1_000;
const PEER_ROUNDS: u32 = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((case, command)) = arguments.split_first() else {
        eprintln!("usage: match-time CASE [COMMAND…]");
        return ExitCode::from(2);
    };
    let case = Path::new(case);
    let list = std::fs::read_to_string(case.join("packages.tsv")).expect("packages.tsv");
    let mut packages: Vec<Package> = list.lines().map(package).collect();
    packages.sort();
    let feed = std::fs::File::open(case.join("updateinfo.xml")).expect("updateinfo.xml");
    let reading = updateinfo::read(BufReader::new(feed), "repo:all").expect("an updateinfo");
    let none = Repositories::new();
    let index = Index::new(&reading.advisories, &[], &none);
    let host = Host {
        os: Os::of("rhel", "8", ""),
        packages,
        repositories: Some(vec!["all".to_owned()]),
        ..Host::default()
    };
    let start = Instant::now();
    let mut lacks = 0;
    for _ in 0..ROUNDS {
        let streams = Streams::of(&host, &none);
        lacks = matches(&index, &host, &streams).len();
    }
    let own = start.elapsed().as_secs_f64() / f64::from(ROUNDS);
    println!(
        "{} packages, {} advisories, {lacks} apply: {:.1} µs",
        host.packages.len(),
        reading.advisories.len(),
        own * 1e6
    );
    if let Some((program, rest)) = command.split_first() {
        let start = Instant::now();
        for _ in 0..PEER_ROUNDS {
            let output = Command::new(program).args(rest).output().expect("the peer runs");
            assert!(output.status.success(), "the peer answers");
        }
        let peer = start.elapsed().as_secs_f64() / f64::from(PEER_ROUNDS);
        println!("peer: {:.0} ms, {:.0} times as long", peer * 1e3, peer / own);
    }
    ExitCode::SUCCESS
}

fn package(line: &str) -> Package {
    let mut f: Vec<&str> = line.split('\t').collect();
    f.resize(6, "");
    let module: Vec<&str> = f[5].splitn(3, ':').take(2).collect();
    let module = if f[5].contains(':') { module.join(":") } else { String::new() };
    let epoch: u32 = f[1].parse().unwrap_or(0);
    let row = serde_json::json!([f[0], f[4], epoch, f[2], f[3], module, "", ""]);
    serde_json::from_value(row).expect("a package")
}
