//! Alarms: what somebody of ours must look at.

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::page::{Told, show as show_page};

const ROWS_MAX: u32 = 500;

#[derive(Serialize, ToSchema)]
#[schema(as = AlarmRow)]
struct AlarmRow {
    at: Timestamp,
    kind: &'static str,
    host: Option<Uuid>,
    detail: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "alarms.html")]
pub struct AlarmsPage {
    #[serde(skip)]
    frame: Frame,
    alarms: Vec<AlarmRow>,
}

pub async fn list(State(console): State<Console>, caller: Caller) -> Told<AlarmsPage> {
    let seen: std::collections::BTreeSet<Uuid> =
        console.view(&caller).hosts(None).await?.into_iter().map(|host| host.id).collect();
    let alarms = console.store.alarms(ROWS_MAX).await?;
    // An alarm of no host is of the collector itself: for those who see all.
    let is_seen = |host: Option<Uuid>| match host {
        Some(host) => seen.contains(&host),
        None => caller.scope == crate::console::access::Scope::All,
    };
    let alarms = alarms
        .into_iter()
        .filter(|alarm| is_seen(alarm.host))
        .map(|alarm| AlarmRow {
            at: alarm.at,
            kind: alarm.kind.as_str(),
            host: alarm.host,
            detail: alarm.detail,
        })
        .collect();
    show_page(&caller, &AlarmsPage { frame: Frame::of(&caller), alarms })
}
