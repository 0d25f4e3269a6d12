//! The KISA annex on recorded hosts: what the guide's items are answered, through the real agent.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use carepack_assessment::annex::{Answer, answer};
use carepack_assessment::model::HostRef;
use carepack_assessment::{Assessment, HostInput, Input, Observed, assess};
use carepack_shared::{Snapshot, Unseen};
use carepack_tests::agent::Agent;
use carepack_tests::collector::Collector;
use carepack_tests::recorded;

fn assessed(name: &str) -> Result<Assessment> {
    assessed_with(name, "")
}

/// With settings of the customer's.
fn assessed_with(name: &str, settings: &str) -> Result<Assessment> {
    let dir = tempfile::tempdir()?;
    let host = recorded::ALL.iter().find(|host| host.name == name).context("a recorded host")?;
    let agent = Agent::new(dir.path(), "https://127.0.0.1:1", Some(host))?;
    let drop_ins = agent.config().with_extension("d");
    std::fs::create_dir(&drop_ins)?;
    std::fs::write(drop_ins.join("customer.toml"), settings)?;
    let document = agent.run(&["collect", "--dry-run", "--output", "-"])?.stdout;
    let snapshot = Snapshot::from_document(&document)?;
    let pack = carepack_collector::rules::built_in()?;
    let input = HostInput {
        host: HostRef {
            id: "h".to_owned(),
            name: name.to_owned(),
            role: String::new(),
            importance: 1,
        },
        current: Some(Observed::of(&snapshot, "")),
        previous: None,
        history: Vec::new(),
        standard: None,
        exceptions: BTreeMap::new(),
    };
    Ok(assess(&pack, Input::of(snapshot.finished_at, "2026-11", vec![input])))
}

fn check(assessment: &Assessment, expected: &[(&str, Answer)]) -> Result<()> {
    let table = assessment.kisa.as_ref().context("the pack has a table")?;
    let host = assessment.hosts.first().context("the host")?;
    for (code, wanted) in expected {
        let item = table.items.iter().find(|item| item.code == *code).context("the item")?;
        let seen = answer(item, &host.findings).0;
        ensure!(seen == *wanted, "{} {code}: wanted {wanted:?}, got {seen:?}", host.host.name);
    }
    Ok(())
}

#[test]
fn a_sound_host_and_a_neglected_one() -> Result<()> {
    let sound = assessed("rhel9-web")?;
    let codes = ["U-01", "U-02", "U-03", "U-05", "U-10", "U-13", "U-16", "U-18", "U-52", "U-65"];
    check(&sound, &codes.map(|code| (code, Answer::Sound)))?;
    let looked_at =
        ["U-06", "U-12", "U-14", "U-15", "U-17", "U-23", "U-24", "U-25", "U-26", "U-27"];
    check(&sound, &looked_at.map(|code| (code, Answer::Sound)))?;
    let looked_at = ["U-04", "U-09", "U-29", "U-30", "U-31", "U-32", "U-37", "U-62"];
    check(&sound, &looked_at.map(|code| (code, Answer::Sound)))?;
    let not_there = ["U-20", "U-45", "U-46", "U-47", "U-48", "U-49", "U-50", "U-51", "U-53"];
    check(&sound, &not_there.map(|code| (code, Answer::NotApplicable)))?;
    let not_there = ["U-35", "U-56", "U-57", "U-59", "U-60", "U-61"];
    check(&sound, &not_there.map(|code| (code, Answer::NotApplicable)))?;
    let by_hand = ["U-07", "U-33", "U-39"];
    check(&sound, &by_hand.map(|code| (code, Answer::Manual)))?;
    let neglected = assessed("rhel8-db")?;
    let codes = ["U-01", "U-03", "U-04", "U-05", "U-13", "U-19", "U-40", "U-42", "U-64", "U-67"];
    check(&neglected, &codes.map(|code| (code, Answer::Weak)))?;
    let codes = ["U-02", "U-06", "U-14", "U-15", "U-17", "U-23", "U-24", "U-25", "U-27", "U-31"];
    check(&neglected, &codes.map(|code| (code, Answer::Weak)))?;
    check(&neglected, &["U-32", "U-48", "U-62"].map(|code| (code, Answer::Weak)))?;
    check(&neglected, &["U-26", "U-46", "U-47"].map(|code| (code, Answer::Sound)))?;
    let old = assessed("rhel7-legacy")?;
    let codes = ["U-24", "U-25", "U-30", "U-47", "U-59", "U-61"];
    check(&old, &codes.map(|code| (code, Answer::Weak)))?;
    check(
        &old,
        &[("U-15", Answer::Sound), ("U-60", Answer::Sound), ("U-53", Answer::NotApplicable)],
    )
}

#[test]
fn a_walk_that_was_cut_is_no_answer() -> Result<()> {
    let app = assessed("rhel8-app")?;
    check(&app, &["U-15", "U-23", "U-25"].map(|code| (code, Answer::Unknown)))
}

#[test]
fn a_walk_that_the_customer_switched_off_is_no_answer() -> Result<()> {
    let web = assessed_with("rhel9-web", "[collect]\ntree_entries_max = 0\n")?;
    check(&web, &["U-15", "U-23", "U-25"].map(|code| (code, Answer::Unknown)))?;
    check(&web, &[("U-26", Answer::Sound)])?;
    let finding = web.hosts[0].findings.iter().find(|finding| finding.rule == "tree-unowned");
    let cause = finding.and_then(|finding| finding.unknown.as_ref()).context("a cause")?;
    ensure!(cause.reason == Unseen::Withheld && cause.source == "survey:file-tree", "{cause:?}");
    Ok(())
}

#[test]
fn what_cannot_be_seen_is_never_sound() -> Result<()> {
    let broken = assessed("rhel9-broken")?;
    let codes = ["U-01", "U-02", "U-06", "U-15", "U-16", "U-18", "U-20", "U-23", "U-25", "U-31"];
    check(&broken, &codes.map(|code| (code, Answer::Unknown)))?;
    let codes = ["U-32", "U-62", "U-63", "U-67"];
    check(&broken, &codes.map(|code| (code, Answer::Unknown)))
}

#[test]
fn the_annex_says_which_reading_the_contract_chose() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let host = recorded::ALL.iter().find(|host| host.name == "rhel9-web").context("a host")?;
    let agent = Agent::new(&dir.path().join("agent"), "https://127.0.0.1:1", Some(host))?;
    let snapshot = dir.path().join("web.cpk");
    let file = snapshot.to_string_lossy();
    agent.run(&["collect", "--dry-run", "--period", "2026-11", "--output", &file])?;
    let collector = Collector::init(&dir.path().join("collector"))?;
    collector.contract("한빛정보", "hanbit", &[])?;
    collector.run(&["host", "add", "--contract", "hanbit", "--name", "web"])?;
    collector.run(&["import", &file, "--host", "web"])?;
    let reported = || -> Result<(String, Vec<String>)> {
        collector.run(&["inspect", "--contract", "hanbit", "--period", "2026-11"])?;
        let folder = dir.path().to_string_lossy();
        let arguments = ["report", "--contract", "hanbit", "--period", "2026-11"];
        collector.run(&[&arguments[..], &["--lang", "ko", "--output", &folder]].concat())?;
        let report = std::fs::read_to_string(dir.path().join("report.ko.html"))?;
        let readings = report.split("적용한 판정 기준").nth(1).context("the readings")?;
        let row = readings.split("<tr").find(|row| row.contains("U-12")).context("U-12")?;
        let cells = row.split("</td>").filter_map(|cell| cell.rsplit('>').next());
        let cells = cells.map(|cell| cell.trim().to_owned()).collect();
        Ok((report, cells))
    };
    let rhel = "TMOUT 미설정 허용, 설정하면 600초 이하";
    let guide = "TMOUT 600초 이하 설정 필수";
    let (_, cells) = reported()?;
    ensure!(cells[2..5] == ["RHEL 기준", rhel, guide], "{cells:?}");
    let own = collector.data.join("params/hanbit.yaml");
    std::fs::create_dir_all(collector.data.join("params"))?;
    std::fs::write(&own, "login-timeout: {literal: true, limit_seconds: 300}\n")?;
    let set = collector.json(&["contract", "params", "--contract", "hanbit"])?;
    ensure!(set.as_array().map(Vec::len) == Some(2) && set[1]["own"] == true, "{set}");
    let (report, cells) = reported()?;
    ensure!(cells[2..5] == ["가이드 원문", guide, rhel], "{cells:?}");
    ensure!(report.contains("TMOUT 300초 이하"), "what is asked for is the contract's own");
    // A mistake stops the inspection and names its way out.
    std::fs::write(&own, "login-timeout: {literal: 'yes'}\n")?;
    for words in [&["inspect"][..], &["contract", "params"]] {
        let mut command = collector.command()?;
        let output = command.args(words).args(["--contract", "hanbit"]).output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = ["params/hanbit.yaml", "rule login-timeout", "write true or false"];
        ensure!(!output.status.success() && told.iter().all(|part| said.contains(part)), "{said}");
    }
    Ok(())
}

#[test]
fn the_guide_is_there_whole() -> Result<()> {
    let pack = carepack_collector::rules::built_in()?;
    let table = pack.kisa.context("the pack has a table")?;
    let codes: Vec<String> = table.items.iter().map(|item| item.code.clone()).collect();
    let expected: Vec<String> = (1..=67).map(|n| format!("U-{n:02}")).collect();
    ensure!(codes == expected, "{codes:?}");
    let alone = table.items.iter().filter(|item| item.rules.is_empty());
    let alone: Vec<&str> = alone.map(|item| item.code.as_str()).collect();
    ensure!(alone == ["U-07", "U-33", "U-39"], "only these need a person alone: {alone:?}");
    Ok(())
}
