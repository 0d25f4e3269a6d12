//! What the customer keeps back, held against a probe and its reads.

use crate::probes;

/// The customer's deny list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withhold {
    /// Probe ids.
    pub probes: Vec<String>,
    /// Paths and source keys (`cmd:…`, `survey:…`); each also covers what lies under it. A survey
    /// that looks at such a path is kept back whole.
    pub paths: Vec<String>,
    /// Regular expressions; a line that matches is masked whole.
    pub patterns: Vec<String>,
    /// Words masked wherever they stand.
    pub keywords: Vec<String>,
}

impl Withhold {
    /// Whether a path or source key is kept back.
    #[must_use]
    pub fn covers(&self, key: &str) -> bool {
        self.paths.iter().any(|path| {
            let path = path.trim_end_matches('/');
            key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Whether a probe, or one of its reads, is kept back whole.
    #[must_use]
    pub fn keeps(&self, probe: &probes::Probe, read: &probes::Read) -> bool {
        self.probes.iter().any(|id| id == probe.id)
            || self.covers(&read.source().key())
            || read.paths().iter().any(|path| self.covers(path))
    }
}
