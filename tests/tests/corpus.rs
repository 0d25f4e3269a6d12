//! Host trees that nobody here recorded, replayed through the real agent: the parsers find what
//! the corpus says is in them, and lose nothing to a file that is missing.
//!
//! The corpus is read through `CAREPACK_CORPUS` (default `../shared/corpus`); where it is absent
//! the tests say that they are skipped.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use carepack_facts::Facts;
use carepack_shared::Snapshot;
use carepack_tests::binaries::{path, root};
use carepack_tests::process::run;
use serde_json::{Value, json};

/// A tree of the corpus, or a word that it is not there.
fn tree(name: &str) -> Option<PathBuf> {
    let corpus = std::env::var_os("CAREPACK_CORPUS")
        .map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    let tree = corpus.join("evidence/host-trees").join(name);
    if !tree.is_dir() {
        println!("skipped: no corpus at {}", tree.display());
        return None;
    }
    tree.canonicalize().ok()
}

/// The facts of a tree, seen through the agent at a recorded moment.
fn facts(tree: &std::path::Path, taken_at: &str) -> Result<Facts> {
    let dir = tempfile::tempdir()?;
    let host = dir.path().join("host");
    std::fs::create_dir(&host)?;
    std::fs::write(
        host.join("host.toml"),
        format!("hostname = \"corpus\"\ntaken_at = \"{taken_at}\"\n"),
    )?;
    std::os::unix::fs::symlink(tree, host.join("root"))?;
    let config = dir.path().join("agent.toml");
    std::fs::write(&config, format!("state_dir = {:?}\n", dir.path().join("state")))?;
    let output = run(std::process::Command::new(path("carepack-agent")?)
        .arg("--config")
        .arg(&config)
        .args(["collect", "--output", "-", "--recorded"])
        .arg(&host))?;
    ensure!(
        matches!(output.status.code(), Some(0 | 6)),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(carepack_facts::derive(&Snapshot::from_document(&output.stdout)?))
}

fn check(facts: &Facts, expected: &[(&str, Value)]) -> Result<()> {
    for (key, value) in expected {
        let seen = facts.value(key);
        ensure!(
            seen == Some(value),
            "{key}: wanted {value}, got {seen:?} ({:?})",
            facts.missing.get(*key)
        );
    }
    Ok(())
}

#[test]
fn a_rhel_8_3_root_from_ec2() -> Result<()> {
    let Some(tree) = tree("rhel83-ec2-rootfs") else { return Ok(()) };
    let facts = facts(&tree, "2021-03-03T00:00:00Z")?;
    check(
        &facts,
        &[
            ("os.family", json!("rhel")),
            ("os.major", json!(8)),
            ("selinux.configured", json!("enforcing")),
        ],
    )?;
    let sshd = facts.value("sshd.settings").context("sshd settings")?;
    ensure!(sshd["permitrootlogin"] == "yes", "{sshd}");
    let fstab = facts.value("fs.fstab").and_then(Value::as_array).context("fstab")?;
    ensure!(fstab.iter().all(|entry| entry["fstype"] != "swap"), "no swap in fstab");
    // The OOM killer took git four times; each kill also logs that it was invoked.
    let killed = facts.value("logs.count").and_then(|count| count["kernel.oom_kill"].as_i64());
    ensure!(killed >= Some(4), "kernel.oom_kill: {killed:?}");
    // What the tree does not hold is missing with its reason, not invented.
    ensure!(facts.missing.contains_key("memory.total_kib"), "there is no /proc in it");
    Ok(())
}

#[test]
fn a_rhel_coreos_sos_tree() -> Result<()> {
    let Some(tree) = tree("rhcos-sosreport") else { return Ok(()) };
    let facts = facts(&tree, "2019-09-01T00:00:00Z")?;
    check(&facts, &[("swap.total_kib", json!(0)), ("selinux.configured", json!("enforcing"))])?;
    ensure!(facts.value("memory.total_kib").and_then(Value::as_i64) > Some(1_000_000));
    ensure!(facts.value("kernel.cmdline").is_some());
    Ok(())
}

#[test]
fn a_centos_6_root() -> Result<()> {
    let Some(tree) = tree("centos6-rootfs") else { return Ok(()) };
    let facts = facts(&tree, "2016-12-28T00:00:00Z")?;
    check(&facts, &[("selinux.configured", json!("disabled"))])?;
    let sshd = facts.value("sshd.settings").context("sshd settings")?;
    ensure!(sshd["permitrootlogin"] == "no", "{sshd}");
    Ok(())
}
