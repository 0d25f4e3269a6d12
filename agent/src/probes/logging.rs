//! How logs are kept: daemons' settings, rotation, and what is on disk.

use serde_json::{Value, json};

use super::cron::exists;
use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file, files};
use crate::host::{Host, Kind, Look};

pub static PROBE: Probe = Probe {
    id: "logging",
    about_ko: "로그 보관 설정과 보관 상태",
    about_en: "How logs are kept and rotated",
    reads: &[
        file("/etc/rsyslog.conf"),
        file("/etc/systemd/journald.conf"),
        file("/etc/logrotate.conf"),
        files("/etc/rsyslog.d", ".conf"),
        files("/etc/systemd/journald.conf.d", ".conf"),
        files("/etc/logrotate.d", ""),
        Read::Survey { name: "log-sizes", reads: &[LOGS], run: sizes },
        Read::Survey {
            name: "log-storage",
            reads: &["/var/log/journal", "/var/log/messages", AUDIT],
            run: storage,
        },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Settings,
    legal: Legal::Names,
};

const LOGS: &str = "/var/log";
/// Folders of one level below and files in them that are looked at, and the largest told.
const LOG_FILES_MAX: usize = 3_000;
const LARGEST_MAX: usize = 20;

/// `[{"path":"/var/log/app/app.log","size_bytes":N}]`: the largest plain files of `/var/log` and
/// the folders in it, largest first. The journal keeps its own bounds and is left out.
fn sizes(host: &Host) -> Look<Value> {
    let mut left = LOG_FILES_MAX;
    let mut found: Vec<(u64, String)> = Vec::new();
    let mut folders: Vec<String> = vec![LOGS.to_owned()];
    while let Some(folder) = folders.pop() {
        let names = match host.list(&folder) {
            Ok(listing) => listing.names,
            Err(missed) if folder == LOGS => return Err(missed),
            Err(_) => continue,
        };
        for name in names {
            let path = format!("{folder}/{name}");
            if left == 0 || path == "/var/log/journal" {
                continue;
            }
            left -= 1;
            match host.stat(&path) {
                Ok(stat) if stat.kind == Kind::File => found.push((stat.size_bytes, path)),
                Ok(stat) if stat.kind == Kind::Directory && folder == LOGS => folders.push(path),
                _ => {}
            }
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    found.truncate(LARGEST_MAX);
    let told = found.iter().map(|(size, path)| json!({ "path": path, "size_bytes": size }));
    Ok(told.collect())
}

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
