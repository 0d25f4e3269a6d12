//! Two hosts against each other, or two dates of one: development and production, before and
//! after. Each side is a host's name (its newest snapshot) or a snapshot.

use askama::Template;
use axum::extract::State;
use carepack_assessment::drift::{self, word};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::Asked;
use crate::console::page::{Refusal, Told, show as show_page};
use crate::console::view::View;
use crate::store::{Contract, Host, SnapshotRow};

/// Differences of one page; the rest is told by its number.
const ROWS_MAX: usize = 2_000;

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct Wanted {
    a: String,
    b: String,
    /// `1`: also what belongs to one host alone.
    all: String,
}

/// One side of the comparison.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Side {
    host: Uuid,
    name: String,
    snapshot: Uuid,
    taken_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct Difference {
    subject: &'static str,
    name: String,
    a: String,
    b: String,
}

#[derive(Serialize, ToSchema)]
struct Compared {
    a: Side,
    b: Side,
    total: usize,
    /// At most [`ROWS_MAX`] of them.
    differences: Vec<Difference>,
    seen_on_one_side_only: Vec<String>,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "compare.html")]
pub struct ComparePage {
    #[serde(skip)]
    frame: Frame,
    #[serde(skip)]
    wanted: Wanted,
    /// None until both sides are named.
    compared: Option<Compared>,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Told<ComparePage> {
    let frame = Frame::of(&caller);
    if wanted.a.trim().is_empty() || wanted.b.trim().is_empty() {
        return show_page(&caller, &ComparePage { frame, wanted, compared: None });
    }
    let view = console.view(&caller);
    let (a, b) = (side(&view, &wanted.a).await?, side(&view, &wanted.b).await?);
    let inspector = console.inspector();
    let (facts_a, facts_b) =
        (inspector.observed(&a.2).await?.facts, inspector.observed(&b.2).await?.facts);
    let found = drift::compare(&facts_a, &facts_b, wanted.all == "1");
    let row = |change: carepack_assessment::model::Change| Difference {
        subject: word(change.subject),
        name: change.name,
        a: change.before,
        b: change.after,
    };
    let compared = Compared {
        total: found.differences.len(),
        differences: found.differences.into_iter().take(ROWS_MAX).map(row).collect(),
        seen_on_one_side_only: found.one_sided,
        a: told(&a),
        b: told(&b),
    };
    let after = serde_json::json!({"a": compared.a.snapshot, "b": compared.b.snapshot});
    let page = ComparePage { frame, wanted, compared: Some(compared) };
    let detail = Detail { customer: Some(a.1.customer), after, ..Detail::default() };
    Ok(show_page(&caller, &page)?.telling(detail))
}

type Seen = (Host, Contract, SnapshotRow);

fn told((host, _, row): &Seen) -> Side {
    Side { host: host.id, name: host.hostname.clone(), snapshot: row.id, taken_at: row.taken_at }
}

/// The snapshot that a text names, or the newest one of the host that it names.
async fn side(view: &View<'_>, text: &str) -> Result<Seen, Refusal> {
    let text = text.trim();
    if let Ok(id) = text.parse::<Uuid>() {
        match view.snapshot(id).await {
            Ok((row, host, contract)) => return Ok((host, contract, row)),
            Err(Refusal::NotFound) => {}
            Err(other) => return Err(other),
        }
    }
    let mut named = view.hosts(None).await?;
    named.retain(|host| host.hostname == text || host.id.to_string() == text);
    let unknown = || Refusal::malformed("refused.unknown_host", text);
    let host = match named.len() {
        0 => return Err(unknown()),
        1 => named.remove(0),
        _ => return Err(Refusal::conflict("refused.ambiguous", text)),
    };
    let (host, contract) = view.host(host.id).await?;
    let newest = view.snapshots(&host).await?.into_iter().next();
    let row = newest.ok_or_else(|| Refusal::malformed("refused.no_snapshot", text))?;
    Ok((host, contract, row))
}
