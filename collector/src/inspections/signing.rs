//! The key that published reports are signed with: Ed25519 in minisign's form, made at first use.
//!
//! The secret half stays in `DATA/keys/reports.key`; `reports.pub` beside it is what a customer is
//! given once, and checks every report with.

use std::path::{Path, PathBuf};

use minisign::{KeyPair, SecretKey, SecretKeyBox};

use crate::pki::{PkiError, files};

/// The key of a collector.
pub struct ReportKey {
    secret: SecretKey,
    /// In minisign's form, as in `reports.pub`.
    pub public: String,
}

/// Where a collector's public key is.
#[must_use]
pub fn public_file(data: &Path) -> PathBuf {
    data.join("keys/reports.pub")
}

impl ReportKey {
    /// Reads the key of `DATA/keys/reports.key`, making one where there is none.
    ///
    /// # Errors
    /// [`PkiError`] when the file is exposed, or neither read nor written.
    pub fn open(data: &Path) -> Result<Self, PkiError> {
        let folder = data.join("keys");
        files::folder(&folder)?;
        let path = folder.join("reports.key");
        let unsound = |_| PkiError::Unsound { path: path.clone(), what: "a key of minisign" };
        let text = match files::read_secret(&path)? {
            Some(text) => text,
            None => {
                let made = KeyPair::generate_unencrypted_keypair().map_err(unsound)?;
                let text = made.sk.to_box(None).map_err(unsound)?.into_string();
                files::write_once(&path, &text)?;
                files::read_secret(&path)?.unwrap_or_default()
            }
        };
        let secret = SecretKeyBox::from_string(&text)
            .and_then(SecretKeyBox::into_unencrypted_secret_key)
            .map_err(unsound)?;
        let public = minisign::PublicKey::from_secret_key(&secret)
            .and_then(|key| key.to_box())
            .map_err(unsound)?
            .into_string();
        let public_path = public_file(data);
        if files::read_public(&public_path)?.as_deref() != Some(public.as_str()) {
            files::write(&public_path, &public, 0o644)?;
        }
        Ok(Self { secret, public })
    }

    /// Signs; the comment is covered by the signature.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn sign(&self, bytes: &[u8], comment: &str) -> Result<String, minisign::PError> {
        let untrusted = Some("signature of a Carepack report");
        minisign::sign(None, &self.secret, bytes, Some(comment), untrusted)
            .map(minisign::SignatureBox::into_string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_its_signatures_hold() {
        let folder = tempfile::tempdir().unwrap();
        let key = ReportKey::open(folder.path()).unwrap();
        assert_eq!(ReportKey::open(folder.path()).unwrap().public, key.public);
        let kept = std::fs::read_to_string(public_file(folder.path())).unwrap();
        assert_eq!(kept, key.public);
        let signature = key.sign(b"report", "edition:1").unwrap();
        let public = minisign_verify::PublicKey::decode(&kept).unwrap();
        let signature = minisign_verify::Signature::decode(&signature).unwrap();
        public.verify(b"report", &signature, false).unwrap();
        assert_eq!(signature.trusted_comment(), "edition:1");
        assert!(public.verify(b"repord", &signature, false).is_err());
    }
}
