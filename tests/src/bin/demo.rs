//! `cargo demo`: the main job, end to end, on this very machine and the recorded hosts.
//!
//! Real processes and real mTLS on loopback: a collector with a fresh CA on embedded SQLite, one
//! enrolled agent per host, last month's evidence imported as sealed bundles, this month's
//! collected on schedule, assessed; advisories taken in, told by mail, agreed on, applied and
//! proved; reported. Progress on stderr; the result on stdout.

#[path = "demo/advisories.rs"]
mod advisories;
#[path = "demo/desk.rs"]
mod desk;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use carepack_tests::agent::Agent;
use carepack_tests::collector::Collector;
use carepack_tests::mailbox::Mailbox;
use carepack_tests::process::until;
use carepack_tests::{binaries, recorded};
use clap::Parser;
use serde_json::Value as Json;

/// Collects this host and the recorded hosts, judges them and writes their inspection report.
#[derive(Parser)]
#[command(name = "cargo demo")]
struct Arguments {
    /// Where everything goes; an earlier demo there is replaced.
    #[arg(long, default_value = "carepack-demo")]
    dir: PathBuf,
    /// Leave the collector and the agents running, and say where.
    #[arg(long)]
    keep_running: bool,
}

const CUSTOMER: &str = "한빛정보";
const CONTRACT: &str = "carepack-demo";
/// Marks a folder as a demo's, so that nothing else is ever replaced.
const MARK: &str = ".carepack-demo";

fn main() -> ExitCode {
    match demo(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Stages and how long each took.
struct Stages {
    began: Instant,
    done: Vec<(&'static str, f64)>,
}

impl Stages {
    fn run<T>(&mut self, name: &'static str, stage: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("· {name} …");
        let start = Instant::now();
        let result = stage().with_context(|| format!("demo stage: {name}"))?;
        self.done.push((name, start.elapsed().as_secs_f64()));
        Ok(result)
    }
}

fn demo(arguments: &Arguments) -> Result<()> {
    let mut stages = Stages { began: Instant::now(), done: Vec::new() };
    stages.run("build the agent and the collector", binaries::build)?;
    let dir = fresh(&arguments.dir)?;
    let mailbox = Mailbox::open(&dir.join("mail"))?;
    let mut collector = stages.run("make a collector: SQLite, fresh CA", || {
        let mut collector = Collector::init(&dir.join("collector"))?;
        advisories::configure(&collector, &mailbox)?;
        collector.serve()?;
        contract(&collector)?;
        Ok(collector)
    })?;
    stages.run("take in the feeds of advisories", || advisories::take_in(&collector))?;
    let agents = stages.run("enrol one agent per host", || enrol(&collector, &dir))?;
    let period = period(&collector)?;
    stages.run("import last month's sealed bundles and assess them", || {
        last_month(&collector, &agents, &dir, &period.before)
    })?;
    let running = stages.run("let the agents collect and send on schedule", || {
        collect(&collector, agents, &period.now)
    })?;
    let inspect = || collector.json(&["inspect", "--contract", CONTRACT, "--period", &period.now]);
    let first = stages.run("assess the period", inspect)?;
    let told = stages
        .run("tell the customer by mail, agree on a date, patch a host, prove it", || {
            advisories::through(&collector, &mailbox, &dir)
        })?;
    stages.run("enter a visit and a disaster-recovery drill", || {
        desk::visit(&collector, (CONTRACT, &period.now), &dir)
    })?;
    let found = stages.run("assess the period again", inspect)?;
    stages.run("write the report: PDF and HTML, Korean and English", || {
        let out = dir.to_str().context("the demo's folder has a UTF-8 name")?;
        let words = ["report", "--contract", CONTRACT, "--period", &period.now, "--output", out];
        collector.run(&words)
    })?;
    stages.run("review, publish and confirm it; the signed edition is verified", || {
        publish(&collector, &dir, &period.now)
    })?;
    stages.run("take calls: an incident to its end, a question that waits", || {
        desk::cases(&collector, CONTRACT)
    })?;
    tell(&stages, &found, &dir)?;
    told.tell(&first, &found);
    if arguments.keep_running {
        desk::accounts(&collector, CUSTOMER)?;
        keep(&mut collector, &running)?;
    }
    Ok(())
}

/// An empty folder of the demo's own.
fn fresh(dir: &PathBuf) -> Result<PathBuf> {
    if dir.exists() {
        let empty = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
        ensure!(
            empty || dir.join(MARK).exists(),
            "{} is not a demo's folder; choose another with --dir",
            dir.display()
        );
        std::fs::remove_dir_all(dir).with_context(|| format!("removing {}", dir.display()))?;
    }
    std::fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
    std::fs::write(dir.join(MARK), "").context("marking the demo's folder")?;
    dir.canonicalize().context("finding the demo's folder")
}

/// A monthly contract whose window opened on the first of the month, so that every host is due.
fn contract(collector: &Collector) -> Result<()> {
    collector.contract(
        CUSTOMER,
        CONTRACT,
        &[
            "--level",
            "standard-12",
            "--cadence",
            "monthly",
            "--window-day",
            "1",
            "--window-hour",
            "0",
            "--window-hours",
            "1",
            "--time-zone",
            "Asia/Seoul",
            "--engineer",
            "김도현",
            "--contact",
            "이서연",
        ],
    )?;
    // Under contract, and never heard of: its page must be there all the same.
    let silent = ["--contract", CONTRACT, "--name", "rhel8-standby", "--role", "대기 서버"];
    let mut words = vec!["host", "add"];
    words.extend_from_slice(&silent);
    collector.run(&words)?;
    agreed(&collector.data)
}

/// What the contract's engineer would put beside it: the sample standards, and an agreed patch
/// night in October.
fn agreed(data: &std::path::Path) -> Result<()> {
    let (standards, visits) = (data.join("standards"), data.join("visits"));
    std::fs::create_dir_all(&standards).context("making the folder of standards")?;
    std::fs::create_dir_all(&visits).context("making the folder of visits")?;
    let samples = binaries::root().join("collector/standards");
    for name in ["web-rhel9.yaml", "db-rhel8.yaml"] {
        let copied = std::fs::copy(samples.join(name), standards.join(name));
        copied.with_context(|| format!("copying the sample standard {name}"))?;
    }
    let assigned = format!("{CONTRACT}: {{hosts: {{rhel9-web: web-rhel9, rhel8-db: db-rhel8}}}}\n");
    std::fs::write(standards.join("contracts.yaml"), assigned).context("assigning standards")?;
    let visit = "- from: 2026-10-16T16:00:00Z\n  to: 2026-10-16T19:00:00Z\n  who: 10월 정기 패치 (김도현)\n  hosts: [rhel9-web]\n";
    let file = visits.join(format!("{CONTRACT}.yaml"));
    std::fs::write(file, visit).context("writing the visits")
}

/// Enrols this host and every recorded one.
fn enrol(collector: &Collector, dir: &std::path::Path) -> Result<Vec<Agent>> {
    let url = agents_url(collector)?;
    let mut agents = Vec::new();
    let here = carepack_tests::agent::here();
    let own = ["--host", here.as_str(), "--role", "이 서버", "--importance", "1"];
    let token = collector.token(CONTRACT, &own)?;
    let agent = Agent::new(&dir.join("agents").join("this-host"), &url, None)?;
    agent.enrol(&token)?;
    agents.push(agent);
    for host in recorded::ALL {
        let importance = host.importance.to_string();
        let words = ["--host", host.name, "--role", host.role, "--importance", &importance];
        let token = collector.token(CONTRACT, &words)?;
        let agent = Agent::new(&dir.join("agents").join(host.name), &url, Some(host))?;
        if host.name == advisories::PATCHED {
            host.on_a_copy(&agent, &advisories::copies(dir))?;
        }
        agent.enrol(&token)?;
        agents.push(agent);
    }
    Ok(agents)
}

fn agents_url(collector: &Collector) -> Result<String> {
    let file = collector.data.join("run/addresses.json");
    let text = std::fs::read_to_string(&file).context("reading the collector's addresses")?;
    let addresses: carepack_tests::collector::Addresses =
        serde_json::from_str(&text).context("reading the collector's addresses")?;
    Ok(format!("https://{}", addresses.agents))
}

/// The period that the contract is in, and the one before.
struct Periods {
    now: String,
    before: String,
}

fn period(collector: &Collector) -> Result<Periods> {
    let contracts = collector.json(&["contract", "list"])?;
    let contract = contracts.as_array().and_then(|list| list.first()).context("a contract")?;
    let word = |key: &str| {
        contract[key].as_str().map(str::to_owned).with_context(|| format!("{key} of the contract"))
    };
    Ok(Periods { now: word("period")?, before: word("previous_period")? })
}

/// Last month as it would come from behind an air gap: sealed files, imported by an engineer.
fn last_month(
    collector: &Collector,
    agents: &[Agent],
    dir: &std::path::Path,
    period: &str,
) -> Result<()> {
    for agent in agents.iter().filter(|agent| agent.has_previous()) {
        let file = dir.join(format!("{}-{period}.cpk", agent.name));
        agent.seal_previous(period, &file)?;
        collector.run(&["import", &file.to_string_lossy()])?;
    }
    collector.run(&["inspect", "--contract", CONTRACT, "--period", period])?;
    Ok(())
}

/// Starts every agent and waits until each host's snapshot of this period has arrived.
fn collect(collector: &Collector, mut agents: Vec<Agent>, period: &str) -> Result<Vec<Agent>> {
    for agent in &mut agents {
        agent.start()?;
    }
    let names: Vec<String> = agents.iter().map(Agent::host_name).collect();
    until("every host's snapshot to arrive", || {
        for agent in &mut agents {
            if !agent.is_alive() {
                bail!("the agent of {} stopped:\n{}", agent.name, agent.tail());
            }
        }
        let hosts = collector.hosts()?;
        let arrived = |name: &String| {
            hosts.iter().any(|h| h["hostname"] == **name && h["last_period"] == *period)
        };
        Ok(names.iter().all(arrived).then_some(()))
    })?;
    Ok(agents)
}

/// What an engineer, a reviewer, an approver and the customer do with the assessed period; the report
/// is then the edition's.
fn publish(collector: &Collector, dir: &std::path::Path, period: &str) -> Result<()> {
    let of = ["--contract", CONTRACT, "--period", period];
    let inspection = |words: &[&str], more: &[&str]| {
        collector.run(&[&["inspection"], words, &of[..], more].concat())
    };
    collector.run(&["contract", "four-eyes", "--contract", CONTRACT, "true"])?;
    inspection(&["review", "open"], &[])?;
    let found = collector.json(&[&["inspection", "show"], &of[..]].concat())?;
    let failing = found["findings"].as_array().into_iter().flatten();
    let danger = failing
        .filter(|f| f["verdict"] == "danger")
        .find_map(|f| Some((f["subject"].as_str()?.to_owned(), f["rule"].as_str()?.to_owned())));
    let (place, rule) = danger.context("a finding to correct")?;
    let reason = "현장에서 확인한 결과 예비 장비로 영향이 제한적임";
    let on = ["--on", &place, "--rule", &rule, "--by", "김도현"];
    inspection(
        &["review", "correct"],
        &[&on[..], &["--verdict", "attention", "--reason", reason]].concat(),
    )?;
    inspection(&["review", "accept"], &["--all", "--by", "김도현"])?;
    for (role, name) in [("author", "김도현"), ("reviewer", "박지훈"), ("approver", "최은영")]
    {
        inspection(&["review", "sign"], &[role, "--name", name])?;
    }
    let out = dir.to_str().context("the demo's folder has a UTF-8 name")?;
    let edition = dir.join("edition-1");
    let edition = edition.to_str().context("the demo's folder has a UTF-8 name")?;
    inspection(&["publish"], &["--by", "최은영", "--output", edition])?;
    collector.run(&["report", "verify", edition])?;
    inspection(&["acknowledge"], &["--name", "이서연", "--comment", "확인함"])?;
    collector.run(&[&["report"], &of[..], &["--output", out]].concat())?;
    collector.run(&["report", "--installation", "rhel8-db", "--output", out])?;
    Ok(())
}

/// Where the reports are, what was found in five lines, how long each stage took.
fn tell(stages: &Stages, found: &Json, dir: &std::path::Path) -> Result<()> {
    println!();
    for name in ["report.ko.pdf", "report.en.pdf", "report.ko.html", "report.en.html"] {
        let file = dir.join(name);
        let bytes = std::fs::metadata(&file).with_context(|| format!("no {}", file.display()))?;
        println!("{}  ({} KB)", file.display(), bytes.len() / 1024);
    }
    println!();
    let summary = &found["summary"];
    let count = |key: &str| summary["verdicts"][key].as_u64().unwrap_or(0);
    println!(
        "hosts      {} under contract, {} answered; lowest score: {}",
        summary["hosts"],
        summary["answered"],
        summary["worst"].as_str().unwrap_or("-")
    );
    println!("score      {} of 1000 (last month {})", summary["score"], summary["previous_score"]);
    println!(
        "verdicts   위험 {}  주의 {}  점검불가 {}  양호 {}",
        count("danger"),
        count("attention"),
        count("unknown"),
        count("pass")
    );
    let standing = |key: &str| summary["standings"][key].as_u64().unwrap_or(0);
    println!(
        "standing   신규 {}  지속 {}  재발 {}  해소 {}",
        standing("new"),
        standing("persisting"),
        standing("recurring"),
        standing("resolved")
    );
    let first = &found["fix_first"][0];
    println!(
        "fix first  {} ({})",
        first["ko"]["title"].as_str().unwrap_or("-"),
        first["hosts"].as_array().map_or(0, Vec::len)
    );
    println!();
    for (name, seconds) in &stages.done {
        println!("{seconds:8.2} s  {name}");
    }
    println!("{:8.2} s  in all", stages.began.elapsed().as_secs_f64());
    Ok(())
}

/// Leaves everything running until interrupted.
fn keep(collector: &mut Collector, agents: &[Agent]) -> Result<()> {
    let file = collector.data.join("run/addresses.json");
    let text = std::fs::read_to_string(&file).context("reading the collector's addresses")?;
    println!("\nrunning: {} agents; collector {}", agents.len(), text.trim());
    println!("stop with Ctrl-C");
    let serving = collector.serving.as_mut().context("the collector serves")?;
    while serving.is_alive() {
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    bail!("the collector stopped:\n{}", serving.tail());
}
