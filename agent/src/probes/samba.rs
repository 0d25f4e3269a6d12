//! Shares of a Samba server: who may come in as a guest, and from where.

use carepack_shared::reduce::samba;
use serde_json::Value;

use super::{FILE_BYTES_MAX, Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "samba",
    about_ko: "Samba 공유의 손님(guest) 접근 설정",
    about_en: "Guest access of Samba shares",
    reads: &[Read::Survey { name: "samba", reads: &[MAIN], run: survey }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

const MAIN: &str = "/etc/samba/smb.conf";

/// `[{"name":"public","settings":{"guestok":"yes","path":"/srv/public"}}]`.
fn survey(host: &Host) -> Look<Value> {
    let main = host.read(MAIN, FILE_BYTES_MAX)?;
    let found = samba::sections(&String::from_utf8_lossy(&main.bytes));
    Ok(serde_json::to_value(found).unwrap_or_default())
}
