//! A real cluster of one node, looked at by the real agent: corosync and Pacemaker as Debian
//! ships them. Healthy it is in no danger; fencing switched off and a resource that failed are
//! found; stopped, what was last known of it is told and nothing of the moment is made up.
//!
//! It runs in namespaces of its own (mounts, network, processes), so that it meets no other test,
//! leaves nothing behind and ends with the test. Where the packages, root or namespaces are not
//! to be had, the test says aloud that it is skipped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use carepack_facts::Facts;
use carepack_shared::Snapshot;
use carepack_tests::agent::{Agent, here};
use carepack_tests::binaries::path;
use carepack_tests::process::{Running, run, run_ok, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// What the journey runs, and which Debian package has it.
const PROGRAMS: [(&str, &str); 5] = [
    ("/usr/sbin/corosync", "corosync"),
    ("/usr/sbin/pacemakerd", "pacemaker"),
    ("/usr/sbin/crm_mon", "pacemaker-cli-utils"),
    ("/usr/lib/ocf/resource.d/heartbeat/Dummy", "resource-agents"),
    ("/usr/sbin/ip", "iproute2"),
];

/// What the script says when the machine does not allow its set-up.
const REFUSED: i32 = 77;

const SCRIPT: &str = include_str!("products_cluster/one-node.sh");

/// New namespaces, whose processes all end with the first one.
const UNSHARE: [&str; 8] =
    ["unshare", "--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// A cluster of this node; stopped in its order when it goes.
struct Cluster {
    running: Running,
    dir: PathBuf,
    /// The first process of the namespaces.
    first: i32,
}

impl Cluster {
    /// Starts one in `dir`; none, with a word, where that is not to be had.
    fn start(dir: &Path) -> Result<Option<Self>> {
        if let Some((program, package)) = PROGRAMS.iter().find(|(at, _)| !Path::new(at).exists()) {
            println!("skipped: no {program}; apt-get install --no-install-recommends {package}");
            return Ok(None);
        }
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: a cluster is started as root");
            return Ok(None);
        }
        let own = dir.join("cluster");
        std::fs::create_dir_all(&own)?;
        let script = own.join("one-node.sh");
        std::fs::write(&script, SCRIPT)?;
        let mut command = Command::new(UNSHARE[0]);
        command.args(&UNSHARE[1..]).arg("/bin/bash").arg(&script).arg(&own);
        let mut running = Running::start("cluster", &mut command, &own.join("out.log"))?;
        let ready = own.join("ready");
        let is_up = until("the cluster to be up", || {
            if running.is_alive() {
                return Ok(ready.exists().then_some(true));
            }
            // `unshare` itself ends with 1 where namespaces are refused.
            let code = running.stop()?;
            let refused = code == Some(REFUSED) || running.tail().contains("unshare failed");
            ensure!(refused, "{code:?}: {}", running.tail());
            Ok(Some(false))
        })?;
        if !is_up {
            println!("skipped: namespaces or mounts are refused here: {}", running.tail());
            return Ok(None);
        }
        let children = format!("/proc/{0}/task/{0}/children", running.pid());
        let children = std::fs::read_to_string(children).context("the script's process")?;
        let first = children.split_whitespace().next().context("unshare has no child")?;
        Ok(Some(Self { running, dir: own, first: first.parse()? }))
    }

    /// The same command, run inside.
    fn inside(&self, command: &Command) -> Command {
        let mut inside = Command::new("nsenter");
        inside.args(["--target", &self.first.to_string()]);
        inside.args(["--mount", "--net", "--ipc", "--pid", "--"]);
        inside.arg(command.get_program()).args(command.get_args());
        inside
    }

    fn tool(&self, line: &[&str]) -> Result<String> {
        let mut command = Command::new(line[0]);
        command.args(&line[1..]);
        run_ok(&mut self.inside(&command))
    }

    /// Waits until the cluster's monitor says something.
    fn until_told(&self, words: &[&str]) -> Result<()> {
        let what = format!("crm_mon to say {words:?}");
        let mut monitor = Command::new("/usr/sbin/crm_mon");
        monitor.args(["-1", "--output-as=xml"]);
        until(&what, || {
            let told = run(&mut self.inside(&monitor))?.stdout;
            let told = String::from_utf8_lossy(&told);
            Ok(words.iter().all(|word| told.contains(word)).then_some(()))
        })
    }

    /// Stops Pacemaker, then corosync; the namespaces stay.
    fn stop(&self) -> Result<()> {
        kill(Pid::from_raw(self.first), Signal::SIGUSR1).context("stopping the cluster")?;
        let stopped = self.dir.join("stopped");
        until("the cluster to stop", || Ok(stopped.exists().then_some(())))
    }

    /// What the agent sees there, and the findings of the rules of clusters.
    fn looked_at(&self, dir: &Path) -> Result<Seen> {
        let agent = Agent::new(&dir.join("agent"), "https://127.0.0.1:1", None)?;
        let file = dir.join("snapshot.json");
        let mut collect = agent.command()?;
        collect.arg("collect").arg("--output").arg(&file);
        let output = run(&mut self.inside(&collect))?;
        let document = std::fs::read(&file).with_context(|| {
            format!("collect wrote nothing: {}", String::from_utf8_lossy(&output.stderr))
        })?;
        let mut assess = Command::new(path("carepack-collector")?);
        let told = run_ok(assess.arg("assess").arg(&file).arg("--json"))?;
        let assessment: Value = serde_json::from_str(&told)?;
        let list = assessment["hosts"][0]["findings"].as_array().context("findings")?;
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let ours = list.iter().filter(|row| word(&row["rule"]).starts_with("cluster-"));
        let findings =
            ours.map(|f| (word(&f["rule"]), (word(&f["verdict"]), word(&f["en"]["finding"]))));
        Ok(Seen {
            facts: carepack_facts::derive(&Snapshot::from_document(&document)?),
            findings: findings.collect(),
            document: String::from_utf8(document)?,
            file,
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.first), Signal::SIGTERM);
        let ended = until("the cluster to end", || Ok((!self.running.is_alive()).then_some(())));
        if let Err(error) = ended {
            println!("{error:#}; it is killed");
        }
    }
}

struct Seen {
    facts: Facts,
    /// Verdict and words by rule.
    findings: BTreeMap<String, (String, String)>,
    document: String,
    file: PathBuf,
}

impl Seen {
    fn verdict(&self, rule: &str) -> &str {
        self.findings.get(rule).map_or("-", |(verdict, _)| verdict)
    }

    fn check(&self, expected: &[(&str, &str)]) -> Result<()> {
        for (rule, verdict) in expected {
            ensure!(self.verdict(rule) == *verdict, "{rule}: not {verdict}: {:#?}", self.findings);
        }
        Ok(())
    }

    fn fact(&self, key: &str, place: &str) -> Result<&Value> {
        let missing = || format!("{key}{place}: {:?}", self.facts.missing.get(key));
        self.facts.value(key).and_then(|value| value.pointer(place)).with_context(missing)
    }
}

#[test]
fn a_real_cluster_of_one_node() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let Some(cluster) = Cluster::start(dir.path())? else { return Ok(()) };
    cluster.until_told(&[r#"id="dummy" resource_agent="ocf:heartbeat:Dummy" role="Started""#])?;
    cluster.until_told(&[r#"resource_agent="stonith:fence_journey" role="Started""#])?;
    healthy(&cluster.looked_at(dir.path())?)?;

    cluster.tool(&["crm_attribute", "-t", "crm_config", "-n", "stonith-enabled", "-v", "false"])?;
    cluster.tool(&["crm_resource", "-r", "dummy", "--force-stop"])?;
    // The count comes a moment after the action.
    cluster.until_told(&[
        r#"stonith-enabled="false""#,
        r#"op_key="dummy_monitor_2000""#,
        r#"fail-count="1""#,
    ])?;
    faulty(&cluster.looked_at(dir.path())?)?;

    cluster.stop()?;
    stopped(&cluster.looked_at(dir.path())?)
}

/// A cluster as it should be, of one node.
fn healthy(seen: &Seen) -> Result<()> {
    for (key, place, expected) in [
        ("cluster.stack", "", json!("corosync")),
        ("cluster.name", "", json!("journey")),
        ("cluster.nodes", "/0/name", json!(here())),
        ("cluster.totem", "/transport", json!("knet")),
        ("cluster.totem", "/token_ms", json!(4_000)),
        ("cluster.quorum", "/provider", json!("corosync_votequorum")),
        ("cluster.membership", "/quorate", json!(true)),
        ("cluster.membership", "/members/0/name", json!(here())),
        ("cluster.status", "/with_quorum", json!(true)),
        ("cluster.node_states", "/0/online", json!(true)),
        ("cluster.fencing", "/devices/0/agent", json!("fence_journey")),
        ("cluster.link_states", "/0/faulty", json!(false)),
        ("cluster.failures", "", json!([])),
    ] {
        let value = seen.fact(key, place)?;
        ensure!(*value == expected, "{key}{place}: {value}, not {expected}");
    }
    let danger: Vec<_> = seen.findings.iter().filter(|(_, (v, _))| v == "danger").collect();
    ensure!(danger.is_empty(), "{danger:#?}");
    ensure!(!seen.document.contains("Fence-Secret-1"), "the fence device's password leaves");
    seen.check(&[
        ("cluster-fencing-disabled", "pass"),
        ("cluster-fencing-absent", "pass"),
        ("cluster-fencing-coverage", "pass"),
        ("cluster-token-short", "pass"),
        ("cluster-link-single", "not_applicable"),
        ("cluster-stickiness", "not_applicable"),
        ("cluster-failed-actions", "pass"),
        ("cluster-node-offline", "pass"),
        ("cluster-quorum-lost", "pass"),
        ("cluster-resources-failed", "pass"),
        ("cluster-last-failures", "not_applicable"),
    ])
}

/// Fencing off, and a resource that was stopped behind the cluster's back.
fn faulty(seen: &Seen) -> Result<()> {
    seen.check(&[
        ("cluster-fencing-disabled", "danger"),
        ("cluster-failed-actions", "attention"),
        ("cluster-last-failures", "not_applicable"),
    ])?;
    let (_, said) = &seen.findings["cluster-failed-actions"];
    ensure!(said.contains(&format!("dummy monitor ({})", here())), "{said}");
    ensure!(seen.fact("cluster.fail_counts", "/0/failures")? == &json!(1));

    let report = seen.file.with_file_name("report");
    let mut assess = Command::new(path("carepack-collector")?);
    run_ok(assess.arg("assess").arg(&seen.file).arg("--report").arg(&report))?;
    let html = std::fs::read_to_string(report.join("report.ko.html"))?;
    for words in ["stonith-enabled가 false로 설정되어 있음", "dummy monitor"] {
        ensure!(html.contains(words), "the report does not say {words}");
    }
    Ok(())
}

/// Nothing answers: settings are read from the disk, the last failure from the scheduler's newest
/// input, and what is the case now is not known.
fn stopped(seen: &Seen) -> Result<()> {
    let failures = seen.fact("cluster.last_input", "/failures")?;
    ensure!(failures[0]["resource"] == "dummy" && failures[0]["operation"] == "monitor");
    seen.check(&[
        ("cluster-fencing-disabled", "danger"),
        ("cluster-failed-actions", "unknown"),
        ("cluster-node-offline", "unknown"),
        ("cluster-quorum-lost", "unknown"),
        ("cluster-last-failures", "attention"),
    ])
}
