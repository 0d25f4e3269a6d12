//! `compare A B` and `standard check`: two hosts against each other (development and production),
//! and a host against the standard of its role.

use std::path::{Path, PathBuf};

use anyhow::Context;
use carepack_assessment::Observed;
use carepack_assessment::drift;
use carepack_assessment::standard::{Compared, compare};
use carepack_shared::digest::sha256_hex;
use clap::{Args, Subcommand};

use super::{Exit, judge, open, print};
use crate::agreed;

#[derive(Debug, Args)]
pub struct Compare {
    /// A host's name or id, a snapshot file, or the folder of a recorded host.
    a: String,
    /// The host it is compared with.
    b: String,
    /// Also list what belongs to one host alone: devices, addresses, serial numbers.
    #[arg(long)]
    all: bool,
    #[arg(long)]
    json: bool,
    /// The agent that replays recorded hosts; the one beside this binary without it.
    #[arg(long, value_name = "FILE")]
    agent: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Standard {
    /// Hold a host against a standard; ends with 1 when it deviates.
    Check(Check),
}

#[derive(Debug, Args)]
pub struct Check {
    /// A host's name or id, a snapshot file, or the folder of a recorded host.
    host: String,
    /// The standard.
    #[arg(long, value_name = "FILE")]
    standard: PathBuf,
    #[arg(long)]
    json: bool,
    /// The agent that replays recorded hosts; the one beside this binary without it.
    #[arg(long, value_name = "FILE")]
    agent: Option<PathBuf>,
}

impl Compare {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        let a = observed(&self.a, config, self.agent.as_deref())?;
        let b = observed(&self.b, config, self.agent.as_deref())?;
        let compared = drift::compare(&a.facts, &b.facts, self.all);
        let (differences, one_sided) = (compared.differences, compared.one_sided);
        if self.json {
            return print::json(&serde_json::json!({
                "a": {"host": self.a, "taken_at": a.snapshot.taken_at},
                "b": {"host": self.b, "taken_at": b.snapshot.taken_at},
                "differences": differences, "seen_on_one_side_only": one_sided,
            }));
        }
        let rows: Vec<_> = differences
            .iter()
            .map(|one| {
                let (before, after) = (or_dash(&one.before), or_dash(&one.after));
                vec![drift::word(one.subject).to_owned(), one.name.clone(), before, after]
            })
            .collect();
        print::table(&["SUBJECT", "NAME", "A", "B"], &rows);
        print::line(&format!(
            "{} differences; {} facts were seen on one side only",
            differences.len(),
            one_sided.len()
        ));
        Ok(Exit::Ok)
    }
}

impl Standard {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        let Self::Check(check) = self;
        let standard = agreed::standard(&check.standard)?;
        let host = observed(&check.host, config, check.agent.as_deref())?;
        let compared = compare(&standard, &host.facts);
        if check.json {
            print::json(&compared)?;
        } else {
            tell(&compared);
        }
        Ok(if compared.deviations.is_empty() { Exit::Ok } else { Exit::Failure })
    }
}

fn tell(compared: &Compared) {
    let rows: Vec<_> = compared
        .deviations
        .iter()
        .map(|d| vec![d.kind.clone(), d.name.clone(), d.expected.clone(), d.actual.clone()])
        .collect();
    print::table(&["KIND", "NAME", "EXPECTED", "ACTUAL"], &rows);
    for (fact, reason) in &compared.unseen {
        print::line(&format!("점검불가  {fact}: {}", reason.as_str()));
    }
    print::line(&format!(
        "{}: {} checked, {} deviate, {} facts not seen",
        compared.standard,
        compared.checked,
        compared.deviations.len(),
        compared.unseen.len()
    ));
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// A host as it was last seen: a path first, then the store.
fn observed(text: &str, config: &Path, agent: Option<&Path>) -> anyhow::Result<Observed> {
    let path = Path::new(text);
    if path.exists() {
        let document = judge::document(path, agent, None)?;
        return Ok(Observed::of(&judge::parse(path, &document)?, &sha256_hex(&document)));
    }
    open::get(config, |opened| async move {
        let host = opened.store.find_host(text).await?.with_context(|| {
            format!("there is no host {text:?}, nor such a file; see: carepack-collector host list")
        })?;
        let newest = opened.store.snapshots(host.id, 1).await?;
        let row = newest.first().with_context(|| format!("{text} has sent no snapshot yet"))?;
        Ok(opened.inspector(None).await?.observed(row).await?)
    })
}
