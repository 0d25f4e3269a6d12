//! Archives of other tools: what they hold is read, whatever they claim is only data.

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use carepack_collector::archives::{ArchiveError, Limits, read};
use carepack_facts::{Facts, derive};
use carepack_shared::{Observation, Snapshot};
use jiff::Timestamp;
use serde_json::json;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

/// A small sosreport: name and content.
const SOS: &[(&str, &str)] = &[
    ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
    ("etc/fstab", "/dev/sda1 / xfs defaults 0 0\n"),
    ("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000::/home/ops:/bin/bash\n"),
    ("etc/yum.repos.d/a.repo", "[a]\nname=a\npassword=hunter2hunter2\ngpgcheck=1\n"),
    ("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 500 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"),
    ("proc/77/net/dev", "Inter-|\n face |bytes\n eth0: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n"),
    ("sos_commands/date/date_--utc", "Thu Nov  5 01:12:00 UTC 2026\n"),
    ("sos_commands/host/hostname", "db01.example.com\n"),
    (
        "sos_commands/rpm/package-data",
        "openssl-libs-3.0.7-27.el9.x86_64\tx\t1772514107\tRed Hat, Inc.\n",
    ),
    ("sos_commands/logs/ls_-alRh_.var.log", "/var/log:\ntotal 1\n\n/var/log/audit:\ntotal 1\n"),
    (
        "sos_commands/filesys/df_-al_-x_autofs",
        "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/sda1 1000 900 100 90% /\n",
    ),
    ("sos_commands/filesys/mount_-l", "/dev/sda1 on / type xfs (rw,relatime)\n"),
    (
        "sos_commands/systemd/systemctl_list-units_--all",
        "UNIT LOAD ACTIVE SUB DESCRIPTION\n* a.service loaded failed failed A\n",
    ),
];

fn header(kind: EntryType, length: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(length);
    header.set_mode(0o644);
    header.set_mtime(1_793_809_669);
    header
}

/// A tar with some entries before a sosreport below `top`.
fn tar_of(top: &str, before: impl FnOnce(&mut Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    before(&mut builder);
    for (name, text) in SOS {
        let mut header = header(EntryType::Regular, text.len() as u64);
        builder.append_data(&mut header, format!("{top}{name}"), text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// An entry whose name is written as it is, whatever it is.
fn raw(builder: &mut Builder<Vec<u8>>, kind: EntryType, name: &[u8], target: &[u8], body: &[u8]) {
    let mut header = header(kind, body.len() as u64);
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.as_old_mut().linkname[..target.len()].copy_from_slice(target);
    header.set_cksum();
    builder.append(&header, body).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(mut bytes: impl Read) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    std::io::copy(&mut bytes, &mut encoder).unwrap();
    encoder.finish().unwrap()
}

/// What `bzip2` makes of bytes; none where it is not installed.
fn bzip2(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut command = std::process::Command::new("bzip2");
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("SKIPPED: bzip2 is not installed");
        return None;
    };
    let (mut input, bytes) = (child.stdin.take().unwrap(), bytes.to_vec());
    let writer = std::thread::spawn(move || input.write_all(&bytes).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    Some(output.stdout)
}

/// The two streams of a `.tar.bz2` as `pbzip2` writes it: `a/sos_commands/host/hostname` and
/// the half of the header of `a/etc/fstab`; its other half, and `a/sos_commands/date/date_--utc`.
const BZIP2_STREAMS: [&str; 2] = [
    "\
    425a683931415926535937161d40000055df91ca904001ff8404000200ff47de400400000400082000920d4c\
    90c80000000f4825350a6ca01a6468cf54d01a6850bf9c097ea54cc1bb7fa2a80838357a4980805dd1b2583f\
    bca342d10c5040c60f1743714565f336a9173961a211531c2532e30b0c0d1086129e5aa920ecabed3058bb93\
    db87359ef5012911f8cca22dc52820784cc8491c0da0764e0772bf17724538509037161d40",
    "\
    425a6839314159265359875628380000005f91ca104002ff9418010600ef479f400400440000082000920d54\
    f6933498a323d268600469a3f504a9ea4cd49ea1a3d434069ea1a034d18e4e4a07e2b40981ced3e624d15415\
    6f70e406ac27087b6e13c231d94b5a17e365f2640215880b9014a89d1e0d76d942527a654b72f39eb0c996db\
    dd33633bc8394c58c4f2ec52a9a9afdfe4362b4ee0f57e603104a318a5db73dd70a627d03dca308849f1dd65\
    58e43817724538509087562838",
];

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn kept(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn import(bytes: &[u8], limits: &Limits) -> Result<Snapshot, ArchiveError> {
    let (_folder, path) = kept(bytes);
    read(&path, limits, None).map(|imported| imported.snapshot)
}

fn sound(bytes: &[u8]) -> Snapshot {
    import(bytes, &Limits::default()).unwrap()
}

fn unpacked(folder: &Path) {
    for (name, text) in SOS {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn text<'s>(snapshot: &'s Snapshot, key: &str) -> Option<&'s str> {
    snapshot.observations.iter().find(|o| o.source.key() == key)?.text().ok()
}

#[test]
fn packed_in_any_way_or_unpacked_it_is_one_snapshot() {
    let plain = tar_of("sosreport-db01/", |_| {});
    let snapshot = sound(&plain);
    assert_eq!(snapshot.host.hostname, "db01.example.com");
    assert_eq!(snapshot.taken_at, "2026-11-05T01:12:00Z".parse::<Timestamp>().unwrap());
    assert!(snapshot.host.recorded && snapshot.host.id.is_none());
    assert_eq!(sound(&gzip(&plain)), snapshot);
    assert_eq!(sound(&xz(plain.as_slice())), snapshot);
    if let Some(packed) = bzip2(&plain) {
        assert_eq!(sound(&packed), snapshot);
        // The parts of some packed at once, one after the other.
        let parts: Vec<u8> = plain.chunks(700).flat_map(|part| bzip2(part).unwrap()).collect();
        assert_eq!(sound(&parts), snapshot);
    }
    assert_eq!(sound(&tar_of("", |_| {})), snapshot);
    assert_eq!(sound(&tar_of("./", |_| {})), snapshot);
    let folder = tempfile::tempdir().unwrap();
    unpacked(folder.path());
    let again = read(folder.path(), &Limits::default(), None).unwrap();
    assert_eq!(again.snapshot, snapshot);
    assert_eq!(again.kind, "sosreport");
    // What travels is a document like any other.
    assert_eq!(Snapshot::from_document(&snapshot.to_document()).unwrap(), snapshot);
}

#[test]
fn bzip2_streams_follow_each_other() {
    let [first, second] = BZIP2_STREAMS.map(bytes_of);
    let snapshot = sound(&[&first[..], &second].concat());
    assert_eq!(snapshot.host.hostname, "db01.example.com");
    assert_eq!(text(&snapshot, "/etc/fstab"), Some("/dev/sda1 / xfs defaults 0 0\n"));
    // In the second stream.
    assert_eq!(snapshot.taken_at, "2026-11-05T01:12:00Z".parse::<Timestamp>().unwrap());
    // Never a part for the whole, and no byte is taken for another.
    for bytes in [&first[..], &second, &[&first[..], &second[..100]].concat()] {
        assert!(import(bytes, &Limits::default()).is_err());
    }
    let whole = [first, second].concat();
    for at in 0..whole.len() {
        let mut bent = whole.clone();
        bent[at] ^= 0x10;
        match import(&bent, &Limits::default()) {
            // Padding bits are looked at by nobody.
            Ok(read) => assert_eq!(read, snapshot, "{at}"),
            Err(error) => assert!(!matches!(error, ArchiveError::Broken), "{at}"),
        }
    }
}

#[test]
fn the_same_parsers_read_it_and_secrets_are_masked() {
    let snapshot = sound(&tar_of("a/", |_| {}));
    let facts: Facts = derive(&snapshot);
    assert_eq!(facts.value("services.failed"), Some(&json!(["a.service"])));
    assert_eq!(facts.value("fs.usage").unwrap()[0]["used_pct"], 90.0);
    assert_eq!(facts.value("memory.total_kib"), Some(&json!(1000)));
    assert_eq!(facts.value("logging.journal_persistent"), Some(&json!(false)));
    // No output tells the epoch, so no fact does.
    assert_eq!(
        facts.value("packages.evr"),
        Some(&json!({"openssl-libs": ["3.0.7-27.el9.x86_64"]}))
    );
    // The table of the only process stands for /proc/net.
    assert!(text(&snapshot, "/proc/net/dev").is_some());
    let repo = text(&snapshot, "/etc/yum.repos.d/a.repo").unwrap();
    assert!(repo.contains("가림") && !repo.contains("hunter2"), "{repo}");
    assert_eq!(snapshot.masked.values().sum::<u64>(), 1);
    // The accounts file itself does not travel, nor the machine id.
    let document = String::from_utf8(snapshot.to_document()).unwrap();
    assert!(!document.contains("0123456789abcdef0123456789abcdef"));
    assert!(text(&snapshot, "/etc/passwd").is_none());
    assert_eq!(facts.value("accounts.uid_zero"), Some(&json!(["root"])));
}

#[test]
fn sysstats_day_reports_are_the_hours_before() {
    let report = |date: &str, busy: &str| {
        format!(
            "Linux 5.14.0 (db01) \t{date} \t_x86_64_\t(2 CPU)\n\n\
             00:00:00  CPU  %usr  %nice  %sys  %iowait  %steal  %idle\n\
             00:10:00  all  {busy}  0.00  0.00  0.00  0.00  70.00\n\
             00:20:00  all  {busy}  0.00  0.00  0.00  0.00  70.00\n\
             03:20:00  all  {busy}  0.00  0.00  0.00  0.00  70.00\n"
        )
    };
    let with = |files: &[(&str, String)]| {
        let archive = tar_of("a/", |builder| {
            for (name, text) in files {
                let mut header = header(EntryType::Regular, text.len() as u64);
                builder.append_data(&mut header, format!("a/{name}"), text.as_bytes()).unwrap();
            }
        });
        derive(&sound(&archive))
    };
    let facts = with(&[
        ("var/log/sa/sar04", report("2026-11-04", "30.00")),
        ("sos_commands/sar/sar03", report("2026-11-03", "30.00")),
        // Left over from the month before last.
        ("var/log/sa/sar30", report("2026-08-30", "30.00")),
    ]);
    assert_eq!(facts.value("resources.source"), Some(&json!("sysstat")));
    assert_eq!(facts.value("resources.history_hours"), Some(&json!(4)));
    assert_eq!(facts.value("resources.cpu_p95_pct"), Some(&json!(30.0)));
    let gaps = facts.value("resources.gaps").unwrap().as_array().unwrap();
    assert_eq!(
        gaps.iter().map(|gap| gap["hours"].as_u64()).collect::<Vec<_>>(),
        [Some(2), Some(20), Some(2)]
    );
    let facts = with(&[("var/log/sa/sar04", "no report\n".to_owned())]);
    assert_eq!(facts.missing["resources.cpu_p95_pct"].reason, carepack_shared::Unseen::Absent);
}

#[test]
fn what_an_archive_lacks_is_unknown_and_never_an_answer() {
    let facts = derive(&sound(&tar_of("a/", |_| {})));
    // On a host these three are answered by "it is not there".
    for key in ["sshd.present", "block.md", "time.servers", "sshd.settings", "logs.count"] {
        assert!(facts.missing.contains_key(key), "{key}: {:?}", facts.value(key));
    }
    // Without shadow nobody knows who needs no password.
    assert!(facts.missing.contains_key("accounts.empty_password"));
}

#[test]
fn the_logs_of_products_are_counted_with_it() {
    let archive = tar_of("a/", |builder| {
        for (name, text) in [
            ("var/log/messages", "Nov  4 01:12:00 db01 systemd: started\n"),
            (
                "var/log/httpd/ssl_error_log",
                "[Wed Nov 04 01:12:00.1 2026] [proxy:error] [pid 7] AH01114: HTTP: failed\n",
            ),
            (
                "opt/tomcat/logs/catalina.out",
                "04-Nov-2026 01:12:00.1 SEVERE [main] a.b.c x\n\
                 java.lang.OutOfMemoryError: x\n\tat a.OutOfMemoryError.b(C.java:1)\n",
            ),
            (
                "opt/tomcat/logs/catalina.2026-11-04.log",
                "04-Nov-2026 01:12:00.1 SEVERE [m] a.b c\n",
            ),
            ("var/log/mysqld.log-20251101", "2025-10-04T01:12:00.1Z 0 [ERROR] [MY-1] [Server] x\n"),
        ] {
            let mut header = header(EntryType::Regular, text.len() as u64);
            builder.append_data(&mut header, format!("a/{name}"), text.as_bytes()).unwrap();
        }
    });
    let facts = derive(&sound(&archive));
    let count = facts.value("logs.count").unwrap();
    let expected = json!({"httpd.proxy_error": 1, "java.out_of_memory": 1, "tomcat.severe": 1});
    assert_eq!(*count, expected);
    assert_eq!(facts.value("logs.window").unwrap()["lines"], 5);
    assert_eq!(*facts.value("logs.errors").unwrap(), 3);
}

#[test]
fn the_system_log_is_counted_and_masked() {
    let killed = "kernel: Out of memory: Killed process 811 (java), UID 48";
    let old = format!("Dec 30 23:59:59 db01 {killed}\nnonsense\n\x1b[31m\n");
    let new = format!(
        "Nov  4 01:12:00 db01 {killed}\nNov  4 01:12:01 db01 kernel: [12.5] usb 1-1: new\n\
         2026-11-05T00:30:00+00:00 db01 {killed}\n\
         Nov  4 02:00:00 db01 app[7]: kernel: Out of memory: Killed process 1 password=hunter2hunter2\n"
    );
    let rotated = format!("Oct 20 10:00:00 db01 {killed}\n");
    let log = |top: &str| {
        tar_of(top, |builder| {
            for (name, text) in [
                ("var/log/messages", new.as_str()),
                ("var/log/messages-20261025", rotated.as_str()),
                ("var/log/messages-20260101", old.as_str()),
                ("var/log/messages.gz", "packed"),
            ] {
                let mut header = header(EntryType::Regular, text.len() as u64);
                builder.append_data(&mut header, format!("{top}{name}"), text.as_bytes()).unwrap();
            }
        })
    };
    let snapshot = sound(&log("a/"));
    let facts = derive(&snapshot);
    // Twice now and once in a rotated file; last year's is before the look-back.
    assert_eq!(facts.value("logs.count").unwrap()["kernel.oom_kill"], 3);
    let window = facts.value("logs.window").unwrap();
    assert_eq!((&window["lines"], &window["truncated"]), (&json!(5), &json!(false)));
    let scan = snapshot.observations.iter().find(|o| o.source.key() == "log:messages").unwrap();
    let patterns = scan.json().unwrap()["patterns"].as_array().unwrap();
    let oom = patterns.iter().find(|pattern| pattern["id"] == "kernel.oom_kill").unwrap();
    assert_eq!(oom["days"], json!({"2026-10-20": 1, "2026-11-04": 1, "2026-11-05": 1}));
    let document = String::from_utf8(snapshot.to_document()).unwrap();
    assert!(!document.contains("hunter2"));
    // A log longer than its cap says so.
    let limits = Limits { log_bytes_max: 60, ..Limits::default() };
    let cut = derive(&import(&log("a/"), &limits).unwrap());
    assert_eq!(cut.value("logs.window").unwrap()["truncated"], true);
    // Of chosen lines nothing can be counted.
    let mut builder = Builder::new(Vec::new());
    let file = EntryType::Regular;
    raw(&mut builder, file, b"a/var/log/messages", b"", new.as_bytes());
    raw(
        &mut builder,
        file,
        b"a/insights_commands/date_--utc",
        b"",
        b"Thu Nov  5 01:12:00 UTC 2026",
    );
    let chosen = derive(&sound(&builder.into_inner().unwrap()));
    assert!(chosen.missing.contains_key("logs.count"));
}

#[test]
fn hostile_names_are_passed_over() {
    let bytes = tar_of("a/", |builder| {
        let file = EntryType::Regular;
        raw(builder, file, b"../../../../tmp/carepack-escaped", b"", b"x");
        raw(builder, file, b"/tmp/carepack-escaped", b"", b"x");
        raw(builder, file, b"a/../etc/fstab", b"", b"evil / xfs defaults 0 0\n");
        raw(builder, file, b"a/etc/\xff\xfe", b"", b"x");
        raw(builder, file, b"a/etc/fstab/under", b"", b"a file named as a folder");
        raw(builder, EntryType::Fifo, b"a/proc/stat", b"", b"");
        raw(builder, EntryType::Char, b"a/proc/swaps", b"", b"");
        raw(builder, EntryType::Block, b"a/etc/hosts", b"", b"");
        raw(builder, EntryType::Link, b"a/etc/crontab", b"/etc/shadow", b"");
        raw(builder, EntryType::Symlink, b"a/etc/profile", b"/etc/profile", b"");
        raw(builder, EntryType::Symlink, b"a/etc/resolv.conf", b"../../../../../etc/passwd", b"");
        raw(builder, EntryType::Symlink, b"a/etc/kdump.conf", b"kdump.conf", b"");
        raw(builder, EntryType::Symlink, b"a/loop", b"loop2/x", b"");
        raw(builder, EntryType::Symlink, b"a/loop2", b"loop", b"");
    });
    let (_folder, path) = kept(&bytes);
    let imported = read(&path, &Limits::default(), None).unwrap();
    assert_eq!(imported.refused, 3);
    let snapshot = imported.snapshot;
    assert_eq!(text(&snapshot, "/etc/fstab"), Some(SOS[1].1));
    let taken: Vec<String> = snapshot.observations.iter().map(|o| o.source.key()).collect();
    for key in [
        "/proc/stat",
        "/proc/swaps",
        "/etc/hosts",
        "/etc/crontab",
        "/etc/profile",
        "/etc/kdump.conf",
    ] {
        assert!(!taken.iter().any(|taken| taken == key), "{key}");
    }
    // A link that climbs out ends at the archive's own top, never at this machine's.
    let resolv = text(&snapshot, "/etc/resolv.conf");
    assert!(resolv.is_none_or(|text| text.contains("/home/ops")), "{resolv:?}");
    assert!(!Path::new("/tmp/carepack-escaped").exists());
}

#[test]
fn long_names_are_joined_and_capped() {
    let long = format!("{}etc/hosts", "x/".repeat(80));
    let bytes = tar_of("a/", |builder| {
        let mut header = header(EntryType::Regular, 1);
        builder.append_data(&mut header, &long, b"x".as_slice()).unwrap();
    });
    sound(&bytes);
    for kind in [EntryType::GNULongName, EntryType::GNULongLink] {
        let bytes = tar_of("a/", |builder| {
            raw(builder, kind, b"././@LongLink", b"", &vec![b'n'; 5_000_000]);
        });
        assert!(matches!(import(&bytes, &Limits::default()), Err(ArchiveError::Name { .. })));
    }
    let record = format!("6000010 path={}\n", "p".repeat(6_000_000 - 5));
    let bytes = tar_of("a/", |builder| {
        raw(builder, EntryType::XHeader, b"pax", b"", record.as_bytes());
    });
    assert!(matches!(import(&bytes, &Limits::default()), Err(ArchiveError::Name { .. })));
}

#[test]
fn a_length_said_twice_and_differently_is_refused() {
    let check = |record: &str, refused: bool| {
        let bytes = tar_of("a/", |builder| {
            raw(builder, EntryType::XHeader, b"pax", b"", record.as_bytes());
            raw(builder, EntryType::Regular, b"a/x", b"", b"12345");
        });
        let result = import(&bytes, &Limits::default());
        assert_eq!(matches!(result, Err(ArchiveError::Ambiguous { .. })), refused, "{record}");
    };
    check("10 size=5\n", false);
    check("12 size=512\n", true);
    check("10 size=x\n", true);
}

#[test]
fn bombs_stop_at_their_caps() {
    // An entry of 4 GiB, of which 256 MiB are there: 260 KB of gzip, 40 KB of xz.
    let length: u64 = 4 << 30;
    let mut start = Builder::new(Vec::new());
    raw(&mut start, EntryType::Regular, b"a/sos_commands/process/ps_auxwww", b"", b"");
    let mut head = start.get_ref().clone();
    let mut sized = header(EntryType::Regular, length);
    sized.set_path("a/etc/fstab").unwrap();
    sized.set_cksum();
    head.extend_from_slice(sized.as_bytes());
    let bomb = || Cursor::new(head.clone()).chain(std::io::repeat(0).take(256 << 20));
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::copy(&mut bomb(), &mut gz).unwrap();
    for bytes in [gz.finish().unwrap(), xz(bomb())] {
        assert!(bytes.len() < 4 << 20, "{}", bytes.len());
        let error = import(&bytes, &Limits::default()).unwrap_err();
        assert!(matches!(error, ArchiveError::Ratio { .. }), "{error}");
    }
    let plain = tar_of("a/", |_| {});
    let limits = Limits { unpacked_bytes_max: 4096, ..Limits::default() };
    assert!(matches!(import(&plain, &limits), Err(ArchiveError::Unpacked { .. })));
    let limits = Limits { kept_bytes_max: 100, ..Limits::default() };
    assert!(matches!(import(&plain, &limits), Err(ArchiveError::Kept { .. })));
}

#[test]
fn a_million_entries_stop_at_the_cap() {
    let mut entry = header(EntryType::Regular, 0);
    entry.set_path("a/etc/sysctl.d/x.conf").unwrap();
    entry.set_cksum();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..1_000_000 {
        gz.write_all(entry.as_bytes()).unwrap();
    }
    let limits = Limits { ratio_max: u64::MAX, ..Limits::default() };
    let error = import(&gz.finish().unwrap(), &limits).unwrap_err();
    assert!(matches!(error, ArchiveError::Entries { .. }), "{error}");
    let links = tar_of("a/", |builder| {
        for number in 0..50 {
            raw(builder, EntryType::Symlink, format!("a/{number}").as_bytes(), b"x", b"");
        }
    });
    let limits = Limits { links_max: 49, ..Limits::default() };
    assert!(matches!(import(&links, &limits), Err(ArchiveError::Links { .. })));
}

#[test]
fn a_cut_archive_is_refused_whole() {
    let plain = tar_of("a/", |_| {});
    for packed in [plain.clone(), gzip(&plain), xz(plain.as_slice())] {
        let step = (packed.len() / 40).max(1);
        // The padding after the end mark of a plain tar says nothing.
        let end = if packed == plain { packed.len() - 1024 } else { packed.len() };
        for length in (1..end).step_by(step) {
            assert!(
                import(&packed[..length], &Limits::default()).is_err(),
                "cut at {length} of {}",
                packed.len()
            );
        }
    }
}

#[test]
fn flipped_bytes_never_panic() {
    let plain = tar_of("a/", |_| {});
    let packed = xz(plain.as_slice());
    for at in (0..packed.len()).step_by(7) {
        let mut bent = packed.clone();
        bent[at] ^= 0x41;
        let result = import(&bent, &Limits::default());
        assert!(!matches!(result, Err(ArchiveError::Broken)), "byte {at} made the decoder panic");
    }
    for at in (0..plain.len()).step_by(97) {
        let mut bent = plain.clone();
        bent[at] ^= 0x41;
        let result = import(&bent, &Limits::default());
        assert!(!matches!(result, Err(ArchiveError::Broken)), "byte {at} made the reader panic");
    }
}

#[test]
fn what_is_no_archive_says_so() {
    let check = |bytes: &[u8], expected: &str| {
        let error = import(bytes, &Limits::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(b"", "not a tar archive");
    check(b"PK\x03\x04 a zip", "not a tar archive");
    check(&gzip(b"no tar at all"), "cut short");
    let mut builder = Builder::new(Vec::new());
    raw(&mut builder, EntryType::Regular, b"a/etc/fstab", b"", b"x");
    check(&builder.into_inner().unwrap(), "no sosreport");
    let (folder, path) = kept(b"x");
    let fifo = folder.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR).unwrap();
    assert!(matches!(read(&fifo, &Limits::default(), None), Err(ArchiveError::Kind { .. })));
    assert!(read(&path.join("none"), &Limits::default(), None).is_err());
}

#[test]
fn a_hostile_folder_is_read_without_following_it() {
    let folder = tempfile::tempdir().unwrap();
    unpacked(folder.path());
    let top = folder.path();
    std::os::unix::fs::symlink("/etc/hosts", top.join("etc/hosts")).unwrap();
    std::os::unix::fs::symlink("/etc", top.join("etc/cron.d")).unwrap();
    nix::unistd::mkfifo(&top.join("etc/profile"), nix::sys::stat::Mode::S_IRUSR).unwrap();
    let snapshot = read(top, &Limits::default(), None).unwrap().snapshot;
    let clean = sound(&tar_of("a/", |_| {}));
    let keys = |list: &[Observation]| list.iter().map(|o| o.source.key()).collect::<Vec<_>>();
    assert_eq!(keys(&snapshot.observations), keys(&clean.observations));
}

#[test]
fn an_archive_without_a_date_asks_for_one() {
    let folder = tempfile::tempdir().unwrap();
    unpacked(folder.path());
    std::fs::remove_file(folder.path().join("sos_commands/date/date_--utc")).unwrap();
    let limits = Limits::default();
    let error = read(folder.path(), &limits, None).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("--taken-at"), "{error}");
    let at: Timestamp = "2026-11-05T00:00:00Z".parse().unwrap();
    assert_eq!(read(folder.path(), &limits, Some(at)).unwrap().snapshot.taken_at, at);
}
