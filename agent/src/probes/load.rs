//! Load average: tasks that wanted a CPU over the last 1, 5 and 15 minutes.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file};

pub static PROBE: Probe = Probe {
    id: "load",
    about_ko: "부하 평균",
    about_en: "Load average",
    reads: &[file("/proc/loadavg")],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Resources,
    legal: Legal::Technical,
};
