//! A set of advisories as one signed file, for a collector without a network.
//!
//! The file is the packed set itself; its signature is minisign's, beside it, and the version
//! stands in the trusted comment, which the signature covers:
//! `minisign -S -t "carepack-advisories version:7" -m FILE`. A bundle says until when it is valid;
//! tampered, older and expired ones are refused, and the set in force stays.

use std::path::{Path, PathBuf};

use carepack_advisories::feeds::set::Set;
use jiff::{SignedDuration, Timestamp};
use minisign_verify::{PublicKey, Signature};

use super::AdvisoriesError;
use super::sets::{self, STORED_BYTES_MAX};
use super::source::{Taken, whole};
use crate::objects::Objects;
use crate::store::{FeedState, Store};

/// What the trusted comment begins with; the version follows.
const COMMENT: &str = "carepack-advisories version:";
/// Longest signature or key file in bytes; minisign's have about three hundred.
const SIGNATURE_BYTES_MAX: u64 = 4096;
/// Under which name the version of the last bundle is kept.
const NAME: &str = "bundle";

/// Writes the set in force as a bundle that is valid for some days.
///
/// # Errors
/// [`AdvisoriesError`] when there is no set or the file cannot be written.
pub async fn export(
    (store, objects): (&Store, &Objects),
    file: &Path,
    days: u16,
    now: Timestamp,
) -> Result<u64, AdvisoriesError> {
    let set = sets::current(store, objects).await?.ok_or(AdvisoriesError::None)?;
    let mut set = Set::clone(&set);
    let valid = SignedDuration::from_hours(24 * i64::from(days));
    set.header.valid_until = now.checked_add(valid).ok();
    let write = |source| AdvisoriesError::Write { path: file.to_owned(), source };
    let (packed, _) = sets::pack(&set).map_err(write)?;
    std::fs::write(file, packed).map_err(write)?;
    Ok(set.header.version)
}

/// Checks a bundle and its `FILE.minisig` with a public key and joins it with what is known; the
/// bundle's version.
///
/// # Errors
/// [`AdvisoriesError`] says why it was refused; the set in force stays.
pub async fn import(
    (store, objects): (&Store, &Objects),
    file: &Path,
    key: &Path,
    now: Timestamp,
) -> Result<u64, AdvisoriesError> {
    let packed = whole(file, (STORED_BYTES_MAX, "bytes in a bundle"))?;
    let version = signed(&packed, file, key)?;
    let states = store.feed_states().await?;
    let known = states.iter().find(|state| state.name == NAME);
    let known = known.and_then(|state| state.mark.parse().ok()).unwrap_or(0);
    if version <= known {
        return Err(AdvisoriesError::Older { offered: version, known });
    }
    let set = tokio::task::spawn_blocking(move || sets::unpack(&packed)).await?;
    let set = set.map_err(|source| AdvisoriesError::Bundle { path: file.to_owned(), source })?;
    if set.header.version != version {
        let detail = format!("it is for version {version}, the bundle says {}", set.header.version);
        return Err(AdvisoriesError::Signature { path: file.to_owned(), detail });
    }
    if let Some(end) = set.header.valid_until.filter(|end| *end < now) {
        return Err(AdvisoriesError::Expired(end));
    }
    sets::join((store, objects), feeds_of(set), now).await?;
    let mark = version.to_string();
    let state =
        FeedState { name: NAME.to_owned(), mark, checked_at: now, ok_at: None, error: None };
    store.put_feed_state(&state).await?;
    Ok(version)
}

/// The version that a good signature covers.
fn signed(packed: &[u8], file: &Path, key_file: &Path) -> Result<u64, AdvisoriesError> {
    let refuse = |detail: &str| AdvisoriesError::Signature {
        path: file.to_owned(),
        detail: detail.to_owned(),
    };
    let key = text(key_file)?;
    // The last line: minisign writes a comment above it.
    let line = key.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let key = PublicKey::from_base64(line.trim()).map_err(|error| AdvisoriesError::Key {
        path: key_file.to_owned(),
        detail: error.to_string(),
    })?;
    let mut name = file.as_os_str().to_owned();
    name.push(".minisig");
    let signature = Signature::decode(&text(&PathBuf::from(name))?);
    let signature = signature.map_err(|_| refuse("there is no signature that can be read"))?;
    key.verify(packed, &signature, false).map_err(|_| refuse("it is not of the given key"))?;
    let version = signature.trusted_comment().trim().strip_prefix(COMMENT);
    let version = version.and_then(|text| text.trim().parse().ok());
    version
        .ok_or_else(|| refuse("its trusted comment does not say \"carepack-advisories version:N\""))
}

/// A bundle as if each of its feeds had been read here.
fn feeds_of(set: Set) -> Vec<Taken> {
    let mut taken: Vec<Taken> =
        set.header.feeds.into_iter().map(|feed| Taken { feed, ..Taken::default() }).collect();
    // Each advisory names its feeds, so which of them carries it does not matter.
    if let Some(first) = taken.first_mut() {
        first.reading.advisories = set.advisories;
        first.reading.vulnerabilities = set.vulnerabilities;
        first.repositories = set.header.repositories;
    }
    taken
}

fn text(path: &Path) -> Result<String, AdvisoriesError> {
    let bytes = whole(path, (SIGNATURE_BYTES_MAX, "bytes in a bundle"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
