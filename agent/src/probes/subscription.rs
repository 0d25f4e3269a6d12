//! Subscription: whether the host is registered, and until when its certificates are good.
//!
//! Of certificates only the end of their validity is taken, of private keys nothing: neither
//! bytes, nor subjects, nor serial numbers leave the host. The survey is `{"registered": bool,
//! "consumer_until": T | null, "entitlements": [T, …], "unreadable": N,
//! "content_access": "simple" | "entitlement" | null}`, times in epoch seconds.

use carepack_shared::Unseen;
use serde_json::{Value, json};
use x509_parser::pem::Pem;

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "subscription",
    about_ko: "구독 등록 여부와 인증서 만료일(인증서 내용은 수집하지 않음)",
    about_en: "Registration and the end dates of subscription certificates, never their content",
    reads: &[
        Read::Survey { name: "subscription", reads: &PLACES, run: survey },
        file("/etc/rhsm/syspurpose/syspurpose.json"),
        file("/var/lib/rhsm/cache/releasever.json"),
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Patches,
    legal: Legal::Names,
};

const CONSUMER: &str = "/etc/pki/consumer/cert.pem";
const ENTITLEMENT: &str = "/etc/pki/entitlement";
const ACCESS: &str = "/var/lib/rhsm/cache/content_access_mode.json";
const CONFIG: &str = "/etc/rhsm/rhsm.conf";
const PLACES: [&str; 4] = [CONSUMER, "/etc/pki/entitlement/*.pem", ACCESS, CONFIG];
/// Longest certificate file: entitlements carry the list of their contents, some 200 KiB.
const CERTIFICATE_BYTES_MAX: usize = 1024 * 1024;
/// Most certificates looked at.
const CERTIFICATES_MAX: usize = 100;

fn survey(host: &Host) -> Look<Value> {
    let seen = |path: &str| match host.stat(path) {
        Ok(_) => Ok(true),
        Err(missed) if missed.reason == Unseen::Absent => Ok(false),
        Err(missed) => Err(missed),
    };
    let registered = seen(CONSUMER)?;
    // Without subscription-manager nothing here says anything of a subscription.
    if !registered && !seen(CONFIG)? {
        return Err(Missed::new(Unseen::Absent, "subscription-manager is not installed"));
    }
    let mut unreadable = 0;
    let mut entitlements = Vec::new();
    for path in entitlement_files(host)? {
        match until(host, &path) {
            Some(at) => entitlements.push(at),
            None => unreadable += 1,
        }
    }
    entitlements.sort_unstable();
    let access = host
        .word(ACCESS)
        .ok()
        .map(|text| if text.contains("org_environment") { "simple" } else { "entitlement" });
    Ok(json!({
        "registered": registered,
        "consumer_until": until(host, CONSUMER),
        "entitlements": entitlements,
        "unreadable": unreadable,
        "content_access": access,
    }))
}

/// Certificates, keys left out.
fn entitlement_files(host: &Host) -> Look<Vec<String>> {
    let names = match host.list(ENTITLEMENT) {
        Ok(listing) => listing.names,
        Err(missed) if missed.reason == Unseen::Absent => Vec::new(),
        Err(missed) => return Err(missed),
    };
    let fits = |name: &&String| name.ends_with(".pem") && !name.ends_with("-key.pem");
    let paths = names.iter().filter(fits).map(|name| format!("{ENTITLEMENT}/{name}"));
    Ok(paths.take(CERTIFICATES_MAX).collect())
}

/// The end of validity of a file's first certificate, in epoch seconds.
fn until(host: &Host, path: &str) -> Option<i64> {
    let piece = host.read(path, CERTIFICATE_BYTES_MAX).ok()?;
    not_after(&piece.bytes)
}

fn not_after(bytes: &[u8]) -> Option<i64> {
    let mut blocks = Pem::iter_from_buffer(bytes).filter_map(Result::ok);
    let pem = blocks.find(|pem| pem.label == "CERTIFICATE")?;
    let certificate = pem.parse_x509().ok()?;
    Some(certificate.validity().not_after.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::Folder;

    #[test]
    fn the_end_of_a_certificate_and_of_nothing_else() {
        let mut params = rcgen::CertificateParams::new(vec!["host".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2027, 3, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let folder = Folder::new("");
        let write = |path: &str, text: &str| folder.put(path, text);
        let host = || folder.host();
        assert_eq!(survey(&host()).unwrap_err().reason, Unseen::Absent);
        write("root/etc/rhsm/rhsm.conf", "[rhsm]\n");
        assert_eq!(survey(&host()).unwrap()["registered"], json!(false));
        write("root/etc/pki/consumer/cert.pem", &pem);
        write(
            "root/etc/pki/entitlement/1.pem",
            &format!("{pem}-----BEGIN ENTITLEMENT DATA-----\n"),
        );
        write("root/etc/pki/entitlement/1-key.pem", &key.serialize_pem());
        write("root/etc/pki/entitlement/2.pem", "-----BEGIN CERTIFICATE-----\nAAAA");
        write(
            "root/var/lib/rhsm/cache/content_access_mode.json",
            "{\"uuid\": \"org_environment\"}",
        );
        let expected = json!({
            "registered": true, "consumer_until": 1_803_859_200, "entitlements": [1_803_859_200],
            "unreadable": 1, "content_access": "simple",
        });
        assert_eq!(survey(&host()).unwrap(), expected);
    }
}
