//! The commands of `carepack-collector`: words in, one of the product's parts called, words out.
//!
//! Output habits: answers on stdout (people by default, `--json` on every read command), progress
//! and errors on stderr; an error is printed once, with its causes and the way out.

mod admin;
mod advisory;
mod archive;
mod bundles;
mod case;
mod compare;
mod doctor;
mod generate;
mod inspect;
mod inspections;
mod judge;
mod notices;
mod open;
mod patterns;
mod print;
mod returned;
mod rules;
mod service;
mod support;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::reports::Lang;

/// Exit codes, the same numbers as the agent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Ok = 0,
    /// It was tried and failed.
    Failure = 1,
    /// The command line is wrong (clap's own code).
    Usage = 2,
    /// Configuration is wrong; nothing was opened.
    Configuration = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Collects, judges and reports what Carepack agents observe.
#[derive(Debug, Parser)]
#[command(name = "carepack-collector", version, max_term_width = 100)]
pub struct Arguments {
    /// Configuration file; DATA/collector.toml without it.
    #[arg(long, global = true, env = "CAREPACK_COLLECTOR_CONFIG")]
    config: Option<PathBuf>,
    /// Data folder of this collector.
    #[arg(
        long,
        global = true,
        env = "CAREPACK_COLLECTOR_DATA",
        default_value = "/var/lib/carepack-collector"
    )]
    data: PathBuf,
    /// Log as JSON lines instead of text.
    #[arg(long, global = true)]
    log_json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new collector: data folder, database, certificate authority.
    Init(admin::Init),
    /// Serve agents and people until told to stop.
    Serve,
    /// Customers.
    #[command(subcommand)]
    Customer(admin::Customer),
    /// Contracts: what is inspected, how often, in which window.
    #[command(subcommand)]
    Contract(admin::Contract),
    /// Hosts under contract.
    #[command(subcommand)]
    Host(admin::Host),
    /// One-time enrolment tokens.
    #[command(subcommand)]
    Token(admin::Token),
    /// Accepted risks.
    #[command(subcommand)]
    Exception(admin::Exception),
    /// Accounts of the console.
    #[command(subcommand)]
    Person(admin::Person),
    /// The audit log of the console.
    #[command(subcommand)]
    Audit(admin::Audit),
    /// Security advisories: feeds, and who lacks what.
    #[command(subcommand)]
    Advisory(advisory::Advisory),
    /// Who is told of advisories.
    #[command(subcommand)]
    Contact(notices::Contact),
    /// Notices of advisories: what each contract is told, and the mail queue.
    #[command(subcommand)]
    Notice(notices::Notice),
    /// What customers decided on notices, and what evidence makes of it.
    #[command(subcommand)]
    Plan(notices::Plan),
    /// Cases: what customers ask for, and the clock of the first response.
    #[command(subcommand)]
    Case(case::Case),
    /// Services that were done, the ledger of a contract, the annual service report.
    #[command(subcommand)]
    Service(service::Service),
    /// Assess a contract's period now.
    Inspect(inspect::Inspect),
    /// Write the report of an inspection: the edition in force, or a draft; check an exported one.
    Report(inspect::Report),
    /// Review, publication and acknowledgement of inspections; visits.
    #[command(subcommand)]
    Inspection(inspections::Inspection),
    /// Support Patterns: rules born from a fault.
    #[command(subcommand)]
    Pattern(support::Pattern),
    /// Take in a snapshot file from a host without a network, a sosreport or an insights archive.
    Import(bundles::Import),
    /// Write what goes back to a host without a network: its next certificate and order, the
    /// report, advisories, as one signed file that `carepack-agent import` takes in.
    ExportReturn(returned::ExportReturn),
    /// Judge a snapshot file, a recorded host, a sosreport or an insights archive, with no server
    /// and no database.
    Assess(judge::Assess),
    /// What differs between two hosts, e.g. development and production.
    Compare(compare::Compare),
    /// Installation standards of roles.
    #[command(subcommand)]
    Standard(compare::Standard),
    /// The rule pack.
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Signed packs of log patterns for the agents.
    #[command(subcommand)]
    Patterns(patterns::Patterns),
    /// Check this collector: data folder, database, keys, disk, rule pack.
    Doctor(doctor::Doctor),
    /// Write man pages and completions into a folder, for packages.
    Generate(generate::Generate),
    /// Version and build.
    Version {
        #[arg(long)]
        json: bool,
    },
}

/// Languages of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Languages {
    Ko,
    En,
    Both,
}

impl Languages {
    fn list(self) -> &'static [Lang] {
        match self {
            Self::Ko => &[Lang::Ko],
            Self::En => &[Lang::En],
            Self::Both => &[Lang::Ko, Lang::En],
        }
    }
}

/// Parses the command line, runs it, prints an error once.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    print::start_log(arguments.log_json);
    match run(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            print::error(&error);
            exit_of(&error).into()
        }
    }
}

/// A configuration that cannot be used has its own exit code, so that systemd does not restart.
fn exit_of(error: &anyhow::Error) -> Exit {
    if error.chain().any(<dyn std::error::Error + 'static>::is::<crate::config::ConfigError>) {
        Exit::Configuration
    } else {
        Exit::Failure
    }
}

fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let beside = arguments.data.join("collector.toml");
    let config = arguments.config.unwrap_or(beside);
    match arguments.command {
        Command::Init(init) => init.run(&arguments.data, &config),
        Command::Serve => admin::serve(&config),
        Command::Customer(command) => command.run(&config),
        Command::Contract(command) => command.run(&config),
        Command::Host(command) => command.run(&config),
        Command::Token(command) => command.run(&config),
        Command::Exception(command) => command.run(&config),
        Command::Person(command) => command.run(&config),
        Command::Audit(command) => command.run(&config),
        Command::Advisory(command) => command.run(&config),
        Command::Contact(command) => command.run(&config),
        Command::Notice(command) => command.run(&config),
        Command::Plan(command) => command.run(&config),
        Command::Case(command) => command.run(&config),
        Command::Service(command) => command.run(&config),
        Command::Inspect(command) => command.run(&config),
        Command::Report(command) => command.run(&config),
        Command::Inspection(command) => command.run(&config),
        Command::Pattern(command) => command.run(&config),
        Command::Import(command) => command.run(&config),
        Command::ExportReturn(command) => command.run(&config),
        Command::Assess(command) => command.run(),
        Command::Compare(command) => command.run(&config),
        Command::Standard(command) => command.run(&config),
        Command::Rules(command) => command.run(),
        Command::Patterns(command) => command.run(&config),
        Command::Doctor(command) => command.run(&config),
        Command::Generate(generate) => generate.run(),
        Command::Version { json } => print::version(json),
    }
}
