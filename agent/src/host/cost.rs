//! What a collection costs this process: CPU time, children included, and peak memory.

use nix::libc;
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

/// Tells the C library to give memory back. Probes run one after the other, each in a thread of its
/// own: with an arena for each of two threads, and with a threshold that grows with what was freed
/// once, the process keeps half as much again as it uses.
pub fn give_memory_back() {
    /// What is larger is a mapping of its own, which goes when it is freed.
    const MAPPED_BYTES_LEAST: libc::c_int = 64 * 1024;
    /// What may lie free at the end of the heap.
    const FREE_BYTES_MAX: libc::c_int = 64 * 1024;
    let wishes = [
        (libc::M_ARENA_MAX, 1),
        (libc::M_MMAP_THRESHOLD, MAPPED_BYTES_LEAST),
        (libc::M_TRIM_THRESHOLD, FREE_BYTES_MAX),
        (libc::M_TOP_PAD, FREE_BYTES_MAX),
    ];
    for (wish, value) in wishes {
        // SAFETY: mallopt(3) takes two numbers and may be called at any time; a wish that it does
        // not know changes nothing.
        unsafe { libc::mallopt(wish, value) };
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
