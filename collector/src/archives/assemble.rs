//! The snapshot of an archive: masked, bounded, the same for the same archive. No clock, no I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use carepack_shared::digest::sha256_hex;
use carepack_shared::mask::Masker;
use carepack_shared::snapshot::{Agent, DOCUMENT_BYTES_MAX, Host, OBSERVATIONS_MAX, SCHEMA};
use carepack_shared::{Content, Observation, Outcome, Reason, Snapshot, Source};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::layout::Layout;
use super::sources::{FILES, FOLDERS, FOUND_FOLDERS, LINKS};
use super::survey::{DERIVED, Key, Seen};
use super::tree::Piece;

/// Longest text of one file; settings and kernel tables are far shorter.
const FILE_BYTES_MAX: usize = 256 * 1024;
/// Most files taken from one folder of settings, as on a host.
const FOLDER_FILES_MAX: usize = 200;
/// Room for contents: JSON escapes and the frame need the rest.
const CONTENT_BYTES_MAX: usize = DOCUMENT_BYTES_MAX / 4 * 3;

/// The snapshot of an archive that was made at `taken_at`.
pub fn snapshot(layout: &Layout, taken_at: Timestamp) -> Snapshot {
    let seen = Seen { layout, taken_at };
    let mut contents = files(layout);
    let known: BTreeSet<String> = contents.iter().map(|(source, ..)| source.key()).collect();
    for derived in DERIVED {
        let source = derived.key.source();
        if matches!(derived.key, Key::File(_)) && known.contains(&source.key()) {
            continue;
        }
        if let Some(content) = derived.build(&seen) {
            contents.push((source, content, false));
        }
    }
    let mut masker = Masker::new(&mask_key(layout));
    let mut room = CONTENT_BYTES_MAX;
    let mut observations = Vec::new();
    for (source, mut content, truncated) in contents.into_iter().take(OBSERVATIONS_MAX) {
        mask(&mut masker, &mut content);
        let bytes = length(&content);
        // What does not fit any more is missing, and its facts say so.
        let Some(left) = room.checked_sub(bytes) else { continue };
        room = left;
        observations.push(Observation {
            probe: layout.kind.as_str().to_owned(),
            source,
            at: taken_at,
            took_ms: 0,
            outcome: Outcome::Seen { content, truncated },
        });
    }
    let machine = seen.layout.file("/etc/machine-id").map(|piece| piece.bytes.trim_ascii());
    let machine = machine.filter(|id| !id.is_empty()).map(sha256_hex);
    let hostname = clean(layout.hostname().unwrap_or_else(|| "unknown".to_owned()).as_bytes());
    let hostname = masker.mask(&hostname);
    Snapshot {
        schema: SCHEMA,
        id: id_of(taken_at, &hostname, &observations),
        host: Host { id: None, hostname, machine, recorded: true },
        reason: Reason::Offline,
        period: None,
        taken_at,
        finished_at: taken_at,
        agent: Agent {
            version: format!("{} {}", layout.kind.as_str(), env!("CARGO_PKG_VERSION")),
            cpu_ms: 0,
            peak_kib: 0,
            spawned: 0,
        },
        lost: 0,
        masked: std::mem::take(&mut masker.counts),
        privacy: carepack_shared::privacy::Privacy::default(),
        observations,
    }
}

fn files(layout: &Layout) -> Vec<(Source, Content, bool)> {
    let file = |path: &str, piece: &Piece| {
        let bytes = &piece.bytes[..piece.bytes.len().min(FILE_BYTES_MAX)];
        let truncated = piece.truncated || bytes.len() < piece.bytes.len();
        let text = Content::Text(clean(bytes));
        (Source::File { path: path.to_owned() }, text, truncated)
    };
    let mut found: Vec<(Source, Content, bool)> =
        FILES.iter().filter_map(|path| Some(file(path, layout.file(path)?))).collect();
    for (folder, suffix) in FOLDERS.iter().chain(FOUND_FOLDERS) {
        let list = layout.folder(folder, suffix);
        found.extend(list.iter().take(FOLDER_FILES_MAX).map(|(path, piece)| file(path, piece)));
    }
    for path in LINKS {
        if let Some(target) = layout.tree.link(&path[1..]) {
            let text = Content::Text(clean(target.as_bytes()));
            found.push((Source::File { path: (*path).to_owned() }, text, false));
        }
    }
    found
}

/// The key of the masks: the machine id, 128 random bits of which only a digest is stored, so
/// that equal secrets of one host stay comparable from archive to archive and nobody who holds
/// the snapshot can try words. Without one, everything that was read stands in for it.
fn mask_key(layout: &Layout) -> Vec<u8> {
    let id = layout.file("/etc/machine-id").map(|piece| piece.bytes.trim_ascii());
    let text = match id.filter(|id| id.len() >= 32) {
        Some(id) => id.to_vec(),
        None => layout.tree.files().flat_map(|(_, piece)| piece.bytes.iter().copied()).collect(),
    };
    sha256_hex(&[b"carepack archive mask\0", text.as_slice()].concat()).into_bytes()
}

/// A UUID of version 7 whose random part is a digest: importing an archive twice is one snapshot.
fn id_of(taken_at: Timestamp, hostname: &str, observations: &[Observation]) -> Uuid {
    let text = serde_json::to_vec(&(hostname, observations)).expect("observations serialise");
    dated_id(taken_at, &sha256_hex(&text))
}

fn dated_id(taken_at: Timestamp, digest: &str) -> Uuid {
    let mut random = [0; 10];
    for (index, byte) in random.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digest[index * 2..index * 2 + 2], 16).expect("hex digits");
    }
    let millis = u64::try_from(taken_at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Puts a snapshot into an inspection period. Its id changes with it, so that an archive imported
/// for another period is another snapshot and no altered one.
pub fn put_into(snapshot: &mut Snapshot, period: String) {
    let digest = sha256_hex(format!("{} {period}", snapshot.id).as_bytes());
    snapshot.id = dated_id(snapshot.taken_at, &digest);
    snapshot.period = Some(period);
}

fn mask(masker: &mut Masker, content: &mut Content) {
    match content {
        Content::Text(text) => *text = masker.mask(&clean(text.as_bytes())),
        Content::Json(value) => mask_json(masker, value),
        Content::Kept { .. } => {}
    }
}

fn mask_json(masker: &mut Masker, value: &mut Value) {
    match value {
        Value::String(text) => *text = masker.mask(&clean(text.as_bytes())),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_json(masker, item)),
        Value::Object(members) => {
            let mut masked = BTreeMap::new();
            for (key, mut member) in std::mem::take(members) {
                mask_json(masker, &mut member);
                masked.insert(masker.mask(&clean(key.as_bytes())), member);
            }
            members.extend(masked);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Text of bytes: invalid UTF-8 replaced, control characters other than tab, line feed and
/// carriage return written as `\xNN`, as on a host.
fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let hostile = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if hostile(c) {
            let _ = write!(cleaned, "\\x{:02x}", u32::from(c));
        } else {
            cleaned.push(c);
        }
    }
    cleaned
}

/// Length in a document, in bytes, escapes counted.
fn length(content: &Content) -> usize {
    match content {
        Content::Text(text) => {
            text.len() + text.bytes().filter(|byte| matches!(byte, b'\n' | b'\t' | b'"')).count()
        }
        Content::Json(value) => value.to_string().len(),
        Content::Kept { .. } => 0,
    }
}
