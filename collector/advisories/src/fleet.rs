//! All hosts of all customers, so that a new advisory finds its hosts at once.
//!
//! Hosts installed alike are one profile, and a package that many hosts have is held once for
//! each profile that has it; an advisory looks only at profiles that have one of its names.

use std::collections::{BTreeSet, HashMap};

use crate::host::Host;
use crate::index::Index;
use crate::matching::{Match, matches};
use crate::stream::{Repositories, Streams};

/// Hosts by what is installed on them.
#[derive(Default)]
pub struct Fleet<Id> {
    profiles: Vec<Profile<Id>>,
    /// Package name → profiles that have it.
    by_package: HashMap<String, Vec<u32>>,
    /// Product outside RPM → profiles that have it.
    by_product: HashMap<String, Vec<u32>>,
}

struct Profile<Id> {
    host: Host,
    streams: Streams,
    ids: Vec<Id>,
}

impl<Id> Fleet<Id> {
    /// Gathers installations, each with the hosts that have it (alike hosts have one digest);
    /// `repositories` is the map of the feed that they are matched with.
    #[must_use]
    pub fn new(
        profiles: impl IntoIterator<Item = (Vec<Id>, Host)>,
        repositories: &Repositories,
    ) -> Self {
        let mut fleet =
            Self { profiles: Vec::new(), by_package: HashMap::new(), by_product: HashMap::new() };
        for (number, (ids, host)) in (0..).zip(profiles) {
            for package in &host.packages {
                add(&mut fleet.by_package, &package.name, number);
                add(&mut fleet.by_package, &package.source, number);
            }
            host.products.iter().for_each(|p| add(&mut fleet.by_product, &p.name, number));
            let streams = Streams::of(&host, repositories);
            fleet.profiles.push(Profile { host, streams, ids });
        }
        fleet
    }

    /// Distinct installations among the hosts.
    #[must_use]
    pub fn profiles(&self) -> usize {
        self.profiles.len()
    }

    /// What the advisories of an index, one or a few, mean to the hosts: each profile's hosts with
    /// what they lack; those that lack nothing are left out.
    #[must_use]
    pub fn lacking(&self, index: &Index<'_>) -> Vec<(&[Id], Vec<Match>)> {
        let mut asked: BTreeSet<u32> = BTreeSet::new();
        let names = index.rows.keys().chain(index.states.keys()).chain(index.sources.keys());
        asked.extend(names.filter_map(|name| self.by_package.get(*name)).flatten());
        asked.extend(index.products.keys().filter_map(|name| self.by_product.get(*name)).flatten());
        let mut found = Vec::new();
        for number in asked {
            let profile = &self.profiles[number as usize];
            let lacks = matches(index, &profile.host, &profile.streams);
            if !lacks.is_empty() {
                found.push((profile.ids.as_slice(), lacks));
            }
        }
        found
    }
}

fn add(map: &mut HashMap<String, Vec<u32>>, name: &str, number: u32) {
    match map.get_mut(name) {
        Some(list) if list.last() == Some(&number) => {}
        Some(list) => list.push(number),
        None => drop(map.insert(name.to_owned(), vec![number])),
    }
}
