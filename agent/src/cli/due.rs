//! `collect --due`: what was asked for and what the schedule wants, in a process of its own that a
//! systemd path unit and a timer start. It needs no network and no resident process.
//!
//! A request is taken away whether it could be served or not: left behind, it would start this
//! process again at once and for ever. Who asked sees in `progress.json` what became of it.

use std::path::PathBuf;

use anyhow::Context;
use carepack_shared::Reason;
use jiff::Timestamp;

use super::{Exit, print};
use crate::collect::{self, Order};
use crate::config::{Config, OnDemand};
use crate::schedule::{Facts, Step, next_step};
use crate::state::{Request, State, files};

/// Most requests carried out in one start; the resident process writes one a reason.
const REQUESTS_MAX: usize = 4;
/// A request is some hundred bytes.
const REQUEST_BYTES_MAX: u64 = 4096;

pub fn run(config: &Config, lang: print::Lang) -> anyhow::Result<Exit> {
    let state = State::open(&config.state_dir)?;
    let mut exit = Exit::Ok;
    let mut failed = None;
    for file in requests(&state)? {
        match serve(config, &state, &file) {
            Ok(Exit::Ok) => {}
            Ok(other) => exit = other,
            Err(error) => failed = Some(error),
        }
        files::remove_durable(&file)
            .with_context(|| format!("taking the request {} away", file.display()))?;
    }
    if let Some(error) = failed {
        return Err(error.context(lang.say("요청한 수집을 하지 못함", "a request failed")));
    }
    match scheduled(config, &state)? {
        Some(order) => {
            keep(config, &state, &order).context(lang.say("수집하지 못함", "the collection failed"))
        }
        None => Ok(exit),
    }
}

fn requests(state: &State) -> anyhow::Result<Vec<PathBuf>> {
    let listed = std::fs::read_dir(state.requests_dir()).context("listing requests")?;
    let mut found: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    // Whatever else lies there would wake this process for ever.
    for rubbish in found.iter().filter(|path| path.extension().is_none_or(|end| end != "json")) {
        files::remove_durable(rubbish)
            .with_context(|| format!("removing {}, which is no request", rubbish.display()))?;
    }
    found.retain(|path| path.extension().is_some_and(|end| end == "json"));
    found.sort();
    found.truncate(REQUESTS_MAX);
    Ok(found)
}

fn serve(config: &Config, state: &State, file: &std::path::Path) -> anyhow::Result<Exit> {
    use std::io::Read;
    let mut text = Vec::new();
    std::fs::File::open(file)
        .and_then(|open| open.take(REQUEST_BYTES_MAX).read_to_end(&mut text))
        .with_context(|| format!("reading {}", file.display()))?;
    let request: Request = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no request; it is removed", file.display()))?;
    let progress = state.progress()?;
    // The timer may have been first.
    let served = match request.reason {
        Reason::Scheduled => request.period.is_some() && progress.last_period >= request.period,
        _ => request.request.is_some() && progress.last_on_demand == request.request,
    };
    if served {
        return Ok(Exit::Ok);
    }
    let Request { reason, period, request, .. } = request;
    keep(config, state, &Order { reason, period, request })
}

/// What the schedule wants now; nothing while no policy was heard or the host is not enrolled.
fn scheduled(config: &Config, state: &State) -> anyhow::Result<Option<Order>> {
    let Some(identity) = state.identity()? else { return Ok(None) };
    let (policy, progress) = (state.policy()?, state.progress()?);
    let step = next_step(Facts {
        now: Timestamp::now(),
        policy: policy.as_ref(),
        progress: &progress,
        identity: &identity.host_id.to_string(),
        refuses_on_demand: config.collect.on_demand == OnDemand::Refuse,
        busy: false,
        not_before: None,
    })
    .context("the schedule of the last policy")?;
    Ok(match step {
        Step::Collect(job) => {
            Some(Order { reason: job.reason, period: Some(job.period), request: job.request })
        }
        Step::Wait(_) | Step::NoPolicy => None,
    })
}

fn keep(config: &Config, state: &State, order: &Order) -> anyhow::Result<Exit> {
    let spooled = collect::spool(config, state, order)?;
    tracing::info!(
        snapshot.id = %spooled.id,
        sha256 = spooled.sha256,
        bytes = spooled.bytes,
        partial = spooled.partial,
        "collect.spooled"
    );
    Ok(if spooled.partial { Exit::Partial } else { Exit::Ok })
}
