//! Idle time, umask and search path that login shells are given by the system's start-up files
//! and by root's own. Only these assignments are taken, no other line.

use carepack_shared::Unseen;
use carepack_shared::reduce::shell;
use serde_json::Value;

use super::{FILE_BYTES_MAX, Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "shell-settings",
    about_ko: "로그인 셸의 유휴 시간, umask, PATH 설정(해당 줄만)",
    about_en: "Idle time, umask and PATH of login shells (these lines only)",
    reads: &[Read::Survey { name: "shell-settings", reads: READS, run: settings }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Settings,
    legal: Legal::Names,
};

const READS: &[&str] = &[
    "/etc/profile",
    PROFILE_D,
    "/etc/bashrc",
    "/etc/csh.cshrc",
    "/etc/csh.login",
    "/etc/environment",
    "/root/.bash_profile",
    "/root/.bashrc",
    "/root/.cshrc",
    "/root/.profile",
    "/root/.tcshrc",
];
const PROFILE_D: &str = "/etc/profile.d";
/// Most files of profile.d.
const FILES_MAX: usize = 200;
/// Most settings of all files.
const SETTINGS_MAX: usize = 500;

/// `[{"file":"/etc/profile","line":5,"name":"TMOUT","value":"600","exported":bool,
/// "readonly":bool,"conditional":bool}]`. One file that may not be read hides them all: it could
/// set anything.
fn settings(host: &Host) -> Look<Value> {
    let mut paths: Vec<String> =
        READS.iter().filter(|path| **path != PROFILE_D).map(|path| (*path).to_owned()).collect();
    match host.list(PROFILE_D) {
        Ok(listing) => {
            let fits = |name: &&String| name.ends_with(".sh") || name.ends_with(".csh");
            let names = listing.names.iter().filter(fits).take(FILES_MAX);
            paths.extend(names.map(|name| format!("{PROFILE_D}/{name}")));
        }
        Err(missed) if missed.reason == Unseen::Absent => {}
        Err(missed) => return Err(missed),
    }
    let mut found = Vec::new();
    let mut missing = None;
    let mut seen = false;
    for path in paths {
        match host.read(&path, FILE_BYTES_MAX) {
            Ok(piece) => {
                seen = true;
                found.extend(shell::settings(&path, &String::from_utf8_lossy(&piece.bytes)));
            }
            Err(missed) if missed.reason == Unseen::Absent => missing = missing.or(Some(missed)),
            Err(missed) => return Err(missed),
        }
    }
    match missing {
        Some(missed) if !seen => Err(missed),
        _ => {
            found.truncate(SETTINGS_MAX);
            Ok(serde_json::to_value(found).unwrap_or_default())
        }
    }
}
