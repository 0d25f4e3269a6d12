//! kill -9 of agent and collector at any moment loses no acknowledged snapshot and duplicates
//! none.
//!
//! The instants are spread over the whole life of a snapshot (collect, spool, send, store,
//! acknowledge) by a seeded sequence; whatever the agent's own journal says was acknowledged must
//! be in the collector's store under the same digest, and nothing may be there twice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use carepack_tests::agent::Agent;
use carepack_tests::collector::Collector;
use carepack_tests::process::until;
use carepack_tests::recorded;

/// Rounds of kill and restart; each kills one side at one instant.
const ROUNDS: u32 = 24;
/// The instants lie within this time after a request: a collection and its sending take about a
/// second in a debug build.
const SPAN_MS: u64 = 1_600;

const CONTRACT: &str = "durability";

#[test]
fn kill_9_at_any_moment_loses_nothing_and_duplicates_nothing() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("collector"))?;
    let mut addresses = collector.serve()?;
    // The same port again after every restart, as a real collector has.
    collector.pin(&addresses)?;
    collector.contract("Durable", CONTRACT, &["--window-day", "1", "--window-hour", "0"])?;
    let token = collector.token(CONTRACT, &["--host", "h"])?;
    let url = format!("https://{}", addresses.agents);
    let mut agent = Agent::new(&dir.path().join("agent"), &url, Some(&recorded::ALL[0]))?;
    agent.enrol(&token)?;
    agent.start()?;
    let mut seed = 0x9e37_79b9_u64;
    for round in 0..ROUNDS {
        collector.run(&["host", "collect", "h"])?;
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        wait(Duration::from_millis((seed >> 33) % SPAN_MS));
        if round % 2 == 0 {
            agent.process().context("the agent runs")?.kill_9();
            agent.start()?;
        } else {
            collector.kill_9();
            addresses = collector.serve()?;
        }
        let acknowledged = acknowledged(&agent)?;
        let stored = stored(&collector)?;
        for (id, sha256) in &acknowledged {
            ensure!(
                stored.get(id) == Some(sha256),
                "round {round}: {id} was acknowledged with {sha256}, the store has {:?}",
                stored.get(id)
            );
        }
    }
    collector.run(&["host", "collect", "h"])?;
    let before = stored(&collector)?.len();
    until("the spool to drain and one more snapshot to arrive", || {
        let drained = agent.status()?["spooled"] == 0;
        Ok((drained && stored(&collector)?.len() > before).then_some(()))
    })?;
    let stored = stored(&collector)?;
    for (id, sha256) in acknowledged(&agent)? {
        ensure!(stored.get(&id) == Some(&sha256), "{id} was acknowledged and is not stored");
    }
    ensure!(!stored.is_empty(), "nothing was stored at all: the test proves nothing");
    println!("{} snapshots stored over {ROUNDS} kills at {}", stored.len(), addresses.agents);
    Ok(())
}

/// The instant of a kill is part of the experiment: nothing is awaited here.
fn wait(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Snapshots that the agent's own journal says were acknowledged: id → digest.
fn acknowledged(agent: &Agent) -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(agent.state().join("journal.log")).unwrap_or_default();
    let mut found = BTreeMap::new();
    for line in text.lines() {
        // The last line may be cut by the kill.
        let Ok(entry) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        if entry["outcome"] == "acknowledged" {
            let word = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            found.insert(word("id"), word("sha256"));
        }
    }
    Ok(found)
}

/// Snapshots in the store: id → digest. An id that stands there twice is a failure.
fn stored(collector: &Collector) -> Result<BTreeMap<String, String>> {
    let list = collector.json(&["host", "snapshots", "h"])?;
    let mut found = BTreeMap::new();
    for row in list.as_array().context("a list of snapshots")? {
        let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let twice = found.insert(word("id"), word("sha256"));
        ensure!(twice.is_none(), "{} is stored twice", word("id"));
    }
    Ok(found)
}
