//! What a certificate file says of itself: whose, from when to when, which key, how long a chain.
//!
//! Only blocks that are certificates are looked at; a private key in the same file is passed over
//! and nothing of it is told. Nothing is verified against anything.

use serde_json::{Value, json};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey;

use crate::host::{Host, Missed};

/// A bundle with a long chain is a few KiB.
const FILE_BYTES_MAX: usize = 256 * 1024;
/// Most certificates of one file.
const CHAIN_MAX: usize = 20;
/// Most names of one certificate that are told.
const NAMES_MAX: usize = 20;

/// `{"file","subject","issuer","sans","names","not_before","not_after","key_type","key_bits",
/// "signature","chain","self_signed","ca","ordered"}` of the first certificate, times in seconds
/// since the epoch; `{"file","unseen"}` when there is none to be seen.
pub fn told(host: &Host, path: &str) -> Value {
    match host.read(path, FILE_BYTES_MAX) {
        Ok(piece) => of_bytes(path, &piece.bytes),
        Err(Missed { reason, .. }) => json!({"file": path, "unseen": reason}),
    }
}

fn of_bytes(path: &str, bytes: &[u8]) -> Value {
    let blocks: Vec<Pem> = Pem::iter_from_buffer(bytes)
        .flatten()
        .filter(|pem| pem.label.ends_with("CERTIFICATE"))
        .take(CHAIN_MAX)
        .collect();
    let chain: Vec<X509Certificate<'_>> =
        blocks.iter().filter_map(|pem| pem.parse_x509().ok()).collect();
    let Some(first) = chain.first() else { return json!({"file": path, "unseen": "malformed"}) };
    let names: Vec<String> = names(first);
    let (key_type, key_bits) = key(first);
    let ordered = chain.windows(2).all(|pair| pair[0].issuer() == pair[1].subject());
    json!({
        "file": path,
        "subject": common_name(first.subject()),
        "issuer": common_name(first.issuer()),
        "sans": names.len(),
        "names": names.iter().take(NAMES_MAX).collect::<Vec<_>>(),
        "not_before": first.validity().not_before.timestamp(),
        "not_after": first.validity().not_after.timestamp(),
        "key_type": key_type,
        "key_bits": key_bits,
        "signature": signature(first),
        "chain": chain.len(),
        "chain_not_after": chain.iter().map(|one| one.validity().not_after.timestamp()).min(),
        "self_signed": first.subject() == first.issuer(),
        "ca": first.is_ca(),
        "ordered": ordered,
    })
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |general: &GeneralName<'_>| match general {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => Some(address(bytes)),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> String {
    match <[u8; 4]>::try_from(bytes) {
        Ok(four) => std::net::Ipv4Addr::from(four).to_string(),
        Err(_) => <[u8; 16]>::try_from(bytes)
            .map(|sixteen| std::net::Ipv6Addr::from(sixteen).to_string())
            .unwrap_or_default(),
    }
}

/// The common name; without one, the whole name in one line.
fn common_name(name: &x509_parser::x509::X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|one| one.as_str().ok());
    common.map_or_else(|| name.to_string(), str::to_owned)
}

/// Kind and size in bits of the public key.
fn key(certificate: &X509Certificate<'_>) -> (&'static str, Option<usize>) {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => ("RSA", Some(key.key_size())),
        Ok(PublicKey::EC(point)) => ("EC", Some(point.key_size())),
        Ok(PublicKey::DSA(_)) => ("DSA", None),
        _ => match certificate.public_key().algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => ("Ed25519", Some(256)),
            "1.3.101.113" => ("Ed448", Some(456)),
            _ => ("other", None),
        },
    }
}

/// The signature's algorithm (RFC 3279, 4055, 5758, 8410); its number where it has no name here.
fn signature(certificate: &X509Certificate<'_>) -> String {
    let id = certificate.signature_algorithm.algorithm.to_id_string();
    let name = match id.as_str() {
        "1.2.840.113549.1.1.4" => "md5WithRSA",
        "1.2.840.113549.1.1.5" => "sha1WithRSA",
        "1.2.840.113549.1.1.10" => "rsaPSS",
        "1.2.840.113549.1.1.11" => "sha256WithRSA",
        "1.2.840.113549.1.1.12" => "sha384WithRSA",
        "1.2.840.113549.1.1.13" => "sha512WithRSA",
        "1.2.840.10045.4.1" => "ecdsaWithSHA1",
        "1.2.840.10045.4.3.2" => "ecdsaWithSHA256",
        "1.2.840.10045.4.3.3" => "ecdsaWithSHA384",
        "1.2.840.10045.4.3.4" => "ecdsaWithSHA512",
        "1.3.101.112" => "ed25519",
        _ => return id,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told_and_the_key_beside_it_is_not() {
        let names = vec!["www.example.kr".to_owned(), "10.0.0.1".to_owned()];
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(names).unwrap();
        let key = signing_key.serialize_pem();
        let told = of_bytes("/x.pem", format!("{key}{}", cert.pem()).as_bytes());
        assert_eq!(told["sans"], 2, "{told}");
        assert_eq!(told["names"], json!(["www.example.kr", "10.0.0.1"]));
        assert_eq!((&told["chain"], &told["self_signed"]), (&1.into(), &true.into()));
        assert_eq!((&told["key_type"], &told["key_bits"]), (&"EC".into(), &256.into()));
        assert!(told["not_after"].as_i64() > told["not_before"].as_i64());
        let line = key.lines().nth(1).unwrap();
        assert!(!told.to_string().contains(line));
    }

    #[test]
    fn what_is_no_certificate_is_malformed() {
        for text in
            ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\0\u{1}"]
        {
            assert_eq!(of_bytes("/x", text.as_bytes())["unseen"], "malformed", "{text}");
        }
    }
}
