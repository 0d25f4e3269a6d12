//! How logs are kept: daemons' settings, rotation, and what is on disk.

use serde_json::{Value, json};

use super::cron::exists;
use super::{Privilege, Probe, QUICK_MS, Read, file};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "logging",
    about_ko: "로그 보관 설정과 보관 상태",
    about_en: "How logs are kept and rotated",
    reads: &[
        file("/etc/rsyslog.conf"),
        file("/etc/systemd/journald.conf"),
        file("/etc/logrotate.conf"),
        Read::Survey {
            name: "log-storage",
            reads: &["/var/log/journal", "/var/log/messages", AUDIT],
            run: storage,
        },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
};

const AUDIT: &str = "/var/log/audit/audit.log";

/// `{"journal_persistent":bool,"messages_bytes":N|null,"audit_log":bool}`; `audit_log` is left
/// out when its folder may not be searched.
fn storage(host: &Host) -> Look<Value> {
    let messages = ["/var/log/messages", "/var/log/syslog"];
    let bytes = messages.iter().find_map(|path| host.stat(path).ok()).map(|stat| stat.size_bytes);
    let mut value = json!({
        "journal_persistent": exists(host, "/var/log/journal")?,
        "messages_bytes": bytes,
    });
    if let Ok(there) = exists(host, AUDIT) {
        value["audit_log"] = there.into();
    }
    Ok(value)
}
