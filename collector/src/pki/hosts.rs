//! Hosts' certificates: made from a request, read from a connection, checked on a bundle.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carepack_shared::bundle::{Header, signed_text};
use carepack_shared::digest::hex;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SerialNumber, SubjectPublicKeyInfo,
};
use uuid::Uuid;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Authority, BACKDATE, HOST_LIFE, OFFLINE_LIFE, PkiError, not_after, serial, set_life};

/// A certificate made for a host.
#[derive(Clone, Debug)]
pub struct Issued {
    pub pem: String,
    /// Lower-case hex, 32 digits.
    pub serial: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

/// What a host's certificate says of itself. Whether it still counts is the store's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// Lower-case hex.
    pub serial: String,
    pub host: Uuid,
    pub not_after: Timestamp,
}

/// A certificate request that is not signed here.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("the certificate request is not PKCS#10 in PEM form")]
    Form,
    #[error("the certificate request's key is not ECDSA P-256")]
    Key,
    #[error("the certificate request is not signed by its own key")]
    Signature,
    #[error(transparent)]
    Pki(#[from] PkiError),
}

/// An offline bundle whose signature does not hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the bundle is not signed; the host made it before it was enrolled")]
    Missing,
    #[error("the bundle's certificate cannot be read")]
    Certificate,
    #[error("the bundle's certificate was issued by another collector")]
    Issuer,
    #[error("the bundle's certificate was not valid when the snapshot was taken")]
    Validity,
    #[error("the bundle's signature does not match; it was altered")]
    Signature,
}

impl Authority {
    /// Makes a host's certificate for the key of a request. Only the key is taken from it: its
    /// subject and extensions are a stranger's words.
    ///
    /// # Errors
    /// [`RequestError`] names what is wrong with the request.
    pub fn sign(&self, csr_pem: &str, host: Uuid, now: Timestamp) -> Result<Issued, RequestError> {
        Ok(self.certify(&requested_key(csr_pem)?, host, now, HOST_LIFE)?)
    }

    /// Makes the next certificate of a host that cannot ask for one, for the key that it has:
    /// `certificate_pem` is one that [`Self::check_seal`] held good.
    ///
    /// # Errors
    /// [`RequestError`] names what is wrong with the certificate.
    pub fn certify_again(
        &self,
        certificate_pem: &str,
        host: Uuid,
        now: Timestamp,
    ) -> Result<Issued, RequestError> {
        let der = pem_body(certificate_pem, "CERTIFICATE").ok_or(RequestError::Form)?;
        let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| RequestError::Form)?;
        let key = SubjectPublicKeyInfo::from_der(certificate.public_key().raw)
            .map_err(|_| RequestError::Key)?;
        Ok(self.certify(&key, host, now, OFFLINE_LIFE)?)
    }

    fn certify(
        &self,
        key: &SubjectPublicKeyInfo,
        host: Uuid,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<Issued, PkiError> {
        let number = serial()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, host.to_string());
        let uri = format!("urn:uuid:{host}");
        let uri = uri.try_into().map_err(|source| PkiError::Make { what: "a host's name", source });
        params.subject_alt_names = vec![SanType::URI(uri?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(SerialNumber::from_slice(&number));
        set_life(&mut params, now, life);
        let made = params
            .signed_by(key, &self.issuer)
            .map_err(|source| PkiError::Make { what: "a host's certificate", source })?;
        Ok(Issued {
            pem: made.pem(),
            serial: hex(&number),
            not_before: now.saturating_sub(BACKDATE).unwrap_or(now),
            not_after: not_after(now, life),
        })
    }

    /// Checks an offline bundle's seal: our own root issued the certificate, it was valid when
    /// the snapshot was taken, and its key signed this id and digest. Revocation is the caller's
    /// to look up.
    ///
    /// # Errors
    /// [`SealError`] names what does not hold.
    pub fn check_seal(
        &self,
        header: &Header,
        taken_at: Timestamp,
    ) -> Result<PeerCertificate, SealError> {
        let seal = header.seal.as_ref().ok_or(SealError::Missing)?;
        let der = pem_body(&seal.certificate_pem, "CERTIFICATE").ok_or(SealError::Certificate)?;
        let (_, certificate) =
            X509Certificate::from_der(&der).map_err(|_| SealError::Certificate)?;
        let (_, root) =
            X509Certificate::from_der(&self.certificate).map_err(|_| SealError::Issuer)?;
        let ours = certificate.issuer() == root.subject()
            && certificate.verify_signature(Some(root.public_key())).is_ok();
        if !ours {
            return Err(SealError::Issuer);
        }
        let validity = certificate.validity();
        let taken = taken_at.as_second();
        if taken < validity.not_before.timestamp() || taken > validity.not_after.timestamp() {
            return Err(SealError::Validity);
        }
        let signature = STANDARD.decode(&seal.signature).map_err(|_| SealError::Signature)?;
        let key = certificate.public_key().subject_public_key.data.as_ref();
        let text = signed_text(header.id, &header.sha256, seal.link.as_ref());
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
            .verify(text.as_bytes(), &signature)
            .map_err(|_| SealError::Signature)?;
        PeerCertificate::read(&der).ok_or(SealError::Certificate)
    }
}

impl PeerCertificate {
    /// Reads a host's certificate that the TLS layer (or [`Authority::check_seal`]) has verified;
    /// `None` when its name is not one that we give.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let mut names = certificate.subject().iter_common_name();
        let host = names.next()?.as_str().ok()?.parse().ok()?;
        if names.next().is_some() {
            return None;
        }
        Some(Self {
            serial: hex(certificate.raw_serial()),
            host,
            not_after: Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?,
        })
    }
}

fn requested_key(csr_pem: &str) -> Result<SubjectPublicKeyInfo, RequestError> {
    let der = pem_body(csr_pem, "CERTIFICATE REQUEST").ok_or(RequestError::Form)?;
    let (rest, request) =
        X509CertificationRequest::from_der(&der).map_err(|_| RequestError::Form)?;
    if !rest.is_empty() {
        return Err(RequestError::Form);
    }
    let key = SubjectPublicKeyInfo::from_der(request.certification_request_info.subject_pki.raw)
        .map_err(|_| RequestError::Key)?;
    if key.algorithm() != &PKCS_ECDSA_P256_SHA256 {
        return Err(RequestError::Key);
    }
    request.verify_signature().map_err(|_| RequestError::Signature)?;
    Ok(key)
}

/// The bytes of the first PEM block, when it carries `label`.
pub(super) fn pem_body(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(text.as_bytes()).ok()?;
    (pem.label == label).then_some(pem.contents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carepack_shared::bundle::{Link, Seal};
    use rcgen::{KeyPair, SigningKey};

    fn now() -> Timestamp {
        "2026-11-23T00:00:00Z".parse().unwrap()
    }

    fn authority() -> (tempfile::TempDir, Authority) {
        let data = tempfile::tempdir().unwrap();
        let authority = Authority::open(&data.path().join("pki"), now()).unwrap();
        (data, authority)
    }

    fn request(key: &KeyPair) -> String {
        let mut params = CertificateParams::new(vec!["admin.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "root");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.serialize_request(key).unwrap().pem().unwrap()
    }

    #[test]
    fn a_host_gets_its_own_name_whatever_it_asked_for() {
        let (_data, authority) = authority();
        let key = KeyPair::generate().unwrap();
        let host = Uuid::from_u128(7);
        let issued = authority.sign(&request(&key), host, now()).unwrap();
        let der = pem_body(&issued.pem, "CERTIFICATE").unwrap();
        let peer = PeerCertificate::read(&der).unwrap();
        assert_eq!((peer.host, &peer.serial), (host, &issued.serial));
        assert_eq!(peer.not_after, "2027-01-22T00:00:00Z".parse().unwrap());
        let (_, parsed) = X509Certificate::from_der(&der).unwrap();
        assert!(!parsed.is_ca());
        assert_eq!(parsed.subject().to_string(), format!("CN={host}"));
        let usage = parsed.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.client_auth && !usage.server_auth && !usage.any);
        let names = parsed.subject_alternative_name().unwrap().unwrap().value;
        assert_eq!(names.general_names.len(), 1);
        assert_eq!(issued.serial.len(), 32);
    }

    #[test]
    fn bent_requests_are_told_apart() {
        let (_data, authority) = authority();
        let refused =
            |text: &str| authority.sign(text, Uuid::from_u128(7), now()).unwrap_err().to_string();
        assert!(refused("hello").contains("PEM form"));
        let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        assert!(refused(&request(&p384)).contains("P-256"));
        // A letter changed in the subject breaks the signature.
        let key = KeyPair::generate().unwrap();
        let mut der = pem_body(&request(&key), "CERTIFICATE REQUEST").unwrap();
        let at = der.windows(4).position(|window| window == b"root").unwrap();
        der[at] = b'b';
        let bent = format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n",
            STANDARD.encode(&der)
        );
        assert!(refused(&bent).contains("own key"), "{}", refused(&bent));
    }

    #[test]
    fn a_seal_holds_only_for_its_own_bundle() {
        let (_data, authority) = authority();
        let key = KeyPair::generate().unwrap();
        let host = Uuid::from_u128(7);
        let issued = authority.sign(&request(&key), host, now()).unwrap();
        let sha256 = "ab".repeat(32);
        let text = signed_text(Uuid::from_u128(1), &sha256, None);
        let signature = STANDARD.encode(key.sign(text.as_bytes()).unwrap());
        let seal = Seal { certificate_pem: issued.pem, signature, link: None };
        let header = Header { id: Uuid::from_u128(1), sha256, bytes: 1, seal: Some(seal) };
        assert_eq!(authority.check_seal(&header, now()).unwrap().host, host);

        let other = Header { id: Uuid::from_u128(2), ..header.clone() };
        assert_eq!(authority.check_seal(&other, now()), Err(SealError::Signature));
        // A place in the chain that the key did not sign.
        let mut moved = header.clone();
        moved.seal.as_mut().unwrap().link = Some(Link { number: 2, ..Link::default() });
        assert_eq!(authority.check_seal(&moved, now()), Err(SealError::Signature));
        let none = Header { seal: None, ..header.clone() };
        assert_eq!(authority.check_seal(&none, now()), Err(SealError::Missing));
        let late = "2027-03-01T00:00:00Z".parse().unwrap();
        assert_eq!(authority.check_seal(&header, late), Err(SealError::Validity));
        let (_other_data, stranger) = self::authority();
        assert_eq!(stranger.check_seal(&header, now()), Err(SealError::Issuer));
    }
}
