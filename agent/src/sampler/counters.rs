//! Kernel text → what it counts. Pure.
//!
//! What each file means is in proc(5), the kernel's `iostats.rst` and `psi.rst`.

/// Most disks, interfaces and file systems looked at; further ones are not sampled.
const DEVICES_MAX: usize = 32;

/// A number that the kernel shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// As it is now.
    Level(i64),
    /// Grows since boot.
    Total(u64),
}

/// Names and numbers, in the order of the files.
pub type Counts = Vec<(String, Count)>;

/// Interfaces that belong to containers and virtual machines: they come and go by the hundred.
const PASSING: &[&str] = &["lo", "veth", "cali", "tap", "vnet", "docker", "br-", "flannel", "cni"];

fn level(counts: &mut Counts, name: &str, value: i64) {
    counts.push((name.to_owned(), Count::Level(value)));
}

fn total(counts: &mut Counts, name: impl Into<String>, value: u64) {
    counts.push((name.into(), Count::Total(value)));
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// `/proc/stat`: ticks of all processors together, and tasks.
pub fn stat(text: &str, counts: &mut Counts) {
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let mut numbers = words.filter_map(|word| word.parse::<u64>().ok());
        match name {
            "cpu" => {
                const STATES: [&str; 8] =
                    ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
                for (state, ticks) in STATES.iter().zip(numbers) {
                    total(counts, format!("ticks.{state}"), ticks);
                }
            }
            "procs_running" => level(counts, "tasks.running", signed(numbers.next().unwrap_or(0))),
            "procs_blocked" => level(counts, "tasks.blocked", signed(numbers.next().unwrap_or(0))),
            _ => {}
        }
    }
}

/// `/proc/loadavg`: hundredths of the one-minute load, and all tasks.
pub fn loadavg(text: &str, counts: &mut Counts) {
    let mut words = text.split_ascii_whitespace();
    if let Some(load) = words.next().and_then(hundredths) {
        level(counts, "load.1", load);
    }
    let tasks = words.nth(2).and_then(|word| word.split_once('/'));
    if let Some(all) = tasks.and_then(|(_, all)| all.parse().ok()) {
        level(counts, "tasks.total", all);
    }
}

/// `/proc/meminfo`: memory in use in ‰ (what is not available), swap in use in ‰.
pub fn meminfo(text: &str, counts: &mut Counts) {
    let kib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()
    };
    let used = |whole: u64, free: u64| {
        let used = whole.saturating_sub(free).saturating_mul(1000);
        used.checked_div(whole).map(signed)
    };
    if let (Some(whole), Some(free)) = (kib("MemTotal"), kib("MemAvailable"))
        && let Some(used) = used(whole, free)
    {
        level(counts, "memory.used", used);
    }
    if let (Some(whole), Some(free)) = (kib("SwapTotal"), kib("SwapFree"))
        && let Some(used) = used(whole, free)
    {
        level(counts, "swap.used", used);
    }
}

/// `/proc/vmstat`: pages swapped in and out.
pub fn vmstat(text: &str, counts: &mut Counts) {
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("pswpin", pages)) => {
                total(counts, "swap.in", pages.trim().parse().unwrap_or(0));
            }
            Some(("pswpout", pages)) => {
                total(counts, "swap.out", pages.trim().parse().unwrap_or(0));
            }
            _ => {}
        }
    }
}

/// `/proc/pressure/*`: microseconds in which some task waited.
pub fn pressure(name: &str, text: &str, counts: &mut Counts) {
    let some = text.lines().find(|line| line.starts_with("some"));
    let waited = some.and_then(|line| line.rsplit_once("total=")?.1.trim().parse().ok());
    if let Some(waited) = waited {
        total(counts, format!("pressure.{name}"), waited);
    }
}

/// `/proc/sys/fs/file-nr`: open files of the whole system.
pub fn file_nr(text: &str, counts: &mut Counts) {
    if let Some(open) = text.split_ascii_whitespace().next().and_then(|word| word.parse().ok()) {
        level(counts, "files.open", open);
    }
}

/// `/proc/diskstats`: whole disks only; what a partition does, its disk does.
pub fn diskstats(text: &str, counts: &mut Counts) {
    let whole = |line: &&str| line.split_ascii_whitespace().nth(2).is_some_and(is_whole_disk);
    for line in text.lines().filter(whole).take(DEVICES_MAX) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, _, name, numbers @ ..] = words.as_slice() else { continue };
        let number = |at: usize| numbers.get(at).and_then(|word| word.parse::<u64>().ok());
        // Fields of iostats.rst, counted from the first after the name.
        for (at, what) in [(0, "reads"), (2, "read_sectors"), (3, "read_ms"), (4, "writes")]
            .into_iter()
            .chain([(6, "write_sectors"), (7, "write_ms"), (9, "busy_ms")])
        {
            if let Some(value) = number(at) {
                total(counts, format!("disk:{name}.{what}"), value);
            }
        }
    }
}

/// Names that drivers give: `sda`, `vda`, `xvda`, `nvme0n1`, `mmcblk0`, `dasda`; a partition has
/// a further number (or `p` and a number).
fn is_whole_disk(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let letters = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
    if let Some(rest) = name.strip_prefix("nvme") {
        return rest.split_once('n').is_some_and(|(a, b)| digits(a) && digits(b));
    }
    if let Some(rest) = name.strip_prefix("mmcblk") {
        return digits(rest);
    }
    ["sd", "vd", "xvd", "hd", "dasd"]
        .iter()
        .any(|prefix| name.strip_prefix(prefix).is_some_and(letters))
}

/// `/proc/net/dev`: bytes, errors and drops of each lasting interface.
pub fn net_dev(text: &str, counts: &mut Counts) {
    let lasting = |name: &str| !PASSING.iter().any(|prefix| name.starts_with(prefix));
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let lines = lines.map(|(name, rest)| (name.trim(), rest)).filter(|(name, _)| lasting(name));
    for (name, rest) in lines.take(DEVICES_MAX) {
        let numbers: Vec<u64> =
            rest.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect();
        let &[rx, _, rx_errors, rx_drops, _, _, _, _, tx, _, tx_errors, tx_drops, ..] =
            numbers.as_slice()
        else {
            continue;
        };
        total(counts, format!("net:{name}.rx"), rx);
        total(counts, format!("net:{name}.tx"), tx);
        total(counts, format!("net:{name}.errors"), rx_errors.saturating_add(tx_errors));
        total(counts, format!("net:{name}.drops"), rx_drops.saturating_add(tx_drops));
    }
}

/// Local file systems of `/proc/self/mounts` by their mount points, the first of each device.
/// A network file system is left out: it may never answer.
pub fn local_mounts(text: &str) -> Vec<String> {
    const LOCAL: &[&str] = &["ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "jfs", "zfs"];
    let mut devices = std::collections::BTreeSet::new();
    let mut mounts = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let &[device, point, kind, ..] = words.as_slice() else { continue };
        if LOCAL.contains(&kind) && mounts.len() < DEVICES_MAX && devices.insert(device) {
            // The kernel writes white space in names as octal escapes.
            mounts.push(point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"));
        }
    }
    mounts
}

/// `0.37` → 37.
fn hundredths(word: &str) -> Option<i64> {
    let (whole, part) = word.split_once('.')?;
    let part: i64 = format!("{part:0<2}").get(..2)?.parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parse: fn(&str, &mut Counts), text: &str) -> Counts {
        let mut counts = Counts::new();
        parse(text, &mut counts);
        counts
    }

    fn check(counts: &Counts, name: &str, expected: &Count) {
        let found = counts.iter().find(|(own, _)| own == name).map(|(_, count)| count);
        assert_eq!(found, Some(expected), "{name} in {counts:?}");
    }

    #[test]
    fn each_file_of_the_kernel() {
        let counts = of(
            stat,
            "cpu  10 1 20 300 5 2 3 4 0 0\ncpu0 9 9 9\nintr 5 1 2\nprocs_running 3\nprocs_blocked 1\n",
        );
        check(&counts, "ticks.idle", &Count::Total(300));
        check(&counts, "ticks.steal", &Count::Total(4));
        check(&counts, "tasks.running", &Count::Level(3));
        check(&counts, "tasks.blocked", &Count::Level(1));
        let counts = of(loadavg, "0.2 0.37 0.39 1/719 19737\n");
        check(&counts, "load.1", &Count::Level(20));
        check(&counts, "tasks.total", &Count::Level(719));
        let counts = of(
            meminfo,
            "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 250 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
        );
        check(&counts, "memory.used", &Count::Level(750));
        assert_eq!(counts.len(), 1, "no swap is no share of it");
        let counts = of(vmstat, "pgpgin 1\npswpin 7\npswpout 9\n");
        check(&counts, "swap.out", &Count::Total(9));
        let counts = of(
            |t, c| pressure("io", t, c),
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=123\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n",
        );
        check(&counts, "pressure.io", &Count::Total(123));
        check(&of(file_nr, "2208 0 9223372036854775807\n"), "files.open", &Count::Level(2208));
    }

    #[test]
    fn disks_are_whole_and_interfaces_last() {
        let text = "   8 0 sda 100 0 800 50 200 0 1600 90 0 120 140 0 0 0 0\n   8 1 sda1 1 1 1 1 1 1 1 1 1 1 1\n 259 0 nvme0n1 1 0 8 1 2 0 16 3 0 4 5\n 259 1 nvme0n1p1 1 0 8 1 2 0 16 3 0 4 5\n 7 0 loop0 1 0 8 1 2 0 16 3 0 4 5\n";
        let counts = of(diskstats, text);
        check(&counts, "disk:sda.reads", &Count::Total(100));
        check(&counts, "disk:sda.write_ms", &Count::Total(90));
        check(&counts, "disk:sda.busy_ms", &Count::Total(120));
        check(&counts, "disk:nvme0n1.writes", &Count::Total(2));
        assert!(!counts.iter().any(|(name, _)| name.contains("sda1") || name.contains("p1")));
        let counts = of(
            net_dev,
            "Inter-|   Receive\n face |bytes\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  eth0: 100 5 1 2 0 0 0 0 200 6 3 4 0 0 0 0\n",
        );
        check(&counts, "net:eth0.tx", &Count::Total(200));
        check(&counts, "net:eth0.errors", &Count::Total(4));
        check(&counts, "net:eth0.drops", &Count::Total(6));
        assert_eq!(counts.len(), 4);
    }

    #[test]
    fn only_local_mounts_are_asked() {
        let text = "/dev/sda1 / xfs rw 0 0\n/dev/sda1 /bind xfs rw 0 0\nnas:/x /mnt/nas nfs4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/sdb1 /my\\040data ext4 rw 0 0\n";
        assert_eq!(local_mounts(text), ["/", "/my data"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_them_panic(text in "\\PC*[\n 0-9a-z:/.]*") {
            for parse in [stat, loadavg, meminfo, vmstat, file_nr, diskstats, net_dev] {
                of(parse, &text);
            }
            local_mounts(&text);
        }
    }
}
