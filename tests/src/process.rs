//! A child process that writes to a log, is waited for by condition, and never outlives its owner.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a condition may take before a test gives up: generous, since it is only ever spent
/// when something is broken.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A running process with its log.
pub struct Running {
    child: Child,
    pub name: String,
    pub log: PathBuf,
}

impl Running {
    /// Starts `command`, both outputs appended to `log`.
    ///
    /// # Errors
    /// When the log cannot be opened or the process not be started.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log);
        let file = file.with_context(|| format!("opening {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("sharing the log")?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self { child, name: name.to_owned(), log: log.to_path_buf() })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap_or(i32::MAX)
    }

    /// Sends a signal; a process that is gone already is no error.
    pub fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.pid()), signal);
    }

    /// Kills it as a power cut would, and reaps it.
    pub fn kill_9(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to stop and waits for its exit code.
    ///
    /// # Errors
    /// When it does not stop within [`PATIENCE`].
    pub fn stop(&mut self) -> Result<Option<i32>> {
        self.signal(Signal::SIGTERM);
        let name = self.name.clone();
        until(&format!("{name} to stop"), || {
            Ok(self.child.try_wait().context("waiting")?.map(|status| status.code()))
        })
    }

    /// The last lines of its log, for failure messages.
    #[must_use]
    pub fn tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal(Signal::SIGTERM);
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            if !self.is_alive() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill_9();
    }
}

/// Asks `probe` until it gives a value.
///
/// # Errors
/// The probe's own error, or what was awaited when [`PATIENCE`] is over.
pub fn until<T>(what: &str, mut probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = probe()? {
            return Ok(value);
        }
        if Instant::now() > end {
            bail!("waited {} s for {what}", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a command to its end and gives its output whatever its exit code.
///
/// # Errors
/// When it cannot be started.
pub fn run(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("starting {:?}", command.get_program()))
}

/// Runs a command that must succeed, and gives its standard output.
///
/// # Errors
/// Its exit code and what it wrote to standard error.
pub fn run_ok(command: &mut Command) -> Result<String> {
    let output = run(command)?;
    if !output.status.success() {
        let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
        bail!(
            "{} {} ended with {}: {}",
            command.get_program().to_string_lossy(),
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
