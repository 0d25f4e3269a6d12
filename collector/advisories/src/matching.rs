//! What a host lacks.
//!
//! Versions are compared as RPM does, epoch first, and only with builds of the host's own streams,
//! for the same name, architecture and module stream. The order of the work is chosen by size:
//! over the host's packages against a large index, over the index' names against a large host.

mod answer;
mod fits;

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::host::{Host, Package};
use crate::index::{Fixed, Index, Row, Stated};
use crate::kernel;
use crate::model::{Kind, Status};
use crate::products;
use crate::stream::{Relation, Streams};
pub use answer::{Class, Hit, Match, Standing, What};
use fits::{concerns, is_foreign, is_of_module, is_of_vendor, is_older};

/// What one advisory is to a host, package by package.
#[derive(Default)]
struct Found {
    missing: Vec<Hit>,
    not_running: Vec<Hit>,
    applied: Vec<Hit>,
    elsewhere: Vec<Hit>,
}

/// Everything that the host lacks, in a fixed order: advisories, then vulnerabilities.
#[must_use]
pub fn matches(index: &Index<'_>, host: &Host, streams: &Streams) -> Vec<Match> {
    let mut look = Look::new(index, host, streams, Applied::IsLeftOut);
    look.packages();
    look.products();
    look.into_matches()
}

/// How a host stands to the advisory at a place of the index.
#[must_use]
pub fn standing(index: &Index<'_>, advisory: u32, host: &Host, streams: &Streams) -> Standing {
    let mut look = Look::new(index, host, streams, Applied::IsTold);
    look.packages();
    look.products();
    let Found { missing, not_running, applied, .. } =
        look.found.remove(&advisory).unwrap_or_default();
    Standing {
        missing: sorted(missing),
        not_running: sorted(not_running),
        applied: sorted(applied),
    }
}

/// Whether versions that are new enough are told too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Applied {
    IsTold,
    IsLeftOut,
}

/// One look of an index at a host.
struct Look<'l, 's> {
    index: &'l Index<'s>,
    host: &'l Host,
    /// To each of the index' lists of streams.
    relations: Vec<Relation>,
    applied: Applied,
    found: BTreeMap<u32, Found>,
    /// Vulnerability and package that the vendor says not to be affected.
    unharmed: HashSet<(&'s str, &'l str)>,
    /// What is said of packages without a fix, checked when all covers are known.
    stated: Vec<(Stated<'s>, &'l [Package])>,
}

impl<'l, 's> Look<'l, 's> {
    fn new(index: &'l Index<'s>, host: &'l Host, streams: &Streams, applied: Applied) -> Self {
        let relation = |list: &&[String]| streams.relation(list, index.repositories);
        Self {
            index,
            host,
            relations: index.streams.iter().map(relation).collect(),
            applied,
            found: BTreeMap::new(),
            unharmed: HashSet::new(),
            stated: Vec::new(),
        }
    }

    fn packages(&mut self) {
        let all = &self.host.packages;
        let by_source = !self.index.states.is_empty() || !self.index.sources.is_empty();
        if !by_source && self.index.rows.len() < all.len() {
            let names: Vec<&str> = self.index.rows.keys().copied().collect();
            for name in names {
                let from = all.partition_point(|package| package.name.as_str() < name);
                let count = all[from..].iter().take_while(|package| package.name == name).count();
                if count > 0 {
                    self.named(&all[from..from + count]);
                }
            }
            return;
        }
        for named in all.chunk_by(|a, b| a.name == b.name) {
            self.named(named);
        }
    }

    /// All packages of one name.
    fn named(&mut self, named: &'l [Package]) {
        let index = self.index;
        if let Some(rows) = index.rows.get(named[0].name.as_str()) {
            for group in named.chunk_by(|a, b| a.arch == b.arch) {
                self.group(rows, group);
            }
        }
        let (name, source) = (named[0].name.as_str(), named[0].source.as_str());
        // A vendor may tell of the source package alone; what is built of it has its version.
        for fix in index.sources.get(source).into_iter().flatten() {
            named.chunk_by(|a, b| a.arch == b.arch).for_each(|group| self.row(*fix, group));
        }
        let sources = [name, if source == name { "" } else { source }];
        for stated in sources.iter().filter_map(|name| index.states.get(name)).flatten() {
            self.state(*stated, named);
        }
    }

    /// All fixes of a name against the packages of one architecture.
    fn group(&mut self, rows: &[Row<'s>], group: &'l [Package]) {
        let newest = group.iter().map(|package| &package.key).max();
        // Of kernels those that are installed and not booted count too.
        let asks_all = self.applied == Applied::IsTold
            || kernel::is_one(&group[0].name)
            || group.iter().any(|package| package.epoch.is_none());
        for row in rows {
            let fixed = &self.index.fixes[row.fix as usize];
            if !asks_all && fixed.has_epoch && newest.is_some_and(|newest| fixed.key <= *newest) {
                break;
            }
            if concerns(*row, &group[0].arch, rows) {
                self.row(row.fix, group);
            }
        }
    }

    /// Vulnerabilities that an advisory of the host's own streams speaks of for a package.
    fn covered_by_own(&self, name: &str) -> HashSet<&'s str> {
        let all = &self.host.packages;
        let from = all.partition_point(|package| package.name.as_str() < name);
        let named = all[from..].iter().take_while(|package| package.name == name);
        let named: Vec<&Package> = named.collect();
        let rows = self.index.rows.get(name).into_iter().flatten().map(|row| row.fix);
        let source = named.first().map_or("", |package| package.source.as_str());
        let sources = self.index.sources.get(source).into_iter().flatten().copied();
        let mut covered = HashSet::new();
        for fix in rows.chain(sources) {
            let fixed = &self.index.fixes[fix as usize];
            let own = self.relations[fixed.streams as usize] == Relation::Own;
            let fits = |package: &&&Package| {
                self.is_of_module(package, fixed) && is_of_vendor(package, fixed)
            };
            if own && named.iter().any(|package| fits(&package)) {
                let cves = &self.index.advisories[fixed.advisory as usize].cves;
                covered.extend(cves.iter().map(|cve| cve.id.as_str()));
            }
        }
        covered
    }

    /// One fixed package against those of its name and architecture that are installed.
    fn row(&mut self, fix: u32, group: &'l [Package]) {
        let fixed = &self.index.fixes[fix as usize];
        let relation = self.relations[fixed.streams as usize];
        if relation == Relation::Foreign {
            return;
        }
        let same =
            |package: &&Package| self.is_of_module(package, fixed) && is_of_vendor(package, fixed);
        // Of several installed at once, kernels above all, the newest decides.
        let Some(newest) = group.iter().filter(same).max_by(|a, b| a.key.cmp(&b.key)) else {
            return;
        };
        let (is_older, without_epoch) = is_older(newest, fixed);
        let advisory = &self.index.advisories[fixed.advisory as usize];
        let running = kernel::is_running_before(&self.host.running_kernel, newest, fixed);
        let state = match (relation, is_older, running) {
            (Relation::Own, true, _) => |found: &mut Found, hit| found.missing.push(hit),
            (Relation::Own, false, true) => |found: &mut Found, hit| found.not_running.push(hit),
            (Relation::Own, false, false) if self.applied == Applied::IsTold => {
                |found: &mut Found, hit| found.applied.push(hit)
            }
            (Relation::Other, true, _) if advisory.kind == Kind::Security => {
                |found: &mut Found, hit| found.elsewhere.push(hit)
            }
            _ => return,
        };
        let hit = Hit {
            name: newest.name.clone(),
            arch: newest.arch.clone(),
            place: String::new(),
            installed: newest.evr(),
            fixed: Some(fixed.fix.evr.clone()),
            running: (running && !is_older).then(|| self.host.running_kernel.clone()),
            without_epoch,
        };
        state(self.found.entry(fixed.advisory).or_default(), hit);
    }

    /// A package's module label says its stream; without one, the enabled streams do.
    fn is_of_module(&self, package: &Package, fixed: &Fixed<'_>) -> bool {
        is_of_module(package, fixed.fix.module.as_deref(), &self.host.modules)
    }

    /// What a vendor says of a source package without a fix.
    fn state(&mut self, stated: Stated<'s>, named: &'l [Package]) {
        let Stated { vulnerability, streams, state } = stated;
        if self.relations[streams as usize] == Relation::Foreign {
            return;
        }
        let module = state.module.as_deref();
        let of_module = |package: &Package| is_of_module(package, module, &self.host.modules);
        let foreign = |package: &Package| is_foreign(&package.vendor);
        if !named.iter().any(|package| of_module(package) && !foreign(package)) {
            return;
        }
        if state.status == Status::NotAffected {
            let cve = self.index.vulnerabilities[vulnerability as usize].cve.id.as_str();
            self.unharmed.insert((cve, named[0].name.as_str()));
        } else if state.status != Status::UnderInvestigation {
            self.stated.push((stated, named));
        }
    }

    fn products(&mut self) {
        for product in &self.host.products {
            let rows = self.index.products.get(product.name.as_str());
            for &(advisory, at) in rows.into_iter().flatten() {
                let range = &self.index.advisories[advisory as usize].ranges[at];
                let is_in = products::is_in(range, &product.version);
                if !is_in && self.applied == Applied::IsLeftOut {
                    continue;
                }
                let hit = Hit {
                    name: product.name.clone(),
                    arch: String::new(),
                    place: product.place.clone(),
                    installed: product.version.clone(),
                    fixed: range.fixed.clone(),
                    running: None,
                    without_epoch: false,
                };
                let found = self.found.entry(advisory).or_default();
                if is_in { &mut found.missing } else { &mut found.applied }.push(hit);
            }
        }
    }

    fn into_matches(mut self) -> Vec<Match> {
        let found = std::mem::take(&mut self.found);
        let mut covers = Covers::default();
        let mut matches = Vec::with_capacity(found.len());
        for (number, found) in found {
            let Found { mut missing, not_running, mut elsewhere, .. } = found;
            let what = What::Advisory(number);
            missing.extend(not_running);
            if !missing.is_empty() {
                let class = if missing.iter().all(|hit| hit.fixed.is_none()) {
                    Class::NoFixYet
                } else {
                    Class::Applicable
                };
                let kernel = missing.iter().any(|hit| kernel::is_one(&hit.name));
                let live_patched = self.host.live_patched && kernel;
                matches.push(Match { what, class, hits: sorted(missing), live_patched });
                continue;
            }
            // What an advisory of the host's own streams speaks of is not to be had elsewhere.
            let cves = &self.index.advisories[number as usize].cves;
            elsewhere.retain(|hit| cves.iter().any(|cve| !covers.has(&self, &cve.id, &hit.name)));
            if !elsewhere.is_empty() {
                let class = Class::Elsewhere;
                matches.push(Match { what, class, hits: sorted(elsewhere), live_patched: false });
            }
        }
        matches.extend(self.unfixed(&mut covers));
        matches
    }

    /// One match for each vulnerability; a fix to come anywhere counts more than none.
    fn unfixed(&self, covers: &mut Covers<'s>) -> Vec<Match> {
        let mut by_cve: BTreeMap<u32, (Class, Vec<Hit>)> = BTreeMap::new();
        for (stated, named) in &self.stated {
            let cve = &self.index.vulnerabilities[stated.vulnerability as usize].cve.id;
            if covers.has(self, cve, &named[0].name) {
                continue;
            }
            let class = match stated.state.status {
                Status::WillNotFix | Status::OutOfSupport => Class::WillNotFix,
                _ => Class::NoFixYet,
            };
            let entry = by_cve.entry(stated.vulnerability).or_insert((class, Vec::new()));
            entry.0 = entry.0.min(class);
            entry.1.extend(named.iter().map(|package| Hit {
                name: package.name.clone(),
                arch: package.arch.clone(),
                place: String::new(),
                installed: package.evr(),
                fixed: None,
                running: None,
                without_epoch: false,
            }));
        }
        let told = |(number, (class, hits))| Match {
            what: What::Vulnerability(number),
            class,
            hits: sorted(hits),
            live_patched: false,
        };
        by_cve.into_iter().map(told).collect()
    }
}

/// What advisories of the host's own streams speak of, by package, as far as it was asked for.
#[derive(Default)]
struct Covers<'s>(HashMap<String, HashSet<&'s str>>);

impl<'s> Covers<'s> {
    /// Whether a vulnerability of a package is one that the host's own streams fix, or that its
    /// vendor says to do no harm there.
    fn has(&mut self, look: &Look<'_, 's>, cve: &str, name: &str) -> bool {
        if look.unharmed.contains(&(cve, name)) {
            return true;
        }
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), look.covered_by_own(name));
        }
        self.0.get(name).is_some_and(|covered| covered.contains(cve))
    }
}

/// By name and architecture; of several fixes for one package the newest is asked for.
fn sorted(mut hits: Vec<Hit>) -> Vec<Hit> {
    let key =
        |hit: &Hit| rpm_version::Evr::parse(hit.fixed.as_deref().unwrap_or_default()).sortkey();
    hits.sort();
    hits.dedup_by(|next, kept| {
        let is_same =
            (&next.name, &next.arch, &next.place) == (&kept.name, &kept.arch, &kept.place);
        if is_same && key(next) > key(kept) {
            std::mem::swap(next, kept);
        }
        is_same
    });
    hits
}

#[cfg(test)]
mod tests;
