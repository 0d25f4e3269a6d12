//! Documents of vendors, as they were published, against what they are known to hold.
//!
//! They lie in `CAREPACK_CORPUS` (default `../shared/corpus` beside the tree), `advisories/`, where
//! `MANIFEST.tsv` names each. Without them the tests say aloud that they are skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use carepack_advisories::feeds::{
    Fault, FeedError, Reading, csaf, osv, repomd, repositories, set, updateinfo,
};
use carepack_advisories::model::{Advisory, Kind, Severity, Status};

fn corpus() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let given = std::env::var_os("CAREPACK_CORPUS").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| root.join("../shared/corpus")).join("advisories");
    if folder.join("MANIFEST.tsv").is_file() {
        return Some(folder);
    }
    println!("SKIPPED: no corpus of advisories at {}; set CAREPACK_CORPUS", folder.display());
    None
}

/// Files below a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn csaf_of(folder: &Path) -> BTreeMap<String, csaf::Csaf> {
    let read = |path: PathBuf| {
        let read = csaf::read(&std::fs::read(&path).unwrap());
        (name(&path), read.unwrap_or_else(|error| panic!("{}: {error:?}", path.display())))
    };
    files(folder).into_iter().map(read).collect()
}

/// `id, CPE, module, name, E, V, R, arch`.
type Row = [String; 8];

fn rows(advisories: &[Advisory]) -> BTreeSet<Row> {
    let mut rows = BTreeSet::new();
    for advisory in advisories {
        for fix in &advisory.fixes {
            let (epoch, version) = fix.evr.split_once(':').unwrap_or(("", &fix.evr));
            let (version, release) = version.rsplit_once('-').unwrap();
            let module = fix.module.clone().unwrap_or_default();
            for (stream, package) in
                fix.streams.iter().flat_map(|s| fix.packages.iter().map(move |p| (s, p)))
            {
                // Red Hat's names may have dots of their own; an architecture has none.
                let (name, arch) = package.rsplit_once('.').unwrap_or((package, ""));
                let row = [&advisory.id, stream, &module, name, epoch, version, release, arch];
                rows.insert(row.map(str::to_owned));
            }
        }
    }
    rows
}

fn flat(folder: &Path, file: &str) -> BTreeSet<Row> {
    let text = std::fs::read_to_string(folder.join("flat").join(file)).unwrap();
    let row = |line: &str| {
        let part: Vec<&str> = line.split('\t').collect();
        [0, 6, 7, 8, 9, 10, 11, 12].map(|index| part[index].to_owned())
    };
    text.lines().map(row).collect()
}

/// One line of a row, as the differences are told.
fn told(row: &Row) -> String {
    row.join("|")
}

/// All of Red Hat's advisories and CVEs, against the same flattened by another program.
///
/// Three differences: a package whose platform the document does not describe (one row) cannot be
/// held against any host and is left out; a module's build (`3.9-8040020240902080505.63cd9eba`) is
/// no version of a package; and sources that the later VEX layout names without an architecture
/// are kept, as sources, where the flat table leaves them out.
#[test]
fn fixes_of_red_hat_are_the_flat_rows() {
    let Some(corpus) = corpus() else { return };
    let mut advisories = Vec::new();
    for folder in ["redhat-csaf", "redhat-vex"] {
        for (_, csaf) in csaf_of(&corpus.join(folder)) {
            advisories.extend(csaf.reading.advisories);
        }
    }
    let (ours, flat) = (rows(&advisories), flat(&corpus, "redhat_fixed.tsv"));
    assert_eq!(flat.len(), 11_173);
    let only_flat: Vec<String> = flat.difference(&ours).map(told).collect();
    let expected = [
        "RHSA-2023:1833|||SLOF|0|20210217|1.module+el8.6.0+14480+c0a3aa0f|src",
        "RHSA-2024:7137|cpe:/a:redhat:rhel_aus:8.4::appstream||python39|0|3.9|8040020240902080505.63cd9eba|src",
    ];
    assert_eq!(only_flat, expected);
    let only_ours: Vec<&Row> = ours.difference(&flat).collect();
    assert_eq!(only_ours.len(), 18);
    for row in only_ours {
        assert_eq!((row[7].as_str(), row[6].len() < 19), ("src", true), "{}", told(row));
    }
    // Every one of the spellings was read: no package has an unknown version or epoch.
    assert!(ours.iter().all(|row| !row[4].is_empty() && !row[7].is_empty()));
}

#[test]
fn advisories_of_red_hat_in_full() {
    let Some(corpus) = corpus() else { return };
    let documents = csaf_of(&corpus.join("redhat-csaf"));
    assert_eq!(documents.len(), 39);
    let one = |file: &str| documents[file].reading.advisories[0].clone();
    let sudo = one("RHSA-2024_0811.vunnel.json");
    assert_eq!((sudo.kind, sudo.severity), (Kind::Security, Severity::Moderate));
    assert_eq!(sudo.title.en, "sudo security update");
    assert!(sudo.summary.en.contains("(CVE-2023-28486)"), "{}", sudo.summary.en);
    let evrs: BTreeSet<&str> = sudo.fixes.iter().map(|fix| fix.evr.as_str()).collect();
    assert_eq!(evrs.len(), 6, "each stream has its own version: {evrs:?}");
    assert_eq!(sudo.cves.len(), 3);
    assert_eq!(sudo.cves[0].cvss_tenths, Some(53));
    assert_eq!(sudo.references[0], "https://access.redhat.com/errata/RHSA-2024:0811");
    let http2 = one("RHSA-2023_5835.trustify.json");
    assert!(http2.is_exploited());
    let openssl = one("RHSA-2023_1441.csafwalker.json");
    assert!(openssl.reboot && openssl.restart);
    assert_eq!(one("RHBA-2024_1440.trustify.json").kind, Kind::Bugfix);
    // The end of a product's support is no advisory on packages.
    for file in ["RHSA-2019_1862.oasis.json", "RHSA-2019_1862.oasis.2.json"] {
        assert!(documents[file].reading.advisories.is_empty(), "{file}");
    }
    let undated = documents.values().map(|csaf| csaf.reading.faults.count(Fault::Date));
    assert_eq!(undated.sum::<usize>(), 0);
}

#[test]
fn states_of_cves_add_up() {
    let Some(corpus) = corpus() else { return };
    let documents = csaf_of(&corpus.join("redhat-vex"));
    assert_eq!(documents.len(), 84);
    let sum = |of: fn(&csaf::Counts) -> usize| -> usize {
        documents.values().map(|csaf| of(&csaf.counts)).sum()
    };
    // As counted in the documents by another program.
    assert_eq!(sum(|c| c.fixed), 10_927);
    assert_eq!(sum(|c| c.known_not_affected), 14_233);
    assert_eq!(sum(|c| c.known_affected), 878);
    assert_eq!(sum(|c| c.under_investigation), 0);
    assert_eq!(sum(|c| c.fix_deferred), 303);
    assert_eq!(sum(|c| c.out_of_support), 251);
    assert_eq!(sum(|c| c.affected), 168);
    assert_eq!(sum(|c| c.will_not_fix), 150);
    let curl = &documents["CVE-2023-38545.claircore.json"].reading.vulnerabilities[0];
    assert_eq!(curl.cve.cvss_tenths, Some(81));
    let libtiff = &documents["CVE-2023-6228.vuls.json"].reading.vulnerabilities[0];
    let state = |status: Status, package: &str| {
        libtiff.states.iter().any(|s| s.status == status && s.packages.iter().any(|p| p == package))
    };
    assert!(state(Status::WillNotFix, "compat-libtiff3"));
    assert!(state(Status::OutOfSupport, "libtiff"));
}

#[test]
fn hostile_documents_end_in_an_answer() {
    let Some(corpus) = corpus() else { return };
    let documents = csaf_of(&corpus.join("hostile"));
    assert_eq!(documents.len(), 8);
    // A module without a stream, a product that is nowhere described, a fix without a version.
    for (file, fault) in [
        ("CVE-2025-33333.trivydb.json", Fault::Package),
        ("CVE-2026-88888.vuls.json", Fault::Module),
        ("CVE-2026-88888.vuls.2.json", Fault::Module),
        ("CVE-2026-99999.vunnel.json", Fault::Product),
    ] {
        let csaf = &documents[file];
        assert!(csaf.reading.faults.count(fault) > 0, "{file}: {:?}", csaf.reading.faults);
        assert!(csaf.reading.vulnerabilities[0].states.is_empty(), "{file}");
    }
}

fn unpacked(path: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    if name(path).ends_with(".gz") {
        let mut text = Vec::new();
        return flate2::read::GzDecoder::new(bytes.as_slice())
            .read_to_end(&mut text)
            .ok()
            .map(|_| text);
    }
    Some(bytes)
}

fn updateinfo_of(path: &Path) -> Option<Reading> {
    let bytes = unpacked(path)?;
    Some(
        updateinfo::read(bytes.as_slice(), "repo:x")
            .unwrap_or_else(|e| panic!("{}: {e:?}", path.display())),
    )
}

/// Packages of a file, as a search for its tags counts them.
fn tags(bytes: &[u8], tag: &str) -> usize {
    String::from_utf8_lossy(bytes).matches(tag).count()
}

#[test]
fn updateinfo_of_every_case() {
    let Some(corpus) = corpus() else { return };
    let mut cases = 0;
    for path in files(&corpus.join("cases")) {
        if name(&path) != "updateinfo.xml" {
            continue;
        }
        cases += 1;
        let reading = updateinfo_of(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let ids: BTreeSet<&str> =
            text.split("<id>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
        let ours: BTreeSet<&str> = reading.advisories.iter().map(|a| a.id.as_str()).collect();
        assert_eq!(ours, ids, "{}", path.display());
        assert!(reading.faults.is_empty(), "{}: {:?}", path.display(), reading.faults);
        let packages: usize = rows(&reading.advisories).len();
        assert_eq!(packages, tags(&bytes, "<package "), "{}", path.display());
    }
    assert_eq!(cases, 13);
}

#[test]
fn updateinfo_of_the_rebuilds() {
    let Some(corpus) = corpus() else { return };
    let (mut read, mut advisories) = (0, 0);
    for path in files(&corpus.join("updateinfo")) {
        let name = name(&path);
        let of_form =
            name.contains("updateinfo") && (name.ends_with(".xml") || name.ends_with(".xml.gz"));
        // One is a broken archive, and is meant to be.
        let Some(bytes) = of_form.then(|| unpacked(&path)).flatten() else { continue };
        if name == "updateinfo_invalid.xml.gz" {
            assert!(updateinfo::read(bytes.as_slice(), "repo:x").is_err());
            continue;
        }
        let reading = updateinfo_of(&path).unwrap();
        read += 1;
        advisories += reading.advisories.len();
    }
    // As an XML parser that builds trees counts them.
    assert_eq!((read, advisories), (42, 511));
    let happy = corpus.join("updateinfo/rocky-vlu/updateinfo.xml");
    let reading = updateinfo_of(&happy).unwrap();
    let lz4 = reading.advisories.iter().find(|a| a.id == "RLSA-2021:2575").unwrap();
    assert_eq!((lz4.severity, lz4.title.en.as_str()), (Severity::Moderate, "lz4 security update"));
    assert_eq!(lz4.published.to_string(), "2021-07-22T03:13:55Z");
}

#[test]
fn repositories_and_their_files() {
    let Some(corpus) = corpus() else { return };
    let map = std::fs::read(corpus.join("redhat-meta/repository-to-cpe.json")).unwrap();
    let map = repositories::read(&map).unwrap();
    let expected = ["cpe:/o:redhat:enterprise_linux:9::baseos"];
    assert_eq!(map["rhel-9-for-x86_64-baseos-rpms"], expected);
    let mut read = 0;
    for path in files(&corpus.join("updateinfo")) {
        if name(&path) != "repomd.xml" {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let repomd = repomd::read(&bytes);
        // Made for a test of others: a checksum that is none.
        if tags(&bytes, ">badid<") > 0 {
            assert!(matches!(repomd, Err(FeedError::Lacks { .. })), "{}", path.display());
            continue;
        }
        let repomd = repomd.unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
        read += 1;
        if let Some(part) = repomd.updateinfo {
            assert!(part.href.contains("updateinfo"), "{}", path.display());
        }
    }
    assert_eq!(read, 19);
}

#[test]
fn osv_of_rebuilds_and_red_hat() {
    let Some(corpus) = corpus() else { return };
    let mut fixes = BTreeMap::new();
    for folder in ["rebuild-osv", "redhat-osv"] {
        for path in files(&corpus.join(folder)) {
            let bytes = std::fs::read(&path).unwrap();
            let reading = osv::read(&bytes).unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
            assert!(reading.faults.is_empty(), "{}: {:?}", path.display(), reading.faults);
            let [advisory] = reading.advisories.as_slice() else { panic!("{}", path.display()) };
            let file = name(&path);
            let id = file.split('.').next().unwrap().replace('_', ":");
            assert_eq!(advisory.id, id);
            let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            let affected = document["affected"].as_array().unwrap();
            let named: BTreeSet<String> = affected
                .iter()
                .map(|a| format!("{} {}", a["package"]["ecosystem"], a["package"]["name"]))
                .collect();
            let packages: BTreeSet<(&[String], &str)> = advisory
                .fixes
                .iter()
                .flat_map(|fix| fix.packages.iter().map(|p| (fix.streams.as_slice(), p.as_str())))
                .flat_map(|(streams, package)| [(streams, package)])
                .collect();
            assert!(packages.len() <= named.len(), "{}", path.display());
            let covered: BTreeSet<&str> = packages.iter().map(|(_, package)| *package).collect();
            let names: BTreeSet<&str> =
                affected.iter().map(|a| a["package"]["name"].as_str().unwrap()).collect();
            assert_eq!(covered, names, "{}", path.display());
            fixes.insert(file, advisory.clone());
        }
    }
    assert_eq!(fixes.len(), 22);
    assert_eq!(fixes["ALSA-2022_8194.vunnel.json"].severity, Severity::Moderate);
    assert_eq!(fixes["RHSA-2024_8709.vuls.json"].cvss_tenths(), Some(44));
    assert_eq!(fixes["ALBA-2021_4378.vunnel.json"].kind, Kind::Bugfix);
}

/// Everything in one set and back again.
#[test]
fn all_of_it_in_one_set() {
    let Some(corpus) = corpus() else { return };
    let mut merge = set::Merge::default();
    let mut told = BTreeSet::new();
    for (feed, folder) in [("csaf", "redhat-csaf"), ("vex", "redhat-vex")] {
        for (_, csaf) in csaf_of(&corpus.join(folder)) {
            told.extend(rows(&csaf.reading.advisories).into_iter().map(|row| row[0].clone()));
            merge.add(feed, csaf.reading);
        }
    }
    let header = set::Header {
        format: set::FORMAT,
        version: 1,
        made_at: "2026-03-01T00:00:00Z".parse().unwrap(),
        valid_until: None,
        feeds: Vec::new(),
        repositories: BTreeMap::new(),
    };
    let set = merge.finish(header);
    let ids: BTreeSet<String> =
        set.advisories.iter().filter(|a| !a.fixes.is_empty()).map(|a| a.id.clone()).collect();
    assert_eq!(ids, told);
    let mut bytes = Vec::new();
    set::write(&set, &mut bytes).unwrap();
    assert!(set::read(bytes.as_slice()).unwrap() == set);
    // Known by a VEX file of its own, so it is known in every advisory that fixes it.
    let known: BTreeMap<&str, bool> = set
        .vulnerabilities
        .iter()
        .map(|v| (v.cve.id.as_str(), v.cve.cvss_tenths.is_some()))
        .collect();
    for cve in set.advisories.iter().flat_map(|a| &a.cves) {
        assert!(
            cve.cvss_tenths.is_some() || !known.get(cve.id.as_str()).copied().unwrap_or_default()
        );
    }
    println!(
        "{} advisories, {} vulnerabilities, {} bytes",
        set.advisories.len(),
        set.vulnerabilities.len(),
        bytes.len()
    );
}
