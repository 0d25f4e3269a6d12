//! Evidence against plans: what a host's newest snapshot says of the advisory that a notice told.
//!
//! [`judge`] is pure; [`verify`] asks each host's inventory once a snapshot and keeps what changed.

use std::collections::HashMap;

use carepack_advisories::feeds::set::Set;
use carepack_advisories::host::Host;
use carepack_advisories::index::Index;
use carepack_advisories::matching::{Class, standing};
use carepack_advisories::stream::Streams;
use jiff::Timestamp;
use uuid::Uuid;

use super::settle;
use crate::notices::{Evidence, NoticesError, Told};
use crate::store::{
    Decision, Notice, NoticeHost, NoticeState, Plan, PlanChange, PlanState, Reason, Standing, Store,
};
use crate::support_patterns::watch::Sights;

/// The evidence of one host.
#[derive(Clone, Copy)]
pub struct Seen<'i> {
    pub installed: &'i Host,
    pub snapshot: Uuid,
    pub taken_at: Timestamp,
}

/// What a run of verifying found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Hosts whose standing was asked anew.
    pub asked: usize,
    /// Plans whose state changed.
    pub changed: usize,
    /// Notices that are told anew: an acceptance ended, or a patch is gone again.
    pub reopened: usize,
}

/// The state that a plan comes to, by the newest evidence of its host and the clock.
#[must_use]
pub fn judge(plan: &Plan, host: &NoticeHost, now: Timestamp) -> PlanState {
    let end = match plan.decision {
        Decision::AcceptRisk => plan.expires_at,
        Decision::Wait | Decision::Apply => plan.window_until,
        Decision::NotOurs => None,
    };
    let is_over = end.is_some_and(|end| now >= end);
    match host.standing {
        Standing::Applied => PlanState::Applied,
        Standing::NotRunning => PlanState::AppliedNotRunning,
        // Its plan goes no further: nobody will see evidence.
        Standing::Gone => plan.state,
        Standing::Missing if host.was_applied => PlanState::Regressed,
        Standing::Missing => match plan.decision {
            Decision::AcceptRisk | Decision::Wait if is_over => PlanState::Expired,
            // Only a snapshot from after the window can say that nothing was done in it.
            Decision::Apply
                if end.is_some_and(|end| host.observed_at.is_some_and(|seen| seen > end)) =>
            {
                PlanState::NotApplied
            }
            _ => PlanState::Planned,
        },
    }
}

/// Everything that a run of verifying looks at.
pub struct Look<'l> {
    pub store: &'l Store,
    pub catalogue: Option<&'l Set>,
    pub told: &'l HashMap<Uuid, Told>,
    /// Hosts under contract that have a matchable snapshot.
    pub seen: &'l HashMap<Uuid, Seen<'l>>,
    /// What newer snapshots say of Support Patterns that were told.
    pub patterns: &'l Sights,
    /// Hosts that were retired.
    pub gone: &'l [Uuid],
    pub now: Timestamp,
}

/// Verifies all plans of notices, and reopens what has to be told again.
///
/// # Errors
/// What the store says; what was kept before stands.
pub async fn verify(
    look: &Look<'_>,
    notices: &[Notice],
    since: Timestamp,
) -> Result<Verified, NoticesError> {
    let mut hosts: HashMap<Uuid, Vec<NoticeHost>> = HashMap::new();
    for host in look.store.all_notice_hosts(since).await? {
        hosts.entry(host.notice).or_default().push(host);
    }
    let mut plans: HashMap<Uuid, Vec<Plan>> = HashMap::new();
    for plan in look.store.current_plans(None, since).await? {
        plans.entry(plan.notice).or_default().push(plan);
    }
    let numbers: HashMap<&str, u32> = look
        .catalogue
        .into_iter()
        .flat_map(|catalogue| &catalogue.advisories)
        .zip(0..)
        .map(|(advisory, number)| (advisory.id.as_str(), number))
        .collect();
    let mut verified = Verified::default();
    for notice in notices {
        let number = numbers.get(notice.advisory.as_str()).copied();
        let hosts = hosts.remove(&notice.id).unwrap_or_default();
        let plans = plans.remove(&notice.id).unwrap_or_default();
        one(look, (notice, number), hosts, plans, &mut verified).await?;
    }
    Ok(verified)
}

/// One notice: its hosts' standings, then their plans, then what the notice comes to.
async fn one(
    look: &Look<'_>,
    (notice, number): (&Notice, Option<u32>),
    mut hosts: Vec<NoticeHost>,
    mut plans: Vec<Plan>,
    verified: &mut Verified,
) -> Result<(), NoticesError> {
    let mut again = None;
    for host in &mut hosts {
        let before = host.clone();
        if renew(look, number, host) {
            verified.asked += 1;
        }
        // A job that ended between keeping this and reopening left a verified notice behind.
        let is_missing = host.standing == Standing::Missing;
        let slipped = before.standing == Standing::Applied
            || (host.was_applied && notice.state == NoticeState::Verified);
        if is_missing && slipped {
            again = Some(Reason::Regressed);
        }
        let plan = plans.iter_mut().find(|plan| plan.host == host.host);
        let Some(plan) = plan else {
            if *host != before {
                look.store.keep_standing(host).await?;
            }
            continue;
        };
        let to = judge(plan, host, look.now);
        if to == plan.state {
            if to == PlanState::Expired && notice.state == NoticeState::Decided {
                again = again.or(Some(Reason::AcceptanceExpired));
            }
            if *host != before {
                look.store.keep_standing(host).await?;
            }
        } else if keep(look, plan, to, host).await? {
            verified.changed += 1;
            if to == PlanState::Expired {
                again = again.or(Some(Reason::AcceptanceExpired));
            }
        }
    }
    if let (Some(reason), Some(told)) = (again, look.told.get(&notice.contract)) {
        let severity = carepack_advisories::model::Severity::of(&notice.severity);
        let hold = told.policy.hold(severity, notice.exploited);
        look.store.reopen_notice(notice, reason, hold, look.now).await?;
        tracing::warn!(advisory = %notice.advisory, reason = reason.as_str(), "notice.reopened");
        verified.reopened += 1;
        return Ok(());
    }
    if notice.state != NoticeState::Verified {
        settle(look.store, notice, &hosts, &plans.iter().collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// Keeps a plan's new state with what it rests on.
async fn keep(
    look: &Look<'_>,
    plan: &mut Plan,
    to: PlanState,
    host: &NoticeHost,
) -> Result<bool, NoticesError> {
    // An expiry rests on the clock, everything else on a snapshot.
    let snapshot = if to == PlanState::Expired { None } else { host.snapshot };
    let change = PlanChange {
        id: Uuid::now_v7(),
        plan: plan.id,
        at: look.now,
        from_state: plan.state.as_str().to_owned(),
        to_state: to.as_str().to_owned(),
        snapshot,
        note: String::new(),
    };
    let kept = look.store.verify_plan(plan, &change, to, host).await?;
    if kept {
        let (from, to_word) = (plan.state.as_str(), to.as_str());
        tracing::info!(plan.id = %plan.id, host.id = %plan.host, from, to = to_word, "plan.verified");
        plan.state = to;
    }
    Ok(kept)
}

/// Brings a host's standing up to its newest snapshot; whether it was asked.
fn renew(look: &Look<'_>, number: Option<u32>, host: &mut NoticeHost) -> bool {
    if look.gone.contains(&host.host) {
        host.standing = Standing::Gone;
        return false;
    }
    if let Some(sighted) = look.patterns.get(&(host.notice, host.host)) {
        host.snapshot = Some(sighted.snapshot);
        host.observed_at = Some(sighted.taken_at);
        host.standing = sighted.standing();
        host.was_applied |= !sighted.is_there;
        return true;
    }
    let (Some(catalogue), Some(number)) = (look.catalogue, number) else { return false };
    let Some(seen) = look.seen.get(&host.host) else { return false };
    if host.snapshot == Some(seen.snapshot) {
        return false;
    }
    let advisory = std::slice::from_ref(&catalogue.advisories[number as usize]);
    let index = Index::new(advisory, &[], &catalogue.header.repositories);
    let streams = Streams::of(seen.installed, &catalogue.header.repositories);
    let stands = standing(&index, 0, seen.installed, &streams);
    host.snapshot = Some(seen.snapshot);
    host.observed_at = Some(seen.taken_at);
    let live = seen.installed.live_patched;
    let lacks = |hits: &[_]| Evidence::of(seen.installed, Class::Applicable, live, hits).to_json();
    if !stands.missing.is_empty() {
        host.standing = Standing::Missing;
        let hits: Vec<_> = stands.missing.iter().chain(&stands.not_running).cloned().collect();
        host.evidence = lacks(&hits);
    } else if !stands.not_running.is_empty() {
        host.standing = Standing::NotRunning;
        host.evidence = lacks(&stands.not_running);
    } else if stands.is_applied() {
        host.standing = Standing::Applied;
        host.was_applied = true;
        host.evidence = lacks(&stands.applied);
    } else {
        // Repositories that were switched off do not mend a package: only its absence does.
        let known = serde_json::from_str::<Evidence>(&host.evidence).unwrap_or_default();
        if known.is_removed_from(seen.installed) {
            host.standing = Standing::Applied;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A plan whose window or acceptance ends on 2026-12-01, and its host.
    fn case(
        decision: Decision,
        standing: Standing,
        was_applied: bool,
        seen: &str,
    ) -> (Plan, NoticeHost) {
        let end = Some(at("2026-12-01T00:00:00Z"));
        let (notice, host) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let plan = Plan {
            id: Uuid::from_u128(3),
            notice,
            host,
            decision,
            window_from: None,
            window_until: end,
            reason: String::new(),
            compensation: String::new(),
            approver: String::new(),
            expires_at: end,
            state: PlanState::Planned,
            decided_at: at("2026-11-01T00:00:00Z"),
            decided_by: String::new(),
            verified_by: None,
            verified_at: None,
            superseded_at: None,
        };
        let host = NoticeHost {
            notice,
            host,
            evidence: String::new(),
            standing,
            was_applied,
            snapshot: None,
            observed_at: Some(at(seen)),
        };
        (plan, host)
    }

    #[test]
    fn only_evidence_closes_a_plan() {
        use Decision::{AcceptRisk, Apply, NotOurs, Wait};
        use Standing::{Applied, Missing, NotRunning};
        let (before, after) = ("2026-11-20T00:00:00Z", "2026-12-02T00:00:00Z");
        let check = |decision, standing, was_applied, seen, now: &str, expected| {
            let (plan, host) = case(decision, standing, was_applied, seen);
            let found = judge(&plan, &host, at(now));
            assert_eq!(found, expected, "{decision:?} {standing:?} {was_applied} {seen} {now}");
        };
        check(Apply, Missing, false, before, before, PlanState::Planned);
        // The window is past and nobody has looked since: overdue, not disproved.
        check(Apply, Missing, false, before, after, PlanState::Planned);
        check(Apply, Missing, false, after, after, PlanState::NotApplied);
        check(Apply, NotRunning, false, after, after, PlanState::AppliedNotRunning);
        check(Apply, Missing, true, before, before, PlanState::Regressed);
        check(Wait, Missing, false, before, before, PlanState::Planned);
        check(Wait, Missing, false, before, after, PlanState::Expired);
        check(AcceptRisk, Missing, false, before, before, PlanState::Planned);
        check(AcceptRisk, Missing, false, before, after, PlanState::Expired);
        check(NotOurs, Missing, false, after, after, PlanState::Planned);
        for decision in [Apply, Wait, AcceptRisk, NotOurs] {
            check(decision, Applied, false, after, after, PlanState::Applied);
        }
    }
}
