//! The state folder: everything that the agent must not lose, and nobody else may touch.
//!
//! `identity.pem` `enrolment.json` `approved.json` `handed.json` `returned.json` `mask.key`
//! `names.json` `policy.json` `pseudonym.key` `patterns.json` `progress.json` `status.json`
//! `journal.log` `requests/` `returned/` `samples/` `spool/` `lock`. Only the collecting process,
//! under the lock, writes progress and spool entries; only the resident one writes policy and
//! status and removes entries.

pub mod files;
mod identity;
mod journal;
mod names;
mod records;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use carepack_shared::bundle::Link;
use carepack_shared::pattern_pack::SignedPack;
use carepack_shared::wire::Policy;
use nix::fcntl::{Flock, FlockArg};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::approval::Approved;

pub use identity::{Identity, IdentityError};
pub use journal::Entry as JournalEntry;
pub use names::other_table;
pub use records::{Enrolment, Fault, Handed, Progress, Request, Returned, Status};

/// Longest record read back, in bytes; log marks of a thousand files stay under it.
const RECORD_BYTES_MAX: u64 = 1024 * 1024;
/// Longest secret read back, in bytes: a table of 50,000 names.
const SECRET_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Bytes of a key of our own.
const KEY_BYTES: usize = 32;

/// Longest key that a customer may bring.
const KEY_BYTES_MAX: usize = 4096;

/// The folder, checked.
#[derive(Clone, Debug)]
pub struct State {
    dir: PathBuf,
}

/// The folder or a file in it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("cannot {operation} {path}")]
    Io { operation: &'static str, path: PathBuf, source: std::io::Error },
    #[error(
        "{path} belongs to uid {owner}, this process is uid {me}; run it as that user \
         (sudo -u '#{owner}' …) or give the folder away: chown -R {me} {path}"
    )]
    Owner { path: PathBuf, owner: u32, me: u32 },
    #[error("{path} can be written by others (mode {mode:04o}); close it: chmod 0700 {path}")]
    Mode { path: PathBuf, mode: u32 },
    #[error("{path} is not a folder; remove it or set another state_dir")]
    NotAFolder { path: PathBuf },
    #[error("{path} can be read by others (mode {mode:04o}); close it: chmod 0600 {path}")]
    Secret { path: PathBuf, mode: u32 },
    #[error(
        "{path} is no key: write 32 random bytes into it (openssl rand -out {path} 32), 0600, owned \
         by the agent's user"
    )]
    Key { path: PathBuf },
    #[error("{path} is damaged; move it away, the agent makes a new one")]
    Damaged { path: PathBuf, source: serde_json::Error },
    #[error("another collection is running (lock {path}); try again when it has ended")]
    Busy { path: PathBuf },
}

/// Held while a collection runs; given up when dropped or when the process dies.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code, reason = "held for its Drop")] Flock<File>);

impl State {
    /// Opens the folder for work; makes it (0700) when it is not there.
    ///
    /// # Errors
    /// [`StateError`] with the chmod or chown that helps.
    pub fn open(dir: &Path) -> Result<Self, StateError> {
        let io = |operation, path: &Path| {
            let path = path.to_path_buf();
            move |source| StateError::Io { operation, path, source }
        };
        let state = Self { dir: dir.to_path_buf() };
        let mut builder = std::fs::DirBuilder::new();
        builder.mode(0o700);
        builder.recursive(true).create(dir).map_err(io("create", dir))?;
        check_folder(dir)?;
        for name in ["requests", "spool", crate::sampler::FOLDER] {
            let folder = dir.join(name);
            builder.create(&folder).map_err(io("create", &folder))?;
            check_folder(&folder)?;
        }
        Ok(state)
    }

    /// The folder for looking only: nothing is made, checked or cleaned.
    #[must_use]
    pub fn look(dir: &Path) -> Self {
        Self { dir: dir.to_path_buf() }
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    #[must_use]
    pub fn spool_dir(&self) -> PathBuf {
        self.dir.join("spool")
    }

    /// Resource samples, see [`crate::sampler`].
    #[must_use]
    pub fn samples_dir(&self) -> PathBuf {
        self.dir.join(crate::sampler::FOLDER)
    }

    #[must_use]
    pub fn requests_dir(&self) -> PathBuf {
        self.dir.join("requests")
    }

    /// Takes the collection's lock without waiting.
    ///
    /// # Errors
    /// [`StateError::Busy`].
    pub fn lock(&self) -> Result<Lock, StateError> {
        let path = self.dir.join("lock");
        let file =
            File::options().create(true).append(true).open(&path).map_err(|source| {
                StateError::Io { operation: "open", path: path.clone(), source }
            })?;
        Flock::lock(file, FlockArg::LockExclusiveNonblock)
            .map(Lock)
            .map_err(|_| StateError::Busy { path })
    }

    /// The key of the masks; made of 32 random bytes when there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn mask_key(&self) -> Result<Vec<u8>, StateError> {
        self.key("mask.key")
    }

    fn key(&self, name: &str) -> Result<Vec<u8>, StateError> {
        if let Some(key) = read_secret(&self.dir.join(name))?
            && key.len() == KEY_BYTES
        {
            return Ok(key);
        }
        let key = random_key();
        self.write(name, &key)?;
        Ok(key)
    }

    /// The key of the codes for names; made of 32 random bytes when there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn pseudonym_key(&self) -> Result<Vec<u8>, StateError> {
        self.key("pseudonym.key")
    }

    /// The pattern pack that was accepted last; to be checked again before it is used.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn pattern_pack(&self) -> Result<Option<SignedPack>, StateError> {
        self.record("patterns.json")
    }

    /// # Errors
    /// [`StateError`].
    pub fn save_pattern_pack(&self, pack: &SignedPack) -> Result<(), StateError> {
        self.save("patterns.json", pack)
    }

    /// # Errors
    /// [`StateError`].
    pub fn progress(&self) -> Result<Progress, StateError> {
        Ok(self.record("progress.json")?.unwrap_or_default())
    }

    /// # Errors
    /// [`StateError`].
    pub fn save_progress(&self, progress: &Progress) -> Result<(), StateError> {
        self.save("progress.json", progress)
    }

    /// # Errors
    /// [`StateError`].
    pub fn policy(&self) -> Result<Option<Policy>, StateError> {
        self.record("policy.json")
    }

    /// # Errors
    /// [`StateError`].
    pub fn save_policy(&self, policy: &Policy) -> Result<(), StateError> {
        self.save("policy.json", policy)
    }

    /// What may leave, as it was decided.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn approved(&self) -> Result<Approved, StateError> {
        Ok(self.record("approved.json")?.unwrap_or_default())
    }

    /// # Errors
    /// [`StateError`].
    pub fn save_approved(&self, approved: &Approved) -> Result<(), StateError> {
        self.save("approved.json", approved)
    }

    /// The last file made for the way over an air gap.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn handed(&self) -> Result<Option<Handed>, StateError> {
        self.record("handed.json")
    }

    /// # Errors
    /// [`StateError`].
    pub fn save_handed(&self, handed: &Handed) -> Result<(), StateError> {
        self.save("handed.json", handed)
    }

    /// The place of the next file for the way over an air gap, for the identity that makes it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn next_link(&self, host: Option<uuid::Uuid>) -> Result<Link, StateError> {
        let before = self.handed()?.filter(|handed| handed.host == host);
        Ok(match before {
            None => Link { number: 1, ..Link::default() },
            Some(Handed { number, sha256, period, .. }) => {
                Link { number: number + 1, before: Some(sha256), before_period: period }
            }
        })
    }

    /// The last file that came back over an air gap.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn returned(&self) -> Result<Option<Returned>, StateError> {
        self.record("returned.json")
    }

    /// # Errors
    /// [`StateError`].
    pub fn save_returned(&self, returned: &Returned) -> Result<(), StateError> {
        self.save("returned.json", returned)
    }

    /// Where the documents of the last returned file are put.
    #[must_use]
    pub fn returned_dir(&self) -> PathBuf {
        self.dir.join("returned")
    }

    /// # Errors
    /// [`StateError`].
    pub fn enrolment(&self) -> Result<Option<Enrolment>, StateError> {
        self.record("enrolment.json")
    }

    /// # Errors
    /// [`StateError`].
    pub fn save_enrolment(&self, enrolment: &Enrolment) -> Result<(), StateError> {
        self.save("enrolment.json", enrolment)
    }

    /// # Errors
    /// [`StateError`].
    pub fn status(&self) -> Result<Option<Status>, StateError> {
        self.record("status.json")
    }

    /// # Errors
    /// [`StateError`].
    pub fn save_status(&self, status: &Status) -> Result<(), StateError> {
        self.save("status.json", status)
    }

    fn record<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        let path = self.dir.join(name);
        let Some(bytes) = read(&path, RECORD_BYTES_MAX)? else { return Ok(None) };
        match serde_json::from_slice(&bytes) {
            Ok(record) => Ok(Some(record)),
            Err(source) => Err(StateError::Damaged { path, source }),
        }
    }

    fn save<T: Serialize>(&self, name: &str, record: &T) -> Result<(), StateError> {
        let mut bytes = serde_json::to_vec_pretty(record)
            .map_err(|source| StateError::Damaged { path: self.dir.join(name), source })?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        let path = self.dir.join(name);
        files::write_durable(&path, bytes, 0o600).map_err(|source| StateError::Io {
            operation: "write",
            path,
            source,
        })
    }
}

/// A CA certificate (DER) as PEM.
#[must_use]
pub fn ca_pem(der: &[u8]) -> String {
    identity::armour_der("CERTIFICATE", der)
}

/// Thirty-two random bytes.
///
/// # Panics
/// When the operating system has no randomness to give, where nothing secret may go on.
#[must_use]
pub fn random_key() -> Vec<u8> {
    let mut key = vec![0; KEY_BYTES];
    aws_lc_rs::rand::fill(&mut key).expect("without randomness no mask is safe: stop");
    key
}

/// The key that several hosts of a customer share.
///
/// # Errors
/// [`StateError`]: it is not there, others may read it, or it is too short to be one.
pub fn shared_key(path: &Path) -> Result<Vec<u8>, StateError> {
    let key = read_secret(path)?.unwrap_or_default();
    if (KEY_BYTES..=KEY_BYTES_MAX).contains(&key.len()) {
        return Ok(key);
    }
    Err(StateError::Key { path: path.to_path_buf() })
}

fn check_folder(path: &Path) -> Result<(), StateError> {
    let meta = std::fs::symlink_metadata(path).map_err(|source| StateError::Io {
        operation: "look at",
        path: path.to_path_buf(),
        source,
    })?;
    let path = path.to_path_buf();
    if !meta.is_dir() {
        return Err(StateError::NotAFolder { path });
    }
    let me = nix::unistd::geteuid().as_raw();
    if meta.uid() != me {
        return Err(StateError::Owner { path, owner: meta.uid(), me });
    }
    if meta.mode() & 0o022 != 0 {
        return Err(StateError::Mode { path, mode: meta.mode() & 0o7777 });
    }
    Ok(())
}

/// A whole small file; none when it is not there.
fn read(path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, StateError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(bytes_max).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StateError::Io { operation: "read", path: path.to_path_buf(), source }),
    }
}

/// As [`read`], for a file that only its owner may read.
fn read_secret(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.mode() & 0o077 != 0 => {
            Err(StateError::Secret { path: path.to_path_buf(), mode: meta.mode() & 0o7777 })
        }
        _ => read(path, SECRET_BYTES_MAX),
    }
}

#[cfg(test)]
mod tests;
