//! Resources over the whole period: what the sampler saw each minute, by the hour.

use super::{Privilege, Probe, QUICK_MS, Read};

pub static PROBE: Probe = Probe {
    id: "resources",
    about_ko: "점검 기간 전체의 자원 사용량(1분 간격 표본의 시간별 요약)",
    about_en: "Resource use over the whole period (samples of each minute, summed up by the hour)",
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
        ],
    }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
};
