//! The audit log: who did what, and whether its chain is whole.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::input::Asked;
use crate::console::page::{Answer, Refusal, Told, show as show_page};
use crate::store::{AuditFilter, AuditRow, Store, chain_break};

const PAGE_ROWS: u32 = 100;
/// Rows read at once while the chain is checked or exported.
const CHUNK_ROWS: u32 = 5_000;
/// Most rows of one export: about 300 MiB.
const EXPORT_ROWS_MAX: usize = 1_000_000;

#[derive(Deserialize, ToSchema)]
pub struct Filter {
    #[serde(default)]
    before: Option<i64>,
    #[serde(default)]
    actor: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AuditRow)]
struct Row {
    seq: i64,
    at: Timestamp,
    actor: String,
    customer: Option<Uuid>,
    address: String,
    action: String,
    object: String,
    detail: serde_json::Value,
    digest: String,
}

impl From<AuditRow> for Row {
    fn from(row: AuditRow) -> Self {
        let act = row.act;
        Self {
            seq: row.seq,
            at: act.at,
            actor: act.actor,
            customer: act.customer,
            address: act.address,
            action: act.action,
            object: act.object,
            detail: serde_json::from_str(&act.detail).unwrap_or_default(),
            digest: row.digest,
        }
    }
}

impl Row {
    /// What changed, for a person; empty where nothing was said.
    fn told(&self) -> String {
        let said = |key: &str| self.detail.get(key).filter(|value| !value.is_null());
        match (said("before"), said("after")) {
            (Some(before), Some(after)) => format!("{before} → {after}"),
            (None, Some(one)) | (Some(one), None) => one.to_string(),
            (None, None) => String::new(),
        }
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "audit.html")]
pub struct AuditPage {
    #[serde(skip)]
    frame: Frame,
    rows: Vec<Row>,
    actor: String,
    /// Where the next page begins.
    next: Option<i64>,
    /// The first row whose digest or predecessor is not what it should be.
    broken_at: Option<i64>,
}

pub async fn list(
    State(console): State<Console>,
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Told<AuditPage> {
    let actor = filter.actor.trim().to_owned();
    let wanted = AuditFilter {
        before: filter.before,
        actor: Some(actor.clone()).filter(|actor| !actor.is_empty()),
        customer: None,
    };
    let rows = console.store.audit_rows(&wanted, PAGE_ROWS).await?;
    let is_full = rows.len() == PAGE_ROWS as usize;
    let next = rows.last().map(|row| row.seq).filter(|seq| is_full && *seq > 1);
    // The chain is checked where one begins to read.
    let broken_at = match filter.before {
        None => first_break(&console.store).await?,
        Some(_) => None,
    };
    let rows = rows.into_iter().map(Row::from).collect();
    let frame = Frame::of(&caller);
    show_page(&caller, &AuditPage { frame, rows, actor, next, broken_at })
}

/// The first of the newest [`CHUNK_ROWS`] rows that is not what was written, or does not follow
/// the one before; the whole chain is checked by `carepack-collector audit verify`.
async fn first_break(store: &Store) -> Result<Option<i64>, Refusal> {
    let newest = store.audit_rows(&AuditFilter::default(), 1).await?;
    let newest = newest.first().map_or(0, |row| row.seq);
    let first = (newest - i64::from(CHUNK_ROWS) + 1).max(1);
    let rows = store.audit_from(first, CHUNK_ROWS).await?;
    // What lies before the run is taken at its word.
    let before = rows.first().filter(|_| first > 1).map_or("", |row| row.previous.as_str());
    Ok(chain_break(&rows, first, before))
}

/// The whole log, a row a line.
pub async fn export(State(console): State<Console>) -> Answer {
    let (mut text, mut next, mut count) = (String::new(), 1, 0);
    loop {
        let rows = console.store.audit_from(next, CHUNK_ROWS).await?;
        let is_last = rows.len() < CHUNK_ROWS as usize;
        count += rows.len();
        for row in rows {
            next = row.seq + 1;
            let line = serde_json::to_string(&Row::from(row));
            text.push_str(&line.map_err(|error| Refusal::broken("the audit log", &error))?);
            text.push('\n');
        }
        if is_last || count >= EXPORT_ROWS_MAX {
            break;
        }
    }
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\""),
    ];
    Ok((headers, text).into_response())
}
