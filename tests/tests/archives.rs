//! Whole hosts that other tools recorded, through the real commands: what the corpus says of each
//! is found, packed or unpacked.
//!
//! Each assertion names the known fact it stands for (`HOSTS.tsv`, `README.tsv` of the corpus). The
//! corpus is read through `CAREPACK_CORPUS` (default `../shared/corpus`); where it is absent the
//! tests say that they are skipped.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use carepack_collector::archives::sources::{FILES, FOLDERS, LINKS};
use carepack_collector::archives::survey::DERIVED;
use carepack_tests::binaries::{path, root};
use carepack_tests::process::run;
use serde_json::{Value, json};

/// A part of the corpus, or a word that it is not there.
fn corpus(part: &str) -> Option<PathBuf> {
    let corpus = std::env::var_os("CAREPACK_CORPUS")
        .map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    let found = corpus.join("evidence").join(part);
    if !found.exists() {
        println!("skipped: no corpus at {}", found.display());
        return None;
    }
    found.canonicalize().ok()
}

fn tree(name: &str) -> Option<PathBuf> {
    corpus("host-trees").map(|trees| trees.join(name))
}

/// What `carepack-collector assess PATH --json` says.
fn assess(evidence: &Path) -> Result<Host> {
    let output =
        run(Command::new(path("carepack-collector")?).arg("assess").arg(evidence).arg("--json"))?;
    ensure!(
        output.status.success(),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let mut assessment: Value = serde_json::from_slice(&output.stdout)?;
    Ok(Host(assessment["hosts"][0].take()))
}

/// What the agent sees of a tree as a mounted root, judged.
fn mounted(tree: &Path, taken_at: &str) -> Result<Host> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("agent.toml");
    std::fs::write(&config, format!("state_dir = {:?}\n", folder.path().join("state")))?;
    let document = folder.path().join("snapshot.json");
    let output = run(Command::new(path("carepack-agent")?)
        .arg("--config")
        .arg(&config)
        .args(["collect", "--taken-at", taken_at, "--root"])
        .arg(tree)
        .arg("--output")
        .arg(&document))?;
    // Part of it cannot be seen: nothing runs there.
    ensure!(
        output.status.code() == Some(6),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    assess(&document)
}

/// A judged host.
#[derive(PartialEq)]
struct Host(Value);

impl Host {
    fn fact(&self, key: &str) -> &Value {
        &self.0["facts"]["known"][key]["value"]
    }

    fn missing(&self, key: &str) -> &Value {
        &self.0["facts"]["missing"][key]["reason"]
    }

    fn check(&self, expected: &[(&str, Value)]) -> Result<()> {
        for (key, value) in expected {
            ensure!(
                self.fact(key) == value,
                "{key}: wanted {value}, got {} ({})",
                self.fact(key),
                self.missing(key)
            );
        }
        Ok(())
    }

    fn verdict(&self, rule: &str) -> &str {
        let findings = self.0["findings"].as_array().map_or(&[][..], Vec::as_slice);
        let finding = findings.iter().find(|finding| finding["rule"] == rule);
        finding.and_then(|finding| finding["verdict"].as_str()).unwrap_or("")
    }

    fn judged(&self, expected: &[(&str, &str)]) -> Result<()> {
        for (rule, verdict) in expected {
            let got = self.verdict(rule);
            ensure!(got == *verdict, "{rule}: wanted {verdict}, got {got:?}");
        }
        Ok(())
    }
}

#[test]
fn every_source_of_an_archive_is_one_that_the_agent_looks_at() {
    let mut keys = BTreeSet::new();
    let mut folders = BTreeSet::new();
    for read in carepack_agent::probes::all().iter().flat_map(|probe| probe.reads) {
        match read {
            carepack_agent::probes::Read::Glob { dir, suffix, .. } => {
                folders.insert((dir.to_string(), suffix.to_string()));
            }
            // Its files are known at that moment only; it names where they lie.
            carepack_agent::probes::Read::Found { reads, .. } => {
                keys.insert(read.source().key());
                keys.extend(reads.iter().map(|read| (*read).to_owned()));
            }
            read => {
                keys.insert(read.source().key());
            }
        }
    }
    // The scan of the log reports the files under this name where there is no journal.
    keys.insert("log:messages".to_owned());
    for path in FILES.iter().chain(LINKS) {
        assert!(keys.contains(*path), "no probe looks at {path}");
    }
    for (folder, suffix) in FOLDERS {
        let pair = ((*folder).to_owned(), (*suffix).to_owned());
        let found = folders.contains(&pair) || keys.contains(*folder);
        assert!(found, "no probe looks at {folder}/*{suffix}");
    }
    for derived in DERIVED {
        let key = derived.key.source().key();
        assert!(keys.contains(&key), "no probe gives {key}");
    }
    let derived: BTreeSet<String> = DERIVED.iter().map(|one| one.key.source().key()).collect();
    let lacking = keys.iter().filter(|key| {
        !FILES.contains(&key.as_str()) && !LINKS.contains(&key.as_str()) && !derived.contains(*key)
    });
    println!("not told from archives: {:?}", lacking.collect::<Vec<_>>());
    folders.retain(|(dir, suffix)| !FOLDERS.contains(&(dir.as_str(), suffix.as_str())));
    println!("folders not taken from archives: {folders:?}");
}

#[test]
fn a_rhel_coreos_sosreport() -> Result<()> {
    let Some(tree) = tree("rhcos-sosreport") else { return Ok(()) };
    let host = assess(&tree)?;
    host.check(&[
        // "MemTotal 8164548 kB, MemAvailable 1950080 kB; swap 0"
        ("memory.total_kib", json!(8_164_548)),
        ("memory.available_kib", json!(1_950_080)),
        ("swap.total_kib", json!(0)),
        // "SELinux enforcing"
        ("selinux.mode", json!("enforcing")),
        ("selinux.configured", json!("enforcing")),
        // "4.18.0-80.11.2.el8_0"
        ("kernel.release", json!("4.18.0-80.11.2.el8_0.x86_64")),
        // "chronyc tracking: stratum 0, reference 00000000 = not synchronised"
        ("time.stratum", json!(0)),
        ("time.synchronised", json!(false)),
    ])?;
    // "hostname localhost.localdomain"
    ensure!(host.0["host"]["name"] == "localhost.localdomain", "{}", host.0["host"]);
    // A clock without a reference has no offset: 0 would say that it is right.
    ensure!(host.missing("time.offset_seconds") == "failed");
    host.judged(&[("time-synchronised", "attention"), ("swap-absent", "attention")])?;
    // Every line of package-data but the keys is a package.
    let list = std::fs::read_to_string(tree.join("sos_commands/rpm/package-data"))?;
    let packages = list.lines().filter(|line| !line.starts_with("gpg-pubkey-")).count();
    host.check(&[("packages.count", json!(packages)), ("packages.foreign", json!([]))])?;
    // Of the mounts the host's own first process saw, not those of the tool's container.
    let usage = host.fact("fs.usage").as_array().context("fs.usage")?;
    let boot = usage.iter().find(|fs| fs["mount"] == "/boot").context("/boot")?;
    ensure!(boot["device"] == "/dev/sda2" && boot["fstype"] == "ext4", "{boot}");
    // What the report lacks is unknown: neither "no SSH server" nor "no failed service".
    for key in ["sshd.present", "services.failed", "accounts.users", "cpu.busy_pct"] {
        ensure!(host.missing(key) == "absent", "{key}: {}", host.fact(key));
    }
    host.judged(&[("sshd-root-login", "unknown"), ("services-failed", "unknown")])
}

#[test]
fn a_packed_sosreport_is_the_same_host() -> Result<()> {
    let Some(tree) = tree("rhcos-sosreport") else { return Ok(()) };
    let unpacked = assess(&tree)?;
    let folder = tempfile::tempdir()?;
    let pack = |flags: &str, name: &str, from: &Path, what: &str| -> Result<PathBuf> {
        let archive = folder.path().join(name);
        let output =
            run(Command::new("tar").arg("-C").arg(from).arg(flags).arg(&archive).arg(what))?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(archive)
    };
    let above = tree.parent().context("the trees' folder")?;
    let archives = [
        pack("-cJf", "sosreport.tar.xz", above, "rhcos-sosreport")?,
        pack("-czf", "sosreport.tar.gz", above, "rhcos-sosreport")?,
        pack("-cjf", "sosreport.tar.bz2", &tree, ".")?,
        pack("-cf", "sosreport.tar", above, "rhcos-sosreport")?,
    ];
    for archive in &archives {
        ensure!(assess(archive)? == unpacked, "{} differs", archive.display());
    }
    let whole = std::fs::read(&archives[0])?;
    std::fs::write(&archives[0], &whole[..whole.len() / 2])?;
    let refused = assess(&archives[0]).err().context("half an archive was judged")?;
    ensure!(refused.to_string().contains("damaged or cut short"), "{refused:#}");
    Ok(())
}

#[test]
fn a_sosreport_of_a_cluster_member() -> Result<()> {
    let Some(tree) = tree("hotsos-vault") else { return Ok(()) };
    let host = assess(&tree)?;
    host.check(&[
        // "failed units openipmi, systemd-remount-fs, multipathd.socket"
        (
            "services.failed",
            json!(["multipathd.socket", "openipmi.service", "systemd-remount-fs.service"]),
        ),
        // "Committed_AS 17580076 kB > CommitLimit 12390884 kB; no swap"
        ("memory.committed_kib", json!(17_580_076)),
        ("memory.commit_limit_kib", json!(12_390_884)),
        ("swap.total_kib", json!(0)),
        ("time.zone", json!("Etc/UTC")),
        // What crm_report got from the running cluster: "Online: [ …lxd-5 …1-lxd-6 …2-lxd-6 ]",
        // "OFFLINE: [ node1 ]", and its corosync.quorum: "Expected votes: 3".
        ("cluster.failures", json!([])),
    ])?;
    let states = host.fact("cluster.node_states").as_array().context("cluster.node_states")?;
    let offline: Vec<&Value> =
        states.iter().filter(|row| row["online"] != true).map(|row| &row["name"]).collect();
    ensure!(states.len() == 4 && offline == ["node1"], "{states:?}");
    ensure!(host.fact("cluster.membership")["expected"] == 3);
    ensure!(host.fact("cluster.last_input")["name"] == "pe-input-13.bz2");
    host.judged(&[("services-failed", "danger"), ("swap-absent", "attention")])?;
    // Two boots of the journal: "systemd_failed=14", "systemd_failed=5; mysql_error_lines=2".
    let count = host.fact("logs.count");
    let failed = |id: &str| count[id].as_i64().unwrap_or_default();
    ensure!(failed("systemd.unit_failed") + failed("systemd.start_failed") == 14 + 5, "{count}");
    ensure!(failed("mysql.error") == 2, "{count}");
    let mut lines = 0;
    for boot in ["", "_-1"] {
        let name = format!("sos_commands/logs/journalctl_--no-pager_--catalog_--boot{boot}");
        let text = std::fs::read(tree.join(name))?;
        // Explanations and marks of boots begin with two dashes, and may be wrapped.
        let is_line = |line: &&[u8]| line.get(6) == Some(&b' ') && line.get(9) == Some(&b':');
        lines += text.split(|byte| *byte == b'\n').filter(is_line).count();
    }
    ensure!(host.fact("logs.window")["lines"] == lines, "{lines}: {}", host.fact("logs.window"));
    // Traps: snap's loop devices are full by nature and no file systems of ours.
    let usage = host.fact("fs.usage").as_array().context("fs.usage")?;
    let mounts: Vec<&Value> = usage.iter().map(|fs| &fs["mount"]).collect();
    ensure!(mounts == ["/"], "{mounts:?}");
    // It is no RPM host: an empty list of packages would say that nothing is installed.
    ensure!(host.missing("packages.count") == "absent");
    Ok(())
}

#[test]
fn a_rhel_8_3_root_is_mounted() -> Result<()> {
    let Some(tree) = tree("rhel83-ec2-rootfs") else { return Ok(()) };
    let host = mounted(&tree, "2021-03-03T00:00:00Z")?;
    host.check(&[
        ("os.family", json!("rhel")),
        ("os.version", json!("8.3")),
        // "SELinux config enforcing; crypto policy DEFAULT"
        ("selinux.configured", json!("enforcing")),
        ("crypto.policy", json!("DEFAULT")),
        // "chrony pool 2.rhel + 169.254.169.123"
        ("time.servers", json!(["2.rhel.pool.ntp.org", "169.254.169.123"])),
    ])?;
    // "OOM killed git 4x", "sshd.service failed once (exit-code)"
    let count = host.fact("logs.count");
    ensure!(count["kernel.oom_kill"] == 4, "{count}");
    ensure!(count["systemd.unit_failed"] == 1, "{count}");
    // "PermitRootLogin yes"
    ensure!(host.fact("sshd.settings")["permitrootlogin"] == "yes");
    host.judged(&[("oom-kills", "danger"), ("sshd-root-login", "danger")])?;
    // "no swap in fstab", "single xfs root"
    let fstab = host.fact("fs.fstab").as_array().context("fstab")?;
    ensure!(fstab.len() == 1 && fstab[0]["mount"] == "/" && fstab[0]["fstype"] == "xfs");
    // Nothing runs there.
    for key in ["memory.total_kib", "block.md", "services.failed", "net.listeners", "sysctl.live"] {
        ensure!(!host.missing(key).is_null(), "{key}: {}", host.fact(key));
    }
    Ok(())
}

#[test]
fn an_old_root_and_its_flapping_link() -> Result<()> {
    let Some(tree) = tree("centos6-rootfs") else { return Ok(()) };
    let host = mounted(&tree, "2016-12-31T12:00:00Z")?;
    // "SELinux disabled in config; PermitRootLogin no"
    host.check(&[("selinux.configured", json!("disabled"))])?;
    ensure!(host.fact("sshd.settings")["permitrootlogin"] == "no");
    // "NIC link down: messages 12, -20161219 12, -20161224 18, -20161225 8, -20161227 6"
    let count = host.fact("logs.count");
    ensure!(count["kernel.link_down"] == 12 + 12 + 18 + 8 + 6, "{count}");
    // "secure-20161225: ssh_failed_pw=3"
    ensure!(count["auth.ssh_failed"] == 3, "{count}");
    // Lines: at least messages, secure and cron with their rotations, all within the look-back.
    let logs = ["messages", "secure", "cron"];
    let rotated = ["", "-20161219", "-20161224", "-20161225", "-20161227"];
    let mut lines = 0;
    for name in logs.iter().flat_map(|log| rotated.iter().map(move |end| format!("{log}{end}"))) {
        let text = std::fs::read(tree.join("var/log").join(&name))?;
        lines += text.iter().filter(|byte| **byte == b'\n').count();
    }
    let counted = host.fact("logs.window")["lines"].as_u64();
    ensure!(counted >= u64::try_from(lines).ok(), "{lines}: {}", host.fact("logs.window"));
    ensure!(host.verdict("link-flaps") != "pass", "56 link losses in three weeks");
    Ok(())
}

#[test]
fn logs_alone_say_what_they_can() -> Result<()> {
    let count = |name: &str, at: &str| -> Result<Option<Value>> {
        let Some(tree) = tree(name) else { return Ok(None) };
        Ok(Some(mounted(&tree, at)?.fact("logs.count").clone()))
    };
    // "MariaDB first start log (30 lines), no crash"
    if let Some(count) = count("centos7-dns-varlog", "2021-05-15T00:00:00Z")? {
        for fault in ["kernel.panic", "kernel.oom_kill", "kernel.segfault", "systemd.unit_failed"] {
            ensure!(count[fault].is_null(), "{count}");
        }
    }
    // "avc_denied=8; clock=3"
    if let Some(count) = count("eb-amzn2-lakeside", "2024-04-14T00:00:00Z")? {
        ensure!(count["selinux.denied"] == 8, "{count}");
        ensure!(count["kernel.time_jump"] == 3, "{count}");
    }
    if let Some(count) = count("eb-amzn2-tomcat", "2021-07-15T00:00:00Z")? {
        ensure!(count["systemd.unit_failed"].as_i64() >= Some(1), "{count}");
    }
    Ok(())
}

/// An insights archive put together from texts that insights-core's own tests use.
#[test]
fn an_insights_archive() -> Result<()> {
    let Some(texts) = corpus("rhel-cmd/insights-core") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let commands = folder.path().join("insights-host-2026/data/insights_commands");
    std::fs::create_dir_all(&commands)?;
    std::fs::write(commands.join("date_--utc"), "Thu Nov  5 01:12:00 UTC 2026\n")?;
    for (name, text) in [
        ("df_-alP", "df/DF_ALP.txt"),
        ("df_-li", "df/DF_LI.txt"),
        ("mount", "mount/MOUNT_DATA.txt"),
        ("rpm_-qa_--qf_name_NAME_epoch_EPOCH", "installed_rpms/RPMS_JSON_W_WARNING.txt"),
        ("netstat_-neopa", "netstat/NETSTAT.txt"),
        ("dmidecode", "dmidecode/DMIDECODE.txt"),
        ("sestatus_-b", "sestatus/SESTATUS_ENFORCING.txt"),
        ("uname_-a", "uname/UNAME_CVE_2016_0728_1.txt"),
        ("systemctl_list-units", "unitfiles/LISTUNITS_CONTENT.txt"),
        ("ps_auxww", "ps/PS_AUXWW_WITH_LATE_HEADER.txt"),
    ] {
        std::fs::copy(texts.join(text), commands.join(name)).with_context(|| text.to_owned())?;
    }
    let archive = folder.path().join("insights.tar.gz");
    let output = run(Command::new("tar")
        .arg("-C")
        .arg(folder.path())
        .arg("-czf")
        .arg(&archive)
        .arg("insights-host-2026"))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let host = assess(&archive)?;
    host.check(&[
        ("kernel.release", json!("3.10.0-229.1.2.rt56.141.2.el7_1.x86_64")),
        ("hardware.vendor", json!("HP")),
        ("hardware.bios_version", json!("P70")),
        ("hardware.bios_date", json!("03/01/2013")),
        ("selinux.mode", json!("enforcing")),
        ("net.tcp_states", json!({"ESTABLISHED": 1, "LISTEN": 4, "SYN_RECV": 1})),
    ])?;
    // "rpm.package == grub2-tools-2.02-0.34.el7_2", epoch 1 in the text.
    ensure!(host.fact("packages.evr")["grub2-tools"] == json!(["1:2.02-0.34.el7_2.x86_64"]));
    ensure!(host.fact("packages.evr")["util-linux"] == json!(["0:2.23.2-26.el7_2.2.x86_64"]));
    // One line says "(none)"; most name no vendor at all, and are no strangers for it.
    ensure!(
        host.fact("packages.foreign") == &json!(["libnl"]),
        "{}",
        host.fact("packages.foreign")
    );
    let usage = host.fact("fs.usage").as_array().context("fs.usage")?;
    let top = usage.iter().find(|fs| fs["mount"] == "/").context("/")?;
    ensure!(top["bytes_total"] == 98_571_884_i64 * 1024, "{top}");
    // 124955 of 6275072 inodes, on the line after the device's long name.
    ensure!(top["inodes_used_pct"] == 1.99, "{top}");
    let listeners = host.fact("net.listeners").as_array().context("listeners")?;
    let mongod = listeners.iter().find(|one| one["port"] == 27017).context("27017")?;
    ensure!(mongod["uid"] == 184 && mongod["address"] == "127.0.0.1", "{mongod}");
    ensure!(host.fact("processes.names")["systemd"].as_i64() >= Some(1));
    // That output counts no threads.
    ensure!(host.missing("processes.threads") == "absent");
    Ok(())
}

#[test]
fn another_tools_archive_is_imported_for_the_host_that_is_named() -> Result<()> {
    let Some(tree) = tree("rhcos-sosreport") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let call = |arguments: &[&str]| {
        run(Command::new(path("carepack-collector")?).arg("--data").arg(&data).args(arguments))
    };
    let good = |arguments: &[&str]| -> Result<String> {
        let output = call(arguments)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{arguments:?}: {said}");
        Ok(String::from_utf8(output.stdout)?)
    };
    good(&["init"])?;
    good(&["customer", "add", "새한물산"])?;
    good(&["contract", "add", "--customer", "새한물산", "--name", "2019"])?;
    good(&["host", "add", "--contract", "2019", "--name", "node1"])?;
    let evidence = tree.to_string_lossy();
    let nobodys = call(&["import", &evidence])?;
    ensure!(!nobodys.status.success());
    ensure!(String::from_utf8_lossy(&nobodys.stderr).contains("--host HOST"));
    let first = good(&["import", &evidence, "--host", "node1"])?;
    ensure!(first.contains("node1") && !first.contains("already"), "{first}");
    let again = good(&["import", &evidence, "--host", "node1"])?;
    ensure!(again.contains("already here"), "{again}");
    // It counts for the period in which it was made, by the contract's calendar.
    let said = good(&["inspect", "--contract", "2019", "--period", "2019-10", "--json"])?;
    ensure!(said.contains("node1"), "{said}");
    Ok(())
}

/// A sosreport put together from pieces: where each goes, and its text.
fn put_together(pieces: &[(&str, String)]) -> Result<Host> {
    let folder = tempfile::tempdir()?;
    for (place, text) in pieces {
        let path = folder.path().join("sosreport").join(place);
        std::fs::create_dir_all(path.parent().context("a folder above")?)?;
        std::fs::write(&path, text)?;
    }
    assess(folder.path())
}

/// One CentOS 7.7 machine, whose outputs another project parsed before.
#[test]
fn a_centos_7_7_machine_as_another_parser_read_it() -> Result<()> {
    let Some(folder) = corpus("rhel-cmd/jc/centos-7.7") else { return Ok(()) };
    let text = |name: &str| -> Result<String> {
        let bytes = std::fs::read(folder.join(format!("{name}.out")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let truth = |name: &str| -> Result<Value> {
        Ok(serde_json::from_slice(&std::fs::read(folder.join(format!("{name}.json")))?)?)
    };
    let host = put_together(&[
        ("sos_commands/date/date_--utc", "Wed Mar 11 00:53:21 UTC 2020\n".to_owned()),
        ("sos_commands/process/ps_auxwww", text("ps-axu")?),
        ("sos_commands/filesys/df_-al_-x_autofs", text("df")?),
        ("sos_commands/filesys/mount_-l", text("mount")?),
        ("sos_commands/kernel/lsmod", text("lsmod")?),
        ("sos_commands/kernel/uname_-a", text("uname-a")?),
        ("sos_commands/systemd/timedatectl", text("timedatectl")?),
        ("sos_commands/systemd/systemctl_list-units_--all", text("systemctl")?),
        ("sos_commands/systemd/systemctl_list-unit-files", text("systemctl-luf")?),
        ("sos_commands/host/uptime", text("uptime")?),
        ("etc/passwd", text("passwd")?),
        ("etc/group", text("group")?),
    ])?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    // Processes: all of them, and the largest by memory.
    let processes = list(&truth("ps-axu")?);
    host.check(&[("processes.total", json!(processes.len()))])?;
    let largest = processes.iter().map(|process| process["rss"].as_i64()).max().flatten();
    ensure!(host.fact("processes.top_rss")[0]["rss_kib"].as_i64() == largest);
    // Space: each local file system of df, in KiB.
    let spaces = list(&truth("df")?);
    let usage = list(host.fact("fs.usage"));
    ensure!(usage.len() == 2, "/ and /boot: {usage:?}");
    for fs in &usage {
        let row = spaces.iter().find(|row| row["mounted_on"] == fs["mount"]).context("no row")?;
        let kib = |value: &Value| value.as_i64().unwrap_or_default();
        ensure!(kib(&fs["bytes_total"]) == kib(&row["1k_blocks"]) * 1024, "{fs}");
        ensure!(kib(&fs["bytes_available"]) == kib(&row["available"]) * 1024, "{fs}");
        // df rounds up.
        let used = fs["used_pct"].as_f64().unwrap_or_default().ceil();
        ensure!(Some(used) == row["use_percent"].as_f64(), "{fs} {row}");
    }
    let mut modules: Vec<Value> =
        list(&truth("lsmod")?).iter().map(|module| module["module"].clone()).collect();
    modules.sort_by_key(ToString::to_string);
    let uptime = truth("uptime")?;
    host.check(&[
        ("kernel.modules", json!(modules)),
        ("kernel.release", truth("uname-a")?["kernel_release"].clone()),
        ("time.zone", json!("America/Los_Angeles")),
        ("time.synchronised", json!(true)),
        ("load.avg1", uptime["load_1m"].clone()),
        ("load.avg15", uptime["load_15m"].clone()),
        ("services.failed", json!([])),
    ])?;
    let named = |list: &[Value], key: &str| -> BTreeSet<String> {
        list.iter().map(|one| one[key].to_string()).collect()
    };
    let users = list(&truth("passwd")?);
    ensure!(named(&list(host.fact("accounts.users")), "name") == named(&users, "username"));
    let groups = list(&truth("group")?);
    ensure!(named(&list(host.fact("accounts.groups")), "name") == named(&groups, "group_name"));
    Ok(())
}

/// The raw collection of another tool, piece by piece where a sosreport has it.
fn raw_summary(name: &str) -> Result<Option<Host>> {
    let Some(folder) = tree(name) else { return Ok(None) };
    let text = |file: &str| {
        let bytes = std::fs::read(folder.join(file)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let summary = text("summary");
    let said = |key: &str| {
        let line = summary.lines().find_map(|line| line.strip_prefix(key));
        format!("{}\n", line.unwrap_or_default().trim())
    };
    let memory = text("memory");
    let table = memory.find("MemTotal:").map_or("", |at| &memory[at..]);
    let kernel = format!("Linux {} {}", said("hostname").trim(), said("kernel"));
    let host = put_together(&[
        ("sos_commands/date/date", "Thu Jul 15 14:08:12 UTC 2021\n".to_owned()),
        ("sos_commands/host/hostname", said("hostname")),
        ("sos_commands/kernel/uname_-a", kernel),
        ("sos_commands/kernel/sysctl_-a", text("sysctl")),
        ("sos_commands/hardware/dmidecode", text("dmidecode")),
        ("sos_commands/networking/ip_-s_-d_link", text("ip")),
        ("sos_commands/selinux/getenforce", said("getenforce")),
        ("sos_commands/host/uptime", text("uptime")),
        ("etc/redhat-release", said("release")),
        ("proc/cpuinfo", text("proc_cpuinfo_copy")),
        ("proc/meminfo", table.to_owned()),
    ])?;
    Ok(Some(host))
}

#[test]
fn raw_summaries_of_five_hosts() -> Result<()> {
    // "release 7.6 with a 7.9 kernel = mixed update state"
    if let Some(host) = raw_summary("pt-summary-005")? {
        host.check(&[
            ("os.version", json!("7.6.1810")),
            ("kernel.release", json!("3.10.0-1160.31.1.el7.x86_64")),
            ("selinux.mode", json!("enforcing")),
        ])?;
        ensure!(host.fact("sysctl.live")["vm.swappiness"] == "30");
    }
    // "CentOS 7.9, Dell R520, kernel 5.1.7-1.el7.elrepo"; "SELinux Enforcing; swappiness 1"
    if let Some(host) = raw_summary("pt-summary-007")? {
        host.check(&[
            ("os.version", json!("7.9.2009")),
            ("kernel.release", json!("5.1.7-1.el7.elrepo.x86_64")),
            ("hardware.vendor", json!("Dell Inc.")),
            ("hardware.product", json!("PowerEdge R520")),
            ("hardware.virtual", json!(false)),
            ("selinux.mode", json!("enforcing")),
            ("memory.total_kib", json!(198_017_964)),
            ("swap.used_kib", json!(227_540_992 / 1024)),
            ("load.avg1", json!(3.72)),
        ])?;
        ensure!(host.fact("sysctl.live")["vm.swappiness"] == "1");
        // Seven thousand parameters, most of them of containers' interfaces: bounded.
        let parameters = host.fact("sysctl.live").as_object().map_or(0, serde_json::Map::len);
        ensure!((500..=2_000).contains(&parameters), "{parameters}");
        let interfaces = host.fact("net.interfaces").as_array().context("interfaces")?;
        let em1 = interfaces.iter().find(|link| link["name"] == "em1").context("em1")?;
        ensure!(em1["operstate"] == "up" && em1["mtu"] == 1500, "{em1}");
    }
    // "old hosts for parser robustness": what they have is told, nothing breaks.
    for name in ["pt-summary-001", "pt-summary-002", "pt-summary-003"] {
        let Some(host) = raw_summary(name)? else { continue };
        ensure!(host.fact("memory.total_kib").as_i64() > Some(100_000), "{name}");
        ensure!(!host.fact("kernel.release").is_null(), "{name}");
    }
    Ok(())
}
