//! Two readings → one sample: what the counters did in between, as small whole numbers.
//!
//! | series | unit |
//! |---|---|
//! | `cpu.busy` `cpu.user` `cpu.system` `cpu.iowait` `cpu.steal` | ‰ of all processors |
//! | `memory.used` `swap.used` `pressure.*` `disk:*.util` | ‰ |
//! | `load.1` | hundredths |
//! | `swap.in` `swap.out` | pages a minute |
//! | `disk:*.read` `disk:*.write` `net:*.rx` `net:*.tx` | KiB a minute |
//! | `disk:*.await` | hundredths of a millisecond a request |
//! | `net:*.errors` `net:*.drops` | a minute |
//! | `fs:*.used` `fs:*.free` | MiB |
//! | `fs:*.inodes_used` `fs:*.inodes_free` | count |
//! | `tasks.*` `files.open` | count |

use std::collections::HashMap;

use super::counters::{Count, Counts};

/// A sector of `/proc/diskstats` is half a KiB on every disk.
const SECTORS_PER_KIB: u64 = 2;

/// Names and values of one minute.
pub type Sample = Vec<(String, i64)>;

/// The sample of `now`; `elapsed_ms` since `before`. A counter that fell (a driver was loaded
/// anew) gives nothing this minute.
#[must_use]
pub fn sample(before: &Counts, now: &Counts, elapsed_ms: u64) -> Sample {
    let old: HashMap<&str, u64> = before
        .iter()
        .filter_map(|(name, count)| match count {
            Count::Total(value) => Some((name.as_str(), *value)),
            Count::Level(_) => None,
        })
        .collect();
    let mut grown: HashMap<&str, u64> = HashMap::new();
    let mut sample = Sample::new();
    for (name, count) in now {
        match count {
            Count::Level(value) => sample.push((name.clone(), *value)),
            Count::Total(value) => {
                if let Some(more) = old.get(name.as_str()).and_then(|old| value.checked_sub(*old)) {
                    grown.insert(name, more);
                }
            }
        }
    }
    if elapsed_ms > 0 {
        cpu(&grown, &mut sample);
        for (name, more) in &grown {
            rate(name, *more, elapsed_ms, &mut sample);
        }
        requests(&grown, &mut sample);
    }
    sample.sort();
    sample
}

fn push(sample: &mut Sample, name: impl Into<String>, value: u64) {
    sample.push((name.into(), i64::try_from(value).unwrap_or(i64::MAX)));
}

/// Shares of the ticks that all processors spent together.
fn cpu(grown: &HashMap<&str, u64>, sample: &mut Sample) {
    let ticks = |state: &str| grown.get(format!("ticks.{state}").as_str()).copied().unwrap_or(0);
    let states = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
    let all: u64 = states.iter().map(|state| ticks(state)).sum();
    let share = |part: u64| part.saturating_mul(1000).checked_div(all);
    let idle = ticks("idle") + ticks("iowait");
    for (name, part) in [
        ("cpu.busy", all - idle),
        ("cpu.user", ticks("user") + ticks("nice")),
        ("cpu.system", ticks("system") + ticks("irq") + ticks("softirq")),
        ("cpu.iowait", ticks("iowait")),
        ("cpu.steal", ticks("steal")),
    ] {
        if let Some(share) = share(part) {
            push(sample, name, share);
        }
    }
}

fn rate(name: &str, more: u64, elapsed_ms: u64, sample: &mut Sample) {
    let a_minute = |amount: u64| amount.saturating_mul(60_000) / elapsed_ms;
    if let Some(what) = name.strip_prefix("pressure.") {
        // Microseconds of milliseconds are thousandths.
        push(sample, format!("pressure.{what}"), (more / elapsed_ms).min(1000));
    } else if name.starts_with("swap.") {
        push(sample, name, a_minute(more));
    } else if let Some(disk) = name.strip_suffix(".read_sectors") {
        push(sample, format!("{disk}.read"), a_minute(more / SECTORS_PER_KIB));
    } else if let Some(disk) = name.strip_suffix(".write_sectors") {
        push(sample, format!("{disk}.write"), a_minute(more / SECTORS_PER_KIB));
    } else if let Some(disk) = name.strip_suffix(".busy_ms") {
        push(sample, format!("{disk}.util"), (more.saturating_mul(1000) / elapsed_ms).min(1000));
    } else if name.starts_with("net:") {
        let bytes = name.ends_with(".rx") || name.ends_with(".tx");
        push(sample, name, a_minute(if bytes { more / 1024 } else { more }));
    }
}

/// How long the requests of a disk took, on average; nothing when there was none.
fn requests(grown: &HashMap<&str, u64>, sample: &mut Sample) {
    for (name, reads) in grown {
        let Some(disk) = name.strip_suffix(".reads") else { continue };
        let more = |what: &str| grown.get(format!("{disk}.{what}").as_str()).copied();
        let (Some(writes), Some(read_ms), Some(write_ms)) =
            (more("writes"), more("read_ms"), more("write_ms"))
        else {
            continue;
        };
        let waited = read_ms.saturating_add(write_ms).saturating_mul(100);
        if let Some(each) = waited.checked_div(reads + writes) {
            push(sample, format!("{disk}.await"), each);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(list: &[(&str, u64)]) -> Counts {
        list.iter().map(|(name, value)| ((*name).to_owned(), Count::Total(*value))).collect()
    }

    #[test]
    fn counters_become_rates() {
        let before = counts(&[
            ("ticks.user", 100),
            ("ticks.idle", 1000),
            ("ticks.iowait", 0),
            ("swap.in", 10),
            ("pressure.io", 0),
            ("disk:sda.reads", 0),
            ("disk:sda.writes", 0),
            ("disk:sda.read_ms", 0),
            ("disk:sda.write_ms", 0),
            ("disk:sda.read_sectors", 0),
            ("disk:sda.busy_ms", 0),
            ("net:eth0.rx", 5000),
            ("net:eth0.errors", 3),
        ]);
        let mut now = counts(&[
            ("ticks.user", 400),
            ("ticks.idle", 1600),
            ("ticks.iowait", 100),
            ("swap.in", 70),
            ("pressure.io", 6_000_000),
            ("disk:sda.reads", 10),
            ("disk:sda.writes", 30),
            ("disk:sda.read_ms", 20),
            ("disk:sda.write_ms", 60),
            ("disk:sda.read_sectors", 4096),
            ("disk:sda.busy_ms", 15_000),
            ("net:eth0.rx", 4999),
            ("net:eth0.errors", 5),
        ]);
        now.push(("files.open".to_owned(), Count::Level(7)));
        let sample = sample(&before, &now, 30_000);
        let of = |name: &str| sample.iter().find(|(own, _)| own == name).map(|(_, value)| *value);
        assert_eq!(of("cpu.busy"), Some(300));
        assert_eq!(of("cpu.iowait"), Some(100));
        assert_eq!(of("swap.in"), Some(120));
        assert_eq!(of("pressure.io"), Some(200));
        assert_eq!(of("disk:sda.read"), Some(4096));
        assert_eq!(of("disk:sda.util"), Some(500));
        assert_eq!(of("disk:sda.await"), Some(200));
        assert_eq!(of("net:eth0.rx"), None, "the counter fell");
        assert_eq!(of("net:eth0.errors"), Some(4));
        assert_eq!(of("files.open"), Some(7));
    }
}
