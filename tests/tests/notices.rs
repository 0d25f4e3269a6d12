//! Notices from outside: a real mail server receives them, the link in the mail is followed and
//! answered, and a later snapshot proves the plan. And what becomes of mail when the server
//! refuses, delays, falls silent or is not there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use carepack_tests::agent::Agent;
use carepack_tests::collector::Collector;
use carepack_tests::notices::{NEW, OLD, configure, publish};
use carepack_tests::process::until;
use carepack_tests::recorded::{self, replace};
use carepack_tests::smtp::{self, Sink};
use serde_json::{Value as Json, json};

const CONTRACT: &str = "shop-2026";

/// What an administrator's `dnf upgrade` does, a day later.
fn patch(host: &Path) -> Result<()> {
    let row = |release: &str| format!("[\"sudo\",null,\"1.9.5p2\",\"{release}\"");
    replace(&host.join("surveys/packages.json"), &row(OLD), &row(NEW))?;
    let row = |release: &str| format!("sudo\t0\t1.9.5p2\t{release}");
    replace(&host.join("commands/rpm-packages.txt"), &row(OLD), &row(NEW))?;
    replace(&host.join("host.toml"), "2026-11-05T", "2026-11-06T")
}

/// An agent on a copy of the recorded web server, which can be patched.
fn web_server(dir: &Path, url: &str) -> Result<(Agent, PathBuf)> {
    let recorded = recorded::ALL.iter().find(|known| known.name == "rhel9-web");
    let recorded = recorded.context("the recorded web server")?;
    let agent = Agent::new(&dir.join("agent"), url, Some(recorded))?;
    let copy = recorded.on_a_copy(&agent, dir)?;
    Ok((agent, copy))
}

/// An answer: status, head, body.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// One request over plain HTTP; `link` begins with `http://HOST:PORT/`.
fn http(method: &str, link: &str, headers: &str, body: &str) -> Result<Answer> {
    let rest = link.strip_prefix("http://").context("a plain address")?;
    let (host, path) = rest.split_once('/').context("a path")?;
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").context("an HTTP answer")?;
    let status = head.split(' ').nth(1).context("a status")?.parse()?;
    Ok(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
}

fn show(collector: &Collector) -> Result<Json> {
    collector.json(&["notice", "show", "RHSA-2026:9001"])
}

#[test]
fn a_notice_is_mailed_read_decided_and_proved() -> Result<()> {
    if !smtp::is_here() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let ca = Sink::with_tls(&dir.path().join("smtp"))?;
    let sink = Sink::start(&dir.path().join("smtp"))?;
    let (key_file, key) = smtp::dkim_key(dir.path())?;
    let password = dir.path().join("password");
    std::fs::write(&password, "geheim\n")?;
    let mut collector = Collector::init(&dir.path().join("collector"))?;
    configure(
        &collector,
        &json!({
            "transport": "smtp", "host": "localhost", "port": sink.port, "tls": "starttls",
            "ca_file": ca, "user": "carepack", "password_file": password,
            "dkim": {"domain": "vendor.example.kr", "selector": "c1", "key_file": key_file},
        }),
    )?;
    let addresses = collector.serve()?;
    collector.contract("한빛상사", CONTRACT, &["--window-day", "1", "--window-hour", "0"])?;
    for (name, email, language) in
        [("김담당", "kim@shop.example.kr", "ko"), ("Lee", "lee@shop.example.kr", "en")]
    {
        collector.run(&[
            "contact",
            "add",
            "--customer",
            "한빛상사",
            "--name",
            name,
            "--email",
            email,
            "--language",
            language,
        ])?;
    }
    publish(&collector)?;
    let (mut agent, host) = web_server(dir.path(), &format!("https://{}", addresses.agents))?;
    agent.enrol(&collector.token(CONTRACT, &["--host", "web01"])?)?;
    agent.start()?;

    // ---- the mails
    until("both mails", || Ok((sink.received()?.len() == 2).then_some(())))?;
    let mut mails = std::collections::BTreeMap::new();
    for (file, envelope) in sink.received()? {
        ensure!(envelope["tls"] == true && envelope["user"] == "carepack", "{envelope}");
        ensure!(envelope["from"] == "notice@vendor.example.kr", "{envelope}");
        let to = envelope["to"][0].as_str().context("a recipient")?.to_owned();
        mails.insert(to, smtp::read(&file, &key)?);
    }
    let (korean, english) = (&mails["kim@shop.example.kr"], &mails["lee@shop.example.kr"]);
    let subject = "[Carepack] [긴급] RHSA-2026:9001 sudo 보안 업데이트 · 한빛상사 서버 1대";
    ensure!(korean["subject"] == subject, "{}", korean["subject"]);
    ensure!(english["subject"].as_str().is_some_and(|s| s.contains("sudo security update")));
    for mail in [korean, english] {
        ensure!(mail["dkim"] == true, "the signature holds: {}", mail["signature"]);
        ensure!(mail["signature"].as_str().is_some_and(|s| s.contains("c=relaxed/relaxed")));
        ensure!(mail["auto"] == "auto-generated", "{mail}");
        let text = mail["text"].as_str().context("a text")?;
        for part in [
            "web01",
            &format!("0:1.9.5p2-{OLD}"),
            &format!("0:1.9.5p2-{NEW}"),
            "dnf upgrade --advisory=RHSA-2026:9001",
            "CVE-2026-9001 (CVSS 7.8)",
        ] {
            ensure!(text.contains(part), "{part} in\n{text}");
        }
    }
    ensure!(korean["html"].as_str().is_some_and(|html| html.contains("설치된 버전")));
    let told = show(&collector)?;
    ensure!(told["state"] == "sent" && told["hosts"][0]["host"] == "web01", "{told}");

    // ---- the link
    let text = korean["text"].as_str().context("a text")?;
    let link = text.lines().find(|line| line.starts_with("http://") && line.contains("/n/"));
    let link = link.context("a link")?.trim();
    ensure!(http("HEAD", link, "", "")?.status == 200);
    ensure!(show(&collector)?["state"] == "sent", "a filter that only asks has not read it");
    let page = http("GET", link, "", "")?;
    ensure!(page.status == 200 && page.body.contains("대상 서버"), "{}", page.body);
    for header in ["content-security-policy: default-src 'none'", "cache-control: no-store"] {
        ensure!(page.head.contains(header), "{header} in\n{}", page.head);
    }
    ensure!(!page.body.contains("<script") && page.body.contains("web01"));
    ensure!(show(&collector)?["state"] == "read");
    let mut bent = link.to_owned();
    bent.replace_range(bent.len() - 10..bent.len() - 9, "-");
    ensure!(http("GET", &bent, "", "")?.status == 404);
    let base = link.split("/n/").next().context("a base")?;
    ensure!(http("GET", &format!("{base}/assets/notice.css"), "", "")?.status == 200);

    // ---- the answer
    let now = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Asia/Seoul")?);
    let time = |hours: i64| -> Result<String> {
        let at = now.checked_add(jiff::SignedDuration::from_hours(hours))?;
        Ok(at.strftime("%Y-%m-%dT%H:%M").to_string())
    };
    let form = format!("all.decision=apply&all.from={}&all.until={}", time(1)?, time(48)?);
    let own = format!("Origin: {base}\r\n");
    ensure!(http("POST", link, "", &form)?.status == 403, "nobody's form");
    let foreign = http("POST", link, "Origin: https://evil.example\r\n", &form)?;
    ensure!(foreign.status == 403, "somebody else's form");
    let vague = http("POST", link, &own, "all.decision=accept_risk&all.reason=x")?;
    ensure!(vague.status == 422 && vague.body.contains("수용 만료일"), "{}", vague.body);
    let huge = "a".repeat(600 * 1024);
    ensure!(http("POST", link, &own, &huge).is_ok_and(|answer| answer.status == 413));
    let taken = http("POST", link, &own, &form)?;
    ensure!(taken.status == 303, "{} {}", taken.status, taken.body);
    ensure!(http("POST", link, &own, &form)?.status == 303, "once more changes nothing");
    ensure!(http("GET", link, "", "")?.body.contains("현재 계획"));
    let plans = collector.json(&["plan", "list", "--contract", CONTRACT, "--all"])?;
    ensure!(plans.as_array().is_some_and(|plans| plans.len() == 1), "{plans}");
    let plan = &plans[0];
    ensure!(plan["decision"] == "apply" && plan["state"] == "planned", "{plan}");
    ensure!(plan["decided_by"].as_str().is_some_and(|by| by.starts_with("contact:")), "{plan}");
    ensure!(show(&collector)?["state"] == "decided");

    // ---- the proof
    patch(&host)?;
    collector.run(&["host", "collect", "web01"])?;
    let proved = until("the plan to be proved", || {
        let plans = collector.json(&["plan", "list", "--contract", CONTRACT])?;
        Ok((plans[0]["state"] == "applied").then(|| plans[0].clone()))
    })?;
    let snapshots = collector.json(&["host", "snapshots", "web01"])?;
    ensure!(proved["verified_by"] == snapshots[0]["id"], "{proved} {snapshots}");
    let told = until("the notice to be verified", || {
        let told = show(&collector)?;
        Ok((told["state"] == "verified").then_some(told))
    })?;
    ensure!(told["mails"].as_array().is_some_and(|mails| mails.len() == 2), "{told}");
    ensure!(sink.received()?.len() == 2, "nobody was told twice");
    Ok(())
}

/// A collector that does not serve, with a web server's snapshot, an advisory and contacts.
fn shop(dir: &Path, mail: &Json, contacts: &[&str]) -> Result<Collector> {
    let collector = Collector::init(&dir.join("collector"))?;
    configure(&collector, mail)?;
    collector.contract("한빛상사", CONTRACT, &["--window-day", "1", "--window-hour", "0"])?;
    for email in contacts {
        collector.run(&[
            "contact",
            "add",
            "--customer",
            "한빛상사",
            "--name",
            "김담당",
            "--email",
            email,
        ])?;
    }
    collector.run(&["host", "add", "--contract", CONTRACT, "--name", "web01"])?;
    let (agent, _) = web_server(dir, "https://localhost:1")?;
    let bundle = dir.join("web01.cpk");
    let bundle = bundle.to_string_lossy();
    let output = agent.run(&["collect", "--reason", "offline", "--output", &bundle])?;
    ensure!(
        matches!(output.status.code(), Some(0 | 6)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    collector.run(&["import", &bundle, "--host", "web01"])?;
    publish(&collector)?;
    Ok(collector)
}

fn plain(sink: &Sink) -> Json {
    json!({"transport": "smtp", "host": "127.0.0.1", "port": sink.port, "tls": "none"})
}

/// The mails' states, by how many have each.
fn states(collector: &Collector) -> Result<std::collections::BTreeMap<String, usize>> {
    let mut counts = std::collections::BTreeMap::new();
    let mails = collector.json(&["notice", "queue", "list"])?;
    for mail in mails.as_array().context("a list")? {
        *counts.entry(mail["state"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    Ok(counts)
}

#[test]
fn a_refused_contact_bounces_and_a_delayed_one_gets_it_once() -> Result<()> {
    if !smtp::is_here() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let sink = Sink::start(&dir.path().join("smtp"))?;
    sink.treat("gone@shop.kr refuse\nslow@shop.kr later 2\n")?;
    let contacts = ["gone@shop.kr", "slow@shop.kr", "good@shop.kr"];
    let collector = shop(dir.path(), &plain(&sink), &contacts)?;
    let ran = collector.json(&["notice", "run"])?;
    ensure!(ran["sent"] == 1 && ran["failed"] == 1 && ran["deferred"] == 1, "{ran}");
    until("the delayed mail", || {
        collector.run(&["notice", "run"])?;
        Ok((sink.count("slow@shop.kr")? == 1).then_some(()))
    })?;
    collector.run(&["notice", "run"])?;
    let states = states(&collector)?;
    ensure!(states["sent"] == 2 && states["bounced"] == 1, "{states:?}");
    ensure!(sink.received()?.len() == 2);
    let mails = collector.json(&["notice", "queue", "list", "--state", "bounced"])?;
    ensure!(mails[0]["last_error"].as_str().is_some_and(|e| e.contains("no such user")), "{mails}");
    Ok(())
}

#[test]
fn a_server_that_is_down_gets_the_mail_when_it_is_back() -> Result<()> {
    if !smtp::is_here() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let sink = Sink::start(&dir.path().join("smtp"))?;
    let (port, mail) = (sink.port, plain(&sink));
    drop(sink);
    let collector = shop(dir.path(), &mail, &["kim@shop.kr"])?;
    let ran = collector.json(&["notice", "run"])?;
    ensure!(ran["deferred"] == 1 && ran["sent"] == 0, "{ran}");
    let sink = Sink::start_on(&dir.path().join("smtp"), port)?;
    until("the mail", || {
        collector.run(&["notice", "run"])?;
        Ok((sink.count("kim@shop.kr")? == 1).then_some(()))
    })?;
    ensure!(states(&collector)?["sent"] == 1);
    Ok(())
}

#[test]
fn four_runners_at_once_send_every_mail_once() -> Result<()> {
    if !smtp::is_here() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let sink = Sink::start(&dir.path().join("smtp"))?;
    let addresses: Vec<String> = (0..8).map(|number| format!("c{number}@shop.kr")).collect();
    let contacts: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let collector = shop(dir.path(), &plain(&sink), &contacts)?;
    let mut runners = Vec::new();
    for _ in 0..4 {
        let mut command = collector.command()?;
        command.args(["notice", "run"]).stdout(Stdio::null()).stderr(Stdio::piped());
        runners.push(command.spawn()?);
    }
    for runner in runners {
        let ended = runner.wait_with_output()?;
        ensure!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    collector.run(&["notice", "run"])?;
    for address in contacts {
        ensure!(sink.count(address)? == 1, "{address}");
    }
    Ok(())
}

#[test]
fn a_mail_whose_fate_is_not_known_waits_for_a_person() -> Result<()> {
    if !smtp::is_here() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let sink = Sink::start(&dir.path().join("smtp"))?;
    // The server takes one mail and hangs up, takes another and is silent until the runner dies.
    sink.treat("cut@shop.kr cut\nlost@shop.kr slow\n")?;
    let collector = shop(dir.path(), &plain(&sink), &["cut@shop.kr", "lost@shop.kr"])?;
    let mut command = collector.command()?;
    command.args(["notice", "run"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut runner = command.spawn()?;
    until("the silent mail", || Ok((sink.count("lost@shop.kr")? == 1).then_some(())))?;
    runner.kill()?;
    runner.wait()?;
    sink.treat("")?;
    let database = rusqlite::Connection::open(collector.data.join("collector.db"))?;
    database.busy_timeout(Duration::from_secs(10))?;
    until("the other mail", || {
        collector.run(&["notice", "run"])?;
        Ok((states(&collector)?.get("uncertain") == Some(&1)).then_some(()))
    })?;
    ensure!(states(&collector)?["sending"] == 1, "the dead runner's claim is young");
    // Twenty minutes later.
    database.execute(
        "UPDATE deliveries SET claimed_at = claimed_at - 1200000 WHERE state = 'sending'",
        [],
    )?;
    drop(database);
    let ran = collector.json(&["notice", "run"])?;
    ensure!(ran["uncertain"] == 1, "{ran}");
    collector.run(&["notice", "run"])?;
    ensure!(sink.received()?.len() == 2, "neither is sent again by itself");
    let mails = collector.json(&["notice", "queue", "list", "--state", "uncertain"])?;
    let mails = mails.as_array().context("a list")?;
    ensure!(mails.len() == 2, "{mails:?}");
    let id = |at: usize| mails[at]["id"].as_str().unwrap_or_default();
    collector.run(&["notice", "queue", "resend", id(0)])?;
    collector.run(&["notice", "queue", "drop", id(1)])?;
    collector.run(&["notice", "run"])?;
    ensure!(sink.received()?.len() == 3, "a person said so");
    Ok(())
}

#[test]
fn a_site_without_a_network_gets_files() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let outbox = dir.path().join("outbox");
    let mail = json!({"transport": "folder", "folder": outbox});
    let collector = shop(dir.path(), &mail, &["kim@shop.kr", "lee@shop.kr"])?;
    let ran = collector.json(&["notice", "run"])?;
    ensure!(ran["sent"] == 2, "{ran}");
    let files: Vec<_> = std::fs::read_dir(&outbox)?.flatten().map(|entry| entry.path()).collect();
    ensure!(files.len() == 2, "{files:?}");
    let text = std::fs::read_to_string(&files[0])?;
    ensure!(text.contains("=?utf-8?b?") && text.contains("Auto-Submitted"), "{text}");
    // By phone: an engineer records it, and its evidence comes as a bundle.
    collector.run(&[
        "plan",
        "decide",
        "RHSA-2026:9001",
        "wait",
        "--date",
        "2027-03-31",
        "--by",
        "kim",
    ])?;
    let (agent, host) = web_server(&dir.path().join("after"), "https://localhost:1")?;
    patch(&host)?;
    let bundle = dir.path().join("after.cpk");
    agent.run(&["collect", "--reason", "offline", "--output", &bundle.to_string_lossy()])?;
    collector.run(&["import", &bundle.to_string_lossy(), "--host", "web01"])?;
    let ran = collector.json(&["notice", "run"])?;
    ensure!(ran["verified"] == 1, "{ran}");
    ensure!(show(&collector)?["state"] == "verified");
    Ok(())
}
