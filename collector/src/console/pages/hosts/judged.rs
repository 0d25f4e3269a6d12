//! A host with the page of one of its assessments, for the tabs below a host: which periods there
//! are, which is looked at.

use carepack_assessment::model::HostAssessment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::page::Refusal;
use crate::inspections::results::page;
use crate::store::{Contract, Host, HostResult};

/// Periods that can be chosen, newest first; also those of the score's course.
pub const PERIODS_MAX: u32 = 24;

/// The period that an address asks for; empty: the newest.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct Chosen {
    pub period: String,
    /// Part of a name, where a tab has a list.
    pub q: String,
}

/// What stands above each tab of a host.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Tabs {
    pub host: Uuid,
    pub name: String,
    /// The tab that is shown: the last part of its address.
    #[serde(skip)]
    pub at: &'static str,
    /// The period that is shown; empty without an assessment.
    pub period: String,
    pub periods: Vec<String>,
    /// Sees the tabs with evidence.
    #[serde(skip)]
    pub may_see_evidence: bool,
}

impl Tabs {
    /// Address and word of each tab that the caller may open.
    pub fn all(&self) -> Vec<(&'static str, &'static str)> {
        let open = [
            ("", "tab.overview"),
            ("resources", "tab.resources"),
            ("packages", "tab.packages"),
            ("advisories", "tab.advisories"),
            ("facts", "tab.facts"),
        ];
        let seen = |(at, _): &(&str, &str)| *at != "facts" || self.may_see_evidence;
        open.into_iter().filter(seen).collect()
    }
}

/// A host and what the assessment of a period says of it.
pub struct Judged {
    pub host: Host,
    pub contract: Contract,
    /// Newest first.
    pub results: Vec<HostResult>,
    /// None for a host that did not answer, or was never assessed.
    pub page: Option<HostAssessment>,
    pub tabs: Tabs,
}

/// The host as `chosen` asks for it, below the tab `at`.
///
/// # Errors
/// [`Refusal::NotFound`] for a host that is not the caller's, or a period without a result.
pub async fn judged(
    console: &Console,
    caller: &Caller,
    (id, at): (Uuid, &'static str),
    chosen: &Chosen,
) -> Result<Judged, Refusal> {
    let (host, contract) = console.view(caller).host(id).await?;
    let results = console.store.results_of_host(id, PERIODS_MAX).await?;
    let result = if chosen.period.is_empty() {
        results.first()
    } else {
        let found = results.iter().find(|row| row.period == chosen.period);
        Some(found.ok_or(Refusal::NotFound)?)
    };
    let read = match result {
        Some(result) if result.answered => Some(page(&console.objects, result).await?),
        _ => None,
    };
    let tabs = Tabs {
        host: id,
        name: host.hostname.clone(),
        at,
        period: result.map(|row| row.period.clone()).unwrap_or_default(),
        periods: results.iter().map(|row| row.period.clone()).collect(),
        may_see_evidence: caller.may(Right::Evidence),
    };
    Ok(Judged { host, contract, results, page: read, tabs })
}
