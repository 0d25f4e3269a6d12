//! Over an air gap and back: files of three months of which the second never came, what a hostile
//! file gets, and the one signed file that goes back.

use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context, Result, ensure};
use carepack_shared::bundle;
use carepack_tests::agent::Agent;
use carepack_tests::collector::Collector;
use carepack_tests::process::run;
use carepack_tests::recorded;
use serde_json::Value as Json;

const CONTRACT: &str = "closed-2026";

/// A collector and two enrolled agents, with no way between them any more.
struct Gap {
    dir: tempfile::TempDir,
    collector: Collector,
    agents: Vec<Agent>,
}

impl Gap {
    fn new() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let mut collector = Collector::init(&dir.path().join("c"))?;
        collector.contract("한빛정보", CONTRACT, &[])?;
        let url = format!("https://{}", collector.serve()?.agents);
        let mut agents = Vec::new();
        for host in recorded::ALL.iter().take(2) {
            let agent = Agent::new(&dir.path().join(host.name), &url, Some(host))?;
            agent.enrol(&collector.token(CONTRACT, &["--host", host.name])?)?;
            agents.push(agent);
        }
        collector.kill_9();
        Ok(Self { dir, collector, agents })
    }

    /// The file of a period, with its sheet beside it.
    fn file(&self, agent: usize, period: &str) -> Result<PathBuf> {
        let agent = &self.agents[agent];
        let file = agent.dir.join(format!("{period}.cpk"));
        let output =
            agent.run(&["collect", "--period", period, "--output", &file.to_string_lossy()])?;
        // 6: part of the recorded host cannot be seen, which is recorded too.
        ensure!(matches!(output.status.code(), Some(0 | 6)), "{}", error_of(&output));
        Ok(file)
    }

    fn import(&self, file: &Path) -> Result<Output> {
        run(self.collector.command()?.arg("import").arg(file))
    }

    /// The import is refused with these words, and nothing of it is kept.
    fn refused(&self, file: &Path, words: &str) -> Result<()> {
        let before = self.collector.snapshots()?;
        let output = self.import(file)?;
        let said = error_of(&output);
        ensure!(!output.status.success() && said.contains(words), "{}: {said}", file.display());
        ensure!(self.collector.snapshots()? == before, "{} left something", file.display());
        Ok(())
    }

    /// The chain of the first host as the collector tells it: `3 (2) 1`.
    fn chain(&self) -> Result<String> {
        let chain = self.collector.json(&["host", "files", self.agents[0].recorded_name()])?;
        let word = |place: &Json| match (place["imported_at"].is_null(), &place["broken"]) {
            (true, _) => format!("({})", place["number"]),
            (false, Json::Bool(true)) => format!("{}!", place["number"]),
            _ => place["number"].to_string(),
        };
        let words: Vec<String> = chain.as_array().context("a list")?.iter().map(word).collect();
        Ok(words.join(" "))
    }

    fn alarms(&self) -> Result<Vec<(String, String)>> {
        let store = rusqlite::Connection::open(self.collector.data.join("collector.db"))?;
        let mut query = store.prepare("SELECT kind, detail FROM alarms ORDER BY at")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_month_that_never_came_is_seen_and_closes_when_it_comes() -> Result<()> {
    let gap = Gap::new()?;
    let months = ["2026-09", "2026-10", "2026-11"];
    let files: Vec<PathBuf> =
        months.iter().map(|month| gap.file(0, month)).collect::<Result<_>>()?;
    ensure!(gap.import(&files[0])?.status.success());
    ensure!(gap.chain()? == "1" && gap.alarms()?.is_empty(), "{}", gap.chain()?);

    let output = gap.import(&files[2])?;
    ensure!(output.status.success(), "what came is kept: {}", error_of(&output));
    ensure!(error_of(&output).contains("File 2 of"), "{}", error_of(&output));
    ensure!(gap.chain()? == "3 (2) 1", "{}", gap.chain()?);
    let alarms = gap.alarms()?;
    ensure!(alarms.len() == 1 && alarms[0].0 == "bundle_missing", "{alarms:?}");
    ensure!(alarms[0].1.contains("2026-10"), "{alarms:?}");
    let told = gap.collector.run(&["host", "files", gap.agents[0].recorded_name()])?;
    ensure!(told.contains("도착하지 않음") && told.contains("2026-10"), "{told}");

    // Again: nothing new, no second alarm.
    ensure!(gap.import(&files[2])?.status.success());
    ensure!((gap.collector.snapshots()?, gap.alarms()?.len()) == (2, 1));
    // It comes late.
    let output = gap.import(&files[1])?;
    ensure!(output.status.success() && !error_of(&output).contains("never"));
    ensure!(gap.chain()? == "3 2 1" && gap.alarms()?.len() == 1, "{}", gap.chain()?);
    Ok(())
}

#[test]
fn a_state_folder_that_was_copied_makes_two_files_of_one_number() -> Result<()> {
    let gap = Gap::new()?;
    let first = gap.file(0, "2026-09")?;
    let handed = gap.agents[0].state().join("handed.json");
    let kept = std::fs::read(&handed)?;
    let second = gap.file(0, "2026-10")?;
    std::fs::write(&handed, kept)?;
    let twin = gap.file(0, "2026-11")?;
    for file in [&first, &second, &twin] {
        ensure!(gap.import(file)?.status.success(), "{} is kept", file.display());
    }
    ensure!(gap.collector.snapshots()? == 3, "no evidence is lost");
    let alarms = gap.alarms()?;
    ensure!(alarms.len() == 1 && alarms[0].0 == "bundle_chain", "{alarms:?}");
    Ok(())
}

#[test]
fn a_hostile_file_gets_a_clear_word_and_leaves_nothing() -> Result<()> {
    let gap = Gap::new()?;
    let file = gap.file(0, "2026-11")?;
    let sheet = file.with_extension("manifest.txt");
    let honest = std::fs::read_to_string(&sheet)?;

    std::fs::write(&sheet, honest.replace("2026-11", "2026-10"))?;
    gap.refused(&file, "was altered")?;
    std::fs::write(&sheet, honest.replace("순번 · Number: 1", "순번 · Number: 7"))?;
    gap.refused(&file, "Number: 7")?;
    std::fs::write(&sheet, &honest)?;

    let bytes = std::fs::read(&file)?;
    let bent = gap.dir.path().join("bent.cpk");
    std::fs::write(&bent, &bytes[..bytes.len() - 1])?;
    gap.refused(&bent, "cut")?;
    // Another place in the chain, which the host's key did not sign.
    let (header, document) = (bundle::split(&bytes)?.0, bundle::read(&bytes)?.2);
    let mut seal = header.seal.context("a seal")?;
    seal.link.as_mut().context("a link")?.number = 2;
    std::fs::write(&bent, bundle::write(header.id, &document, Some(seal.clone()))?)?;
    gap.refused(&bent, "signature does not match")?;
    seal.link = None;
    std::fs::write(&bent, bundle::write(header.id, &document, Some(seal))?)?;
    gap.refused(&bent, "signature does not match")?;
    // The document of one host under the seal of another.
    let other = std::fs::read(gap.file(1, "2026-11")?)?;
    let stranger = bundle::split(&other)?.0.seal;
    std::fs::write(&bent, bundle::write(header.id, &document, stranger)?)?;
    gap.refused(&bent, "signature does not match")?;
    std::fs::write(&bent, b"\x7fELF")?;
    gap.refused(&bent, "CPK1")?;
    let large = std::fs::File::create(&bent)?;
    large.set_len(1 << 30)?;
    gap.refused(&bent, "bytes")?;

    ensure!(gap.import(&file)?.status.success(), "the honest one is taken all the same");
    Ok(())
}

/// Reviews and publishes the inspection of a period.
fn publish(collector: &Collector, period: &str) -> Result<()> {
    let of = ["--contract", CONTRACT, "--period", period];
    collector.run(&[&["inspect"], &of[..]].concat())?;
    let inspection = |words: &[&str], more: &[&str]| {
        collector.run(&[&["inspection"], words, &of[..], more].concat())
    };
    inspection(&["review", "open"], &[])?;
    inspection(&["review", "accept"], &["--all", "--by", "김도현"])?;
    for role in ["author", "reviewer", "approver"] {
        inspection(&["review", "sign"], &[role, "--name", "김도현"])?;
    }
    inspection(&["publish"], &["--by", "김도현"]).map(|_| ())
}

/// Writes a text and its signature by a key of one's own; the key's base 64 line.
fn signed(file: &Path, text: &str, comment: &str) -> Result<String> {
    let pair = minisign::KeyPair::generate_unencrypted_keypair()?;
    let made = minisign::sign(None, &pair.sk, text.as_bytes(), Some(comment), None)?;
    std::fs::write(file, text)?;
    std::fs::write(format!("{}.minisig", file.display()), made.to_string())?;
    Ok(pair.pk.to_base64())
}

const PACK: &str = "version = 5\n[[pattern]]\nid = \"shop.lost\"\nko = \"주문 유실\"\n\
                    en = \"Order lost\"\npriority = \"err\"\nliterals = [\"order lost\"]\n";

#[test]
fn report_order_patterns_and_certificate_come_back_in_one_file() -> Result<()> {
    let gap = Gap::new()?;
    let (collector, agent) = (&gap.collector, &gap.agents[0]);
    ensure!(gap.import(&gap.file(0, "2026-11")?)?.status.success());
    publish(collector, "2026-11")?;
    let (pack, set) = (gap.dir.path().join("pack.toml"), gap.dir.path().join("feed-7"));
    let key = signed(&pack, PACK, "carepack-patterns version:5")?;
    signed(&set, "advisories as the operator signed them", "carepack-advisories version:7")?;
    collector.run(&["patterns", "add", &pack.to_string_lossy()])?;
    agent.set("patterns_key", key)?;
    let request = collector.run(&["host", "collect", agent.recorded_name()])?;

    let file = gap.dir.path().join("back.cpr");
    let (host, name) = (agent.recorded_name(), file.to_string_lossy().into_owned());
    let export = ["export-return", "--host", host, "--output", &name, "--period", "2026-11"];
    let set = set.to_string_lossy();
    let told = collector.run(&[&export[..], &["--advisories", &set]].concat())?;
    ensure!(told.contains("report.ko.pdf") && told.contains("policy.json"), "{told}");

    let identity = || std::fs::read(agent.state().join("identity.pem")).context("an identity");
    let before = identity()?;
    let refused = |agent: &Agent, file: &Path, words: &str| -> Result<()> {
        let output = agent.run(&["import", &file.to_string_lossy()])?;
        let said = error_of(&output);
        ensure!(!output.status.success() && said.contains(words), "{words:?}: {said}");
        ensure!(!agent.state().join("returned").exists(), "{words:?} left something");
        Ok(())
    };
    let bytes = std::fs::read(&file)?;
    let bent = gap.dir.path().join("bent.cpr");
    for (at, words) in [(bytes.len() - 9, "altered"), (2, "CPR1")] {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x40;
        std::fs::write(&bent, bytes)?;
        refused(agent, &bent, words)?;
    }
    // A letter of what is signed: the policy's name in the head.
    let at = bytes.windows(11).position(|word| word == b"policy.json").context("the head")?;
    let mut letter = bytes.clone();
    letter[at] = b'q';
    std::fs::write(&bent, letter)?;
    refused(agent, &bent, "signature does not match")?;
    refused(&gap.agents[1], &file, "is for host")?;
    ensure!(identity()? == before, "nothing of a refused file is taken");

    let told = agent.run_ok(&["import", &name])?;
    ensure!(told.contains("patterns.json: version 5"), "{told}");
    let end = told.lines().find_map(|line| line.strip_prefix("certificate.pem: → "));
    let end: jiff::Timestamp = end.context("the certificate's end")?.parse()?;
    let days = (end.as_second() - jiff::Timestamp::now().as_second()) / 86_400;
    ensure!(days > 390 && identity()? != before, "the next certificate lives {days} days");
    let policy = std::fs::read_to_string(agent.state().join("policy.json"))?;
    ensure!(policy.contains(request.trim()), "the next order: {policy}");
    let returned = agent.state().join("returned");
    let verify = ["report", "verify", &returned.to_string_lossy(), "--key"].map(str::to_owned);
    let key = returned.join("reports.pub").to_string_lossy().into_owned();
    let verify: Vec<&str> = verify.iter().map(String::as_str).chain([key.as_str()]).collect();
    ensure!(collector.run(&verify)?.contains("as published"));
    ensure!(std::fs::read(returned.join("advisories.bundle"))?.starts_with(b"advisories as"));

    // The renewed certificate seals the next file, and an older return is not taken after a newer.
    ensure!(gap.import(&gap.file(0, "2026-12")?)?.status.success());
    let newer = gap.dir.path().join("newer.cpr");
    let newer = newer.to_string_lossy();
    collector.run(&["export-return", "--host", host, "--output", &newer])?;
    agent.run_ok(&["import", &newer])?;
    let output = agent.run(&["import", &name])?;
    ensure!(error_of(&output).contains("ask for a newer one"), "{}", error_of(&output));
    Ok(())
}
