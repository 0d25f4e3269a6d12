//! Speed and cost, beside a peer or a physical limit measured in the same run.
//!
//! `cargo bench -p carepack-tests` (or `tests/bench`) prints one table: what, how much, against
//! what, and the ratio. Nothing here passes or fails; figures are read by people.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use carepack_assessment::model::HostRef;
use carepack_assessment::{Assessment, HostInput, Input, Observed, Pack, assess};
use carepack_collector::reports::{self, Cover, Lang};
use carepack_shared::digest::sha256_hex;
use carepack_shared::{Snapshot, bundle, wire};
use carepack_tests::agent::Agent;
use carepack_tests::collector::Collector;
use carepack_tests::process::until;
use carepack_tests::{binaries, recorded};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use uuid::Uuid;

/// Runs of a whole process; the median is quoted.
const RUNS: usize = 7;
const CONTRACT: &str = "bench";

fn main() -> Result<()> {
    // `cargo bench` hands over `--bench`; `cargo test --benches` would hand over nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    binaries::build()?;
    println!("{:44} {:>14}   {:34} {:>8}", "what", "measured", "against", "ratio");
    let dir = tempfile::tempdir()?;
    collection(dir.path())?;
    resident(dir.path())?;
    intake(dir.path())?;
    let assessment = judgement(dir.path())?;
    report(&assessment)
}

fn row(what: &str, measured: &str, against: &str, ratio: Option<f64>) {
    let ratio = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
    println!("{what:44} {measured:>14}   {against:34} {ratio:>8}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn seconds(usage: &Usage) -> f64 {
    let time = |t: nix::sys::time::TimeVal| {
        Duration::from_secs(t.tv_sec().unsigned_abs()).as_secs_f64()
            + Duration::from_micros(t.tv_usec().unsigned_abs()).as_secs_f64()
    };
    time(usage.user_time()) + time(usage.system_time())
}

/// CPU seconds (user and system, its own children included) of a command run to its end.
fn cpu_of(command: &mut Command) -> Result<f64> {
    let before = seconds(&getrusage(UsageWho::RUSAGE_CHILDREN)?);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    Ok(seconds(&getrusage(UsageWho::RUSAGE_CHILDREN)?) - before)
}

fn cpu_median(mut make: impl FnMut() -> Result<Command>) -> Result<f64> {
    cpu_of(&mut make()?)?;
    let runs = (0..RUNS).map(|_| cpu_of(&mut make()?)).collect::<Result<Vec<f64>>>()?;
    Ok(median(runs))
}

/// One full collection of this very host, beside tools that do a part of the same.
fn collection(dir: &std::path::Path) -> Result<()> {
    let whole = Agent::new(&dir.join("collect"), "https://127.0.0.1:1", None)?;
    let bare = Agent::new(&dir.join("collect-without-logs"), "https://127.0.0.1:1", None)?;
    let drop_ins = bare.dir.join("agent.d");
    std::fs::create_dir_all(&drop_ins)?;
    std::fs::write(drop_ins.join("bench.toml"), "[withhold]\nprobes = [\"logs\"]\n")?;
    let sent = bundle::compress(&whole.run(&["collect", "--output", "-"])?.stdout)?.len();
    let with_logs = collect_cpu(&whole)?;
    let all = collect_cpu(&bare)?;
    row("collection: CPU s", &format!("{with_logs:.3}"), "log scan included", None);
    row(
        "collection without the log scan: CPU s",
        &format!("{all:.3}"),
        "aim 0.30 s",
        Some(all / 0.3),
    );
    let output = bare.run(&["collect", "--output", "-"])?;
    let snapshot = Snapshot::from_document(&output.stdout).context("the agent's document")?;
    let peak = kib(snapshot.agent.peak_kib);
    row("  its peak memory (VmHWM)", &format!("{peak:.1} MiB"), "aim 11 MiB", Some(peak / 11.0));
    row("  processes started", &snapshot.agent.spawned.to_string(), "aim 10", None);
    row("collection: bytes sent (zstd)", &sent.to_string(), "", None);
    let peers: [(&str, &[&str]); 4] = [
        ("facter", &["-j"]),
        ("insights-collect", &["-c"]),
        ("lynis", &["audit", "system", "--quick"]),
        ("sos", &["report", "--batch", "--tmp-dir", "/tmp"]),
    ];
    for (peer, arguments) in peers {
        if !installed(peer) {
            row(&format!("  {peer}"), "-", "not installed here", None);
            continue;
        }
        let cpu = if peer == "facter" {
            cpu_median(|| Ok(command(peer, arguments)))?
        } else {
            cpu_of(&mut command(peer, arguments))?
        };
        row(
            &format!("  {peer}: CPU s"),
            &format!("{cpu:.3}"),
            "ours as a part of it",
            Some(all / cpu),
        );
    }
    Ok(())
}

fn collect_cpu(agent: &Agent) -> Result<f64> {
    cpu_median(|| {
        let mut command = agent.command()?;
        command.args(["collect", "--output", "-"]);
        Ok(command)
    })
}

fn command(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments);
    command
}

fn installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn kib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// The resident agent after it has enrolled, polled, collected and sent.
fn resident(dir: &std::path::Path) -> Result<()> {
    let mut collector = Collector::init(&dir.join("resident"))?;
    let addresses = collector.serve()?;
    collector.contract("Bench", CONTRACT, &["--window-day", "1", "--window-hour", "0"])?;
    let url = format!("https://{}", addresses.agents);
    let mut agent = Agent::new(&dir.join("resident-agent"), &url, None)?;
    agent.enrol(&collector.token(CONTRACT, &["--host", "h"])?)?;
    agent.start()?;
    until("the first snapshot", || Ok((collector.snapshots()? >= 1).then_some(())))?;
    until("the spool to drain", || Ok((agent.status()?["spooled"] == 0).then_some(())))?;
    let pid = agent.process().context("the agent runs")?.pid();
    let rss = status_kib(pid, "VmRSS:")?;
    row(
        "resident agent: RSS",
        &format!("{:.1} MiB", kib(rss)),
        "aim 12 MiB",
        Some(kib(rss) / 12.0),
    );
    Ok(())
}

fn status_kib(pid: i32, field: &str) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)).context("the field")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Snapshots a second over mTLS, beside raw durable SQLite commits of the same size.
fn intake(dir: &std::path::Path) -> Result<()> {
    const SNAPSHOTS: usize = 600;
    const CLIENTS: usize = 16;
    let mut collector = Collector::init(&dir.join("intake"))?;
    let addresses = collector.serve()?;
    collector.contract("Bench", CONTRACT, &[])?;
    let url = format!("https://{}", addresses.agents);
    let agent = Agent::new(&dir.join("intake-agent"), &url, Some(&recorded::ALL[0]))?;
    agent.enrol(&collector.token(CONTRACT, &["--host", "h"])?)?;
    let document = agent.run(&["collect", "--dry-run", "--output", "-"])?.stdout;
    let mut snapshot = Snapshot::from_document(&document).context("the agent's document")?;
    let bodies: Vec<(Uuid, String, Vec<u8>)> = (0..SNAPSHOTS)
        .map(|_| {
            snapshot.id = Uuid::now_v7();
            let document = snapshot.to_document();
            Ok((snapshot.id, sha256_hex(&document), bundle::compress(&document)?))
        })
        .collect::<Result<_>>()?;
    let size = bodies[0].2.len();
    let pem = std::fs::read(agent.state().join("identity.pem"))?;
    let rate = upload(&url, &pem, &Arc::new(bodies), CLIENTS)?;
    let raw = raw_sqlite(dir, size)?;
    let against = format!("{raw:.0} raw SQLite commits/s ({} KB)", size / 1024);
    row("intake over mTLS: durable snapshots/s", &format!("{rate:.0}"), &against, Some(rate / raw));
    Ok(())
}

fn upload(
    url: &str,
    pem: &[u8],
    bodies: &Arc<Vec<(Uuid, String, Vec<u8>)>>,
    clients: usize,
) -> Result<f64> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let next = Arc::new(AtomicUsize::new(0));
    let client = client(pem)?;
    let start = Instant::now();
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..clients {
            let (client, bodies, next) = (client.clone(), Arc::clone(bodies), Arc::clone(&next));
            let url = url.to_owned();
            tasks.push(tokio::spawn(async move {
                while let Some((id, sha256, body)) =
                    bodies.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let answer = client
                        .put(format!("{url}{}/{id}", wire::PATH_SNAPSHOTS))
                        .header(wire::HEADER_SHA256, sha256)
                        .header("content-encoding", "zstd")
                        .body(body.clone())
                        .send()
                        .await?;
                    anyhow::ensure!(answer.status().is_success(), "{}", answer.text().await?);
                }
                Ok(())
            }));
        }
        for task in tasks {
            task.await??;
        }
        Ok::<(), anyhow::Error>(())
    })?;
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    Ok(bodies.len() as f64 / start.elapsed().as_secs_f64())
}

/// A client with the agent's own identity, trusting the collector's CA alone.
fn client(pem: &[u8]) -> Result<reqwest::Client> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let text = String::from_utf8_lossy(pem);
    let ca = text.rmatch_indices("-----BEGIN CERTIFICATE-----").next().context("a CA")?.0;
    Ok(reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&text.as_bytes()[ca..])?])
        .identity(reqwest::Identity::from_pem(pem)?)
        .build()?)
}

/// One durable commit a row: WAL, synchronous=FULL.
fn raw_sqlite(dir: &std::path::Path, size: usize) -> Result<f64> {
    const COMMITS: u32 = 300;
    let db = rusqlite::Connection::open(dir.join("raw.db"))?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.execute("create table t (id integer primary key, body blob)", [])?;
    let body = vec![7u8; size];
    let start = Instant::now();
    for _ in 0..COMMITS {
        db.execute("insert into t (body) values (?1)", [&body])?;
    }
    Ok(f64::from(COMMITS) / start.elapsed().as_secs_f64())
}

/// Parsing and judging one host with every rule, on one core.
fn judgement(dir: &std::path::Path) -> Result<Assessment> {
    const ROUNDS: u32 = 40;
    let pack = carepack_collector::rules::built_in()?;
    let mut documents = Vec::new();
    for host in recorded::ALL {
        let agent = Agent::new(
            &dir.join(format!("judge-{}", host.name)),
            "https://127.0.0.1:1",
            Some(host),
        )?;
        documents.push(agent.run(&["collect", "--output", "-"])?.stdout);
    }
    let snapshots: Vec<Snapshot> =
        documents.iter().map(|d| Ok(Snapshot::from_document(d)?)).collect::<Result<_>>()?;
    let start = Instant::now();
    for _ in 0..ROUNDS {
        for snapshot in &snapshots {
            std::hint::black_box(carepack_facts::derive(snapshot));
        }
    }
    let hosts = f64::from(ROUNDS) * 5.0;
    let parse = start.elapsed().as_secs_f64() / hosts;
    let inputs: Vec<Input> = (0..ROUNDS).map(|_| input(&snapshots)).collect();
    let start = Instant::now();
    let mut last = None;
    for input in inputs {
        last = Some(assess(&pack, input));
    }
    let judge = start.elapsed().as_secs_f64() / hosts;
    tell_judgement(&pack, parse, judge);
    last.context("an assessment")
}

fn tell_judgement(pack: &Pack, parse: f64, judge: f64) {
    let rules = format!("aim 10 ms; {} rules", pack.rules.len());
    row("facts of one host: ms", &format!("{:.2}", parse * 1e3), "", None);
    row("assessment of one host: ms", &format!("{:.2}", judge * 1e3), &rules, Some(judge * 100.0));
    let rate = 1.0 / (parse + judge);
    row(
        "hosts a core second, parsed and judged",
        &format!("{rate:.0}"),
        "aim 1000",
        Some(rate / 1000.0),
    );
}

fn input(snapshots: &[Snapshot]) -> Input {
    let host = |(at, snapshot): (usize, &Snapshot)| HostInput {
        host: HostRef {
            id: at.to_string(),
            name: snapshot.host.hostname.clone(),
            role: String::new(),
            importance: 1,
        },
        current: Some(Observed::of(snapshot, "")),
        previous: None,
        history: Vec::new(),
        standard: None,
        exceptions: std::collections::BTreeMap::new(),
    };
    Input::of(snapshots[0].finished_at, "2026-11", snapshots.iter().enumerate().map(host).collect())
}

/// One five-host report as PDF, warm.
fn report(assessment: &Assessment) -> Result<()> {
    let cover = Cover {
        customer: "벤치마크".to_owned(),
        contract: CONTRACT.to_owned(),
        level: "standard-12".to_owned(),
        period: "2026-11".to_owned(),
        document: "CP-BENCH".to_owned(),
        inspected_at: assessment.as_of,
        engineer: String::new(),
        contact: String::new(),
    };
    reports::render(assessment, &cover, Lang::Ko)?;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let before = seconds(&getrusage(UsageWho::RUSAGE_SELF)?);
        std::hint::black_box(reports::render(assessment, &cover, Lang::Ko)?);
        runs.push(seconds(&getrusage(UsageWho::RUSAGE_SELF)?) - before);
    }
    let cpu = median(runs);
    row("report of five hosts, HTML and PDF: CPU s", &format!("{cpu:.3}"), "aim 1 s", Some(cpu));
    Ok(())
}
