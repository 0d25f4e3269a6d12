//! Boot: kernel command line, uptime, boot loader settings, installed kernel images.

use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "boot",
    about_ko: "부팅 인자, 가동 시간, 부트로더 설정, 설치된 커널",
    about_en: "Boot arguments, uptime, boot loader settings, installed kernels",
    reads: &[
        file("/proc/cmdline"),
        file("/proc/uptime"),
        file("/proc/stat"),
        file("/etc/default/grub"),
        Read::Survey { name: "kernels", reads: &["/boot"], run: kernels },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Patches,
    legal: Legal::Lines,
};

/// `{"images":["vmlinuz-5.14.0-427.el9.x86_64"]}`.
fn kernels(host: &Host) -> Look<Value> {
    let mut names = host.list("/boot")?.names;
    names.retain(|name| name.starts_with("vmlinuz-"));
    Ok(json!({ "images": names }))
}
