//! The commands of `carepack-agent`.
//!
//! Answers on stdout, `--json` on every read command; progress and errors on stderr, an error once
//! with its causes and the way out. Exit codes are a promise to scripts: see [`Exit`].

mod approve;
mod collecting;
mod difference;
mod doctor;
mod due;
mod enrol;
mod generate;
mod import;
mod look;
mod print;
mod reveal;
mod sheet;
mod support;
mod unenroll;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::collect::CollectError;
use crate::config::{self, Config, ConfigError, Loaded};
use crate::relay::RelayError;
use crate::service::{self, Call, ServiceError};
use crate::state::StateError;
use crate::uplink::UplinkError;

/// Every exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Ok = 0,
    Failure = 1,
    /// The command line is wrong (clap's own code).
    Usage = 2,
    NotEnrolled = 3,
    /// The collector cannot be reached, or it is not the one of the token.
    Unreachable = 4,
    /// The collector refused: token, revocation, contract, schema.
    Refused = 5,
    /// Collected, but part of the host could not be seen.
    Partial = 6,
    /// Another collection runs; try again later (sysexits' EX_TEMPFAIL).
    Busy = 75,
    /// The configuration is wrong (sysexits' EX_CONFIG).
    Configuration = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Observes this host for its Carepack support contract.
#[derive(Debug, Parser)]
#[command(name = "carepack-agent", version, max_term_width = 100, after_help = CODES)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

const CODES: &str = "Exit codes: 0 ok · 1 failure · 2 usage · 3 not enrolled · 4 collector unreachable · 5 refused \
by the collector · 6 part of the host could not be seen · 75 another collection runs · 78 configuration";

/// Flags that every command knows.
#[derive(Clone, Debug, Args)]
struct Common {
    /// Configuration file; its drop-ins are read from agent.d beside it.
    #[arg(long, global = true, env = "CAREPACK_AGENT_CONFIG")]
    config: Option<PathBuf>,
    /// Replay a recorded folder instead of looking at this host.
    #[arg(long, global = true, value_name = "DIR")]
    recorded: Option<PathBuf>,
    /// Subfolder of the recorded folder whose files come first.
    #[arg(long, global = true, value_name = "NAME")]
    recorded_overlay: Option<String>,
    /// Language of answers; from the locale without it.
    #[arg(long, global = true, value_enum)]
    lang: Option<print::Lang>,
    /// Log as JSON lines instead of text.
    #[arg(long, global = true)]
    log_json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key on this host and have it certified with a one-time token.
    Enroll(enrol::Enroll),
    /// Run as the resident service: keep the schedule, send what was collected.
    Run,
    /// Let hosts of this zone through to the collector, and do nothing else.
    Relay,
    /// Collect now.
    Collect(collecting::Collect),
    /// Show byte for byte what would leave this host.
    Preview(collecting::Preview),
    /// Let snapshots go that wait for a person; without an id, list them.
    Approve(approve::Approve),
    /// Turn codes back into the names they stand for, one by one or in a whole report.
    Reveal(reveal::Reveal),
    /// Take in what came back over an air gap: the next certificate and order, patterns, the report.
    Import(import::Import),
    /// Tell how this agent stands, from its own files alone.
    Status(look::Status),
    /// Try the way to the collector, a line a step, each with what helps.
    #[command(alias = "test-connection")]
    Doctor(doctor::Doctor),
    /// List everything that is read.
    Probes(look::Probes),
    /// The configuration.
    #[command(subcommand)]
    Config(look::ConfigCommand),
    /// Write what a supporter asks for first into one text file; nothing is sent.
    SupportBundle(support::SupportBundle),
    /// Forget who this host is; with --purge everything that the agent keeps.
    Unenroll(unenroll::Unenroll),
    /// Write man pages, completions and the data sheet into a folder, for packages and contracts.
    Generate(generate::Generate),
    /// Version and build.
    Version {
        #[arg(long)]
        json: bool,
    },
}

/// Parses the command line, runs it, prints an error once.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    print::start_log(arguments.common.log_json);
    let lang = print::Lang::of(arguments.common.lang);
    match run(arguments, lang) {
        Ok(exit) => exit.into(),
        Err(error) => {
            print::error(&error, way_out(&error));
            exit_of(&error).into()
        }
    }
}

fn run(arguments: Arguments, lang: print::Lang) -> anyhow::Result<Exit> {
    let common = arguments.common;
    match arguments.command {
        Command::Enroll(enroll) => enroll.run(&common.load(true)?.config, lang),
        Command::Run => resident(&common),
        Command::Relay => relay(common.load(true)?.config),
        Command::Collect(collect) => collect.run(&common.load(true)?.config, lang),
        Command::Preview(preview) => preview.run(&common.load(true)?.config, lang),
        Command::Approve(approve) => approve.run(&common.load(true)?.config, lang),
        Command::Reveal(reveal) => reveal.run(&common.load(true)?.config, lang),
        Command::Import(import) => import.run(&common.load(true)?.config, lang),
        Command::Status(status) => status.run(&common.load(true)?.config, lang),
        Command::Doctor(doctor) => doctor.run(&common.load(true)?.config, lang),
        Command::Probes(probes) => probes.run(lang),
        Command::Config(command) => command.run(&common, lang),
        Command::SupportBundle(bundle) => bundle.run(&common.load(true)?),
        Command::Unenroll(unenroll) => unenroll.run(&common.load(true)?, lang),
        Command::Generate(generate) => generate.run(),
        Command::Version { json } => look::version(json),
    }
}

impl Common {
    /// The settings, with the flags over them.
    fn load(&self, optional: bool) -> Result<Loaded, ConfigError> {
        let mut loaded = config::load(self.config.as_deref(), optional)?;
        let collect = &mut loaded.config.collect;
        if self.recorded.is_some() {
            collect.recorded.clone_from(&self.recorded);
        }
        if self.recorded_overlay.is_some() {
            collect.recorded_overlay.clone_from(&self.recorded_overlay);
        }
        Ok(loaded)
    }

    /// The flags for a collecting child.
    fn flags(&self) -> Vec<OsString> {
        let mut flags = Vec::new();
        if let Some(folder) = &self.recorded {
            flags.extend(["--recorded".into(), folder.clone().into_os_string()]);
        }
        if let Some(overlay) = &self.recorded_overlay {
            flags.extend(["--recorded-overlay".into(), overlay.clone().into()]);
        }
        flags
    }
}

fn resident(common: &Common) -> anyhow::Result<Exit> {
    let loaded = common.load(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let call = Call { config: common.config.clone(), flags: common.flags() };
    runtime.block_on(service::run(loaded.config, call))?;
    Ok(Exit::Ok)
}

fn relay(config: Config) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(crate::relay::run(config.relay))?;
    Ok(Exit::Ok)
}

/// The exit code of an error: the first cause that has one of its own.
fn exit_of(error: &anyhow::Error) -> Exit {
    for cause in error.chain() {
        if cause.is::<ConfigError>() {
            return Exit::Configuration;
        }
        if let Some(StateError::Busy { .. }) = cause.downcast_ref() {
            return Exit::Busy;
        }
        if let Some(CollectError::State(StateError::Busy { .. })) = cause.downcast_ref() {
            return Exit::Busy;
        }
        if let Some(ServiceError::NotEnrolled) = cause.downcast_ref() {
            return Exit::NotEnrolled;
        }
        if let Some(UplinkError::Proxy(_)) = cause.downcast_ref() {
            return Exit::Configuration;
        }
        if let Some(RelayError::Off | RelayError::Listen { .. }) = cause.downcast_ref() {
            return Exit::Configuration;
        }
        if let Some(error) = cause.downcast_ref::<UplinkError>() {
            return if error.is_refusal() { Exit::Refused } else { Exit::Unreachable };
        }
    }
    Exit::Failure
}

/// What a person can do about it, where the error itself does not say so.
fn way_out(error: &anyhow::Error) -> Option<&'static str> {
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<UplinkError>() {
            return Some(error.way_out());
        }
        if let Some(ServiceError::NotEnrolled) = cause.downcast_ref() {
            return Some("ask the collector's operator for a token and run: carepack-agent enroll");
        }
    }
    None
}

/// The settings' state folder, for looking only.
fn state_of(config: &Config) -> crate::state::State {
    crate::state::State::look(&config.state_dir)
}
