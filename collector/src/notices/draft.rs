//! From catalogue and inventories to notices: one a contract and advisory, with exactly the hosts
//! that can apply it now.
//!
//! Which they are is a pure function; what is written is only what differs from what is there, so
//! the job may run at any time, twice at once too. Advisories whose fix lies elsewhere or does not
//! exist make no notice: they stand in the report.

use std::collections::{BTreeMap, HashMap};

use carepack_advisories::feeds::set::Set;
use carepack_advisories::fleet::Fleet;
use carepack_advisories::host::Host;
use carepack_advisories::index::Index;
use carepack_advisories::matching::{Class, What};
use carepack_advisories::model::Advisory;
use jiff::Timestamp;
use uuid::Uuid;

use super::NoticesError;
use super::content::{Content, Evidence};
use super::policy::Policy;
use crate::store::{Contract, Hold, Notice, Reason, Revision, Store};

/// A contract that is told of advisories.
pub struct Told {
    pub contract: Contract,
    pub policy: Policy,
    /// Kinds that at least one contact wants; security always.
    pub kinds: Vec<String>,
}

/// What one contract should be told of one advisory.
#[derive(Debug, PartialEq)]
pub struct Affected<'c> {
    pub contract: Uuid,
    pub advisory: &'c Advisory,
    pub hosts: BTreeMap<Uuid, Evidence>,
}

/// What a run of drafting did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drafts {
    pub new: usize,
    pub revised: usize,
}

/// Which contracts are concerned by which advisories, in the order of the catalogue. Pure.
#[must_use]
pub fn affected<'c>(
    catalogue: &'c Set,
    inventories: Vec<(Vec<Uuid>, Host)>,
    contract_of: &HashMap<Uuid, Uuid>,
    is_told: impl Fn(Uuid, &Advisory) -> bool,
) -> Vec<Affected<'c>> {
    let os: HashMap<Uuid, Host> = inventories
        .iter()
        .flat_map(|(ids, host)| {
            // Only the release is needed; packages would be copied a host.
            let bare = Host { os: host.os.clone(), ..Host::default() };
            ids.iter().map(move |id| (*id, bare.clone()))
        })
        .collect();
    let fleet = Fleet::new(inventories, &catalogue.header.repositories);
    // Without states: what has no fix makes no notice.
    let index = Index::new(&catalogue.advisories, &[], &catalogue.header.repositories);
    let mut found: BTreeMap<(u32, Uuid), BTreeMap<Uuid, Evidence>> = BTreeMap::new();
    for (ids, lacks) in fleet.lacking(&index) {
        for lack in lacks.iter().filter(|lack| lack.class == Class::Applicable) {
            let What::Advisory(number) = lack.what else { continue };
            let advisory = &catalogue.advisories[number as usize];
            for id in ids {
                let (Some(contract), Some(os)) = (contract_of.get(id), os.get(id)) else {
                    continue;
                };
                if is_told(*contract, advisory) {
                    let evidence = Evidence::of(os, lack.class, lack.live_patched, &lack.hits);
                    found.entry((number, *contract)).or_default().insert(*id, evidence);
                }
            }
        }
    }
    let affected = |((number, contract), hosts)| Affected {
        contract,
        advisory: &catalogue.advisories[number as usize],
        hosts,
    };
    found.into_iter().map(affected).collect()
}

/// Makes and revises the notices of what is affected now.
///
/// # Errors
/// What the store says; what was written before stands.
pub async fn draft(
    store: &Store,
    told: &HashMap<Uuid, Told>,
    affected: &[Affected<'_>],
    now: Timestamp,
) -> Result<Drafts, NoticesError> {
    let mut known: HashMap<(Uuid, String), Notice> = HashMap::new();
    for notice in store.notices(None, Timestamp::UNIX_EPOCH).await? {
        known.insert((notice.contract, notice.advisory.clone()), notice);
    }
    let mut drafts = Drafts::default();
    for case in affected {
        let Some(policy) = told.get(&case.contract).map(|told| &told.policy) else { continue };
        let advisory = case.advisory;
        let content = serde_json::to_string(&Content::of(advisory))?;
        let exploited = advisory.is_exploited();
        let mut revision = Revision {
            updated: advisory.updated,
            kind: advisory.kind.as_str(),
            severity: advisory.severity.as_str(),
            exploited,
            content: &content,
            revision: 1,
            reason: Reason::New,
            hold: policy.hold(advisory.severity, exploited),
        };
        let Some(notice) = known.get(&(case.contract, advisory.id.clone())) else {
            let hosts = stored(case.hosts.iter());
            let what = (Uuid::now_v7(), case.contract, advisory.id.as_str());
            if store.add_notice(what, &revision, &hosts, now).await? {
                tracing::info!(advisory = %advisory.id, hosts = hosts.len(), "notice.drafted");
                drafts.new += 1;
            }
            continue;
        };
        if revise(store, notice, case, &mut revision, now).await? {
            drafts.revised += 1;
        }
    }
    Ok(drafts)
}

/// Brings a notice up to what the advisory says and whom it concerns now.
async fn revise(
    store: &Store,
    notice: &Notice,
    case: &Affected<'_>,
    revision: &mut Revision<'_>,
    now: Timestamp,
) -> Result<bool, NoticesError> {
    let later = revision.updated > notice.updated;
    let said = (revision.severity, revision.kind, revision.exploited, revision.content);
    let says_other = said
        != (
            notice.severity.as_str(),
            notice.kind.as_str(),
            notice.exploited,
            notice.content.as_str(),
        );
    let hosts = store.notice_hosts(notice.id).await?;
    let is_known = |id: &Uuid| hosts.iter().any(|host| host.host == *id);
    let added: Vec<_> = case.hosts.iter().filter(|(id, _)| !is_known(id)).collect();
    let changed = later && says_other;
    if !changed && added.is_empty() {
        if later || (says_other && revision.updated == notice.updated) {
            store.touch_notice(notice, revision.updated, revision.content).await?;
        }
        return Ok(false);
    }
    // What nobody has been told yet is no new revision.
    let is_told = notice.queued_revision >= notice.revision;
    revision.revision = notice.revision + u32::from(is_told);
    revision.reason = match (is_told, changed) {
        (false, _) => notice.reason,
        (true, true) => Reason::Revised,
        (true, false) => Reason::HostAdded,
    };
    if !changed {
        revision.updated = notice.updated;
    }
    if notice.hold == Hold::Engineer {
        revision.hold = Hold::Engineer;
    } else if !is_told && notice.hold == Hold::None {
        // An engineer may have let it go already.
        revision.hold = Hold::None;
    }
    let written = if changed { stored(case.hosts.iter()) } else { stored(added.into_iter()) };
    let done = store.revise_notice(notice, revision, &written, now).await?;
    if done {
        let reason = revision.reason.as_str();
        tracing::info!(advisory = %notice.advisory, revision = revision.revision, reason, "notice.revised");
    }
    Ok(done)
}

fn stored<'h>(hosts: impl Iterator<Item = (&'h Uuid, &'h Evidence)>) -> Vec<(Uuid, String)> {
    hosts.map(|(id, evidence)| (*id, evidence.to_json())).collect()
}
