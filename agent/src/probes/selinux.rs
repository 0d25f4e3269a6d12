//! SELinux, the system-wide crypto policy and FIPS mode.

use super::{Privilege, Probe, QUICK_MS, file};

pub static PROBE: Probe = Probe {
    id: "selinux",
    about_ko: "SELinux, 암호 정책, FIPS 상태",
    about_en: "SELinux, crypto policy, FIPS mode",
    reads: &[
        file("/sys/fs/selinux/enforce"),
        file("/etc/selinux/config"),
        file("/etc/crypto-policies/config"),
        file("/proc/sys/crypto/fips_enabled"),
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
};
