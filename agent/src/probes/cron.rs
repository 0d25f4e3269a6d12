//! Scheduled jobs of the system, and who may schedule their own.

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file, files};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "cron",
    about_ko: "시스템 예약 작업과 예약 허용 대상",
    about_en: "Scheduled jobs of the system, and who may schedule jobs",
    reads: &[
        file("/etc/crontab"),
        files("/etc/cron.d", ""),
        Read::Survey {
            name: "cron-access",
            reads: &["/etc/cron.allow", "/etc/cron.deny", SPOOL],
            run: access,
        },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Settings,
    legal: Legal::Names,
};

/// One file per user; only the names are taken.
const SPOOL: &str = "/var/spool/cron";

/// `{"cron_allow":bool,"cron_deny":bool,"user_crontabs":["root"]}`. `user_crontabs` is left out
/// when the spool may not be read.
fn access(host: &Host) -> Look<Value> {
    let mut value = json!({
        "cron_allow": exists(host, "/etc/cron.allow")?,
        "cron_deny": exists(host, "/etc/cron.deny")?,
    });
    match host.list(SPOOL) {
        Ok(listing) => value["user_crontabs"] = listing.names.into(),
        Err(missed) if missed.reason == Unseen::Absent => {
            value["user_crontabs"] = Value::Array(Vec::new());
        }
        Err(_) => {}
    }
    Ok(value)
}

/// Whether something is there; an error other than "no" stays an error.
pub(super) fn exists(host: &Host, path: &str) -> Look<bool> {
    match host.stat(path) {
        Ok(_) => Ok(true),
        Err(missed) if missed.reason == Unseen::Absent => Ok(false),
        Err(missed) => Err(missed),
    }
}
