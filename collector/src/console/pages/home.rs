//! Home: what needs somebody today. Every number links to the list that makes it.

use askama::Template;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cases::{self, CaseRow};
use super::hosts::{self, HostRow};
use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::frame::Frame;
use crate::console::page::{Told, show as show_page};
use crate::store::NoticeState;

/// Rows of each list on the page; the rest is behind its number.
const ROWS_MAX: usize = 8;
/// Alarms of this long are shown.
const ALARMS_SINCE: SignedDuration = SignedDuration::from_hours(24 * 14);
/// How far back notices are looked at.
const NOTICES_SINCE: SignedDuration = SignedDuration::from_hours(24 * 90);

#[derive(Template, Serialize, ToSchema)]
#[template(path = "home.html")]
pub struct HomePage {
    #[serde(skip)]
    frame: Frame,
    hosts: usize,
    /// Hosts by grade: A, B, C, D, without a score.
    grades: [usize; 5],
    late: Vec<HostRow>,
    late_count: usize,
    worst: Vec<HostRow>,
    dangers: u64,
    undecided: Vec<NoticeRow>,
    undecided_count: usize,
    /// Cases that nobody has answered, the most urgent clock first.
    waiting: Vec<CaseRow>,
    waiting_count: usize,
    alarms: Vec<AlarmRow>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HomeNoticeRow)]
struct NoticeRow {
    id: Uuid,
    advisory: String,
    severity: String,
    contract: String,
    state: &'static str,
    revised_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HomeAlarmRow)]
struct AlarmRow {
    at: Timestamp,
    kind: &'static str,
    detail: String,
}

pub async fn show(State(console): State<Console>, caller: Caller) -> Told<HomePage> {
    let now = Timestamp::now();
    let view = console.view(&caller);
    let rows = hosts::rows(&console, &caller, now).await?;
    let mut grades = [0; 5];
    for row in &rows {
        grades[row.grade_index()] += 1;
    }
    let dangers = rows.iter().map(|row| u64::from(row.danger)).sum();
    let late: Vec<HostRow> = rows.iter().filter(|row| row.is_late).cloned().collect();
    let late_count = late.len();
    let mut worst: Vec<HostRow> = rows.iter().filter(|row| row.score.is_some()).cloned().collect();
    worst.sort_by_key(|row| (row.score, row.name.clone()));
    worst.truncate(ROWS_MAX);
    let contracts = view.contracts_by_id().await?;
    let open =
        |state| matches!(state, NoticeState::Sent | NoticeState::Delivered | NoticeState::Read);
    let notices = view.notices(now - NOTICES_SINCE).await?;
    let mut undecided: Vec<NoticeRow> = notices
        .into_iter()
        .filter(|notice| open(notice.state))
        .map(|notice| NoticeRow {
            id: notice.id,
            contract: contracts.get(&notice.contract).map(|c| c.name.clone()).unwrap_or_default(),
            state: notice.state.as_str(),
            advisory: notice.advisory,
            severity: notice.severity,
            revised_at: notice.revised_at,
        })
        .collect();
    let undecided_count = undecided.len();
    undecided.truncate(ROWS_MAX);
    let mut waiting = cases::rows(&console, &caller, view.cases_unanswered().await?, now).await?;
    let waiting_count = waiting.len();
    waiting.truncate(ROWS_MAX);
    let page = HomePage {
        frame: Frame::of(&caller),
        hosts: rows.len(),
        grades,
        late: late.into_iter().take(ROWS_MAX).collect(),
        late_count,
        worst,
        dangers,
        undecided,
        undecided_count,
        waiting,
        waiting_count,
        alarms: alarms(&console, &caller, now).await?,
    };
    show_page(&caller, &page)
}

/// The newest alarms, for the vendor's staff.
async fn alarms(
    console: &Console,
    caller: &Caller,
    now: Timestamp,
) -> Result<Vec<AlarmRow>, crate::console::page::Refusal> {
    if !caller.may(Right::Operate) {
        return Ok(Vec::new());
    }
    let alarms = console.store.alarms(u32::try_from(ROWS_MAX).unwrap_or(u32::MAX)).await?;
    let recent = alarms.into_iter().filter(|alarm| now.duration_since(alarm.at) < ALARMS_SINCE);
    Ok(recent
        .map(|alarm| AlarmRow { at: alarm.at, kind: alarm.kind.as_str(), detail: alarm.detail })
        .collect())
}
