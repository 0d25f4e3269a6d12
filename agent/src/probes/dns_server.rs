//! Who may take or change the zones of a name server. Keys and the zones' contents are not read.

use std::collections::BTreeSet;

use carepack_shared::Unseen;
use carepack_shared::reduce::dns;
use serde_json::Value;

use super::{FILE_BYTES_MAX, Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "dns-server",
    about_ko: "DNS 서버의 영역 전송·동적 갱신 허용 설정(키 제외)",
    about_en: "Zone transfer and dynamic update of a name server (without keys)",
    reads: &[Read::Survey { name: "dns-server", reads: &[MAIN], run: survey }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

const MAIN: &str = "/etc/named.conf";
/// Most files that include one another.
const FILES_MAX: usize = 50;
/// Zone lists of a provider are long.
const BYTES_MAX: usize = 16 * FILE_BYTES_MAX;
/// Where relative names of `include` start (named's working folder on RHEL).
const FOLDER: &str = "/var/named";

/// `{"options":{"allow_transfer":["none"]|null,"allow_update":…,"update_policy":bool},"zones":
/// [{"name","type","allow_transfer","allow_update","update_policy"}]}`.
fn survey(host: &Host) -> Look<Value> {
    let mut found = dns::Dns::default();
    let mut left = vec![MAIN.to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(path) = left.pop() {
        if seen.len() == FILES_MAX || !seen.insert(path.clone()) {
            continue;
        }
        let piece = match host.read(&path, BYTES_MAX) {
            // A key of its own may be made at the first start.
            Err(missed) if missed.reason == Unseen::Absent && path != MAIN => continue,
            looked => looked?,
        };
        dns::read(&String::from_utf8_lossy(&piece.bytes), &mut found);
        let whole = |name: String| {
            if name.starts_with('/') { name } else { format!("{FOLDER}/{name}") }
        };
        left.extend(found.includes.drain(..).map(whole));
    }
    Ok(serde_json::to_value(found).unwrap_or_default())
}
