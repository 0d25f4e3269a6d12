//! What comes back over an air gap: one signed file from the collector to one host.
//!
//! ```text
//! "CPR1"  length, seal (JSON)  length, head (JSON)  body (one zstd frame: the parts, end to end)
//! ```
//! The head names the host that it is for, when it was made, and the digest of every part; the
//! seal signs the head. A reader trusts nothing: lengths are capped before they are believed, and
//! nothing is unpacked before the seal held ([`Sealed::unpack`] is the second step). Checking the
//! certificate's chain is the reader's part. Like the wire, it can carry a policy, text that is
//! searched for, and documents; nothing that is executed.

use std::io::Read;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bundle::Seal;
use crate::digest::sha256_hex;

/// Form of the head.
pub const SCHEMA: u32 = 1;
/// Longest file and longest unpacked body, in bytes: a report of six files is under five MiB, the
/// advisories of three releases under forty.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most parts: an edition has eight.
const PARTS_MAX: usize = 64;
/// Letters of a part's name.
const NAME_LETTERS_MAX: usize = 100;

const MAGIC: &[u8; 4] = b"CPR1";
/// Longest seal or head in bytes; a part takes two hundred.
const JSON_BYTES_MAX: usize = 32 * 1024;
const ZSTD_LEVEL: i32 = 3;

/// What a part is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The host's next certificate, PEM, for the key that it has.
    Certificate,
    /// [`Policy`](crate::wire::Policy): when to collect next.
    Policy,
    /// [`SignedPack`](crate::pattern_pack::SignedPack).
    Patterns,
    /// A file of the published edition.
    Report,
    /// Advisories with their signature, for a collector inside.
    Advisories,
}

/// One part, as the head names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub kind: Kind,
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub schema: u32,
    /// The only host that takes it.
    pub host: Uuid,
    pub made_at: Timestamp,
    pub parts: Vec<Part>,
}

/// A part with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub kind: Kind,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A file that is not a sound return.
#[derive(Debug, thiserror::Error)]
pub enum ReturnedError {
    #[error("not a return file of a Carepack collector (it does not begin with CPR1)")]
    Foreign,
    #[error("the file is cut short; copy it again")]
    Truncated,
    #[error("the file's {what} has {found}, over the limit of {max}")]
    TooMuch { what: &'static str, found: usize, max: usize },
    #[error("the file's head cannot be read; upgrade the agent, or ask for the file again")]
    Head(#[source] serde_json::Error),
    #[error("the file has form {0}, which this version does not read; upgrade the agent")]
    Schema(u32),
    #[error("the file's body does not unpack: it was altered or cut")]
    Body(#[source] std::io::Error),
    #[error("part {name:?} is not what was signed; the file was altered")]
    Digest { name: String },
    #[error("{0:?} is no name of a part")]
    Name(String),
}

/// The text that a seal signs: it names the format, so that no other signature can stand for it.
#[must_use]
pub fn signed_text(head: &[u8]) -> String {
    format!("carepack return {}", sha256_hex(head))
}

/// A file that waits for its seal.
#[derive(Debug)]
pub struct Unsealed {
    /// The head's bytes: what [`signed_text`] is of.
    pub head: Vec<u8>,
    body: Vec<u8>,
}

/// Packs parts for one host.
///
/// # Errors
/// [`ReturnedError`] when a part could not be read back.
pub fn pack(
    host: Uuid,
    made_at: Timestamp,
    contents: &[Content],
) -> Result<Unsealed, ReturnedError> {
    at_most("number of parts", contents.len(), PARTS_MAX)?;
    let part = |content: &Content| Part {
        kind: content.kind,
        name: content.name.clone(),
        bytes: content.bytes.len() as u64,
        sha256: sha256_hex(&content.bytes),
    };
    let parts: Vec<Part> = contents.iter().map(part).collect();
    let head = Head { schema: SCHEMA, host, made_at, parts };
    check(&head)?;
    let head = serde_json::to_vec(&head).map_err(ReturnedError::Head)?;
    at_most("head", head.len(), JSON_BYTES_MAX)?;
    let plain: Vec<u8> = contents.iter().flat_map(|content| &content.bytes).copied().collect();
    let body = zstd::bulk::compress(&plain, ZSTD_LEVEL).map_err(ReturnedError::Body)?;
    at_most("body", body.len(), FILE_BYTES_MAX)?;
    Ok(Unsealed { head, body })
}

impl Unsealed {
    /// The whole file.
    ///
    /// # Errors
    /// Never for our own types.
    pub fn sealed(&self, seal: &Seal) -> Result<Vec<u8>, serde_json::Error> {
        let mut file = MAGIC.to_vec();
        for piece in [&serde_json::to_vec(seal)?, &self.head] {
            file.extend(u32::try_from(piece.len()).unwrap_or(u32::MAX).to_be_bytes());
            file.extend_from_slice(piece);
        }
        file.extend_from_slice(&self.body);
        Ok(file)
    }
}

/// A file split into its pieces; none of them is believed yet.
#[derive(Debug)]
pub struct Sealed<'a> {
    pub seal: Seal,
    pub head: Head,
    /// What [`signed_text`] is of.
    pub head_bytes: &'a [u8],
    body: &'a [u8],
}

/// Splits a file.
///
/// # Errors
/// [`ReturnedError`] names what is wrong with the frame.
pub fn split(file: &[u8]) -> Result<Sealed<'_>, ReturnedError> {
    at_most("length", file.len(), FILE_BYTES_MAX + 2 * JSON_BYTES_MAX)?;
    let rest = file.strip_prefix(MAGIC).ok_or(ReturnedError::Foreign)?;
    let (seal, rest) = piece(rest)?;
    let (head_bytes, body) = piece(rest)?;
    let seal = serde_json::from_slice(seal).map_err(ReturnedError::Head)?;
    let head: Head = serde_json::from_slice(head_bytes).map_err(ReturnedError::Head)?;
    check(&head)?;
    Ok(Sealed { seal, head, head_bytes, body })
}

impl Sealed<'_> {
    /// The parts, each checked against the head. To be called when the seal held.
    ///
    /// # Errors
    /// [`ReturnedError`] names the part that is not what was signed.
    pub fn unpack(&self) -> Result<Vec<Content>, ReturnedError> {
        let total = total(&self.head)?;
        let decoder =
            zstd::stream::read::Decoder::with_buffer(self.body).map_err(ReturnedError::Body)?;
        let mut plain = Vec::new();
        decoder.take(total as u64 + 1).read_to_end(&mut plain).map_err(ReturnedError::Body)?;
        let mut rest = plain.as_slice();
        let mut contents = Vec::new();
        for part in &self.head.parts {
            let altered = || ReturnedError::Digest { name: part.name.clone() };
            let length = usize::try_from(part.bytes).map_err(|_| altered())?;
            let (bytes, more) = rest.split_at_checked(length).ok_or_else(altered)?;
            if sha256_hex(bytes) != part.sha256 {
                return Err(altered());
            }
            rest = more;
            let (kind, name) = (part.kind, part.name.clone());
            contents.push(Content { kind, name, bytes: bytes.to_vec() });
        }
        match (rest, self.head.parts.last()) {
            ([], _) => Ok(contents),
            (_, last) => Err(ReturnedError::Digest {
                name: last.map(|part| part.name.clone()).unwrap_or_default(),
            }),
        }
    }
}

fn piece(bytes: &[u8]) -> Result<(&[u8], &[u8]), ReturnedError> {
    let (length, rest) = bytes.split_at_checked(4).ok_or(ReturnedError::Truncated)?;
    let length = u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
    at_most("head", length, JSON_BYTES_MAX)?;
    rest.split_at_checked(length).ok_or(ReturnedError::Truncated)
}

/// Names become files, so they are only names; each stands once.
fn check(head: &Head) -> Result<(), ReturnedError> {
    if head.schema != SCHEMA {
        return Err(ReturnedError::Schema(head.schema));
    }
    at_most("number of parts", head.parts.len(), PARTS_MAX)?;
    total(head)?;
    let mut seen = std::collections::BTreeSet::new();
    for Part { name, .. } in &head.parts {
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_name = name.chars().all(letter) && !name.is_empty() && !name.starts_with('.');
        if !is_name || name.len() > NAME_LETTERS_MAX || !seen.insert(name) {
            return Err(ReturnedError::Name(crate::terminal::plain(name)));
        }
    }
    Ok(())
}

/// Bytes of all parts.
fn total(head: &Head) -> Result<usize, ReturnedError> {
    let total = head.parts.iter().fold(0, |sum: u64, part| sum.saturating_add(part.bytes));
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    at_most("unpacked length", total, FILE_BYTES_MAX)?;
    Ok(total)
}

fn at_most(what: &'static str, found: usize, max: usize) -> Result<(), ReturnedError> {
    if found <= max { Ok(()) } else { Err(ReturnedError::TooMuch { what, found, max }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal { certificate_pem: "c".into(), signature: "s".into(), link: None }
    }

    fn contents() -> Vec<Content> {
        let content = |kind, name: &str, bytes: &[u8]| Content {
            kind,
            name: name.to_owned(),
            bytes: bytes.to_vec(),
        };
        vec![
            content(Kind::Policy, "policy.json", b"{}"),
            content(Kind::Report, "report.ko.html", &[b'a'; 5000]),
        ]
    }

    fn file() -> Vec<u8> {
        let made_at = "2026-11-05T00:00:00Z".parse().unwrap();
        pack(Uuid::from_u128(7), made_at, &contents()).unwrap().sealed(&seal()).unwrap()
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        let file = file();
        let sealed = split(&file).unwrap();
        assert_eq!((sealed.head.host, &sealed.seal), (Uuid::from_u128(7), &seal()));
        assert_eq!(sealed.unpack().unwrap(), contents());
        assert!(signed_text(sealed.head_bytes).starts_with("carepack return "));
    }

    #[test]
    fn cuts_and_flipped_bytes_never_give_other_parts() {
        let file = file();
        for length in 0..file.len() {
            let read = split(&file[..length]).and_then(|sealed| sealed.unpack());
            assert!(read.is_err(), "a file cut at {length} was accepted");
        }
        for at in 0..file.len() {
            let mut bent = file.clone();
            bent[at] ^= 0x20;
            // The head's own digest is what the seal signs: a changed head is the seal's to find.
            let Ok(sealed) = split(&bent) else { continue };
            let same_head = sealed.head_bytes == split(&file).unwrap().head_bytes;
            if let Ok(read) = sealed.unpack() {
                assert!(!same_head || read == contents(), "byte {at}");
            }
        }
    }

    #[test]
    fn names_stay_in_their_folder_and_lengths_within_limits() {
        let at = "2026-11-05T00:00:00Z".parse().unwrap();
        let named = |name: &str| {
            let content = Content { kind: Kind::Report, name: name.into(), bytes: vec![] };
            pack(Uuid::nil(), at, &[content]).is_ok()
        };
        assert!(named("report.ko.pdf"));
        for odd in ["", "..", "../x", "a/b", ".hidden", "가", "a b"] {
            assert!(!named(odd), "{odd:?}");
        }
        let twice = [contents().remove(0), contents().remove(0)];
        assert!(matches!(pack(Uuid::nil(), at, &twice), Err(ReturnedError::Name(_))));
        let large =
            Content { kind: Kind::Report, name: "a".into(), bytes: vec![0; FILE_BYTES_MAX] };
        let small = Content { name: "b".into(), bytes: vec![0], ..large.clone() };
        let refused = pack(Uuid::nil(), at, &[large, small]);
        assert!(matches!(refused, Err(ReturnedError::TooMuch { .. })));
    }
}
