//! Turns declared reads into observations, one after the other.
//!
//! It knows neither deadlines of threads nor masking: `snapshot::take` does.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carepack_shared::{Content, Observation, Outcome, Source, Unseen};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Probe, Read};
use crate::host::{Command, Host, Kind, Look, Missed, Piece};
use crate::logs::{self, LogState, Patterns, What};
use crate::sampler::history::{self, History};
use crate::sampler::hourly;

/// What the executor hands on.
pub enum Event {
    Observed(Observation),
    /// Where the log scan ended.
    Scanned(LogState),
    /// The read of this index is complete.
    Done(usize),
}

/// What the agent itself remembers between collections.
#[derive(Default)]
pub struct Memory {
    /// Where the last log scan ended.
    pub log_state: LogState,
    /// What is looked for in logs; none: the embedded patterns.
    pub patterns: Option<Arc<Patterns>>,
    pub samples: Option<Samples>,
}

/// The sampler's ring, and from when on it is of interest.
pub struct Samples {
    pub folder: PathBuf,
    pub since: Timestamp,
}

/// What the reads need to know.
pub struct Context<'a> {
    pub host: &'a Host,
    pub memory: &'a Memory,
    pub deadline: Instant,
    /// Says of a path or source key whether the customer keeps it back.
    pub withheld: &'a dyn Fn(&str) -> bool,
}

/// Kept back for the reads after the last command.
const MARGIN: Duration = Duration::from_millis(500);

/// Carries out the reads whose index `wanted` names.
pub fn execute(
    probe: &Probe,
    wanted: &[usize],
    context: &Context<'_>,
    hand_on: &mut dyn FnMut(Event),
) {
    let mut failed: Vec<(String, Unseen)> = Vec::new();
    let mut surveyed: Vec<String> = Vec::new();
    for &index in wanted {
        let look = One { probe, context, started: Instant::now() };
        let read = &probe.reads[index];
        if let Read::Fallback { after, .. } = read
            && surveyed.iter().any(|name| name == after)
        {
            hand_on(Event::Done(index));
            continue;
        }
        let before = match read {
            Read::Dependent { on, .. } => failed.iter().find(|(name, _)| name == on),
            _ => None,
        };
        if let Some((name, reason)) = before {
            let missed = Missed::new(*reason, format!("not asked, since {name} gave nothing"));
            hand_on(look.observed(read.source(), settle(Err(missed))));
        } else {
            look.read(read, &mut |event| {
                failed.extend(failure(&event));
                surveyed.extend(survey(&event));
                hand_on(event);
            });
        }
        hand_on(Event::Done(index));
    }
}

/// The command that gave nothing, and why.
fn failure(event: &Event) -> Option<(String, Unseen)> {
    let Event::Observed(observation) = event else { return None };
    match (&observation.source, &observation.outcome) {
        (Source::Command { name, .. }, Outcome::Unseen { reason, .. }) => {
            Some((name.clone(), *reason))
        }
        _ => None,
    }
}

/// The survey that gave something.
fn survey(event: &Event) -> Option<String> {
    let Event::Observed(observation) = event else { return None };
    match (&observation.source, &observation.outcome) {
        (Source::Survey { name }, Outcome::Seen { .. }) => Some(name.clone()),
        _ => None,
    }
}

struct One<'a> {
    probe: &'a Probe,
    context: &'a Context<'a>,
    started: Instant,
}

impl One<'_> {
    fn read(&self, read: &Read, hand_on: &mut dyn FnMut(Event)) {
        let host = self.context.host;
        let outcome = match read {
            Read::File { path, bytes_max } => {
                settle(host.read(path, *bytes_max).map(|piece| text(&piece)))
            }
            Read::Link { path } => settle(host.link(path).map(|to| (Content::Text(to), false))),
            Read::Command(command)
            | Read::Dependent { command, .. }
            | Read::Fallback { command, .. } => settle(self.command(command)),
            Read::Survey { name, run, .. } => {
                let value = host.survey(name).unwrap_or_else(|| run(host));
                settle(value.map(|value| (Content::Json(value), false)))
            }
            Read::Samples { .. } => {
                let value = host.survey("resources").unwrap_or_else(|| self.samples());
                settle(value.map(|value| (Content::Json(value), false)))
            }
            Read::Glob { .. } => return self.glob(read, hand_on),
            Read::Found { .. } => return self.found(read, hand_on),
            Read::Log { .. } => return self.log(hand_on),
        };
        hand_on(self.observed(read.source(), outcome));
    }

    /// A command that hangs leaves time for those after it.
    fn command(&self, command: &Command) -> Look<(Content, bool)> {
        let names = self.probe.reads.iter().filter_map(|read| match read {
            Read::Command(other)
            | Read::Dependent { command: other, .. }
            | Read::Fallback { command: other, .. } => Some(other.name),
            _ => None,
        });
        let commands = names.skip_while(|name| *name != command.name).count().max(1);
        let left = self.context.deadline.saturating_duration_since(Instant::now());
        let share = left.saturating_sub(MARGIN) / u32::try_from(commands).unwrap_or(u32::MAX);
        let output = self.context.host.run(command, Instant::now() + share)?;
        Ok((Content::Text(clean(&output.bytes)), output.truncated))
    }

    /// Each file is an observation of its own; a directory that gives no list is one.
    fn glob(&self, read: &Read, hand_on: &mut dyn FnMut(Event)) {
        let Read::Glob { dir, suffix, bytes_max, files_max } = read else { return };
        let host = self.context.host;
        let listing = match host.list(dir) {
            Ok(listing) => listing,
            Err(missed) => return hand_on(self.observed(read.source(), settle(Err(missed)))),
        };
        let names = listing.names.iter();
        let fits = |name: &&String| name.ends_with(suffix) && !name.starts_with('.');
        for name in names.filter(fits).take(*files_max) {
            let path = format!("{dir}/{name}");
            self.file(path, *bytes_max, hand_on);
        }
    }

    /// One file of several; what is no regular file is passed over.
    fn file(&self, path: String, bytes_max: usize, hand_on: &mut dyn FnMut(Event)) {
        let host = self.context.host;
        if (self.context.withheld)(&path) {
            return hand_on(self.observed(Source::File { path }, withheld()));
        }
        if host.stat(&path).is_ok_and(|stat| stat.kind != Kind::File) {
            return;
        }
        let outcome = settle(host.read(&path, bytes_max).map(|piece| text(&piece)));
        hand_on(self.observed(Source::File { path }, outcome));
    }

    /// The list first, then each file once, in the order in which it was named.
    fn found(&self, read: &Read, hand_on: &mut dyn FnMut(Event)) {
        let Read::Found { find, bytes_max, files_max, .. } = read else { return };
        let found = match find(self.context.host) {
            Ok(found) => found,
            Err(missed) => return hand_on(self.observed(read.source(), settle(Err(missed)))),
        };
        let mut seen = BTreeSet::new();
        let mut files: Vec<String> =
            found.into_iter().filter(|path| seen.insert(path.clone())).collect();
        let truncated = files.len() > *files_max;
        files.truncate(*files_max);
        let list = json!({ "files": files, "truncated": truncated });
        hand_on(self.observed(read.source(), settle(Ok((Content::Json(list), truncated)))));
        for path in files {
            self.file(path, *bytes_max, hand_on);
        }
    }

    fn log(&self, hand_on: &mut dyn FnMut(Event)) {
        let Context { host, memory, deadline, .. } = *self.context;
        let patterns = memory.patterns.as_deref().unwrap_or_else(|| Patterns::of_agent());
        let products = super::logs::find(host);
        let what = What { patterns, products: &products, withheld: self.context.withheld };
        let scanned = logs::scan_with(host, &memory.log_state, deadline, &what);
        let source = Source::Log { name: scanned.name.to_owned() };
        let outcome = settle(scanned.result.map(|(value, state)| {
            hand_on(Event::Scanned(state));
            (Content::Json(value), false)
        }));
        hand_on(self.observed(source, outcome));
    }

    fn samples(&self) -> Look<Value> {
        let none = |why: &str| Missed::new(Unseen::Absent, format!("resource samples: {why}"));
        let Some(Samples { folder, since }) = &self.context.memory.samples else {
            return Err(none("there is no state folder"));
        };
        let since = since.as_second();
        let history = History {
            host: self.context.host,
            folder: history::FOLDER,
            zone: logs::zone(self.context.host),
            deadline: self.context.deadline.checked_sub(MARGIN).unwrap_or(self.context.deadline),
            withheld: self.context.withheld,
        };
        match hourly::hours(folder, since, &mut |seen| history.samples(since, seen)) {
            Ok(Some(hours)) => Ok(hours),
            Ok(None) => Err(none("the resident agent took none, and sysstat kept none")),
            Err(error) => Err(Missed::from_io("resource samples", &error)),
        }
    }

    fn observed(&self, source: Source, outcome: Outcome) -> Event {
        let host = self.context.host;
        // A replay takes no time, so that the same recording gives the same document.
        let took = if host.is_recorded() { 0 } else { self.started.elapsed().as_millis() };
        Event::Observed(Observation {
            probe: self.probe.id.to_owned(),
            source,
            at: host.now(),
            took_ms: u32::try_from(took).unwrap_or(u32::MAX),
            outcome,
        })
    }
}

fn text(piece: &Piece) -> (Content, bool) {
    (Content::Text(clean(&piece.bytes)), piece.truncated)
}

/// The outcome of a look.
#[must_use]
pub fn settle(look: Look<(Content, bool)>) -> Outcome {
    match look {
        Ok((content, truncated)) => Outcome::Seen { content, truncated },
        Err(missed) => Outcome::Unseen { reason: missed.reason, detail: missed.detail },
    }
}

/// The outcome of what the customer keeps back.
#[must_use]
pub fn withheld() -> Outcome {
    Outcome::Unseen {
        reason: Unseen::Withheld,
        detail: "kept back by the customer's policy".to_owned(),
    }
}

/// Text of bytes: invalid UTF-8 replaced, control characters other than tab, line feed and
/// carriage return written as `\xNN`, so that no terminal ever obeys a host.
#[must_use]
pub fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains(hostile) {
        return text.into_owned();
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hostile(c) {
            let _ = write!(cleaned, "\\x{:02x}", u32::from(c));
        } else {
            cleaned.push(c);
        }
    }
    cleaned
}

/// A character that a terminal obeys, or that turns the order of what is shown (bidirectional
/// controls, UAX #9: a line can be made to read as another one).
#[must_use]
pub fn hostile(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependent_command_is_not_started_after_a_failure() {
        use crate::probes::{Legal, Privilege, Purpose};
        const fn command(name: &'static str, argv: &'static [&'static str]) -> Command {
            Command { name, argv, output_bytes_max: 64, as_nobody: false }
        }
        const fn probe(reads: &'static [Read]) -> Probe {
            let (id, about_ko, about_en) = ("x", "", "");
            let (privilege, purpose, legal) =
                (Privilege::None, Purpose::Settings, Legal::Technical);
            let deadline_ms = 5_000;
            Probe { id, about_ko, about_en, reads, deadline_ms, privilege, purpose, legal }
        }
        static AFTER_FAILURE: Probe = probe(&[
            Read::Command(command("first", &["/bin/false"])),
            Read::Dependent { command: command("second", &["/bin/echo", "x"]), on: "first" },
        ]);
        static AFTER_SUCCESS: Probe = probe(&[
            Read::Command(command("first", &["/bin/true"])),
            Read::Dependent { command: command("second", &["/bin/echo", "x"]), on: "first" },
        ]);
        let check = |probe: &Probe, spawned: u32, last: Result<&str, Unseen>| {
            let host = Host::live();
            let context = Context {
                host: &host,
                memory: &Memory::default(),
                deadline: Instant::now() + Duration::from_secs(5),
                withheld: &|_| false,
            };
            let mut seen = Vec::new();
            execute(probe, &[0, 1], &context, &mut |event| {
                if let Event::Observed(observation) = event {
                    seen.push(observation);
                }
            });
            assert_eq!(host.spawned(), spawned);
            assert_eq!(seen.last().unwrap().text(), last);
        };
        check(&AFTER_FAILURE, 1, Err(Unseen::Failed));
        check(&AFTER_SUCCESS, 2, Ok("x\n"));
    }

    #[test]
    fn hostile_bytes_become_plain_text() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(clean(bytes), expected);
        check(b"a\tb\r\nc", "a\tb\r\nc");
        check(b"\x1b[2Jred\0", "\\x1b[2Jred\\x00");
        check("한글".as_bytes(), "한글");
        // CP949 for 한글.
        check(b"\xc7\xd1\xb1\xdb x", "\u{fffd}\u{471}\u{fffd} x");
        check("\u{9b}31m".as_bytes(), "\\x9b31m");
    }
}
