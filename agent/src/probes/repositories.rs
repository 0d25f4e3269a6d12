//! Package repositories and module streams, as configured. Passwords in them are masked.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file, files};

pub static PROBE: Probe = Probe {
    id: "repositories",
    about_ko: "패키지 저장소와 모듈 스트림 설정",
    about_en: "Configured package repositories and module streams",
    reads: &[
        files("/etc/yum.repos.d", ".repo"),
        file("/etc/yum.conf"),
        file("/etc/dnf/dnf.conf"),
        // The minor release that dnf and yum are held to.
        file("/etc/dnf/vars/releasever"),
        file("/etc/yum/vars/releasever"),
        files("/etc/dnf/modules.d", ".module"),
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Patches,
    legal: Legal::Names,
};
