//! Search over everything that a caller sees: customers, contracts, hosts, notices, findings.

use askama::Template;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::input::Asked;
use crate::console::page::{Told, show as show_page};

/// Hits of one kind.
const HITS_MAX: usize = 25;
const NOTICES_SINCE: SignedDuration = SignedDuration::from_hours(24 * 400);

#[derive(Deserialize, ToSchema)]
pub struct Wanted {
    #[serde(default)]
    q: String,
}

#[derive(Serialize, ToSchema)]
struct Hit {
    /// Key of the navigation: what kind of thing it is.
    kind: &'static str,
    place: String,
    text: String,
    about: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "search.html")]
pub struct SearchPage {
    #[serde(skip)]
    frame: Frame,
    q: String,
    hits: Vec<Hit>,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Told<SearchPage> {
    let q: String = wanted.q.trim().chars().take(100).collect();
    let frame = Frame::of(&caller);
    let mut hits = Vec::new();
    if !q.is_empty() {
        hits = find(&console, &caller, &frame, &q.to_lowercase()).await?;
    }
    show_page(&caller, &SearchPage { frame, q, hits })
}

async fn find(
    console: &Console,
    caller: &Caller,
    frame: &Frame,
    q: &str,
) -> Result<Vec<Hit>, crate::console::page::Refusal> {
    let mut hits = Vec::new();
    let view = console.view(caller);
    let has = |texts: &[&str]| texts.iter().any(|text| text.to_lowercase().contains(q));
    let customers = view.customers().await?;
    hits.extend(customers.iter().filter(|c| has(&[&c.name])).take(HITS_MAX).map(|c| Hit {
        kind: "nav.customers",
        place: format!("/customers/{}", c.id),
        text: c.name.clone(),
        about: String::new(),
    }));
    let contracts = view.contracts().await?;
    let found = contracts.iter().filter(|c| has(&[&c.name, &c.engineer, &c.customer_contact]));
    hits.extend(found.take(HITS_MAX).map(|c| Hit {
        kind: "contract",
        place: format!("/contracts/{}", c.id),
        text: c.name.clone(),
        about: c.level.clone(),
    }));
    let hosts = view.hosts(None).await?;
    let found = hosts.iter().filter(|h| has(&[&h.hostname, &h.role, &h.id.to_string()]));
    hits.extend(found.take(HITS_MAX).map(|h| Hit {
        kind: "nav.hosts",
        place: format!("/hosts/{}", h.id),
        text: h.hostname.clone(),
        about: h.role.clone(),
    }));
    let notices = view.notices(Timestamp::now() - NOTICES_SINCE).await?;
    let told = |sent: Option<Timestamp>| sent.is_some() || caller.person.role.is_staff();
    let found = notices.iter().filter(|n| told(n.sent_at) && has(&[&n.advisory, &n.content]));
    hits.extend(found.take(HITS_MAX).map(|n| Hit {
        kind: "nav.notices",
        place: format!("/notices/{}", n.id),
        text: n.advisory.clone(),
        about: n.severity.clone(),
    }));
    let rules = view.failing_rules().await?;
    let found = rules.into_iter().filter(|r| has(&[&r.rule, &r.title_ko, &r.title_en]));
    hits.extend(found.take(HITS_MAX).map(|row| Hit {
        kind: "nav.findings",
        place: format!("/findings?rule={}", row.rule),
        text: frame.either(&row.title_ko, &row.title_en).to_owned(),
        about: row.rule,
    }));
    Ok(hits)
}
