//! A set of advisories as a host asks it: indexed, and how fresh it is for that host.

use jiff::Timestamp;

use crate::feeds::set::Set;
use crate::host::Host;
use crate::index::Index;
use crate::stream::{Relation, Streams};

impl Set {
    /// Indexes it.
    #[must_use]
    pub fn index(&self) -> Index<'_> {
        Index::new(&self.advisories, &self.vulnerabilities, &self.header.repositories)
    }

    /// Up to when it tells of a host's packages: the newest of the feeds that speak of its
    /// streams; none where no feed does.
    #[must_use]
    pub fn dated(&self, host: &Host, streams: &Streams) -> Option<Timestamp> {
        let covers = |stream: &String| {
            if stream == RED_HAT {
                return host.os.takes_from_red_hat();
            }
            streams.relation(std::slice::from_ref(stream), &self.header.repositories)
                == Relation::Own
        };
        let own = self.header.feeds.iter().filter(|feed| feed.covers.iter().any(covers));
        own.map(|feed| feed.date).max()
    }
}

/// What Red Hat's own feeds cover: every release.
pub const RED_HAT: &str = "cpe:/o:redhat:enterprise_linux";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::set::{Feed, Header};
    use crate::host::Os;

    #[test]
    fn a_host_is_as_fresh_as_the_feeds_that_speak_of_it() {
        let feed = |name: &str, date: &str, covers: &[&str]| Feed {
            name: name.to_owned(),
            kind: "csaf".to_owned(),
            date: date.parse().unwrap(),
            covers: covers.iter().map(|&stream| stream.to_owned()).collect(),
        };
        let feeds = vec![
            feed("a", "2026-11-01T00:00:00Z", &[RED_HAT]),
            feed("b", "2026-11-03T00:00:00Z", &["repo:base"]),
            feed("c", "2026-11-20T00:00:00Z", &["os:rocky:9"]),
            feed("d", "2026-11-25T00:00:00Z", &[]),
        ];
        let header = Header {
            format: 1,
            version: 1,
            made_at: Timestamp::UNIX_EPOCH,
            valid_until: None,
            feeds,
            repositories: Default::default(),
        };
        let set = Set { header, advisories: Vec::new(), vulnerabilities: Vec::new() };
        let dated = |id: &str, repositories: &[&str]| {
            let host = Host {
                os: Os::of(id, "9.4", ""),
                repositories: Some(repositories.iter().map(|&id| id.to_owned()).collect()),
                ..Host::default()
            };
            let streams = Streams::of(&host, &set.header.repositories);
            set.dated(&host, &streams).map(|date| date.to_string())
        };
        assert_eq!(dated("rhel", &[]).as_deref(), Some("2026-11-01T00:00:00Z"));
        assert_eq!(dated("rhel", &["base"]).as_deref(), Some("2026-11-03T00:00:00Z"));
        assert_eq!(dated("rocky", &[]).as_deref(), Some("2026-11-20T00:00:00Z"));
        assert_eq!(dated("almalinux", &[]), None);
    }
}
