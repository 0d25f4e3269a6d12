//! The way of an advisory: taken in, told by mail, agreed on, applied, proved by the next evidence.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use carepack_tests::binaries::root;
use carepack_tests::collector::Collector;
use carepack_tests::mailbox::Mailbox;
use carepack_tests::process::until;
use carepack_tests::recorded::replace;
use serde_json::Value as Json;

/// The host that is patched; it is replayed from a copy.
pub const PATCHED: &str = "rhel8-db";
/// The advisory that it lacks, whose vulnerability is known to be exploited.
const ADVISORY: &str = "RHSA-2026:90301";
/// OpenSSH on it before and after.
const BEFORE: &str = "13.el8";
const AFTER: &str = "26.el8_10";

/// What happened on the way.
pub struct Way {
    mails: usize,
    folder: PathBuf,
    plan: Json,
}

/// Mail goes to the demo's own mailbox, and is looked after every second.
pub fn configure(collector: &Collector, mailbox: &Mailbox) -> Result<()> {
    let file = collector.data.join("collector.toml");
    let mut text = std::fs::read_to_string(&file).context("reading the configuration")?;
    text.push_str(&format!(
        "\n[mail]\ntransport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         from = \"Carepack 공지 <notice@vendor.example.kr>\"\nper_minute = 6000\n\n\
         [notices]\nperiod_seconds = 1\n",
        mailbox.address.port()
    ));
    std::fs::write(&file, text).context("writing the configuration")?;
    // The written advisories keep their dates, whenever the demo runs; and it does not wait for more
    // hosts, so that a mail may be told again with one more.
    let folder = collector.data.join("notices");
    std::fs::create_dir_all(&folder).context("making the folder of policies")?;
    let policy = "age_days_max: 3650\nat_once: {severities: [critical], exploited: true}\n";
    std::fs::write(folder.join("policy.yaml"), policy).context("writing the notice policy")
}

/// Every feed below `tests/feeds`, as of now.
pub fn take_in(collector: &Collector) -> Result<()> {
    let now = jiff::Timestamp::now().to_string();
    let feeds = root().join("tests/feeds");
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(&feeds).context("the feeds")?.flatten().map(|e| e.path()).collect();
    names.sort();
    for path in names {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let file = path.to_string_lossy().into_owned();
        let mut words = vec!["advisory", "import", file.as_str(), "--date", now.as_str()];
        let stream = match stem.rsplit_once('-') {
            Some((id @ "rocky", major)) => format!("os:{id}:{major}"),
            _ => format!("repo:{stem}"),
        };
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("xml") => words.extend(["--name", stem.as_str(), "--stream", stream.as_str()]),
            Some("yaml") => words.extend(["--name", "bulletins"]),
            Some("json") => words.extend(["--name", stem.as_str()]),
            _ => continue,
        }
        collector.run(&words)?;
    }
    collector.run(&[
        "contact",
        "add",
        "--customer",
        super::CUSTOMER,
        "--name",
        "이서연",
        "--email",
        "seoyeon@customer.example.kr",
    ])?;
    Ok(())
}

/// Where copies of recorded hosts are.
pub fn copies(dir: &Path) -> PathBuf {
    dir.join("recorded")
}

/// From the mail to the proof.
pub fn through(collector: &Collector, mailbox: &Mailbox, dir: &Path) -> Result<Way> {
    let mails = until("the mail about the exploited vulnerability", || {
        let mails = mailbox.mails()?;
        let about = |mail: &PathBuf| {
            std::fs::read_to_string(mail).is_ok_and(|text| text.contains(ADVISORY))
        };
        Ok(mails.iter().any(about).then_some(mails.len()))
    })?;
    let now = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)));
    let at = |hours: i64| -> Result<String> {
        let at = now.checked_add(jiff::SignedDuration::from_hours(hours))?;
        Ok(at.strftime("%Y-%m-%dT%H:%M").to_string())
    };
    let (from, end) = (at(1)?, at(48)?);
    collector.run(&[
        "plan",
        "decide",
        ADVISORY,
        "apply",
        "--host",
        PATCHED,
        "--from",
        &from,
        "--until",
        &end,
        "--by",
        "김도현",
    ])?;
    let host = copies(dir).join(PATCHED);
    patch(&host)?;
    collector.run(&["host", "collect", PATCHED])?;
    let plan = until("the plan to be proved by the next snapshot", || {
        let plans = collector.json(&["plan", "list", "--contract", super::CONTRACT, "--all"])?;
        let own = plans.as_array().into_iter().flatten().find(|plan| plan["state"] == "applied");
        Ok(own.cloned())
    })?;
    Ok(Way { mails, folder: mailbox.folder.clone(), plan })
}

/// What an administrator's `dnf upgrade --advisory` does, a day later.
fn patch(host: &Path) -> Result<()> {
    let list = host.join("commands/rpm-packages.txt");
    for name in ["openssh", "openssh-server", "openssh-clients"] {
        let row = |release: &str| format!("\n{name}\t0\t8.0p1\t{release}\t");
        replace(&list, &row(BEFORE), &row(AFTER))?;
        let row = |release: &str| format!("[\"{name}\",null,\"8.0p1\",\"{release}\"");
        replace(&host.join("surveys/packages.json"), &row(BEFORE), &row(AFTER))?;
    }
    replace(&host.join("host.toml"), "taken_at = \"2026-11-05T", "taken_at = \"2026-11-06T")
}

impl Way {
    /// Says it in three lines.
    pub fn tell(&self, first: &Json, found: &Json) {
        println!();
        println!("mail       {} in {}", self.mails, self.folder.display());
        println!(
            "plan       {ADVISORY} on {PATCHED}: {}, proved by snapshot {}",
            self.plan["state"].as_str().unwrap_or("-"),
            self.plan["verified_by"].as_str().unwrap_or("-")
        );
        let danger = |found: &Json| found["summary"]["verdicts"]["danger"].as_u64().unwrap_or(0);
        println!("위험        {} before, {} after", danger(first), danger(found));
    }
}
