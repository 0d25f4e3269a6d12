//! SELinux with its switches and local modules, the system-wide crypto policy and FIPS mode.

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "selinux",
    about_ko: "SELinux 상태와 불리언, 정책 모듈, 암호 정책, FIPS 상태",
    about_en: "SELinux, its booleans and local modules, crypto policy, FIPS mode",
    reads: &[
        file("/sys/fs/selinux/enforce"),
        file("/etc/selinux/config"),
        file("/etc/crypto-policies/config"),
        file("/proc/sys/crypto/fips_enabled"),
        Read::Survey { name: "selinux-booleans", reads: &[BOOLEANS], run: booleans },
        Read::Survey { name: "selinux-local", reads: &STORES, run: local },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Settings,
    legal: Legal::Lines,
};

const BOOLEANS: &str = "/sys/fs/selinux/booleans";
/// A policy has about 350.
const BOOLEANS_MAX: usize = 2_000;
/// Where the policy store lies: RHEL 8 on, then RHEL 7.
const STORES: [&str; 2] = ["/var/lib/selinux/targeted/active", "/etc/selinux/targeted/active"];

/// `{"on":["httpd_can_network_connect"],"pending":[…]}`; a file reads `1 1`: now, and when the
/// pending values are committed.
fn booleans(host: &Host) -> Look<Value> {
    let (mut on, mut pending) = (Vec::new(), Vec::new());
    let names = host.list(BOOLEANS)?.names;
    for name in names.into_iter().take(BOOLEANS_MAX) {
        let Ok(word) = host.word(&format!("{BOOLEANS}/{name}")) else { continue };
        let mut words = word.split_ascii_whitespace();
        let (now, then) = (words.next(), words.next());
        if then.is_some() && now != then {
            pending.push(name.clone());
        }
        if now == Some("1") {
            on.push(name);
        }
    }
    Ok(json!({ "on": on, "pending": pending }))
}

/// `{"booleans":{"httpd_can_network_connect":"1"},"modules":["myapp"]}`: what was changed on this
/// host for good, and modules of priority 400, where semodule(8) puts local ones.
fn local(host: &Host) -> Look<Value> {
    const LOCAL_BYTES_MAX: usize = 64 * 1024;
    let mut missed = None;
    for store in STORES {
        match host.list(store) {
            Err(error) if error.reason == Unseen::Absent => missed = missed.or(Some(error)),
            Err(error) => return Err(error),
            Ok(_) => {
                let text = match host.read(&format!("{store}/booleans.local"), LOCAL_BYTES_MAX) {
                    Ok(piece) => String::from_utf8_lossy(&piece.bytes).into_owned(),
                    Err(error) if error.reason == Unseen::Absent => String::new(),
                    Err(error) => return Err(error),
                };
                let settings = text.lines().filter(|line| !line.starts_with('#'));
                let booleans: serde_json::Map<String, Value> = settings
                    .filter_map(|line| line.split_once('='))
                    .map(|(name, value)| (name.trim().to_owned(), value.trim().into()))
                    .collect();
                let modules = match host.list(&format!("{store}/modules/400")) {
                    Ok(listing) => listing.names,
                    Err(error) if error.reason == Unseen::Absent => Vec::new(),
                    Err(error) => return Err(error),
                };
                return Ok(json!({ "booleans": booleans, "modules": modules }));
            }
        }
    }
    Err(missed.unwrap_or_else(|| Missed::new(Unseen::Absent, "no policy store")))
}
