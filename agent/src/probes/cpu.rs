//! Processors: model, how many are online, known weaknesses, and how busy they are right now.

use std::time::{Duration, Instant};

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file, file_kib, files};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "cpu",
    about_ko: "프로세서 모델, 개수, 취약점 완화 상태, 현재 사용률",
    about_en: "Processor model, count, mitigations of known weaknesses, usage right now",
    reads: &[
        // The first processor says what all of them are.
        file_kib("/proc/cpuinfo", 8),
        file("/sys/devices/system/cpu/online"),
        files("/sys/devices/system/cpu/vulnerabilities", ""),
        Read::Survey { name: "cpu-usage", reads: &["/proc/stat"], run: usage },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Resources,
    legal: Legal::Technical,
};

/// Between the two looks. Fifty clock ticks give two per cent of resolution per processor.
const WINDOW: Duration = Duration::from_millis(500);

/// `{"busy_pct":12.3,"user_pct":…,"system_pct":…,"iowait_pct":…,"steal_pct":…,"window_ms":500}`.
fn usage(host: &Host) -> Look<Value> {
    if host.is_recorded() {
        return Err(Missed::new(Unseen::Absent, "cpu-usage: not recorded"));
    }
    let before = host.word("/proc/stat")?;
    let started = Instant::now();
    std::thread::sleep(WINDOW);
    let after = host.word("/proc/stat")?;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    between(&before, &after, elapsed_ms)
        .ok_or_else(|| Missed::new(Unseen::Malformed, "/proc/stat: no processor time in it"))
}

/// Columns of the `cpu` line (proc(5)): user nice system idle iowait irq softirq steal. Guest time
/// is already inside user and nice.
fn ticks(text: &str) -> Option<[u64; 8]> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let mut ticks = [0; 8];
    let mut words = line.split_ascii_whitespace();
    for tick in &mut ticks {
        *tick = words.next()?.parse().ok()?;
    }
    Some(ticks)
}

fn between(before: &str, after: &str, window_ms: u64) -> Option<Value> {
    let (before, after) = (ticks(before)?, ticks(after)?);
    let mut spent = [0; 8];
    for (index, value) in spent.iter_mut().enumerate() {
        *value = after[index].saturating_sub(before[index]);
    }
    let total: u64 = spent.iter().sum();
    if total == 0 {
        return None;
    }
    let pct = |part: u64| (part as f64 * 1000.0 / total as f64).round() / 10.0;
    Some(json!({
        "busy_pct": pct(total - spent[3] - spent[4]),
        "user_pct": pct(spent[0] + spent[1]),
        "system_pct": pct(spent[2] + spent[5] + spent[6]),
        "iowait_pct": pct(spent[4]),
        "steal_pct": pct(spent[7]),
        "window_ms": window_ms,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_the_difference_of_two_looks() {
        let before = "cpu  100 0 100 1000 50 0 0 0 0 0\ncpu0 1 1";
        let after = "cpu  150 10 120 1100 60 5 5 0 0 0\n";
        let value = between(before, after, 500).unwrap();
        assert_eq!(value["busy_pct"], 45.0);
        assert_eq!(value["user_pct"], 30.0);
        assert_eq!(value["system_pct"], 15.0);
        assert_eq!(value["iowait_pct"], 5.0);
        assert_eq!(between(before, before, 500), None);
        assert_eq!(between("", after, 500), None);
    }
}
