//! A real WildFly, looked at by the real agent: what it ships gives no danger, and faults that are
//! made in its configuration are found.
//!
//! The distribution lies below `CAREPACK_WILDFLY`, else `target/tools/wildfly-*` (`tests/run` puts
//! it there); where neither it nor Java is there, the tests say that they are skipped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use carepack_assessment::model::HostRef;
use carepack_assessment::{HostInput, Input, Observed, assess};
use carepack_shared::Snapshot;
use carepack_tests::agent::Agent;
use carepack_tests::binaries::root;
use carepack_tests::process::{Running, run, until};
use serde_json::Value;

fn home() -> Option<PathBuf> {
    let named = std::env::var_os("CAREPACK_WILDFLY").map(PathBuf::from);
    let lying = || {
        let folders = std::fs::read_dir(root().join("target/tools")).ok()?.flatten();
        let is_one = |path: &PathBuf| path.join("jboss-modules.jar").is_file();
        folders.map(|entry| entry.path()).find(is_one)
    };
    let found = named.or_else(lying).filter(|home| home.join("jboss-modules.jar").is_file());
    let java = Command::new("java").arg("-version").output().is_ok();
    if found.is_none() || !java {
        println!("skipped: no WildFly distribution, or no Java to run it");
        return None;
    }
    found
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)?.flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// Heap of a server that is as it should be, and of one that has too little: it just starts.
const HEAP_MIB: u32 = 512;
const HEAP_SMALL_MIB: u32 = 128;

/// A server of its own base folder, up and running.
fn start(home: &Path, base: &Path, heap_mib: u32, more: &[&str]) -> Result<Running> {
    // Tests of one run do not meet on ports.
    let offset = 10_000 + std::process::id() % 5_000 + u32::try_from(more.len())? * 5_000;
    let option = |name: &str, path: &Path| format!("-D{name}={}", path.display());
    let mut command = Command::new("java");
    command.args(["-D[Standalone]", "-Xms128m", &format!("-Xmx{heap_mib}m")]);
    command.arg(option("org.jboss.boot.log.file", &base.join("log/server.log")));
    command.arg(option("java.io.tmpdir", &base.join("tmp")));
    command.arg("-jar").arg(home.join("jboss-modules.jar"));
    command.arg("-mp").arg(home.join("modules")).arg("org.jboss.as.standalone");
    command.arg(option("jboss.home.dir", home)).arg(option("jboss.server.base.dir", base));
    command.arg(format!("-Djboss.socket.binding.port-offset={offset}")).args(more);
    let log = base.join("out.log");
    let mut server = Running::start("wildfly", &mut command, &log)?;
    until("WildFly to be up", || {
        ensure!(server.is_alive(), "{}", std::fs::read_to_string(&log).unwrap_or_default());
        let told = std::fs::read_to_string(&log).unwrap_or_default();
        Ok((told.contains("WFLYSRV0025") || told.contains("WFLYSRV0026")).then_some(()))
    })?;
    Ok(server)
}

/// Verdict and value by rule.
type Found = BTreeMap<String, (String, String)>;

/// What the rules say of this host, and the bytes that would leave.
fn looked_at(dir: &Path) -> Result<(Found, String)> {
    let agent = Agent::new(&dir.join("agent"), "https://127.0.0.1:1", None)?;
    let document = run(agent.command()?.args(["collect", "--dry-run", "--output", "-"]))?.stdout;
    let snapshot = Snapshot::from_document(&document)?;
    let host =
        HostRef { id: "h".to_owned(), name: "here".to_owned(), role: String::new(), importance: 1 };
    let input = HostInput {
        host,
        current: Some(Observed::of(&snapshot, "")),
        previous: None,
        history: Vec::new(),
        standard: None,
        exceptions: BTreeMap::new(),
    };
    let assessment = assess(
        &carepack_collector::rules::built_in()?,
        Input::of(snapshot.finished_at, "2026-11", vec![input]),
    );
    let told = serde_json::to_value(&assessment)?;
    let findings = told["hosts"][0]["findings"].as_array().context("findings")?;
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let ours = findings.iter().filter(|finding| {
        let rule = finding["rule"].as_str().unwrap_or_default();
        rule.starts_with("jboss-") || rule.starts_with("jdk-")
    });
    let found = ours.map(|f| (word(f, "rule"), (word(f, "verdict"), word(f, "value")))).collect();
    Ok((found, String::from_utf8(document)?))
}

#[test]
fn what_is_shipped_is_without_danger_and_faults_are_found() -> Result<()> {
    let Some(home) = home() else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    let base = dir.path().join("shipped");
    copy(&home.join("standalone"), &base)?;
    let mut server = start(&home, &base, HEAP_MIB, &[])?;
    let (found, _) = looked_at(dir.path())?;
    server.kill_9();
    let verdict = |rule: &str| found.get(rule).map_or("-", |(verdict, _)| verdict.as_str());
    // Who runs the tests as root runs the server so.
    let danger: Vec<&String> = found
        .iter()
        .filter(|(rule, (verdict, _))| verdict == "danger" && *rule != "jboss-runs-as-root")
        .map(|(rule, _)| rule)
        .collect();
    ensure!(danger.is_empty(), "{danger:?}: {found:?}");
    ensure!(verdict("jboss-management-exposed") == "pass", "{found:?}");
    ensure!(verdict("jboss-datasource-validation") == "pass", "{found:?}");
    ensure!(verdict("jdk-heap-small") == "pass", "{found:?}");

    let base = dir.path().join("faulty");
    copy(&home.join("standalone"), &base)?;
    let file = base.join("configuration/standalone.xml");
    let text = std::fs::read_to_string(&file)?;
    let source = "<datasources><datasource jndi-name=\"java:/ShopDS\" pool-name=\"ShopDS\">\
        <connection-url>jdbc:mysql://127.0.0.1/shop?password=Url-Secret-1</connection-url>\
        <driver>h2</driver><security><user-name>shop</user-name>\
        <password>Pool-Secret-2</password></security></datasource>";
    ensure!(text.contains("<datasources>"), "the shipped configuration has data sources");
    std::fs::write(&file, text.replacen("<datasources>", source, 1))?;
    // What is no archive cannot be deployed; server.log says so.
    std::fs::write(base.join("deployments/broken.war"), "no archive")?;
    std::fs::write(base.join("deployments/broken.war.dodeploy"), "")?;
    let mut server = start(&home, &base, HEAP_SMALL_MIB, &["-bmanagement", "0.0.0.0"])?;
    let (found, document) = looked_at(dir.path())?;
    server.kill_9();
    for rule in [
        "jboss-management-exposed",
        "jboss-datasource-validation",
        "jboss-clear-passwords",
        "jdk-heap-small",
        "jboss-deployment-failed-log",
    ] {
        let verdict = found.get(rule).map_or("-", |(verdict, _)| verdict.as_str());
        ensure!(verdict == "attention", "{rule}: {found:?}");
    }
    let (_, value) = &found["jboss-datasource-validation"];
    ensure!(value.contains("ShopDS"), "{value}");
    let (_, value) = &found["jdk-heap-small"];
    ensure!(value.contains(&format!("{HEAP_SMALL_MIB}.0 MiB")), "{value}");
    for secret in ["Url-Secret-1", "Pool-Secret-2"] {
        ensure!(!document.contains(secret), "{secret} leaves");
    }
    Ok(())
}
