//! Enrolment: a one-time token becomes a host and its first certificate.

use std::sync::PoisonError;
use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use carepack_shared::wire::{EnrolAnswer, EnrolRequest, ProblemCode};
use jiff::Timestamp;
use uuid::Uuid;

use super::body::{VERSION_BYTES_MAX, is_digest, malformed, read_json, short_text};
use super::{Intake, Peer, Refusal, poll};
use crate::pki::RequestError;
use crate::store::{Certificate, Enrolled, Host, Spent, Token};

/// Longest host name (RFC 1035) in bytes.
const HOSTNAME_BYTES_MAX: usize = 253;
/// Weight of a host whose token does not say: the middle of 1, 2 and 4.
const IMPORTANCE_DEFAULT: u8 = 2;

pub(super) async fn enrol(
    State(intake): State<Intake>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<EnrolAnswer>, Refusal> {
    let counted = {
        let mut attempts = intake.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.count(peer.address, Instant::now())
    };
    if let Err(seconds) = counted {
        let detail = "Too many enrolment attempts; try again in a minute.";
        return Err(Refusal::new(ProblemCode::TooManyAttempts, detail).retry_after(seconds));
    }
    let request: EnrolRequest = read_json(&headers, body).await?;
    check(&request)?;
    let now = Timestamp::now();
    let token = intake.store.token(&request.secret).await?;
    let token = token.ok_or_else(|| refused(Spent::Unknown))?;
    match token.standing(now) {
        Spent::Spent => {}
        standing => return Err(refused(standing)),
    }
    let host = new_host(&token, &request, now);
    let issued = intake.authority.sign(&request.csr_pem, host.id, now).map_err(bent_request)?;
    let certificate = Certificate {
        serial: issued.serial,
        host: host.id,
        not_before: issued.not_before,
        not_after: issued.not_after,
        revoked_at: None,
        reason: None,
    };
    let contract = intake.store.contract(host.contract).await?;
    let contract = contract.ok_or_else(|| refused(Spent::Unknown))?;
    let policy = poll::policy(&contract, &host, intake.limits.poll_seconds, now);
    let enrolled = Enrolled { host, certificate };
    match intake.store.spend_token(&request.secret, &enrolled, now).await? {
        Spent::Spent => {}
        other => return Err(refused(other)),
    }
    tracing::info!(host.id = %enrolled.host.id, "intake.enrolled");
    Ok(Json(EnrolAnswer {
        host_id: enrolled.host.id,
        certificate_pem: issued.pem,
        not_after: issued.not_after,
        policy,
    }))
}

fn check(request: &EnrolRequest) -> Result<(), Refusal> {
    short_text("hostname", &request.hostname, HOSTNAME_BYTES_MAX)?;
    short_text("agent_version", &request.agent_version, VERSION_BYTES_MAX)?;
    if request.machine.as_deref().is_some_and(|machine| !is_digest(machine)) {
        return Err(malformed("machine must be 64 lower-case hex digits."));
    }
    Ok(())
}

fn new_host(token: &Token, request: &EnrolRequest, now: Timestamp) -> Host {
    Host {
        id: token.reenrols.unwrap_or_else(Uuid::now_v7),
        contract: token.contract,
        hostname: token.hostname.clone().unwrap_or_else(|| request.hostname.clone()),
        machine: request.machine.clone(),
        role: token.role.clone().unwrap_or_default(),
        importance: token.importance.unwrap_or(IMPORTANCE_DEFAULT),
        enrolled_at: now,
        last_seen: Some(now),
        agent_version: request.agent_version.clone(),
        clock_skew_seconds: None,
        refuses_on_demand: false,
        retired_at: None,
        collect_request: None,
        collect_requested_at: None,
    }
}

fn refused(spent: Spent) -> Refusal {
    let what = match spent {
        Spent::Used => "The token was already used.",
        Spent::Expired => "The token has expired.",
        Spent::Unknown | Spent::Spent => "The token is wrong.",
    };
    let detail = format!("{what} Ask the collector's operator for a new one.");
    Refusal::new(ProblemCode::TokenRefused, detail)
}

/// A request that cannot be signed: the stranger's fault, or ours.
pub(super) fn bent_request(error: RequestError) -> Refusal {
    match error {
        RequestError::Pki(ours) => ours.into(),
        bent => malformed(format!("csr_pem: {bent}.")),
    }
}
