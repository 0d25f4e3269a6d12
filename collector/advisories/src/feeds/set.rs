//! All feeds in one set, in one order, and the set as lines of JSON.
//!
//! The same readings give the same set, in whatever order they come. What several tell of one
//! advisory is joined: its texts are those of the newest revision, a package's version in a
//! stream is that of the newest revision which knows it, and streams that only one feed knows stay.

mod join;
mod lines;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Reading, Withdrawn, cvss};
use crate::model::{Advisory, Cve, Vulnerability};

pub use lines::{
    FORMAT, Item, LINE_BYTES_MAX, LINES_MAX, SetError, read, read_each, write, write_header,
    write_item,
};

pub(super) use join::joined;

/// What is known, ready to be matched or sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    pub header: Header,
    /// By id.
    pub advisories: Vec<Advisory>,
    /// By CVE.
    pub vulnerabilities: Vec<Vulnerability>,
}

/// What stands over a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: u32,
    /// Rises with every set that is made.
    pub version: u64,
    pub made_at: Timestamp,
    /// After it the set is stale.
    pub valid_until: Option<Timestamp>,
    /// What it was made of.
    pub feeds: Vec<Feed>,
    /// Repository id → CPEs: [`repositories`](super::repositories).
    #[serde(default)]
    pub repositories: BTreeMap<String, Vec<String>>,
}

/// A feed that a set was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Feed {
    /// As [`Advisory::feeds`] names it.
    pub name: String,
    /// Its form: `csaf`, `updateinfo`, `osv`, `bulletin`.
    pub kind: String,
    /// Up to when it tells.
    pub date: Timestamp,
    /// The streams that it speaks of, as [`Fix::streams`](crate::model::Fix) spells them; of Red
    /// Hat's CSAF [`RED_HAT`](crate::catalogue::RED_HAT). Empty: products outside packages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<String>,
}

/// Gathers readings into one set.
#[derive(Clone, Debug, Default)]
pub struct Merge {
    advisories: BTreeMap<String, Vec<Advisory>>,
    vulnerabilities: BTreeMap<String, Vec<Vulnerability>>,
    withdrawn: BTreeMap<String, Timestamp>,
    exploited: BTreeSet<String>,
}

impl Merge {
    /// Takes over what a feed gave; its name is noted with each advisory.
    pub fn add(&mut self, feed: &str, reading: Reading) {
        let named = |feeds: Vec<String>| {
            if feeds.is_empty() { vec![feed.to_owned()] } else { feeds }
        };
        for advisory in reading.advisories {
            let feeds = named(advisory.feeds);
            self.add_advisory(Advisory { feeds, ..advisory });
        }
        for vulnerability in reading.vulnerabilities {
            let feeds = named(vulnerability.feeds);
            self.add_vulnerability(Vulnerability { feeds, ..vulnerability });
        }
        for Withdrawn { id, at } in reading.withdrawn {
            let known = self.withdrawn.entry(id).or_insert(at);
            *known = at.max(*known);
        }
    }

    /// Takes over one advisory, such as of an older set; its feeds stand in it.
    pub fn add_advisory(&mut self, advisory: Advisory) {
        let known = self.advisories.entry(advisory.id.clone()).or_default();
        // A VEX file of each CVE names the same fixes: joined at once, they need no room.
        let same = |other: &&mut Advisory| {
            other.updated == advisory.updated && other.feeds == advisory.feeds
        };
        match known.iter_mut().find(same) {
            Some(other) => join::into(other, advisory),
            None => known.push(advisory),
        }
    }

    /// Takes over one vulnerability, such as of an older set.
    pub fn add_vulnerability(&mut self, vulnerability: Vulnerability) {
        self.vulnerabilities.entry(vulnerability.cve.id.clone()).or_default().push(vulnerability);
    }

    /// Vulnerabilities that are known to be exploited.
    pub fn exploited(&mut self, cves: impl IntoIterator<Item = String>) {
        self.exploited.extend(cves);
    }

    /// The set, without what was withdrawn.
    #[must_use]
    pub fn finish(self, header: Header) -> Set {
        let mut advisories: Vec<Advisory> =
            self.advisories.into_values().filter_map(join::advisory).collect();
        advisories.retain(|advisory| {
            self.withdrawn.get(&advisory.id).is_none_or(|at| advisory.updated > *at)
        });
        let mut vulnerabilities: Vec<Vulnerability> =
            self.vulnerabilities.into_values().filter_map(join::vulnerability).collect();
        share(&mut advisories, &mut vulnerabilities, &self.exploited);
        Set { header, advisories, vulnerabilities }
    }
}

/// What one feed tells of a CVE holds for every advisory that fixes it.
fn share(
    advisories: &mut [Advisory],
    vulnerabilities: &mut [Vulnerability],
    exploited: &BTreeSet<String>,
) {
    let mut known = BTreeMap::<String, Cve>::new();
    let told = advisories.iter().flat_map(|advisory| &advisory.cves);
    for cve in told.chain(vulnerabilities.iter().map(|vulnerability| &vulnerability.cve)) {
        let best = known.entry(cve.id.clone()).or_default();
        best.exploited |= cve.exploited || exploited.contains(&cve.id);
        if let Some(score) = cve.cvss_tenths {
            cvss::take(best, score, &cve.cvss_vector);
        }
    }
    let cves = advisories.iter_mut().flat_map(|advisory| &mut advisory.cves);
    for cve in cves.chain(vulnerabilities.iter_mut().map(|vulnerability| &mut vulnerability.cve)) {
        let Some(best) = known.get(&cve.id) else { continue };
        cve.exploited = best.exploited;
        if cve.cvss_tenths.is_none() {
            cve.cvss_tenths = best.cvss_tenths;
            cve.cvss_vector.clone_from(&best.cvss_vector);
        }
    }
}

#[cfg(test)]
mod tests;
