//! Output of real hosts, file by file, against what the corpus says is in it. Whole host trees
//! are replayed through the agent in `carepack-tests`.
//!
//! The corpus is read through `CAREPACK_CORPUS` (default `../shared/corpus` beside the workspace);
//! where it is absent the tests say that they are skipped.

mod host;

use std::path::PathBuf;

use carepack_facts::{Facts, derive};
use serde_json::{Value, json};

/// A file of the corpus's evidence, or a word that it is not there.
fn file(path: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let corpus = std::env::var_os("CAREPACK_CORPUS").map_or_else(|| beside.into(), PathBuf::from);
    let path = corpus.join("evidence").join(path);
    match std::fs::read(&path) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            println!("skipped: no corpus at {}: {error}", path.display());
            None
        }
    }
}

/// The facts of one source.
fn facts(key: &str, text: &str) -> Facts {
    derive(&host::snapshot(vec![(key.to_owned(), host::seen_text(text))]))
}

fn check(source: &str, path: &str, expected: &[(&str, Value)]) {
    let Some(text) = file(path) else { return };
    let facts = facts(source, &text);
    for (key, value) in expected {
        assert_eq!(facts.value(key), Some(value), "{path}: {key}: {:?}", facts.missing.get(*key));
    }
}

#[test]
fn memory_of_three_hosts() {
    let check = |path: &str, expected: &[(&str, Value)]| check("/proc/meminfo", path, expected);
    check(
        "host-trees/rhcos-sosreport/proc/meminfo",
        &[
            ("memory.total_kib", json!(8_164_548)),
            ("memory.available_kib", json!(1_950_080)),
            ("swap.total_kib", json!(0)),
            ("swap.used_pct", json!(0.0)),
        ],
    );
    // More promised than the limit allows, which the corpus names as this host's fault.
    check(
        "host-trees/hotsos-vault/proc/meminfo",
        &[
            ("memory.committed_kib", json!(17_580_076)),
            ("memory.commit_limit_kib", json!(12_390_884)),
        ],
    );
    check(
        "rhel-cmd/jc/linux-proc/meminfo",
        &[("memory.available_kib", json!(3_386_876)), ("swap.used_kib", json!(0))],
    );
}

#[test]
fn units_as_another_parser_counted_them() {
    let (Some(list), Some(truth)) = (
        file("rhel-cmd/jc/centos-7.7/systemctl.out"),
        file("rhel-cmd/jc/centos-7.7/systemctl.json"),
    ) else {
        return;
    };
    let facts = facts("cmd:systemd-units", &list);
    let truth: Vec<Value> = serde_json::from_str(&truth).unwrap();
    let names = |list: &[Value], name: &str| {
        let mut names: Vec<String> =
            list.iter().map(|unit| unit[name].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let found = facts.value("services.units").unwrap().as_array().unwrap();
    assert_eq!(names(found, "name"), names(&truth, "unit"));
    assert_eq!(facts.value("services.failed"), Some(&json!([])));
}

#[test]
fn unit_files_as_another_parser_counted_them() {
    let (Some(list), Some(truth)) = (
        file("rhel-cmd/jc/centos-7.7/systemctl-luf.out"),
        file("rhel-cmd/jc/centos-7.7/systemctl-luf.json"),
    ) else {
        return;
    };
    let truth: Vec<Value> = serde_json::from_str(&truth).unwrap();
    let on = truth.iter().filter(|unit| unit["state"] == "enabled");
    let mut on: Vec<&str> = on.map(|unit| unit["unit_file"].as_str().unwrap()).collect();
    on.sort_unstable();
    let facts = facts("cmd:systemd-unit-files", &list);
    assert_eq!(facts.value("services.enabled"), Some(&json!(on)));
}

#[test]
fn failed_units_of_a_cluster_member() {
    check(
        "cmd:systemd-units",
        "host-trees/hotsos-vault/sos_commands/systemd/systemctl_list-units_--failed",
        &[(
            "services.failed",
            json!(["multipathd.socket", "openipmi.service", "systemd-remount-fs.service"]),
        )],
    );
}

/// Name, disks up, disks in all, failed members and progress of each array of a file.
fn arrays(path: &str, expected: &[(&str, i64, i64, &[&str], Value)]) {
    let Some(text) = file(path) else { return };
    let facts = facts("/proc/mdstat", &text);
    let found = facts.value("block.md").unwrap().as_array().unwrap().clone();
    let found: Vec<Value> = found
        .iter()
        .map(|md| json!([md["name"], md["disks_up"], md["disks_total"], md["failed"], md["sync"]]))
        .collect();
    let expected: Vec<Value> = expected
        .iter()
        .map(|(name, up, total, failed, sync)| json!([name, up, total, failed, sync]))
        .collect();
    assert_eq!(found, expected, "{path}");
}

#[test]
fn arrays_out_of_bug_reports() {
    let folder = "rhel-cmd/check_raid/mdstat/mdstat__";
    let check = |name: &str, expected: &[(&str, i64, i64, &[&str], Value)]| {
        arrays(&format!("{folder}{name}"), expected);
    };
    check("mdstat-none", &[]);
    // A spare that failed leaves the array whole.
    check("issue164", &[("md1", 5, 5, &["sdh1"], Value::Null), ("md0", 2, 2, &[], Value::Null)]);
    check("issue43__mdstat-rebuilt", &[("md0", 5, 6, &[], Value::Null)]);
    check("issue43__recovery", &[("md0", 4, 6, &[], json!("recovery 19.6%"))]);
    check(
        "pr77",
        &[("md1", 2, 2, &[], json!("resync DELAYED")), ("md0", 2, 2, &[], json!("check 6.4%"))],
    );
}

#[test]
fn settings_of_real_files() {
    check(
        "/etc/os-release",
        "rhel-cmd/leapp/os-release",
        &[("os.id", json!("rhel")), ("os.family", json!("rhel"))],
    );
    check(
        "/etc/chrony.conf",
        "host-trees/rhel83-ec2-rootfs/etc/chrony.conf",
        &[("time.servers", json!(["2.rhel.pool.ntp.org", "169.254.169.123"]))],
    );
    check(
        "/etc/tuned/active_profile",
        "host-trees/rhel83-ec2-rootfs/etc/tuned/active_profile",
        &[("tuned.profile", json!("virtual-guest"))],
    );
    let Some(text) = file("host-trees/centos6-rootfs/etc/ssh/sshd_config") else { return };
    let facts = facts("/etc/ssh/sshd_config", &text);
    assert_eq!(facts.value("sshd.settings").unwrap()["permitrootlogin"], "no");
}

#[test]
fn every_mount_of_a_real_table_is_read() {
    let Some(text) = file("rhel-cmd/jc/linux-proc/pid_mountinfo") else { return };
    let facts = facts("/proc/self/mountinfo", &text);
    let mounts = facts.value("fs.mounts").unwrap().as_array().unwrap();
    assert_eq!(mounts.len(), text.lines().count());
}

/// A sample of `metric{device="md0",state="active"} 2` out of an exporter's own expected output.
fn metric(text: &str, name: &str, labels: &str) -> Option<i64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(labels))?;
    line.trim().parse::<f64>().ok().map(|number| {
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers of disks and bytes")]
        let whole = number as i64;
        whole
    })
}

#[test]
fn arrays_as_node_exporter_counts_them() {
    let folder = "rhel-cmd/node_exporter-proc";
    let (Some(text), Some(truth)) =
        (file(&format!("{folder}/proc/mdstat")), file(&format!("{folder}/e2e-output.txt")))
    else {
        return;
    };
    let facts = facts("/proc/mdstat", &text);
    let arrays = facts.value("block.md").unwrap().as_array().unwrap();
    assert_eq!(arrays.len(), 17);
    for array in arrays {
        let name = array["name"].as_str().unwrap();
        let disks = |state| {
            let labels = format!("{{device=\"{name}\",state=\"{state}\"}}");
            metric(&truth, "node_md_disks", &labels)
        };
        assert_eq!(array["disks_up"].as_i64(), disks("active"), "{name}");
        assert_eq!(
            array["failed"].as_array().unwrap().len() as i64,
            disks("failed").unwrap(),
            "{name}"
        );
        let required = metric(&truth, "node_md_disks_required", &format!("{{device=\"{name}\"}}"));
        // What does not run requires nothing there; here its members stay counted.
        if array["state"] == "active" {
            assert_eq!(array["disks_total"].as_i64(), required, "{name}");
        }
    }
    // A firmware's container holds spares only and never runs: no fault.
    let container = arrays.iter().find(|array| array["name"] == "md219").unwrap();
    assert_eq!((&container["disks_total"], &container["state"]), (&json!(0), &json!("inactive")));
}

#[test]
fn kernel_tables_as_node_exporter_reads_them() {
    let folder = "rhel-cmd/node_exporter-proc/proc";
    let check = |source: &str, name: &str, expected: &[(&str, Value)]| {
        check(source, &format!("{folder}/{name}"), expected);
    };
    check(
        "/proc/loadavg",
        "loadavg",
        &[("load.avg1", json!(0.21)), ("load.avg5", json!(0.37)), ("load.avg15", json!(0.39))],
    );
    check("/proc/stat", "stat", &[("boot.time", json!(1_418_183_276))]);
    // 4294963200 bytes of swap, 3231088640 of them free.
    check(
        "/proc/meminfo",
        "meminfo",
        &[
            ("memory.total_kib", json!(3_831_959_552_i64 / 1024)),
            ("swap.total_kib", json!(4_294_963_200_i64 / 1024)),
            ("swap.used_kib", json!((4_294_963_200_i64 - 3_231_088_640) / 1024)),
        ],
    );
    check("/proc/net/netstat", "net/netstat", &[("net.listen_overflows", json!(0))]);
    // 227 of 54915039 segments.
    check("/proc/net/snmp", "net/snmp", &[("net.tcp_retrans_pct", json!(0.0))]);
}

#[test]
fn bonds_of_three_modes() {
    let bond = |name: &str, expected: Value| {
        let path = format!("rhel-cmd/insights-core/bond/{name}.txt");
        let Some(text) = file(&path) else { return };
        let facts = facts("/proc/net/bonding/bond0", &text);
        let bonds = facts.value("net.bonds").unwrap();
        let slaves: Vec<Value> = bonds[0]["slaves"]
            .as_array()
            .unwrap()
            .iter()
            .map(|slave| json!([slave["name"], slave["status"]]))
            .collect();
        assert_eq!(json!(slaves), expected, "{path}");
    };
    // "slave_interface == ['eno1', 'eno2']", both "mii_status == 'up'".
    bond("BONDINFO_1", json!([["eno1", "up"], ["eno2", "up"]]));
    bond("BONDINFO_MODE_7", json!([["em3", "up"], ["p2p3", "up"]]));
    bond("BOND_MODE_4", json!([["enp0s9", "up"], ["enp0s8", "down"]]));
    let Some(text) = file("rhel-cmd/insights-core/bond/BONDINFO_CORRUPT.txt") else { return };
    // "bond_obj.bond_mode is None": a bond without its members must not look sound.
    assert!(facts("/proc/net/bonding/bond0", &text).missing.contains_key("net.bonds"));
}

#[test]
fn sshd_settings_and_their_comments() {
    let folder = "rhel-cmd/insights-core/ssh";
    let settings = |name: &str, expected: &[(&str, Option<&str>)]| {
        let Some(text) = file(&format!("{folder}/{name}.txt")) else { return };
        let facts = facts("/etc/ssh/sshd_config", &text);
        let settings = facts.value("sshd.settings").unwrap();
        for (keyword, value) in expected {
            assert_eq!(settings[keyword].as_str(), *value, "{name}: {keyword}");
        }
    };
    settings(
        "SSHD_CONFIG_COMPLETE",
        &[
            ("usepam", Some("yes")),
            ("passwordauthentication", Some("yes")),
            ("x11forwarding", Some("yes")),
            ("syslogfacility", Some("AUTHPRIV")),
            // Tabs before a comment.
            ("useprivilegeseparation", Some("sandbox")),
            ("clientaliveinterval", None),
        ],
    );
    settings(
        "SSHD_CONFIG_INLINE_COMMENTS",
        &[
            ("port", Some("22")),
            ("hostkey", Some("/etc/ssh/ssh_host_rsa_key")),
            ("permitrootlogin", Some("no")),
        ],
    );
}

#[test]
fn settings_that_insights_core_reads() {
    let check = |source: &str, name: &str, expected: &[(&str, Value)]| {
        check(source, &format!("rhel-cmd/insights-core/{name}.txt"), expected);
    };
    check(
        "/etc/sysctl.conf",
        "sysctl_conf/SYSCTL_CONF_TEST1",
        &[(
            "sysctl.configured",
            json!({"kernel.domainname": "example.com", "kernel.modprobe": "/sbin/mod probe"}),
        )],
    );
    check(
        "/etc/chrony.conf",
        "system_time/CHRONY_CONF",
        &[(
            "time.servers",
            json!([
                "0.rhel.pool.ntp.org",
                "1.rhel.pool.ntp.org",
                "2.rhel.pool.ntp.org",
                "3.rhel.pool.ntp.org"
            ]),
        )],
    );
    // Tabs between the words; the undisciplined local clock is no server.
    check(
        "/etc/ntp.conf",
        "system_time/NTP_CONF_TAB",
        &[("time.servers", json!(["ntp1.inta.ok", "ntp2.inta.ok", "ntp3.inta.ok"]))],
    );
    let selinux = |name, mode| {
        check("/etc/selinux/config", name, &[("selinux.configured", json!(mode))]);
    };
    selinux("selinux/SELINUX_CONF", "enforcing");
    selinux("selinux/SELINUX_CONF_DISABLED", "disabled");
    selinux("selinux/SELINUX_CONF_NOT_ENFORCING", "permissive");
    check(
        "/etc/resolv.conf",
        "resolv_conf/RESOLVCONF",
        &[("net.nameservers", json!(["10.160.224.51", "10.160.225.51", "10.61.193.11"]))],
    );
    let family = |name, family, major: i64| {
        let expected = [("os.family", json!(family)), ("os.major", json!(major))];
        check("/etc/os-release", name, &expected);
    };
    family("os_release/REHL_OS_RELEASE", "rhel", 7);
    family("os_release/RHEVH_RHV40_OS_RELEASE", "rhel", 7);
    family("os_release/OS_RELEASE_RHEL_AI", "rhel", 9);
    // A rebuild sold in Japan and Korea.
    family("os_release/MIRACLE_LINUX_OS_RELEASE", "rhel", 8);
}

#[test]
fn limits_for_every_kind_of_domain() {
    let Some(text) = file("rhel-cmd/insights-core/limits_conf/FULL_OPTS_LIMITS_CONF.txt") else {
        return;
    };
    let facts = facts("/etc/security/limits.conf", &text);
    let entries = facts.value("limits.entries").unwrap().as_array().unwrap().clone();
    let mut domains: Vec<&str> =
        entries.iter().map(|entry| entry["domain"].as_str().unwrap()).collect();
    domains.sort_unstable();
    domains.dedup();
    let mut expected = [
        "oracle",
        "@dbadmins",
        "*",
        ":1001",
        "1000:",
        "2000:2020",
        "@:101",
        "@100:",
        "@200:202",
        "managers",
    ];
    expected.sort_unstable();
    assert_eq!(domains, expected);
    assert_eq!(entries[0]["value"], "1024");
}

#[test]
fn mounts_and_tables_of_them() {
    let Some(text) = file("rhel-cmd/insights-core/mount/MOUNTINFO_DATA.txt") else { return };
    let table = facts("/proc/self/mountinfo", &text);
    let mounts = table.value("fs.mounts").unwrap().as_array().unwrap();
    // "len(results) == 16"
    assert_eq!(mounts.len(), 16);
    let at = |point: &str| mounts.iter().find(|mount| mount["mount"] == point).unwrap();
    assert_eq!(at("/boot")["fstype"], "ext4");
    assert!(at("/boot")["options"].as_array().unwrap().contains(&json!("data=ordered")));
    assert_eq!(at("/shared/dir1")["device"], "hostname1:/shared_dir1");
    assert!(at("/shared/dir1")["options"].as_array().unwrap().contains(&json!("vers=4")));
    let Some(text) = file("rhel-cmd/insights-core/fstab/FSTAB_DUPLICATE_MOUNT.txt") else { return };
    let fstab = facts("/etc/fstab", &text);
    let entries = fstab.value("fs.fstab").unwrap().as_array().unwrap();
    let noexec = |entry: &&Value| entry["options"].as_array().unwrap().contains(&json!("noexec"));
    assert_eq!(entries.iter().filter(noexec).count(), 1);
}

#[test]
fn jobs_that_cron_would_run() {
    let jobs = |name: &str| {
        let text = file(&format!("rhel-cmd/insights-core/{name}.txt"))?;
        let facts = facts("/etc/crontab", &text);
        Some(facts.value("cron.jobs").unwrap().as_array().unwrap().len())
    };
    if let Some(count) = jobs("cron_jobs/CRON_FILE_SAMPLE1") {
        assert_eq!(count, 2);
    }
    // Four fields and no user: cron refuses it, so it is no job.
    if let Some(count) = jobs("crontab/CRONTAB_BAD_DATA") {
        assert_eq!(count, 0);
    }
    // A user's own table as if it were the system's: only the last line names a user.
    if let Some(count) = jobs("crontab/CRONTAB_DATA") {
        assert_eq!(count, 1);
    }
}

#[test]
fn units_with_marks_of_two_kinds() {
    let Some(text) = file("rhel-cmd/insights-core/unitfiles/LISTUNITS_CONTENT.txt") else { return };
    let facts = facts("cmd:systemd-units", &text);
    // `●` before three of them, `*` before the fourth.
    assert_eq!(
        facts.value("services.failed"),
        Some(&json!([
            "NetworkManager-wait-online.service",
            "docker-storage-setup.service",
            "openstack-swift-proxy.service",
            "ovirt-guest-agent.service",
        ]))
    );
    let active = facts.value("services.active").unwrap().as_array().unwrap();
    assert!(active.contains(&json!("neutron-dhcp-agent.service")));
    check(
        "cmd:systemd-unit-files",
        "rhel-cmd/insights-core/unitfiles/KDUMP_ENABLED_RHEL9.txt",
        &[("services.enabled", json!(["kdump.service"]))],
    );
    check(
        "cmd:systemd-unit-files",
        "rhel-cmd/insights-core/unitfiles/KDUMP_DISABLED_RHEL9.txt",
        &[("services.enabled", json!([]))],
    );
}

#[test]
fn modules_as_another_parser_names_them() {
    let Some(truth) = file("rhel-cmd/jc/centos-7.7/lsmod.json") else { return };
    let truth: Vec<Value> = serde_json::from_str(&truth).unwrap();
    let Some(list) = file("rhel-cmd/jc/centos-7.7/lsmod.out") else { return };
    // /proc/modules has the same first column, without the head.
    let (_, rows) = list.split_once('\n').unwrap();
    let mut names: Vec<&str> = truth.iter().map(|row| row["module"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(facts("/proc/modules", rows).value("kernel.modules"), Some(&json!(names)));
}

#[test]
fn a_day_of_sysstat_on_centos_6() {
    let Some(text) = file("host-trees/centos6-rootfs/var/log/sa/sar26") else { return };
    let mut sar = carepack_facts::sysstat::Sar::new(jiff::tz::TimeZone::UTC);
    text.lines().for_each(|line| sar.line(line));
    let samples = sar.samples();
    // 29 rows of all processors, two of which stand where the machine had just started.
    let busy = samples.values().filter_map(|sample| sample.get("cpu.busy"));
    assert_eq!(busy.clone().count(), 27);
    assert!(busy.clone().all(|share| *share <= 20));
    let (_, first) = samples.first_key_value().unwrap();
    for (name, expected) in [
        ("cpu.busy", 2),
        ("memory.used", 32),
        ("tasks.total", 69),
        ("disk:sda.await", 367),
        ("disk:sda.write", 43),
        ("net:eth0.errors", 0),
    ] {
        assert_eq!(first.get(name), Some(&expected), "{name}");
    }
    assert!(!first.keys().any(|name| name.starts_with("net:lo")));
    let told = carepack_facts::sysstat::survey(&samples, 0).unwrap();
    assert_eq!(told["from"], 1_482_714_000);
    assert_eq!(told["hours"], 23, "01:00 to 24:00");
    let facts =
        derive(&host::snapshot(vec![("survey:resources".to_owned(), host::seen_json(told))]));
    assert_eq!(facts.value("resources.source"), Some(&json!("sysstat")));
    assert_eq!(facts.value("resources.gaps").unwrap().as_array().unwrap().len(), 2);
}
