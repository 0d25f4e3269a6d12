//! Options and blacklists of kernel modules.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, files};

pub static PROBE: Probe = Probe {
    id: "modprobe",
    about_ko: "커널 모듈 옵션과 차단 목록",
    about_en: "Options and blacklists of kernel modules",
    reads: &[files("/etc/modprobe.d", ".conf"), files("/etc/modules-load.d", ".conf")],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Settings,
    legal: Legal::Lines,
};
