//! The background step of cases: tells once that a first response is due soon, and once that it
//! did not come in time, in the timeline and as an alarm.
//!
//! Takes no input and may run twice: what is told stands in the case.

use std::path::PathBuf;
use std::time::Duration;

use carepack_service::clock::Standing;
use carepack_shared::terminal::explain;
use jiff::Timestamp;
use uuid::Uuid;

use super::{CaseError, sla};
use crate::service::{Service, ServiceError};
use crate::store::{Alarm, AlarmKind, Case, CaseEvent, EventKind, Store};

/// How often the clocks are looked at.
const PERIOD: Duration = Duration::from_secs(60);
/// Who the timeline names.
const ACTOR: &str = "carepack";

/// Why a run did not end.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error(transparent)]
    Case(#[from] CaseError),
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// What a run told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub warned: usize,
    pub breached: usize,
}

/// Runs on a period until `stop` says so.
pub async fn keep_running(
    store: Store,
    data: PathBuf,
    mut stop: tokio::sync::watch::Receiver<bool>,
) {
    let mut tick = tokio::time::interval(PERIOD);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = tick.tick() => {}
        }
        let service = Service::load(&data).map_err(KeepError::from);
        let told = match service {
            Ok(service) => run(&store, &service, Timestamp::now()).await,
            Err(error) => Err(error),
        };
        match told {
            Ok(told) if told != Told::default() => tracing::info!(?told, "cases.told"),
            Ok(_) => {}
            Err(error) => tracing::error!("cases.failed: {}", explain(&error, None)),
        }
    }
}

/// One run over all cases that nobody answered.
///
/// # Errors
/// [`KeepError`] when the store does not answer.
pub async fn run(store: &Store, service: &Service, now: Timestamp) -> Result<Told, KeepError> {
    let mut told = Told::default();
    for case in store.cases_running().await.map_err(CaseError::from)? {
        let contract = store.contract(case.contract).await.map_err(CaseError::from)?;
        let Some(contract) = contract else { continue };
        let Some(reading) = sla::read(service, &contract, &case, now)? else { continue };
        match reading.standing {
            Standing::Breached => {
                let told_now = tell(store, &case, EventKind::Breached, now).await?;
                told.breached += usize::from(told_now);
            }
            Standing::Warned if case.warned_at.is_none() => {
                let told_now = tell(store, &case, EventKind::Warned, now).await?;
                told.warned += usize::from(told_now);
            }
            _ => {}
        }
    }
    Ok(told)
}

/// Tells of a case; false when somebody changed it meanwhile: the next run looks again.
async fn tell(
    store: &Store,
    case: &Case,
    kind: EventKind,
    now: Timestamp,
) -> Result<bool, CaseError> {
    let mut changed = case.clone();
    let (alarm_kind, what) = if kind == EventKind::Breached {
        changed.breached_at = Some(now);
        (AlarmKind::CaseBreached, "was not answered in time")
    } else {
        changed.warned_at = Some(now);
        (AlarmKind::CaseDue, "must be answered soon")
    };
    let mut line = CaseEvent::new(case.id, kind, (ACTOR, ""), now);
    line.internal = true;
    let alarm = Alarm {
        id: Uuid::now_v7(),
        at: now,
        kind: alarm_kind,
        host: None,
        detail: format!("{} {what}: {}", case.number(), case.title),
    };
    Ok(store.change_case(&changed, &[line], Some(&alarm)).await?)
}
