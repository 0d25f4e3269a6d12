//! Limits on users and on the whole system.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file, files};

pub static PROBE: Probe = Probe {
    id: "limits",
    about_ko: "사용자 자원 제한과 시스템 한도",
    about_en: "Resource limits of users and of the system",
    reads: &[
        file("/etc/security/limits.conf"),
        files("/etc/security/limits.d", ".conf"),
        file("/proc/sys/fs/file-nr"),
        file("/proc/sys/kernel/pid_max"),
        file("/proc/sys/kernel/threads-max"),
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Settings,
    legal: Legal::Names,
};
