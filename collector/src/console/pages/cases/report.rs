//! 장애 조치 결과 보고서 (incident report): cause, course and result of a case, to be printed.
//!
//! Made for the customer: internal words never stand in it, whoever asks.

use askama::Template;
use axum::extract::{Path, State};
use serde::Serialize;

use super::CaseRow;
use super::one::{self, Line};
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::page::{Answer, show as show_page};

#[derive(Template, Serialize)]
#[template(path = "case_report.html")]
struct ReportPage {
    #[serde(skip)]
    frame: Frame,
    case: CaseRow,
    /// 점검자
    engineer: String,
    /// 확인자
    contact: String,
    description: String,
    cause: String,
    resolution: String,
    hosts: Vec<String>,
    lines: Vec<Line>,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
) -> Answer {
    let view = console.view(&caller);
    let (case, contract) = view.case(&number).await?;
    let linked = console.store.case_hosts(case.id).await?;
    let hosts = view.hosts(Some(contract.id)).await?.into_iter();
    let hosts = hosts.filter(|host| linked.contains(&host.id)).map(|host| host.hostname);
    let events = view.case_events(&case).await?.into_iter();
    let page = ReportPage {
        frame: Frame::of(&caller),
        case: one::row(&console, &caller, (&case, &contract)).await?,
        engineer: contract.engineer,
        contact: contract.customer_contact,
        hosts: hosts.collect(),
        lines: events.filter(|event| !event.internal).map(Line::from).collect(),
        description: case.description,
        cause: case.cause,
        resolution: case.resolution,
    };
    show_page(&caller, &page)
}
