//! The operating system's own name and version.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file};

pub static PROBE: Probe = Probe {
    id: "os",
    about_ko: "운영체제 이름과 판, 커널 판",
    about_en: "Name and version of the operating system and its kernel",
    reads: &[
        file("/etc/os-release"),
        file("/etc/redhat-release"),
        file("/proc/sys/kernel/osrelease"),
        file("/proc/version"),
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Patches,
    legal: Legal::Technical,
};
