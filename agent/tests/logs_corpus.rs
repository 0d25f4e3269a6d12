//! The patterns on real logs that nobody here wrote: what the corpus says is in them is counted.
//!
//! The corpus is read through `CAREPACK_CORPUS` (default `../shared/corpus`); where it is absent
//! the tests say that they are skipped. Its counts are lines by regular expression; where ours
//! differ, the case says why.

use std::collections::BTreeMap;
use std::path::PathBuf;

use carepack_agent::logs::{Format, digest};
use jiff::tz::TimeZone;
use serde_json::Value;

fn corpus() -> Option<PathBuf> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let corpus = std::env::var_os("CAREPACK_CORPUS")
        .map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
    // A worktree lies one folder deeper.
    let corpus = [corpus, root.join("../../shared/corpus")].into_iter().find(|path| path.is_dir());
    if corpus.is_none() {
        println!("skipped: no corpus");
    }
    Some(corpus?.join("evidence"))
}

/// The counts of one file by pattern, and its lines.
fn counts(evidence: &std::path::Path, file: &str) -> (BTreeMap<String, i64>, Value) {
    let text = std::fs::read(evidence.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let now = "2026-11-05T00:00:00Z".parse().unwrap();
    let system = file.starts_with("os-logs") || file.starts_with("drbd");
    let stamped = |line: &[u8]| line.len() > 16 && line[9] == b':' && line[12] == b':';
    let syslog = text.split(|&byte| byte == b'\n').any(stamped) || file.contains("drbd9");
    let format = match (system, syslog) {
        (false, _) => Format::Plain { program: "app" },
        (true, true) => Format::Syslog,
        // The ring buffer's text, or a report cut out of it.
        (true, false) => Format::Kernel { boot: None },
    };
    let told = Value::Object(digest(&text, format, now, &TimeZone::UTC));
    let list = told["patterns"].as_array().unwrap();
    let count =
        |one: &Value| (one["id"].as_str().unwrap().to_owned(), one["count"].as_i64().unwrap());
    (list.iter().map(count).collect(), told)
}

/// Every count of every file, all faults told at once.
fn check(cases: &[(&str, &[(&str, i64)])]) {
    let Some(evidence) = corpus() else { return };
    let mut faults = Vec::new();
    for (file, expected) in cases {
        let (counts, _) = counts(&evidence, file);
        for (id, wanted) in *expected {
            let seen = counts.get(*id).copied().unwrap_or(0);
            if seen != *wanted {
                faults.push(format!("{file}: {id}: wanted {wanted}, counted {seen}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn kernel_and_system_logs() {
    check(&[
        (
            "os-logs/NickSalacious+LinuxErrors/journalctl.txt",
            // session_su_root=14 counts sudo's and cron's sessions too; systemd_failed as given.
            &[
                ("kernel.soft_lockup", 10),
                ("kernel.rcu_stall", 1),
                ("kernel.link_down", 1),
                ("kernel.call_trace", 13),
                ("systemd.unit_failed", 11),
            ],
        ),
        (
            "os-logs/diapason-consulting+crash-logs/Log12-12.txt",
            &[
                ("kernel.oom_kill", 1),
                ("kernel.oom_invoked", 1),
                ("kernel.link_down", 1),
                ("kernel.call_trace", 1),
                ("systemd.unit_failed", 8),
                ("systemd.start_failed", 6),
            ],
        ),
        (
            "os-logs/diapason-consulting+crash-logs/log12-06.txt",
            &[
                ("kernel.oom_kill", 1),
                ("kernel.oom_invoked", 1),
                ("kernel.link_down", 3),
                ("kernel.call_trace", 1),
                ("systemd.unit_failed", 10),
                ("systemd.start_failed", 7),
            ],
        ),
        ("os-logs/diapason-consulting+crash-logs/dmesg.txt", &[("kernel.link_down", 1)]),
        (
            "os-logs/windxrunner+crash_dmesg/vmcore-dmesg.txt",
            &[
                ("kernel.soft_lockup", 32),
                ("kernel.call_trace", 84),
                ("kernel.page_alloc_failure", 4),
            ],
        ),
        ("os-logs/skomra+logs/vmcore-dmesg.txt", &[("kernel.call_trace", 3)]),
        (
            "os-logs/clu6+supermicro/dmesg.txt",
            &[("kernel.call_trace", 0), ("kernel.io_error", 0), ("kernel.mce", 0)],
        ),
    ]);
}

#[test]
fn public_excerpts() {
    check(&[
        (
            "os-logs/public-excerpts/bond_all_slaves_down.dmesg",
            &[
                ("kernel.bond_slave_down", 3),
                ("network.bond_down", 1),
                ("network.bond_failover", 1),
            ],
        ),
        (
            "os-logs/public-excerpts/chrony_time_jump_rhel_like.log",
            &[("kernel.time_jump", 1), ("chrony.lost_source", 1)],
        ),
        // The same incident: three requests and the buffers and pages that they carried.
        (
            "os-logs/public-excerpts/disk_gone_ext4.dmesg",
            &[("kernel.ext4_error", 2), ("kernel.io_error", 5), ("storage.scsi_sense", 6)],
        ),
        (
            "os-logs/public-excerpts/edac_ce_hisilicon_intel.log",
            &[("kernel.edac", 1), ("kernel.mce", 1)],
        ),
        // Eight failing paths, one map without any left, three that found none.
        (
            "os-logs/public-excerpts/multipath_all_paths_lost.log",
            &[("storage.multipath_paths", 8), ("kernel.multipath_failed", 12)],
        ),
        ("drbd/public-excerpts/pingack_seven_resources.dmesg", &[("drbd.peer_lost", 7)]),
        ("drbd/public-excerpts/split_brain_84_node1.messages", &[("drbd.split_brain", 1)]),
        ("drbd/public-excerpts/split_brain_8411_full_handshake.dmesg", &[("drbd.split_brain", 1)]),
        // A healthy attach and connect.
        (
            "drbd/public-excerpts/drbd9_connect_no_sync.messages",
            &[
                ("drbd.split_brain", 0),
                ("drbd.peer_lost", 0),
                ("drbd.standalone", 0),
                ("drbd.io_error", 0),
            ],
        ),
    ]);
}

#[test]
fn logins() {
    check(&[
        (
            "os-logs/panxiang-pacey+analyze_log/secure",
            // ssh_failed_pw=4737 counts passwords; ten lines more are of other methods.
            &[
                ("auth.ssh_failed", 4747),
                ("auth.ssh_invalid_user", 257),
                ("auth.pam_failure", 1870),
                // 707 are the rest of auth_failure=2577, as many are told as attempts exceeded.
                ("auth.ssh_brute_force", 1427),
            ],
        ),
        ("os-logs/loghub-Linux/Linux/Linux_2k.log", &[("auth.pam_failure", 490)]),
    ]);
}

#[test]
fn product_logs() {
    check(&[
        ("httpd/loghub-Apache/Apache/Apache_2k.log", &[("httpd.mod_jk_error", 551)]),
        (
            "mysql/MrZhengJ+mysql-log/mysqld.log",
            &[("mysql.error", 74), ("mysql.started", 31), ("mysql.crash_recovery", 5)],
        ),
        (
            "mysql/15721998332+test/mysqld.log",
            &[("mysql.error", 57), ("mysql.started", 10), ("mysql.crash_recovery", 3)],
        ),
        (
            "mysql/mcruzv10+logs/mysqld.log",
            &[("mysql.aborted_connection", 5631), ("mysql.started", 5)],
        ),
        (
            "mysql/panxiang-pacey+analyze_log/mysqld.log",
            &[("mysql.aborted_connection", 3), ("mysql.started", 1)],
        ),
        ("mysql/percona-errlogs/errlog001.txt", &[("mysql.error", 5), ("mysql.started", 3)]),
        ("mysql/percona-errlogs/errlog003.txt", &[("mysql.error", 2), ("mysql.replication", 1)]),
        ("mysql/percona-errlogs/errlog004.txt", &[("mysql.crash", 1), ("mysql.innodb_corrupt", 1)]),
        ("mysql/percona-errlogs/errlog008.txt", &[("mysql.crash", 1), ("mysql.innodb_corrupt", 1)]),
        ("jboss/davidjeremias+jboss-eap-6.4/standalone/log/server.log", &[("jboss.error", 3650)]),
        (
            "jboss/davidjeremias+jboss-eap-6.4/standalone/log/server.log.2018-11-14",
            &[("jboss.error", 23)],
        ),
        (
            "jboss/davidjeremias+jboss-eap-6.4/standalone/log/server.log.2018-12-07",
            &[("jboss.error", 75)],
        ),
    ]);
}

/// Every file whose counts the corpus gives by a word that is one of our patterns.
#[test]
fn every_known_count() {
    /// Their word, our patterns, whose counts are added.
    const SAME: [(&str, &[&str]); 17] = [
        ("soft_lockup", &["kernel.soft_lockup"]),
        ("hung_task", &["kernel.hung_task"]),
        ("oom_kills", &["kernel.oom_kill"]),
        ("oom_invocations", &["kernel.oom_invoked"]),
        ("page_alloc_fail", &["kernel.page_alloc_failure"]),
        ("call_trace", &["kernel.call_trace"]),
        ("kernel_panic", &["kernel.panic"]),
        ("nic_down", &["kernel.link_down"]),
        ("ssh_invalid_user", &["auth.ssh_invalid_user"]),
        ("chrony_no_source", &["chrony.lost_source"]),
        ("avc_denied", &["selinux.denied"]),
        ("systemd_failed", &["systemd.unit_failed", "systemd.start_failed"]),
        ("tomcat_severe", &["tomcat.severe"]),
        ("tomcat_leak", &["tomcat.leak"]),
        ("tomcat_started_ms", &["tomcat.started"]),
        ("jboss_ERROR", &["jboss.error"]),
        ("mysql_aborted_conn", &["mysql.aborted_connection"]),
    ];
    let Some(evidence) = corpus() else { return };
    let (mut checked, mut faults) = (0, Vec::new());
    for area in ["os-logs", "tomcat", "jboss", "mysql"] {
        let table = std::fs::read_to_string(evidence.join(area).join("README.tsv")).unwrap();
        for row in table.lines().skip(1) {
            let fields: Vec<&str> = row.split('\t').collect();
            let (file, facts) = (format!("{area}/{}", fields[0]), fields[5]);
            let known = facts.split("; ").filter_map(|fact| {
                let (word, rest) = fact.split_once('=')?;
                let count = rest.split(' ').next()?.parse::<i64>().ok()?;
                let (_, ids) = SAME.iter().find(|(theirs, _)| *theirs == word)?;
                Some((word, *ids, count))
            });
            let known: Vec<_> = known.collect();
            if known.is_empty() || DIFFERS.iter().any(|(part, _)| file.contains(part)) {
                continue;
            }
            let (counts, _) = counts(&evidence, &file);
            for (word, ids, wanted) in known {
                checked += 1;
                let seen: i64 = ids.iter().filter_map(|id| counts.get(*id)).sum();
                if seen != wanted {
                    faults.push(format!("{file}: {word}: wanted {wanted}, counted {seen}"));
                }
            }
        }
    }
    println!("{checked} counts checked");
    assert!(checked > 200, "{checked}");
    assert!(faults.is_empty(), "{} of {checked}:\n{}", faults.len(), faults.join("\n"));
}

/// Files that are left out, and why.
const DIFFERS: [(&str, &str); 5] = [
    (".csv", "templates of a log, no log"),
    ("fail2ban-logs", "lines of many programs in forms that are not rsyslog's"),
    ("conf/server.xml", "configuration, no log"),
    ("cybybchen+nfsmw", "the lines that name the checking method are counted there too"),
    ("loghub-Thunderbird", "a stamp of its own stands before each line"),
];
