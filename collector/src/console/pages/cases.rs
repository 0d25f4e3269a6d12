//! Cases: the list with filters in the address, and opening one.

mod attachments;
mod one;
mod report;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::cases::{self, Request, sla};
use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::describe::said;
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::{Asked, Filled, address};
use crate::console::page::{Refusal, Told, done, show as show_page};
use crate::service::Service;
use crate::store::{Case, CaseSeverity, CaseState, Channel, Contract};

pub use attachments::{attach, fetch as attachment};
pub use one::{ask_snapshot, comment, link, set_reporter, set_state, show};
pub use report::{pdf as report_pdf, show as report};

/// Rows of one page of the list.
const PAGE_ROWS: usize = 100;
/// The standings of the clock, the most urgent first.
const CLOCKS: [&str; 5] = ["breached", "warned", "running", "paused", "met"];

/// One case in lists.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseRow {
    pub id: Uuid,
    pub number: String,
    pub contract: Uuid,
    pub contract_name: String,
    pub customer: Uuid,
    pub customer_name: String,
    pub channel: &'static str,
    pub severity: &'static str,
    pub emergency: bool,
    pub title: String,
    pub state: &'static str,
    pub assignee: String,
    pub opened_at: Timestamp,
    pub opened_by: String,
    /// Of the first response; empty when no level holds.
    pub clock: &'static str,
    pub response_due: Option<Timestamp>,
    pub responded_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
}

impl CaseRow {
    fn of(
        case: &Case,
        (contract, customer_name): (&Contract, &str),
        service: &Service,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let reading = sla::read(service, contract, case, now)?;
        Ok(Self {
            id: case.id,
            number: case.number(),
            contract: contract.id,
            contract_name: contract.name.clone(),
            customer: contract.customer,
            customer_name: customer_name.to_owned(),
            channel: case.channel.as_str(),
            severity: case.severity.as_str(),
            emergency: case.emergency,
            title: case.title.clone(),
            state: case.state.as_str(),
            assignee: case.assignee.clone(),
            opened_at: case.opened_at,
            opened_by: case.opened_by.clone(),
            clock: reading.map_or("", |reading| sla::standing_word(reading.standing)),
            response_due: reading.and_then(|reading| reading.due),
            responded_at: case.responded_at,
            resolved_at: case.resolved_at,
            closed_at: case.closed_at,
        })
    }
}

/// The filters, as they stand in the address.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = CaseFilter)]
pub struct Filter {
    /// Part of number, title or assignee.
    q: String,
    customer: String,
    /// A state, or `all`; those that are not closed without it.
    state: String,
    clock: String,
    severity: String,
    page: usize,
}

impl Filter {
    fn keeps(&self, row: &CaseRow) -> bool {
        let wanted = self.q.trim().to_lowercase();
        let named = [&row.number, &row.title, &row.assignee]
            .iter()
            .any(|text| text.to_lowercase().contains(&wanted));
        let stands = match self.state.as_str() {
            "" => row.state != CaseState::Closed.as_str(),
            "all" => true,
            state => row.state == state,
        };
        let same = |filter: &str, value: &str| filter.is_empty() || filter == value;
        named
            && stands
            && same(&self.customer, &row.customer.to_string())
            && same(&self.clock, row.clock)
            && same(&self.severity, row.severity)
    }

    /// The address of another page of this list.
    fn at(&self, page: &usize) -> String {
        let filters = [
            ("q", self.q.as_str()),
            ("customer", self.customer.as_str()),
            ("state", self.state.as_str()),
            ("clock", self.clock.as_str()),
            ("severity", self.severity.as_str()),
        ];
        address("/cases", &filters, *page)
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "cases.html")]
pub struct CasesPage {
    #[serde(skip)]
    frame: Frame,
    filter: Filter,
    total: usize,
    pages: usize,
    cases: Vec<CaseRow>,
    #[serde(skip)]
    customers: Vec<(String, String)>,
    #[serde(skip)]
    contracts: Vec<(Uuid, String)>,
    #[serde(skip)]
    offered: Offered,
    /// Whether the caller may open one.
    #[serde(skip)]
    may_open: bool,
}

/// What the forms offer.
struct Offered {
    states: Vec<&'static str>,
    clocks: [&'static str; 5],
    severities: Vec<&'static str>,
    channels: Vec<&'static str>,
}

impl Offered {
    fn all() -> Self {
        Self {
            states: CaseState::ALL.iter().map(|state| state.as_str()).collect(),
            clocks: CLOCKS,
            severities: CaseSeverity::ALL.iter().map(|severity| severity.as_str()).collect(),
            channels: Channel::ALL.iter().map(|channel| channel.as_str()).collect(),
        }
    }
}

/// Those of `cases` that the caller sees, the most urgent clock first; within one in their order.
///
/// # Errors
/// [`Refusal`] when the store or the service folder does not answer.
pub async fn rows(
    console: &Console,
    caller: &Caller,
    cases: Vec<Case>,
    now: Timestamp,
) -> Result<Vec<CaseRow>, Refusal> {
    let view = console.view(caller);
    let service = Service::load(&console.config.data)?;
    let contracts = view.contracts_by_id().await?;
    let customers: BTreeMap<Uuid, String> =
        view.customers().await?.into_iter().map(|customer| (customer.id, customer.name)).collect();
    let mut rows = Vec::with_capacity(cases.len());
    for case in cases {
        let Some(contract) = contracts.get(&case.contract) else { continue };
        let name = customers.get(&contract.customer).map_or("", String::as_str);
        rows.push(CaseRow::of(&case, (contract, name), &service, now)?);
    }
    rows.sort_by_key(|row| CLOCKS.iter().position(|clock| *clock == row.clock));
    Ok(rows)
}

pub async fn list(
    State(console): State<Console>,
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Told<CasesPage> {
    let view = console.view(&caller);
    let cases = view.cases(None).await?;
    let mut rows = rows(&console, &caller, cases, Timestamp::now()).await?;
    rows.retain(|row| filter.keeps(row));
    let contracts = view.contracts_by_id().await?;
    let customers = view.customers().await?;
    let total = rows.len();
    let pages = total.div_ceil(PAGE_ROWS).max(1);
    let begin = filter.page.min(pages - 1) * PAGE_ROWS;
    let page = CasesPage {
        frame: Frame::of(&caller),
        filter,
        total,
        pages,
        cases: rows.into_iter().skip(begin).take(PAGE_ROWS).collect(),
        contracts: contracts.into_values().map(|contract| (contract.id, contract.name)).collect(),
        customers: customers.into_iter().map(|c| (c.id.to_string(), c.name)).collect(),
        offered: Offered::all(),
        may_open: caller.may(Right::Decide),
    };
    show_page(&caller, &page)
}

#[derive(Deserialize, ToSchema)]
pub struct Opened {
    contract: Uuid,
    #[schema(schema_with = said::<{ cases::TITLE_MAX }>)]
    title: String,
    #[schema(schema_with = said::<{ cases::TEXT_MAX }>)]
    description: String,
    #[schema(value_type = CaseSeverity)]
    severity: String,
    #[serde(default)]
    #[schema(value_type = Channel, required = false)]
    channel: String,
    /// Present: the whole service stands.
    #[serde(default)]
    emergency: Option<String>,
}

/// Opens a case; a customer's comes by the web, whatever the form says.
pub async fn open(
    State(console): State<Console>,
    caller: Caller,
    Filled(form): Filled<Opened>,
) -> Told<String> {
    let contract = console.view(&caller).contract(form.contract).await?;
    let word = |text: &str| Refusal::malformed("refused.value", text);
    let by = one::actor(&caller);
    let channel = match form.channel.as_str() {
        text if by.is_staff && !text.is_empty() => Channel::of(text).ok_or_else(|| word(text))?,
        _ => Channel::Web,
    };
    let request = Request {
        channel,
        severity: CaseSeverity::of(&form.severity).ok_or_else(|| word(&form.severity))?,
        emergency: form.emergency.is_some(),
        title: &form.title,
        description: &form.description,
    };
    let case = cases::open(&console.store, &contract, (&request, by), Timestamp::now()).await?;
    let after = serde_json::json!({"number": case.number(), "title": case.title});
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    let number = case.number();
    done(&caller, &format!("/cases/{number}"), &number, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_stand_in_the_address_and_keep_what_they_say() {
        let filter: Filter = serde_html_form::from_str("q=DB&clock=breached&page=2").unwrap();
        assert_eq!(filter.at(&1), "/cases?q=DB&clock=breached&page=1");
        let row = CaseRow {
            id: Uuid::nil(),
            number: "C-2026-0001".to_owned(),
            contract: Uuid::nil(),
            contract_name: String::new(),
            customer: Uuid::nil(),
            customer_name: String::new(),
            channel: "web",
            severity: "low",
            emergency: false,
            title: "db 응답 없음".to_owned(),
            state: "closed",
            assignee: String::new(),
            opened_at: Timestamp::UNIX_EPOCH,
            opened_by: String::new(),
            clock: "breached",
            response_due: None,
            responded_at: None,
            resolved_at: None,
            closed_at: None,
        };
        assert!(!filter.keeps(&row), "closed ones only when asked for");
        let all = Filter { state: "all".to_owned(), ..filter };
        assert!(all.keeps(&row));
        assert!(!Filter { clock: "met".to_owned(), ..all }.keeps(&row));
    }
}
