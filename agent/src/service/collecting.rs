//! Starting collections: as a child process, or by a request file that a systemd path unit waits
//! for, so that the resident process needs no privilege. Never two at once.

use std::ffi::OsString;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use carepack_shared::Reason;
use jiff::{SignedDuration, Timestamp};

use super::{Call, ROUND_LEAST, ROUND_MAX};
use crate::config::{Config, Start};
use crate::schedule::Job;
use crate::state::{Progress, Request, State};

/// A failed collection is tried again after this many seconds.
const RETRY_SECONDS: i64 = 60;
/// A request that nothing has taken up after this time counts as failed.
const REQUEST_MAX: Duration = Duration::from_secs(600);

/// The collection under way, if any.
#[derive(Default)]
pub struct Collecting {
    running: Option<Running>,
    /// When it was started or asked for.
    since: Option<Instant>,
    not_before: Option<Timestamp>,
}

enum Running {
    Child(Child),
    /// A request file lies in `requests/` until the collecting process removes it.
    Asked {
        file: std::path::PathBuf,
        job: Job,
    },
}

impl Collecting {
    pub fn is_busy(&self) -> bool {
        self.running.is_some()
    }

    /// How long to leave it alone: a tenth of the time that it has taken so far. Its end is noticed
    /// soon after it, and one that nobody takes up costs some hundred rounds and not thousands.
    pub fn pause(&self) -> Option<Duration> {
        let since = self.running.is_some().then_some(self.since?)?;
        Some(pause_after(since.elapsed()))
    }

    pub fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// Starts a collection.
    pub fn start(
        &mut self,
        config: &Config,
        call: &Call,
        state: &State,
        job: &Job,
    ) -> Result<(), String> {
        let started = match config.collect.start {
            Start::Child => child(call, job).map(Running::Child),
            Start::RequestFile => ask(state, job),
        };
        match started {
            Ok(running) => {
                self.running = Some(running);
                self.since = Some(Instant::now());
                Ok(())
            }
            Err(error) => {
                self.retry_later();
                Err(format!("the collection cannot be started: {error}"))
            }
        }
    }

    /// How the collection ended, once it has.
    pub fn ended(&mut self, state: &State) -> Option<Result<(), String>> {
        let waited = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        let ended = match self.running.as_mut()? {
            Running::Child(child) => match child.try_wait() {
                Ok(None) => return None,
                // 6: part of the host could not be seen, which the snapshot itself says.
                Ok(Some(status)) if matches!(status.code(), Some(0 | 6)) => Ok(()),
                Ok(Some(status)) => Err(format!("the collection ended with {status}")),
                Err(error) => Err(format!("the collection cannot be waited for: {error}")),
            },
            Running::Asked { file, job } => {
                if !file.exists() {
                    let progress = state.progress().unwrap_or_default();
                    served(job, &progress)
                } else if waited < REQUEST_MAX {
                    return None;
                } else {
                    let _ = std::fs::remove_file(file);
                    Err("no collecting process took up the request; is carepack-collect.path \
                         enabled?"
                        .to_owned())
                }
            }
        };
        self.running = None;
        if ended.is_err() {
            self.retry_later();
        }
        Some(ended)
    }

    /// Ends a child; what it had not spooled yet is collected again later.
    pub fn stop(&mut self) {
        if let Some(Running::Child(mut child)) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn retry_later(&mut self) {
        let later = Timestamp::now().checked_add(SignedDuration::from_secs(RETRY_SECONDS));
        self.not_before = later.ok();
    }
}

/// See [`Collecting::pause`].
fn pause_after(waited: Duration) -> Duration {
    (waited / 10).clamp(ROUND_LEAST, ROUND_MAX)
}

/// The collecting process takes a request away whether it could serve it or not; what it did is in
/// its progress.
fn served(job: &Job, progress: &Progress) -> Result<(), String> {
    let done = match job.request {
        Some(request) => progress.last_on_demand == Some(request),
        None => progress.last_period.as_deref().is_some_and(|last| last >= job.period.as_str()),
    };
    if done {
        return Ok(());
    }
    Err("the collecting process failed; see the journal of carepack-collect.service".to_owned())
}

fn child(call: &Call, job: &Job) -> std::io::Result<Child> {
    let mut arguments: Vec<OsString> = Vec::new();
    if let Some(config) = &call.config {
        arguments.extend(["--config".into(), config.clone().into_os_string()]);
    }
    arguments.extend(call.flags.iter().cloned());
    let reason = match job.reason {
        Reason::Scheduled => "scheduled",
        Reason::OnDemand => "on-demand",
        Reason::Installation => "installation",
        Reason::Offline => "offline",
    };
    arguments.extend(["collect", "--quiet", "--reason", reason, "--period"].map(OsString::from));
    arguments.push(job.period.clone().into());
    if let Some(request) = job.request {
        arguments.extend(["--request".into(), request.to_string().into()]);
    }
    Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
}

fn ask(state: &State, job: &Job) -> std::io::Result<Running> {
    let request = Request {
        reason: job.reason,
        period: Some(job.period.clone()),
        request: job.request,
        at: Timestamp::now(),
    };
    // Whole before it is there: the path unit wakes the collecting process for any file in the folder.
    let name = format!("request-{}.json", job.reason.as_str());
    let (whole, file) = (state.dir().join(&name), state.requests_dir().join(&name));
    crate::state::files::write_durable(&whole, &serde_json::to_vec(&request)?, 0o600)?;
    std::fs::rename(&whole, &file)?;
    Ok(Running::Asked { file, job: job.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_nobody_takes_up_is_looked_at_ever_more_rarely() {
        let (mut waited, mut rounds) = (Duration::ZERO, 0);
        while waited < REQUEST_MAX {
            let pause = pause_after(waited);
            assert!(pause <= ROUND_LEAST.max(waited / 10), "its end is noticed late: {waited:?}");
            waited += pause;
            rounds += 1;
        }
        assert!(rounds < 200, "{rounds} rounds in {waited:?}");
    }

    #[test]
    fn a_request_that_went_away_is_served_only_when_progress_says_so() {
        let job = |reason, request| Job { reason, period: "2026-11".to_owned(), request };
        let (scheduled, id) = (job(Reason::Scheduled, None), Some(Uuid::from_u128(1)));
        let asked = job(Reason::OnDemand, id);
        let mut progress = Progress::default();
        assert!(served(&scheduled, &progress).is_err());
        assert!(served(&asked, &progress).is_err());
        progress.last_period = Some("2026-11".to_owned());
        progress.last_on_demand = id;
        assert_eq!(served(&scheduled, &progress), Ok(()));
        assert_eq!(served(&asked, &progress), Ok(()));
    }
}
