//! Package repositories, as configured. Passwords in them are masked.

use super::{Privilege, Probe, QUICK_MS, file, files};

pub static PROBE: Probe = Probe {
    id: "repositories",
    about_ko: "패키지 저장소 설정",
    about_en: "Configured package repositories",
    reads: &[files("/etc/yum.repos.d", ".repo"), file("/etc/yum.conf"), file("/etc/dnf/dnf.conf")],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
};
