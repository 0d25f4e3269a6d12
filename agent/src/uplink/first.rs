//! The very first contact: the collector's own CA is recognised by the token's fingerprint, then
//! checks everything else, the name included.

use std::sync::{Arc, OnceLock};

use carepack_shared::digest::sha256_hex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// Trusts exactly one root, known by the SHA-256 of its DER.
#[derive(Debug)]
pub(super) struct ByFingerprint {
    pub provider: Arc<CryptoProvider>,
    pub ca_sha256: String,
    /// The root, once it was seen and everything under it held.
    pub ca: Arc<OnceLock<Vec<u8>>>,
}

impl ServerCertVerifier for ByFingerprint {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = intermediates.iter().find(|der| sha256_hex(der) == self.ca_sha256);
        let Some(ca) = presented else {
            let shown = intermediates.last().map_or_else(|| "none".to_owned(), |d| sha256_hex(d));
            return Err(Error::General(format!(
                "the CA fingerprint in the token is {}, the server shows {shown}: this is not \
                 the collector that made the token",
                self.ca_sha256
            )));
        };
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone().into_owned())?;
        let provider = Arc::clone(&self.provider);
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        let verified = verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        let _ = self.ca.set(ca.to_vec());
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken here".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
