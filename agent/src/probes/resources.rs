//! Resources over the whole period: what the sampler saw each minute, by the hour, and what
//! sysstat kept of the hours before it came.

use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read};

pub static PROBE: Probe = Probe {
    id: "resources",
    about_ko: "점검 기간 전체의 자원 사용량(1분 간격 표본의 시간별 요약, 없던 시간은 sysstat 기록)",
    about_en: "Resource use over the whole period (samples of each minute, summed up by the hour; sysstat's history where there are none)",
    reads: &[Read::Samples {
        reads: &[
            "/proc/stat",
            "/proc/loadavg",
            "/proc/meminfo",
            "/proc/vmstat",
            "/proc/pressure",
            "/proc/sys/fs/file-nr",
            "/proc/diskstats",
            "/proc/net/dev",
            "/proc/self/mounts",
            "/var/log/sa",
            "/usr/bin/sadf",
        ],
    }],
    deadline_ms: HELPER_MS,
    privilege: Privilege::None,
    purpose: Purpose::Resources,
    legal: Legal::Technical,
};
