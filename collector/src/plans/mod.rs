//! Plans: what a customer decides for each host of a notice, and what evidence makes of it.
//!
//! A decision is taken here whoever brings it, the link in a mail or an engineer's command. It is
//! closed by a later snapshot ([`verify`]), never by a word. [`account`] tells a report what was
//! promised, done and overdue.

mod account;
mod lines;
mod verify;

pub use account::{Account, Entry, account};
pub use lines::lines;
pub use verify::{Look, Seen, Verified, judge, verify};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::store::{
    Decision, Notice, NoticeHost, NoticeState, Plan, PlanState, Standing, Store, StoreError,
};

/// Longest text of a decision, in characters.
pub const TEXT_CHARS_MAX: usize = 500;
/// How far ahead a window, a wait or an acceptance may end: longer is no plan.
pub const AHEAD_DAYS_MAX: i64 = 400;

/// A decision for one host of a notice, as it was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub decision: Decision,
    pub window_from: Option<Timestamp>,
    pub window_until: Option<Timestamp>,
    pub reason: String,
    pub compensation: String,
    pub approver: String,
    pub expires_at: Option<Timestamp>,
}

/// Why a decision cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("host {0} is not of this notice")]
    NotOfNotice(Uuid),
    #[error("{field} is missing")]
    Missing { field: &'static str },
    #[error("{field} is longer than {TEXT_CHARS_MAX} characters")]
    TooLong { field: &'static str },
    #[error("{field} is past")]
    Past { field: &'static str },
    #[error("{field} is more than {AHEAD_DAYS_MAX} days ahead")]
    TooFar { field: &'static str },
    #[error("the window ends before it begins")]
    Backwards,
    #[error("another decision came at the same moment; look again")]
    Overtaken,
}

impl Wish {
    /// Checks it against the clock and brings it to what is stored: texts trimmed, what its
    /// decision does not use left out.
    ///
    /// # Errors
    /// [`PlanError`] names the field.
    pub fn checked(&self, now: Timestamp) -> Result<Self, PlanError> {
        let reason = text("reason", &self.reason)?;
        let compensation = text("compensation", &self.compensation)?;
        let approver = text("approver", &self.approver)?;
        let mut wish = Self {
            decision: self.decision,
            window_from: None,
            window_until: None,
            reason,
            compensation: String::new(),
            approver: String::new(),
            expires_at: None,
        };
        match self.decision {
            Decision::Apply => {
                let from = self.window_from.ok_or(PlanError::Missing { field: "from" })?;
                let until = ahead("until", self.window_until, now)?;
                if until < from {
                    return Err(PlanError::Backwards);
                }
                (wish.window_from, wish.window_until) = (Some(from), Some(until));
            }
            Decision::Wait => wish.window_until = Some(ahead("until", self.window_until, now)?),
            Decision::AcceptRisk => {
                wish.expires_at = Some(ahead("expiry", self.expires_at, now)?);
                for (field, value) in [
                    ("reason", &wish.reason),
                    ("compensation", &compensation),
                    ("approver", &approver),
                ] {
                    if value.is_empty() {
                        return Err(PlanError::Missing { field });
                    }
                }
                (wish.compensation, wish.approver) = (compensation, approver);
            }
            Decision::NotOurs => {}
        }
        Ok(wish)
    }

    fn is_of(&self, plan: &Plan) -> bool {
        let own = (self.decision, self.window_from, self.window_until, self.expires_at);
        own == (plan.decision, plan.window_from, plan.window_until, plan.expires_at)
            && self.reason == plan.reason
            && self.compensation == plan.compensation
            && self.approver == plan.approver
    }
}

fn text(field: &'static str, value: &str) -> Result<String, PlanError> {
    let plain: String = value.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let plain = plain.trim();
    if plain.chars().count() > TEXT_CHARS_MAX {
        return Err(PlanError::TooLong { field });
    }
    Ok(plain.to_owned())
}

fn ahead(
    field: &'static str,
    value: Option<Timestamp>,
    now: Timestamp,
) -> Result<Timestamp, PlanError> {
    let value = value.ok_or(PlanError::Missing { field })?;
    if value <= now {
        return Err(PlanError::Past { field });
    }
    if value.duration_since(now) > SignedDuration::from_hours(24 * AHEAD_DAYS_MAX) {
        return Err(PlanError::TooFar { field });
    }
    Ok(value)
}

/// Takes decisions for hosts of a notice, `by` whom they were brought. The same decision again
/// changes nothing. When all hosts have one, the notice is decided.
///
/// # Errors
/// [`PlanError`]; what came before the mistake stands.
pub async fn decide(
    store: &Store,
    notice: &Notice,
    wishes: &[(Uuid, Wish)],
    by: &str,
    now: Timestamp,
) -> Result<Vec<Plan>, PlanError> {
    let hosts = store.notice_hosts(notice.id).await?;
    let mut checked = Vec::with_capacity(wishes.len());
    for (host, wish) in wishes {
        if !hosts.iter().any(|known| known.host == *host) {
            return Err(PlanError::NotOfNotice(*host));
        }
        checked.push((*host, wish.checked(now)?));
    }
    let current = store.current_plans(Some(notice.id), Timestamp::UNIX_EPOCH).await?;
    let mut made = Vec::new();
    for (host, wish) in checked {
        let before = current.iter().find(|plan| plan.host == host);
        if before.is_some_and(|plan| wish.is_of(plan) && plan.is_in_force()) {
            continue;
        }
        let plan = Plan {
            id: Uuid::now_v7(),
            notice: notice.id,
            host,
            decision: wish.decision,
            window_from: wish.window_from,
            window_until: wish.window_until,
            reason: wish.reason,
            compensation: wish.compensation,
            approver: wish.approver,
            expires_at: wish.expires_at,
            state: PlanState::Planned,
            decided_at: now,
            decided_by: by.to_owned(),
            verified_by: None,
            verified_at: None,
            superseded_at: None,
        };
        store.add_plan(&plan).await.map_err(|error| match error {
            StoreError::Exists { .. } => PlanError::Overtaken,
            other => PlanError::Store(other),
        })?;
        tracing::info!(advisory = %notice.advisory, host.id = %host, by, decision = plan.decision.as_str(), "plan.decided");
        made.push(plan);
    }
    let plans = store.current_plans(Some(notice.id), Timestamp::UNIX_EPOCH).await?;
    settle(store, notice, &hosts, &plans.iter().collect::<Vec<_>>()).await?;
    Ok(made)
}

/// Moves a notice to what its hosts justify: verified by evidence alone, decided by decisions.
async fn settle(
    store: &Store,
    notice: &Notice,
    hosts: &[NoticeHost],
    plans: &[&Plan],
) -> Result<(), StoreError> {
    let closed = |host: &NoticeHost| matches!(host.standing, Standing::Applied | Standing::Gone);
    let decided =
        |host: &NoticeHost| plans.iter().any(|plan| plan.host == host.host && plan.is_in_force());
    let state = if hosts.iter().all(closed) {
        NoticeState::Verified
    } else if hosts.iter().all(|host| closed(host) || decided(host)) {
        NoticeState::Decided
    } else if notice.state == NoticeState::Decided {
        // A promise was not kept: it waits for an answer again.
        NoticeState::Read
    } else {
        return Ok(());
    };
    // A revision that nobody was told of yet still has to be told, decided or not.
    if state == NoticeState::Decided && notice.queued_revision < notice.revision {
        return Ok(());
    }
    if notice.state != state && notice.state != NoticeState::Verified {
        store.settle_notice(notice, state).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn wish(decision: Decision) -> Wish {
        Wish {
            decision,
            window_from: Some(at("2026-12-01T00:00:00Z")),
            window_until: Some(at("2026-12-01T04:00:00Z")),
            reason: " 서비스 영향 검토\u{7} ".to_owned(),
            compensation: "방화벽으로 차단".to_owned(),
            approver: "박부장".to_owned(),
            expires_at: Some(at("2027-03-01T00:00:00Z")),
        }
    }

    fn check(wish: &Wish, expected: Result<(), &str>) {
        let found = wish.checked(at("2026-11-23T00:00:00Z"));
        match (found, expected) {
            (Ok(_), Ok(())) => {}
            (Err(error), Err(part)) => {
                assert!(error.to_string().contains(part), "{error} for {wish:?}");
            }
            (found, expected) => panic!("{found:?} against {expected:?} for {wish:?}"),
        }
    }

    #[test]
    fn a_decision_says_what_it_needs() {
        for decision in Decision::ALL {
            check(&wish(*decision), Ok(()));
        }
        let apply = wish(Decision::Apply);
        check(&Wish { window_from: None, ..apply.clone() }, Err("from is missing"));
        check(&Wish { window_until: None, ..apply.clone() }, Err("until is missing"));
        let past = Some(at("2026-11-22T00:00:00Z"));
        check(&Wish { window_until: past, ..apply.clone() }, Err("until is past"));
        let far = Some(at("2028-11-22T00:00:00Z"));
        check(&Wish { window_until: far, ..apply.clone() }, Err("days ahead"));
        let later = Some(at("2026-12-02T00:00:00Z"));
        check(&Wish { window_from: later, ..apply.clone() }, Err("before it begins"));
        let long = "가".repeat(TEXT_CHARS_MAX + 1);
        check(&Wish { reason: long, ..apply }, Err("longer than"));
        let accept = wish(Decision::AcceptRisk);
        check(&Wish { approver: " ".to_owned(), ..accept.clone() }, Err("approver is missing"));
        check(&Wish { compensation: String::new(), ..accept.clone() }, Err("compensation"));
        check(&Wish { reason: String::new(), ..accept.clone() }, Err("reason is missing"));
        check(&Wish { expires_at: None, ..accept.clone() }, Err("expiry is missing"));
        check(&Wish { expires_at: past, ..accept }, Err("expiry is past"));
        check(&Wish { window_until: None, ..wish(Decision::Wait) }, Err("until is missing"));
    }

    #[test]
    fn what_a_decision_does_not_use_is_left_out() {
        let kept = wish(Decision::NotOurs).checked(at("2026-11-23T00:00:00Z")).unwrap();
        assert_eq!(kept.reason, "서비스 영향 검토");
        assert_eq!((kept.window_until, kept.expires_at), (None, None));
        assert_eq!(kept.approver, "");
    }
}
