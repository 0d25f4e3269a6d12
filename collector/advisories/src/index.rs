//! Advisories by what they fix, so that a host asks only for what it has.

use std::collections::{BTreeSet, HashMap};

use rpm_version::{Evr, EvrSortKey};

use crate::model::{Advisory, Fix, State, Vulnerability};
use crate::stream::Repositories;

/// Advisories and vulnerabilities, indexed. Borrows what it indexes.
pub struct Index<'s> {
    pub advisories: &'s [Advisory],
    pub vulnerabilities: &'s [Vulnerability],
    pub repositories: &'s Repositories,
    /// Distinct lists of streams: a host's relation to each is reckoned once.
    pub(crate) streams: Vec<&'s [String]>,
    pub(crate) fixes: Vec<Fixed<'s>>,
    /// Package name → what fixes it, in the order of [`Index::sort`].
    pub(crate) rows: HashMap<&'s str, Vec<Row<'s>>>,
    /// Source package → fixes that name nothing but it.
    pub(crate) sources: HashMap<&'s str, Vec<u32>>,
    /// Package name, mostly of a source package → what is said of it without a fix.
    pub(crate) states: HashMap<&'s str, Vec<Stated<'s>>>,
    /// Product name → advisory and range.
    pub(crate) products: HashMap<&'s str, Vec<(u32, usize)>>,
}

/// A fix, with its version in RPM's order.
pub(crate) struct Fixed<'s> {
    pub fix: &'s Fix,
    pub advisory: u32,
    pub streams: u32,
    pub key: EvrSortKey,
    /// The feed told the epoch.
    pub has_epoch: bool,
}

/// One package of a fix.
#[derive(Clone, Copy)]
pub(crate) struct Row<'s> {
    pub fix: u32,
    /// Empty where the feed does not tell: any.
    pub arch: &'s str,
}

/// What a vendor says of a package that has no fix.
#[derive(Clone, Copy)]
pub(crate) struct Stated<'s> {
    pub vulnerability: u32,
    pub streams: u32,
    pub state: &'s State,
}

/// Architectures that a name may end in, as `name.arch`.
const ARCHES: [&str; 13] = [
    "x86_64", "noarch", "i686", "i586", "i486", "i386", "aarch64", "ppc64le", "ppc64", "s390x",
    "src", "ia64", "nosrc",
];

/// `bash`, `x86_64` of `bash.x86_64`; a name without an architecture means any.
fn split(package: &str) -> (&str, &str) {
    match package.rsplit_once('.') {
        Some((name, arch)) if ARCHES.contains(&arch) => (name, arch),
        _ => (package, ""),
    }
}

impl<'s> Index<'s> {
    /// Indexes advisories and what is said of vulnerabilities without a fix, with the map of
    /// repositories to CPEs that came with them.
    #[must_use]
    pub fn new(
        advisories: &'s [Advisory],
        vulnerabilities: &'s [Vulnerability],
        repositories: &'s Repositories,
    ) -> Self {
        let mut index = Self {
            advisories,
            vulnerabilities,
            repositories,
            streams: Vec::new(),
            fixes: Vec::new(),
            rows: HashMap::new(),
            sources: HashMap::new(),
            states: HashMap::new(),
            products: HashMap::new(),
        };
        let mut known = HashMap::new();
        for (number, advisory) in (0..).zip(advisories) {
            for fix in &advisory.fixes {
                index.fix(number, fix, &mut known);
            }
            for (at, range) in advisory.ranges.iter().enumerate() {
                index.products.entry(&range.product).or_default().push((number, at));
            }
        }
        index.sort();
        for (number, vulnerability) in (0..).zip(vulnerabilities) {
            for state in &vulnerability.states {
                let streams = index.stream(&state.streams, &mut known);
                let stated = Stated { vulnerability: number, streams, state };
                for package in &state.packages {
                    index.states.entry(split(package).0).or_default().push(stated);
                }
            }
        }
        index
    }

    /// Newest first, so that a look at an installed package ends with the first that is not newer.
    /// Versions without an epoch stand before all: their order says nothing.
    fn sort(&mut self) {
        let fixes = &self.fixes;
        for rows in self.rows.values_mut() {
            rows.sort_by(|a, b| {
                let (a, b) = (&fixes[a.fix as usize], &fixes[b.fix as usize]);
                a.has_epoch.cmp(&b.has_epoch).then_with(|| b.key.cmp(&a.key))
            });
        }
    }

    fn fix(&mut self, advisory: u32, fix: &'s Fix, known: &mut HashMap<&'s [String], u32>) {
        let streams = self.stream(&fix.streams, known);
        let number = u32::try_from(self.fixes.len()).unwrap_or(u32::MAX);
        let evr = Evr::parse(&fix.evr);
        let has_epoch = fix.evr.contains(':');
        self.fixes.push(Fixed { fix, advisory, streams, key: evr.sortkey(), has_epoch });
        if fix.packages.iter().all(|package| split(package).1 == "src") {
            for package in &fix.packages {
                self.sources.entry(split(package).0).or_default().push(number);
            }
            return;
        }
        let mut seen = BTreeSet::new();
        for package in &fix.packages {
            let (name, arch) = split(package);
            if arch != "src" && arch != "nosrc" && seen.insert((name, arch)) {
                self.rows.entry(name).or_default().push(Row { fix: number, arch });
            }
        }
    }

    fn stream(&mut self, streams: &'s [String], known: &mut HashMap<&'s [String], u32>) -> u32 {
        *known.entry(streams).or_insert_with(|| {
            self.streams.push(streams);
            u32::try_from(self.streams.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_points() {
        assert_eq!(split("python3.11.x86_64"), ("python3.11", "x86_64"));
        assert_eq!(split("python3.11"), ("python3.11", ""));
        assert_eq!(split("bash"), ("bash", ""));
    }
}
