//! Documents too long for the database: compressed snapshots, frozen assessments, attachments.
//!
//! Keys are our own, made of identifiers and digests; no text of a host is ever part of one. A
//! put is atomic and durable on return (file and folder are synced). Knows nothing of what the
//! bytes mean.

use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use uuid::Uuid;

use crate::store::Cause;

/// `EIO` of Linux: the device failed, and what an earlier write promised is no longer certain.
const EIO: i32 = 5;

/// What the object store can fail with.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("the object folder {at} cannot be opened")]
    Open {
        at: String,
        #[source]
        source: Cause,
    },
    #[error("no space left for object {key}")]
    Full { key: String },
    #[error("the object folder met a write error and accepts nothing until a restart")]
    Unhealthy,
    #[error("object {key} cannot be written")]
    Put {
        key: String,
        #[source]
        source: Cause,
    },
    #[error("object {key} cannot be read")]
    Get {
        key: String,
        #[source]
        source: Cause,
    },
    #[error("object {key} is {bytes} bytes, over the limit of {bytes_max}")]
    TooLong { key: String, bytes: u64, bytes_max: u64 },
}

/// A handle to the object store; clones share it.
#[derive(Clone)]
pub struct Objects {
    folder: Arc<LocalFileSystem>,
    unhealthy: Arc<AtomicBool>,
}

/// Key of a snapshot's document. The digest is part of it, so that two bodies under one id can
/// never overwrite each other, whichever row wins.
#[must_use]
pub fn snapshot_key(host: Uuid, snapshot: Uuid, sha256: &str) -> String {
    format!("snapshots/{host}/{snapshot}.{sha256}.zst")
}

/// Key of a frozen assessment; `version` is a fresh id, so that none is ever overwritten.
#[must_use]
pub fn assessment_key(inspection: Uuid, version: Uuid) -> String {
    format!("assessments/{inspection}/{version}.json.zst")
}

/// Key of an attachment of a case.
#[must_use]
pub fn attachment_key(case: Uuid, sha256: &str) -> String {
    format!("attachments/{case}/{sha256}")
}

impl Objects {
    /// Opens or creates the folder.
    ///
    /// # Errors
    /// [`ObjectError::Open`].
    pub fn open(folder: &FilePath) -> Result<Self, ObjectError> {
        let open = |source: Cause| ObjectError::Open { at: folder.display().to_string(), source };
        std::fs::create_dir_all(folder).map_err(|error| open(Arc::new(error)))?;
        let local = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| open(Arc::new(error)))?
            .with_fsync(true);
        Ok(Self { folder: Arc::new(local), unhealthy: Arc::new(AtomicBool::new(false)) })
    }

    /// False for good after the device failed to write.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        !self.unhealthy.load(Ordering::SeqCst)
    }

    /// Writes an object whole or not at all; durable on return. An object already there is
    /// replaced.
    ///
    /// # Errors
    /// [`ObjectError::Full`] is worth another try later, [`ObjectError::Unhealthy`] is not.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), ObjectError> {
        if !self.is_healthy() {
            return Err(ObjectError::Unhealthy);
        }
        let put = self.folder.put(&Path::from(key), PutPayload::from(bytes)).await;
        put.map(|_| ()).map_err(|error| self.classify(key, error))
    }

    /// Reads an object of at most `bytes_max` bytes; `None` when there is none.
    ///
    /// # Errors
    /// [`ObjectError::TooLong`] before anything is read.
    pub async fn get(&self, key: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, ObjectError> {
        let fail = |error| ObjectError::Get { key: key.to_owned(), source: Arc::new(error) };
        let found = match self.folder.get(&Path::from(key)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            other => other.map_err(fail)?,
        };
        let bytes = found.meta.size;
        if bytes > bytes_max {
            return Err(ObjectError::TooLong { key: key.to_owned(), bytes, bytes_max });
        }
        Ok(Some(found.bytes().await.map_err(fail)?.into()))
    }

    fn classify(&self, key: &str, error: object_store::Error) -> ObjectError {
        let cause = io_error(&error);
        let number = cause.and_then(std::io::Error::raw_os_error);
        match cause.map(std::io::Error::kind) {
            Some(std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) => {
                ObjectError::Full { key: key.to_owned() }
            }
            _ if number == Some(EIO) => {
                tracing::error!(object.key = key, "objects.unhealthy: {error}");
                self.unhealthy.store(true, Ordering::SeqCst);
                ObjectError::Unhealthy
            }
            _ => ObjectError::Put { key: key.to_owned(), source: Arc::new(error) },
        }
    }
}

/// The operating system's error at the bottom of a chain.
fn io_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a std::io::Error> {
    let mut link = Some(error);
    while let Some(error) = link {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        link = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_put_is_got_and_the_cap_holds() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::open(folder.path()).unwrap();
        let key = snapshot_key(Uuid::from_u128(1), Uuid::from_u128(2), &"ab".repeat(32));
        assert_eq!(objects.get(&key, 10).await.unwrap(), None);
        objects.put(&key, b"0123456789".to_vec()).await.unwrap();
        assert_eq!(objects.get(&key, 10).await.unwrap().unwrap(), b"0123456789");
        let over = objects.get(&key, 9).await.unwrap_err();
        assert!(matches!(over, ObjectError::TooLong { bytes: 10, .. }), "{over}");
        assert!(folder.path().join(&key).is_file());
    }
}
