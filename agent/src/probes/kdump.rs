//! Crash dumps: is the mechanism ready, and has the kernel left any.

use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "kdump",
    about_ko: "커널 덤프 설정과 남은 덤프 목록",
    about_en: "Crash dump settings and the dumps that were left",
    reads: &[
        file("/etc/kdump.conf"),
        file("/sys/kernel/kexec_crash_loaded"),
        file("/sys/kernel/kexec_crash_size"),
        Read::Survey { name: "crash-dumps", reads: &["/var/crash"], run: dumps },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Settings,
    legal: Legal::Lines,
};

/// Most dumps named.
const DUMPS_MAX: usize = 200;

/// `{"dumps":["127.0.0.1-2026-10-03-04:11:09"]}`, the newest names last.
fn dumps(host: &Host) -> Look<Value> {
    let mut names = host.list("/var/crash")?.names;
    let over = names.len().saturating_sub(DUMPS_MAX);
    names.drain(..over);
    Ok(json!({ "dumps": names }))
}
