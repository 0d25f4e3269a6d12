//! A published pattern told to who has it: one notice a contract, drafted as a bulletin would be
//! and held for an engineer, who lets it go.
//!
//! The hosts are those whose newest snapshot has it in the trial of the published revision. Whether
//! it is gone again a later snapshot says ([`super::watch`]), as for an advisory.

use std::collections::{BTreeMap, HashSet};

use carepack_advisories::model::{Severity, Text};
use carepack_assessment::model::Level;
use carepack_assessment::rule::Rule;
use carepack_assessment::score;
use carepack_shared::digest::sha256_hex;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Found, PatternError, compiled};
use crate::notices::{Content, Evidence};
use crate::store::{Hold, Reason, Revision, Store, SupportPattern};

/// The advisory's id of a pattern.
#[must_use]
pub fn advisory(pattern: &str) -> String {
    format!("PATTERN-{pattern}")
}

/// Drafts the notices of a published pattern; how many are new. It may be told twice.
///
/// # Errors
/// [`PatternError::Untried`] without a trial of this revision.
pub async fn draft(
    store: &Store,
    pattern: &SupportPattern,
    now: Timestamp,
) -> Result<usize, PatternError> {
    let trial = store.trial(&pattern.id, pattern.revision).await?;
    let trial = trial.ok_or_else(|| PatternError::Untried {
        id: pattern.id.clone(),
        revision: pattern.revision,
    })?;
    let found: Found = serde_json::from_str(&trial.result)?;
    let rule = compiled(pattern)?;
    let content = serde_json::to_string(&content(pattern, &rule, now))?;
    let in_force = in_force(store, now).await?;
    let mut affected: BTreeMap<Uuid, Vec<(Uuid, String)>> = BTreeMap::new();
    for host in found.hosts.iter().filter(|host| host.now && in_force.contains(&host.contract)) {
        let evidence = Evidence::default().to_json();
        affected.entry(host.contract).or_default().push((host.host, evidence));
    }
    let revision = Revision {
        updated: now,
        kind: "bugfix",
        severity: severity(&rule).as_str(),
        exploited: false,
        content: &content,
        revision: 1,
        reason: Reason::New,
        hold: Hold::Engineer,
    };
    let id = advisory(&pattern.id);
    let mut drafted = 0;
    for (contract, hosts) in affected {
        let what = (Uuid::now_v7(), contract, id.as_str());
        drafted += usize::from(store.add_notice(what, &revision, &hosts, now).await?);
    }
    tracing::info!(pattern = %pattern.id, notices = drafted, "pattern.told");
    Ok(drafted)
}

/// Contracts that are in force today.
async fn in_force(store: &Store, now: Timestamp) -> Result<HashSet<Uuid>, PatternError> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let contracts = store.contracts().await?;
    let in_force = contracts.iter().filter(|c| c.starts <= today && today <= c.ends);
    Ok(in_force.map(|contract| contract.id).collect())
}

fn severity(rule: &Rule) -> Severity {
    match score::level(rule.spec.impact, rule.spec.likelihood.base) {
        Level::Critical => Severity::Critical,
        Level::Important => Severity::Important,
        Level::Moderate => Severity::Moderate,
        Level::Low => Severity::Low,
    }
}

/// What the pattern says of itself: why, then the way out.
fn content(pattern: &SupportPattern, rule: &Rule, now: Timestamp) -> Content {
    let text = |language: &str| {
        let text = rule.spec.text.get(language);
        text.map(|text| (text.title.clone(), text.why.clone())).unwrap_or_default()
    };
    let remedy = rule.spec.remedy.first();
    let (ko, en) = (text("ko"), text("en"));
    let joined = |why: String, way: Option<&String>| match way {
        Some(way) => format!("{why}\n{way}"),
        None => why,
    };
    Content {
        title: Text { ko: ko.0, en: en.0 },
        summary: Text {
            ko: joined(ko.1, remedy.map(|remedy| &remedy.ko)),
            en: joined(en.1, remedy.map(|remedy| &remedy.en)),
        },
        published: now,
        cves: Vec::new(),
        reboot: remedy.is_some_and(|remedy| remedy.reboot),
        restart: false,
        references: Vec::new(),
        fixes_sha256: sha256_hex(pattern.yaml.as_bytes()),
    }
}
