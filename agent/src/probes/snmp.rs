//! The SNMP agent's access rules. A community never leaves: only what can be said of it.

use carepack_shared::Unseen;
use carepack_shared::reduce::snmp;
use serde_json::Value;

use super::{FILE_BYTES_MAX, Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "snmp",
    about_ko: "SNMP 접근 설정(community 문자열 제외: 길이·문자 종류·허용 대상만)",
    about_en: "SNMP access (without communities: length, kinds of characters, allowed sources)",
    reads: &[Read::Survey { name: "snmp", reads: &[MAIN, LOCAL], run: survey }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

const MAIN: &str = "/etc/snmp/snmpd.conf";
const LOCAL: &str = "/etc/snmp/snmpd.local.conf";

/// `{"communities":[{"directive","writes","length","letters","digits","symbols","common",
/// "source"}],"v3_users":N}`.
fn survey(host: &Host) -> Look<Value> {
    let mut found = snmp::Snmp::default();
    let main = host.read(MAIN, FILE_BYTES_MAX)?;
    snmp::read(&String::from_utf8_lossy(&main.bytes), &mut found);
    match host.read(LOCAL, FILE_BYTES_MAX) {
        Ok(piece) => snmp::read(&String::from_utf8_lossy(&piece.bytes), &mut found),
        Err(missed) if missed.reason == Unseen::Absent => {}
        Err(missed) => return Err(missed),
    }
    Ok(serde_json::to_value(found).unwrap_or_default())
}
