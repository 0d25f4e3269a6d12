//! Runs one probe in a thread of its own, so that neither a hang nor a panic reaches the others.
//!
//! A thread that hangs is left behind: the process that collects ends soon after.

use std::convert::Infallible;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use carepack_shared::{Observation, Outcome, Source, Unseen};

use super::withhold::Withhold;
use crate::host::Host;
use crate::logs::LogState;
use crate::probes::Probe;
use crate::probes::execute::Memory;
use crate::probes::execute::{Context, Event, execute, withheld};

/// Stack of a probe's thread: parsers here do not recurse.
const STACK_BYTES: usize = 512 * 1024;

/// A replay reads small files: what takes longer there was recorded as hanging.
const REPLAY_MS_MAX: u64 = 3_000;

/// What one probe gave.
pub(super) struct Found {
    /// In the order of the probe's reads.
    pub observations: Vec<Observation>,
    pub log_state: Option<LogState>,
}

/// Runs a probe until its own deadline or `until`, whichever comes first. Every read gets an
/// answer: its own, or why there is none.
pub(super) fn run(
    probe: &'static Probe,
    host: &Arc<Host>,
    policy: &Arc<Withhold>,
    memory: &Arc<Memory>,
    until: Instant,
) -> Found {
    let started = Instant::now();
    let longest = if host.is_recorded() { REPLAY_MS_MAX } else { u64::MAX };
    let deadline = until.min(started + Duration::from_millis(probe.deadline_ms.min(longest)));
    let kept: Vec<bool> = probe.reads.iter().map(|read| policy.keeps(probe, read)).collect();
    let wanted: Vec<usize> = (0..kept.len()).filter(|&index| !kept[index]).collect();
    let mut answers: Vec<Vec<Observation>> = vec![Vec::new(); kept.len()];
    let mut found = Found { observations: Vec::new(), log_state: None };

    // What is seen goes on a list, and this thread sleeps until the probe ends: to be woken for
    // each of a probe's reads costs more than most of them.
    let (sender, receiver) = channel::<Infallible>();
    let events: Events = Arc::new(Mutex::new(Some(Vec::new())));
    let (thread_host, thread_policy) = (Arc::clone(host), Arc::clone(policy));
    let (thread_memory, thread_wanted) = (Arc::clone(memory), wanted.clone());
    let thread_events = Arc::clone(&events);
    let work = move || {
        // Goes with the thread, however that ends.
        let _ends = sender;
        let context = Context {
            host: &thread_host,
            memory: &thread_memory,
            deadline,
            withheld: &|key| thread_policy.covers(key),
        };
        execute(probe, &thread_wanted, &context, &mut |event| {
            // Nobody wants it any more once the deadline has passed.
            if let Some(list) = locked(&thread_events).as_mut() {
                list.push(event);
            }
        });
    };
    let builder = std::thread::Builder::new().name(probe.id.to_owned()).stack_size(STACK_BYTES);
    let thread = builder.spawn(work);
    let ending = match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Err(RecvTimeoutError::Timeout) => Unseen::TimedOut,
        Err(RecvTimeoutError::Disconnected) => Unseen::Failed,
        Ok(never) => match never {},
    };
    if ending == Unseen::Failed
        && let Ok(thread) = thread
    {
        // It has let go of the channel, so it is over or about to be.
        let _ = thread.join();
    }
    let mut done = 0;
    for event in locked(&events).take().unwrap_or_default() {
        match event {
            Event::Observed(observation) => {
                if let Some(&index) = wanted.get(done) {
                    answers[index].push(observation);
                }
            }
            Event::Scanned(state) => found.log_state = Some(state),
            Event::Done(_) => done += 1,
        }
    }
    let blank = |source: Source, outcome: Outcome| {
        let took = if host.is_recorded() { 0 } else { started.elapsed().as_millis() };
        let took_ms = u32::try_from(took).unwrap_or(u32::MAX);
        Observation { probe: probe.id.to_owned(), source, at: host.now(), took_ms, outcome }
    };
    for (index, read) in probe.reads.iter().enumerate() {
        if kept[index] {
            answers[index].push(blank(read.source(), withheld()));
        } else if wanted.iter().position(|&other| other == index) >= Some(done) {
            let detail = match ending {
                Unseen::TimedOut => "no answer within the deadline",
                _ => "the probe broke off: a fault of the agent",
            };
            let outcome = Outcome::Unseen { reason: ending, detail: detail.to_owned() };
            answers[index].push(blank(read.source(), outcome));
        }
    }
    found.observations = answers.into_iter().flatten().collect();
    found
}

/// What a probe has seen so far; none once nobody waits for it.
type Events = Arc<Mutex<Option<Vec<Event>>>>;

fn locked(events: &Events) -> MutexGuard<'_, Option<Vec<Event>>> {
    events.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Host, Look};
    use crate::probes::{Legal, Privilege, Purpose, Read};
    use serde_json::Value;

    fn breaks(_: &Host) -> Look<Value> {
        panic!("on purpose")
    }

    fn hangs(_: &Host) -> Look<Value> {
        std::thread::sleep(Duration::from_secs(30));
        Ok(Value::Null)
    }

    fn works(_: &Host) -> Look<Value> {
        Ok(Value::Null)
    }

    const fn survey(name: &'static str, run: crate::probes::Count) -> Read {
        Read::Survey { name, reads: &["x"], run }
    }

    const fn probe(reads: &'static [Read], deadline_ms: u64) -> Probe {
        Probe {
            id: "x",
            about_ko: "",
            about_en: "",
            reads,
            deadline_ms,
            privilege: Privilege::None,
            purpose: Purpose::Settings,
            legal: Legal::Technical,
        }
    }

    static BREAKS: Probe =
        probe(&[survey("a", works), survey("b", breaks), survey("c", works)], 20_000);
    static HANGS: Probe = probe(&[survey("a", works), survey("b", hangs), survey("c", works)], 500);

    fn check(probe: &'static Probe, expected: [Option<Unseen>; 3]) {
        let host = Arc::new(Host::live());
        let until = Instant::now() + Duration::from_secs(20);
        let found = run(probe, &host, &Arc::default(), &Arc::default(), until);
        let got: Vec<Option<Unseen>> = found
            .observations
            .iter()
            .map(|observation| match observation.outcome {
                Outcome::Seen { .. } => None,
                Outcome::Unseen { reason, .. } => Some(reason),
            })
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn a_panic_or_a_hang_keeps_what_was_seen_before_it() {
        check(&BREAKS, [None, Some(Unseen::Failed), Some(Unseen::Failed)]);
        check(&HANGS, [None, Some(Unseen::TimedOut), Some(Unseen::TimedOut)]);
    }
}
