//! `approve`: a person lets a snapshot go, and the journal says who.

use anyhow::{Context, bail};
use carepack_shared::Snapshot;
use clap::Args;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Exit, print};
use crate::config::Config;
use crate::spool::{Entry, Found, Spool};
use crate::state::{JournalEntry, State};

#[derive(Debug, Args)]
pub struct Approve {
    /// Snapshots to let go; `preview --id ID` shows byte for byte what each is.
    ids: Vec<Uuid>,
    /// All that wait.
    #[arg(long, conflicts_with = "ids")]
    all: bool,
}

impl Approve {
    pub fn run(self, config: &Config, lang: print::Lang) -> anyhow::Result<Exit> {
        let state = State::open(&config.state_dir)?;
        let spool = Spool::new(state.spool_dir(), config.spool);
        let mut approved = state.approved()?;
        let waiting = waiting(config, &spool, &approved)?;
        if self.ids.is_empty() && !self.all {
            for entry in &waiting {
                let header = &entry.header;
                print::line(&format!(
                    "{} {} bytes SHA-256 {}",
                    header.id, entry.bytes, header.sha256
                ));
            }
            return Ok(Exit::Ok);
        }
        if let Some(id) = self.ids.iter().find(|id| waiting.iter().all(|e| e.header.id != **id)) {
            bail!("{id} does not wait for approval; `carepack-agent approve` lists what does");
        }
        let by = who();
        for entry in waiting.iter().filter(|e| self.all || self.ids.contains(&e.header.id)) {
            let document = entry.document().context("reading the spool entry")?;
            let snapshot = Snapshot::from_document(&document).context("reading the snapshot")?;
            approved.add(&snapshot, &entry.header.sha256);
            state.journal(&JournalEntry {
                at: Timestamp::now(),
                id: entry.header.id,
                sha256: entry.header.sha256.clone(),
                bytes: entry.bytes,
                outcome: "approved".to_owned(),
                by: Some(by.clone()),
            })?;
            print::line(&format!("{} {}", lang.say("승인함", "approved"), entry.header.id));
        }
        state.save_approved(&approved)?;
        Ok(Exit::Ok)
    }
}

fn waiting(
    config: &Config,
    spool: &Spool,
    approved: &crate::approval::Approved,
) -> anyhow::Result<Vec<Entry>> {
    let mut waiting = Vec::new();
    for id in spool.list()? {
        let Found::Sound(entry) = spool.get(id)? else { continue };
        let read = || Snapshot::from_document(&entry.document().ok()?).ok();
        if !approved.lets_go(config.approval, (id, &entry.header.sha256), read) {
            waiting.push(entry);
        }
    }
    Ok(waiting)
}

/// The person behind `sudo`, else the user that this runs as. For the journal only: whoever may run
/// this as the agent's user may write the journal too.
fn who() -> String {
    let known = std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty());
    known.unwrap_or_else(|| format!("uid {}", nix::unistd::getuid()))
}
