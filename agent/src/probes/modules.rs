//! Kernel modules and the kernel's taint.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file, file_kib};

pub static PROBE: Probe = Probe {
    id: "modules",
    about_ko: "커널 모듈과 오염(taint) 상태",
    about_en: "Kernel modules and taint",
    reads: &[file("/proc/sys/kernel/tainted"), file_kib("/proc/modules", 128)],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Settings,
    legal: Legal::Technical,
};
