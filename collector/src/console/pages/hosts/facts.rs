//! Every fact of a host as of an assessment: its value, what it came from, and what was not seen.

use askama::Template;
use axum::extract::{Path, State};
use carepack_facts::Facts;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::judged::{Chosen, Tabs, judged};
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::Asked;
use crate::console::page::{Told, show as show_page};

/// Longest value shown in a list, in bytes; the snapshot has all of it.
const VALUE_BYTES_MAX: usize = 2_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Fact {
    key: String,
    value: String,
    cut: bool,
    unit: String,
    source: String,
    /// Why it is not known; empty when it is.
    unseen: &'static str,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "host_facts.html")]
pub struct FactsPage {
    #[serde(skip)]
    frame: Frame,
    #[serde(flatten)]
    tabs: Tabs,
    #[serde(skip)]
    q: String,
    /// The snapshot that they came from.
    snapshot: Option<String>,
    facts: Vec<Fact>,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Asked(chosen): Asked<Chosen>,
) -> Told<FactsPage> {
    let judged = judged(&console, &caller, (id, "facts"), &chosen).await?;
    let facts = judged.page.as_ref().map(|page| listed(&page.facts, chosen.q.trim()));
    let snapshot = judged.page.and_then(|page| page.snapshot).map(|snapshot| snapshot.id);
    let page = FactsPage {
        frame: Frame::of(&caller),
        tabs: judged.tabs,
        q: chosen.q,
        snapshot,
        facts: facts.unwrap_or_default(),
    };
    let detail = Detail { customer: Some(judged.contract.customer), ..Detail::default() };
    Ok(show_page(&caller, &page)?.telling(detail))
}

/// Facts whose key has `wanted` in it, by key.
fn listed(facts: &Facts, wanted: &str) -> Vec<Fact> {
    let known = facts.known.iter().map(|(key, fact)| {
        let value = serde_json::to_value(&fact.value).unwrap_or_default();
        let mut value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let cut = value.len() > VALUE_BYTES_MAX;
        value.truncate(value.floor_char_boundary(VALUE_BYTES_MAX));
        let (key, unit, source) = (key.clone(), fact.unit.clone(), fact.source.clone());
        Fact { key, value, cut, unit, source, unseen: "" }
    });
    let missing = facts.missing.iter().map(|(key, missing)| Fact {
        key: key.clone(),
        value: String::new(),
        cut: false,
        unit: String::new(),
        source: missing.source.clone(),
        unseen: missing.reason.as_str(),
    });
    let mut all: Vec<Fact> =
        known.chain(missing).filter(|fact| fact.key.contains(wanted)).collect();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}

#[cfg(test)]
mod tests {
    use carepack_shared::Unseen;

    use super::*;

    #[test]
    fn long_values_are_cut_and_what_was_not_seen_says_why() {
        let mut facts = Facts::default();
        facts.put("b.long", "가".repeat(1_000), "x");
        facts.miss("a.gone", Unseen::Denied, "y");
        let all = listed(&facts, "");
        assert_eq!((all[0].key.as_str(), all[0].unseen), ("a.gone", "denied"));
        assert!(all[1].cut && all[1].value.len() <= VALUE_BYTES_MAX);
        assert_eq!(listed(&facts, "long").len(), 1);
    }
}
