//! The manifest of an edition: what was published, by whom, judged with what, and the digest of
//! every file. It is signed, so that one changed byte anywhere in the edition is found.
//!
//! [`verify_folder`] needs the public key and nothing else: no store, no collector.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use carepack_assessment::model::{AdvisoryStamp, PackStamp};
use jiff::Timestamp;
use minisign_verify::{PublicKey, Signature as Signed};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::reports::review::Signature;

/// Form of the manifest.
pub const SCHEMA: u32 = 1;
/// Names of the files that are not in the manifest's own list.
pub const MANIFEST: &str = "manifest.json";
pub const SIGNATURE: &str = "manifest.json.minisig";
/// Longest manifest, signature or key in bytes; an edition has six files.
const MANIFEST_BYTES_MAX: u64 = 1024 * 1024;
/// Longest file of an edition in bytes: an assessment, as [`super::archive`] bounds it.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most files of an edition.
const FILES_MAX: usize = 100;

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub schema: u32,
    pub document: String,
    pub edition: u32,
    pub customer: String,
    pub contract: String,
    pub period: String,
    /// The edition before, and the digest of its manifest: editions are a chain.
    pub replaces: Option<Replaced>,
    pub files: Vec<File>,
    pub rule_pack: PackStamp,
    pub advisories: Option<AdvisoryStamp>,
    pub assessed_at: Timestamp,
    pub author: Option<Signature>,
    pub reviewer: Option<Signature>,
    pub approver: Option<Signature>,
    pub published_at: Timestamp,
    pub published_by: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    pub edition: u32,
    pub manifest_sha256: String,
}

/// One file of an edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub name: String,
    pub sha256: String,
    pub bytes: u64,
}

/// An edition that is not what was published.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("reading {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} has more than {max} bytes", path.display())]
    TooLong { path: PathBuf, max: u64 },
    #[error("{} is no public key of minisign", .0.display())]
    Key(PathBuf),
    #[error("the signature of the manifest does not hold: {0}")]
    Signature(&'static str),
    #[error("the manifest has no form that this version reads: {0}")]
    Form(String),
    #[error("{name} is not the published file: its {what} differs; ask for the edition again")]
    Differs { name: String, what: &'static str },
    #[error("{name} of the edition is missing")]
    Missing { name: String },
}

/// What was verified.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    #[serde(flatten)]
    pub manifest: Manifest,
    /// Files beside the edition that nobody signed.
    pub unsigned: Vec<String>,
}

/// What the trusted comment says.
#[must_use]
pub fn comment(document: &str, edition: u32) -> String {
    format!("carepack-report {document} edition:{edition}")
}

impl Manifest {
    /// As it is signed: indented JSON.
    ///
    /// # Errors
    /// Never for our own types.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec_pretty(self)
    }
}

/// The manifest, when the signature over exactly these bytes is the key's.
///
/// # Errors
/// [`ManifestError`].
pub fn open(bytes: &[u8], signature: &str, key: &PublicKey) -> Result<Manifest, ManifestError> {
    let signature = Signed::decode(signature)
        .map_err(|_| ManifestError::Signature("there is none that can be read"))?;
    key.verify(bytes, &signature, false)
        .map_err(|_| ManifestError::Signature("it is not of the given key and manifest"))?;
    let manifest: Manifest =
        serde_json::from_slice(bytes).map_err(|error| ManifestError::Form(error.to_string()))?;
    if manifest.schema != SCHEMA || manifest.files.len() > FILES_MAX {
        return Err(ManifestError::Form(format!("schema {}", manifest.schema)));
    }
    if signature.trusted_comment().trim() != comment(&manifest.document, manifest.edition) {
        return Err(ManifestError::Signature("its comment names another edition"));
    }
    Ok(manifest)
}

/// Checks a folder that an edition was exported to.
///
/// # Errors
/// [`ManifestError`] names the first file that is not what was published.
pub fn verify_folder(folder: &Path, key: &Path) -> Result<Verified, ManifestError> {
    let key_text = text(key)?;
    let key = PublicKey::decode(&key_text).map_err(|_| ManifestError::Key(key.to_owned()))?;
    let bytes = text(&folder.join(MANIFEST))?.into_bytes();
    let manifest = open(&bytes, &text(&folder.join(SIGNATURE))?, &key)?;
    for file in &manifest.files {
        // Names are signed, and all the same none leaves the folder.
        if file.name.contains(['/', '\\']) || file.name.starts_with('.') {
            return Err(ManifestError::Form(format!("a file is called {:?}", file.name)));
        }
        check(file, &folder.join(&file.name))?;
    }
    let known: BTreeSet<&str> =
        manifest.files.iter().map(|file| file.name.as_str()).chain([MANIFEST, SIGNATURE]).collect();
    let read = |source| ManifestError::Read { path: folder.to_owned(), source };
    let mut unsigned: Vec<String> = std::fs::read_dir(folder)
        .map_err(read)?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !known.contains(name.as_str()))
        .take(FILES_MAX)
        .collect();
    unsigned.sort();
    Ok(Verified { manifest, unsigned })
}

fn check(file: &File, path: &Path) -> Result<(), ManifestError> {
    let opened = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(ManifestError::Missing { name: file.name.clone() });
        }
        other => other.map_err(|source| ManifestError::Read { path: path.to_owned(), source })?,
    };
    let mut digest = Sha256::new();
    let bytes = std::io::copy(&mut opened.take(FILE_BYTES_MAX + 1), &mut digest)
        .map_err(|source| ManifestError::Read { path: path.to_owned(), source })?;
    let differs = |what| ManifestError::Differs { name: file.name.clone(), what };
    if bytes != file.bytes {
        return Err(differs("length"));
    }
    let sha256: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if sha256 == file.sha256 { Ok(()) } else { Err(differs("SHA-256")) }
}

fn text(path: &Path) -> Result<String, ManifestError> {
    let read = |source| ManifestError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    let opened = std::fs::File::open(path).map_err(read)?;
    opened.take(MANIFEST_BYTES_MAX + 1).read_to_string(&mut text).map_err(read)?;
    if text.len() as u64 > MANIFEST_BYTES_MAX {
        return Err(ManifestError::TooLong { path: path.to_owned(), max: MANIFEST_BYTES_MAX });
    }
    Ok(text)
}
