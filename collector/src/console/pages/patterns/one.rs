//! One pattern: its text, its life, what its last trial found.

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::PatternRow;
use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::frame::Frame;
use crate::console::page::{Refusal, Told, show as show_page};
use crate::store::{PatternChange, PatternState};
use crate::support_patterns::{self, Found, tell};

#[derive(Serialize, ToSchema)]
struct Step {
    at: Timestamp,
    by: String,
    revision: u32,
    state: &'static str,
}

impl From<PatternChange> for Step {
    fn from(change: PatternChange) -> Self {
        let PatternChange { at, made_by: by, revision, state, .. } = change;
        Self { at, by, revision, state: state.as_str() }
    }
}

#[derive(Serialize, ToSchema)]
struct Trial {
    tried_at: Timestamp,
    /// Hosts of customers that the caller does not see are counted only.
    others: usize,
    found: Found,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "pattern.html")]
pub struct PatternPage {
    #[serde(skip)]
    frame: Frame,
    pattern: PatternRow,
    yaml: String,
    /// None: this revision was not tried.
    trial: Option<Trial>,
    /// Hosts done and hosts in all of a trial that runs.
    running: Option<(usize, usize)>,
    steps: Vec<Step>,
    /// The advisory's name of its notices.
    #[serde(skip)]
    advisory: String,
    #[serde(skip)]
    may_approve: bool,
}

impl PatternPage {
    fn is(&self, state: &str) -> bool {
        self.pattern.state == state
    }

    /// Its text may be changed.
    fn is_open(&self) -> bool {
        self.is(PatternState::Draft.as_str()) || self.is(PatternState::Shadow.as_str())
    }
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Told<PatternPage> {
    let pattern = support_patterns::get(&console.store, &id).await?;
    let trial = match console.store.trial(&id, pattern.revision).await? {
        Some(trial) => {
            let found = serde_json::from_str(&trial.result);
            let found: Found = found.map_err(|error| Refusal::broken("a trial", &error))?;
            Some(seen(&console, &caller, trial.tried_at, found).await?)
        }
        None => None,
    };
    let steps = console.store.support_pattern_changes(&id).await?;
    let page = PatternPage {
        frame: Frame::of(&caller),
        pattern: PatternRow::from(&pattern),
        advisory: tell::advisory(&id),
        running: console.hunting.of(&id),
        yaml: pattern.yaml,
        trial,
        steps: steps.into_iter().map(Step::from).collect(),
        may_approve: caller.may(Right::Approve),
    };
    show_page(&caller, &page)
}

/// What a trial found, as the caller may see it.
async fn seen(
    console: &Console,
    caller: &Caller,
    tried_at: Timestamp,
    mut found: Found,
) -> Result<Trial, Refusal> {
    let contracts = console.view(caller).contracts_by_id().await?;
    let all = found.hosts.len();
    found.hosts.retain(|host| contracts.contains_key(&host.contract));
    Ok(Trial { tried_at, others: all - found.hosts.len(), found })
}
