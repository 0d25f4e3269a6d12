//! The background step of cases: takes in mail, and tells once that a first response is due soon,
//! and once that it did not come in time: in the timeline, as an alarm, and by mail to those of
//! the desk who look after the contract.
//!
//! Takes no input and may run twice: what is told stands in the case.

use std::sync::Arc;
use std::time::Duration;

use carepack_service::clock::Standing;
use carepack_shared::terminal::explain;
use jiff::Timestamp;
use tokio::sync::Notify;
use uuid::Uuid;

use super::mail_in::{self, CameIn};
use super::{CaseError, sla};
use crate::notices::Notices;
use crate::service::{Service, ServiceError};
use crate::store::{Alarm, AlarmKind, Along, Case, CaseEvent, Duty, EventKind, Reader, Store};

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
    notices: Notices,
    mail: Arc<Notify>,
    mut stop: tokio::sync::watch::Receiver<bool>,
) {
    let mut tick = tokio::time::interval(PERIOD);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = tick.tick() => {}
        }
        match mail_in::run(&notices, Timestamp::now()).await {
            Ok(came) if came != CameIn::default() => tracing::info!(?came, "cases.mail_in"),
            Ok(_) => {}
            Err(error) => tracing::error!("cases.mail_in_failed: {}", explain(&error, None)),
        }
        let service = Service::load(&notices.config.data).map_err(KeepError::from);
        let told = match service {
            Ok(service) => run(&notices.store, &service, Timestamp::now()).await,
            Err(error) => Err(error),
        };
        match told {
            Ok(told) if told != Told::default() => {
                tracing::info!(?told, "cases.told");
                // A warning is of no use when it waits for the next run of mails.
                mail.notify_one();
            }
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

/// Who is mailed: the contract's engineers before it is late, the escalation too when it is.
async fn readers(store: &Store, case: &Case, kind: EventKind) -> Result<Vec<Reader>, CaseError> {
    let mut members = store.desk_members(case.contract).await?;
    members.retain(|member| kind == EventKind::Breached || member.duty == Duty::Engineer);
    Ok(members.into_iter().map(|member| Reader::Member(member.id)).collect())
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
    let readers = readers(store, case, kind).await?;
    let along = Along { alarm: Some(&alarm), readers: &readers, ..Along::default() };
    Ok(store.change_case(&changed, &[line], &along).await?)
}
