//! A configuration read to its end: directives in order, the sections they stand in, and the
//! value that counts. It does not know what a directive does.

use std::collections::{BTreeMap, BTreeSet};

/// The section of what stands in none.
pub const SERVER: usize = 0;

/// One directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// In small letters.
    pub name: String,
    pub args: Vec<String>,
    /// Index into [`Config::sections`].
    pub section: usize,
    /// Index into [`Config::files`].
    pub file: usize,
    pub line: u32,
}

/// A section such as `<VirtualHost *:443>`; conditions on modules, names and versions are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// In small letters; empty for the server itself.
    pub name: String,
    pub args: Vec<String>,
    pub parent: usize,
    pub file: usize,
    pub line: u32,
}

/// What one main file and everything that it includes say.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// In the order in which they were opened.
    pub files: Vec<String>,
    pub directives: Vec<Directive>,
    pub sections: Vec<Section>,
    /// Modules, as `ssl_module`: loaded, or told as compiled in.
    pub modules: BTreeSet<String>,
    pub defines: BTreeMap<String, String>,
    /// Included without a wildcard, and not there (or not seen).
    pub missing: Vec<String>,
    /// Sections that end without a beginning or never end: `FILE:LINE`.
    pub unbalanced: Vec<String>,
    /// A limit was met: there is more.
    pub truncated: bool,
    /// What relative paths are relative to.
    pub root: String,
}

impl Config {
    /// Directives of a name right in a section, in order.
    pub fn all<'c>(
        &'c self,
        section: usize,
        name: &'c str,
    ) -> impl DoubleEndedIterator<Item = &'c Directive> {
        self.directives.iter().filter(move |d| d.section == section && d.name == name)
    }

    /// Directives of a name, wherever they stand.
    pub fn every<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c Directive> {
        self.directives.iter().filter(move |d| d.name == name)
    }

    /// The last one of a section: it counts.
    #[must_use]
    pub fn last<'c>(&'c self, section: usize, name: &'c str) -> Option<&'c Directive> {
        self.all(section, name).next_back()
    }

    /// What counts in a virtual host: its own, else the server's.
    #[must_use]
    pub fn effective<'c>(&'c self, site: usize, name: &'c str) -> Option<&'c Directive> {
        self.last(site, name).or_else(|| self.last(SERVER, name))
    }

    /// The virtual host that a section stands in; [`SERVER`] when in none.
    #[must_use]
    pub fn site(&self, section: usize) -> usize {
        let mut at = section;
        while at != SERVER && self.sections[at].name != "virtualhost" {
            at = self.sections[at].parent;
        }
        at
    }

    /// Every virtual host, in order.
    pub fn sites(&self) -> impl Iterator<Item = usize> {
        let is_site = |&at: &usize| self.sections[at].name == "virtualhost";
        (1..self.sections.len()).filter(is_site)
    }

    /// `FILE:LINE` of a directive.
    #[must_use]
    pub fn place(&self, directive: &Directive) -> String {
        self.at(directive.file, directive.line)
    }

    /// `FILE:LINE`.
    #[must_use]
    pub fn at(&self, file: usize, line: u32) -> String {
        format!("{}:{line}", self.files.get(file).map_or("", String::as_str))
    }

    /// An absolute path of one that may be relative to the server's root.
    #[must_use]
    pub fn path(&self, path: &str) -> String {
        absolute(&self.root, path)
    }

    /// Whether a module is there, by its identifier without `_module`.
    #[must_use]
    pub fn has(&self, module: &str) -> bool {
        self.modules.contains(&format!("{module}_module"))
    }
}

impl Directive {
    /// An argument; empty when it is not given.
    #[must_use]
    pub fn arg(&self, index: usize) -> &str {
        self.args.get(index).map_or("", String::as_str)
    }

    /// All arguments in one line.
    #[must_use]
    pub fn line_of_args(&self) -> String {
        self.args.join(" ")
    }

    /// `On` or `Off`; none for another word.
    #[must_use]
    pub fn on(&self) -> Option<bool> {
        match self.arg(0).to_ascii_lowercase().as_str() {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        }
    }

    /// The first argument as a number.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        self.arg(0).parse().ok()
    }
}

/// A path that may be relative to a root.
pub(super) fn absolute(root: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    format!("{}/{path}", root.trim_end_matches('/'))
}
