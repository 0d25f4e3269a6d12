//! What an administrator meets every day: `status` at once and without a network, `doctor` naming
//! the step that fails.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use carepack_tests::agent::Agent;
use carepack_tests::collector::Collector;
use carepack_tests::faketime;
use carepack_tests::process::until;
use carepack_tests::recorded;
use serde_json::Value as Json;

/// How soon `status` answers: an unoptimised build, the best of a few.
const STATUS_MAX: Duration = Duration::from_millis(50);

/// The step that fails by `doctor --json`, and the exit code.
fn failing(agent: &Agent) -> Result<(String, Option<i32>)> {
    let output = agent.run(&["doctor", "--json"])?;
    let steps: Vec<Json> = serde_json::from_slice(&output.stdout).context("doctor's JSON")?;
    let last = steps.last().context("a step")?;
    if last["ok"] == true {
        return Ok((String::new(), output.status.code()));
    }
    ensure!(last["way_out"].as_str().is_some_and(|text| text.len() > 10), "{last}");
    Ok((last["step"].as_str().unwrap_or_default().to_owned(), output.status.code()))
}

/// Points an agent at another collector.
fn point(agent: &Agent, url: &str) -> Result<()> {
    let mut root: toml::Table = std::fs::read_to_string(agent.config())?.parse()?;
    root.insert("server".into(), url.into());
    std::fs::write(agent.config(), root.to_string()).context("writing the agent's config")
}

#[test]
fn doctor_names_the_step_that_fails_and_status_needs_no_network() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("c"))?;
    collector.contract("한빛정보", "h", &[])?;
    let addresses = collector.serve()?;
    let url = format!("https://{}", addresses.agents);
    let agent = Agent::new(&dir.path().join("a"), &url, Some(&recorded::ALL[0]))?;
    ensure!(failing(&agent)? == ("identity".to_owned(), Some(3)));
    agent.enrol(&collector.token("h", &[])?)?;
    ensure!(failing(&agent)? == (String::new(), Some(0)));

    point(&agent, "https://no-such-host.invalid:8443")?;
    ensure!(failing(&agent)? == ("DNS".to_owned(), Some(4)));
    // Bound and closed again: nobody listens there.
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    point(&agent, &format!("https://{closed}"))?;
    ensure!(failing(&agent)? == ("TCP".to_owned(), Some(4)));
    // Somebody answers, in another language than TLS.
    let stranger = TcpListener::bind("127.0.0.1:0")?;
    point(&agent, &format!("https://{}", stranger.local_addr()?))?;
    std::thread::spawn(move || {
        use std::io::Write;
        for stream in stranger.incoming().flatten().take(4) {
            let _ = (&stream).write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let (step, exit) = failing(&agent)?;
    ensure!(step == "TLS" && exit == Some(4), "{step} {exit:?}: {}", agent.run_ok(&["doctor"])?);

    let best = (0..5).map(|_| {
        let started = Instant::now();
        agent.status().map(|status| (started.elapsed(), status))
    });
    let best: Vec<(Duration, Json)> = best.collect::<Result<_>>()?;
    ensure!(best.iter().all(|(_, status)| status["enrolled"] == true));
    let least = best.iter().map(|(took, _)| *took).min().unwrap_or_default();
    ensure!(least < STATUS_MAX, "status takes {least:?}");

    point(&agent, &url)?;
    let host = collector.hosts()?[0]["id"].as_str().context("an id")?.to_owned();
    collector.run(&["host", "revoke", &host, "--reason", "test"])?;
    let (step, exit) = failing(&agent)?;
    ensure!(exit == Some(5) && step == "authorisation", "{step} {exit:?}");
    Ok(())
}

#[test]
fn whatever_lies_among_the_requests_is_taken_away() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = Agent::new(&dir.path().join("a"), "https://127.0.0.1:1", Some(&recorded::ALL[0]))?;
    agent.run(&["collect"])?;
    let requests = agent.state().join("requests");
    let left = |what: &str, expected: Option<i32>| -> Result<()> {
        let output = agent.run(&["collect", "--due"])?;
        ensure!(output.status.code() == expected, "{what}: {}", output.status);
        // A path unit starts it again for as long as anything is there.
        ensure!(std::fs::read_dir(&requests)?.next().is_none(), "{what}: something stays");
        Ok(())
    };
    left("nothing", Some(0))?;
    std::fs::write(requests.join(".new-request"), "{")?;
    left("a half-written one", Some(0))?;
    std::fs::write(requests.join("request-scheduled.json"), "not JSON")?;
    left("no request", Some(1))?;
    let spooled =
        || Ok::<_, std::io::Error>(std::fs::read_dir(agent.state().join("spool"))?.count());
    let before = spooled()?;
    let text =
        r#"{"reason":"scheduled","period":"2026-11","request":null,"at":"2026-11-05T00:00:00Z"}"#;
    for expected in [before + 1, before + 1] {
        std::fs::write(requests.join("request-scheduled.json"), text)?;
        agent.run(&["collect", "--due"])?;
        ensure!(spooled()? == expected, "a period is served once");
        ensure!(std::fs::read_dir(&requests)?.next().is_none());
    }
    Ok(())
}

#[test]
fn both_processes_give_up_what_they_never_need_and_still_do_their_work() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("c"))?;
    collector.contract("한빛정보", "h", &[])?;
    let url = format!("https://{}", collector.serve()?.agents);
    // This machine itself: a recording would need no helper and no kernel table.
    let mut agent = Agent::new(&dir.path().join("a"), &url, None)?;
    agent.set("collect", toml::toml! { start = "request-file" })?;
    agent.enrol(&collector.token("h", &[])?)?;
    ensure!(agent.run_ok(&["--lang", "en", "doctor"])?.contains("service does not run"));
    agent.start()?;
    let request = agent.state().join("requests/request-scheduled.json");
    until("a request", || Ok(request.exists().then_some(())))?;
    let pid = agent.process().context("a process")?.pid();
    let kernel = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    for line in ["CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1"] {
        ensure!(kernel.contains(line), "no {line:?} in\n{kernel}");
    }
    ensure!(kernel.contains("Seccomp:\t2") || kernel.contains("Seccomp:\t0"), "{kernel}");
    let told = agent.run_ok(&["--lang", "en", "doctor"])?;
    let line = told.lines().find(|line| line.contains(" sandbox ")).context("no such step")?;
    ensure!(line.contains("capabilities, ") && line.contains("system calls"), "{line}");
    ensure!(line.contains("no system calls") != kernel.contains("Seccomp:\t2"), "{line}");
    ensure!(agent.tail().contains("sandbox: capabilities"), "the log says nothing of it");

    let collected = agent.run(&["collect", "--due"])?;
    let said = String::from_utf8_lossy(&collected.stderr);
    ensure!(matches!(collected.status.code(), Some(0 | 6)), "{}: {said}", collected.status);
    until("the snapshot to be sent", || {
        Ok((!agent.status()?["last_success"].is_null()).then_some(()))
    })?;
    ensure!(collector.snapshots()? == 1 && agent.status()?["last_error"].is_null());
    Ok(())
}

#[test]
fn a_support_bundle_holds_what_is_asked_for_and_no_secret() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = Agent::new(&dir.path().join("a"), "https://127.0.0.1:1", Some(&recorded::ALL[0]))?;
    agent.run(&["collect"])?;
    let config = std::fs::read_to_string(agent.config())?;
    let noted = format!("# the old password = Zq9-Noted-1, of Seoul\n{config}");
    std::fs::write(agent.config(), format!("{noted}\n[withhold]\nkeywords = [\"Seoul\"]\n"))?;
    let file = dir.path().join("bundle.txt");
    let word = file.to_string_lossy().into_owned();
    agent.run_ok(&["support-bundle", &word])?;
    let text = std::fs::read_to_string(&file)?;
    for part in ["carepack-agent 0.", "agent.toml", "status.json", "# spool", "state_dir"] {
        ensure!(text.contains(part), "no {part} in\n{text}");
    }
    for secret in ["Zq9-Noted-1", "Seoul", "PRIVATE KEY"] {
        ensure!(!text.contains(secret), "{secret} is in it");
    }
    ensure!(!agent.run(&["support-bundle", &word])?.status.success(), "it was overwritten");
    Ok(())
}

#[test]
fn a_certificate_that_ended_and_a_clock_that_is_wrong_by_years_are_told_apart() -> Result<()> {
    let Some(library) = faketime::library() else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("c"))?;
    collector.contract("한빛정보", "h", &[])?;
    let addresses = collector.serve()?;
    let url = format!("https://{}", addresses.agents);
    let agent = Agent::new(&dir.path().join("a"), &url, Some(&recorded::ALL[0]))?;
    agent.enrol(&collector.token("h", &[])?)?;
    for (shift, way_out) in [("+400d", "enroll --again"), ("-3650d", "clock")] {
        let mut command = agent.command()?;
        command.args(["--lang", "en", "doctor"]).env("LD_PRELOAD", library).env("FAKETIME", shift);
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.code() == Some(5), "{shift}: {} {said}", output.status);
        ensure!(said.contains("FAIL certificate") && said.contains(way_out), "{shift}: {said}");
        ensure!(!said.contains("DNS"), "steps behind a failure are not tried: {said}");
    }
    // A new token lets the same host in again.
    let output = std::process::Command::new("sh")
        .args(["-c", "printf %s \"$TOKEN\" | \"$AGENT\" --config \"$CONFIG\" enroll --again --server \"$URL\" --token-file - --yes"])
        .env("TOKEN", collector.token("h", &[])?)
        .env("AGENT", carepack_tests::binaries::path("carepack-agent")?)
        .env("CONFIG", agent.config())
        .env("URL", &url)
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    ensure!(failing(&agent)? == (String::new(), Some(0)));
    Ok(())
}
