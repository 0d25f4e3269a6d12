//! Plans: what was agreed for a host of a notice, and what evidence says of it since.

use jiff::Timestamp;
use uuid::Uuid;

use super::notices::{NoticeHost, seen};
use super::value::{Applied, Row, Step, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

/// Most plans that one list gives.
pub const PLANS_MAX: i64 = 50_000;

words! {
    /// What a customer decided.
    Decision {
        /// Apply it in a window.
        Apply = "apply",
        /// Wait until a date.
        Wait = "wait",
        /// Live with it until a date.
        AcceptRisk = "accept_risk",
        /// Somebody else looks after this.
        NotOurs = "not_ours",
    }
}

words! {
    /// Where a plan stands. Only evidence closes one.
    PlanState {
        Planned = "planned",
        Applied = "applied",
        /// Installed, and the machine has not booted since.
        AppliedNotRunning = "applied_not_running",
        /// The window is past, and a later snapshot lacks it.
        NotApplied = "not_applied",
        /// An earlier snapshot had it, this one lacks it.
        Regressed = "regressed",
        /// The accepted or waited time is past.
        Expired = "expired",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub id: Uuid,
    pub notice: Uuid,
    pub host: Uuid,
    pub decision: Decision,
    /// Of `apply`: when it is done. Of `wait`: `window_until` is the date.
    pub window_from: Option<Timestamp>,
    pub window_until: Option<Timestamp>,
    pub reason: String,
    /// What is done instead, where a risk is accepted.
    pub compensation: String,
    pub approver: String,
    /// Of `accept_risk`: from here on it is a finding again.
    pub expires_at: Option<Timestamp>,
    pub state: PlanState,
    pub decided_at: Timestamp,
    /// `contact:ID` or `engineer:NAME`.
    pub decided_by: String,
    /// The snapshot that the state rests on.
    pub verified_by: Option<Uuid>,
    pub verified_at: Option<Timestamp>,
    /// A later decision took its place.
    pub superseded_at: Option<Timestamp>,
}

impl Plan {
    /// Whether it still says what is to be done: neither over nor disproved.
    #[must_use]
    pub const fn is_in_force(&self) -> bool {
        !matches!(self.state, PlanState::Expired | PlanState::NotApplied | PlanState::Regressed)
    }
}

/// One change of a plan's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanChange {
    pub id: Uuid,
    pub plan: Uuid,
    pub at: Timestamp,
    pub from_state: String,
    pub to_state: String,
    pub snapshot: Option<Uuid>,
    pub note: String,
}

impl FromRow for Plan {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            notice: row.get("notice")?,
            host: row.get("host")?,
            decision: row.get("decision")?,
            window_from: row.get("window_from")?,
            window_until: row.get("window_until")?,
            reason: row.get("reason")?,
            compensation: row.get("compensation")?,
            approver: row.get("approver")?,
            expires_at: row.get("expires_at")?,
            state: row.get("state")?,
            decided_at: row.get("decided_at")?,
            decided_by: row.get("decided_by")?,
            verified_by: row.get("verified_by")?,
            verified_at: row.get("verified_at")?,
            superseded_at: row.get("superseded_at")?,
        })
    }
}

impl FromRow for PlanChange {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            plan: row.get("plan")?,
            at: row.get("at")?,
            from_state: row.get("from_state")?,
            to_state: row.get("to_state")?,
            snapshot: row.get("snapshot")?,
            note: row.get("note")?,
        })
    }
}

impl Store {
    /// Puts a decision in the place of the one before, if any.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when another decision came at the same moment,
    /// [`StoreError::Dangling`] when the host is not of the notice.
    pub async fn add_plan(&self, plan: &Plan) -> Result<(), StoreError> {
        let params = values![
            plan.id,
            plan.notice,
            plan.host,
            plan.decision,
            plan.window_from,
            plan.window_until,
            &plan.reason,
            &plan.compensation,
            &plan.approver,
            plan.expires_at,
            plan.decided_at,
            &plan.decided_by,
        ];
        let change = values![
            Uuid::now_v7(),
            plan.id,
            plan.decided_at,
            "",
            PlanState::Planned,
            None::<Uuid>,
            &plan.decided_by,
        ];
        let superseded = values![plan.notice, plan.host, plan.decided_at];
        let steps = vec![
            Step::any(queries::PLANS_SUPERSEDE, superseded),
            Step::any(queries::PLANS_ADD, params),
            Step::any(queries::PLAN_CHANGES_ADD, change),
        ];
        self.apply(steps).await.map(|_| ())
    }

    pub async fn plan(&self, id: Uuid) -> Result<Option<Plan>, StoreError> {
        self.first(queries::PLANS_GET, values![id]).await
    }

    /// The latest decisions: of one notice, or of all that [`Self::notices`] gives.
    pub async fn current_plans(
        &self,
        notice: Option<Uuid>,
        since: Timestamp,
    ) -> Result<Vec<Plan>, StoreError> {
        self.list(queries::PLANS_CURRENT, values![notice, since]).await
    }

    /// A contract's plans, oldest first; superseded ones too when asked for. At most
    /// [`PLANS_MAX`].
    pub async fn plans(&self, contract: Uuid, superseded: bool) -> Result<Vec<Plan>, StoreError> {
        self.list(queries::PLANS_LIST, values![contract, superseded, PLANS_MAX]).await
    }

    /// What became of a plan, oldest first.
    pub async fn plan_changes(&self, plan: Uuid) -> Result<Vec<PlanChange>, StoreError> {
        self.list(queries::PLAN_CHANGES_LIST, values![plan]).await
    }

    /// Keeps a host's standing and, with it, the state that its plan comes to. False when the
    /// plan was changed or superseded meanwhile; nothing is kept then.
    pub async fn verify_plan(
        &self,
        plan: &Plan,
        change: &PlanChange,
        to: PlanState,
        host: &NoticeHost,
    ) -> Result<bool, StoreError> {
        let state = values![plan.id, plan.state, to, change.snapshot, change.at];
        let history = values![
            change.id,
            change.plan,
            change.at,
            &change.from_state,
            &change.to_state,
            change.snapshot,
            &change.note,
        ];
        let steps = vec![
            Step::one(queries::PLANS_STATE, state),
            Step::any(queries::PLAN_CHANGES_ADD, history),
            Step::any(queries::NOTICE_HOSTS_SEEN, seen(host)),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }
}
