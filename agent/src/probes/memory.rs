//! Memory, swap and pressure.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file, files};

pub static PROBE: Probe = Probe {
    id: "memory",
    about_ko: "메모리, 스왑, 자원 압박(PSI)",
    about_en: "Memory, swap, resource pressure",
    reads: &[
        file("/proc/meminfo"),
        file("/proc/swaps"),
        file("/proc/vmstat"),
        files("/proc/pressure", ""),
        file("/sys/kernel/mm/transparent_hugepage/enabled"),
        file("/sys/kernel/mm/transparent_hugepage/defrag"),
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Resources,
    legal: Legal::Technical,
};
