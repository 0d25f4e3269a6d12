//! Hosts that let only facts, or only numbers, leave, and hosts under codes: nothing raw is stored,
//! what was found is found all the same, the report says what stayed, and only the customer can
//! turn the codes back.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use carepack_shared::{Content, Outcome, Snapshot, Unseen, bundle};
use carepack_tests::agent::Agent;
use carepack_tests::binaries;
use carepack_tests::collector::Collector;
use carepack_tests::process::{run, run_ok, until};
use carepack_tests::recorded::{ALL, Recorded};
use serde_json::Value;

fn host(name: &str) -> Result<&'static Recorded> {
    ALL.iter().find(|host| host.name == name).context("a recorded host")
}

/// An agent on a recorded host with lines under `[privacy]`.
fn agent(dir: &Path, name: &str, url: &str, privacy: &str) -> Result<Agent> {
    let agent = Agent::new(&dir.join(name), url, Some(host(name)?))?;
    let config = std::fs::read_to_string(agent.config())?;
    std::fs::write(agent.config(), format!("{config}\n[privacy]\n{privacy}\n"))?;
    Ok(agent)
}

/// Rule → verdict and reason of 점검불가, as the collector judges what leaves under a policy.
fn verdicts(dir: &Path, name: &str, privacy: &str) -> Result<BTreeMap<String, (String, String)>> {
    let agent = agent(dir, name, "https://127.0.0.1:1", privacy)?;
    let document = agent.run(&["collect", "--output", "-"])?.stdout;
    let file = dir.join("judged.json");
    std::fs::write(&file, document)?;
    let judged = run_ok(
        Command::new(binaries::path("carepack-collector")?).arg("assess").arg(&file).arg("--json"),
    )?;
    let judged: Value = serde_json::from_str(&judged)?;
    let findings = judged["hosts"][0]["findings"].as_array().context("findings")?;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |finding: &Value| {
        let told = (word(&finding["verdict"]), word(&finding["unknown"]["reason"]));
        (word(&finding["rule"]), told)
    };
    Ok(findings.iter().map(one).collect())
}

#[test]
fn facts_and_codes_are_judged_as_evidence_is_and_numbers_never_look_better() -> Result<()> {
    for name in ["rhel9-web", "rhel8-db", "rhel8-jboss", "db-a"] {
        let dir = tempfile::tempdir()?;
        let full = verdicts(dir.path(), name, "mode = \"full\"")?;
        ensure!(full.len() > 500, "{} rules", full.len());
        for privacy in [
            "mode = \"facts-only\"",
            "pseudonyms = true",
            "mode = \"facts-only\"\npseudonyms = true",
        ] {
            let told = verdicts(dir.path(), name, privacy)?;
            let other: Vec<_> =
                full.iter().filter(|(rule, v)| told.get(*rule) != Some(v)).collect();
            ensure!(other.is_empty(), "{name} {privacy}: {other:?}");
        }
        let numbers = verdicts(dir.path(), name, "mode = \"numbers-only\"")?;
        let mut withheld = 0;
        for (rule, verdict) in &full {
            let told = numbers.get(rule).context("a rule")?;
            withheld += usize::from(told.1 == "withheld");
            ensure!(told == verdict || told.0 == "unknown", "{name} {rule}: {verdict:?} {told:?}");
        }
        ensure!(withheld > 100 && withheld < full.len(), "{name}: {withheld} withheld");
    }
    Ok(())
}

/// Documents that the collector holds, by the host's name in them.
fn stored(data: &Path) -> Result<BTreeMap<String, (Snapshot, String)>> {
    let mut folders = vec![data.join("objects")];
    let mut found = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(document) = bundle::decompress(&std::fs::read(&path)?) else { continue };
            let Ok(snapshot) = Snapshot::from_document(&document) else { continue };
            let text = String::from_utf8(document)?;
            found.insert(snapshot.host.hostname.clone(), (snapshot, text));
        }
    }
    Ok(found)
}

fn is_kept(snapshot: &Snapshot) -> bool {
    snapshot.observations.iter().all(|seen| match &seen.outcome {
        Outcome::Seen { content, .. } => matches!(content, Content::Kept { .. }),
        Outcome::Unseen { .. } => true,
    })
}

/// Code → name as an agent keeps it.
fn names(agent: &Agent) -> Result<BTreeMap<String, String>> {
    Ok(serde_json::from_slice(&std::fs::read(agent.state().join("names.json"))?)?)
}

#[test]
fn nothing_raw_is_stored_findings_come_and_only_the_host_turns_codes_back() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("collector"))?;
    let addresses = collector.serve()?;
    let window = ["--window-day", "1", "--window-hour", "0", "--window-hours", "1"];
    collector.contract("한빛", "h", &window)?;
    let key = dir.path().join("fleet.key");
    std::fs::write(&key, [7; 32])?;
    run_ok(Command::new("chmod").arg("600").arg(&key))?;
    let codes = format!("pseudonyms = true\nkey_file = {:?}", key.display().to_string());
    let url = format!("https://{}", addresses.agents);
    let mut agents = [
        agent(dir.path(), "rhel8-db", &url, &format!("mode = \"facts-only\"\n{codes}"))?,
        agent(dir.path(), "db-a", &url, "mode = \"numbers-only\"")?,
        agent(dir.path(), "db-b", &url, &codes)?,
    ];
    for agent in &mut agents {
        agent.enrol(&collector.token("h", &[])?)?;
        agent.start()?;
    }
    until("three snapshots", || Ok((collector.snapshots()? == 3).then_some(())))?;
    let [facts, numbers, coded] = &agents;

    let stored = stored(&collector.data)?;
    ensure!(stored.len() == 3, "{:?}", stored.keys());
    let of = |agent: &Agent, name: &str| -> Result<&(Snapshot, String)> {
        let code =
            names(agent)?.into_iter().find(|(code, known)| known == name && code.starts_with("h-"));
        let (code, _) = code.with_context(|| format!("a code for {name}"))?;
        let found = stored.iter().find(|(host, _)| host.split('.').next() == Some(&code));
        found.map(|(_, found)| found).with_context(|| format!("a snapshot of {code}"))
    };
    let (snapshot, text) = of(facts, "db01")?;
    ensure!(is_kept(snapshot) && snapshot.schema == 2, "evidence left");
    ensure!(!text.contains("Out of memory"), "a line of a log left");
    for word in ["db01", "db02", "shop.example.kr", "10.20.2.31", "parksy", "02:00:5e"] {
        ensure!(!text.contains(word), "{word} left under codes");
    }
    let (_, text) = of(coded, "db-b")?;
    for word in ["db-b", "db-a", "hanbit.example", "10.20.30.5", "kimjh"] {
        ensure!(!text.contains(word), "{word} left under codes");
    }
    let (_, (snapshot, text)) =
        stored.iter().find(|(host, _)| host.starts_with("db-a")).context("db-a")?;
    ensure!(is_kept(snapshot), "evidence left");
    for word in ["10.20.", "hanbit-db", "/var/lib/mysql", "kimjh", "/dev/drbd", "rw,relatime"] {
        ensure!(!text.contains(&format!("\"{word}")), "{word} left among numbers");
    }
    // One key, one code: the fleet's name server is the same to both.
    let server = |agent| -> Result<_> {
        Ok(names(agent)?.into_iter().find(|(_, name)| name == "10.20.0.53").context("a server")?.0)
    };
    ensure!(server(facts)? == server(coded)?, "one address has two codes under one key");
    ensure!(!numbers.state().join("names.json").exists(), "a table without codes");

    judged_and_turned_back(&collector, facts, dir.path())
}

fn judged_and_turned_back(collector: &Collector, agent: &Agent, dir: &Path) -> Result<()> {
    let told = collector.json(&["inspect", "--contract", "h"])?;
    ensure!(told["summary"]["answered"] == 3, "{told}");
    ensure!(told["summary"]["verdicts"]["danger"].as_u64() > Some(3), "{told}");
    collector.run(&["report", "--contract", "h", "--output", &dir.to_string_lossy()])?;
    let file = dir.join("report.ko.html");
    let html = std::fs::read_to_string(&file)?;
    for words in
        ["고객이 보내지 않은 것", "수치만(글자 제외)", "사실만(원문은 호스트에 보관)", "가명"]
    {
        ensure!(html.contains(words), "the report does not say {words}");
    }
    ensure!(html.contains("고객 정책"), "no finding says that it could not be checked");
    ensure!(!html.contains("db01"), "the report names a host that goes by a code");

    let table = names(agent)?;
    let (code, _) = table.iter().find(|(_, name)| *name == "db01").context("a code")?;
    ensure!(html.contains(code.as_str()), "the report does not speak of {code}");
    ensure!(agent.run_ok(&["reveal", code])?.trim() == format!("{code} db01"));
    ensure!(!agent.run(&["reveal", "h-aaaaaaaa"])?.status.success(), "an unknown code is no name");
    let shown = agent.run(&["reveal", "--report", &file.to_string_lossy()])?;
    let shown = String::from_utf8(shown.stdout)?;
    ensure!(shown.contains("db01") && !shown.contains(code.as_str()), "{code} is not turned back");
    let markup = |text: &str| text.matches(['<', '>', '"']).count();
    ensure!(markup(&shown) == markup(&html), "the report is no longer the same page");

    // What would leave next is what left: the same recorded moment.
    let text = agent.run_ok(&["preview", "--diff-last"])?;
    ensure!(text.contains("+++") && text.contains("추가 0 · 빠짐 0"), "{text}");
    // Another host's table helps where the key is one.
    let empty = Agent::new(&dir.join("desk"), "https://127.0.0.1:1", None)?;
    let other = agent.state().join("names.json");
    let told = run(empty.command()?.args(["reveal", code, "--table"]).arg(other))?;
    ensure!(String::from_utf8_lossy(&told.stdout).contains("db01"), "a table was not read");
    Ok(())
}

#[test]
fn a_key_that_others_read_or_that_is_none_stops_the_collection() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let key = dir.path().join("fleet.key");
    let codes = format!("pseudonyms = true\nkey_file = {:?}", key.display().to_string());
    let agent = agent(dir.path(), "rhel9-web", "https://127.0.0.1:1", &codes)?;
    let refused = |mode: &str, bytes: &[u8], word: &str| -> Result<()> {
        std::fs::write(&key, bytes)?;
        run_ok(Command::new("chmod").arg(mode).arg(&key))?;
        let output = agent.run(&["collect"])?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.code() == Some(1) && said.contains(word), "{said}");
        Ok(())
    };
    refused("600", b"short", "openssl rand")?;
    refused("644", &[7; 32], "chmod 0600")?;
    ensure!(std::fs::read_dir(agent.state().join("spool"))?.count() == 0, "it was spooled");
    Ok(())
}

#[test]
fn a_mode_says_withheld_and_not_absent() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = agent(dir.path(), "rhel9-web", "https://127.0.0.1:1", "mode = \"numbers-only\"")?;
    let document = agent.run(&["collect", "--output", "-"])?.stdout;
    let snapshot = Snapshot::from_document(&document)?;
    let facts = carepack_facts::derive(&snapshot);
    let reason = |key: &str| facts.missing.get(key).map(|missing| missing.reason);
    ensure!(reason("fs.usage") == Some(Unseen::Withheld), "{:?}", reason("fs.usage"));
    ensure!(reason("tomcat.instances") != Some(Unseen::Failed));
    ensure!(facts.value("memory.total_kib").is_some(), "a number did not leave");
    ensure!(facts.value("kernel.release").is_some() || facts.value("os.version").is_some());
    Ok(())
}
