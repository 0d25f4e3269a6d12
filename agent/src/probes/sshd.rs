//! Settings of the SSH server. Keys are never read.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file, files};

pub static PROBE: Probe = Probe {
    id: "sshd",
    about_ko: "SSH 서버 설정",
    about_en: "Settings of the SSH server",
    reads: &[file("/etc/ssh/sshd_config"), files("/etc/ssh/sshd_config.d", ".conf")],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};
