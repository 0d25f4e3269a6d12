//! A collector of one's own: fresh data folder, fresh CA, free ports.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;

use crate::agent::Agent;
use crate::process::{Running, run_ok, until};
use crate::{binaries, recorded};

/// A collector's data folder, and its process when it serves.
pub struct Collector {
    pub data: PathBuf,
    pub serving: Option<Running>,
}

/// Where a serving collector listens.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Addresses {
    /// `127.0.0.1:PORT` of the agents' listener.
    pub agents: String,
    /// `127.0.0.1:PORT` of the listener for people.
    pub people: String,
}

impl Collector {
    /// `carepack-collector init` in `data`.
    ///
    /// # Errors
    /// What the command says.
    pub fn init(data: &Path) -> Result<Self> {
        Self::init_with(data, None)
    }

    /// As [`Self::init`], on another database.
    ///
    /// # Errors
    /// What the command says.
    pub fn init_with(data: &Path, database: Option<&str>) -> Result<Self> {
        let collector = Self { data: data.to_path_buf(), serving: None };
        let mut command = collector.command()?;
        command.args(["init", "--poll-seconds", "5"]);
        if let Some(url) = database {
            command.args(["--database", url]);
        }
        run_ok(&mut command)?;
        Ok(collector)
    }

    /// A command on this collector's data folder.
    ///
    /// # Errors
    /// When the binary cannot be built.
    pub fn command(&self) -> Result<Command> {
        let mut command = Command::new(binaries::path("carepack-collector")?);
        command.arg("--data").arg(&self.data);
        Ok(command)
    }

    /// Runs a subcommand that must succeed; its standard output.
    ///
    /// # Errors
    /// What the command says.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        run_ok(self.command()?.args(arguments))
    }

    /// Runs a subcommand with `--json`; its answer.
    ///
    /// # Errors
    /// What the command says, or that it was not JSON.
    pub fn json(&self, arguments: &[&str]) -> Result<Json> {
        let text = run_ok(self.command()?.args(arguments).arg("--json"))?;
        serde_json::from_str(&text).with_context(|| format!("{arguments:?} printed no JSON"))
    }

    /// Starts `serve` and waits until both listeners answer.
    ///
    /// # Errors
    /// The end of its log when it stops instead.
    pub fn serve(&mut self) -> Result<Addresses> {
        let file = self.data.join("run/addresses.json");
        let _ = std::fs::remove_file(&file);
        let log = self.data.with_extension("log");
        let mut running =
            Running::start("carepack-collector serve", self.command()?.arg("serve"), &log)?;
        let addresses = until("the collector to listen", || {
            if !running.is_alive() {
                bail!("the collector stopped:\n{}", running.tail());
            }
            let Ok(text) = std::fs::read_to_string(&file) else { return Ok(None) };
            Ok(serde_json::from_str::<Addresses>(&text).ok())
        })?;
        self.serving = Some(running);
        Ok(addresses)
    }

    /// Keeps the addresses for the next [`Self::serve`], as a real collector's are kept.
    ///
    /// # Errors
    /// When the configuration cannot be rewritten.
    pub fn pin(&self, addresses: &Addresses) -> Result<()> {
        let file = self.data.join("collector.toml");
        let text = std::fs::read_to_string(&file).context("reading collector.toml")?;
        let mut root: toml::Table = text.parse().context("reading collector.toml")?;
        for (section, address) in [("agents", &addresses.agents), ("people", &addresses.people)] {
            let table = root.get_mut(section).and_then(toml::Value::as_table_mut);
            table
                .context("a section of collector.toml")?
                .insert("listen".into(), address.clone().into());
        }
        std::fs::write(&file, root.to_string()).context("writing collector.toml")
    }

    /// Kills the serving process as a power cut would.
    pub fn kill_9(&mut self) {
        if let Some(mut running) = self.serving.take() {
            running.kill_9();
        }
    }

    /// Makes a customer and a contract.
    ///
    /// # Errors
    /// What the commands say.
    pub fn contract(&self, customer: &str, contract: &str, more: &[&str]) -> Result<()> {
        self.run(&["customer", "add", customer])?;
        let mut arguments = vec!["contract", "add", "--customer", customer, "--name", contract];
        arguments.extend_from_slice(more);
        self.run(&arguments)?;
        Ok(())
    }

    /// A one-time token for a host of a contract.
    ///
    /// # Errors
    /// What the command says.
    pub fn token(&self, contract: &str, more: &[&str]) -> Result<String> {
        let mut arguments = vec!["token", "add", "--contract", contract];
        arguments.extend_from_slice(more);
        Ok(self.run(&arguments)?.trim().to_owned())
    }

    /// Enrols an agent of a recorded host with a token, and waits until its first snapshot is in.
    ///
    /// # Errors
    /// What a command says, or a recorded host that is not known.
    pub fn with_host(
        &self,
        dir: &Path,
        addresses: &Addresses,
        (recorded, token): (&str, &str),
    ) -> Result<Agent> {
        let known = recorded::ALL.iter().find(|host| host.name == recorded);
        let known = known.with_context(|| format!("a recorded host {recorded}"))?;
        let mut agent = Agent::new(dir, &format!("https://{}", addresses.agents), Some(known))?;
        self.pin(addresses)?;
        let before = self.hosts()?;
        agent.enrol(token)?;
        agent.start()?;
        let new = |host: &&Json| !before.iter().any(|old| old["id"] == host["id"]);
        let hosts = self.hosts()?;
        let host = hosts.iter().find(new).context("the host that came")?;
        let host = host["id"].as_str().context("its id")?;
        let snapshots = self.snapshots()?;
        self.run(&["host", "collect", host])?;
        until("a snapshot", || Ok((self.snapshots()? > snapshots).then_some(())))?;
        Ok(agent)
    }

    /// The hosts as `host list --json` tells them.
    ///
    /// # Errors
    /// What the command says.
    pub fn hosts(&self) -> Result<Vec<Json>> {
        let hosts = self.json(&["host", "list"])?;
        Ok(hosts.as_array().cloned().unwrap_or_default())
    }

    /// Snapshots stored, over all hosts.
    ///
    /// # Errors
    /// What the command says.
    pub fn snapshots(&self) -> Result<u64> {
        Ok(self.hosts()?.iter().filter_map(|host| host["snapshots"].as_u64()).sum())
    }
}
