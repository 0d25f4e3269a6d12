//! `assess PATH`: an engineer's one-shot. Judges a snapshot file, another tool's archive, or a
//! recorded host through the agent beside this binary, with no server and no database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use carepack_assessment::model::HostRef;
use carepack_assessment::{Assessment, HostInput, Input, Observed, assess};
use carepack_shared::digest::sha256_hex;
use carepack_shared::snapshot::DOCUMENT_BYTES_MAX;
use carepack_shared::{Snapshot, bundle};
use clap::Args;
use jiff::Timestamp;

use super::{Exit, Languages, archive, bundles, inspect, print};
use crate::reports::{Cover, Review};

#[derive(Debug, Args)]
pub struct Assess {
    /// A snapshot document (`.json`), a bundle (`.cpk`), the folder of a recorded host, a
    /// sosreport or an insights archive (packed or unpacked).
    path: PathBuf,
    /// An earlier snapshot of the same host, to compare with.
    #[arg(long)]
    previous: Option<PathBuf>,
    /// Judge with the rules of a folder instead of the built-in pack.
    #[arg(long)]
    rules: Option<PathBuf>,
    /// Print the whole assessment.
    #[arg(long)]
    json: bool,
    /// Write report.LANG.pdf and .html to this folder.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "both")]
    lang: Languages,
    /// When an archive was made that does not say so itself.
    #[arg(long, value_name = "TIME")]
    taken_at: Option<Timestamp>,
    /// The agent that replays recorded hosts; the one beside this binary without it.
    #[arg(long, value_name = "FILE")]
    agent: Option<PathBuf>,
}

impl Assess {
    pub fn run(self) -> anyhow::Result<Exit> {
        let agent = self.agent.as_deref();
        let current = document(&self.path, agent, self.taken_at)?;
        let snapshot = parse(&self.path, &current)?;
        let previous = match &self.previous {
            Some(path) => {
                let document = document(path, agent, self.taken_at)?;
                Some(Observed::of(&parse(path, &document)?, &sha256_hex(&document)))
            }
            None => None,
        };
        let pack = super::rules::load(self.rules.as_deref())?;
        let assessment = judge(&pack, &snapshot, &sha256_hex(&current), previous);
        if let Some(folder) = &self.report {
            let cover = (&cover(&assessment), &Review::default());
            inspect::write(&assessment, cover, folder, self.lang.list())?;
        }
        if self.json {
            return print::json(&assessment);
        }
        inspect::tell(&assessment);
        findings(&assessment);
        Ok(Exit::Ok)
    }
}

/// The snapshot document behind a path.
pub fn document(
    path: &Path,
    agent: Option<&Path>,
    taken_at: Option<Timestamp>,
) -> anyhow::Result<Vec<u8>> {
    if archive::is_archive(path) {
        return Ok(archive::read(path, taken_at)?.to_document());
    }
    if path.is_dir() {
        return replay(path, agent);
    }
    let bytes = bundles::read(path)?;
    if bytes.starts_with(b"CPK1") {
        let (_, _, document) = bundle::read(&bytes)
            .with_context(|| format!("bundle {} is refused", path.display()))?;
        return Ok(document);
    }
    Ok(bytes)
}

/// Runs the real agent over a recorded host.
fn replay(folder: &Path, agent: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    let beside = std::env::current_exe().ok().and_then(|exe| {
        let agent = exe.with_file_name("carepack-agent");
        agent.is_file().then_some(agent)
    });
    let agent = agent.map(Path::to_path_buf).or(beside).context(
        "replaying a recorded host needs carepack-agent beside this binary; or say where: \
         --agent FILE",
    )?;
    let output = Command::new(&agent)
        .args(["collect", "--output", "-", "--recorded"])
        .arg(folder)
        .output()
        .with_context(|| format!("starting {}", agent.display()))?;
    // 6: part of the host could not be seen, which the snapshot itself says.
    if !matches!(output.status.code(), Some(0 | 6)) {
        bail!(
            "{} ended with {}: {}",
            agent.display(),
            output.status,
            carepack_shared::terminal::plain(&String::from_utf8_lossy(&output.stderr))
        );
    }
    Ok(output.stdout)
}

pub fn parse(path: &Path, document: &[u8]) -> anyhow::Result<Snapshot> {
    ensure!(
        document.len() <= DOCUMENT_BYTES_MAX,
        "{} is over {DOCUMENT_BYTES_MAX} bytes",
        path.display()
    );
    Snapshot::from_document(document)
        .with_context(|| format!("{} cannot be judged", path.display()))
}

fn judge(
    pack: &carepack_assessment::Pack,
    snapshot: &Snapshot,
    sha256: &str,
    previous: Option<Observed>,
) -> Assessment {
    let host = HostRef {
        id: snapshot.host.id.map(|id| id.to_string()).unwrap_or_default(),
        name: snapshot.host.hostname.clone(),
        role: String::new(),
        importance: 1,
    };
    let input = HostInput {
        host,
        current: Some(Observed::of(snapshot, sha256)),
        previous,
        history: Vec::new(),
        exceptions: BTreeMap::new(),
        standard: None,
    };
    let period = snapshot.taken_at.strftime("%Y-%m").to_string();
    // The snapshot's own time: the same file gives the same judgement on any day.
    let as_of = snapshot.finished_at;
    assess(pack, Input::of(as_of, &period, vec![input]))
}

fn cover(assessment: &Assessment) -> Cover {
    let name = assessment.hosts.first().map(|page| page.host.name.clone()).unwrap_or_default();
    let period = assessment.as_of.strftime("%Y-%m").to_string();
    Cover {
        customer: name,
        contract: String::new(),
        level: String::new(),
        document: format!("CP-{period}-ONESHOT"),
        period,
        inspected_at: assessment.as_of,
        engineer: String::new(),
        contact: String::new(),
    }
}

/// Everything that is not a pass, a line each.
fn findings(assessment: &Assessment) {
    use carepack_assessment::model::Verdict;
    for page in &assessment.hosts {
        for finding in &page.findings {
            let word = match finding.verdict {
                Verdict::Danger => "위험",
                Verdict::Attention => "주의",
                Verdict::Unknown => "점검불가",
                _ => continue,
            };
            let said = if finding.ko.finding.is_empty() {
                finding.unknown.as_ref().map_or_else(String::new, |cause| {
                    format!("{} {} {}", cause.fact, cause.reason.as_str(), cause.source)
                })
            } else {
                finding.ko.finding.clone()
            };
            print::line(&format!("{word}  {}  {}: {said}", finding.rule, finding.ko.title));
        }
    }
}
