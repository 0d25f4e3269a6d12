//! Which of a vendor's streams a host takes its packages from.
//!
//! One advisory fixes several streams, each with another version (main line, EUS, AUS, E4S, ELS):
//! the highest would call a patched EUS host open, any of them an open main-line host patched.
//! A host's streams come from its enabled repositories by Red Hat's map of repositories to CPEs;
//! where no repository is known, from its os-release.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::{Host, Os};

/// How a host stands to the streams of a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// It takes packages from there.
    Own,
    /// The same product and major release: another life-cycle stream, or a repository that is off.
    Other,
    /// Another product, release or distribution.
    Foreign,
}

/// Red Hat's map of repository ids to CPEs.
pub type Repositories = BTreeMap<String, Vec<String>>;

/// Products of Red Hat that are RHEL itself, in one life-cycle stream or another.
const RHEL: [&str; 9] = [
    "enterprise_linux",
    "rhel_eus",
    "rhel_eus_long_life",
    "rhel_e4s",
    "rhel_aus",
    "rhel_tus",
    "rhel_els",
    "rhel_extras",
    "rhel_mission_critical",
];

/// The streams that one host takes packages from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Streams {
    os: Os,
    /// Enabled ones, where they are known.
    repositories: Option<BTreeSet<String>>,
    /// By the map, narrowed to the host's release; none: the main line of its major release.
    cpes: Option<Vec<Cpe>>,
}

/// `cpe:/a:redhat:rhel_eus:9.2::appstream`, as much of it as decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cpe {
    vendor: String,
    product: String,
    version: String,
    /// The edition: a repository's kind, or `el8` of a layered product.
    variant: String,
}

impl Cpe {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("cpe:/")?.split(':').skip(1);
        let mut next = || parts.next().unwrap_or_default().to_owned();
        let (vendor, product, version) = (next(), next(), next());
        let _update = next();
        let found = Self { vendor, product, version, variant: next() };
        (!found.product.is_empty()).then_some(found)
    }

    fn is_rhel(&self) -> bool {
        self.vendor == "redhat" && RHEL.contains(&self.product.as_str())
    }

    /// The major release of RHEL that it is for.
    fn major(&self) -> Option<u32> {
        let layered = self.variant.strip_prefix("el").filter(|_| !self.is_rhel());
        let version = layered.unwrap_or(&self.version);
        version.split('.').next()?.parse().ok()
    }

    /// Has a minor release in its version: `9.2`.
    fn minor(&self) -> Option<u32> {
        self.version.split_once('.')?.1.parse().ok()
    }

    fn is_mainline(&self) -> bool {
        self.is_rhel() && self.product == "enterprise_linux"
    }

    /// Whether a host's CPE covers one that a document names. A document may leave the variant out
    /// (of a CVE without a fix), and from RHEL 10 on the main line carries its minor release.
    fn covers(&self, told: &Self) -> bool {
        self.vendor == told.vendor
            && self.product == told.product
            && (self.version == told.version || self.is_mainline() && self.major() == told.major())
            && (told.variant.is_empty() || self.variant.is_empty() || self.variant == told.variant)
    }
}

impl Streams {
    /// The streams of a host, by the map of a feed.
    #[must_use]
    pub fn of(host: &Host, map: &Repositories) -> Self {
        let os = &host.os;
        let held = host.release.split_once('.').and_then(|(_, minor)| minor.parse().ok());
        let minor = held.or(os.minor);
        let known = host.repositories.as_deref().unwrap_or_default();
        let mut cpes: Vec<Cpe> = known
            .iter()
            .filter_map(|id| map.get(id))
            .flatten()
            .filter_map(|cpe| Cpe::parse(cpe))
            // One repository id serves every EUS release; the host follows its own.
            .filter(|cpe| {
                cpe.is_mainline() || !cpe.is_rhel() || cpe.minor().is_none() || cpe.minor() == minor
            })
            .collect();
        cpes.sort();
        cpes.dedup();
        Self {
            os: os.clone(),
            repositories: host.repositories.as_ref().map(|known| known.iter().cloned().collect()),
            cpes: (!cpes.is_empty()).then_some(cpes),
        }
    }

    /// Whether the map knew a repository of the host; else its streams are a guess.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.cpes.is_some()
    }

    /// How the host stands to a fix that is published in any of `streams`: the nearest counts.
    #[must_use]
    pub fn relation(&self, streams: &[String], map: &Repositories) -> Relation {
        let each = streams.iter().map(|stream| self.one(stream, map));
        each.min().unwrap_or(Relation::Foreign)
    }

    fn one(&self, stream: &str, map: &Repositories) -> Relation {
        if let Some(id) = stream.strip_prefix("repo:") {
            if self.repositories.as_ref().is_some_and(|known| known.contains(id)) {
                return Relation::Own;
            }
            let cpes = map.get(id).into_iter().flatten();
            let known = cpes.map(|cpe| self.cpe(cpe)).min().unwrap_or(Relation::Foreign);
            // The repository itself is off, whatever else carries the same CPE.
            return if self.repositories.is_some() { known.max(Relation::Other) } else { known };
        }
        if let Some(os) = stream.strip_prefix("os:") {
            return self.distribution(os);
        }
        self.cpe(stream)
    }

    /// `rocky:9`, `epel:9`.
    fn distribution(&self, stream: &str) -> Relation {
        let Some((id, version)) = stream.split_once(':') else { return Relation::Foreign };
        let major = version.split('.').next().and_then(|major| major.parse().ok());
        if major != Some(self.os.major) {
            return Relation::Foreign;
        }
        if id == "epel" {
            let on = |known: &BTreeSet<String>| known.iter().any(|id| id.starts_with("epel"));
            return match &self.repositories {
                Some(known) if on(known) => Relation::Own,
                Some(_) => Relation::Other,
                None => Relation::Own,
            };
        }
        if id == self.os.id { Relation::Own } else { Relation::Foreign }
    }

    fn cpe(&self, text: &str) -> Relation {
        let Some(told) = Cpe::parse(text) else { return Relation::Foreign };
        if told.major() != Some(self.os.major) || !self.os.takes_from_red_hat() {
            return Relation::Foreign;
        }
        let own = match &self.cpes {
            Some(known) => known.iter().any(|cpe| cpe.covers(&told)),
            None => told.is_mainline(),
        };
        match own {
            true => Relation::Own,
            false if told.is_rhel() => Relation::Other,
            false => Relation::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = "cpe:/o:redhat:enterprise_linux:9::baseos";
    const EUS2: &str = "cpe:/o:redhat:rhel_eus:9.2::baseos";
    const EUS4: &str = "cpe:/o:redhat:rhel_eus:9.4::baseos";

    fn map() -> Repositories {
        let ids = |id: &str, cpes: &[&str]| {
            (id.to_owned(), cpes.iter().map(|&cpe| cpe.to_owned()).collect())
        };
        BTreeMap::from([
            ids("base", &[MAIN]),
            ids("base-eus", &[EUS2, EUS4]),
            ids("ha", &["cpe:/a:redhat:enterprise_linux:9::highavailability"]),
            ids("base10", &["cpe:/o:redhat:enterprise_linux:10.0::baseos"]),
        ])
    }

    fn os(id: &str, version: &str) -> Os {
        Os::of(id, version, "")
    }

    fn relations(os: &Os, known: Option<&[&str]>, release: Option<&str>, told: &[&str]) -> String {
        let known: Option<Vec<String>> =
            known.map(|known| known.iter().map(|&id| id.to_owned()).collect());
        let host = Host {
            os: os.clone(),
            repositories: known,
            release: release.unwrap_or_default().to_owned(),
            ..Host::default()
        };
        let streams = Streams::of(&host, &map());
        let each =
            told.iter().map(|&stream| match streams.relation(&[stream.to_owned()], &map()) {
                Relation::Own => 'o',
                Relation::Other => 'x',
                Relation::Foreign => '-',
            });
        each.collect()
    }

    #[test]
    fn a_host_follows_its_repositories_and_its_release() {
        let told = [MAIN, EUS2, EUS4, "cpe:/o:redhat:enterprise_linux:8::baseos"];
        let rhel = os("rhel", "9.2");
        assert_eq!(relations(&rhel, Some(&["base"]), None, &told), "oxx-");
        assert_eq!(relations(&rhel, Some(&["base-eus"]), None, &told), "xox-");
        assert_eq!(relations(&rhel, Some(&["base-eus"]), Some("9.4"), &told), "xxo-");
        // Nothing known, or names of the site's own: the main line.
        assert_eq!(relations(&rhel, None, None, &told), "oxx-");
        assert_eq!(relations(&rhel, Some(&["mirror"]), None, &told), "oxx-");
        assert_eq!(relations(&os("rocky", "9.2"), None, None, &told), "----");
        assert_eq!(relations(&os("centos", "9"), None, None, &told), "----");
    }

    #[test]
    fn a_repository_that_is_off_and_a_layered_product() {
        let told = [
            "cpe:/a:redhat:enterprise_linux:9::highavailability",
            "cpe:/a:redhat:enterprise_linux:9",
            "cpe:/a:redhat:openshift:4.13::el9",
            "repo:ha",
            "repo:base",
            "repo:unknown",
        ];
        let rhel = os("rhel", "9.4");
        assert_eq!(relations(&rhel, Some(&["base"]), None, &told), "xo-xo-");
        assert_eq!(relations(&rhel, Some(&["base", "ha"]), None, &told), "oo-oo-");
        assert_eq!(relations(&rhel, None, None, &told), "oo-oo-");
    }

    #[test]
    fn rebuilds_by_their_own_and_ten_by_its_major() {
        let told = ["os:rocky:9", "os:almalinux:9", "os:rocky:8", "os:epel:9"];
        assert_eq!(relations(&os("rocky", "9.4"), Some(&["appstream"]), None, &told), "o--x");
        assert_eq!(relations(&os("rocky", "9.4"), Some(&["epel"]), None, &told), "o--o");
        let told = [
            "cpe:/o:redhat:enterprise_linux:10.1::baseos",
            "cpe:/o:redhat:enterprise_linux:10",
            "cpe:/o:redhat:rhel_eus:10.0::baseos",
        ];
        assert_eq!(relations(&os("rhel", "10.1"), Some(&["base10"]), None, &told), "oox");
    }
}
