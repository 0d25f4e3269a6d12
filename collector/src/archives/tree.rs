//! The part of an archive that is looked at, held in memory by name.
//!
//! A name is a key in a map and nothing else: none is ever opened, created or joined to a path of
//! this machine. Links are followed inside the map alone.

use std::collections::BTreeMap;

use super::{ArchiveError, Limits};

/// Links followed on the way to one file; as many as Linux follows.
const HOPS_MAX: usize = 40;

/// What stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    File(Piece),
    /// A symbolic link's target, as written.
    Link(String),
}

/// The beginning of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    pub bytes: Vec<u8>,
    /// The file goes on after these bytes.
    pub truncated: bool,
    /// Seconds since the epoch.
    pub modified: i64,
}

/// Files and links by name: components joined with `/`, no leading one.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: BTreeMap<String, Node>,
    kept_bytes: usize,
    links: usize,
    /// Entries whose name leaves the archive (`..`, absolute) or is no name at all.
    pub refused: u64,
}

/// The name of an entry, without `.` parts; none when it leaves the archive.
#[must_use]
pub fn name_of(raw: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(raw);
    if text.starts_with('/') || text.contains('\0') {
        return None;
    }
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

impl Tree {
    /// Adds a file; of two of one name the later stands, as when an archive is unpacked.
    ///
    /// # Errors
    /// [`ArchiveError::Kept`] when it would be more than all files may be together.
    pub fn add_file(
        &mut self,
        name: String,
        piece: Piece,
        limits: &Limits,
    ) -> Result<(), ArchiveError> {
        self.kept_bytes = self.kept_bytes.saturating_add(piece.bytes.len());
        if self.kept_bytes > limits.kept_bytes_max {
            return Err(ArchiveError::Kept { max: limits.kept_bytes_max });
        }
        self.nodes.insert(name, Node::File(piece));
        Ok(())
    }

    /// Adds a symbolic link.
    ///
    /// # Errors
    /// [`ArchiveError::Links`] when there are too many.
    pub fn add_link(
        &mut self,
        name: String,
        target: String,
        limits: &Limits,
    ) -> Result<(), ArchiveError> {
        self.links += 1;
        if self.links > limits.links_max {
            return Err(ArchiveError::Links { max: limits.links_max });
        }
        self.nodes.insert(name, Node::Link(target));
        Ok(())
    }

    /// The same nodes under names without `prefix` (`host/data/`); those elsewhere are dropped.
    #[must_use]
    pub fn below(self, prefix: &str) -> Self {
        let strip =
            |(name, node): (String, Node)| Some((name.strip_prefix(prefix)?.to_owned(), node));
        let nodes = self.nodes.into_iter().filter_map(strip).collect();
        Self { nodes, ..self }
    }

    /// Every name, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// Every kept file by name, in order; links are not followed.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Piece)> {
        self.nodes.iter().filter_map(|(name, node)| match node {
            Node::File(piece) => Some((name.as_str(), piece)),
            Node::Link(_) => None,
        })
    }

    /// Names that begin so, in order.
    pub fn names_under<'t>(&'t self, prefix: &'t str) -> impl Iterator<Item = &'t str> {
        let from = self.nodes.range(prefix.to_owned()..);
        from.map(|(name, _)| name.as_str()).take_while(move |name| name.starts_with(prefix))
    }

    /// A link's target, as written.
    #[must_use]
    pub fn link(&self, name: &str) -> Option<&str> {
        match self.nodes.get(name)? {
            Node::Link(target) => Some(target),
            Node::File(_) => None,
        }
    }

    /// The file under a name, links followed. A link that leads out of the archive ends at its
    /// top, as `..` does at `/`; one that leads in a circle leads nowhere.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&Piece> {
        let mut left: Vec<String> = name.split('/').rev().map(str::to_owned).collect();
        let mut at: Vec<String> = Vec::new();
        let mut hops = 0;
        while let Some(part) = left.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    at.pop();
                    continue;
                }
                _ => at.push(part),
            }
            if let Some(Node::Link(target)) = self.nodes.get(&at.join("/")) {
                hops += 1;
                if hops > HOPS_MAX || left.len() > HOPS_MAX * 64 {
                    return None;
                }
                at.pop();
                if target.starts_with('/') {
                    at.clear();
                }
                left.extend(target.split('/').rev().map(str::to_owned));
            }
        }
        match self.nodes.get(&at.join("/"))? {
            Node::File(piece) => Some(piece),
            Node::Link(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str], links: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        let limits = Limits::default();
        for name in files {
            let piece = Piece { bytes: name.as_bytes().to_vec(), ..Piece::default() };
            tree.add_file((*name).to_owned(), piece, &limits).unwrap();
        }
        for (name, target) in links {
            tree.add_link((*name).to_owned(), (*target).to_owned(), &limits).unwrap();
        }
        tree
    }

    #[test]
    fn names_that_leave_the_archive_are_none() {
        let check = |raw: &[u8], expected: Option<&str>| {
            assert_eq!(name_of(raw).as_deref(), expected, "{}", String::from_utf8_lossy(raw));
        };
        check(b"./a//b/./c", Some("a/b/c"));
        check(b"a/../b", None);
        check(b"../../etc/passwd", None);
        check(b"/etc/passwd", None);
        check(b"a\0b", None);
        check(b"", None);
        check(b"./", None);
        check(b"a/\xff", Some("a/\u{fffd}"));
        // Neither a parent nor a separator here.
        check(b"..\\a", Some("..\\a"));
        check("\u{2024}\u{2024}/a".as_bytes(), Some("\u{2024}\u{2024}/a"));
    }

    #[test]
    fn links_end_inside_the_archive() {
        let tree = tree(
            &["usr/lib/os-release", "proc/7/net/dev", "a", "a/b"],
            &[
                ("etc/os-release", "../usr/lib/os-release"),
                ("proc/self", "7"),
                ("proc/net", "self/net"),
                ("up", "../../../../a"),
                ("absolute", "/usr/lib/os-release"),
                ("me", "me"),
                ("x", "y/z"),
                ("y", "x"),
                ("out", "/etc/shadow"),
            ],
        );
        let check = |name: &str, expected: Option<&str>| {
            let found = tree.file(name).map(|piece| String::from_utf8_lossy(&piece.bytes));
            assert_eq!(found.as_deref(), expected, "{name}");
        };
        check("etc/os-release", Some("usr/lib/os-release"));
        check("proc/net/dev", Some("proc/7/net/dev"));
        check("up", Some("a"));
        check("absolute", Some("usr/lib/os-release"));
        check("me", None);
        check("x", None);
        check("out", None);
        // A file that is also named as a folder is both, and neither hides the other.
        check("a", Some("a"));
        check("a/b", Some("a/b"));
    }
}
