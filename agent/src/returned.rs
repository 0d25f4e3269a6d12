//! The file that comes back over an air gap: checked against the root of the enrolment, then taken
//! in. It can renew the certificate, bring the next order and signed patterns, and lay documents
//! down; nothing in it is executed, and nothing of a file that does not hold is kept.

use std::path::Path;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carepack_shared::digest::sha256_hex;
use carepack_shared::returned::{Content, Head, Kind, ReturnedError, Sealed, signed_text, split};
use carepack_shared::wire::Policy;
use jiff::Timestamp;
use rcgen::KeyPair;
use serde::Serialize;
use uuid::Uuid;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::{Pem, parse_x509_pem};

use crate::config::Config;
use crate::service::keep_patterns;
use crate::state::{Identity, IdentityError, Returned, State, StateError, files};

/// `id-kp-documentSigning` (RFC 9336), the one use of a certificate that seals a return file.
const DOCUMENT_SIGNING: &str = "1.3.6.1.5.5.7.3.36";

/// A file that is not taken in. What was there before stays.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] ReturnedError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("this host is not enrolled; ask the collector's operator for a token")]
    NotEnrolled,
    #[error("the file's seal is refused: {0}; ask the collector's operator for the file again")]
    Seal(&'static str),
    #[error(
        "the file may be taken from {from} to {to}, this host's clock says {now}; check the clock, \
         or ask for a new file"
    )]
    Validity { from: Timestamp, to: Timestamp, now: Timestamp },
    #[error("the file is for host {named}, this is {own}; take it to that host")]
    OtherHost { named: Uuid, own: Uuid },
    #[error("the file was made {made_at}, one made {last} is in use; ask for a newer one")]
    Older { made_at: Timestamp, last: Timestamp },
    #[error("{name} in the file cannot be read; upgrade the agent")]
    Part { name: String, source: serde_json::Error },
    #[error("the certificate in the file is not for this host")]
    Certificate,
    #[error("cannot write {path}")]
    Write { path: std::path::PathBuf, source: std::io::Error },
}

/// What became of one part.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Taken {
    pub name: String,
    pub done: String,
}

/// Checks a file and takes it in; documents go to `into`.
///
/// # Errors
/// [`ImportError`].
pub fn take(
    (config, state): (&Config, &State),
    file: &[u8],
    into: &Path,
    now: Timestamp,
) -> Result<Vec<Taken>, ImportError> {
    let _lock = state.lock()?;
    let identity = state.identity()?.ok_or(ImportError::NotEnrolled)?;
    let sealed = split(file)?;
    check_seal(&sealed, &identity, now)?;
    let Head { host, made_at, .. } = sealed.head;
    if host != identity.host_id {
        return Err(ImportError::OtherHost { named: host, own: identity.host_id });
    }
    if let Some(last) = state.returned()?.filter(|last| last.made_at > made_at) {
        return Err(ImportError::Older { made_at, last: last.made_at });
    }
    let contents = sealed.unpack()?;
    // Documents first: a file that was taken in halfway is taken in again.
    let mut taken = documents(&contents, into)?;
    for content in &contents {
        let done = match content.kind {
            Kind::Certificate => certificate(state, &identity, &content.bytes)?,
            Kind::Policy => policy(state, content)?,
            Kind::Patterns => patterns((config, state), content)?,
            Kind::Report | Kind::Advisories => continue,
        };
        taken.push(Taken { name: content.name.clone(), done });
    }
    state.save_returned(&Returned { made_at, taken_at: now, sha256: sha256_hex(file) })?;
    Ok(taken)
}

/// Our own collector's root issued the certificate, for documents, for this time, and its key
/// signed this head.
fn check_seal(sealed: &Sealed<'_>, identity: &Identity, now: Timestamp) -> Result<(), ImportError> {
    let refused = |what| move |_| ImportError::Seal(what);
    let unread = "its certificate cannot be read";
    let pem = certificate_pem(&sealed.seal.certificate_pem).ok_or(ImportError::Seal(unread))?;
    let certificate = pem.parse_x509().map_err(|_| ImportError::Seal(unread))?;
    let root = certificate_pem(&identity.ca_pem).ok_or(IdentityError::Damaged("no root"))?;
    let root = root.parse_x509().map_err(|_| IdentityError::Damaged("no root"))?;
    let ours = certificate.issuer() == root.subject()
        && certificate.verify_signature(Some(root.public_key())).is_ok();
    if !ours {
        return Err(ImportError::Seal("another collector made it"));
    }
    if !signs_documents(&certificate) {
        return Err(ImportError::Seal("its certificate is not one for return files"));
    }
    let moment = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    let from = moment(certificate.validity().not_before.timestamp());
    let to = moment(certificate.validity().not_after.timestamp());
    if now < from || now > to {
        return Err(ImportError::Validity { from, to, now });
    }
    let altered = "its signature does not match, the file was altered";
    let signature =
        STANDARD.decode(&sealed.seal.signature).map_err(|_| ImportError::Seal(altered))?;
    let key = certificate.public_key().subject_public_key.data.as_ref();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
        .verify(signed_text(sealed.head_bytes).as_bytes(), &signature)
        .map_err(refused(altered))
}

/// Hosts' and listeners' certificates come from the same root: their keys sign no orders.
fn signs_documents(certificate: &X509Certificate<'_>) -> bool {
    let Ok(Some(usage)) = certificate.extended_key_usage() else { return false };
    let usage = usage.value;
    let only = !(usage.any || usage.client_auth || usage.server_auth);
    let named = usage.other.iter().any(|oid| oid.to_id_string() == DOCUMENT_SIGNING);
    only && named && !certificate.is_ca()
}

fn certificate_pem(text: &str) -> Option<Pem> {
    let (_, pem) = parse_x509_pem(text.as_bytes()).ok()?;
    (pem.label == "CERTIFICATE").then_some(pem)
}

/// Reports and advisories, in a folder that holds nothing older.
fn documents(contents: &[Content], into: &Path) -> Result<Vec<Taken>, ImportError> {
    let is_document = |content: &&Content| matches!(content.kind, Kind::Report | Kind::Advisories);
    let documents: Vec<&Content> = contents.iter().filter(is_document).collect();
    if documents.is_empty() {
        return Ok(Vec::new());
    }
    let write = |path: &Path| {
        let path = path.to_path_buf();
        move |source| ImportError::Write { path, source }
    };
    std::fs::create_dir_all(into).map_err(write(into))?;
    documents
        .into_iter()
        .map(|content| {
            let path = into.join(&content.name);
            files::write_durable(&path, &content.bytes, 0o644).map_err(write(&path))?;
            Ok(Taken { name: content.name.clone(), done: path.display().to_string() })
        })
        .collect()
}

/// The next certificate of the key that this host has; an earlier end than the present one's is
/// none.
fn certificate(state: &State, identity: &Identity, pem: &[u8]) -> Result<String, ImportError> {
    let key = KeyPair::from_pem(&identity.key_pem).map_err(IdentityError::from)?;
    let pem = std::str::from_utf8(pem).map_err(|_| ImportError::Certificate)?;
    let next = Identity::new(&key, pem, &identity.ca_pem)?;
    if next.host_id != identity.host_id {
        return Err(ImportError::Certificate);
    }
    if next.not_after > identity.not_after {
        state.save_identity(&next)?;
    }
    Ok(format!("→ {}", next.not_after.max(identity.not_after)))
}

fn policy(state: &State, content: &Content) -> Result<String, ImportError> {
    let policy: Policy = parsed(content)?;
    let known = state.policy()?.map_or(0, |known| known.version);
    if policy.version < known {
        return Ok(format!("version {known} is newer and stays"));
    }
    state.save_policy(&policy)?;
    Ok(format!("version {}", policy.version))
}

/// Patterns carry a signature of their own, by a key that the settings name.
fn patterns((config, state): (&Config, &State), content: &Content) -> Result<String, ImportError> {
    let Some(key) = &config.patterns_key else {
        return Ok("not taken: no patterns_key is set".to_owned());
    };
    Ok(match keep_patterns(state, key, &parsed(content)?) {
        Ok(version) => format!("version {version}"),
        Err(refused) => format!("not taken: {refused}"),
    })
}

fn parsed<T: serde::de::DeserializeOwned>(content: &Content) -> Result<T, ImportError> {
    serde_json::from_slice(&content.bytes)
        .map_err(|source| ImportError::Part { name: content.name.clone(), source })
}
