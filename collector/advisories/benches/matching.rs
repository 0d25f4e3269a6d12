//! Who lacks what, at size: one host against many advisories, and a new advisory against fleets.
//!
//! The advisories and installations are made up in the proportions of RHEL: some 25 packages an
//! advisory, 1,500 packages a host, a package fixed many times over, of which a host lacks the last
//! few. Run with
//! `cargo bench -p carepack-advisories --bench matching`.

use std::hint::black_box;

use carepack_advisories::feeds::set::{FORMAT, Header, Set};
use carepack_advisories::fleet::Fleet;
use carepack_advisories::host::{Host, Os, Package};
use carepack_advisories::index::Index;
use carepack_advisories::matching::matches;
use carepack_advisories::model::Advisory;
use carepack_advisories::stream::Streams;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;

/// Names that a distribution has, and that a host has of them.
const NAMES: u32 = 8_000;
const INSTALLED: u32 = 1_500;
/// Packages of one advisory, and advisories of a full feed.
const FIXED: u32 = 25;
const ADVISORIES: u32 = 50_000;
/// Different installations among a hundred thousand hosts: some fifty customers' standards, each
/// at forty patch levels.
const PROFILES: u32 = 2_000;

fn name(number: u32) -> String {
    format!("package-{}", number % NAMES)
}

fn advisory(number: u32) -> Advisory {
    // A name is fixed every so often, each time by a higher release.
    let packages: Vec<String> =
        (0..FIXED).map(|at| format!("{}.x86_64", name(number * 7 + at * 13))).collect();
    let text = json!({
        "id": format!("RHSA-2026:{number:05}"), "kind": "security", "severity": "important",
        "title": {}, "cves": [{"id": format!("CVE-2026-{number:05}")}],
        "published": "2026-11-01T00:00:00Z", "updated": "2026-11-01T00:00:00Z",
        "fixes": [{"streams": ["cpe:/o:redhat:enterprise_linux:9::baseos"],
            "evr": format!("0:1.39-{}.el9_4", 1 + number / 1_000), "packages": packages}],
    });
    serde_json::from_value(text).expect("an advisory")
}

fn host(profile: u32) -> Host {
    let package = |at: u32| -> Package {
        // Up to the newest release but three.
        let release = format!("{}.el9_4", 47 + (profile + at) % 4);
        let version = "1.39";
        let row = json!([name(at * 5 + profile % 50), "x86_64", 0, version, release, "", "", ""]);
        serde_json::from_value(row).expect("a package")
    };
    let mut packages: Vec<Package> = (0..INSTALLED).map(package).collect();
    packages.sort();
    Host { os: Os::of("rhel", "9.4", ""), packages, ..Host::default() }
}

fn set(count: u32) -> Set {
    let header = Header {
        format: FORMAT,
        version: 1,
        made_at: jiff::Timestamp::UNIX_EPOCH,
        valid_until: None,
        feeds: Vec::new(),
        repositories: std::collections::BTreeMap::new(),
    };
    Set { header, advisories: (0..count).map(advisory).collect(), vulnerabilities: Vec::new() }
}

fn one_host(bench: &mut Criterion) {
    let set = set(ADVISORIES);
    let index = set.index();
    let host = host(7);
    let streams = Streams::of(&host, &set.header.repositories);
    assert!(!matches(&index, &host, &streams).is_empty());
    bench.bench_function("one host against 50,000 advisories", |bench| {
        bench.iter(|| matches(black_box(&index), &host, &streams));
    });
    bench.bench_function("index of 50,000 advisories", |bench| {
        bench.iter(|| black_box(&set).index());
    });
}

fn fleets(bench: &mut Criterion) {
    let new = [advisory(ADVISORIES - 1)];
    let none = std::collections::BTreeMap::new();
    for hosts in [10, 1_000, 100_000_u32] {
        let profiles = hosts.min(PROFILES);
        let each = hosts / profiles;
        let all = (0..profiles).map(|profile| {
            let ids: Vec<u32> = (0..each).map(|at| profile * each + at).collect();
            (ids, host(profile))
        });
        let fleet = Fleet::new(all, &none);
        let index = Index::new(&new, &[], &none);
        let found: usize = fleet.lacking(&index).iter().map(|(ids, _)| ids.len()).sum();
        assert!(found > 0, "the advisory concerns somebody");
        bench.bench_function(&format!("a new advisory against {hosts} hosts"), |bench| {
            bench.iter(|| {
                let index = Index::new(black_box(&new), &[], &none);
                fleet.lacking(&index).len()
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = one_host, fleets
}
criterion_main!(benches);
