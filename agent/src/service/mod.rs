//! The resident agent: keeps the schedule, talks to one collector, collects nothing itself.
//!
//! One thread. Each round it does what is due and sleeps until the next thing: renew the
//! certificate, poll, send the spool, start a collection. Trouble with the network never stops the
//! schedule; a collection that fails is tried again later. It is told to stop by SIGTERM and
//! re-reads its settings on SIGHUP, all or nothing.

mod collecting;
mod contact;
mod patterns;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, ConfigError, OnDemand, Start};
use crate::sampler::Sampler;
use crate::sandbox::{self, Role};
use crate::schedule::{Facts, Step, next_step};
use crate::spool::Spool;
use crate::state::{Fault, Identity, IdentityError, State, StateError, Status};
use crate::uplink::{Uplink, UplinkError};

use collecting::Collecting;
pub(crate) use patterns::keep as keep_patterns;

/// Longest sleep: how soon a new spool entry of a collecting process is noticed.
const ROUND_MAX: Duration = Duration::from_secs(5);
/// Shortest sleep.
const ROUND_LEAST: Duration = Duration::from_millis(100);
/// How often systemd hears that this thread still turns; its `WatchdogSec=` is six times as long.
const WATCHDOG_BEAT: Duration = Duration::from_secs(20);

/// How `run` was called, for the collections that it starts.
#[derive(Clone, Debug)]
pub struct Call {
    /// `--config`, when it was given.
    pub config: Option<PathBuf>,
    /// Flags that a collecting child must get too.
    pub flags: Vec<std::ffi::OsString>,
}

/// What keeps the resident agent from running.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Uplink(#[from] UplinkError),
    #[error("this host is not enrolled")]
    NotEnrolled,
    #[error("collect.start is another one: it holds after systemctl restart carepack-agent")]
    StartChanged,
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
}

/// Everything that the rounds work on.
struct Resident {
    config: Config,
    call: Call,
    state: State,
    spool: Spool,
    identity: Identity,
    uplink: Uplink,
    server: String,
    status: Status,
    collecting: Collecting,
    sampler: Sampler,
    /// No contact before; grows while the collector does not answer.
    next_contact: Instant,
    next_poll: Instant,
    failures: u32,
    /// The version of the last pattern pack that was refused.
    refused_pack: u64,
}

/// Runs until told to stop.
///
/// # Errors
/// [`ServiceError`] when it cannot begin.
pub async fn run(config: Config, call: Call) -> Result<(), ServiceError> {
    let mut resident = Resident::begin(config, call)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(ServiceError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServiceError::Signals)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(ServiceError::Signals)?;
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    tokio::spawn(beat());
    tracing::info!(host.id = %resident.identity.host_id, server = %resident.server, "run.ready");
    loop {
        let round = resident.round();
        tokio::select! {
            () = round => {}
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
        let sleep = tokio::time::sleep(resident.pause());
        tokio::select! {
            () = sleep => {}
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => resident.reload(),
        }
    }
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    resident.collecting.stop();
    resident.status.pid = None;
    resident.tell();
    tracing::info!("run.stopped");
    Ok(())
}

/// Runs between the others on the one thread: a look that blocks it stops the beat, a collector
/// that is slow to answer does not.
async fn beat() {
    let mut beat = tokio::time::interval(WATCHDOG_BEAT);
    loop {
        beat.tick().await;
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
    }
}

impl Resident {
    fn begin(config: Config, call: Call) -> Result<Self, ServiceError> {
        let state = State::open(&config.state_dir)?;
        let identity = state.identity()?.ok_or(ServiceError::NotEnrolled)?;
        let enrolled = state.enrolment()?.map(|enrolment| enrolment.server);
        let server = config.server.clone().or(enrolled).ok_or(ServiceError::NotEnrolled)?;
        let uplink = Uplink::new(&server, &identity, &config.proxy)?;
        let before = state.status().ok().flatten().unwrap_or_default();
        let status = Status {
            enrolled: true,
            host_id: Some(identity.host_id),
            server: Some(server.clone()),
            certificate_not_after: Some(identity.not_after),
            pid: Some(std::process::id()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            collecting: false,
            ..before
        };
        let now = Instant::now();
        let mut resident = Self {
            spool: Spool::new(state.spool_dir(), config.spool),
            collecting: Collecting::default(),
            sampler: Sampler::new(Path::new("/"), state.samples_dir()),
            next_contact: now,
            next_poll: now,
            failures: 0,
            refused_pack: 0,
            config,
            call,
            state,
            identity,
            uplink,
            server,
            status,
        };
        resident.status.limits = sandbox::enter(match resident.config.collect.start {
            Start::RequestFile => Role::Resident { state_dir: resident.state.dir() },
            Start::Child => Role::Starter,
        });
        // Fails here, before READY, when the folder cannot be written.
        resident.state.save_status(&resident.status)?;
        Ok(resident)
    }

    async fn round(&mut self) {
        if let Err(error) = self.sampler.tick(Timestamp::now()) {
            self.fault(&with_causes(&error), "check the state folder's free space and owner");
        }
        if Instant::now() >= self.next_contact {
            match self.contact().await {
                Ok(()) => self.failures = 0,
                Err(error) => self.put_off(&error),
            }
        }
        if let Err(error) = self.keep_schedule() {
            self.fault(&error.to_string(), "see the journal of carepack-agent.service");
        }
        self.tell();
    }

    /// Starts what is due, looks after what runs.
    fn keep_schedule(&mut self) -> Result<(), StateError> {
        if let Some(ended) = self.collecting.ended(&self.state) {
            match ended {
                Ok(()) => self.next_contact = self.next_contact.min(Instant::now()),
                Err(what) => self.fault(&what, "run `carepack-agent collect` by hand to see why"),
            }
        }
        let progress = self.state.progress()?;
        let policy = self.state.policy()?;
        let host = self.identity.host_id.to_string();
        let step = next_step(Facts {
            now: Timestamp::now(),
            policy: policy.as_ref(),
            progress: &progress,
            identity: &host,
            refuses_on_demand: self.config.collect.on_demand == OnDemand::Refuse,
            busy: self.collecting.is_busy(),
            not_before: self.collecting.not_before(),
        });
        match step {
            Ok(Step::Collect(job)) => {
                tracing::info!(reason = job.reason.as_str(), period = job.period, "run.collect");
                if let Err(what) =
                    self.collecting.start(&self.config, &self.call, &self.state, &job)
                {
                    self.fault(&what, "check the state folder's free space and owner");
                }
            }
            Ok(Step::Wait(next)) => self.status.next_run = Some(next),
            Ok(Step::NoPolicy) => self.status.next_run = None,
            Err(error) => self.fault(&error.to_string(), "ask the collector's operator"),
        }
        self.status.collecting = self.collecting.is_busy();
        Ok(())
    }

    /// How long nothing is to be done.
    fn pause(&self) -> Duration {
        let contact =
            self.next_contact.max(self.next_poll).saturating_duration_since(Instant::now());
        let sample = self.sampler.next().saturating_duration_since(Instant::now());
        let next = contact.min(sample).clamp(ROUND_LEAST, ROUND_MAX);
        self.collecting.pause().map_or(next, |pause| next.min(pause))
    }

    /// The collector did not take it; the next try comes later, spread by chance.
    fn put_off(&mut self, error: &UplinkError) {
        self.failures = self.failures.saturating_add(1);
        let pause = contact::back_off(self.failures, error.is_refusal());
        // The collector's own wish is the least; the chance on top keeps a fleet apart.
        let pause = error.retry_after().map_or(pause, |asked| asked + pause);
        self.next_contact = Instant::now() + pause;
        self.fault(&with_causes(error), error.way_out());
    }

    fn fault(&mut self, what: &str, way_out: &str) {
        let known = self.status.last_error.as_ref().is_some_and(|fault| fault.what == what);
        if !known {
            tracing::warn!("{what}; {way_out}");
        }
        self.status.last_error = Some(Fault {
            at: Timestamp::now(),
            what: what.to_owned(),
            way_out: way_out.to_owned(),
        });
    }

    /// Writes the status file when it says something new.
    fn tell(&mut self) {
        self.status.spooled =
            u32::try_from(self.spool.list().map_or(0, |list| list.len())).unwrap_or(u32::MAX);
        let written = self.state.status().ok().flatten();
        if written.as_ref() != Some(&self.status)
            && let Err(error) = self.state.save_status(&self.status)
        {
            tracing::error!("{error}");
        }
    }

    /// New settings, all or nothing.
    fn reload(&mut self) {
        let _ = sd_notify::notify(&[NotifyState::Reloading]);
        match self.reloaded() {
            Ok(()) => tracing::info!("run.reloaded"),
            Err(error) => self.fault(
                &format!("the settings were not reloaded: {error}"),
                "`carepack-agent config check` names the fault; the old settings are kept",
            ),
        }
        let _ = sd_notify::notify(&[NotifyState::Ready]);
    }

    fn reloaded(&mut self) -> Result<(), ServiceError> {
        let config = crate::config::load(self.call.config.as_deref(), true)?.config;
        // What was given up when it began does not come back.
        if config.collect.start != self.config.collect.start {
            return Err(ServiceError::StartChanged);
        }
        let server = config.server.clone().unwrap_or_else(|| self.server.clone());
        let uplink = Uplink::new(&server, &self.identity, &config.proxy)?;
        (self.server, self.uplink) = (server, uplink);
        self.spool = Spool::new(self.state.spool_dir(), config.spool);
        self.config = config;
        self.next_poll = Instant::now();
        Ok(())
    }
}

/// An error and what it came from, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut what = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        what = format!("{what}: {cause}");
        source = cause.source();
    }
    what
}
