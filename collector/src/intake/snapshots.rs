//! Snapshots: decoded only to be checked, stored as they came, acknowledged when durable.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::{Extension, Json};
use carepack_shared::bundle::{BundleError, decompress};
use carepack_shared::digest::sha256_hex;
use carepack_shared::snapshot::{Snapshot, SnapshotError};
use carepack_shared::wire::{BODY_BYTES_MAX, HEADER_SHA256, ProblemCode, Receipt};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::body::{is_digest, malformed, read};
use super::{Intake, Refusal};
use crate::objects::snapshot_key;
use crate::store::{Accepted, Alarm, AlarmKind, Host, SnapshotRow};

/// How long a snapshot waits for its turn before the agent is told to come again.
const TURN: Duration = Duration::from_secs(20);
/// Other machines kept of a host; a host that names ever new ones is told of no more.
const MACHINES_MAX: usize = 20;
const RETRY_BUSY_SECONDS: u32 = 30;

/// What is kept of a checked document beside its bytes.
struct Checked {
    bytes: u64,
    snapshot: Snapshot,
}

pub(super) async fn put(
    State(intake): State<Intake>,
    Extension(host): Extension<Host>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Receipt>), Refusal> {
    let id = uri.path().rsplit('/').next().and_then(|last| last.parse::<Uuid>().ok());
    let id = id.ok_or_else(|| malformed("The path does not end in a snapshot's id."))?;
    let sha256 = headers.get(HEADER_SHA256).and_then(|value| value.to_str().ok());
    let sha256 = sha256.filter(|text| is_digest(text)).map(str::to_owned);
    let sha256 =
        sha256.ok_or_else(|| malformed(format!("{HEADER_SHA256} must be 64 hex digits.")))?;
    ready(&intake)?;
    let _upload = turn(&intake.uploads).await?;
    let body = read(&headers, body, BODY_BYTES_MAX).await?;
    let (body, checked) = check_apart(&intake, body, id, sha256.clone()).await?;
    its_own(&intake, &host, &checked.snapshot).await?;
    let row = SnapshotRow {
        id,
        host: host.id,
        object_key: snapshot_key(host.id, id, &sha256),
        sha256,
        bytes: checked.bytes,
        stored_bytes: body.len() as u64,
        reason: checked.snapshot.reason.as_str().to_owned(),
        period: checked.snapshot.period,
        taken_at: checked.snapshot.taken_at,
        received_at: Timestamp::now(),
        recorded: checked.snapshot.host.recorded,
    };
    let duplicate = match keep(&intake, &row, body).await? {
        Accepted::New => {
            intake.accepted.notify_one();
            false
        }
        Accepted::Duplicate => true,
        Accepted::Conflict { stored_sha } => return Err(conflict(&intake, &row, &stored_sha).await),
    };
    tracing::info!(host.id = %row.host, snapshot.id = %id, duplicate, "intake.snapshot");
    let status = if duplicate { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(Receipt { id, sha256: row.sha256, duplicate })))
}

/// Whether anything can be kept at all, asked before the body is read.
fn ready(intake: &Intake) -> Result<(), Refusal> {
    if !intake.store.is_healthy() || !intake.objects.is_healthy() {
        return Err(Refusal::unavailable());
    }
    match intake.free_bytes() {
        Some(free) if free < intake.free_bytes_min() => {
            tracing::warn!(free, "intake.disk_nearly_full");
            Err(Refusal::full())
        }
        _ => Ok(()),
    }
}

async fn turn(semaphore: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Refusal> {
    let waiting = tokio::time::timeout(TURN, Arc::clone(semaphore).acquire_owned());
    match waiting.await {
        Ok(Ok(permit)) => Ok(permit),
        _ => {
            let detail = "The collector is busy with other snapshots; try again later.";
            let refusal = Refusal::new(ProblemCode::Unavailable, detail);
            Err(refusal.retry_after(RETRY_BUSY_SECONDS))
        }
    }
}

/// Checks a body on a thread of its own: decoding takes too long for a shared one.
async fn check_apart(
    intake: &Intake,
    body: Vec<u8>,
    id: Uuid,
    sha256: String,
) -> Result<(Vec<u8>, Checked), Refusal> {
    let permit = turn(&intake.decoders).await?;
    let checking = tokio::task::spawn_blocking(move || {
        let checked = check(&body, id, &sha256);
        drop(permit);
        checked.map(|checked| (body, checked))
    });
    checking.await.map_err(|error| Refusal::internal(&error))?
}

fn check(body: &[u8], id: Uuid, sha256: &str) -> Result<Checked, Refusal> {
    let document = decompress(body).map_err(|error| match error {
        BundleError::TooLong => Refusal::new(ProblemCode::TooLarge, format!("{error}.")),
        other => malformed(format!("{other}.")),
    })?;
    if sha256_hex(&document) != sha256 {
        return Err(malformed(format!("The document does not match {HEADER_SHA256}.")));
    }
    let mut snapshot = Snapshot::from_document(&document).map_err(|error| match error {
        SnapshotError::Newer { .. } | SnapshotError::Unknown { .. } => {
            Refusal::new(ProblemCode::SchemaUnknown, format!("{error}."))
        }
        SnapshotError::TooLong { .. } | SnapshotError::TooMany { .. } => {
            Refusal::new(ProblemCode::TooLarge, format!("{error}."))
        }
        SnapshotError::Malformed(source) => malformed(format!("{source}.")),
    })?;
    if snapshot.id != id {
        return Err(malformed("The document carries another id than the path."));
    }
    if snapshot.period.as_deref().is_some_and(|period| !is_period(period)) {
        return Err(malformed("period is not of the form 2026-11 or 2026-Q4."));
    }
    // Only the head is needed from here on.
    snapshot.observations = Vec::new();
    snapshot.privacy.facts = None;
    Ok(Checked { bytes: document.len() as u64, snapshot })
}

/// `2026-11` or `2026-Q4`; the contract's calendar is asked later, by the assessment.
pub(crate) fn is_period(text: &str) -> bool {
    let Some((year, part)) = text.split_once('-') else { return false };
    let year_ok = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let month = part.len() == 2 && part.parse().is_ok_and(|month: u8| (1..=12).contains(&month));
    year_ok && (month || matches!(part, "Q1" | "Q2" | "Q3" | "Q4"))
}

/// The certificate says who it is; a document that says otherwise is an alarm. A document that
/// names no host was taken before enrolment.
async fn its_own(intake: &Intake, host: &Host, snapshot: &Snapshot) -> Result<(), Refusal> {
    if let Some(named) = snapshot.host.id.filter(|named| *named != host.id) {
        let detail = format!("Snapshot {} speaks of host {named}.", snapshot.id);
        alarm(intake, AlarmKind::HostMismatch, host.id, detail).await?;
        let detail = "The snapshot speaks of another host than the certificate.";
        return Err(Refusal::new(ProblemCode::HostMismatch, detail));
    }
    let machines = (snapshot.host.machine.as_deref(), host.machine.as_deref());
    if let (Some(seen), Some(known)) = machines
        && seen != known
    {
        another_machine(intake, host.id, (seen, snapshot.id)).await?;
    }
    Ok(())
}

/// Keeps that another machine sent under a host's certificate: an alarm when it is new or was
/// settled before, for a person to say what it is.
async fn another_machine(
    intake: &Intake,
    host: Uuid,
    (machine, snapshot): (&str, Uuid),
) -> Result<(), Refusal> {
    let known = intake.store.machines(host).await?;
    match known.iter().find(|one| one.machine == machine) {
        Some(one) if one.settled.is_none() => {}
        None if known.len() >= MACHINES_MAX => {
            tracing::warn!(host.id = %host, "intake.many_machines");
            return Ok(());
        }
        _ => {
            let detail = format!(
                "Snapshot {snapshot} comes from another machine than the one that enrolled."
            );
            alarm(intake, AlarmKind::MachineChanged, host, detail).await?;
        }
    }
    Ok(intake.store.put_machine((host, machine), snapshot, Timestamp::now()).await?)
}

/// Object first, then row: a row never points to nothing.
async fn keep(intake: &Intake, row: &SnapshotRow, body: Vec<u8>) -> Result<Accepted, Refusal> {
    if intake.store.snapshot(row.id).await?.is_none() {
        intake.objects.put(&row.object_key, body).await?;
    }
    Ok(intake.store.accept_snapshot(row).await?)
}

async fn conflict(intake: &Intake, row: &SnapshotRow, stored_sha: &str) -> Refusal {
    let detail =
        format!("Snapshot {} came with digest {}, stored is {stored_sha}.", row.id, row.sha256);
    match alarm(intake, AlarmKind::DigestConflict, row.host, detail).await {
        Err(refusal) => refusal,
        Ok(()) => {
            let detail = "A snapshot with this id and another digest is stored; this one is not.";
            Refusal::new(ProblemCode::DigestConflict, detail)
        }
    }
}

async fn alarm(
    intake: &Intake,
    kind: AlarmKind,
    host: Uuid,
    detail: String,
) -> Result<(), Refusal> {
    tracing::warn!(host.id = %host, kind = kind.as_str(), "intake.alarm");
    let alarm = Alarm { id: Uuid::now_v7(), at: Timestamp::now(), kind, host: Some(host), detail };
    Ok(intake.store.add_alarm(&alarm).await?)
}
