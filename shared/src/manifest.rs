//! The plain-text sheet beside a `.cpk` file, for whoever approves that it leaves a closed network
//! (반출 승인): what the file is, its digest, what is in it and what is not, and which file of this
//! host went before it, so that a missing month is seen.
//!
//! Nobody signs it: whoever has the file can write the sheet again ([`check`]), so one changed
//! letter is found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::bundle::Link;
use crate::digest::sha256_hex;
use crate::observation::{Outcome, Unseen};
use crate::snapshot::Snapshot;
use crate::terminal;

/// The first line, with the number of this form.
const HEAD: &str = "Carepack 반출 명세 · Manifest 1";
/// The label of the only row that a renamed file changes.
const NAME: &str = "파일 · File";
/// Longest sheet that is read, in bytes; one has a line for each probe.
pub const SHEET_BYTES_MAX: usize = 64 * 1024;

/// A sheet that is not of its file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    #[error("its first line is not {HEAD:?}: another version of the agent wrote it")]
    Form,
    #[error(
        "line {line} says {found:?}, the file itself gives {expected:?}: one of the two was altered"
    )]
    Differs { line: usize, found: String, expected: String },
}

/// Where the sheet of a file stands.
#[must_use]
pub fn path(file: &Path) -> PathBuf {
    file.with_extension("manifest.txt")
}

/// The sheet of a file with its name, its bytes and its place among the host's files.
#[must_use]
pub fn text(snapshot: &Snapshot, (name, bytes): (&str, &[u8]), link: &Link) -> String {
    let document = snapshot.to_document();
    let or_dash = |word: &Option<String>| word.clone().unwrap_or_else(|| "-".to_owned());
    let rows = [
        (NAME, name.to_owned()),
        ("파일 SHA-256 · of the file", sha256_hex(bytes)),
        ("내용 SHA-256 · of the document", sha256_hex(&document)),
        ("크기 · Bytes", format!("{} ({} unpacked)", bytes.len(), document.len())),
        ("호스트 · Host", snapshot.host.hostname.clone()),
        ("수집 시각 · Taken", snapshot.taken_at.to_string()),
        ("점검 기간 · Period", or_dash(&snapshot.period)),
        ("순번 · Number", link.number.to_string()),
        ("직전 파일 SHA-256 · File before", or_dash(&link.before)),
        ("직전 점검 기간 · Its period", or_dash(&link.before_period)),
    ];
    let mut text = format!("{HEAD}\n\n");
    for (label, value) in rows {
        text.push_str(&format!("{label}: {}\n", plain(&value)));
    }
    text.push_str("\n항목 · Probe: 본 것 seen / 제외 withheld / 못 본 것 unseen\n");
    for (probe, [seen, withheld, unseen]) in counts(snapshot) {
        text.push_str(&format!("  {}: {seen} / {withheld} / {unseen}\n", plain(probe)));
    }
    text.push_str("\n가린 것 · Masked:\n");
    for (kind, count) in &snapshot.masked {
        text.push_str(&format!("  {}: {count}\n", plain(kind)));
    }
    text
}

/// Writes the sheet of a file again and compares; the file may have been renamed.
///
/// # Errors
/// [`SheetError`] names the first line that is not the file's.
pub fn check(
    sheet: &str,
    (snapshot, bytes): (&Snapshot, &[u8]),
    link: &Link,
) -> Result<(), SheetError> {
    if sheet.lines().next() != Some(HEAD) {
        return Err(SheetError::Form);
    }
    let name = sheet.lines().find_map(|line| line.strip_prefix(NAME)?.strip_prefix(": "));
    let own = text(snapshot, (name.unwrap_or_default(), bytes), link);
    let (mut found, mut expected) = (sheet.lines(), own.lines());
    let mut line = 0;
    loop {
        line += 1;
        match (found.next(), expected.next()) {
            (None, None) => return Ok(()),
            (found, expected) if found == expected => {}
            (found, expected) => {
                let (found, expected) = (found.unwrap_or_default(), expected.unwrap_or_default());
                let (found, expected) = (plain(found), plain(expected));
                return Err(SheetError::Differs { line, found, expected });
            }
        }
    }
}

/// One line, whatever a host calls itself.
fn plain(text: &str) -> String {
    terminal::plain(text).replace('\n', "\\n")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::testing::sample;

    #[test]
    fn a_sheet_holds_for_its_file_alone() {
        let (snapshot, file) = sample();
        let link = Link { number: 2, before: Some("ab".repeat(32)), before_period: None };
        let sheet = text(&snapshot, ("한빛 11월.cpk", &file), &link);
        assert_eq!(check(&sheet, (&snapshot, &file), &link), Ok(()));
        let renamed = sheet.replace("한빛 11월.cpk", "copy.cpk");
        assert_eq!(check(&renamed, (&snapshot, &file), &link), Ok(()));
        for (from, to) in [("Number: 2", "Number: 1"), ("Masked:\n", "Masked:\n  password: 1\n")] {
            let bent = sheet.replace(from, to);
            assert_ne!(bent, sheet);
            let refused = check(&bent, (&snapshot, &file), &link);
            assert!(matches!(refused, Err(SheetError::Differs { .. })), "{to}");
        }
        let cut: String = sheet.lines().take(5).map(|line| format!("{line}\n")).collect();
        assert!(matches!(check(&cut, (&snapshot, &file), &link), Err(SheetError::Differs { .. })));
        assert_eq!(check("", (&snapshot, &file), &link), Err(SheetError::Form));
        assert!(check(&sheet, (&snapshot, &file[1..]), &link).is_err());
    }
}
