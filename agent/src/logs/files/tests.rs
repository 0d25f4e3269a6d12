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
    for packed in ["", "gz", "zst", "gz at once"] {
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
    assert_eq!(scans.gaps.len(), 2);
    assert!(scans.gaps.iter().all(|why| why.starts_with("unreadable: /var/log/messages-202611")));
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
