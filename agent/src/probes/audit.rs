//! The audit daemon's settings and the rules it loads at boot.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file, files};

pub static PROBE: Probe = Probe {
    id: "audit",
    about_ko: "감사 데몬 설정과 감사 규칙 파일",
    about_en: "Settings of the audit daemon and the rules it loads",
    reads: &[
        file("/etc/audit/auditd.conf"),
        // What augenrules(8) makes of rules.d, and what is loaded.
        file("/etc/audit/audit.rules"),
        files("/etc/audit/rules.d", ".rules"),
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Lines,
};
