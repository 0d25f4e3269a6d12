//! Renewal: a host that still has a certificate gets the next one. The old one stays valid to
//! its end, because the new one may be lost on its way.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use carepack_shared::wire::{RenewAnswer, RenewRequest};
use jiff::Timestamp;

use super::body::read_json;
use super::{Intake, Refusal, enrol};
use crate::store::{Certificate, Host};

pub(super) async fn renew(
    State(intake): State<Intake>,
    Extension(host): Extension<Host>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RenewAnswer>, Refusal> {
    let request: RenewRequest = read_json(&headers, body).await?;
    let signed = intake.authority.sign(&request.csr_pem, host.id, Timestamp::now());
    let issued = signed.map_err(enrol::bent_request)?;
    let certificate = Certificate {
        serial: issued.serial,
        host: host.id,
        not_before: issued.not_before,
        not_after: issued.not_after,
        revoked_at: None,
        reason: None,
    };
    intake.store.add_certificate(&certificate).await?;
    tracing::info!(host.id = %host.id, "intake.renewed");
    Ok(Json(RenewAnswer { certificate_pem: issued.pem, not_after: issued.not_after }))
}
