//! `case open | list | show | comment | state | close | assign | link | snapshot`.

mod attachments;
mod desk;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::admin::find_host;
use super::{Exit, open, print};
use crate::cases::{self, Actor, Request, sla};
use crate::service::Service;
use crate::store::{Case as Row, CaseEvent, CaseSeverity, CaseState, Channel, Contract, Store};

#[derive(Debug, Subcommand)]
pub enum Case {
    /// Open a case that came by phone, e-mail or in a meeting.
    Open(Open),
    /// List cases with their clocks, newest first.
    List {
        #[arg(long)]
        contract: Option<String>,
        /// Closed ones too.
        #[arg(long)]
        all: bool,
        #[arg(long)]
        json: bool,
    },
    /// A case and its timeline.
    Show {
        /// Number (C-2026-0001) or id.
        case: String,
        #[arg(long)]
        json: bool,
    },
    /// Add words; the first public ones are the first response.
    Comment {
        case: String,
        text: String,
        /// The customer does not see them.
        #[arg(long)]
        internal: bool,
        #[arg(long)]
        by: String,
    },
    /// Change the state.
    State {
        case: String,
        /// in_progress, waiting_customer, resolved or closed.
        #[arg(value_parser = state_of)]
        state: CaseState,
        #[arg(long, default_value = "")]
        note: String,
        #[arg(long)]
        by: String,
    },
    /// Close with cause (원인) and resolution (조치).
    Close {
        case: String,
        #[arg(long)]
        cause: String,
        #[arg(long)]
        resolution: String,
        #[arg(long)]
        by: String,
    },
    /// Give a case to an engineer.
    Assign {
        case: String,
        engineer: String,
        #[arg(long)]
        by: String,
    },
    /// Link a host of the contract.
    Link {
        case: String,
        host: String,
        #[arg(long)]
        by: String,
    },
    /// Give a file to a case: text, PNG, JPEG, PDF or an archive, told from its bytes.
    Attach {
        case: String,
        file: PathBuf,
        /// The customer does not see it.
        #[arg(long)]
        internal: bool,
        #[arg(long)]
        by: String,
    },
    /// Fetch an attachment; `case show` lists them.
    Attachment {
        case: String,
        /// Id of the attachment.
        attachment: uuid::Uuid,
        /// A file that is not there yet.
        #[arg(long, short)]
        output: PathBuf,
    },
    /// Link what fails on a host of the contract.
    Finding {
        case: String,
        host: String,
        rule: String,
        #[arg(long)]
        by: String,
    },
    /// Mail the answers of a case to a contact of its contract.
    Reporter { case: String, email: String },
    /// Who of the vendor is mailed when an answer is due soon or late.
    #[command(subcommand)]
    Desk(desk::Desk),
    /// Take in the replies of the folder `mail.replies` now; serve does it every minute.
    MailIn {
        #[arg(long)]
        json: bool,
    },
    /// Ask a linked host for a fresh snapshot.
    Snapshot {
        case: String,
        host: String,
        #[arg(long)]
        by: String,
    },
}

#[derive(Debug, Args)]
pub struct Open {
    #[arg(long)]
    contract: String,
    #[arg(long)]
    title: String,
    #[arg(long)]
    description: String,
    /// phone, email, web, remote or visit.
    #[arg(long, default_value = "phone", value_parser = channel_of)]
    channel: Channel,
    /// critical, important, moderate or low.
    #[arg(long, default_value = "moderate", value_parser = severity_of)]
    severity: CaseSeverity,
    /// (긴급)장애: the level's emergency hours hold.
    #[arg(long)]
    emergency: bool,
    /// Who asks, e.g. the customer's administrator.
    #[arg(long)]
    by: String,
}

fn state_of(text: &str) -> Result<CaseState, String> {
    CaseState::of(text).ok_or_else(|| words(CaseState::ALL.iter().map(|state| state.as_str())))
}

fn channel_of(text: &str) -> Result<Channel, String> {
    Channel::of(text).ok_or_else(|| words(Channel::ALL.iter().map(|channel| channel.as_str())))
}

fn severity_of(text: &str) -> Result<CaseSeverity, String> {
    let all = CaseSeverity::ALL.iter().map(|severity| severity.as_str());
    CaseSeverity::of(text).ok_or_else(|| words(all))
}

fn words(all: impl Iterator<Item = &'static str>) -> String {
    format!("it is one of: {}", all.collect::<Vec<_>>().join(", "))
}

const fn staff(name: &str) -> Actor<'_> {
    Actor { name, is_staff: true }
}

impl Case {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::Open(open) => open.run(&opened).await,
                Self::List { contract, all, json } => list(&opened, contract, (all, json)).await,
                Self::Show { case, json } => show(&opened, &case, json).await,
                Self::Attach { case, file, internal, by } => {
                    attachments::attach(&opened, &case, (&file, internal, &by)).await
                }
                Self::Attachment { case, attachment, output } => {
                    attachments::fetch(&opened, &case, (attachment, &output)).await
                }
                Self::Reporter { case, email } => {
                    let case = find(&opened.store, &case).await?;
                    cases::set_reporter(&opened.store, &case, &email).await?;
                    Ok(Exit::Ok)
                }
                Self::Desk(desk) => desk.run(&opened).await,
                Self::MailIn { json } => desk::mail_in(&opened, json).await,
                other => other.change(&opened.store).await,
            }
        })
    }

    async fn change(self, store: &Store) -> anyhow::Result<Exit> {
        let now = Timestamp::now();
        match self {
            Self::Comment { case, text, internal, by } => {
                let case = find(store, &case).await?;
                cases::comment(store, &case, (&text, internal, staff(&by)), now).await?;
            }
            Self::State { case, state, note, by } => {
                let case = find(store, &case).await?;
                cases::set_state(store, &case, (state, &note, staff(&by)), now).await?;
            }
            Self::Close { case, cause, resolution, by } => {
                let case = find(store, &case).await?;
                let end = (CaseState::Closed, cause.as_str(), resolution.as_str(), staff(&by));
                cases::settle(store, &case, end, now).await?;
            }
            Self::Assign { case, engineer, by } => {
                let case = find(store, &case).await?;
                cases::assign(store, &case, (&engineer, staff(&by)), now).await?;
            }
            Self::Link { case, host, by } => {
                let (case, host) = (find(store, &case).await?, find_host(store, &host).await?);
                cases::link(store, &case, (&host, staff(&by)), now).await?;
            }
            Self::Finding { case, host, rule, by } => {
                let (case, host) = (find(store, &case).await?, find_host(store, &host).await?);
                let failing = store.failing(Some(host.id), Some(&rule), 1).await?.pop();
                let failing = failing.with_context(|| {
                    format!("{rule} does not fail on {} as it was last assessed", host.hostname)
                })?;
                cases::link_finding(store, &case, (&host, &failing, staff(&by)), now).await?;
            }
            Self::Snapshot { case, host, by } => {
                let (case, host) = (find(store, &case).await?, find_host(store, &host).await?);
                cases::ask_snapshot(store, &case, (&host, staff(&by)), now).await?;
            }
            Self::Open(_)
            | Self::List { .. }
            | Self::Show { .. }
            | Self::Attach { .. }
            | Self::Attachment { .. }
            | Self::Reporter { .. }
            | Self::Desk(_)
            | Self::MailIn { .. } => {}
        }
        Ok(Exit::Ok)
    }
}

impl Open {
    async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let contract = opened.contract(&self.contract).await?;
        let request = Request {
            channel: self.channel,
            severity: self.severity,
            emergency: self.emergency,
            title: &self.title,
            description: &self.description,
        };
        let by = Actor { name: &self.by, is_staff: false };
        let now = Timestamp::now();
        let case = cases::open(&opened.store, &contract, (&request, by), now).await?;
        print::line(&case.number());
        Ok(Exit::Ok)
    }
}

async fn find(store: &Store, text: &str) -> anyhow::Result<Row> {
    store
        .find_case(text)
        .await?
        .with_context(|| format!("there is no case {text:?}; see: carepack-collector case list"))
}

/// The clock of a case: its word and when the first response is due.
fn clock(
    service: &Service,
    contract: &Contract,
    case: &Row,
) -> anyhow::Result<(&'static str, Option<Timestamp>)> {
    let reading = sla::read(service, contract, case, Timestamp::now())?;
    Ok(reading.map_or(("", None), |read| (sla::standing_word(read.standing), read.due)))
}

async fn list(
    opened: &open::Opened,
    contract: Option<String>,
    (all, json): (bool, bool),
) -> anyhow::Result<Exit> {
    let contract = match contract {
        Some(text) => Some(opened.contract(&text).await?.id),
        None => None,
    };
    let service = Service::load(&opened.config.data)?;
    let contracts = opened.store.contracts().await?;
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for case in opened.store.cases(contract).await? {
        if case.state == CaseState::Closed && !all {
            continue;
        }
        let Some(contract) = contracts.iter().find(|row| row.id == case.contract) else { continue };
        let (standing, due) = clock(&service, contract, &case)?;
        let due_text = due.map(|due| due.to_string()).unwrap_or_default();
        rows.push(vec![
            case.number(),
            contract.name.clone(),
            case.state.as_str().to_owned(),
            case.severity.as_str().to_owned(),
            standing.to_owned(),
            due_text,
            case.title.clone(),
        ]);
        values.push(value(&case, contract, (standing, due)));
    }
    if json {
        return print::json(&values);
    }
    print::table(&["CASE", "CONTRACT", "STATE", "SEVERITY", "CLOCK", "DUE", "TITLE"], &rows);
    Ok(Exit::Ok)
}

fn value(
    case: &Row,
    contract: &Contract,
    (standing, due): (&str, Option<Timestamp>),
) -> serde_json::Value {
    serde_json::json!({
        "id": case.id, "number": case.number(), "contract": contract.name,
        "channel": case.channel.as_str(), "severity": case.severity.as_str(),
        "emergency": case.emergency, "title": case.title, "description": case.description,
        "state": case.state.as_str(), "opened_at": case.opened_at, "opened_by": case.opened_by,
        "assignee": case.assignee, "clock": standing, "response_due": due,
        "responded_at": case.responded_at, "cause": case.cause, "resolution": case.resolution,
        "resolved_at": case.resolved_at, "closed_at": case.closed_at,
    })
}

async fn show(opened: &open::Opened, text: &str, json: bool) -> anyhow::Result<Exit> {
    let case = find(&opened.store, text).await?;
    let contract = opened.store.contract(case.contract).await?.context("the case's contract")?;
    let service = Service::load(&opened.config.data)?;
    let (standing, due) = clock(&service, &contract, &case)?;
    let events = opened.store.case_events(case.id).await?;
    if json {
        let mut shown = value(&case, &contract, (standing, due));
        shown["hosts"] = serde_json::json!(opened.store.case_hosts(case.id).await?);
        let attachments = opened.store.attachments(case.id).await?;
        shown["attachments"] = attachments.iter().map(attachments::value).collect();
        shown["events"] = events.iter().map(event).collect();
        return print::json(&shown);
    }
    let due = due.map(|due| due.to_string()).unwrap_or_default();
    print::line(&format!("{}  {}", case.number(), case.title));
    print::line(&format!("{} · {} · {standing} {due}", contract.name, case.state.as_str()));
    print::line(&case.description);
    for event in events {
        let mark = if event.internal { " (internal)" } else { "" };
        let kind = event.kind.as_str();
        print::line(&format!(
            "{}  {}  {kind}{mark} {} {}",
            event.at, event.actor, event.to_state, event.body
        ));
    }
    attachments::list(&opened.store.attachments(case.id).await?);
    Ok(Exit::Ok)
}

fn event(event: &CaseEvent) -> serde_json::Value {
    serde_json::json!({
        "at": event.at, "actor": event.actor, "kind": event.kind.as_str(),
        "internal": event.internal, "from": event.from_state, "to": event.to_state,
        "host": event.host, "body": event.body,
    })
}
