//! Hosts: the fleet with filters in the address, and one host as it was last assessed.

mod actions;
mod advised;
mod facts;
mod host;
mod judged;
mod packages;
mod resources;
mod settling;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::describe::{AnySchema, any_of};
use crate::console::frame::{Frame, grade};
use crate::console::input::{Asked, address};
use crate::console::page::{Refusal, Told, show as show_page};
use crate::store::{Contract, Host, HostResult};

pub use actions::{collect, edit, link_finding, retire};
pub use advised::show as advisories;
pub use facts::show as facts;
pub use host::show;
pub use packages::show as packages;
pub use resources::show as resources;
pub use settling::{move_to, settle};

/// Rows of one page of the list.
const PAGE_ROWS: usize = 100;
/// Longest role of a host, in characters.
pub const ROLE_MAX: usize = 80;
/// A host's weight in its contract's score.
pub const IMPORTANCES: [u8; 3] = [1, 2, 4];

/// [`IMPORTANCES`], described.
pub fn importances() -> AnySchema {
    any_of(&IMPORTANCES)
}

/// Areas in the order of the heat map.
pub const AREAS: [&str; 5] = ["availability", "security", "stability", "performance", "hygiene"];

/// One host in lists.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HostRow)]
pub struct HostRow {
    pub id: Uuid,
    pub name: String,
    pub role: String,
    pub importance: u8,
    pub contract: Uuid,
    pub contract_name: String,
    pub customer: Uuid,
    pub customer_name: String,
    pub last_seen: Option<Timestamp>,
    pub retired: bool,
    /// Nothing came for the last contracted window that is over.
    pub is_late: bool,
    pub period: String,
    /// ‰
    pub score: Option<u16>,
    pub provisional: bool,
    pub danger: u32,
    pub attention: u32,
    pub unknown: u32,
    /// In the order of [`AREAS`].
    pub areas: [Option<u16>; 5],
}

impl HostRow {
    /// 0 A, 1 B, 2 C, 3 D, 4 without a score.
    #[must_use]
    pub fn grade_index(&self) -> usize {
        match self.grade() {
            "A" => 0,
            "B" => 1,
            "C" => 2,
            "D" => 3,
            _ => 4,
        }
    }

    /// The grade's letter; empty without a score.
    #[must_use]
    pub fn grade(&self) -> &'static str {
        grade(self.score)
    }
}

/// All hosts that a caller sees, by name, with their newest results.
///
/// # Errors
/// [`Refusal`] when the store does not answer.
pub async fn rows(
    console: &Console,
    caller: &Caller,
    now: Timestamp,
) -> Result<Vec<HostRow>, Refusal> {
    let view = console.view(caller);
    let contracts = view.contracts_by_id().await?;
    let customers: BTreeMap<Uuid, String> =
        view.customers().await?.into_iter().map(|customer| (customer.id, customer.name)).collect();
    let results: BTreeMap<Uuid, HostResult> =
        console.store.latest_results().await?.into_iter().map(|row| (row.host, row)).collect();
    let expected: BTreeMap<Uuid, Timestamp> = contracts
        .values()
        .filter_map(|contract| Some((contract.id, last_window_start(contract, now)?)))
        .collect();
    let row = |host: Host| {
        let contract = contracts.get(&host.contract)?;
        let result = results.get(&host.id);
        let expected = expected.get(&contract.id).copied();
        Some(HostRow {
            is_late: host.retired_at.is_none() && is_late(&host, expected),
            customer: contract.customer,
            customer_name: customers.get(&contract.customer).cloned().unwrap_or_default(),
            contract: contract.id,
            contract_name: contract.name.clone(),
            id: host.id,
            name: host.hostname,
            role: host.role,
            importance: host.importance,
            last_seen: host.last_seen,
            retired: host.retired_at.is_some(),
            period: result.map(|row| row.period.clone()).unwrap_or_default(),
            score: result.and_then(|row| row.score),
            provisional: result.is_some_and(|row| row.provisional),
            danger: result.map_or(0, |row| row.danger),
            attention: result.map_or(0, |row| row.attention),
            unknown: result.map_or(0, |row| row.unknown),
            areas: AREAS.map(|area| result.and_then(|row| row.areas.get(area).copied())),
        })
    };
    Ok(view.hosts(None).await?.into_iter().filter_map(row).collect())
}

/// The start of the last window of a contract that is over at `now`.
fn last_window_start(contract: &Contract, now: Timestamp) -> Option<Timestamp> {
    let schedule = &contract.schedule;
    let slot = schedule.slot_at(now, "").ok()?;
    if slot.window_end <= now {
        return Some(slot.window_start);
    }
    let before = schedule.period_before(&slot.period).ok()?;
    Some(schedule.slot_of(&before, "").ok()?.window_start)
}

/// Not heard of since a window that is over; a host that was enrolled after it is not late.
fn is_late(host: &Host, window_start: Option<Timestamp>) -> bool {
    let Some(start) = window_start else { return false };
    host.enrolled_at < start && host.last_seen.is_none_or(|seen| seen < start)
}

/// The filters, as they stand in the address.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = HostFilter)]
pub struct Filter {
    /// Part of a host's name or role.
    q: String,
    customer: String,
    contract: String,
    /// `A` … `D`, `none`.
    grade: String,
    /// `late`, `retired`, `danger`.
    state: String,
    /// `name`, `score`, `danger`, `seen`.
    sort: String,
    page: usize,
}

impl Filter {
    fn keeps(&self, row: &HostRow) -> bool {
        let wanted = self.q.trim().to_lowercase();
        let named = wanted.is_empty()
            || row.name.to_lowercase().contains(&wanted)
            || row.role.to_lowercase().contains(&wanted);
        let same = |filter: &str, id: Uuid| filter.is_empty() || filter == id.to_string();
        let graded = match self.grade.as_str() {
            "" => true,
            "none" => row.score.is_none(),
            letter => row.grade() == letter,
        };
        let stands = match self.state.as_str() {
            "late" => row.is_late,
            "retired" => row.retired,
            "danger" => row.danger > 0,
            _ => !row.retired,
        };
        named
            && same(&self.customer, row.customer)
            && same(&self.contract, row.contract)
            && graded
            && stands
    }

    fn sort(&self, rows: &mut [HostRow]) {
        match self.sort.as_str() {
            "score" => rows.sort_by_key(|row| (row.score.unwrap_or(u16::MAX), row.name.clone())),
            "danger" => rows.sort_by_key(|row| (u32::MAX - row.danger, row.name.clone())),
            "seen" => rows.sort_by_key(|row| (row.last_seen, row.name.clone())),
            _ => rows.sort_by(|a, b| a.name.cmp(&b.name)),
        }
    }

    /// The address of this list with one filter changed; back on its first page.
    fn with(&self, key: &str, value: &str) -> String {
        let mut other = self.clone();
        other.page = 0;
        match key {
            "customer" => value.clone_into(&mut other.customer),
            "contract" => value.clone_into(&mut other.contract),
            "grade" => value.clone_into(&mut other.grade),
            "state" => value.clone_into(&mut other.state),
            "sort" => value.clone_into(&mut other.sort),
            "page" => other.page = value.parse().unwrap_or(0),
            _ => value.clone_into(&mut other.q),
        }
        other.address()
    }

    fn address(&self) -> String {
        let filters = [
            ("q", self.q.as_str()),
            ("customer", self.customer.as_str()),
            ("contract", self.contract.as_str()),
            ("grade", self.grade.as_str()),
            ("state", self.state.as_str()),
            ("sort", self.sort.as_str()),
        ];
        address("/hosts", &filters, self.page)
    }

    fn is_set(&self) -> bool {
        [&self.q, &self.customer, &self.contract, &self.grade, &self.state]
            .iter()
            .any(|value| !value.is_empty())
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "hosts.html")]
pub struct HostsPage {
    #[serde(skip)]
    frame: Frame,
    filter: Filter,
    total: usize,
    pages: usize,
    hosts: Vec<HostRow>,
    /// Hosts by grade among those that the filters keep: A, B, C, D, none.
    grades: [usize; 5],
    #[serde(skip)]
    customers: Vec<(String, String)>,
    #[serde(skip)]
    areas: [&'static str; 5],
}

pub async fn list(
    State(console): State<Console>,
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Told<HostsPage> {
    let mut hosts = rows(&console, &caller, Timestamp::now()).await?;
    hosts.retain(|row| filter.keeps(row));
    filter.sort(&mut hosts);
    let mut grades = [0; 5];
    for row in &hosts {
        grades[row.grade_index()] += 1;
    }
    let total = hosts.len();
    let pages = total.div_ceil(PAGE_ROWS).max(1);
    let begin = filter.page.min(pages - 1) * PAGE_ROWS;
    let hosts = hosts.into_iter().skip(begin).take(PAGE_ROWS).collect();
    let customers = console.view(&caller).customers().await?;
    let customers = customers.into_iter().map(|c| (c.id.to_string(), c.name)).collect();
    let frame = Frame::of(&caller);
    let page = HostsPage { frame, filter, total, pages, hosts, grades, customers, areas: AREAS };
    show_page(&caller, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_stand_in_the_address_and_nowhere_else() {
        let filter: Filter = serde_html_form::from_str("q=db%2001&grade=D&page=3").unwrap();
        assert_eq!(filter.address(), "/hosts?q=db+01&grade=D&page=3");
        assert_eq!(filter.with("grade", ""), "/hosts?q=db+01");
        assert_eq!(filter.with("page", "4"), "/hosts?q=db+01&grade=D&page=4");
        assert!(filter.is_set() && !Filter::default().is_set());
        let odd: Filter = serde_html_form::from_str("q=%3Cscript%3E%26x%3D1").unwrap();
        assert_eq!(odd.address(), "/hosts?q=%3Cscript%3E%26x%3D1");
    }

    #[test]
    fn grades_are_those_of_the_report() {
        for (score, letter) in [(Some(900), "A"), (Some(899), "B"), (Some(0), "D"), (None, "")] {
            assert_eq!(grade(score), letter);
        }
    }
}
