//! Documents of vendors, as they were published, against what they are known to hold.
//!
//! They lie in `CAREPACK_CORPUS` (default `../shared/corpus` beside the tree), `advisories/`, where
//! `MANIFEST.tsv` names each. Without them the tests say aloud that they are skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use carepack_advisories::feeds::{
    Fault, Reading, csaf, exploited, osv, repomd, repositories, set, updateinfo,
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
    let only_ours: Vec<_> = ours.difference(&flat).collect();
    let only_flat: Vec<_> = flat.difference(&ours).collect();
    println!("{} of ours, {} flat", ours.len(), flat.len());
    println!("only ours {}: {:#?}", only_ours.len(), only_ours.iter().take(60).collect::<Vec<_>>());
    println!("only flat {}: {:#?}", only_flat.len(), only_flat.iter().take(60).collect::<Vec<_>>());
    panic!("look");
}
