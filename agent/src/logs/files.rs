//! Log files, where the journal does not answer: from the last position on, through rotation.
//!
//! A file is known by its inode: when another stands in its place, the old one is looked for
//! among the rotated ones and read to its end first. Compressed files are passed over.

use std::time::Instant;

use carepack_shared::Unseen;

use super::syslog::Reader;
use super::tally::{MESSAGE_BYTES_MAX, Tally};
use super::{FileMark, LogState, oldest, zone};
use crate::host::{Host, Look, Missed};

/// The logs, each under the names of RHEL and of Debian.
const LOGS: [[&str; 2]; 3] = [
    ["/var/log/messages", "/var/log/syslog"],
    ["/var/log/secure", "/var/log/auth.log"],
    ["/var/log/cron", "/var/log/cron.log"],
];

/// Most taken of one log in one scan; of more, the newest part.
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Taken at a time.
const CHUNK_BYTES: usize = 128 * 1024;
/// Rotated files looked at.
const ROTATED_MAX: usize = 12;

/// A stretch of one file.
#[derive(Debug, PartialEq, Eq)]
struct Stretch {
    path: String,
    from: u64,
    to: u64,
}

/// Scans the log files and gives the new positions.
pub(super) fn scan(
    host: &Host,
    state: &LogState,
    deadline: Instant,
    tally: &mut Tally,
) -> Look<Vec<FileMark>> {
    let mut reader = Reader::new(host.now(), zone(host));
    let mut marks = Vec::new();
    let mut missed = None;
    for names in LOGS {
        let mut found = Err(Missed::new(Unseen::Absent, format!("{}: no log file", names[0])));
        for path in names {
            found = one(host, path, state, (&mut reader, &mut *tally, deadline));
            if !matches!(&found, Err(missed) if missed.reason == Unseen::Absent) {
                break;
            }
        }
        match found {
            Ok(mark) => marks.push(mark),
            Err(fault) => missed = missed.or(Some(fault)),
        }
    }
    match (marks.is_empty(), missed) {
        (true, Some(missed)) => Err(missed),
        _ => Ok(marks),
    }
}

fn one(
    host: &Host,
    path: &str,
    state: &LogState,
    (reader, tally, deadline): (&mut Reader, &mut Tally, Instant),
) -> Look<FileMark> {
    let now = host.stat(path)?;
    let mark = state.files.iter().find(|mark| mark.path == path);
    let mut stretches = stretches(host, path, mark);
    if trim(&mut stretches, LOG_BYTES_MAX) {
        tally.cut();
    }
    let mut end = FileMark { path: path.to_owned(), inode: now.inode, offset: 0 };
    for stretch in stretches {
        let reached = read(host, &stretch, deadline, &mut |line| {
            let line = reader.line(line);
            let new = mark.is_some() || line.at.is_none_or(|at| at >= oldest(host));
            if new {
                tally.add(&line);
            }
        })?;
        if reached < stretch.to && Instant::now() >= deadline {
            tally.cut();
        }
        if stretch.path == path {
            end.offset = reached;
        }
    }
    Ok(end)
}

/// What is to be read, oldest first.
fn stretches(host: &Host, path: &str, mark: Option<&FileMark>) -> Vec<Stretch> {
    let stretch = |path: &str, from: u64| {
        let stat = host.stat(path).ok()?;
        // Shorter than where we were: it was emptied in place.
        let from = if from > stat.size_bytes { 0 } else { from };
        Some(Stretch { path: path.to_owned(), from, to: stat.size_bytes })
    };
    let inode = |path: &str| host.stat(path).ok().map(|stat| stat.inode);
    match mark {
        Some(mark) if inode(path) == Some(mark.inode) => {
            stretch(path, mark.offset).into_iter().collect()
        }
        mark => {
            let mut found: Vec<Stretch> = stretch(path, 0).into_iter().collect();
            for old in rotated(host, path) {
                let last = mark.is_some_and(|mark| inode(&old) == Some(mark.inode));
                let from = mark.filter(|_| last).map_or(0, |mark| mark.offset);
                let recent = host.stat(&old).is_ok_and(|stat| stat.modified >= oldest(host));
                if !recent && !host.is_recorded() {
                    break;
                }
                found.extend(stretch(&old, from));
                if last {
                    break;
                }
            }
            found.reverse();
            found
        }
    }
}

/// `messages-20261101` (newest date first), then `messages.1` (smallest number first).
fn rotated(host: &Host, path: &str) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Ok(listing) = host.list(folder) else { return Vec::new() };
    let suffixes = |separator: char| -> Vec<u64> {
        let number = |candidate: &String| {
            let rest = candidate.strip_prefix(name)?.strip_prefix(separator)?;
            rest.parse().ok()
        };
        listing.names.iter().filter_map(number).collect()
    };
    let (mut dates, mut numbers) = (suffixes('-'), suffixes('.'));
    dates.sort_unstable_by(|a, b| b.cmp(a));
    numbers.sort_unstable();
    let dated = dates.iter().map(|date| format!("{path}-{date}"));
    let numbered = numbers.iter().map(|number| format!("{path}.{number}"));
    dated.chain(numbered).take(ROTATED_MAX).collect()
}

/// Drops the oldest bytes over the budget; true when there were any.
fn trim(stretches: &mut Vec<Stretch>, bytes_max: u64) -> bool {
    let mut left = bytes_max;
    let mut cut = false;
    for stretch in stretches.iter_mut().rev() {
        let length = stretch.to - stretch.from;
        if length > left {
            stretch.from = stretch.to - left;
            cut = true;
        }
        left -= length.min(left);
    }
    stretches.retain(|stretch| stretch.from < stretch.to);
    cut
}

/// Hands on every complete line of a stretch; gives the offset after the last of them.
fn read(
    host: &Host,
    stretch: &Stretch,
    deadline: Instant,
    hand_on: &mut dyn FnMut(&str),
) -> Look<u64> {
    let mut offset = stretch.from;
    while offset < stretch.to && Instant::now() < deadline {
        let piece = host.read_at(&stretch.path, offset, CHUNK_BYTES)?;
        let Some(last) = piece.bytes.iter().rposition(|&byte| byte == b'\n') else {
            // An unfinished last line waits for the next scan; one longer than a whole piece
            // is passed over.
            if piece.truncated {
                offset += piece.bytes.len() as u64;
                continue;
            }
            break;
        };
        for line in piece.bytes[..last].split(|&byte| byte == b'\n') {
            let line = &line[..line.len().min(2 * MESSAGE_BYTES_MAX)];
            hand_on(&String::from_utf8_lossy(line));
        }
        offset += last as u64 + 1;
    }
    Ok(offset)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let host = "hostname = \"a\"\ntaken_at = \"2026-11-05T00:00:00Z\"\n";
            std::fs::write(folder.path().join("host.toml"), host).unwrap();
            std::fs::create_dir_all(folder.path().join("root/var/log")).unwrap();
            Self(folder)
        }

        fn path(&self, name: &str) -> std::path::PathBuf {
            self.0.path().join("root/var/log").join(name)
        }

        fn append(&self, name: &str, text: &str) {
            use std::io::Write;
            let mut options = std::fs::File::options();
            let mut file = options.create(true).append(true).open(self.path(name)).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        /// Lines counted, and the state after.
        fn scan(&self, state: &LogState) -> (u64, LogState) {
            let host = Host::recorded(self.0.path(), None).unwrap();
            let mut tally = Tally::new();
            let deadline = Instant::now() + Duration::from_secs(10);
            let files = scan(&host, state, deadline, &mut tally).unwrap();
            (tally.lines(), LogState { journal: None, files })
        }
    }

    const LINE: &str = "Nov  4 01:12:00 a kernel: Call Trace:\n";

    #[test]
    fn only_new_lines_count_and_rotation_loses_none() {
        let tree = Tree::new();
        tree.append("messages", &format!("Jan  1 00:00:00 a x: too old\n{LINE}{LINE}"));
        let (lines, state) = tree.scan(&LogState::default());
        assert_eq!(lines, 2);
        assert_eq!(tree.scan(&state).0, 0);
        tree.append("messages", &format!("{LINE}unfinished"));
        let (lines, state) = tree.scan(&state);
        assert_eq!(lines, 1);
        tree.append("messages", " now finished\n");
        std::fs::rename(tree.path("messages"), tree.path("messages-20261104")).unwrap();
        tree.append("messages", LINE);
        let (lines, state) = tree.scan(&state);
        assert_eq!(lines, 2);
        // Emptied in place.
        std::fs::File::options().write(true).truncate(true).open(tree.path("messages")).unwrap();
        assert_eq!(tree.scan(&state).0, 0);
        tree.append("messages", "x\n");
        assert_eq!(tree.scan(&tree.scan(&state).1).0, 0);
    }

    #[test]
    fn of_too_much_the_newest_part_is_taken() {
        let stretch = |from, to| Stretch { path: String::new(), from, to };
        let mut stretches = vec![stretch(0, 100), stretch(0, 50), stretch(10, 40)];
        assert!(trim(&mut stretches, 60));
        assert_eq!(stretches, [stretch(20, 50), stretch(10, 40)]);
        let mut stretches = vec![stretch(0, 60)];
        assert!(!trim(&mut stretches, 60));
    }
}
