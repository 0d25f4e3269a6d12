//! What was changed about systemd's units on this host: drop-ins, replaced and masked units.
//!
//! Only directives of a list are taken with their values; of all others the name alone, since
//! `Environment=` and `ExecStart=` may carry secrets.

use carepack_shared::Unseen;
use serde_json::{Map, Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file, files};
use crate::host::{Host, Kind, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "unit-overrides",
    about_ko: "systemd 유닛 재정의(drop-in, 교체, 차단)와 기본 한도",
    about_en: "Overridden systemd units and default limits",
    reads: &[
        file("/etc/systemd/system.conf"),
        files("/etc/systemd/system.conf.d", ".conf"),
        Read::Survey { name: "unit-settings", reads: &[LOCAL, VENDOR], run: units },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Settings,
    legal: Legal::Names,
};

const LOCAL: &str = "/etc/systemd/system";
const VENDOR: &str = "/usr/lib/systemd/system";
/// Most files told, and the longest of them.
const FILES_MAX: usize = 400;
const FILE_BYTES_MAX: usize = 64 * 1024;

/// Services whose vendor settings are told also without an override.
const SERVICES: [&str; 16] = [
    "auditd",
    "chronyd",
    "crond",
    "haproxy",
    "httpd",
    "mariadb",
    "mongod",
    "mysqld",
    "named",
    "nginx",
    "php-fpm",
    "postgresql",
    "redis",
    "rsyslog",
    "sshd",
    "tomcat",
];

/// Directives taken with their values (systemd.exec(5), systemd.resource-control(5)).
const DIRECTIVES: [&str; 24] = [
    "CPUQuota",
    "Group",
    "KillMode",
    "LimitAS",
    "LimitCORE",
    "LimitMEMLOCK",
    "LimitNOFILE",
    "LimitNPROC",
    "LimitSTACK",
    "MemoryHigh",
    "MemoryLimit",
    "MemoryMax",
    "Nice",
    "OOMScoreAdjust",
    "PrivateTmp",
    "ProtectSystem",
    "Restart",
    "RestartSec",
    "StartLimitBurst",
    "TasksMax",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "Type",
    "User",
];

/// `[{"unit":"mysqld.service","file":"/etc/…/override.conf","origin":"drop_in",
/// "settings":{"LimitNOFILE":"65535"},"other":["Environment"]}]`. Origins: `vendor`, `local` (a
/// whole unit in /etc), `drop_in`, `masked` (a link to /dev/null).
fn units(host: &Host) -> Look<Value> {
    let local = match host.list(LOCAL) {
        Ok(listing) => listing.names,
        Err(missed) if missed.reason == Unseen::Absent => Vec::new(),
        Err(missed) => return Err(missed),
    };
    let mut found: Vec<Value> = Vec::new();
    let mut named: Vec<String> = SERVICES.iter().map(|name| format!("{name}.service")).collect();
    for name in &local {
        let path = format!("{LOCAL}/{name}");
        if let Some(unit) = name.strip_suffix(".d") {
            named.push(unit.to_owned());
            let dropins = host.list(&path).map(|listing| listing.names).unwrap_or_default();
            for file in dropins.iter().filter(|file| file.ends_with(".conf")) {
                found.extend(told(host, unit, &format!("{path}/{file}"), "drop_in"));
            }
        } else if name.contains('.') && !name.ends_with(".wants") && !name.ends_with(".requires") {
            match host.link(&path).ok().as_deref() {
                Some("/dev/null") => found.push(json!({
                    "unit": name, "file": path, "origin": "masked", "settings": {}, "other": [],
                })),
                // An alias, as `default.target` is.
                Some(target) if target.starts_with('/') || target.starts_with("..") => {}
                _ => {
                    named.push(name.clone());
                    found.extend(told(host, name, &path, "local"));
                }
            }
        }
    }
    named.sort_unstable();
    named.dedup();
    for unit in &named {
        found.extend(told(host, unit, &format!("{VENDOR}/{unit}"), "vendor"));
    }
    if found.is_empty() && local.is_empty() {
        return Err(Missed::new(Unseen::Absent, format!("{LOCAL}: no units")));
    }
    found.truncate(FILES_MAX);
    Ok(found.into())
}

fn told(host: &Host, unit: &str, path: &str, origin: &str) -> Option<Value> {
    if host.stat(path).ok()?.kind != Kind::File {
        return None;
    }
    let piece = host.read(path, FILE_BYTES_MAX).ok()?;
    let (settings, other) = directives(&String::from_utf8_lossy(&piece.bytes));
    Some(json!({
        "unit": unit, "file": path, "origin": origin, "settings": settings, "other": other,
    }))
}

/// Settings by name, and the names of those that are not told; a later line wins.
fn directives(text: &str) -> (Map<String, Value>, Vec<String>) {
    let mut settings = Map::new();
    let mut other: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim) {
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim();
        if DIRECTIVES.contains(&name) {
            settings.insert(name.to_owned(), value.trim().into());
        } else if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()) {
            other.push(name.to_owned());
        }
    }
    other.sort_unstable();
    other.dedup();
    (settings, other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_list_and_names_of_the_rest() {
        assert!(DIRECTIVES.is_sorted() && SERVICES.is_sorted());
        let text = "[Service]\nLimitNOFILE=1024\n# LimitNPROC=1\nEnvironment=PASSWORD=x\n\
            LimitNOFILE = 65535\nEnvironment=A=b\n";
        let (settings, other) = directives(text);
        assert_eq!(Value::Object(settings).to_string(), r#"{"LimitNOFILE":"65535"}"#);
        assert_eq!(other, ["Environment"]);
    }
}
