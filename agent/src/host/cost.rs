//! What a collection costs this process: CPU time, children included, and peak memory.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Started before the work, read after it.
pub struct Meter {
    cpu_ms: u64,
}

impl Meter {
    #[must_use]
    pub fn start() -> Self {
        Self { cpu_ms: cpu_ms() }
    }

    /// CPU milliseconds since the start: this process and its reaped children.
    #[must_use]
    pub fn cpu_ms(&self) -> u64 {
        cpu_ms().saturating_sub(self.cpu_ms)
    }

    /// Peak resident memory of this process (VmHWM) in KiB; 0 where the kernel does not say.
    #[must_use]
    pub fn peak_kib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0)
    }
}

fn cpu_ms() -> u64 {
    let spent = |who| {
        let usage = getrusage(who).ok()?;
        let spent = usage.user_time().num_milliseconds() + usage.system_time().num_milliseconds();
        u64::try_from(spent).ok()
    };
    spent(UsageWho::RUSAGE_SELF).unwrap_or(0) + spent(UsageWho::RUSAGE_CHILDREN).unwrap_or(0)
}
