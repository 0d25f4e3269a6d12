//! Notices that nobody answered within the hours of the contract's level: an alarm for the
//! engineer and one reminder to the contacts, once a revision.

use std::collections::HashMap;

use carepack_advisories::model::Severity;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::NoticesError;
use super::draft::Told;
use super::queue::{addressed, zone_of};
use crate::store::{Alarm, AlarmKind, Notice, NoticeState, Store};

/// Escalates what is overdue; how many.
///
/// # Errors
/// What the store says.
pub async fn escalate(
    store: &Store,
    told: &HashMap<Uuid, Told>,
    notices: &[Notice],
    now: Timestamp,
) -> Result<usize, NoticesError> {
    let mut count = 0;
    for notice in notices {
        let Some(told) = told.get(&notice.contract) else { continue };
        if !is_overdue(notice, told, now) {
            continue;
        }
        let contacts = store.contacts_of(notice.contract).await?;
        let ids = addressed(&contacts, |contact| contact.wants(&notice.kind));
        if store.queue_reminder(notice, &ids, now).await? {
            let detail = format!(
                "Nobody of contract {} answered the notice of {} (revision {}).",
                told.contract.name, notice.advisory, notice.revision
            );
            let kind = AlarmKind::NoticeUnanswered;
            store
                .add_alarm(&Alarm { id: Uuid::now_v7(), at: now, kind, host: None, detail })
                .await?;
            count += 1;
        }
    }
    Ok(count)
}

/// Whether a revision that was sent has waited longer for an answer than its level allows.
fn is_overdue(notice: &Notice, told: &Told, now: Timestamp) -> bool {
    use NoticeState::{Delivered, Read, Sent};
    let Some(sent_at) = notice.sent_at else { return false };
    if !matches!(notice.state, Sent | Delivered | Read)
        || notice.escalated_revision >= notice.revision
    {
        return false;
    }
    let hours = told.policy.answer_hours(Severity::of(&notice.severity), notice.exploited);
    let zone = zone_of(&told.contract.schedule.time_zone);
    let worked = told.policy.worked(sent_at, now, &zone);
    worked >= SignedDuration::from_hours(i64::from(hours))
}
