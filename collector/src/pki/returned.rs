//! The seal of a file that goes back over an air gap: a certificate made for this one file, whose
//! key signs it and is forgotten. The host trusts it through the root that it enrolled with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carepack_shared::bundle::Seal;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SerialNumber, SigningKey,
};

use super::{Authority, PkiError, serial, set_life};

/// `id-kp-documentSigning` (RFC 9336): neither a host's nor a listener's certificate carries it.
const DOCUMENT_SIGNING: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 3, 36];

impl Authority {
    /// Signs a text with a key of its own that lives as long as the file may be taken.
    ///
    /// # Errors
    /// [`PkiError`].
    pub fn seal_return(
        &self,
        text: &str,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<Seal, PkiError> {
        let made = |what| move |source| PkiError::Make { what, source };
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(made("a key"))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Carepack return");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::Other(DOCUMENT_SIGNING.to_vec())];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(SerialNumber::from_slice(&serial()?));
        set_life(&mut params, now, life);
        let certificate = params.signed_by(&key, &self.issuer);
        let certificate = certificate.map_err(made("the certificate of a return file"))?;
        let signature = key.sign(text.as_bytes()).map_err(made("a signature"))?;
        let (certificate_pem, signature) = (certificate.pem(), STANDARD.encode(signature));
        Ok(Seal { certificate_pem, signature, link: None })
    }
}
