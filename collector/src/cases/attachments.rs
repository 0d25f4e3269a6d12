//! Attachments of cases: taken within limits, kept by the digest of their bytes, given back as
//! they came.
//!
//! The name is words to show. Nothing is unpacked, looked into or run.

use carepack_shared::digest::sha256_hex;
use carepack_shared::terminal::plain;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Actor, CaseError, kind};
use crate::objects::{Objects, attachment_key};
use crate::store::{Attachment, Case, CaseEvent, EventKind, Store, StoreError};

/// Most bytes of one attachment.
pub const BYTES_MAX: u64 = 20 * 1024 * 1024;
/// Longest name that is kept, in characters.
const NAME_CHARS_MAX: usize = 120;

/// A file that somebody gives to a case.
#[derive(Clone, Copy, Debug)]
pub struct File<'f> {
    pub name: &'f str,
    pub bytes: &'f [u8],
    /// For the vendor's eyes only; a customer's never is.
    pub internal: bool,
}

/// Keeps a file with a case.
///
/// # Errors
/// [`CaseError::Kind`], [`CaseError::Large`], [`CaseError::Many`]; [`StoreError::Exists`] when the
/// case has the same bytes already.
pub async fn attach(
    (store, objects): (&Store, &Objects),
    case: &Case,
    (file, by): (&File<'_>, Actor<'_>),
    now: Timestamp,
) -> Result<Attachment, CaseError> {
    let attachment = ready(objects, case, (file, by), now).await?;
    let event = told(&attachment);
    if store.attach(&attachment, &event).await? { Ok(attachment) } else { Err(CaseError::Many) }
}

/// Checks a file and puts its bytes into the object store; the row is the caller's to keep.
pub(super) async fn ready(
    objects: &Objects,
    case: &Case,
    (file, by): (&File<'_>, Actor<'_>),
    now: Timestamp,
) -> Result<Attachment, CaseError> {
    let name = name_of(file.name);
    if file.bytes.len() as u64 > BYTES_MAX {
        return Err(CaseError::Large { name });
    }
    let Some(kind) = kind::of(file.bytes) else { return Err(CaseError::Kind { name }) };
    let sha256 = sha256_hex(file.bytes);
    objects.put(&attachment_key(case.id, &sha256), file.bytes.to_vec()).await?;
    Ok(Attachment {
        id: Uuid::now_v7(),
        case: case.id,
        sha256,
        name,
        kind,
        bytes: file.bytes.len() as u64,
        internal: file.internal && by.is_staff,
        added_at: now,
        added_by: by.name.to_owned(),
    })
}

/// What the timeline tells of it.
pub(super) fn told(attachment: &Attachment) -> CaseEvent {
    let words = format!("{} ({}, {})", attachment.name, attachment.kind.as_str(), size(attachment));
    let by = (attachment.added_by.as_str(), words.as_str());
    let mut event = CaseEvent::new(attachment.case, EventKind::Attachment, by, attachment.added_at);
    event.internal = attachment.internal;
    event
}

/// The bytes of an attachment, checked against its digest.
///
/// # Errors
/// [`CaseError::Lost`] when they are gone or not what came.
pub async fn read(objects: &Objects, attachment: &Attachment) -> Result<Vec<u8>, CaseError> {
    let key = attachment_key(attachment.case, &attachment.sha256);
    let bytes = objects.get(&key, BYTES_MAX).await?;
    let sound = bytes.filter(|bytes| sha256_hex(bytes) == attachment.sha256);
    sound.ok_or_else(|| CaseError::Lost { name: attachment.name.clone() })
}

/// By its id; one of another case is none.
///
/// # Errors
/// What the store says.
pub async fn find(store: &Store, case: &Case, id: Uuid) -> Result<Option<Attachment>, StoreError> {
    Ok(store.attachment(id).await?.filter(|attachment| attachment.case == case.id))
}

/// `1.2 MiB`
#[must_use]
pub fn size(attachment: &Attachment) -> String {
    let tenths = |unit: u64| (attachment.bytes * 10).div_ceil(unit);
    let shown = |tenths: u64, unit: &str| format!("{}.{} {unit}", tenths / 10, tenths % 10);
    match attachment.bytes {
        0..1024 => format!("{} B", attachment.bytes),
        1024..1_048_576 => shown(tenths(1024), "KiB"),
        _ => shown(tenths(1024 * 1024), "MiB"),
    }
}

/// The last part of a name, without what would move a cursor or a path.
fn name_of(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let line = last.trim().replace('\n', " ");
    let name: String = plain(&line).chars().take(NAME_CHARS_MAX).collect();
    if name.trim_matches(['.', ' ']).is_empty() { "file".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_words_and_never_a_path() {
        let check = |name: &str, expected: &str| assert_eq!(name_of(name), expected, "{name:?}");
        check("../../etc/passwd", "passwd");
        check("C:\\temp\\오류 화면.png", "오류 화면.png");
        check("..", "file");
        check("", "file");
        assert_eq!(name_of(&"가".repeat(500)).chars().count(), NAME_CHARS_MAX);
        assert!(!name_of("a\r\nSet-Cookie: x\u{202e}gpj.exe").contains(['\r', '\n', '\u{202e}']));
    }
}
