//! The system log since the last inspection, counted by pattern.
//!
//! A line leaves only when a pattern matched it, masked, and at most three of each.

use super::{Privilege, Probe, Read};

pub static PROBE: Probe = Probe {
    id: "logs",
    about_ko: "시스템 로그에서 장애 유형별 횟수와 표본",
    about_en: "Counts and samples of faults in the system log",
    reads: &[Read::Log {
        reads: &["/usr/bin/journalctl", "/var/log/messages", "/var/log/secure", "/var/log/cron"],
    }],
    deadline_ms: SCAN_MS,
    privilege: Privilege::ReadAll,
};

/// The scan stops by itself well before; this is for a journal that does not answer.
const SCAN_MS: u64 = 60_000;
