//! A host with 50,000 processes and a folder of 500,000 files behind every door that lists one: the
//! deadline, the unit's memory and the document's limit hold, and what was left out is said.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carepack_agent::config::Config;
use carepack_agent::host::{Host, Meter};
use carepack_agent::probes::execute::Memory;
use carepack_agent::snapshot::{Take, take};
use carepack_shared::{Content, Outcome, Reason, Snapshot, Unseen};
use serde_json::Value;

const PROCESSES: u32 = 50_000;
const FILES: usize = 500_000;
/// ext4 has room for 65,000 names of one file.
const NAMES_OF_ONE: usize = 50_000;
/// `MemoryMax=` of carepack-collect.service.
const UNIT_KIB: u64 = 192 * 1024;
/// A tenth of the wire's limit.
const DOCUMENT_BYTES: usize = 1_600 * 1024;

/// Folders that some probe lists.
const DOORS: [&str; 17] = [
    "etc/cron.d",
    "etc/httpd/conf.d",
    "etc/modprobe.d",
    "etc/my.cnf.d",
    "etc/pki/entitlement",
    "etc/profile.d",
    "etc/rsyslog.d",
    "etc/security/limits.d",
    "etc/ssh/sshd_config.d",
    "etc/sudoers.d",
    "etc/sysctl.d",
    "etc/systemd/system",
    "etc/yum.repos.d",
    "home",
    "var/lib/pacemaker/pengine",
    "var/log/httpd",
    "var/log/tomcat",
];
const SUFFIXES: [&str; 7] = ["conf", "log", "pem", "repo", "service", "log.gz", "bz2"];

/// One kind of process; its files are shared by all processes of the kind.
struct Kind {
    name: String,
    cmdline: Vec<u8>,
}

/// Ninety-six programs, two thirds of the processes products: Java with a class path of 16 KiB,
/// httpd, mysqld.
fn kinds() -> Vec<Kind> {
    let java = |at: usize| {
        let class_path = format!("/opt/app{at}/lib/library.jar:").repeat(600);
        format!(
            "/usr/bin/java\0-Xmx{at}m\0-cp\0{class_path}\0org.apache.catalina.startup.Bootstrap\0start\0"
        )
    };
    (0..96)
        .map(|at| match at % 6 {
            0 | 1 => Kind { name: "java".to_owned(), cmdline: java(at).into_bytes() },
            2 => Kind {
                name: "httpd".to_owned(),
                cmdline: b"/usr/sbin/httpd\0-DFOREGROUND\0".into(),
            },
            3 => Kind {
                name: "mysqld".to_owned(),
                cmdline: b"/usr/sbin/mysqld\0--user=mysql\0".into(),
            },
            _ => Kind { name: format!("program-{at}"), cmdline: format!("program-{at}\0").into() },
        })
        .collect()
}

fn put(path: &Path, content: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, content).expect("written");
}

fn processes(root: &Path) {
    let kinds = kinds();
    let maps = "7f0000000000-7f0000001000 r-xp 00000000 08:01 9 /usr/lib64/libc.so.6 (deleted)\n";
    for (at, kind) in kinds.iter().enumerate() {
        let files: [(&str, Vec<u8>); 5] = [
            (
                "stat",
                format!(
                    "7 ({}) S 1 7 7 0 -1 0 0 0 0 0 {at} 50 0 0 20 0 3 0 900 4096 {at} 1844",
                    kind.name
                )
                .into(),
            ),
            ("status", b"Name:\tx\nUid:\t48\t48\t48\t48\nVmRSS:\t100 kB\n".to_vec()),
            ("cgroup", format!("0::/system.slice/unit-{at}.service\n").into()),
            ("maps", maps.repeat(100).into()),
            ("cmdline", kind.cmdline.clone()),
        ];
        for (name, content) in files {
            put(&root.join(format!("kinds/{at}/{name}")), content);
        }
    }
    for pid in 1..=PROCESSES {
        let folder = root.join(format!("proc/{pid}"));
        std::fs::create_dir_all(&folder).expect("made");
        let kind = root.join(format!("kinds/{}", pid as usize % kinds.len()));
        for name in ["stat", "status", "cgroup", "maps", "cmdline"] {
            std::fs::hard_link(kind.join(name), folder.join(name)).expect("linked");
        }
    }
}

fn files(root: &Path) {
    let crowd = root.join("var/crowd");
    std::fs::create_dir_all(&crowd).expect("made");
    let mut first = crowd.join("none");
    for at in 0..FILES {
        let path = crowd.join(format!("{at:06}.{}", SUFFIXES[at % SUFFIXES.len()]));
        if at % NAMES_OF_ONE == 0 {
            put(&path, "Nov  4 01:12:00 a kernel: Out of memory: Killed process 7 (x)\n");
            first = path;
        } else {
            std::fs::hard_link(&first, path).expect("linked");
        }
    }
    for door in DOORS {
        let door = root.join(door);
        std::fs::create_dir_all(door.parent().expect("a folder")).expect("made");
        symlink(&crowd, door).expect("linked");
    }
}

fn survey<'a>(snapshot: &'a Snapshot, key: &str) -> &'a Value {
    let found = snapshot.observations.iter().find(|one| one.source.key() == key);
    match &found.unwrap_or_else(|| panic!("no {key}")).outcome {
        Outcome::Seen { content: Content::Json(value), .. } => value,
        other => panic!("{key}: {other:?}"),
    }
}

#[test]
fn a_crowded_host_is_seen_within_every_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    processes(root);
    files(root);
    put(&root.join("proc/uptime"), "100000.00 1.00\n");
    put(&root.join("proc/self/mountinfo"), "24 1 8:1 / / rw,relatime - ext4 /dev/vda rw\n");
    put(&root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n");
    put(&root.join("etc/group"), "root:x:0:\n");
    let config = Config::default();
    let before_kib = Meter::peak_kib();
    let started = Instant::now();
    let request = Take {
        reason: Reason::OnDemand,
        period: None,
        host_id: None,
        memory: Memory::default(),
        policy: config.policy(),
        mask_key: b"key".to_vec(),
        mode: config.privacy.mode,
        namer: None,
        deadline: config.deadline(),
    };
    let snapshot = take(&Arc::new(Host::under(root)), request).expect("taken").snapshot;
    let took = started.elapsed();
    let document = snapshot.to_document();
    let peak_kib = Meter::peak_kib();
    println!(
        "{took:?}, {} ms CPU, {before_kib} -> {peak_kib} KiB, {} bytes",
        snapshot.agent.cpu_ms,
        document.len()
    );
    for one in &snapshot.observations {
        if one.took_ms > 500
            || matches!(&one.outcome, Outcome::Unseen { reason, .. } if !matches!(reason, Unseen::Absent))
        {
            println!(
                "{:8} ms {} {:.200}",
                one.took_ms,
                one.source.key(),
                format!("{:?}", one.outcome)
            );
        }
    }
    assert!(took < config.deadline() + Duration::from_secs(5), "{took:?}");
    assert!(peak_kib < UNIT_KIB, "{peak_kib} KiB");
    assert!(document.len() < DOCUMENT_BYTES, "{} bytes", document.len());
    assert_eq!(survey(&snapshot, "survey:processes")["total"], PROCESSES);
    assert_eq!(survey(&snapshot, "survey:file-tree")["complete"], false);
    assert_eq!(survey(&snapshot, "survey:stale-processes")["cut"], true);
    assert_eq!(survey(&snapshot, "survey:daemons").as_array().map(Vec::len), Some(200));
}
