//! What is kept of an advisory, whatever form its vendor gives it.
//!
//! One [`Advisory`] is one announcement with its fixed packages; one [`Vulnerability`] is what a
//! vendor says of a CVE where there is no fix. Both travel as JSON, one in a line, in a feed set.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an advisory is about. Red Hat: RHSA, RHBA, RHEA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Security,
    Bugfix,
    Enhancement,
}

/// The vendor's own rating; the order is that of urgency.
///
/// Red Hat's four words; others are brought to them (`high` is important, `medium` moderate).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    #[default]
    None,
    Low,
    Moderate,
    Important,
    Critical,
}

/// One announcement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// As the vendor writes it: `RHSA-2024:0811`, `RLSA-2023:3220`, `CVE-2025-24813` of a product.
    pub id: String,
    pub kind: Kind,
    #[serde(default)]
    pub severity: Severity,
    pub title: Text,
    /// What it means, in a few sentences. Korean is the engineer's own summary; empty until then.
    #[serde(default)]
    pub summary: Text,
    pub published: Timestamp,
    /// The last revision. A later one takes the place of an earlier one with the same id.
    pub updated: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cves: Vec<Cve>,
    /// The vendor says that the machine must boot anew.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reboot: bool,
    /// The vendor says that services or sessions must start anew.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restart: bool,
    /// Addresses to read more at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The packages that fix it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<Fix>,
    /// The versions of products outside RPM that have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Range>,
    /// Names of the feeds that told of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<String>,
}

/// A text in both languages; either may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ko: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub en: String,
}

/// A vulnerability that an advisory speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cve {
    pub id: String,
    /// CVSS base score in tenths: 98 is 9.8. The newest version of CVSS that the feed gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss_tenths: Option<u8>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cvss_vector: String,
    /// It stands in a catalogue of vulnerabilities known to be exploited.
    #[serde(default, skip_serializing_if = "is_false")]
    pub exploited: bool,
}

/// Packages that fix it in one stream, all of one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fix {
    /// Where they are published; any of these. Three spellings:
    /// `cpe:/a:redhat:enterprise_linux:8::appstream` (Red Hat's CSAF, VEX),
    /// `repo:rhel-8-for-x86_64-appstream-rpms` (`updateinfo.xml` of that repository),
    /// `os:rocky:9` (a distribution's id and major of os-release).
    pub streams: Vec<String>,
    /// `name:stream` of a module, e.g. `ruby:2.7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// `E:V-R`; no epoch means that the feed did not tell it, which is not zero.
    pub evr: String,
    /// `name.arch`, source packages (`name.src`) too where the feed has them. A name alone means
    /// any architecture: OSV does not tell it. Where Red Hat names only what it was built of,
    /// that stands as `name.src` alone.
    pub packages: Vec<String>,
}

/// Versions of a product outside RPM: from `introduced` on, before `fixed` or up to `last`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// As facts name it: `tomcat`, `httpd`, `mysql`, `mariadb`, `wildfly`, `eap`, `jdk`.
    pub product: String,
    /// The first version that has it; none: all from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced: Option<String>,
    /// The first version without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// The last version that has it, where no fixed one is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// A CVE of which a vendor says where it stays open and where it does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vulnerability {
    pub cve: Cve,
    #[serde(default)]
    pub severity: Severity,
    pub title: String,
    pub published: Timestamp,
    pub updated: Timestamp,
    pub states: Vec<State>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<String>,
}

/// What a vendor says of packages in some streams.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct State {
    pub status: Status,
    /// As [`Fix::streams`].
    pub streams: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Names, mostly of source packages, without versions.
    pub packages: Vec<String>,
}

/// What becomes of an unfixed package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A fix is to be expected.
    Affected,
    /// A fix is put off.
    FixDeferred,
    UnderInvestigation,
    WillNotFix,
    /// Its stream gets no fixes any more.
    OutOfSupport,
    NotAffected,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Severity {
    /// Brings a vendor's word to the four of Red Hat, whatever its case.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "important" | "high" => Self::Important,
            "moderate" | "medium" => Self::Moderate,
            "low" => Self::Low,
            _ => Self::None,
        }
    }

    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::Important => "important",
            Self::Critical => "critical",
        }
    }
}

impl Kind {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Bugfix => "bugfix",
            Self::Enhancement => "enhancement",
        }
    }
}

impl Advisory {
    /// The worst CVSS base score of its vulnerabilities, in tenths.
    #[must_use]
    pub fn cvss_tenths(&self) -> Option<u8> {
        self.cves.iter().filter_map(|cve| cve.cvss_tenths).max()
    }

    /// One of its vulnerabilities is known to be exploited.
    #[must_use]
    pub fn is_exploited(&self) -> bool {
        self.cves.iter().any(|cve| cve.exploited)
    }
}
