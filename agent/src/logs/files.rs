//! Log files: from where the last scan ended, through rotation, packing and renames.
//!
//! Every line counts once. What is over the budget, out of time, gone or unreadable is told as a
//! gap with its bytes and times; out of time only means that the next scan goes on there.

use std::io::Read;
use std::ops::ControlFlow;
use std::time::Instant;

use carepack_shared::Unseen;
use carepack_shared::product_log::Product;
use jiff::tz::TimeZone;

use super::blocks::{Blocks, Tail};
use super::coverage::{Coverage, Gap};
use super::engine::{Engine, Window};
use super::products::Withheld;
use super::rotation::{Plan, Stretch, day_of, newest, plan};
use super::syslog::{Format, Reader};
use super::unpack::{Packing, Source};
use super::{FileMark, Head, oldest};
use crate::host::{Host, Look, Missed};

/// A log: its names on RHEL and Debian, and the form of its lines.
pub(super) struct Log {
    names: &'static [&'static str],
    format: Format,
}

const DNF: Format = Format::Plain { program: "dnf" };
const YUM: Format = Format::Plain { program: "yum" };

const fn log(names: &'static [&'static str], format: Format) -> Log {
    Log { names, format }
}

/// What the journal holds too.
pub(super) const SYSLOG: [Log; 3] = [
    log(&["/var/log/messages", "/var/log/syslog"], Format::Syslog),
    log(&["/var/log/secure", "/var/log/auth.log"], Format::Syslog),
    log(&["/var/log/cron", "/var/log/cron.log"], Format::Syslog),
];

/// What only files hold.
pub(super) const OWN: [Log; 4] = [
    log(&[AUDIT], Format::Audit),
    log(&["/var/log/dnf.log"], DNF),
    log(&["/var/log/dnf.rpm.log"], DNF),
    log(&["/var/log/yum.log"], YUM),
];

/// Where auditd writes.
pub(super) const AUDIT: &str = "/var/log/audit/audit.log";

/// Most taken of one log in one scan, as plain bytes; of more, the newest part.
const LOG_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// What a packed byte is reckoned to unpack to.
const PACKED_RATIO: u64 = 12;

/// A log that is to be read, by its path.
pub(super) struct Wanted<'w> {
    pub path: &'w str,
    pub format: Format,
    /// Most taken of it, as plain bytes.
    pub bytes_max: u64,
    pub product: Option<Product>,
    pub withheld: Withheld<'w>,
}

impl<'w> Wanted<'w> {
    const fn of(path: &'w str, format: Format) -> Self {
        Self { path, format, bytes_max: LOG_BYTES_MAX, product: None, withheld: &|_| false }
    }
}

/// A scan of log files.
pub(super) struct Files<'a, 'p> {
    pub host: &'a Host,
    pub marks: &'a [FileMark],
    pub deadline: Instant,
    pub zone: &'a TimeZone,
    pub engine: &'a mut Engine<'p>,
    pub coverage: Vec<Coverage>,
    blocks: Blocks,
}

impl<'a, 'p> Files<'a, 'p> {
    pub fn new(
        (host, marks): (&'a Host, &'a [FileMark]),
        deadline: Instant,
        zone: &'a TimeZone,
        engine: &'a mut Engine<'p>,
    ) -> Self {
        let blocks = Blocks::new();
        Self { host, marks, deadline, zone, engine, coverage: Vec::new(), blocks }
    }

    /// Scans logs and gives where each ended; a refusal of the first of them that refuses.
    pub fn scan(&mut self, logs: &[Log], window: Window) -> (Vec<FileMark>, Option<Missed>) {
        let mut marks = Vec::new();
        let mut missed = None;
        for log in logs {
            let absent = format!("{}: no log file", log.names[0]);
            let mut found = Err(Missed::new(Unseen::Absent, absent));
            for path in log.names {
                found = self.one(&Wanted::of(path, log.format), window);
                if !matches!(&found, Err(missed) if missed.reason == Unseen::Absent) {
                    break;
                }
            }
            match found {
                Ok(mark) => marks.push(mark),
                Err(fault) => missed = missed.or(Some(fault)),
            }
        }
        (marks, missed)
    }

    /// Scans one log and gives where it ended; a refusal of its newest file.
    pub fn one(&mut self, wanted: &Wanted<'_>, window: Window) -> Look<FileMark> {
        let path = wanted.path;
        let newest = newest(self.host, path)?;
        let inode = self.host.open(&newest)?.inode;
        let mut coverage = match wanted.product {
            Some(product) => Coverage::of_product(path, product, self.host.now()),
            None => Coverage::new(path, self.host.now().as_second()),
        };
        let mark = self.marks.iter().find(|mark| mark.path == path);
        let Plan { mut stretches, mark_found } =
            plan(self.host, path, mark, window.after.unwrap_or_else(|| oldest(self.host)));
        let known = mark.and_then(|mark| mark.at);
        if mark.is_some() && !mark_found {
            let why = "rotated_away".to_owned();
            coverage.gap(Gap { path: path.to_owned(), bytes: None, from: known, to: None, why });
        }
        for kept in stretches.extract_if(.., |stretch| (wanted.withheld)(&stretch.path)) {
            let (path, bytes, why) = (kept.path, Some(kept.bytes), "withheld".to_owned());
            coverage.gap(Gap { path, bytes, from: None, to: None, why });
        }
        if let Some(gap) = trim(&mut stretches, wanted.bytes_max) {
            coverage.gap(Gap { from: known, ..gap });
        }
        let after = match mark {
            // Its place in the file is exact.
            Some(_) if mark_found => window.after,
            Some(_) => known.max(window.after),
            None => window.after.or(Some(oldest(self.host) - 1)),
        };
        let window = Window { after, ..window };
        let fresh = FileMark { path: path.to_owned(), inode, offset: 0, head: None, at: known };
        let mut end = mark.filter(|_| mark_found).cloned().unwrap_or(fresh);
        let mut left = stretches.iter();
        for stretch in left.by_ref() {
            let tail = if stretch.path == newest { Tail::Waits } else { Tail::Counts };
            coverage.begin(&stretch.path);
            let mut reader = self.reader(wanted, stretch, end.at);
            let read = self.read(stretch, tail, (&mut reader, window, &mut coverage));
            match read {
                Ok(offset) => end = self.mark(path, stretch, offset, end),
                // The newest file decides what the log answers; an old one is a gap.
                Err(missed) if stretch.path == newest => return Err(missed),
                Err(missed) => {
                    let why = format!("unreadable: {}", missed.detail);
                    let (path, bytes) = (stretch.path.clone(), Some(stretch.bytes));
                    coverage.gap(Gap { path, bytes, from: end.at, to: None, why });
                }
            }
            end.at = coverage.span().map(|span| span.1).max(end.at);
            if Instant::now() >= self.deadline {
                break;
            }
        }
        for stretch in left {
            let why = "out_of_time".to_owned();
            let (path, bytes) = (stretch.path.clone(), Some(stretch.bytes));
            coverage.gap(Gap { path, bytes, from: end.at, to: None, why });
        }
        // The window of the system logs is not cut by what a product's log lacks.
        if coverage.has_gaps() && wanted.product.is_none() {
            self.engine.tally.cut();
        }
        self.coverage.push(coverage);
        Ok(end)
    }

    fn reader(&self, wanted: &Wanted<'_>, stretch: &Stretch, before: Option<i64>) -> Reader {
        let reader = Reader::new(wanted.format, self.host.now(), self.zone.clone());
        if wanted.product.is_none() {
            return reader;
        }
        let after = before.filter(|_| stretch.from > 0);
        reader.of_product(day_of(self.host, wanted.path, &stretch.path, self.zone), after)
    }

    /// Counts a stretch; gives the plain offset after its last whole line.
    fn read(
        &mut self,
        stretch: &Stretch,
        tail: Tail,
        (reader, window, coverage): (&mut Reader, Window, &mut Coverage),
    ) -> Look<u64> {
        let mut source = Source::open_at(self.host, &stretch.path, stretch.from)?;
        let (engine, deadline) = (&mut *self.engine, self.deadline);
        let mut late = false;
        let mut lines = |block: &[u8]| {
            engine.block(block, reader, window, coverage);
            late = Instant::now() >= deadline;
            if late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let (taken, ended) = self.blocks.feed(&mut source, tail, &mut lines);
        ended.map_err(|error| Missed::from_io(&stretch.path, &error))?;
        let reached = stretch.from + taken;
        let bytes =
            (stretch.packing == Packing::Plain).then(|| source.size_bytes.saturating_sub(reached));
        if late && bytes != Some(0) {
            let why = "out_of_time".to_owned();
            let from = coverage.span().map(|span| span.1);
            coverage.gap(Gap { path: stretch.path.clone(), bytes, from, to: None, why });
        }
        Ok(reached)
    }

    /// The mark of a stretch that was read up to an offset.
    fn mark(&self, path: &str, stretch: &Stretch, offset: u64, before: FileMark) -> FileMark {
        let Ok(mut source) = Source::open(self.host, &stretch.path) else { return before };
        let known = Head::length(offset);
        let head = if known > 0 { Head::of(&mut source, known) } else { None };
        FileMark { path: path.to_owned(), inode: source.inode, offset, head, at: before.at }
    }
}

/// Counts the kernel's ring buffer, where there is neither a journal nor a system log; gives the
/// time of its last line.
pub(super) fn kernel(
    files: &mut Files<'_, '_>,
    text: &mut dyn Read,
    window: Window,
) -> Option<i64> {
    /// Bytes of `/proc/stat` that hold the boot's time on any machine.
    const STAT_BYTES_MAX: usize = 1024 * 1024;
    let stat = files.host.read("/proc/stat", STAT_BYTES_MAX).ok();
    let stat = stat.map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned());
    let boot = stat.as_deref().and_then(|text| {
        text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
    });
    let mut coverage = Coverage::new("kernel", files.host.now().as_second());
    coverage.begin("kernel");
    let mut reader = Reader::new(Format::Kernel { boot }, files.host.now(), files.zone.clone());
    let engine = &mut *files.engine;
    let _ = files.blocks.feed(text, Tail::Counts, &mut |block| {
        engine.block(block, &mut reader, window, &mut coverage);
        ControlFlow::Continue(())
    });
    let last = coverage.span().map(|span| span.1);
    files.coverage.push(coverage);
    last
}

/// Drops the oldest bytes over the budget and tells of them.
fn trim(stretches: &mut Vec<Stretch>, bytes_max: u64) -> Option<Gap> {
    let mut left = bytes_max;
    let mut dropped = 0;
    let mut path = None;
    for stretch in stretches.iter_mut().rev() {
        let packed = stretch.packing != Packing::Plain;
        let plain = stretch.bytes.saturating_mul(if packed { PACKED_RATIO } else { 1 });
        if plain > left {
            // A packed file has no middle to begin at.
            let keep = if packed { 0 } else { left };
            dropped += stretch.bytes - keep;
            stretch.from += stretch.bytes - keep;
            stretch.bytes = keep;
            path = Some(stretch.path.clone());
            left = 0;
        }
        left = left.saturating_sub(plain);
    }
    stretches.retain(|stretch| stretch.bytes > 0);
    let why = "over_budget".to_owned();
    path.map(|path| Gap { path, bytes: Some(dropped), from: None, to: None, why })
}

#[cfg(test)]
mod tests {
    //! Rotation as logrotate does it, step by step: every line counts once.
    use std::io::Write;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::super::patterns::Patterns;
    use super::*;

    struct Tree(tempfile::TempDir);

    static UTC: TimeZone = TimeZone::UTC;

    /// Marks, lines counted so far, and the gaps of the last scan.
    #[derive(Default)]
    struct Scans {
        marks: Vec<FileMark>,
        lines: u64,
        gaps: Vec<String>,
    }

    impl Tree {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let host = "hostname = \"a\"\ntaken_at = \"2026-11-05T00:00:00Z\"\n";
            std::fs::write(folder.path().join("host.toml"), host).unwrap();
            std::fs::create_dir_all(folder.path().join("root/var/log")).unwrap();
            Self(folder)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join("root/var/log").join(name)
        }

        fn append(&self, name: &str, text: &str) {
            let mut options = std::fs::File::options();
            let mut file = options.create(true).append(true).open(self.path(name)).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn rename(&self, from: &str, to: &str) {
            std::fs::rename(self.path(from), self.path(to)).unwrap();
        }

        fn gzip(&self, name: &str) {
            let text = std::fs::read(self.path(name)).unwrap();
            let file = std::fs::File::create(self.path(&format!("{name}.gz"))).unwrap();
            let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::default());
            packer.write_all(&text).unwrap();
            packer.finish().unwrap();
            std::fs::remove_file(self.path(name)).unwrap();
        }

        fn zstd(&self, name: &str) {
            let text = std::fs::read(self.path(name)).unwrap();
            let packed = zstd::stream::encode_all(&text[..], 3).unwrap();
            std::fs::write(self.path(&format!("{name}.zst")), packed).unwrap();
            std::fs::remove_file(self.path(name)).unwrap();
        }

        /// Packs with a tool of that name, in place; tells aloud where there is none.
        fn tool(&self, tool: &str, name: &str) -> bool {
            let status = std::process::Command::new(tool).arg(self.path(name)).status();
            if status.is_err() {
                eprintln!("SKIPPED: {tool} is not installed");
            }
            status.is_ok_and(|status| status.success())
        }

        /// Scans the system log and gives the lines that were new.
        fn scan(&self, scans: &mut Scans) -> u64 {
            let host = Host::recorded(self.0.path(), None).unwrap();
            let mut engine = Engine::new(Patterns::of_agent(), TimeZone::UTC);
            let deadline = Instant::now() + Duration::from_secs(10);
            let before = std::mem::take(&mut scans.marks);
            let mut files = Files::new((&host, &before), deadline, &UTC, &mut engine);
            let (marks, missed) = files.scan(&SYSLOG[..1], Window::default());
            assert_eq!(missed, None);
            let told = files.coverage.into_iter().map(Coverage::into_json);
            scans.gaps = told
                .flat_map(|told| told["gaps"].as_array().unwrap().clone())
                .map(|gap| gap["why"].as_str().unwrap().to_owned())
                .collect();
            scans.marks = marks;
            let lines = engine.tally.lines();
            scans.lines += lines;
            lines
        }
    }

    fn line(n: u32) -> String {
        format!("Nov  4 {:02}:{:02}:00 a kernel: Call Trace: {n}\n", n / 60, n % 60)
    }

    fn lines(numbers: std::ops::Range<u32>) -> String {
        numbers.map(line).collect()
    }

    #[test]
    fn only_new_lines_count_and_an_unfinished_one_waits() {
        let tree = Tree::new();
        let mut scans = Scans::default();
        tree.append("messages", &format!("Jan  1 00:00:00 a x: too old\n{}", lines(0..2)));
        assert_eq!(tree.scan(&mut scans), 2);
        assert_eq!(tree.scan(&mut scans), 0);
        tree.append("messages", &format!("{}unfinished", lines(2..3)));
        assert_eq!(tree.scan(&mut scans), 1);
        tree.append("messages", " now finished\n");
        assert_eq!(tree.scan(&mut scans), 1);
        assert_eq!(scans.gaps, [""; 0]);
    }

    #[test]
    fn a_renamed_log_is_read_to_its_end_first_packed_or_not() {
        for packed in ["", "gz", "zst", "gz at once", "xz", "bzip2"] {
            let tree = Tree::new();
            let mut scans = Scans::default();
            tree.append("messages", &lines(0..100));
            assert_eq!(tree.scan(&mut scans), 100);
            tree.append("messages", &lines(100..150));
            tree.rename("messages", "messages-20261103");
            tree.append("messages", &lines(150..160));
            if packed == "gz at once" {
                tree.gzip("messages-20261103");
            }
            // A second rotation before the next scan.
            tree.rename("messages", "messages-20261104");
            tree.append("messages", &lines(160..165));
            match packed {
                "gz" => tree.gzip("messages-20261103"),
                "zst" => tree.zstd("messages-20261103"),
                "xz" | "bzip2" if !tree.tool(packed, "messages-20261104") => continue,
                _ => {}
            }
            assert_eq!(tree.scan(&mut scans), 65, "{packed}");
            assert_eq!(tree.scan(&mut scans), 0, "{packed}");
            assert_eq!(scans.gaps, [""; 0], "{packed}");
        }
    }

    #[test]
    fn numbered_files_move_up_and_stay_known() {
        let tree = Tree::new();
        let mut scans = Scans::default();
        tree.append("messages", &lines(0..10));
        tree.scan(&mut scans);
        for turn in 1..5 {
            for number in (1..turn).rev() {
                let from = format!("messages.{number}{}", if number > 1 { ".gz" } else { "" });
                if number == 1 {
                    tree.rename(&from, "messages.2");
                    tree.gzip("messages.2");
                } else {
                    tree.rename(&from, &format!("messages.{}.gz", number + 1));
                }
            }
            tree.rename("messages", "messages.1");
            tree.append("messages", &lines(turn * 10..turn * 10 + 10));
        }
        assert_eq!(tree.scan(&mut scans), 40);
        assert_eq!((scans.lines, scans.gaps.len()), (50, 0));
    }

    #[test]
    fn a_log_copied_and_emptied_in_place_counts_once() {
        let tree = Tree::new();
        let mut scans = Scans::default();
        tree.append("messages", &lines(0..100));
        tree.scan(&mut scans);
        tree.append("messages", &lines(100..120));
        std::fs::copy(tree.path("messages"), tree.path("messages.1")).unwrap();
        std::fs::File::options().write(true).truncate(true).open(tree.path("messages")).unwrap();
        tree.append("messages", &lines(120..260));
        assert_eq!(tree.scan(&mut scans), 160);
        assert_eq!(scans.gaps, [""; 0]);
        // Emptied without a copy: what was written in between is lost, and that is told.
        std::fs::File::options().write(true).truncate(true).open(tree.path("messages")).unwrap();
        tree.append("messages", &lines(300..301));
        assert_eq!(tree.scan(&mut scans), 1);
        assert_eq!(scans.gaps, ["rotated_away"]);
        assert_eq!(tree.scan(&mut scans), 0);
        assert_eq!(scans.gaps, [""; 0]);
    }

    #[test]
    fn what_cannot_be_unpacked_is_told_and_loses_nothing_else() {
        let tree = Tree::new();
        let mut scans = Scans::default();
        tree.append("messages-20261101.gz", "not gzip at all");
        tree.append("messages-20261102.xz", "xz");
        tree.append("messages-20261103", &lines(0..3));
        tree.append("messages", &lines(3..5));
        assert_eq!(tree.scan(&mut scans), 5);
        tree.append("messages-20261104.bz2", "BZh9 and no more");
        let mut fresh = Scans::default();
        assert_eq!((tree.scan(&mut fresh), fresh.gaps.len()), (5, 3));
        assert_eq!(scans.gaps.len(), 2);
        assert!(
            scans.gaps.iter().all(|why| why.starts_with("unreadable: /var/log/messages-202611"))
        );
        assert_eq!(tree.scan(&mut scans), 0);
    }

    #[test]
    fn of_too_much_the_newest_part_is_taken_and_the_rest_told() {
        let stretch = |bytes, packing| Stretch { path: "x".into(), from: 0, bytes, packing };
        let plain = |bytes| stretch(bytes, Packing::Plain);
        let mut stretches = vec![plain(100), plain(50), plain(30)];
        assert_eq!(trim(&mut stretches, 60).unwrap().bytes, Some(120));
        assert_eq!(stretches, [Stretch { from: 20, ..plain(30) }, plain(30)]);
        let mut stretches = vec![stretch(10, Packing::Gzip), plain(60)];
        assert_eq!(trim(&mut stretches, 100).unwrap().bytes, Some(10));
        assert_eq!(stretches, [plain(60)]);
        assert_eq!(trim(&mut vec![plain(60)], 60), None);
    }

    #[test]
    fn a_scan_out_of_time_goes_on_where_it_ended() {
        let tree = Tree::new();
        tree.append("messages-20261103", &lines(0..20));
        tree.append("messages", &lines(20..30));
        let host = Host::recorded(tree.0.path(), None).unwrap();
        let mut engine = Engine::new(Patterns::of_agent(), TimeZone::UTC);
        let mut files = Files::new((&host, &[]), Instant::now(), &UTC, &mut engine);
        let (marks, _) = files.scan(&SYSLOG[..1], Window::default());
        let told = files.coverage.pop().unwrap().into_json();
        assert_eq!(told["gaps"][0]["why"], "out_of_time");
        assert_eq!(told["gaps"][0]["bytes"].as_u64(), Some(lines(20..30).len() as u64));
        let mut scans = Scans { marks, lines: engine.tally.lines(), gaps: vec![] };
        tree.scan(&mut scans);
        assert_eq!(scans.lines, 30);
    }
}
