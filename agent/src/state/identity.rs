//! `identity.pem`: private key, host certificate, CA certificate, in that order. Written whole, so
//! that key and certificate always belong together.

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use uuid::Uuid;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{State, StateError, read_secret};

/// Who this host is towards its collector.
#[derive(Clone)]
pub struct Identity {
    pub host_id: Uuid,
    /// PKCS#8, PEM.
    pub key_pem: String,
    pub certificate_pem: String,
    pub ca_pem: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("host_id", &self.host_id).finish_non_exhaustive()
    }
}

/// Key material that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("identity.pem is damaged ({0}); enrol again with a new token (enroll --again)")]
    Damaged(&'static str),
    #[error("a new key or its request cannot be made")]
    Key(#[from] rcgen::Error),
    #[error("the certificate that the collector gave is not for the key of this host")]
    ForeignKey,
    #[error(transparent)]
    State(#[from] StateError),
}

impl Identity {
    /// A fresh key and the request for its certificate, both PEM.
    ///
    /// # Errors
    /// [`IdentityError::Key`].
    pub fn request() -> Result<(KeyPair, String), IdentityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let csr = CertificateParams::default().serialize_request(&key)?.pem()?;
        Ok((key, csr))
    }

    /// Puts a key and its certificate together, checking that they belong together.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn new(key: &KeyPair, certificate_pem: &str, ca_pem: &str) -> Result<Self, IdentityError> {
        let identity = Self::parse(&[&key.serialize_pem(), certificate_pem, ca_pem].join("\n"))?;
        let (_, pem) = x509_parser::pem::parse_x509_pem(identity.certificate_pem.as_bytes())
            .map_err(|_| IdentityError::Damaged("no certificate"))?;
        let certificate = parse_certificate(&pem)?;
        let public = &certificate.public_key().subject_public_key.data;
        if public.as_ref() != key.public_key_raw() {
            return Err(IdentityError::ForeignKey);
        }
        Ok(identity)
    }

    fn parse(text: &str) -> Result<Self, IdentityError> {
        let blocks: Vec<Pem> = Pem::iter_from_buffer(text.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| IdentityError::Damaged("not PEM"))?;
        let [key, certificate, ca] = blocks.as_slice() else {
            return Err(IdentityError::Damaged("it does not hold a key and two certificates"));
        };
        if key.label != "PRIVATE KEY" || key.contents.is_empty() {
            return Err(IdentityError::Damaged("it does not begin with a private key"));
        }
        parse_certificate(ca)?;
        let leaf = parse_certificate(certificate)?;
        let name = leaf.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        let host_id = name.and_then(|name| name.parse().ok());
        let moment = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
        Ok(Self {
            host_id: host_id.ok_or(IdentityError::Damaged("its certificate names no host"))?,
            not_before: moment(leaf.validity().not_before.timestamp()),
            not_after: moment(leaf.validity().not_after.timestamp()),
            key_pem: armour(key),
            certificate_pem: armour(certificate),
            ca_pem: armour(ca),
        })
    }

    /// Whether two thirds of the certificate's life are over.
    #[must_use]
    pub fn wants_renewal(&self, now: Timestamp) -> bool {
        let life = self.not_after.as_second() - self.not_before.as_second();
        let from = self.not_before.checked_add(SignedDuration::from_secs(life / 3 * 2));
        from.is_ok_and(|from| now >= from)
    }
}

impl State {
    /// Who this host is; none before enrolment.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn identity(&self) -> Result<Option<Identity>, IdentityError> {
        let Some(bytes) = read_secret(&self.dir.join("identity.pem"))? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| IdentityError::Damaged("not text"))?;
        Identity::parse(&text).map(Some)
    }

    /// # Errors
    /// [`StateError`].
    pub fn save_identity(&self, identity: &Identity) -> Result<(), StateError> {
        let text = [&*identity.key_pem, &identity.certificate_pem, &identity.ca_pem].concat();
        self.write("identity.pem", text.as_bytes())
    }
}

fn parse_certificate(pem: &Pem) -> Result<X509Certificate<'_>, IdentityError> {
    if pem.label != "CERTIFICATE" {
        return Err(IdentityError::Damaged("a certificate is missing"));
    }
    X509Certificate::from_der(&pem.contents)
        .map(|(_, certificate)| certificate)
        .map_err(|_| IdentityError::Damaged("a certificate cannot be read"))
}

/// DER as PEM (RFC 7468: 64 letters a line).
fn armour(pem: &Pem) -> String {
    armour_der(&pem.label, &pem.contents)
}

/// DER as PEM (RFC 7468: 64 letters a line).
pub(crate) fn armour_der(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut lines = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        lines.push_str(line);
        lines.push('\n');
        rest = more;
    }
    lines.push_str(&format!("-----END {label}-----\n"));
    lines
}
