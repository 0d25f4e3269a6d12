//! The root: made once, kept in DATA/pki, read at every start.

use std::path::{Path, PathBuf};

use carepack_shared::digest::sha256_hex;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{PkiError, ROOT_LIFE, files, serial, set_life};

/// The authority, ready to sign.
pub struct Authority {
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) certificate: CertificateDer<'static>,
    pub(super) folder: PathBuf,
    pem: String,
    not_after: Timestamp,
}

impl Authority {
    /// Opens the authority in `folder`, making it at first.
    ///
    /// # Errors
    /// [`PkiError::Exposed`] when others could read the key, [`PkiError::KeyMissing`] when only
    /// the certificate is left.
    pub fn open(folder: &Path, now: Timestamp) -> Result<Self, PkiError> {
        files::folder(folder)?;
        let key_path = folder.join("ca.key.pem");
        let certificate_path = folder.join("ca.cert.pem");
        let key = files::read_secret(&key_path)?;
        let (key, pem) = match (key, files::read_public(&certificate_path)?) {
            (Some(key), Some(pem)) => (read_key(&key, &key_path)?, pem),
            (None, Some(_)) => return Err(PkiError::KeyMissing { path: certificate_path }),
            // A key without certificate is a first start that was cut short.
            (key, None) => {
                let key = match key {
                    Some(text) => read_key(&text, &key_path)?,
                    None => new_key(&key_path)?,
                };
                let pem = make(&key, now)?;
                files::write(&certificate_path, &pem, 0o644)?;
                (key, pem)
            }
        };
        Self::assemble(folder, key, pem)
    }

    fn assemble(folder: &Path, key: KeyPair, pem: String) -> Result<Self, PkiError> {
        let path = folder.join("ca.cert.pem");
        let unsound = |what| PkiError::Unsound { path: path.clone(), what };
        let der = super::hosts::pem_body(&pem, "CERTIFICATE")
            .ok_or_else(|| unsound("a certificate in PEM form"))?;
        let (_, parsed) =
            X509Certificate::from_der(&der).map_err(|_| unsound("an X.509 certificate"))?;
        if parsed.public_key().subject_public_key.data.as_ref() != key.public_key_raw() {
            return Err(unsound("the certificate of ca.key.pem"));
        }
        let not_after = Timestamp::from_second(parsed.validity().not_after.timestamp())
            .map_err(|_| unsound("a certificate with an end"))?;
        let certificate = CertificateDer::from(der.clone());
        let issuer = Issuer::from_ca_cert_der(&certificate, key)
            .map_err(|source| PkiError::Make { what: "the issuer", source })?;
        Ok(Self { issuer, certificate, folder: folder.to_owned(), pem, not_after })
    }

    /// The root certificate, PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// SHA-256 of the root certificate (DER), hex: what stands in a token.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        sha256_hex(&self.certificate)
    }

    /// The root's last moment.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

fn read_key(text: &str, path: &Path) -> Result<KeyPair, PkiError> {
    KeyPair::from_pem_and_sign_algo(text, &PKCS_ECDSA_P256_SHA256)
        .map_err(|_| PkiError::Unsound { path: path.to_owned(), what: "an ECDSA P-256 key" })
}

/// Makes a key and keeps it, 0600.
pub(super) fn new_key(path: &Path) -> Result<KeyPair, PkiError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
        .map_err(|source| PkiError::Make { what: "a key", source })?;
    files::write(path, &key.serialize_pem(), 0o600)?;
    Ok(key)
}

fn make(key: &KeyPair, now: Timestamp) -> Result<String, PkiError> {
    let number = serial()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    // Two collectors' roots differ in name, so that a chain error says which one was meant.
    let name = format!("Carepack collector {}", &carepack_shared::digest::hex(&number)[..8]);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(SerialNumber::from_slice(&number));
    set_life(&mut params, now, ROOT_LIFE);
    let made = params.self_signed(key);
    Ok(made.map_err(|source| PkiError::Make { what: "the root certificate", source })?.pem())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn now() -> Timestamp {
        "2026-11-23T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_root_is_made_once_and_lives_ten_years() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("pki");
        let first = Authority::open(&folder, now()).unwrap();
        let again = Authority::open(&folder, now()).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        assert_eq!(first.not_after(), "2036-11-23T00:00:00Z".parse().unwrap());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.join("ca.key.pem")), 0o600);
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("pki");
        Authority::open(&folder, now()).unwrap();
        let key = folder.join("ca.key.pem");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Authority::open(&folder, now()).err().unwrap().to_string();
        assert!(refused.contains("0640") && refused.contains("chmod 0600"), "{refused}");
    }

    #[test]
    fn half_an_authority_is_never_replaced() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("pki");
        Authority::open(&folder, now()).unwrap();
        std::fs::remove_file(folder.join("ca.key.pem")).unwrap();
        let refused = Authority::open(&folder, now()).err().unwrap();
        assert!(matches!(refused, PkiError::KeyMissing { .. }), "{refused}");
    }

    #[test]
    fn a_foreign_key_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("pki");
        Authority::open(&folder, now()).unwrap();
        new_key(&folder.join("ca.key.pem")).unwrap();
        let refused = Authority::open(&folder, now()).err().unwrap().to_string();
        assert!(refused.contains("does not hold the certificate of ca.key.pem"), "{refused}");
    }
}
