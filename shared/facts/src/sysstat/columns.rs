//! One row of a table by the names of its columns → series of the sampler.

/// Interfaces that come and go with containers, as the sampler leaves them out.
const PASSING: &[&str] = &["lo", "veth", "cali", "tap", "vnet", "docker", "br-", "flannel", "cni"];
/// The major number of SCSI disks, sixteen minors each.
const SCSI_MAJOR: &str = "dev8-";
const NAME_BYTES_MAX: usize = 64;

/// A row.
pub struct Row<'r, W> {
    head: &'r [W],
    values: &'r [&'r str],
}

impl<'r, W: AsRef<str>> Row<'r, W> {
    pub const fn new(head: &'r [W], values: &'r [&'r str]) -> Self {
        Self { head, values }
    }

    fn word(&self, column: &str) -> Option<&'r str> {
        let at = self.head.iter().position(|name| name.as_ref() == column)?;
        self.values.get(at).copied()
    }

    /// A column by one of its names, first in this version, then in older ones.
    fn number(&self, columns: &[&str]) -> Option<f64> {
        let word = columns.iter().find_map(|column| self.word(column))?;
        // Locales write a comma.
        let number = word.parse::<f64>().or_else(|_| word.replacen(',', ".", 1).parse::<f64>());
        number.ok().filter(|number| number.is_finite() && *number >= 0.0)
    }

    /// What it tells; nothing for a table that is passed over.
    pub fn series(&self) -> Vec<(String, i64)> {
        match self.head.first().map_or("", AsRef::as_ref) {
            "CPU" => self.cpu(),
            "DEV" => self.disk(),
            "IFACE" => self.interface(),
            "kbmemfree" => self.memory(),
            "kbswpfree" => self.swap(),
            "pswpin/s" => self.rates(&[("swap.in", "pswpin/s"), ("swap.out", "pswpout/s")]),
            "runq-sz" => self.load(),
            "dentunusd" => self.told([("files.open", self.number(&["file-nr", "file-sz"]), 1.0)]),
            _ => Vec::new(),
        }
    }

    /// Values that are there, scaled.
    fn told<const N: usize>(&self, list: [(&str, Option<f64>, f64); N]) -> Vec<(String, i64)> {
        let value = |(name, value, scale): (&str, Option<f64>, f64)| {
            Some((name.to_owned(), whole(value? * scale)))
        };
        list.into_iter().filter_map(value).collect()
    }

    /// A second → a minute.
    fn rates(&self, list: &[(&str, &str)]) -> Vec<(String, i64)> {
        let rate = |(name, column): &(&str, &str)| {
            Some(((*name).to_owned(), whole(self.number(&[column])? * 60.0)))
        };
        list.iter().filter_map(rate).collect()
    }

    /// All processors together only. Where no time passed (after a start) all shares are 0.
    fn cpu(&self) -> Vec<(String, i64)> {
        if !matches!(self.word("CPU"), Some("all" | "-1")) {
            return Vec::new();
        }
        let sum =
            |columns: &[&str]| columns.iter().filter_map(|column| self.number(&[column])).sum();
        let user: f64 = sum(&["%usr", "%user", "%nice"]);
        let system: f64 = sum(&["%sys", "%system", "%irq", "%soft"]);
        let (Some(idle), Some(iowait)) = (self.number(&["%idle"]), self.number(&["%iowait"]))
        else {
            return Vec::new();
        };
        if user + system + idle + iowait < 1.0 {
            return Vec::new();
        }
        let busy = (100.0 - idle - iowait).max(0.0);
        self.told([
            ("cpu.busy", Some(busy), 10.0),
            ("cpu.user", Some(user), 10.0),
            ("cpu.system", Some(system), 10.0),
            ("cpu.iowait", Some(iowait), 10.0),
            ("cpu.steal", self.number(&["%steal"]), 10.0),
        ])
    }

    /// What is not available, ‰ of all. The whole is told by what is used and its share: which
    /// memory counts as used differs by version.
    fn memory(&self) -> Vec<(String, i64)> {
        let number = |column| self.number(&[column]);
        let (Some(free), Some(used)) = (number("kbmemfree"), number("kbmemused")) else {
            return Vec::new();
        };
        let shared =
            number("%memused").filter(|share| *share > 0.0).map(|share| used * 100.0 / share);
        let whole = if number("kbavail").is_some() { shared } else { Some(free + used) };
        let Some(whole) = whole.filter(|whole| *whole > 0.0) else { return Vec::new() };
        let cache = number("kbbuffers").unwrap_or(0.0) + number("kbcached").unwrap_or(0.0);
        let available = number("kbavail").unwrap_or(free + cache).min(whole);
        self.told([("memory.used", Some((whole - available) / whole), 1000.0)])
    }

    /// A host without swap has none in use and none free.
    fn swap(&self) -> Vec<(String, i64)> {
        let of = |column| self.number(&[column]).unwrap_or(0.0);
        if of("kbswpfree") + of("kbswpused") <= 0.0 {
            return Vec::new();
        }
        self.told([("swap.used", self.number(&["%swpused"]), 10.0)])
    }

    fn load(&self) -> Vec<(String, i64)> {
        self.told([
            ("load.1", self.number(&["ldavg-1"]), 100.0),
            ("tasks.running", self.number(&["runq-sz"]), 1.0),
            ("tasks.total", self.number(&["plist-sz"]), 1.0),
            ("tasks.blocked", self.number(&["blocked"]), 1.0),
        ])
    }

    fn disk(&self) -> Vec<(String, i64)> {
        let Some(name) = self.word("DEV").and_then(disk_name) else { return Vec::new() };
        // A sector is half a KiB.
        let kib = |now: &str, old: &str| {
            self.number(&[now]).or_else(|| self.number(&[old]).map(|sectors| sectors / 2.0))
        };
        let asked = self.number(&["tps"]).is_some_and(|requests| requests > 0.0);
        let list = self.told([
            ("util", self.number(&["%util"]).map(|share| share.min(100.0)), 10.0),
            ("read", kib("rkB/s", "rd_sec/s"), 60.0),
            ("write", kib("wkB/s", "wr_sec/s"), 60.0),
            ("await", self.number(&["await"]).filter(|_| asked), 100.0),
        ]);
        of("disk", &name, list)
    }

    /// Bytes and errors stand in two tables of one first column.
    fn interface(&self) -> Vec<(String, i64)> {
        let Some(name) = self.word("IFACE") else { return Vec::new() };
        let passing = PASSING.iter().any(|prefix| name.starts_with(prefix));
        if passing || name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Vec::new();
        }
        let both = |one, other| Some(self.number(&[one])? + self.number(&[other])?);
        let list = self.told([
            ("rx", self.number(&["rxkB/s"]), 60.0),
            ("tx", self.number(&["txkB/s"]), 60.0),
            ("errors", both("rxerr/s", "txerr/s"), 60.0),
            ("drops", both("rxdrop/s", "txdrop/s"), 60.0),
        ]);
        of("net", name, list)
    }
}

fn of(kind: &str, device: &str, list: Vec<(String, i64)>) -> Vec<(String, i64)> {
    list.into_iter().map(|(what, value)| (format!("{kind}:{device}.{what}"), value)).collect()
}

/// A whole disk by the name that the kernel gives it; `dev8-16` is `sdb`. Other numbers belong to
/// no driver for certain.
fn disk_name(name: &str) -> Option<String> {
    if let Some(minor) = name.strip_prefix(SCSI_MAJOR) {
        let minor: u8 = minor.parse().ok()?;
        return (minor.is_multiple_of(16)).then(|| format!("sd{}", char::from(b'a' + minor / 16)));
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let letters = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
    let nvme = || name.strip_prefix("nvme")?.split_once('n');
    let whole = nvme().is_some_and(|(a, b)| digits(a) && digits(b))
        || name.strip_prefix("mmcblk").is_some_and(digits)
        || ["sd", "vd", "xvd", "hd", "dasd"]
            .iter()
            .any(|prefix| name.strip_prefix(prefix).is_some_and(letters));
    (whole && name.len() <= NAME_BYTES_MAX).then(|| name.to_owned())
}

#[expect(clippy::cast_possible_truncation, reason = "clamped; the samples are whole numbers")]
fn whole(value: f64) -> i64 {
    value.round().clamp(0.0, 9e15) as i64
}
