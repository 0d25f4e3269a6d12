//! The plain-text sheet beside a `.cpk` file, for whoever approves that it leaves a closed network
//! (반출 승인): what the file is, its digest, what is in it and what is not, and which file of this
//! host went before it, so that a missing month is seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use carepack_shared::digest::sha256_hex;
use carepack_shared::terminal::plain;
use carepack_shared::{Outcome, Snapshot, Unseen};

use crate::state::Handed;

/// Where the sheet of a file stands.
pub fn path(file: &Path) -> PathBuf {
    file.with_extension("manifest.txt")
}

/// The sheet. `before`: the file that was made before this one.
pub fn text(snapshot: &Snapshot, file: &Path, bytes: &[u8], before: Option<&Handed>) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let document = snapshot.to_document();
    let rows = [
        ("파일 · File", name.into_owned()),
        ("파일 SHA-256 · of the file", sha256_hex(bytes)),
        ("내용 SHA-256 · of the document", sha256_hex(&document)),
        ("크기 · Bytes", format!("{} ({} unpacked)", bytes.len(), document.len())),
        ("호스트 · Host", snapshot.host.hostname.clone()),
        ("수집 시각 · Taken", snapshot.taken_at.to_string()),
        ("점검 기간 · Period", snapshot.period.clone().unwrap_or_else(|| "-".to_owned())),
        ("순번 · Number", (before.map_or(0, |handed| handed.number) + 1).to_string()),
        ("직전 파일 SHA-256 · File before", before.map_or("-", |h| h.sha256.as_str()).to_owned()),
        (
            "직전 점검 기간 · Its period",
            before.and_then(|h| h.period.clone()).unwrap_or_else(|| "-".to_owned()),
        ),
    ];
    let mut text = "Carepack 반출 명세 · Manifest\n\n".to_owned();
    for (label, value) in rows {
        text.push_str(&format!("{label}: {}\n", plain(&value)));
    }
    text.push_str("\n항목 · Probe: 본 것 seen / 제외 withheld / 못 본 것 unseen\n");
    for (probe, [seen, withheld, unseen]) in counts(snapshot) {
        text.push_str(&format!("  {probe}: {seen} / {withheld} / {unseen}\n"));
    }
    text.push_str("\n가린 것 · Masked:\n");
    for (kind, count) in &snapshot.masked {
        text.push_str(&format!("  {kind}: {count}\n"));
    }
    text
}

fn counts(snapshot: &Snapshot) -> BTreeMap<&str, [u32; 3]> {
    let mut counts: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
    for observation in &snapshot.observations {
        let which = match observation.outcome {
            Outcome::Seen { .. } => 0,
            Outcome::Unseen { reason: Unseen::Withheld, .. } => 1,
            Outcome::Unseen { .. } => 2,
        };
        counts.entry(&observation.probe).or_default()[which] += 1;
    }
    counts
}
