//! The host's name, and a digest of its machine id that shows clones.

use carepack_shared::digest::sha256_hex;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "identity",
    about_ko: "호스트 이름과 장비 식별값(해시)",
    about_en: "Host name and a digest of the machine id",
    reads: &[
        Read::Survey { name: "identity", reads: &[MACHINE_ID], run: identity },
        file("/etc/hosts"),
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Asset,
    legal: Legal::Names,
};

const MACHINE_ID: &str = "/etc/machine-id";

/// `{"hostname":"…","machine_sha256":"…"|null}`.
fn identity(host: &Host) -> Look<Value> {
    Ok(json!({ "hostname": host.hostname(), "machine_sha256": machine(host) }))
}

/// SHA-256 of the machine id; none on a host that has none.
pub fn machine(host: &Host) -> Option<String> {
    let id = host.word(MACHINE_ID).ok().filter(|id| !id.is_empty())?;
    Some(sha256_hex(id.as_bytes()))
}
