//! Support Patterns: their list, and a new one drafted from a case.

mod actions;
mod one;

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::page::{Refusal, Told, show as show_page};
use crate::console::pages::hosts::AREAS;
use crate::store::SupportPattern;
use crate::support_patterns::PatternError;

pub use actions::{attempt, draft, edit, publish, retire, shadow};
pub use one::show;

impl From<PatternError> for Refusal {
    fn from(error: PatternError) -> Self {
        match error {
            PatternError::Store(error) => Self::from(error),
            PatternError::Inspection(error) => Self::from(error),
            PatternError::Unknown(_) => Self::NotFound,
            PatternError::Changed => Self::conflict("refused.changed", ""),
            PatternError::Used(id) => Self::conflict("refused.pattern_used", id),
            PatternError::Untried { id, .. } => Self::conflict("refused.pattern_untried", id),
            PatternError::State { id, state, .. } => {
                Self::conflict("refused.pattern_state", format!("{id}: {state}"))
            }
            PatternError::Id(id) => Self::malformed("refused.pattern_id", id),
            PatternError::NoSnapshot => Self::conflict("refused.pattern_snapshot", ""),
            PatternError::Nothing => Self::conflict("refused.pattern_nothing", ""),
            PatternError::Rule(error) => Self::malformed("refused.pattern_rule", error.to_string()),
            PatternError::Yaml(error) => Self::malformed("refused.pattern_rule", error.to_string()),
            PatternError::TooLong | PatternError::Kind => {
                Self::malformed("refused.pattern_rule", error.to_string())
            }
            PatternError::Json(_) | PatternError::Stopped(_) => Self::broken("a pattern", &error),
        }
    }
}

/// A pattern in lists.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PatternRow {
    pub id: String,
    pub area: String,
    pub state: &'static str,
    pub revision: u32,
    /// Number of the case that it was born from.
    pub case: String,
    pub changed_at: Timestamp,
    pub changed_by: String,
}

impl From<&SupportPattern> for PatternRow {
    fn from(pattern: &SupportPattern) -> Self {
        Self {
            id: pattern.id.clone(),
            area: pattern.area.clone(),
            state: pattern.state.as_str(),
            revision: pattern.revision,
            case: pattern.case_id.clone(),
            changed_at: pattern.changed_at,
            changed_by: pattern.changed_by.clone(),
        }
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "patterns.html")]
pub struct PatternsPage {
    #[serde(skip)]
    frame: Frame,
    patterns: Vec<PatternRow>,
}

pub async fn list(State(console): State<Console>, caller: Caller) -> Told<PatternsPage> {
    let all = console.store.support_patterns().await?;
    let patterns = all.iter().map(PatternRow::from).collect();
    show_page(&caller, &PatternsPage { frame: Frame::of(&caller), patterns })
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "pattern_new.html")]
pub struct NewPage {
    #[serde(skip)]
    frame: Frame,
    case: String,
    title: String,
    cause: String,
    resolution: String,
    opened_at: Timestamp,
    /// Hosts linked to the case.
    hosts: Vec<(Uuid, String)>,
    #[serde(skip)]
    areas: [&'static str; 5],
}

/// The form, filled from the case.
pub async fn new(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
) -> Told<NewPage> {
    let view = console.view(&caller);
    let (case, contract) = view.case(&number).await?;
    let linked = console.store.case_hosts(case.id).await?;
    let hosts = view.hosts(Some(contract.id)).await?.into_iter();
    let hosts = hosts.filter(|host| linked.contains(&host.id));
    let page = NewPage {
        frame: Frame::of(&caller),
        case: case.number(),
        title: case.title,
        cause: case.cause,
        resolution: case.resolution,
        opened_at: case.opened_at,
        hosts: hosts.map(|host| (host.id, host.hostname)).collect(),
        areas: AREAS,
    };
    show_page(&caller, &page)
}
