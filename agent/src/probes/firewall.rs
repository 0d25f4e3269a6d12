//! Settings of the host firewall. Its rules stay on the host.

use super::{Privilege, Probe, QUICK_MS, file};

pub static PROBE: Probe = Probe {
    id: "firewall",
    about_ko: "호스트 방화벽 설정",
    about_en: "Settings of the host firewall",
    reads: &[file("/etc/firewalld/firewalld.conf")],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
};
