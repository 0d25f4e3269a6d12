//! From notices to the mail queue: what goes at once, what the weekly digest gathers.
//!
//! Knows no mail server. Every step is one batch of the store that at most one job can make.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use carepack_advisories::model::Severity;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::NoticesError;
use super::draft::Told;
use crate::store::{Contact, Digest, Hold, Notice, NoticeState, Store};

/// Most notices in one digest: a mail that a person can still read. The rest waits a week.
pub const DIGEST_NOTICES_MAX: usize = 100;

/// What a run of queueing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    pub notices: usize,
    pub digests: usize,
    /// Notices that nobody hears of: their contract has no contact for their kind.
    pub without_contact: usize,
}

/// Gives to the queue what is due now.
///
/// # Errors
/// What the store says.
pub async fn queue(
    store: &Store,
    told: &HashMap<Uuid, Told>,
    notices: &[Notice],
    now: Timestamp,
) -> Result<Queued, NoticesError> {
    let mut queued = Queued::default();
    let mut waiting: HashMap<Uuid, Vec<&Notice>> = HashMap::new();
    let mut contacts: HashMap<Uuid, Vec<Contact>> = HashMap::new();
    for notice in notices.iter().filter(|notice| is_due(notice)) {
        let Some(contract) = told.get(&notice.contract) else { continue };
        if notice.hold == Hold::Digest {
            waiting.entry(notice.contract).or_default().push(notice);
            continue;
        }
        if contract.policy.is_settling(notice.revised_at, now) {
            continue;
        }
        let known = match contacts.entry(notice.contract) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(store.contacts_of(notice.contract).await?),
        };
        let ids = addressed(known, |contact| contact.wants(&notice.kind));
        if ids.is_empty() {
            tracing::warn!(advisory = %notice.advisory, "notice.nobody_to_tell");
            queued.without_contact += 1;
        } else if store.queue_notice(notice, &ids, now).await? {
            queued.notices += 1;
        }
    }
    for (contract, notices) in waiting {
        let Some(told) = told.get(&contract) else { continue };
        let zone = zone_of(&told.contract.schedule.time_zone);
        let Some(due_at) = told.policy.digest_moment(now, &zone) else { continue };
        let ripe: Vec<Notice> =
            notices.into_iter().filter(|notice| notice.revised_at < due_at).cloned().collect();
        if ripe.is_empty() {
            continue;
        }
        let contacts = store.contacts_of(contract).await?;
        let digest = Digest { id: Uuid::now_v7(), contract, due_at, made_at: now };
        let told_of = gather(store, &digest, ripe, &contacts).await?;
        queued.digests += usize::from(told_of > 0);
        queued.without_contact += usize::from(told_of == 0 && contacts.is_empty());
    }
    Ok(queued)
}

/// Makes one digest of notices that wait for one; how many it holds.
///
/// # Errors
/// What the store says.
pub async fn gather(
    store: &Store,
    digest: &Digest,
    mut notices: Vec<Notice>,
    contacts: &[Contact],
) -> Result<usize, NoticesError> {
    notices.retain(|notice| contacts.iter().any(|contact| contact.wants(&notice.kind)));
    notices.sort_by_key(|notice| {
        (std::cmp::Reverse(Severity::of(&notice.severity)), notice.drafted_at, notice.id)
    });
    notices.truncate(DIGEST_NOTICES_MAX);
    let ids =
        addressed(contacts, |contact| notices.iter().any(|notice| contact.wants(&notice.kind)));
    if notices.is_empty() || ids.is_empty() {
        return Ok(0);
    }
    let made = store.queue_digest(digest, &notices, &ids).await?;
    Ok(if made { notices.len() } else { 0 })
}

/// Contacts that want it, each address once: one may hear of a contract twice over, by its own
/// and by its customer's entry.
pub fn addressed(contacts: &[Contact], wants: impl Fn(&Contact) -> bool) -> Vec<Uuid> {
    let mut seen = HashSet::new();
    let wanting = contacts.iter().filter(|contact| wants(contact));
    wanting
        .filter(|contact| seen.insert(contact.email.as_str()))
        .map(|contact| contact.id)
        .collect()
}

/// A contract's zone; its schedule was checked when it was made.
pub fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn is_due(notice: &Notice) -> bool {
    notice.hold != Hold::Engineer
        && notice.queued_revision < notice.revision
        && notice.state == NoticeState::Drafted
}
