//! The KISA annex on recorded hosts: what the guide's items are answered, through the real agent.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use carepack_assessment::annex::{Answer, answer};
use carepack_assessment::model::HostRef;
use carepack_assessment::{Assessment, HostInput, Input, Observed, assess};
use carepack_shared::Snapshot;
use carepack_tests::agent::Agent;
use carepack_tests::recorded;

fn assessed(name: &str) -> Result<Assessment> {
    let dir = tempfile::tempdir()?;
    let host = recorded::ALL.iter().find(|host| host.name == name).context("a recorded host")?;
    let agent = Agent::new(dir.path(), "https://127.0.0.1:1", Some(host))?;
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
    Ok(assess(
        &pack,
        Input {
            as_of: snapshot.finished_at,
            period: "2026-11".to_owned(),
            hosts: vec![input],
            windows: Vec::new(),
            group_history: BTreeMap::new(),
            topology: carepack_assessment::topology::Corrections::default(),
            overrides: BTreeMap::new(),
        },
    ))
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
    check(&sound, &[("U-07", Answer::Manual), ("U-33", Answer::Manual)])?;
    let neglected = assessed("rhel8-db")?;
    let codes = ["U-01", "U-03", "U-04", "U-05", "U-13", "U-19", "U-40", "U-42", "U-64", "U-67"];
    check(&neglected, &codes.map(|code| (code, Answer::Weak)))
}

#[test]
fn what_cannot_be_seen_is_never_sound() -> Result<()> {
    let broken = assessed("rhel9-broken")?;
    let codes = ["U-01", "U-02", "U-16", "U-18", "U-63", "U-67"];
    check(&broken, &codes.map(|code| (code, Answer::Unknown)))
}

#[test]
fn the_guide_is_there_whole() -> Result<()> {
    let pack = carepack_collector::rules::built_in()?;
    let table = pack.kisa.context("the pack has a table")?;
    let codes: Vec<String> = table.items.iter().map(|item| item.code.clone()).collect();
    let expected: Vec<String> = (1..=67).map(|n| format!("U-{n:02}")).collect();
    ensure!(codes == expected, "{codes:?}");
    Ok(())
}
