//! Polls: a host says that it lives and learns its policy. There is no command in the answer.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use carepack_shared::wire::{Policy, Poll, ProblemCode};
use jiff::{SignedDuration, Timestamp};

use super::body::{VERSION_BYTES_MAX, read_json, short_text};
use super::{Intake, Refusal};
use crate::pattern_packs;
use crate::store::{Contract, Host, Polled};

/// How long a request to collect now is repeated: a host that was away longer is better served
/// by its next period.
const COLLECT_REQUEST_LIFE: SignedDuration = SignedDuration::from_hours(24 * 7);

pub(super) async fn poll(
    State(intake): State<Intake>,
    Extension(host): Extension<Host>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Policy>, Refusal> {
    let poll: Poll = read_json(&headers, body).await?;
    short_text("agent_version", &poll.agent_version, VERSION_BYTES_MAX)?;
    let now = Timestamp::now();
    let polled = Polled {
        at: now,
        agent_version: &poll.agent_version,
        clock_skew_seconds: poll.now.as_second() - now.as_second(),
        refuses_on_demand: poll.refuses_on_demand,
    };
    intake.store.record_poll(host.id, &polled).await?;
    let contract = intake.store.contract(host.contract).await?.ok_or_else(|| {
        Refusal::new(ProblemCode::HostUnknown, "The contract of this host is not known.")
    })?;
    let data = intake.data.clone();
    let patterns = tokio::task::spawn_blocking(move || pattern_packs::newest(&data)).await;
    let policy = policy(&contract, &host, intake.limits.poll_seconds, now);
    Ok(Json(Policy { patterns: patterns.ok().flatten(), ..policy }))
}

/// What a host is told.
pub(crate) fn policy(
    contract: &Contract,
    host: &Host,
    poll_seconds: u32,
    now: Timestamp,
) -> Policy {
    let fresh = host
        .collect_requested_at
        .is_some_and(|at| at.saturating_add(COLLECT_REQUEST_LIFE).unwrap_or(Timestamp::MAX) > now);
    Policy {
        version: contract.policy_version,
        schedule: contract.schedule.clone(),
        poll_seconds,
        collect_now: host.collect_request.filter(|_| fresh),
        patterns: None,
        now,
    }
}
