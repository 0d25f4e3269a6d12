//! An agent of one's own: its configuration, its state folder, its process.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;

use crate::binaries;
use crate::process::{Running, run, run_ok};
use crate::recorded::Recorded;

/// One agent, on this host or on a recorded one.
pub struct Agent {
    /// Name of its folder.
    pub name: String,
    pub dir: PathBuf,
    url: String,
    recorded: Option<&'static Recorded>,
    running: Option<Running>,
}

impl Agent {
    /// Writes its configuration below `dir`. It collects in a child process, as it does where no
    /// systemd path unit waits for it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn new(dir: &Path, url: &str, recorded: Option<&'static Recorded>) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
        let dir = dir.canonicalize().context("finding the agent's folder")?;
        let name = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let agent = Self { name, dir, url: url.to_owned(), recorded, running: None };
        std::fs::write(agent.config(), agent.text()).context("writing the agent's config")?;
        Ok(agent)
    }

    /// Its configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.dir.join("agent.toml")
    }

    /// Its state folder.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    fn text(&self) -> String {
        let mut root = toml::Table::new();
        root.insert("server".into(), self.url.clone().into());
        root.insert("state_dir".into(), self.state().to_string_lossy().into_owned().into());
        root.insert("poll_seconds".into(), 1.into());
        let mut collect = toml::Table::new();
        collect.insert("start".into(), "child".into());
        if let Some(host) = self.recorded {
            let folder = host.folder().to_string_lossy().into_owned();
            collect.insert("recorded".into(), folder.into());
        }
        root.insert("collect".into(), collect.into());
        root.to_string()
    }

    /// The name of its recorded host; empty on this host.
    #[must_use]
    pub fn recorded_name(&self) -> &'static str {
        self.recorded.map_or("", |host| host.name)
    }

    /// Sets a key of its configuration.
    ///
    /// # Errors
    /// When the file cannot be rewritten.
    pub fn set(&self, key: &str, value: impl Into<toml::Value>) -> Result<()> {
        let text = std::fs::read_to_string(self.config()).context("reading the agent's config")?;
        let mut root: toml::Table = text.parse().context("reading the agent's config")?;
        root.insert(key.to_owned(), value.into());
        std::fs::write(self.config(), root.to_string()).context("writing the agent's config")
    }

    /// The name that its host has at the collector: the recorded folder's, or this host's own.
    #[must_use]
    pub fn host_name(&self) -> String {
        self.recorded.map_or_else(here, |host| host.name.to_owned())
    }

    /// Whether last month's state of its host is recorded too.
    #[must_use]
    pub fn has_previous(&self) -> bool {
        self.recorded.is_some_and(|host| host.has_previous)
    }

    /// A command with its configuration.
    ///
    /// # Errors
    /// When the binary cannot be built.
    pub fn command(&self) -> Result<Command> {
        let mut command = Command::new(binaries::path("carepack-agent")?);
        command.arg("--config").arg(self.config());
        Ok(command)
    }

    /// Runs a subcommand to its end, whatever its exit code.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Result<Output> {
        run(self.command()?.args(arguments))
    }

    /// Runs a subcommand that must succeed; its standard output.
    ///
    /// # Errors
    /// What the command says.
    pub fn run_ok(&self, arguments: &[&str]) -> Result<String> {
        run_ok(self.command()?.args(arguments))
    }

    /// `status --json`.
    ///
    /// # Errors
    /// When it printed no JSON.
    pub fn status(&self) -> Result<Json> {
        let output = self.run(&["status", "--json"])?;
        serde_json::from_slice(&output.stdout).context("status --json printed no JSON")
    }

    /// Enrols with a token, given on stdin.
    ///
    /// # Errors
    /// What the command says.
    pub fn enrol(&self, token: &str) -> Result<()> {
        let output = self.enrol_output(token)?;
        ensure!(
            output.status.success(),
            "enrolling {} ended with {}: {}",
            self.name,
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// As [`Self::enrol`], for failures that are expected.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn enrol_output(&self, token: &str) -> Result<Output> {
        let mut child = self
            .command()?
            .args(["enroll", "--server", &self.url, "--token-file", "-", "--yes"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting carepack-agent enroll")?;
        if let Some(mut stdin) = child.stdin.take() {
            // It may refuse before it reads the token; its exit code tells.
            let _ = stdin.write_all(token.as_bytes());
        }
        child.wait_with_output().context("waiting for carepack-agent enroll")
    }

    /// Writes last month's state of its host as a sealed bundle.
    ///
    /// # Errors
    /// What the command says.
    pub fn seal_previous(&self, period: &str, file: &Path) -> Result<()> {
        let file = file.to_string_lossy();
        let output = self.run(&[
            "--recorded-overlay",
            "previous",
            "collect",
            "--reason",
            "offline",
            "--period",
            period,
            "--output",
            &file,
        ])?;
        // 6: part of the recorded host cannot be seen, which is recorded too.
        ensure!(
            matches!(output.status.code(), Some(0 | 6)),
            "collect of {} ended with {}: {}",
            self.name,
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// Starts `run`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&mut self) -> Result<()> {
        self.start_with(&[])
    }

    /// As [`Self::start`], with variables in its environment.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_with(&mut self, environment: &[(String, String)]) -> Result<()> {
        let name = format!("carepack-agent run ({})", self.name);
        let log = self.dir.join("agent.log");
        let mut command = self.command()?;
        let environment = environment.iter().map(|(name, value)| (name, value));
        let command = command.arg("run").envs(environment);
        self.running = Some(Running::start(&name, command, &log)?);
        Ok(())
    }

    /// The running process.
    pub fn process(&mut self) -> Option<&mut Running> {
        self.running.as_mut()
    }

    /// Whether `run` still runs.
    pub fn is_alive(&mut self) -> bool {
        self.running.as_mut().is_some_and(Running::is_alive)
    }

    /// The end of its log.
    #[must_use]
    pub fn tail(&self) -> String {
        self.running.as_ref().map(Running::tail).unwrap_or_default()
    }
}

/// This host's name.
#[must_use]
pub fn here() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "this-host".to_owned() } else { name.to_owned() }
}
