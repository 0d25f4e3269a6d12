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
