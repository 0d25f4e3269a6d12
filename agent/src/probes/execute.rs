//! Turns declared reads into observations, one after the other.
//!
//! It knows neither deadlines of threads nor masking: `snapshot::take` does.

use std::fmt::Write;
use std::time::{Duration, Instant};

use carepack_shared::{Content, Observation, Outcome, Source};

use super::{Probe, Read};
use crate::host::{Command, Host, Kind, Look, Piece};
use crate::logs::{self, LogState, Patterns};

/// What the executor hands on.
pub enum Event {
    Observed(Observation),
    /// Where the log scan ended.
    Scanned(LogState),
    /// The read of this index is complete.
    Done(usize),
}

/// What the reads need to know.
pub struct Context<'a> {
    pub host: &'a Host,
    pub log_state: &'a LogState,
    pub patterns: &'a Patterns,
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
    for &index in wanted {
        let look = One { probe, context, started: Instant::now() };
        look.read(&probe.reads[index], hand_on);
        hand_on(Event::Done(index));
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
            Read::Command(command) => settle(self.command(command)),
            Read::Survey { name, run, .. } => {
                let value = host.survey(name).unwrap_or_else(|| run(host));
                settle(value.map(|value| (Content::Json(value), false)))
            }
            Read::Glob { .. } => return self.glob(read, hand_on),
            Read::Log { .. } => return self.log(hand_on),
        };
        hand_on(self.observed(read.source(), outcome));
    }

    /// A command that hangs leaves time for those after it.
    fn command(&self, command: &Command) -> Look<(Content, bool)> {
        let reads =
            self.probe.reads.iter().skip_while(
                |read| !matches!(read, Read::Command(other) if other.name == command.name),
            );
        let commands = reads.filter(|read| matches!(read, Read::Command(_))).count().max(1);
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
            if (self.context.withheld)(&path) {
                hand_on(self.observed(Source::File { path }, withheld()));
                continue;
            }
            if host.stat(&path).is_ok_and(|stat| stat.kind != Kind::File) {
                continue;
            }
            let outcome = settle(host.read(&path, *bytes_max).map(|piece| text(&piece)));
            hand_on(self.observed(Source::File { path }, outcome));
        }
    }

    fn log(&self, hand_on: &mut dyn FnMut(Event)) {
        let Context { host, log_state, patterns, deadline, .. } = *self.context;
        let scanned = logs::scan_with(host, log_state, deadline, patterns);
        let source = Source::Log { name: scanned.name.to_owned() };
        let outcome = settle(scanned.result.map(|(value, state)| {
            hand_on(Event::Scanned(state));
            (Content::Json(value), false)
        }));
        hand_on(self.observed(source, outcome));
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
        reason: carepack_shared::Unseen::Withheld,
        detail: "kept back by the customer's policy".to_owned(),
    }
}

/// Text of bytes: invalid UTF-8 replaced, control characters other than tab, line feed and
/// carriage return written as `\xNN`, so that no terminal ever obeys a host.
#[must_use]
pub fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let hostile = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
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

#[cfg(test)]
mod tests {
    use super::*;

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
