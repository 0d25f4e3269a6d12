//! Hands out the newest signed pattern pack to hosts with a certificate.

use axum::Json;
use axum::extract::State;
use carepack_shared::pattern_pack::SignedPack;
use carepack_shared::wire::ProblemCode;

use super::{Intake, Refusal};
use crate::pattern_packs;

pub(super) async fn patterns(State(intake): State<Intake>) -> Result<Json<SignedPack>, Refusal> {
    let data = intake.data.clone();
    let read = tokio::task::spawn_blocking(move || pattern_packs::give(&data)).await;
    match read {
        Ok(Ok(Some(pack))) => Ok(Json(pack)),
        Ok(Ok(None)) => {
            Err(Refusal::new(ProblemCode::NoSuchRoute, "There is no pattern pack here."))
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "intake.patterns");
            Err(Refusal::new(ProblemCode::Internal, "The pattern pack cannot be read."))
        }
        Err(_) => Err(Refusal::new(ProblemCode::Internal, "The pattern pack cannot be read.")),
    }
}
