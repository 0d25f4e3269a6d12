//! Our own certificate and the agents' TLS: TLS 1.3 only, agents' certificates checked against
//! our own root, no session resumption (every connection shows its certificate again).

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::hosts::pem_body;
use super::{Authority, PkiError, SERVER_LIFE, files, root, serial, set_life};

/// The certificate that the listener shows; replaced while it runs.
pub struct ServerIdentity {
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
    names: Vec<String>,
}

impl std::fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerIdentity").field("names", &self.names).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for ServerIdentity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Authority {
    /// Our own certificate for `names`, made when there is none, when it carries other names,
    /// when another root issued it, or when two thirds of its life are over.
    ///
    /// # Errors
    /// [`PkiError`].
    pub fn server_identity(
        &self,
        names: &[String],
        now: Timestamp,
    ) -> Result<Arc<ServerIdentity>, PkiError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let current = self.server_certificate(names, now, &provider)?;
        Ok(Arc::new(ServerIdentity {
            provider,
            current: RwLock::new(Arc::new(current)),
            names: names.to_vec(),
        }))
    }

    /// Renews the identity when its time has come; meant to be called daily.
    ///
    /// # Errors
    /// [`PkiError`]; the old certificate stays.
    pub fn refresh(&self, identity: &ServerIdentity, now: Timestamp) -> Result<(), PkiError> {
        let fresh = self.server_certificate(&identity.names, now, &identity.provider)?;
        *identity.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        Ok(())
    }

    /// TLS for the agents' listener.
    ///
    /// # Errors
    /// [`PkiError`].
    pub fn server_config(&self, identity: Arc<ServerIdentity>) -> Result<ServerConfig, PkiError> {
        let provider = Arc::clone(&identity.provider);
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).map_err(PkiError::Tls)?;
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                // Only so that a host without certificate can enrol; every other route asks.
                .allow_unauthenticated()
                .build()
                .map_err(PkiError::Verifier)?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(PkiError::Tls)?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(identity);
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn server_certificate(
        &self,
        names: &[String],
        now: Timestamp,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, PkiError> {
        let key_path = self.folder.join("server.key.pem");
        let certificate_path = self.folder.join("server.cert.pem");
        let key = files::read_secret(&key_path)?;
        let standing = files::read_public(&certificate_path)?;
        if let (Some(key), Some(pem)) = (&key, &standing)
            && let Some(der) = pem_body(pem, "CERTIFICATE")
            && self.still_good(&der, names, now)
            && let Ok(key) = KeyPair::from_pem(key)
            && let Ok(whole) = self.certified(der, &key, provider)
        {
            return Ok(whole);
        }
        // A new key with every certificate; the old one is of no further use.
        let key = root::new_key(&key_path)?;
        let made = self.make(&key, names, now)?;
        files::write(&certificate_path, &made.pem(), 0o644)?;
        tracing::info!(names = ?names, "pki.server_certificate_made");
        self.certified(made.der().to_vec(), &key, provider)
    }

    fn certified(
        &self,
        leaf: Vec<u8>,
        key: &KeyPair,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, PkiError> {
        let chain = vec![CertificateDer::from(leaf), self.certificate.clone()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let whole = CertifiedKey::from_der(chain, key, provider).map_err(PkiError::Tls)?;
        // A key and a certificate of two different renewals do not match.
        whole.keys_match().map_err(PkiError::Tls)?;
        Ok(whole)
    }

    fn still_good(&self, der: &[u8], names: &[String], now: Timestamp) -> bool {
        let Ok((_, leaf)) = X509Certificate::from_der(der) else { return false };
        let Ok((_, root)) = X509Certificate::from_der(&self.certificate) else { return false };
        let from = leaf.validity().not_before.timestamp();
        let until = leaf.validity().not_after.timestamp();
        let renew_at = from + (until - from) / 3 * 2;
        let subject = leaf.subject().iter_common_name().next();
        leaf.verify_signature(Some(root.public_key())).is_ok()
            && (from..renew_at).contains(&now.as_second())
            && subject.is_some_and(|name| name.as_str().is_ok_and(|name| name == label(names)))
    }

    fn make(
        &self,
        key: &KeyPair,
        names: &[String],
        now: Timestamp,
    ) -> Result<rcgen::Certificate, PkiError> {
        let fail = |source| PkiError::Make { what: "the server's certificate", source };
        let mut params = CertificateParams::new(names.to_vec()).map_err(fail)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, label(names));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(SerialNumber::from_slice(&serial()?));
        set_life(&mut params, now, SERVER_LIFE);
        params.signed_by(key, &self.issuer).map_err(fail)
    }
}

/// The subject of our certificate: it changes whenever the names do (64 letters are the longest
/// common name, so a digest stands for them).
fn label(names: &[String]) -> String {
    let digest = carepack_shared::digest::sha256_hex(names.join("\n").as_bytes());
    format!("Carepack collector {}", &digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(authority: &Authority, names: &[&str], now: &str) -> Vec<u8> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let identity = authority.server_identity(&names, now.parse().unwrap()).unwrap();
        let current = identity.current.read().unwrap();
        assert_eq!(current.cert.len(), 2, "leaf and root");
        current.cert[0].to_vec()
    }

    #[test]
    fn our_certificate_is_kept_until_two_thirds_or_until_the_names_change() {
        let data = tempfile::tempdir().unwrap();
        let start = "2026-11-23T00:00:00Z";
        let authority = Authority::open(&data.path().join("pki"), start.parse().unwrap()).unwrap();
        let first = served(&authority, &["localhost", "127.0.0.1"], start);
        let (_, parsed) = X509Certificate::from_der(&first).unwrap();
        let names = parsed.subject_alternative_name().unwrap().unwrap().value;
        assert_eq!(names.general_names.len(), 2);
        let later = "2027-08-01T00:00:00Z";
        assert_eq!(first, served(&authority, &["localhost", "127.0.0.1"], later));
        assert_ne!(first, served(&authority, &["localhost"], later));
        let renewed = served(&authority, &["localhost"], later);
        assert_ne!(renewed, served(&authority, &["localhost"], "2028-06-01T00:00:00Z"));
    }
}
