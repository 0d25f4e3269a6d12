//! The catalogue of what is collected, generated from the list of probes.
//!
//! `carepack-agent probes` prints it, and the manual holds a copy of it.

use serde::Serialize;

use super::{Privilege, Probe, Read};

/// One probe as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Described {
    pub id: &'static str,
    pub about_ko: &'static str,
    pub about_en: &'static str,
    /// `none` or `read_all`.
    pub privilege: &'static str,
    pub deadline_ms: u64,
    pub sources: Vec<DescribedSource>,
}

/// One source of a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DescribedSource {
    /// `/etc/hosts`, `cmd:rpm-packages`, `survey:statfs`, `log:journal`.
    pub key: String,
    /// The command line, or what a survey looks at; empty for files.
    pub looks_at: Vec<String>,
    /// Most bytes taken; none for surveys, which have caps of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_max: Option<usize>,
}

/// The catalogue of some probes.
#[must_use]
pub fn describe(probes: &[&Probe]) -> Vec<Described> {
    probes.iter().map(|probe| one(probe)).collect()
}

fn one(probe: &Probe) -> Described {
    Described {
        id: probe.id,
        about_ko: probe.about_ko,
        about_en: probe.about_en,
        privilege: match probe.privilege {
            Privilege::None => "none",
            Privilege::ReadAll => "read_all",
        },
        deadline_ms: probe.deadline_ms,
        sources: probe.reads.iter().map(source).collect(),
    }
}

fn source(read: &Read) -> DescribedSource {
    let owned =
        |words: &[&str]| -> Vec<String> { words.iter().map(|&word| word.to_owned()).collect() };
    let (looks_at, bytes_max) = match read {
        Read::File { bytes_max, .. } | Read::Glob { bytes_max, .. } => {
            (Vec::new(), Some(*bytes_max))
        }
        Read::Link { .. } => (Vec::new(), None),
        Read::Command(command)
        | Read::Dependent { command, .. }
        | Read::Fallback { command, .. } => (owned(command.argv), Some(command.output_bytes_max)),
        Read::Found { reads, bytes_max, .. } => (owned(reads), Some(*bytes_max)),
        Read::Survey { reads, .. } | Read::Samples { reads } => (owned(reads), None),
        Read::Log { reads, found } => ([owned(reads), owned(found)].concat(), None),
    };
    DescribedSource { key: read.source().key(), looks_at, bytes_max }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_catalogue_speaks_both_languages_and_names_every_source() {
        let catalogue = super::describe(crate::probes::all());
        assert!(!catalogue.is_empty());
        for probe in catalogue {
            assert!(!probe.sources.is_empty(), "{}", probe.id);
            assert!(probe.about_ko.chars().any(|c| ('가'..='힣').contains(&c)), "{}", probe.id);
            assert!(probe.about_en.is_ascii(), "{}", probe.id);
            for source in probe.sources {
                let counted = source.key.starts_with("survey:") || source.key.starts_with("log:");
                assert!(!counted || !source.looks_at.is_empty(), "{}", source.key);
            }
        }
    }
}
