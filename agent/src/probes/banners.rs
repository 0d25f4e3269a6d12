//! Texts shown before and after a login: whether they warn, and what they tell of the system.

use carepack_shared::Unseen;
use carepack_shared::reduce::banner::{banner, of_sshd};
use serde_json::{Value, json};

use super::{FILE_BYTES_MAX, Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "banners",
    about_ko: "로그인 전후 안내 문구(issue, issue.net, motd, SSH 배너)",
    about_en: "Texts shown at login (issue, issue.net, motd, the SSH banner)",
    reads: &[Read::Survey { name: "banners", reads: READS, run: survey }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Lines,
};

const READS: &[&str] = &["/etc/issue", "/etc/issue.net", "/etc/motd", SSHD];
const SSHD: &str = "/etc/ssh/sshd_config";
const SSHD_D: &str = "/etc/ssh/sshd_config.d";
/// Drop-ins of the SSH server.
const FILES_MAX: usize = 50;

/// `{"texts":[{"file":"/etc/issue","length":N,"text":"…"}],"sshd":"/etc/issue.net"|null}`.
fn survey(host: &Host) -> Look<Value> {
    let sshd = of_server(host)?;
    let mut paths: Vec<&str> = READS[..3].to_vec();
    if let Some(path) = sshd.as_deref().filter(|path| !READS.contains(path)) {
        paths.push(path);
    }
    let mut texts = Vec::new();
    for path in paths {
        match host.read(path, FILE_BYTES_MAX) {
            Ok(piece) => texts.push(banner(path, &String::from_utf8_lossy(&piece.bytes))),
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => return Err(missed),
        }
    }
    Ok(json!({ "texts": texts, "sshd": sshd }))
}

/// The file that sshd shows: the first value counts, and drop-ins are read first on RHEL.
fn of_server(host: &Host) -> Look<Option<String>> {
    let mut paths = Vec::new();
    match host.list(SSHD_D) {
        Ok(listing) => {
            let names = listing.names.iter().filter(|name| name.ends_with(".conf"));
            paths.extend(names.take(FILES_MAX).map(|name| format!("{SSHD_D}/{name}")));
        }
        Err(missed) if missed.reason == Unseen::Absent => {}
        Err(missed) => return Err(missed),
    }
    paths.push(SSHD.to_owned());
    for path in paths {
        match host.read(&path, FILE_BYTES_MAX) {
            Ok(piece) => {
                let set = of_sshd(&String::from_utf8_lossy(&piece.bytes));
                if set.is_some() {
                    return Ok(set);
                }
            }
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => return Err(missed),
        }
    }
    Ok(None)
}
