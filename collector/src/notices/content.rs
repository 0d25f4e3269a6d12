//! What a notice keeps of an advisory and of a host: enough to write the mail and the page, small
//! enough for a row. Pure.

use carepack_advisories::host::Host;
use carepack_advisories::matching::{Class, Hit};
use carepack_advisories::model::{Advisory, Cve, Text};
use carepack_shared::digest::sha256_hex;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Most packages of one host that are kept; the rest is counted.
pub const HITS_MAX: usize = 200;

/// What an advisory says, without its packages. Two that are equal tell the customer the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    pub title: Text,
    pub summary: Text,
    pub published: Timestamp,
    pub cves: Vec<Cve>,
    pub reboot: bool,
    pub restart: bool,
    pub references: Vec<String>,
    /// Of what fixes it, so that other packages are another content.
    pub fixes_sha256: String,
}

impl Content {
    #[must_use]
    pub fn of(advisory: &Advisory) -> Self {
        let fixes = serde_json::to_vec(&(&advisory.fixes, &advisory.ranges)).unwrap_or_default();
        Self {
            title: advisory.title.clone(),
            summary: advisory.summary.clone(),
            published: advisory.published,
            cves: advisory.cves.clone(),
            reboot: advisory.reboot,
            restart: advisory.restart,
            references: advisory.references.clone(),
            fixes_sha256: sha256_hex(&fixes),
        }
    }
}

/// Why a host is concerned: what it has against what it should have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// As os-release says it, for the command that helps.
    pub os: String,
    pub major: u32,
    /// [`Class::as_str`].
    pub class: String,
    /// A live patch of the kernel is in force.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live_patched: bool,
    pub hits: Vec<Hit>,
    /// How many hits there were beyond [`HITS_MAX`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

impl Evidence {
    /// The evidence of a host's hits.
    #[must_use]
    pub fn of(host: &Host, class: Class, live_patched: bool, hits: &[Hit]) -> Self {
        Self {
            os: host.os.id.clone(),
            major: host.os.major,
            class: class.as_str().to_owned(),
            live_patched,
            hits: hits.iter().take(HITS_MAX).cloned().collect(),
            left_out: hits.len().saturating_sub(HITS_MAX),
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether none of its packages and products is on the host any more.
    #[must_use]
    pub fn is_removed_from(&self, host: &Host) -> bool {
        !self.hits.iter().any(|seen| {
            let package = host.packages.iter().any(|p| p.name == seen.name && p.arch == seen.arch);
            package || host.products.iter().any(|p| p.name == seen.name && p.place == seen.place)
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}
