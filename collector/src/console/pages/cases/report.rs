//! 장애 조치 결과 보고서 (incident report): cause, course and result of a case, to be printed.
//!
//! Made for the customer: internal words never stand in it, whoever asks.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::CaseRow;
use super::one::{self, Line};
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::page::{Answer, Refusal, Told, show as show_page};
use crate::reports::incident::{self, Incident};

#[derive(Template, Serialize, ToSchema)]
#[template(path = "case_report.html")]
pub struct ReportPage {
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

impl ReportPage {
    async fn of(console: &Console, caller: &Caller, number: &str) -> Result<Self, Refusal> {
        let view = console.view(caller);
        let (case, contract) = view.case(number).await?;
        let linked = console.store.case_hosts(case.id).await?;
        let hosts = view.hosts(Some(contract.id)).await?.into_iter();
        let hosts = hosts.filter(|host| linked.contains(&host.id)).map(|host| host.hostname);
        let events = view.case_events(&case).await?.into_iter();
        Ok(Self {
            frame: Frame::of(caller),
            case: one::row(console, caller, (&case, &contract)).await?,
            engineer: contract.engineer,
            contact: contract.customer_contact,
            hosts: hosts.collect(),
            lines: events.filter(|event| !event.internal).map(Line::from).collect(),
            description: case.description,
            cause: case.cause,
            resolution: case.resolution,
        })
    }

    /// The same for paper.
    fn paper(&self) -> Incident {
        let (frame, case) = (&self.frame, &self.case);
        let w = |key: &str| frame.w(key).to_owned();
        let pair = |key: &str, value: String| (w(key), value);
        let told = |key: &str, text: &str| {
            (w(key), if text.is_empty() { w("case.not_yet") } else { text.to_owned() })
        };
        let urgent = if case.emergency { frame.w("case.emergency") } else { "" };
        let severity = format!("{} {urgent}", frame.of_word("level", case.severity));
        let clock = frame.of_word("clock", case.clock);
        let responded = format!("{} {clock}", frame.time_or_never(&case.responded_at));
        let opened = format!("{} {}", frame.time(&case.opened_at), case.opened_by);
        let customer = format!("{} ({})", case.customer_name, case.contract_name);
        Incident {
            lang: frame.lang(),
            title: w("case.report"),
            document: case.number.clone(),
            head: vec![
                pair("case.number", case.number.clone()),
                pair("case.title", case.title.clone()),
                pair("customer", customer),
                pair("severity", severity),
                pair("case.opened", opened),
                pair("case.responded", responded),
                pair("case.resolved", frame.time_or_never(&case.resolved_at)),
                pair("state", frame.of_word("case_state", case.state).to_owned()),
                pair("nav.hosts", self.hosts.join(", ")),
            ],
            before: vec![
                told("case.description", &self.description),
                told("case.cause", &self.cause),
            ],
            course_title: w("case.timeline"),
            course_head: [w("when"), w("case.who"), w("case.timeline")],
            course: self.lines.iter().map(|line| self.row(line)).collect(),
            after: vec![told("case.resolution", &self.resolution)],
            signers: vec![
                pair("case.engineer", self.engineer.clone()),
                pair("case.confirmer", self.contact.clone()),
            ],
            signature: w("case.signature"),
        }
    }

    fn row(&self, line: &Line) -> [String; 3] {
        let frame = &self.frame;
        let mut what = frame.of_word("case_event", line.kind).to_owned();
        if !line.to.is_empty() {
            let state = |word: &str| frame.of_word("case_state", word);
            what = format!("{what}: {} → {}", state(&line.from), state(&line.to));
        }
        if !line.body.is_empty() {
            what = format!("{what}\n{}", line.body);
        }
        [frame.time(&line.at), line.actor.clone(), what]
    }
}

/// The report as a page.
pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
) -> Told<ReportPage> {
    show_page(&caller, &ReportPage::of(&console, &caller, &number).await?)
}

/// The report as PDF, dated with the last line of its course.
pub async fn pdf(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
) -> Answer {
    let page = ReportPage::of(&console, &caller, &number).await?;
    let date = page.lines.last().map_or(page.case.opened_at, |line| line.at);
    let name = format!("attachment; filename=\"{}-{}.pdf\"", page.case.number, page.frame.lang());
    let paper = page.paper();
    let made = tokio::task::spawn_blocking(move || incident::render(&paper, date)).await;
    let made = made.map_err(|error| Refusal::broken("the incident report", &error))?;
    let bytes = made.map_err(|error| Refusal::broken("the incident report", &error))?;
    let headers =
        [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}
