//! The same list as dnf gave for the same packages and advisories, on real hosts' package lists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use carepack_advisories::host::{Host, Os, Package};
use carepack_advisories::index::Index;
use carepack_advisories::matching::{Class, What, matches, standing};
use carepack_advisories::model::{Advisory, Kind, Severity};
use carepack_advisories::stream::{Repositories, Streams};

fn corpus() -> Option<PathBuf> {
    let fallback = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let root = std::env::var_os("CAREPACK_CORPUS").map_or(fallback, PathBuf::from);
    let found = root.join("advisories/cases");
    if !found.is_dir() {
        eprintln!("SKIPPED: no corpus at {}", root.display());
        return None;
    }
    Some(found)
}

/// Name, epoch, version, release, arch, module label.
fn packages(text: &str) -> Vec<Package> {
    let row = |line: &str| {
        let mut f: Vec<&str> = line.split('\t').collect();
        f.resize(8, "");
        let module: Vec<&str> = f[5].splitn(3, ':').take(2).collect();
        let module = if f[5] == "0" || f[5] == "(none)" { String::new() } else { module.join(":") };
        let epoch: u32 = f[1].parse().unwrap_or(0);
        let row = serde_json::json!([f[0], f[4], epoch, f[2], f[3], module, "", ""]);
        serde_json::from_value(row).unwrap()
    };
    let mut packages: Vec<Package> = text.lines().map(row).collect();
    packages.sort();
    packages
}

/// Rows of a flattened feed: id, kind, severity, date, CVEs, product, CPE, module, name, epoch,
/// version, release, arch. Here all are of one repository, as dnf was asked.
fn advisories(text: &str) -> Vec<Advisory> {
    let mut found: BTreeMap<&str, BTreeSet<(&str, String, String)>> = BTreeMap::new();
    for line in text.lines() {
        let f: Vec<&str> = line.split('\t').collect();
        let row = (f[7], format!("{}:{}-{}", f[9], f[10], f[11]), format!("{}.{}", f[8], f[12]));
        found.entry(f[0]).or_default().insert(row);
    }
    let advisory = |(id, rows): (&str, BTreeSet<(&str, String, String)>)| Advisory {
        id: id.to_owned(),
        kind: Kind::Security,
        severity: Severity::None,
        title: Default::default(),
        summary: Default::default(),
        published: jiff::Timestamp::UNIX_EPOCH,
        updated: jiff::Timestamp::UNIX_EPOCH,
        cves: Vec::new(),
        reboot: false,
        restart: false,
        references: Vec::new(),
        fixes: rows
            .into_iter()
            .map(|(module, evr, package)| carepack_advisories::model::Fix {
                streams: vec!["repo:all".to_owned()],
                module: Some(module.to_owned()).filter(|module| !module.is_empty()),
                evr,
                packages: vec![package],
            })
            .collect(),
        ranges: Vec::new(),
        feeds: Vec::new(),
    };
    found.into_iter().map(advisory).collect()
}

fn ids(path: &Path) -> Option<BTreeSet<String>> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect())
}

#[test]
fn every_case_gives_what_dnf_gave() {
    let Some(cases) = corpus() else { return };
    let mut compared = 0;
    let mut found_at_all = 0;
    for case in std::fs::read_dir(cases).unwrap().flatten() {
        let folder = case.path();
        let read = |name: &str| std::fs::read_to_string(folder.join(name));
        let (Ok(list), Ok(rows)) = (read("packages.tsv"), read("advisories.tsv")) else { continue };
        let advisories = advisories(&rows);
        let host = Host {
            os: Os::of("rhel", "8.4", ""),
            packages: packages(&list),
            repositories: Some(vec!["all".to_owned()]),
            ..Host::default()
        };
        let map = Repositories::new();
        let index = Index::new(&advisories, &[], &map);
        let streams = Streams::of(&host, &map);
        let available: BTreeSet<String> = matches(&index, &host, &streams)
            .into_iter()
            .filter(|found| found.class == Class::Applicable)
            .filter_map(|found| match found.what {
                What::Advisory(at) => Some(advisories[at as usize].id.clone()),
                What::Vulnerability(_) => None,
            })
            .collect();
        found_at_all += available.len();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        for oracle in ["dnf", "labelcompare", "openscap"] {
            if let Some(expected) = ids(&folder.join(format!("{oracle}_available.ids"))) {
                assert_eq!(available, expected, "{name} by {oracle}");
                compared += 1;
            }
        }
        if let Some(expected) = ids(&folder.join("dnf_installed.ids")) {
            let is_there = |at: u32| !standing(&index, at, &host, &streams).applied.is_empty();
            let installed: BTreeSet<String> = (0..u32::try_from(advisories.len()).unwrap())
                .filter(|&at| is_there(at))
                .map(|at| advisories[at as usize].id.clone())
                .collect();
            assert_eq!(installed, expected, "{name}, installed");
            compared += 1;
        }
    }
    assert!(compared >= 20 && found_at_all > 200, "{compared} answers, {found_at_all} advisories");
}
