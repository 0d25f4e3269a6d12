//! `unenroll`: the identity goes; with `--purge` everything that the agent ever wrote, and its
//! settings. It works without a network: the collector's operator is told whom to revoke.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, bail};
use clap::Args;

use super::{Exit, print, state_of};
use crate::config::Loaded;
use crate::state::files;

#[derive(Debug, Args)]
pub struct Unenroll {
    /// Remove the state folder (spool, journal, samples, keys) and the configuration too.
    #[arg(long)]
    purge: bool,
}

/// What makes a host an enrolled one.
const RECORDS: [&str; 4] = ["identity.pem", "enrolment.json", "policy.json", "status.json"];

impl Unenroll {
    pub fn run(self, loaded: &Loaded, lang: print::Lang) -> anyhow::Result<Exit> {
        let state = state_of(&loaded.config);
        if !state.dir().exists() && !self.purge {
            return Ok(Exit::NotEnrolled);
        }
        // A damaged identity must go too, so an error here is none.
        let host_id = state.identity().ok().flatten().map(|identity| identity.host_id);
        let running = state.status().ok().flatten().and_then(|status| status.pid);
        if let Some(pid) = running.filter(|pid| is_agent(*pid)) {
            bail!(
                "the agent runs (pid {pid}); stop it first: systemctl disable --now \
                 carepack-agent.service carepack-collect.path carepack-collect.timer"
            );
        }
        if state.dir().exists() {
            let _lock = state.lock()?;
            for name in RECORDS {
                let path = state.dir().join(name);
                files::remove_durable(&path)
                    .with_context(|| format!("removing {}", path.display()))?;
            }
        }
        if self.purge {
            remove_folder(state.dir())?;
            for file in &loaded.read {
                files::remove_durable(file)
                    .with_context(|| format!("removing {}", file.display()))?;
            }
        }
        let said = lang.say("등록을 해지함", "no longer enrolled");
        match host_id {
            Some(id) => print::line(&format!(
                "{said}: {id} ({} `carepack-collector host revoke {id} --reason unenrolled`)",
                lang.say("수집 서버 운영자에게 알릴 것:", "tell the collector's operator:")
            )),
            None => print::line(said),
        }
        Ok(Exit::Ok)
    }
}

/// Whether a process is this program: pids are used again.
fn is_agent(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm"))
        .is_ok_and(|name| name.trim_end() == "carepack-agent")
}

/// The folder with all that is in it. Where its parent may not be written (`/var/lib` by the
/// agent's own user), it stays, empty.
fn remove_folder(folder: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied && is_empty(folder) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("removing {}", folder.display())),
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
