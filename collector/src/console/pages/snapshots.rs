//! One snapshot: what a host sent, source by source, as it was masked on the host. Each view of it
//! stands in the audit log.

use askama::Template;
use axum::extract::{Path, State};
use carepack_shared::Snapshot;
use carepack_shared::observation::{Content, Outcome};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::Asked;
use crate::console::page::{Told, show as show_page};
use crate::inspections::decoded;

/// Longest content that is shown of one source, in bytes; the rest is told.
const SHOWN_BYTES_MAX: usize = 256 * 1024;

/// What a host's own facts go by in the list of its sources.
const FACTS: &str = "facts";

#[derive(Serialize, ToSchema)]
struct SourceRow {
    key: String,
    probe: String,
    took_ms: u32,
    /// `seen`, or why not.
    outcome: String,
    detail: String,
    bytes: usize,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "snapshot.html")]
pub struct SnapshotPage {
    #[serde(skip)]
    frame: Frame,
    id: Uuid,
    host: Uuid,
    host_name: String,
    taken_at: Timestamp,
    received_at: Timestamp,
    reason: String,
    sha256: String,
    agent_version: String,
    masked: Vec<(String, u64)>,
    lost: u64,
    /// How much its host lets leave.
    mode: &'static str,
    pseudonyms: bool,
    sources: Vec<SourceRow>,
    /// The source that is looked at.
    wanted: String,
    content: Option<String>,
    cut: bool,
}

#[derive(Deserialize, ToSchema)]
pub struct Wanted {
    #[serde(default)]
    source: String,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Asked(wanted): Asked<Wanted>,
) -> Told<SnapshotPage> {
    let (row, host, contract) = console.view(&caller).snapshot(id).await?;
    let snapshot = decoded(&console.objects, &row).await?;
    let (content, cut) = content_of(&snapshot, &wanted.source);
    let page = SnapshotPage {
        frame: Frame::of(&caller),
        id,
        host: host.id,
        host_name: host.hostname,
        taken_at: row.taken_at,
        received_at: row.received_at,
        reason: row.reason,
        sha256: row.sha256,
        agent_version: snapshot.agent.version.clone(),
        masked: snapshot.masked.iter().map(|(kind, count)| (kind.clone(), *count)).collect(),
        lost: snapshot.lost,
        mode: snapshot.privacy.mode.as_str(),
        pseudonyms: snapshot.privacy.pseudonyms,
        sources: facts_row(&snapshot)
            .into_iter()
            .chain(snapshot.observations.iter().map(source_row))
            .collect(),
        wanted: wanted.source,
        content,
        cut,
    };
    let after = serde_json::json!({"source": page.wanted});
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    Ok(show_page(&caller, &page)?.telling(detail))
}

/// What the host told instead of evidence, as if it were a source.
fn facts_row(snapshot: &Snapshot) -> Option<SourceRow> {
    let text = facts_of(snapshot)?;
    Some(SourceRow {
        key: FACTS.to_owned(),
        probe: String::new(),
        took_ms: 0,
        outcome: "seen".to_owned(),
        detail: String::new(),
        bytes: text.len(),
    })
}

fn facts_of(snapshot: &Snapshot) -> Option<String> {
    serde_json::to_string_pretty(snapshot.privacy.facts.as_ref()?).ok()
}

fn source_row(observation: &carepack_shared::Observation) -> SourceRow {
    let (outcome, detail, bytes) = match &observation.outcome {
        Outcome::Seen { content: Content::Kept { bytes }, .. } => {
            ("kept".to_owned(), String::new(), usize::try_from(*bytes).unwrap_or(usize::MAX))
        }
        Outcome::Seen { content, .. } => ("seen".to_owned(), String::new(), text_of(content).len()),
        Outcome::Unseen { reason, detail } => (reason.as_str().to_owned(), detail.clone(), 0),
    };
    SourceRow {
        key: observation.source.key(),
        probe: observation.probe.clone(),
        took_ms: observation.took_ms,
        outcome,
        detail,
        bytes,
    }
}

fn text_of(content: &Content) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Json(value) => serde_json::to_string_pretty(value).unwrap_or_default(),
        Content::Kept { .. } => String::new(),
    }
}

/// A source's content, cut at a character, and whether it was cut.
fn content_of(snapshot: &Snapshot, key: &str) -> (Option<String>, bool) {
    let seen = snapshot.observations.iter().find(|observation| observation.source.key() == key);
    let mut text = match seen.map(|observation| &observation.outcome) {
        Some(Outcome::Seen { content, .. }) => text_of(content),
        _ if key == FACTS => facts_of(snapshot).unwrap_or_default(),
        _ => return (None, false),
    };
    let is_long = text.len() > SHOWN_BYTES_MAX;
    if is_long {
        text.truncate(text.floor_char_boundary(SHOWN_BYTES_MAX));
    }
    (Some(text), is_long)
}
