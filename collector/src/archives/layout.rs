//! Whose archive it is: where its root copy and its commands' outputs stand.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::ArchiveError;
use super::sources::command_of;
use super::tree::{Piece, Tree};

/// The tool that made an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// sos 3 and 4, and `sos collect` of one host.
    Sos,
    /// insights-client, its core collection included.
    Insights,
}

/// An archive whose layout is known: names are below its root copy.
pub struct Layout {
    pub kind: Kind,
    pub tree: Tree,
}

impl Kind {
    /// The word under which its observations stand.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sos => "sosreport",
            Self::Insights => "insights",
        }
    }
}

impl Layout {
    /// Tells the layout by its folder of commands' outputs.
    ///
    /// # Errors
    /// [`ArchiveError::Layout`].
    pub fn of(tree: Tree) -> Result<Self, ArchiveError> {
        let found = tree.names().find_map(|name| {
            let place = |folder: &str| {
                let at = name.find(folder)?;
                let prefix = &name[..at];
                // At the top, below the wrapping folder, below `data`.
                let depth = prefix.matches('/').count();
                (depth <= 2 && (prefix.is_empty() || prefix.ends_with('/')))
                    .then(|| prefix.to_owned())
            };
            let sos = place("sos_commands/").map(|prefix| (Kind::Sos, prefix));
            sos.or_else(|| place("insights_commands/").map(|prefix| (Kind::Insights, prefix)))
        });
        let (kind, prefix) = found.ok_or(ArchiveError::Layout)?;
        Ok(Self { kind, tree: tree.below(&prefix) })
    }

    /// The file of a source key. The links `/proc/net` and `/proc/self` lead to one process; where
    /// an unpacking lost them, the only process whose tables are there stands for them.
    pub fn file(&self, path: &str) -> Option<&Piece> {
        let name = path.strip_prefix('/')?;
        if path == "/proc/self/mountinfo" {
            // What the first process sees is the host; the tool may have run in a container.
            let first = self.tree.file("proc/1/mountinfo");
            return first.or_else(|| self.tree.file(name));
        }
        let found = self.tree.file(name);
        if found.is_some() {
            return found;
        }
        if path == "/etc/os-release" {
            return self.tree.file("usr/lib/os-release");
        }
        let table = name.strip_prefix("proc/net/")?;
        let end = format!("/net/{table}");
        self.tree.files().find_map(|(name, piece)| {
            let pid = name.strip_prefix("proc/")?.strip_suffix(&end)?;
            pid.bytes().all(|byte| byte.is_ascii_digit()).then_some(piece)
        })
    }

    /// Names of the files of a folder, `/`-led; links that lead to a file count.
    pub fn folder<'t>(&'t self, folder: &str, suffix: &str) -> Vec<(String, &'t Piece)> {
        let prefix = format!("{}/", folder.trim_start_matches('/'));
        let mut found = Vec::new();
        for name in self.tree.names_under(&prefix) {
            let file = &name[prefix.len()..];
            if file.contains('/') || !file.ends_with(suffix) {
                continue;
            }
            if let Some(piece) = self.tree.file(name) {
                found.push((format!("/{name}"), piece));
            }
        }
        found
    }

    /// The first of some commands' outputs that is there and says something, with its name.
    pub fn command<'t>(&'t self, names: &[&str]) -> Option<(&'t str, &'t Piece)> {
        names.iter().find_map(|wanted| self.commands(&|name| name == *wanted).into_iter().next())
    }

    /// The outputs of commands whose names fit, in order of name.
    pub fn commands(&self, fits: &dyn Fn(&str) -> bool) -> Vec<(&str, &Piece)> {
        let named = self.tree.names().filter(|name| command_of(name).is_some_and(fits));
        named
            .filter_map(|name| Some((name, self.tree.file(name)?)))
            .filter(|(_, piece)| !piece.bytes.trim_ascii().is_empty())
            .collect()
    }

    /// The host's name, as its own commands say it.
    pub fn hostname(&self) -> Option<String> {
        let said = self.command(&["hostname", "hostname_-f"]).map(|(_, piece)| piece);
        let uname = || {
            let (_, piece) = self.command(&["uname_-a"])?;
            text(piece).split_whitespace().nth(1).map(str::to_owned)
        };
        let word = |piece: &Piece| text(piece).split_whitespace().last().map(str::to_owned);
        said.and_then(word).or_else(|| word(self.tree.file("etc/hostname")?)).or_else(uname)
    }

    /// When it was made: what `date` said, else what `timedatectl` said.
    pub fn made_at(&self) -> Option<Timestamp> {
        let date = self.command(&["date_--utc", "date"]).map(|(_, piece)| text(piece));
        let clock = || {
            let (_, piece) = self.command(&["timedatectl", "timedatectl_status"])?;
            let text = text(piece);
            let rest = text.lines().find_map(|line| line.trim().strip_prefix("Universal time:"))?;
            // `Thu 2022-02-10 09:52:10 UTC`
            let words: Vec<&str> = rest.split_whitespace().collect();
            let at: DateTime = format!("{}T{}", words.get(1)?, words.get(2)?).parse().ok()?;
            utc(at)
        };
        date.and_then(|text| text.lines().rev().find_map(dated)).or_else(clock)
    }
}

/// `Wed Oct  2 02:54:30 UTC 2019` (RHEL 7, 8) or `Wed Oct  2 02:54:30 AM UTC 2019` (RHEL 9 on,
/// by locale). A zone by its letters is one of the two that are not ambiguous here, or none.
fn dated(line: &str) -> Option<Timestamp> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let half =
        words.iter().position(|word| matches!(*word, "AM" | "PM")).map(|at| words.remove(at));
    let [_, month, day, clock, zone, year] = words[..] else { return None };
    let hours_ahead = match zone {
        "UTC" | "GMT" => 0,
        "KST" => 9,
        _ => return None,
    };
    let stamp = format!("{year} {month} {day} {clock}");
    let format = if half.is_some() { "%Y %b %d %I:%M:%S %p" } else { "%Y %b %d %H:%M:%S" };
    let stamp = half.map_or(stamp.clone(), |half| format!("{stamp} {half}"));
    let at = DateTime::strptime(format, stamp).ok()?;
    let offset = jiff::tz::Offset::from_hours(hours_ahead).ok()?;
    offset.to_timestamp(at).ok()
}

fn utc(at: DateTime) -> Option<Timestamp> {
    jiff::tz::Offset::UTC.to_timestamp(at).ok()
}

/// A file as text; invalid UTF-8 replaced.
pub fn text(piece: &Piece) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(&piece.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_is_read_in_the_forms_of_date() {
        let check = |line, expected: Option<&str>| {
            assert_eq!(dated(line).map(|at| at.to_string()).as_deref(), expected, "{line}");
        };
        check("Wed Oct  2 02:54:30 UTC 2019", Some("2019-10-02T02:54:30Z"));
        check("Thu Nov  5 01:12:00 KST 2026", Some("2026-11-04T16:12:00Z"));
        check("Thu Nov  5 01:12:00 PM UTC 2026", Some("2026-11-05T13:12:00Z"));
        check("Thu Nov  5 01:12:00 IST 2026", None);
        check("timeout failed to run command `/bin/date': No such file or directory", None);
    }
}
