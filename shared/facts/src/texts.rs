//! What kinds of text facts hold, for hosts that let only some of it leave: lines quoted from the
//! host, versions of vendors' products, and members that bear our names, not the host's.

/// Facts that are made of lines of the host.
const QUOTES: [&str; 1] = ["logs.templates"];

/// Members of facts' rows that quote lines of the host: fact, member.
const QUOTED_MEMBERS: [(&str, &str); 1] = [("logs.patterns", "samples")];

/// Facts that are versions of vendors' products, the products' names with them: without these no
/// patch level can be judged.
const VERSIONS: [&str; 6] =
    ["os.cpe", "os.family", "os.id", "os.name", "packages.evr", "packages.installed"];

/// Facts whose members have names that the probes, the parsers or the patterns give: no host can
/// put a word of its own there.
const NAMED_BY_US: [&str; 11] = [
    "cluster.keys",
    "cluster.versions",
    "file_modes.map",
    "guide_files.map",
    "logs.count",
    "logs.days",
    "logs.window",
    "net.tcp_states",
    "resources.busy_hours",
    "resources.files_growth",
    "resources.gaps",
];

/// Whether a fact is made of lines of the host.
#[must_use]
pub fn quotes(key: &str) -> bool {
    QUOTES.contains(&key)
}

/// The member of a fact's rows that quotes lines of the host.
#[must_use]
pub fn quoted_member(key: &str) -> Option<&'static str> {
    QUOTED_MEMBERS.iter().find(|(fact, _)| *fact == key).map(|(_, member)| *member)
}

/// Whether a fact is versions of vendors' products.
#[must_use]
pub fn is_versions(key: &str) -> bool {
    VERSIONS.contains(&key)
}

/// Whether the names of a fact's members tell nothing of the host.
#[must_use]
pub fn is_named_by_us(key: &str) -> bool {
    NAMED_BY_US.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_lists_is_a_fact() {
        let quoted = QUOTED_MEMBERS.iter().map(|(fact, _)| fact);
        for key in QUOTES.iter().chain(quoted).chain(&VERSIONS).chain(&NAMED_BY_US) {
            assert!(crate::catalogue().any(|spec| spec.key == *key), "{key}");
        }
    }
}
