//! The main job from outside: enrol, collect on schedule, send, assess, report; and what bad
//! input gets on the way.

use anyhow::{Context, Result, ensure};
use carepack_tests::agent::Agent;
use carepack_tests::collector::{Addresses, Collector};
use carepack_tests::process::{run, until};
use carepack_tests::recorded;

const CONTRACT: &str = "main-job";

/// A serving collector with one monthly contract.
fn collector(dir: &std::path::Path) -> Result<(Collector, Addresses)> {
    let mut collector = Collector::init(&dir.join("collector"))?;
    let addresses = collector.serve()?;
    let window = ["--window-day", "1", "--window-hour", "0", "--window-hours", "1"];
    collector.contract("한빛", CONTRACT, &window)?;
    Ok((collector, addresses))
}

fn agent(dir: &std::path::Path, name: &str, addresses: &Addresses) -> Result<Agent> {
    let host = recorded::ALL.iter().find(|host| host.name == name).context("a recorded host")?;
    Agent::new(&dir.join(name), &format!("https://{}", addresses.agents), Some(host))
}

fn error_of(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_recorded_host_is_collected_sent_judged_and_reported() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (collector, addresses) = collector(dir.path())?;
    let mut agent = agent(dir.path(), "rhel8-db", &addresses)?;
    agent.enrol(&collector.token(CONTRACT, &["--host", "rhel8-db", "--importance", "4"])?)?;
    agent.start()?;
    until("the snapshot to arrive", || Ok((collector.snapshots()? == 1).then_some(())))?;
    let told = collector.json(&["inspect", "--contract", CONTRACT])?;
    ensure!(told["summary"]["answered"] == 1, "{told}");
    ensure!(told["summary"]["verdicts"]["danger"].as_u64() > Some(3), "a neglected host: {told}");
    let score = told["summary"]["score"].as_u64().context("a score")?;
    ensure!(score <= 690, "an open critical finding caps the score, got {score}");
    let out = dir.path().join("report");
    collector.run(&["report", "--contract", CONTRACT, "--output", &out.to_string_lossy()])?;
    for name in ["report.ko.pdf", "report.en.pdf", "report.ko.html", "report.en.html"] {
        let bytes = std::fs::read(out.join(name)).with_context(|| format!("reading {name}"))?;
        ensure!(bytes.len() > 10_000, "{name} has {} bytes", bytes.len());
    }
    let html = std::fs::read_to_string(out.join("report.ko.html"))?;
    ensure!(html.contains("정기점검 보고서") && html.contains("한빛"), "the cover's words");
    // The same frozen assessment gives the same report, byte for byte.
    let again = dir.path().join("again");
    collector.run(&["report", "--contract", CONTRACT, "--output", &again.to_string_lossy()])?;
    ensure!(
        std::fs::read(out.join("report.ko.pdf"))? == std::fs::read(again.join("report.ko.pdf"))?
    );
    Ok(())
}

#[test]
fn a_token_works_once_and_a_wrong_one_never() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (collector, addresses) = collector(dir.path())?;
    let token = collector.token(CONTRACT, &["--host", "one"])?;
    agent(dir.path(), "rhel9-web", &addresses)?.enrol(&token)?;

    let second = agent(dir.path(), "rhel8-app", &addresses)?;
    let refused = second.enrol_output(&token)?;
    ensure!(refused.status.code() == Some(5), "{}: {}", refused.status, error_of(&refused));
    ensure!(error_of(&refused).contains("used"), "{}", error_of(&refused));

    let wrong = format!("cpk1.{}.{}", "a".repeat(32), token.rsplit('.').next().unwrap_or_default());
    let refused = second.enrol_output(&wrong)?;
    ensure!(refused.status.code() == Some(5), "{}: {}", refused.status, error_of(&refused));

    // Another collector's CA: refused before anything is said to it.
    let other_ca = format!("cpk1.{}.{}", "a".repeat(32), "0".repeat(64));
    let refused = second.enrol_output(&other_ca)?;
    ensure!(refused.status.code() == Some(4), "{}: {}", refused.status, error_of(&refused));
    ensure!(error_of(&refused).contains("fingerprint"), "{}", error_of(&refused));

    let refused = second.enrol_output("not a token")?;
    ensure!(!refused.status.success() && error_of(&refused).contains("token"));
    ensure!(second.status()?["enrolled"] == false);
    ensure!(second.run(&["status"])?.status.code() == Some(3), "status of an unenrolled agent");
    Ok(())
}

#[test]
fn a_revoked_host_is_told_so_and_keeps_its_evidence() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (collector, addresses) = collector(dir.path())?;
    let mut agent = agent(dir.path(), "rhel9-web", &addresses)?;
    agent.enrol(&collector.token(CONTRACT, &["--host", "h"])?)?;
    collector.run(&["host", "revoke", "h", "--reason", "test"])?;
    agent.start()?;
    until("the snapshot to be spooled and refused", || {
        let status = agent.status()?;
        let told = status["last_error"].to_string();
        Ok((status["spooled"].as_u64() >= Some(1) && told.contains("revoked")).then_some(()))
    })?;
    ensure!(collector.snapshots()? == 0, "nothing of a revoked host is stored");
    Ok(())
}

#[test]
fn an_outage_is_survived_and_everything_arrives_once() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (mut collector, addresses) = collector(dir.path())?;
    collector.pin(&addresses)?;
    let mut agent = agent(dir.path(), "rhel9-web", &addresses)?;
    agent.enrol(&collector.token(CONTRACT, &["--host", "h"])?)?;
    collector.kill_9();
    agent.start()?;
    until("the snapshot to wait in the spool", || {
        Ok((agent.status()?["spooled"].as_u64() >= Some(1)).then_some(()))
    })?;
    collector.serve()?;
    until("it to arrive", || Ok((collector.snapshots()? == 1).then_some(())))?;
    until("the spool to be empty", || Ok((agent.status()?["spooled"] == 0).then_some(())))?;
    Ok(())
}

#[test]
fn an_offline_bundle_is_imported_once_and_an_altered_one_refused() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (collector, addresses) = collector(dir.path())?;
    let agent = agent(dir.path(), "rhel9-web", &addresses)?;
    agent.enrol(&collector.token(CONTRACT, &["--host", "h"])?)?;
    let file = dir.path().join("h.cpk");
    agent.seal_previous("2026-10", &file)?;
    let name = file.to_string_lossy().into_owned();
    collector.run(&["import", &name])?;
    ensure!(collector.run(&["import", &name])?.contains("already here"));
    ensure!(collector.snapshots()? == 1);

    let whole = std::fs::read(&file)?;
    let refused = |bytes: &[u8], word: &str| -> Result<()> {
        std::fs::write(&file, bytes)?;
        let output = run(collector.command()?.args(["import", &name]))?;
        ensure!(output.status.code() == Some(1), "{}", output.status);
        ensure!(error_of(&output).contains(word), "wanted {word:?}: {}", error_of(&output));
        Ok(())
    };
    refused(&whole[..whole.len() / 2], "altered or cut")?;
    refused(&whole[..20], "cut short")?;
    refused(b"PK\x03\x04 something else", "not a Carepack bundle")?;
    let mut bent = whole.clone();
    // More than a bit: another offset into the same text would still unpack to the same document.
    let at = bent.len() / 2;
    bent[at..at + 8].iter_mut().for_each(|byte| *byte = !*byte);
    refused(&bent, "bundle")?;
    ensure!(collector.snapshots()? == 1, "nothing of an altered bundle is stored");
    Ok(())
}

#[test]
fn an_engineer_judges_files_and_folders_with_no_server() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let offline =
        Agent::new(&dir.path().join("a"), "https://127.0.0.1:1", Some(&recorded::ALL[0]))?;
    let file = dir.path().join("snapshot.json");
    let name = file.to_string_lossy().into_owned();
    offline.run(&["collect", "--output", &name])?;
    let binary = carepack_tests::binaries::path("carepack-collector")?;
    let assess =
        |arguments: &[&str]| run(std::process::Command::new(&binary).arg("assess").args(arguments));
    let judged = assess(&[&name, "--json"])?;
    ensure!(judged.status.success(), "{}", error_of(&judged));
    let judged: serde_json::Value = serde_json::from_slice(&judged.stdout)?;
    let findings = judged["hosts"][0]["findings"].as_array().context("findings")?;
    ensure!(findings.len() >= 60, "{} findings", findings.len());
    // The healthy RHEL 9: no rule may call it dangerous.
    let danger: Vec<_> = findings.iter().filter(|f| f["verdict"] == "danger").collect();
    ensure!(danger.is_empty(), "the healthy host is called dangerous: {danger:?}");

    let folder = recorded::ALL[1].folder();
    let judged = assess(&[&folder.to_string_lossy()])?;
    ensure!(judged.status.success(), "{}", error_of(&judged));
    ensure!(String::from_utf8_lossy(&judged.stdout).contains("위험"));

    std::fs::write(&file, r#"{"schema": 99}"#)?;
    let refused = assess(&[&name])?;
    ensure!(refused.status.code() == Some(1) && error_of(&refused).contains("99 is newer"));
    std::fs::write(&file, "{\"schema\": 1, \"id\"")?;
    let refused = assess(&[&name])?;
    ensure!(refused.status.code() == Some(1) && error_of(&refused).contains("not a snapshot"));
    Ok(())
}

#[test]
fn a_malformed_rule_pack_is_refused_whole_and_names_the_file() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let folder = dir.path().join("pack/security/bent");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("rule.yaml"), "id: bent\nrev: one\n")?;
    let binary = carepack_tests::binaries::path("carepack-collector")?;
    let output = run(std::process::Command::new(&binary)
        .args(["rules", "test"])
        .arg(dir.path().join("pack")))?;
    ensure!(output.status.code() == Some(1), "{}", output.status);
    ensure!(error_of(&output).contains("security/bent/rule.yaml"), "{}", error_of(&output));
    Ok(())
}
