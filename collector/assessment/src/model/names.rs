//! The names by which verdicts, areas, levels, standings, hosts and groups are kept outside of an
//! assessment.

use super::{Area, GroupAssessment, HostAssessment, Level, Standing, Verdict};
use crate::topology::Kind;

impl Verdict {
    /// All of them, the worst first.
    pub const ALL: [Self; 6] = [
        Self::Danger,
        Self::Attention,
        Self::Unknown,
        Self::Excepted,
        Self::Pass,
        Self::NotApplicable,
    ];

    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Danger => "danger",
            Self::Attention => "attention",
            Self::Unknown => "unknown",
            Self::Excepted => "excepted",
            Self::Pass => "pass",
            Self::NotApplicable => "not_applicable",
        }
    }

    /// The verdict of a stored word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }
}

impl Area {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Security => "security",
            Self::Stability => "stability",
            Self::Performance => "performance",
            Self::Hygiene => "hygiene",
        }
    }
}

impl Level {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Important => "important",
            Self::Moderate => "moderate",
            Self::Low => "low",
        }
    }
}

impl Standing {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Persisting => "persisting",
            Self::Recurring => "recurring",
            Self::Resolved => "resolved",
        }
    }
}

impl HostAssessment {
    /// By which a host's findings are named outside of the assessment.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("host:{}", self.host.id)
    }
}

impl GroupAssessment {
    /// By which a group's findings are named outside of the assessment.
    #[must_use]
    pub fn subject(&self) -> String {
        let kind = match self.kind {
            Kind::Cluster => "cluster",
            Kind::WebApp => "web_app",
            Kind::AppDb => "app_db",
        };
        format!("{kind}:{}", self.name)
    }
}
