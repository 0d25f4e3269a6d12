//! What was promised, done and overdue in a period, for a contract's report. Pure.

use carepack_advisories::model::Text;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::notices::Content;
use crate::store::{Decision, Notice, NoticeHost, Plan, PlanState, Standing};

/// One host of one notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub advisory: String,
    pub severity: String,
    pub title: Text,
    pub host: Uuid,
    /// Words that are stored; `decision` and `state` are absent where nothing is decided.
    pub decision: Option<&'static str>,
    pub state: Option<&'static str>,
    pub window_from: Option<Timestamp>,
    pub window_until: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub reason: String,
    pub compensation: String,
    pub approver: String,
    pub told_at: Option<Timestamp>,
    pub decided_at: Option<Timestamp>,
    /// The snapshot that shows it, and when it was judged.
    pub verified_by: Option<Uuid>,
    pub verified_at: Option<Timestamp>,
}

/// A contract's notices and plans in one period. Every host of a notice stands in one list; those
/// settled before the period in none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Notices that were told in the period.
    pub told: usize,
    /// Told, and not decided.
    pub undecided: Vec<Entry>,
    /// To be applied, or waited with, and its time has not come.
    pub promised: Vec<Entry>,
    /// Proved by evidence in the period, with or without a plan.
    pub done: Vec<Entry>,
    /// Its window is past without evidence that it was applied.
    pub overdue: Vec<Entry>,
    /// Installed, and the machine has not booted since.
    pub not_running: Vec<Entry>,
    pub regressed: Vec<Entry>,
    /// Risks accepted, and still in force.
    pub accepted: Vec<Entry>,
    /// Acceptances and waits that ended: findings again.
    pub expired: Vec<Entry>,
    pub not_ours: Vec<Entry>,
}

/// The account of a period from `from` to before `until`, as things stand at `now`.
///
/// `notices`, their `hosts` and the `plans` in force are a contract's; their order is kept.
#[must_use]
pub fn account(
    (notices, hosts, plans): (&[Notice], &[NoticeHost], &[Plan]),
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Account {
    let within = |at: Option<Timestamp>| at.is_some_and(|at| from <= at && at < until);
    let mut sum = Account::default();
    for notice in notices {
        sum.told += usize::from(within(notice.sent_at));
        for host in hosts.iter().filter(|host| host.notice == notice.id) {
            let of_host = |plan: &&Plan| plan.notice == notice.id && plan.host == host.host;
            let plan = plans.iter().find(of_host);
            let entry = entry(notice, host, plan);
            let list = match (host.standing, plan) {
                (Standing::Gone, _) => continue,
                (Standing::Applied, plan) => {
                    let when = plan.and_then(|plan| plan.verified_at).or(host.observed_at);
                    if !within(when) {
                        continue;
                    }
                    &mut sum.done
                }
                (Standing::NotRunning, _) => &mut sum.not_running,
                (Standing::Missing, None) if host.was_applied => &mut sum.regressed,
                (Standing::Missing, None) => {
                    if notice.sent_at.is_none() {
                        continue;
                    }
                    &mut sum.undecided
                }
                (Standing::Missing, Some(plan)) => match (plan.state, plan.decision) {
                    (PlanState::Regressed, _) => &mut sum.regressed,
                    (PlanState::Expired, _) => &mut sum.expired,
                    (PlanState::NotApplied, _) => &mut sum.overdue,
                    (_, Decision::AcceptRisk) => &mut sum.accepted,
                    (_, Decision::NotOurs) => &mut sum.not_ours,
                    _ if plan.window_until.is_some_and(|end| end <= now) => &mut sum.overdue,
                    _ => &mut sum.promised,
                },
            };
            list.push(entry);
        }
    }
    sum
}

fn entry(notice: &Notice, host: &NoticeHost, plan: Option<&Plan>) -> Entry {
    let content = serde_json::from_str::<Content>(&notice.content);
    let text = |of: fn(&Plan) -> &String| plan.map(|plan| of(plan).clone()).unwrap_or_default();
    Entry {
        advisory: notice.advisory.clone(),
        severity: notice.severity.clone(),
        title: content.map(|content| content.title).unwrap_or_default(),
        host: host.host,
        decision: plan.map(|plan| plan.decision.as_str()),
        state: plan.map(|plan| plan.state.as_str()),
        window_from: plan.and_then(|plan| plan.window_from),
        window_until: plan.and_then(|plan| plan.window_until),
        expires_at: plan.and_then(|plan| plan.expires_at),
        reason: text(|plan| &plan.reason),
        compensation: text(|plan| &plan.compensation),
        approver: text(|plan| &plan.approver),
        told_at: notice.sent_at,
        decided_at: plan.map(|plan| plan.decided_at),
        verified_by: plan.and_then(|plan| plan.verified_by).or(host.snapshot),
        verified_at: plan.and_then(|plan| plan.verified_at),
    }
}
