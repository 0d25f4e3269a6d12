//! What vendors' advisories say of a host, as of an assessment.

use askama::Template;
use axum::extract::{Path, State};
use carepack_assessment::advised::{Advised, Row};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::judged::{Chosen, Tabs, judged};
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::input::Asked;
use crate::console::page::{Told, show as show_page};

#[derive(Template, Serialize, ToSchema)]
#[template(path = "host_advisories.html")]
pub struct AdvisoriesPage {
    #[serde(skip)]
    frame: Frame,
    #[serde(flatten)]
    tabs: Tabs,
    #[serde(skip)]
    q: String,
    /// None where it could not be matched.
    #[schema(value_type = Option<Object>)]
    advised: Option<Advised>,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Asked(chosen): Asked<Chosen>,
) -> Told<AdvisoriesPage> {
    let judged = judged(&console, &caller, (id, "advisories"), &chosen).await?;
    let mut advised = judged.page.and_then(|page| page.advised);
    let wanted = chosen.q.trim().to_lowercase();
    if let Some(advised) = advised.as_mut().filter(|_| !wanted.is_empty()) {
        advised.rows.retain(|row| speaks_of(row, &wanted));
    }
    let frame = Frame::of(&caller);
    let page = AdvisoriesPage { frame, tabs: judged.tabs, q: chosen.q, advised };
    show_page(&caller, &page)
}

/// Whether an advisory's id, a vulnerability or a package has the wanted text in its name.
fn speaks_of(row: &Row, wanted: &str) -> bool {
    let names = row.cves.iter().chain(row.hits.iter().map(|hit| &hit.name));
    std::iter::once(&row.id).chain(names).any(|name| name.to_lowercase().contains(wanted))
}
