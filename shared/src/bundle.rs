//! The container of one snapshot as a file: spool entry and offline bundle alike.
//!
//! ```text
//! "CPK1"  header length (u32, big endian)  header (JSON)  body (one zstd frame: the document)
//! ```
//! The header carries the document's SHA-256 and, for an offline bundle, the host's certificate
//! and its signature over that digest. A reader trusts nothing: lengths are capped before they
//! are believed, the body is decoded into at most [`DOCUMENT_BYTES_MAX`] bytes, the digest is
//! recomputed. Checking the certificate's chain is the importer's part.

use std::io::Read;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::sha256_hex;
use crate::snapshot::{DOCUMENT_BYTES_MAX, Snapshot, SnapshotError};

const MAGIC: &[u8; 4] = b"CPK1";
/// Longest header in bytes: two certificates and a signature are under 4 KiB.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// zstd level of documents: 3 costs a third of 9 and loses 10 % of size.
const ZSTD_LEVEL: i32 = 3;

/// What stands before the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub id: Uuid,
    /// SHA-256 of the uncompressed document, hex.
    pub sha256: String,
    /// Bytes of the uncompressed document.
    pub bytes: u64,
    /// Who signed, for bundles that travel without mTLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
}

/// A signature of the host's own key over the header's digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The host's certificate, PEM.
    pub certificate_pem: String,
    /// ECDSA P-256 over SHA-256 (ASN.1), base 64, of [`signed_text`].
    pub signature: String,
    /// Its place among the files of its host; none in files of agents that kept no count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

/// The place of a file among those that its host made for the way over an air gap: a chain, so
/// that a file which never came is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// From 1.
    pub number: u64,
    /// SHA-256 of the whole file before this one, hex; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The inspection period of the file before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_period: Option<String>,
}

/// The text that a seal signs: it names the format, so that no other signature can stand for it.
#[must_use]
pub fn signed_text(id: Uuid, sha256: &str, link: Option<&Link>) -> String {
    let text = format!("carepack snapshot {id} {sha256}");
    let Some(Link { number, before, before_period }) = link else { return text };
    let word = |word: &Option<String>| word.clone().unwrap_or_else(|| "-".to_owned());
    format!("{text} {number} {} {}", word(before), word(before_period))
}

/// A file that is not a sound bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("not a Carepack bundle (it does not begin with CPK1)")]
    Foreign,
    #[error("the bundle is cut short; copy it again from the host")]
    Truncated,
    #[error("the bundle's header cannot be read")]
    Header(#[source] serde_json::Error),
    #[error("the bundle's header is {bytes} bytes, over the limit of {HEADER_BYTES_MAX}")]
    HeaderTooLong { bytes: usize },
    #[error("the bundle's body does not decompress: it was altered or cut")]
    Body(#[source] std::io::Error),
    #[error("the document decompresses to more than {DOCUMENT_BYTES_MAX} bytes")]
    TooLong,
    #[error("the document does not match its digest: the bundle was altered")]
    Digest,
    #[error("the header names snapshot {header}, the document {document}")]
    Id { header: Uuid, document: Uuid },
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// Compresses a document.
///
/// # Errors
/// Only when zstd cannot allocate.
pub fn compress(document: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(document, ZSTD_LEVEL)
}

/// Decodes one compressed document, never holding more than [`DOCUMENT_BYTES_MAX`] of output.
///
/// # Errors
/// [`BundleError::Body`] or [`BundleError::TooLong`].
pub fn decompress(body: &[u8]) -> Result<Vec<u8>, BundleError> {
    let decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(BundleError::Body)?;
    let mut document = Vec::new();
    let limit = DOCUMENT_BYTES_MAX as u64 + 1;
    decoder.take(limit).read_to_end(&mut document).map_err(BundleError::Body)?;
    if document.len() > DOCUMENT_BYTES_MAX {
        return Err(BundleError::TooLong);
    }
    Ok(document)
}

/// Writes a document as a bundle.
///
/// # Errors
/// Only when zstd cannot allocate.
pub fn write(id: Uuid, document: &[u8], seal: Option<Seal>) -> std::io::Result<Vec<u8>> {
    let header = Header { id, sha256: sha256_hex(document), bytes: document.len() as u64, seal };
    let header = serde_json::to_vec(&header)?;
    let body = compress(document)?;
    let mut file = Vec::with_capacity(8 + header.len() + body.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&u32::try_from(header.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend_from_slice(&header);
    file.extend_from_slice(&body);
    Ok(file)
}

/// Splits a bundle into its header and its compressed body, believing neither.
///
/// # Errors
/// [`BundleError`] names what is wrong with the frame.
pub fn split(file: &[u8]) -> Result<(Header, &[u8]), BundleError> {
    if !file.starts_with(&MAGIC[..file.len().min(4)]) || file.is_empty() {
        return Err(BundleError::Foreign);
    }
    let (frame, rest) = file.split_at_checked(8).ok_or(BundleError::Truncated)?;
    let length = u32::from_be_bytes(frame[4..].try_into().expect("four bytes")) as usize;
    if length > HEADER_BYTES_MAX {
        return Err(BundleError::HeaderTooLong { bytes: length });
    }
    let (header, body) = rest.split_at_checked(length).ok_or(BundleError::Truncated)?;
    if body.is_empty() {
        return Err(BundleError::Truncated);
    }
    Ok((serde_json::from_slice(header).map_err(BundleError::Header)?, body))
}

/// Reads a bundle: header, snapshot and the document's bytes.
///
/// # Errors
/// [`BundleError`] names what is wrong; nothing of an unsound bundle is returned.
pub fn read(file: &[u8]) -> Result<(Header, Snapshot, Vec<u8>), BundleError> {
    let (header, body) = split(file)?;
    let document = decompress(body)?;
    if sha256_hex(&document) != header.sha256 {
        return Err(BundleError::Digest);
    }
    let snapshot = Snapshot::from_document(&document)?;
    if snapshot.id != header.id {
        return Err(BundleError::Id { header: header.id, document: snapshot.id });
    }
    Ok((header, snapshot, document))
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::testing::sample;
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let (snapshot, file) = sample();
        let (header, again, document) = read(&file).unwrap();
        assert_eq!(again, snapshot);
        assert_eq!(header.sha256, sha256_hex(&document));
    }

    #[test]
    fn every_cut_and_every_flipped_byte_is_refused() {
        let (_, file) = sample();
        for length in 0..file.len() {
            assert!(read(&file[..length]).is_err(), "a bundle cut at {length} was accepted");
        }
        for at in 0..file.len() {
            let mut bent = file.clone();
            bent[at] ^= 0x20;
            // A flipped letter in the header's JSON may leave the content whole; the document
            // itself must never differ.
            if let Ok((_, snapshot, _)) = read(&bent) {
                assert_eq!(snapshot, sample().0, "byte {at}");
            }
        }
    }

    #[test]
    fn a_bomb_stops_at_the_cap() {
        let bomb = compress(&vec![b' '; DOCUMENT_BYTES_MAX * 4]).unwrap();
        assert!(bomb.len() < 64 * 1024);
        assert!(matches!(decompress(&bomb), Err(BundleError::TooLong)));
    }
}
