//! The active tuning profile.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file};

pub static PROBE: Probe = Probe {
    id: "tuned",
    about_ko: "활성 튜닝 프로파일",
    about_en: "Active tuning profile",
    reads: &[file("/etc/tuned/active_profile")],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Settings,
    legal: Legal::Technical,
};
