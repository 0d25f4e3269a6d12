//! One line of a syslog file, in either of rsyslog's usual formats.
//!
//! ```text
//! Nov  5 01:12:00 db01 sshd[811]: Failed password for root
//! 2026-11-05T01:12:00.123456+09:00 db01 kernel: Out of memory
//! ```
//!
//! The first has no year: it is the latest year that does not lie in the future.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::tally::Line;

/// Reads lines of one host.
pub(super) struct Reader {
    now: Timestamp,
    zone: TimeZone,
    /// The last hour that was placed: its text (`Nov  5 01`), and its first second.
    hour: Option<([u8; 9], i64)>,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Reader {
    pub const fn new(now: Timestamp, zone: TimeZone) -> Self {
        Self { now, zone, hour: None }
    }

    /// The line's parts. A line without a time is a message of no program.
    pub fn line<'t>(&mut self, text: &'t str) -> Line<'t> {
        let (at, rest) = match self.traditional(text).or_else(|| rfc3339(text)) {
            Some((at, rest)) => (Some(at), rest),
            None => return Line { at: None, priority: None, program: "", message: text },
        };
        // Host name, then the program with its number.
        let rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
        let (tag, message) = rest.split_once(": ").unwrap_or((rest.trim_end_matches(':'), ""));
        if tag.contains(' ') {
            return Line { at, priority: None, program: "", message: rest };
        }
        let program = tag.split('[').next().unwrap_or(tag);
        let message = if program == "kernel" { without_uptime(message) } else { message };
        Line { at, priority: None, program, message }
    }

    /// `Nov  5 01:12:00 ` is sixteen bytes.
    fn traditional<'t>(&mut self, text: &'t str) -> Option<(i64, &'t str)> {
        let (stamp, rest) = (text.get(..15)?, text.get(16..)?);
        let bytes = stamp.as_bytes();
        if bytes[9] != b':' || bytes[12] != b':' {
            return None;
        }
        let minute: i64 = stamp[10..12].parse().ok()?;
        let second: i64 = stamp[13..15].parse().ok()?;
        let key: [u8; 9] = bytes[..9].try_into().ok()?;
        let start = match self.hour {
            Some((known, start)) if known == key => start,
            _ => {
                let start = self.place(stamp)?;
                self.hour = Some((key, start));
                start
            }
        };
        Some((start + minute * 60 + second, rest))
    }

    /// The first second of the hour.
    fn place(&self, stamp: &str) -> Option<i64> {
        let month = MONTHS.iter().position(|month| *month == &stamp[..3])? + 1;
        let month = i8::try_from(month).ok()?;
        let day: i8 = stamp[4..6].trim_start().parse().ok()?;
        let hour: i8 = stamp[7..9].parse().ok()?;
        // A clock that was a little ahead must not throw a line back by a year.
        let latest = self.now.checked_add(24.hours()).ok()?;
        let year = latest.to_zoned(self.zone.clone()).year();
        // Leap days need up to eight years back, but nobody keeps a log so long.
        (0..=4).find_map(|back| {
            let at = DateTime::new(year - back, month, day, hour, 0, 0, 0).ok()?;
            let at = at.to_zoned(self.zone.clone()).ok()?.timestamp();
            (at <= latest).then(|| at.as_second())
        })
    }
}

fn rfc3339(text: &str) -> Option<(i64, &str)> {
    let (stamp, rest) = text.split_once(' ')?;
    if stamp.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    let at: Timestamp = stamp.parse().ok()?;
    Some((at.as_second(), rest))
}

/// Kernel lines may begin with seconds since boot: `[12345.678901] `.
fn without_uptime(message: &str) -> &str {
    let inside = message.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    match inside {
        Some((stamp, rest))
            if stamp.trim_start().bytes().all(|b| b.is_ascii_digit() || b == b'.') =>
        {
            rest
        }
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, at: Option<&str>, program: &str, message: &str) {
        let now = "2026-01-03T00:00:00Z".parse().unwrap();
        let mut reader = Reader::new(now, TimeZone::get("Asia/Seoul").unwrap());
        let at = at.map(|at| at.parse::<Timestamp>().unwrap().as_second());
        for _ in 0..2 {
            let line = reader.line(text);
            assert_eq!((line.at, line.program, line.message), (at, program, message), "{text}");
        }
    }

    #[test]
    fn both_formats_are_read_and_the_year_is_the_latest_past_one() {
        check(
            "Jan  2 01:12:09 db01 sshd[811]: Failed password",
            Some("2026-01-02T01:12:09+09:00"),
            "sshd",
            "Failed password",
        );
        check(
            "Dec 31 23:59:59 db01 kernel: [  12.5] Call Trace:",
            Some("2025-12-31T23:59:59+09:00"),
            "kernel",
            "Call Trace:",
        );
        check(
            "2026-01-02T01:12:09.5+09:00 db01 systemd[1]: x: y",
            Some("2026-01-02T01:12:09+09:00"),
            "systemd",
            "x: y",
        );
        check(
            "Jan  2 01:12:09 db01 last message repeated 2 times",
            Some("2026-01-02T01:12:09+09:00"),
            "",
            "last message repeated 2 times",
        );
        check("no time here", None, "", "no time here");
        check("", None, "", "");
        check("한글 한글 한글 한글 한글 한글", None, "", "한글 한글 한글 한글 한글 한글");
    }
}
