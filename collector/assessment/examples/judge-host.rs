//! What the rules say of a snapshot file, a line a finding that is no pass, and what changed:
//! `cargo run -p carepack-assessment --example judge-host SNAPSHOT.json [EARLIER.json]`

use std::collections::BTreeMap;
use std::path::Path;

use carepack_assessment::model::{HostRef, Verdict};
use carepack_assessment::{HostInput, Input, Observed, Pack, assess};
use carepack_shared::Snapshot;
use carepack_shared::digest::sha256_hex;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = BTreeMap::new();
    read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../rules")), "", &mut files);
    let pack = Pack::load("judge-host", &files)?;
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which snapshot?")?;
    let observed = |path: &str| -> Result<(Snapshot, Observed), Box<dyn std::error::Error>> {
        let document = std::fs::read(path)?;
        let snapshot = Snapshot::from_document(&document)?;
        let observed = Observed::of(&snapshot, &sha256_hex(&document));
        Ok((snapshot, observed))
    };
    let (snapshot, current) = observed(&path)?;
    let previous = arguments.next().map(|path| observed(&path)).transpose()?;
    let name = snapshot.host.hostname.clone();
    let host = HostInput {
        host: HostRef { id: String::new(), name, role: String::new(), importance: 1 },
        current: Some(current),
        previous: previous.map(|(_, observed)| observed),
        history: Vec::new(),
        exceptions: BTreeMap::new(),
        standard: None,
    };
    let input = Input::of(snapshot.finished_at, "2026-11", vec![host]);
    for page in assess(&pack, input).hosts {
        for finding in &page.findings {
            let cause = finding.unknown.as_ref();
            let said = cause.map_or_else(
                || finding.ko.finding.clone(),
                |cause| format!("{} {} {}", cause.fact, cause.reason.as_str(), cause.source),
            );
            if !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable) {
                println!("{:?}\t{}\t{said}", finding.verdict, finding.rule);
            }
        }
        for change in &page.changes {
            println!("{change:?}");
        }
        println!("score {:?}", page.score.effective);
    }
    Ok(())
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
