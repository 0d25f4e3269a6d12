//! The ledger of a contract, and the annual service report that is made from it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::Asked;
use crate::console::page::{Answer, Refusal, Told, show as show_page};
use crate::console::pages::inspections::REPORT_POLICY;
use crate::ledger::{self, Became, Ledger, Span};
use crate::reports::{Lang, annual};
use crate::service::Service;
use crate::store::Contract;

/// The year that is asked for; this one without it.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct Filter {
    year: Option<i16>,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "ledger.html")]
pub struct LedgerPage {
    #[serde(skip)]
    frame: Frame,
    contract: Uuid,
    year: i16,
    ledger: Ledger,
}

impl LedgerPage {
    fn became(&self, became: &Became) -> &'static str {
        let word = match became {
            Became::Published => "published",
            Became::Assessed => "assessed",
            Became::Missed => "missed",
            Became::Coming => "due",
        };
        self.frame.of_word("inspection", word)
    }

    /// Working time in hours and minutes.
    fn minutes(&self, minutes: &i64) -> String {
        format!("{}:{:02}", minutes / 60, minutes % 60)
    }
}

async fn read(
    console: &Console,
    caller: &Caller,
    (id, year): (Uuid, Option<i16>),
) -> Result<(Contract, i16, Ledger), Refusal> {
    let view = console.view(caller);
    let contract = view.contract(id).await?;
    let customer = view.customer(contract.customer).await?;
    let now = Timestamp::now();
    let zone = crate::cases::sla::zone(&contract)?;
    let year = year.unwrap_or_else(|| now.to_zoned(zone).year());
    let wrong = || Refusal::malformed("refused.value", year.to_string());
    let span = Span::year(year).ok_or_else(wrong)?;
    let service = Service::load(&console.config.data)?;
    let of = (&contract, &customer);
    let ledger = ledger::read(&console.store, &service, of, span, now).await?;
    Ok((contract, year, ledger))
}

/// What was promised and what was done, in a year.
pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Asked(filter): Asked<Filter>,
) -> Told<LedgerPage> {
    let (contract, year, ledger) = read(&console, &caller, (id, filter.year)).await?;
    let page = LedgerPage { frame: Frame::of(&caller), contract: contract.id, year, ledger };
    show_page(&caller, &page)
}

/// The annual report: `report.ko.pdf`, `report.en.html` …
pub async fn file(
    State(console): State<Console>,
    caller: Caller,
    Path((id, year, name)): Path<(Uuid, i16, String)>,
) -> Answer {
    let mut parts = name.split('.');
    let (lang, ending) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("report"), Some("ko"), Some(ending), None) => (Lang::Ko, ending),
        (Some("report"), Some("en"), Some(ending), None) => (Lang::En, ending),
        _ => return Err(Refusal::NotFound),
    };
    let kind = match ending {
        "html" => "text/html; charset=utf-8",
        "pdf" => "application/pdf",
        _ => return Err(Refusal::NotFound),
    };
    let (contract, year, ledger) = read(&console, &caller, (id, Some(year))).await?;
    let work = move || annual::render(&ledger, lang);
    let made = tokio::task::spawn_blocking(work).await;
    let made = made.map_err(|error| Refusal::broken("the annual report", &error))?;
    let made = made.map_err(|error| Refusal::broken("the annual report", &error))?;
    let bytes = if ending == "pdf" { made.pdf } else { made.html.into_bytes() };
    let told = format!("inline; filename=\"service-{year}.{}.{ending}\"", lang.code());
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, told),
        (header::CONTENT_SECURITY_POLICY, REPORT_POLICY.to_owned()),
    ];
    let mut response = (headers, bytes).into_response();
    let detail = Detail { customer: Some(contract.customer), ..Detail::default() };
    response.extensions_mut().insert(detail);
    Ok(response)
}
