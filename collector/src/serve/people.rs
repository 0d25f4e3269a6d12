//! The listener for people: is it alive, is it ready, and if not, why.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::intake::Intake;

/// How long the database may take for a sign of life.
const PING: Duration = Duration::from_secs(5);
/// The root's end is told this long before: time enough to enrol a fleet anew.
const ROOT_WARNING: SignedDuration = SignedDuration::from_hours(24 * 90);

#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    checks: Vec<Check>,
}

/// One condition, and why it does not hold.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub fn router(intake: Intake) -> Router {
    Router::new().route("/healthz", get(health)).route("/readyz", get(ready)).with_state(intake)
}

/// The process answers.
async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({"status": "ok"}))
}

/// The collector can take in snapshots: 200, or 503 with the reasons.
async fn ready(State(intake): State<Intake>) -> (StatusCode, Json<Readiness>) {
    let checks = vec![
        check("database", database(&intake).await),
        check("objects", objects(&intake)),
        check("disk", disk(&intake)),
        check("authority", authority(&intake)),
    ];
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, checks }))
}

fn check(name: &'static str, found: Result<(), String>) -> Check {
    Check { name, ok: found.is_ok(), reason: found.err() }
}

async fn database(intake: &Intake) -> Result<(), String> {
    match tokio::time::timeout(PING, intake.store.ping()).await {
        Ok(answered) => answered.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PING.as_secs())),
    }
}

fn objects(intake: &Intake) -> Result<(), String> {
    if intake.objects.is_healthy() {
        return Ok(());
    }
    Err("the object folder met a write error; look at the disk, then restart".to_owned())
}

fn disk(intake: &Intake) -> Result<(), String> {
    match intake.free_bytes() {
        Some(free) if free >= intake.free_bytes_min() => Ok(()),
        Some(free) => {
            let minimum = intake.free_bytes_min();
            Err(format!("{free} bytes free, {minimum} needed; snapshots are refused"))
        }
        None => Err("the file system does not say how much is free".to_owned()),
    }
}

fn authority(intake: &Intake) -> Result<(), String> {
    let end = intake.authority.not_after();
    let warn_at = end.saturating_sub(ROOT_WARNING).unwrap_or(end);
    if Timestamp::now() < warn_at {
        return Ok(());
    }
    Err(format!("the root certificate ends at {end}"))
}
