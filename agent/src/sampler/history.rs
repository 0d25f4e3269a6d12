//! sysstat's files in `/var/log/sa` → samples of the hours that the sampler did not see.
//!
//! Only the files of days with such an hour are opened. `sarDD`, which sysstat itself writes as
//! text every night, needs no process; where it is not there (today; it was turned off), `sadf`
//! is asked, for a few of the latest days. What the tables mean is [`carepack_facts::sysstat`]'s
//! to know.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Instant;

use carepack_facts::hourly::HOUR;
use carepack_facts::sysstat::{Sadf, Samples, Sar};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::host::{Command, Host, Kind};

/// Where sysstat keeps its days on RHEL.
pub const FOLDER: &str = "/var/log/sa";

/// Prints one day file in a form that did not change from sysstat 10.1.5 to 12.7. The file and the
/// tables follow.
const SADF: Command = Command {
    name: "sadf",
    argv: &["/usr/bin/sadf", "-d"],
    // A day of a hundred disks and interfaces.
    output_bytes_max: 8 * 1024 * 1024,
    as_nobody: true,
};
/// Processors, memory, swap, load, open files, disks by their names, interfaces and their errors.
const TABLES: [&str; 11] = ["--", "-u", "-r", "-S", "-W", "-q", "-v", "-d", "-p", "-n", "DEV,EDEV"];

/// Processes started for one collection: what it starts altogether is to stay below ten.
const SPAWNS_MAX: usize = 4;
/// Days looked at.
const DAYS_MAX: usize = 35;
/// A longer report is of a host with hundreds of processors; `sadf` picks the tables out of it.
const TEXT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Read of one look.
const PIECE_BYTES: usize = 256 * 1024;
/// A line of a report is shorter; what is longer is no report.
const LINE_BYTES_MAX: usize = 16 * 1024;
/// A day's file is last written on that day or in the night after it.
const WRITTEN_DAYS_LATER_MAX: i64 = 1;

/// Who looks, and how long.
pub struct History<'a> {
    pub host: &'a Host,
    /// [`FOLDER`] but in tests.
    pub folder: &'a str,
    pub zone: TimeZone,
    pub deadline: Instant,
    /// Says of a path whether the customer keeps it back.
    pub withheld: &'a dyn Fn(&str) -> bool,
}

/// The files of one day.
struct Day {
    date: Date,
    /// `sarDD`, and its length.
    text: Option<(String, u64)>,
    /// `saDD`.
    data: Option<String>,
}

impl History<'_> {
    /// The samples from `since` on of days that have an hour which is not in `seen`.
    #[must_use]
    pub fn samples(&self, since: i64, seen: &BTreeSet<i64>) -> Samples {
        let mut samples = Samples::new();
        let mut spawns = 0;
        let lacking = |day: &Day| self.lacks(day.date, since, seen);
        for day in self.days(since).into_iter().filter(lacking).take(DAYS_MAX) {
            if Instant::now() >= self.deadline {
                break;
            }
            match (&day.text, &day.data) {
                (Some((path, bytes)), _) if *bytes <= TEXT_BYTES_MAX => {
                    samples.extend(self.report(path, *bytes));
                }
                (_, Some(path)) if spawns < SPAWNS_MAX => {
                    spawns += 1;
                    samples.extend(self.ask(path));
                }
                _ => {}
            }
        }
        samples
    }

    /// Whether a day has an hour of interest that was not seen.
    fn lacks(&self, date: Date, since: i64, seen: &BTreeSet<i64>) -> bool {
        let begins = |date: Date| date.to_zoned(self.zone.clone()).ok();
        let Some((from, to)) = begins(date).zip(date.tomorrow().ok().and_then(begins)) else {
            return false;
        };
        let until = to.timestamp().as_second().min(self.host.now().as_second());
        let first = from.timestamp().as_second().max(since).div_euclid(HOUR);
        (first..until.div_euclid(HOUR)).any(|hour| !seen.contains(&hour))
    }

    /// The days that there are files of, the latest first.
    fn days(&self, since: i64) -> Vec<Day> {
        let mut days: Vec<Day> = Vec::new();
        let Ok(listing) = self.host.list(self.folder) else { return days };
        for name in listing.names {
            let path = format!("{}/{name}", self.folder);
            let is_text = name.starts_with("sar");
            let Some(word) = name.strip_prefix(if is_text { "sar" } else { "sa" }) else {
                continue;
            };
            if (self.withheld)(&path) {
                continue;
            }
            let Ok(stat) = self.host.stat(&path) else { continue };
            if stat.kind != Kind::File || stat.modified < since || stat.size_bytes == 0 {
                continue;
            }
            let Some(date) = self.date(word, stat.modified) else { continue };
            let at = days.iter().position(|day| day.date == date).unwrap_or_else(|| {
                days.push(Day { date, text: None, data: None });
                days.len() - 1
            });
            if is_text {
                days[at].text = Some((path, stat.size_bytes));
            } else {
                days[at].data = Some(path);
            }
        }
        days.sort_unstable_by_key(|day| std::cmp::Reverse(day.date));
        days
    }

    /// `05` by when the file was written; `20261105` (a history of more than a month) by itself.
    fn date(&self, word: &str, modified: i64) -> Option<Date> {
        if !word.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if word.len() == 8 {
            return word.parse().ok();
        }
        let day: i8 = word.parse().ok().filter(|_| word.len() == 2)?;
        let written = Timestamp::from_second(modified).ok()?.to_zoned(self.zone.clone()).date();
        (0..=WRITTEN_DAYS_LATER_MAX)
            .filter_map(|back| written.checked_sub(jiff::Span::new().days(back)).ok())
            .find(|date| date.day() == day)
    }

    fn report(&self, path: &str, bytes: u64) -> Samples {
        let mut sar = Sar::new(self.zone.clone());
        let mut lines = Lines::default();
        let mut offset = 0;
        while offset < bytes && Instant::now() < self.deadline {
            let Ok(piece) = self.host.read_at(path, offset, PIECE_BYTES) else { break };
            if piece.bytes.is_empty() {
                break;
            }
            offset += piece.bytes.len() as u64;
            lines.take(&piece.bytes, &mut |line| sar.line(line));
        }
        lines.end(&mut |line| sar.line(line));
        sar.samples()
    }

    fn ask(&self, path: &str) -> Samples {
        let mut argv: Vec<String> = SADF.argv.iter().map(|&word| word.to_owned()).collect();
        argv.push(path.to_owned());
        argv.extend(TABLES.iter().map(|&word| word.to_owned()));
        let mut sadf = Sadf::default();
        let mut lines = Lines::default();
        let mut room = SADF.output_bytes_max;
        let ended = self.host.stream(&SADF, &argv, self.deadline, &mut |piece| {
            lines.take(&piece[..piece.len().min(room)], &mut |line| sadf.line(line));
            room = room.saturating_sub(piece.len());
            if room == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Err(missed) = ended {
            // What it told before it broke off (a damaged file, its deadline) stands.
            tracing::debug!(reason = missed.reason.as_str(), "sampler.history: sadf ended early");
        }
        lines.end(&mut |line| sadf.line(line));
        sadf.samples()
    }
}

/// Pieces → whole lines.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn take(&mut self, mut piece: &[u8], line: &mut dyn FnMut(&str)) {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            self.keep(&piece[..end]);
            self.end(line);
            piece = &piece[end + 1..];
        }
        self.keep(piece);
    }

    fn keep(&mut self, part: &[u8]) {
        let room = LINE_BYTES_MAX.saturating_sub(self.begun.len());
        self.begun.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn end(&mut self, line: &mut dyn FnMut(&str)) {
        line(&String::from_utf8_lossy(&self.begun));
        self.begun.clear();
    }
}

#[cfg(test)]
mod tests;
