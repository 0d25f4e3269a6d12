//! Which files a log is made of, and where in them the last scan ended.
//!
//! A file is known again by its first bytes: through a rename, a copy that was emptied in place,
//! and packing, its beginning stays the same while its name and inode do not. A log whose files
//! have a date in their names from the first (`catalina.2026-11-05.log`) is a path with a `*`.

use std::io::Read;

use carepack_shared::Unseen;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::unpack::{Packing, Source, packing};
use super::{FileMark, Head};
use crate::host::{Host, Look, Missed};

/// Rotated files looked at of one log.
const ROTATED_MAX: usize = 64;
/// Bytes that know a file again: some ten lines with their times.
const HEAD_BYTES_MAX: u32 = 1024;

/// A stretch of one file that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub path: String,
    /// Plain bytes that were read before.
    pub from: u64,
    /// Bytes as stored from there on (all of them, in a packed file).
    pub bytes: u64,
    pub packing: Packing,
}

/// What is to be read of one log, oldest first, and whether the mark was found in it.
pub(super) struct Plan {
    pub stretches: Vec<Stretch>,
    pub mark_found: bool,
}

/// Plans one log. Without a mark, files last written before `oldest` are left out.
pub(super) fn plan(host: &Host, path: &str, mark: Option<&FileMark>, oldest: i64) -> Plan {
    let mut stretches = Vec::new();
    let mut mark_found = false;
    for (age, name) in names(host, path).into_iter().enumerate() {
        let Ok(stat) = host.stat(&name) else { continue };
        let (_, packing) = packing(&name);
        let whole = Stretch { path: name.clone(), from: 0, bytes: stat.size_bytes, packing };
        if let Some(mark) = mark {
            if let Some(from) = continues(host, &name, mark) {
                mark_found = true;
                let bytes = match packing {
                    Packing::Plain => stat.size_bytes.saturating_sub(from),
                    _ => stat.size_bytes,
                };
                stretches.push(Stretch { from, bytes, ..whole });
                break;
            }
            // Written last before the mark was made: counted then, whatever it is.
            if age > 0 && mark.at.is_some_and(|at| stat.modified < at) && !host.is_recorded() {
                break;
            }
        } else if age > 0 && stat.modified < oldest && !host.is_recorded() {
            break;
        }
        stretches.push(whole);
    }
    stretches.reverse();
    Plan { stretches, mark_found }
}

/// Where the mark's file goes on, when this is it.
fn continues(host: &Host, path: &str, mark: &FileMark) -> Option<u64> {
    let same = match mark.head {
        Some(head) => {
            let mut source = Source::open(host, path).ok()?;
            Head::of(&mut source, head.bytes) == Some(head)
        }
        // A mark of an older agent, or of an empty file: the inode alone.
        None => host.stat(path).ok()?.inode == mark.inode,
    };
    let plain = packing(path).1 == Packing::Plain;
    let shorter = plain && host.stat(path).ok()?.size_bytes < mark.offset;
    match (same, shorter) {
        (true, false) => Some(mark.offset),
        // Emptied in place and begun anew, with nothing to know it by.
        (true, true) if mark.head.is_none() => Some(0),
        _ => None,
    }
}

impl Head {
    /// The first `bytes` of a stream; none when it is shorter.
    pub fn of(from: &mut dyn Read, bytes: u32) -> Option<Self> {
        let bytes = bytes.min(HEAD_BYTES_MAX);
        let mut head = Vec::new();
        from.take(u64::from(bytes)).read_to_end(&mut head).ok()?;
        // FNV-1a: this tells files apart, nobody gains by fooling it.
        let hash = head.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        (head.len() == bytes as usize).then_some(Self { bytes, hash })
    }

    /// How many bytes know a file that was read up to an offset.
    pub fn length(offset: u64) -> u32 {
        u32::try_from(offset).unwrap_or(HEAD_BYTES_MAX).min(HEAD_BYTES_MAX)
    }
}

/// The files of a log, newest first.
fn names(host: &Host, path: &str) -> Vec<String> {
    if path.contains('*') {
        return series(host, path);
    }
    std::iter::once(path.to_owned()).chain(rotated(host, path)).collect()
}

/// The file that is being written.
///
/// # Errors
/// A log of dated files that has none, or whose folder cannot be listed.
pub(super) fn newest(host: &Host, path: &str) -> Look<String> {
    let Some((before, _)) = path.split_once('*') else { return Ok(path.to_owned()) };
    let folder = before.rsplit_once('/').map_or("", |(folder, _)| folder);
    host.list(folder)?;
    let absent = || Missed::new(Unseen::Absent, format!("{path}: no log file"));
    series(host, path).into_iter().next().ok_or_else(absent)
}

/// The files `catalina.2026-11-05.log` of `catalina.*.log`, newest first.
fn series(host: &Host, path: &str) -> Vec<String> {
    let Some((folder, name)) = path.rsplit_once('/') else { return Vec::new() };
    let Some((before, after)) = name.split_once('*') else { return Vec::new() };
    let Ok(listing) = host.list(folder) else { return Vec::new() };
    let mut found: Vec<(u64, bool, &String)> = Vec::new();
    for candidate in &listing.names {
        let (bare, packed) = packing(candidate);
        let stamp = bare.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        if let Some(order) = stamp.and_then(digits) {
            found.push((u64::MAX - order, packed != Packing::Plain, candidate));
        }
    }
    found.sort_unstable();
    found.dedup_by_key(|&mut (order, ..)| order);
    found.iter().take(ROTATED_MAX).map(|entry| format!("{folder}/{}", entry.2)).collect()
}

/// A date and what follows it as one number that orders: `20261101`, `2026-11-05`,
/// `20261101-1762000000`, `2026-11-05.1`.
fn digits(stamp: &str) -> Option<u64> {
    let only = stamp.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'));
    let digits: String = stamp.chars().filter(char::is_ascii_digit).collect();
    let padded = format!("{digits:0<18}");
    (only && digits.len() >= 6).then(|| padded.get(..18)?.parse().ok()).flatten()
}

/// The day of a file: of the date in its name, else of its last line.
pub(super) fn day_of(host: &Host, log: &str, path: &str, zone: &TimeZone) -> Option<Date> {
    let before = log.split('*').next().unwrap_or(log);
    let rest = path.strip_prefix(before).unwrap_or_default();
    let digits: String = rest.chars().filter(char::is_ascii_digit).take(8).collect();
    if let Ok(date) = Date::strptime("%Y%m%d", &digits) {
        return Some(date);
    }
    let written = match host.is_recorded() {
        true => host.now(),
        false => Timestamp::from_second(host.stat(path).ok()?.modified).ok()?,
    };
    Some(written.to_zoned(zone.clone()).date())
}

/// The rotated files of a log, newest first: `messages-20261101` and `server.log.2026-11-05`
/// (newest date first), then `messages.1` (smallest number first), each plain before packed when
/// both are there.
fn rotated(host: &Host, path: &str) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Ok(listing) = host.list(folder) else { return Vec::new() };
    let mut found: Vec<(bool, u64, bool, &String)> = Vec::new();
    for candidate in &listing.names {
        let Some(rest) = candidate.strip_prefix(name) else { continue };
        let (rest, packed) = packing(rest);
        let packed = packed != Packing::Plain;
        // `-20261101`, or `-20261101-1762000000` and `-20261101030501` of finer rotation.
        let dated = rest.strip_prefix(['-', '.']).and_then(digits);
        let numbered = rest.strip_prefix('.').and_then(|rest| rest.parse::<u64>().ok());
        if let Some(date) = dated {
            found.push((false, u64::MAX - date, packed, candidate));
        } else if let Some(number) = numbered {
            found.push((true, number, packed, candidate));
        }
    }
    found.sort_unstable();
    found.dedup_by_key(|&mut (numbered, order, _, _)| (numbered, order));
    found.iter().take(ROTATED_MAX).map(|entry| format!("{folder}/{}", entry.3)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::Folder;

    #[test]
    fn rotated_files_come_newest_first_and_once() {
        let folder = Folder::new("");
        for name in [
            "messages",
            "messages-20261101",
            "messages-20261025.gz",
            "messages-20261018.xz",
            "messages-20261101.gz",
            "messages.1",
            "messages.2.gz",
            "messages.10.gz",
            "messages.old",
            "messages-x",
            "messages2",
            "messages-20261018-1760000000.gz",
            "messages.2026-10-11",
        ] {
            folder.put(&format!("root/var/log/{name}"), "x");
        }
        let names = rotated(&folder.host(), "/var/log/messages");
        let names: Vec<&str> =
            names.iter().map(|n| n.trim_start_matches("/var/log/messages")).collect();
        let expected = [
            "-20261101",
            "-20261025.gz",
            "-20261018-1760000000.gz",
            "-20261018.xz",
            ".2026-10-11",
            ".1",
            ".2.gz",
            ".10.gz",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn dated_files_are_one_log_whose_newest_is_being_written() {
        let folder = Folder::new("");
        for name in [
            "catalina.2026-11-04.log",
            "catalina.2026-11-05.log",
            "catalina.2026-10-31.log.gz",
            "catalina.out",
            "catalina.x.log",
            "localhost.2026-11-05.log",
        ] {
            folder.put(&format!("root/opt/tomcat/logs/{name}"), "x");
        }
        let host = folder.host();
        let log = "/opt/tomcat/logs/catalina.*.log";
        let expected = ["2026-11-05.log", "2026-11-04.log", "2026-10-31.log.gz"];
        let expected = expected.map(|name| format!("/opt/tomcat/logs/catalina.{name}"));
        assert_eq!(names(&host, log), expected);
        assert_eq!(newest(&host, log).unwrap(), expected[0]);
        let none = newest(&host, "/opt/tomcat/logs/manager.*.log").unwrap_err();
        assert_eq!(none.reason, Unseen::Absent);
        let day = day_of(&host, log, &expected[1], &TimeZone::UTC);
        assert_eq!(day, Some(jiff::civil::date(2026, 11, 4)));
    }
}
