//! Hunting back: a pattern tried against every stored snapshot. Who has it now, who had it, since
//! when, how many days before the fault it could have been seen, and where it may be wrong.
//!
//! Snapshots are streamed, one in memory at a time, a host's own from the oldest to the newest. A
//! pattern sees a snapshot's own facts and those of the snapshot before; what an inspection adds (a
//! standard, the changes since the last one, advisories) is unknown to it here, and stays unknown
//! rather than passing. [`summed`] is pure.

use std::sync::Arc;

use carepack_assessment::Observed;
use carepack_assessment::judge::{Scene, judge};
use carepack_assessment::model::Verdict;
use carepack_assessment::rule::Rule;
use carepack_facts::Facts;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{PatternError, compiled};
use crate::inspections::decoded;
use crate::objects::Objects;
use crate::store::{Host, SnapshotRow, Store, SupportPattern, Trial};

/// Snapshots looked at in all, and of one host: ten years of months, twice.
const SNAPSHOTS_MAX: usize = 200_000;
const SNAPSHOTS_OF_HOST_MAX: u32 = 240;

/// What a pattern finds in the stored snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// Snapshots that were judged, those that could not be read, and whether there were more.
    pub snapshots: usize,
    pub unreadable: usize,
    pub cut: bool,
    /// Hosts whose newest snapshot could not be judged for lack of evidence.
    pub unknown: usize,
    /// Hosts that have or had it, by name.
    pub hosts: Vec<HostFound>,
    /// Whole days from the first sight on the case's host to the fault; none when it was not seen
    /// there before the fault.
    pub lead_days: Option<i64>,
}

/// One host that has or had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostFound {
    pub host: Uuid,
    pub name: String,
    pub contract: Uuid,
    /// Its newest snapshot has it.
    pub now: bool,
    /// First snapshot of the unbroken row that reaches to the last sight.
    pub since: Timestamp,
    /// The last snapshot that has it.
    pub last: Timestamp,
    /// Snapshots that have it.
    pub times: usize,
    /// As the rule shows it, of the last sight.
    pub value: String,
    /// It is the host of the pattern's case. Any other is a fault that nobody reported, or a false
    /// hit: an engineer looks.
    pub is_case: bool,
}

/// One judged snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    pub at: Timestamp,
    pub verdict: Verdict,
    pub value: String,
}

/// Tries a pattern and keeps what it found. `progress` is told how many hosts of how many are done.
///
/// # Errors
/// [`PatternError`] when the pattern is no rule or the store fails; a snapshot that cannot be read
/// is counted.
pub async fn hunt(
    (store, objects): (&Store, &Objects),
    pattern: &SupportPattern,
    now: Timestamp,
    mut progress: impl FnMut(usize, usize),
) -> Result<Found, PatternError> {
    let rule = Arc::new(compiled(pattern)?);
    let mut hosts = store.hosts(None).await?;
    hosts.sort_by(|a, b| (&a.hostname, a.id).cmp(&(&b.hostname, b.id)));
    let mut found = Found::default();
    for (done, host) in hosts.iter().enumerate() {
        progress(done, hosts.len());
        let mut rows = store.snapshots(host.id, SNAPSHOTS_OF_HOST_MAX).await?;
        rows.reverse();
        if found.snapshots + rows.len() > SNAPSHOTS_MAX {
            found.cut = true;
            break;
        }
        let sights = sights(objects, &rule, &rows, &mut found).await?;
        if sights.last().is_some_and(|sight| sight.verdict == Verdict::Unknown) {
            found.unknown += 1;
        }
        let is_case = pattern.host == Some(host.id);
        if let Some(one) = summed(host, &sights, is_case) {
            found.hosts.push(one);
        }
        if let (true, Some(incident)) = (is_case, pattern.incident_at) {
            found.lead_days = lead_days(&sights, incident);
        }
    }
    progress(hosts.len(), hosts.len());
    let trial = Trial {
        pattern: pattern.id.clone(),
        revision: pattern.revision,
        tried_at: now,
        result: serde_json::to_string(&found)?,
    };
    store.put_trial(&trial).await?;
    Ok(found)
}

/// A host's snapshots, oldest first, each judged with the facts of the one before.
pub(super) async fn sights(
    objects: &Objects,
    rule: &Arc<Rule>,
    rows: &[SnapshotRow],
    found: &mut Found,
) -> Result<Vec<Sight>, PatternError> {
    let mut sights = Vec::with_capacity(rows.len());
    let mut previous = Facts::default();
    for row in rows {
        let snapshot = match decoded(objects, row).await {
            Ok(snapshot) => snapshot,
            Err(error) => {
                tracing::warn!(snapshot = %row.id, "pattern.unreadable: {error}");
                found.unreadable += 1;
                continue;
            }
        };
        let (rule, sha256, at) = (Arc::clone(rule), row.sha256.clone(), row.taken_at);
        let judging = tokio::task::spawn_blocking(move || {
            let facts = Observed::of(&snapshot, &sha256).facts;
            let scene = Scene { facts: &facts, previous: &previous, now: at };
            let judged = judge(&rule, scene, &std::collections::BTreeMap::new());
            (Sight { at, verdict: judged.verdict, value: judged.value }, facts)
        });
        let (sight, facts) = judging.await?;
        sights.push(sight);
        previous = facts;
        found.snapshots += 1;
    }
    Ok(sights)
}

const fn hits(sight: &Sight) -> bool {
    matches!(sight.verdict, Verdict::Danger | Verdict::Attention)
}

/// What a host's sights come to, oldest first; none for one that never had it. Pure.
#[must_use]
pub fn summed(host: &Host, sights: &[Sight], is_case: bool) -> Option<HostFound> {
    let at = sights.iter().rposition(hits)?;
    let row = sights[..=at].iter().rev().take_while(|sight| hits(sight));
    let last = &sights[at];
    Some(HostFound {
        host: host.id,
        name: host.hostname.clone(),
        contract: host.contract,
        now: at + 1 == sights.len() && host.retired_at.is_none(),
        since: row.last().map_or(last.at, |sight| sight.at),
        last: last.at,
        times: sights.iter().filter(|sight| hits(sight)).count(),
        value: last.value.clone(),
        is_case,
    })
}

/// Whole days from the first sight of the unbroken row before the fault to the fault. Pure.
#[must_use]
pub fn lead_days(sights: &[Sight], incident: Timestamp) -> Option<i64> {
    let before = sights.iter().rev().filter(|sight| sight.at < incident);
    let first = before.take_while(|sight| hits(sight)).last()?;
    let ahead: SignedDuration = incident.duration_since(first.at);
    Some(ahead.as_hours() / 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u8) -> Timestamp {
        format!("2026-11-{day:02}T00:00:00Z").parse().unwrap()
    }

    /// `.` passes, `x` fails, `?` is unknown; a letter a day from the first.
    fn sights(text: &str) -> Vec<Sight> {
        (1..)
            .zip(text.chars())
            .map(|(day, c)| Sight {
                at: at(day),
                verdict: match c {
                    'x' => Verdict::Danger,
                    '?' => Verdict::Unknown,
                    _ => Verdict::Pass,
                },
                value: day.to_string(),
            })
            .collect()
    }

    fn host() -> Host {
        Host {
            id: Uuid::nil(),
            contract: Uuid::nil(),
            hostname: "db01".to_owned(),
            machine: None,
            role: String::new(),
            importance: 1,
            enrolled_at: at(1),
            last_seen: None,
            agent_version: String::new(),
            clock_skew_seconds: None,
            refuses_on_demand: false,
            retired_at: None,
            collect_request: None,
            collect_requested_at: None,
        }
    }

    fn check(text: &str, expected: Option<(bool, u8, u8, usize)>) {
        let found = summed(&host(), &sights(text), false);
        let told = found.map(|one| (one.now, one.since, one.last, one.times));
        assert_eq!(told, expected.map(|(now, a, b, n)| (now, at(a), at(b), n)), "{text}");
    }

    #[test]
    fn who_has_it_who_had_it_and_since_when() {
        check("...", None);
        check("..xx", Some((true, 3, 4, 2)));
        check("x.xx.", Some((false, 3, 4, 3)));
        check("xx?", Some((false, 1, 2, 2)));
        check("x", Some((true, 1, 1, 1)));
    }

    #[test]
    fn how_long_before_the_fault_it_could_have_been_seen() {
        let check = |text, day, expected| {
            assert_eq!(lead_days(&sights(text), at(day)), expected, "{text} {day}");
        };
        check(".xxxx", 6, Some(4));
        check("x.xx", 5, Some(2));
        check("....x", 5, None);
        check("xx..", 5, None);
        check("", 5, None);
    }
}
