//! `service kinds | record | list | ledger | report`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::{Exit, Languages, inspect, open, print};
use crate::ledger::record::{self, Entry};
use crate::ledger::{self, Ledger, Recorded, Span};
use crate::reports::annual;
use crate::service::{self as folder, Service as Promised};

#[derive(Debug, Subcommand)]
pub enum Service {
    /// Kinds of services that are recorded, with their checklists.
    Kinds {
        #[arg(long)]
        json: bool,
    },
    /// Record a service that was done.
    Record(Record),
    /// Services that were recorded, the latest first.
    List {
        #[arg(long)]
        contract: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// What a contract was promised and what was done.
    Ledger {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        json: bool,
    },
    /// The annual service report (연간 서비스 보고서) from the ledger.
    Report {
        #[command(flatten)]
        of: Of,
        /// Folder for `service.LANG.pdf` and `.html`.
        #[arg(long, default_value = ".")]
        output: PathBuf,
        #[arg(long, value_enum, default_value = "both")]
        lang: Languages,
    },
}

#[derive(Debug, Args)]
pub struct Of {
    #[arg(long)]
    contract: String,
    /// A year of the calendar; this one without it.
    #[arg(long, conflicts_with_all = ["from", "until"])]
    year: Option<i16>,
    /// First day, with --until.
    #[arg(long, requires = "until")]
    from: Option<Date>,
    /// Last day.
    #[arg(long, requires = "from")]
    until: Option<Date>,
}

#[derive(Debug, Args)]
pub struct Record {
    #[arg(long)]
    contract: String,
    /// As `service kinds` has it.
    #[arg(long)]
    kind: String,
    #[arg(long)]
    date: Date,
    /// Who did it.
    #[arg(long)]
    engineer: String,
    /// ITEM=RESULT or ITEM=RESULT:NOTE; results are pass, attention, danger, unknown and
    /// not_applicable. May be given several times; an item without a result was not checked.
    #[arg(long = "result", value_name = "ITEM=RESULT[:NOTE]")]
    results: Vec<String>,
    #[arg(long, default_value = "")]
    note: String,
    /// Who enters it.
    #[arg(long)]
    by: String,
}

impl Service {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::Kinds { json } => kinds(&opened, json),
                Self::Record(record) => record.run(&opened).await,
                Self::List { contract, json } => list(&opened, contract, json).await,
                Self::Ledger { of, json } => {
                    let ledger = of.read(&opened).await?;
                    if json { print::json(&ledger) } else { show(&ledger) }
                }
                Self::Report { of, output, lang } => {
                    let ledger = of.read(&opened).await?;
                    for lang in lang.list() {
                        let rendered = annual::render(&ledger, *lang);
                        let rendered = rendered.context("rendering the report")?;
                        inspect::save(&output, &format!("service.{}", lang.code()), &rendered)?;
                    }
                    Ok(Exit::Ok)
                }
            }
        })
    }
}

impl Of {
    async fn read(&self, opened: &open::Opened) -> anyhow::Result<Ledger> {
        let contract = opened.contract(&self.contract).await?;
        let customer = opened.store.customer(contract.customer).await?;
        let customer = customer.context("the contract's customer")?;
        let now = Timestamp::now();
        let span = match (self.from, self.until) {
            (Some(from), Some(until)) => Span { from, until },
            _ => {
                let zone = crate::cases::sla::zone(&contract)?;
                let year = self.year.unwrap_or_else(|| now.to_zoned(zone).year());
                Span::year(year).with_context(|| format!("{year} is no year"))?
            }
        };
        let service = Promised::load(&opened.config.data)?;
        let of = (&contract, &customer);
        Ok(ledger::read(&opened.store, &service, of, span, now).await?)
    }
}

impl Record {
    async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let contract = opened.contract(&self.contract).await?;
        let mut results = BTreeMap::new();
        for given in &self.results {
            let (item, rest) = given
                .split_once('=')
                .with_context(|| format!("--result {given:?} is not ITEM=RESULT[:NOTE]"))?;
            let (word, note) = rest.split_once(':').unwrap_or((rest, ""));
            results.insert(item.trim().to_owned(), (word.trim().to_owned(), note.to_owned()));
        }
        let entry = Entry {
            kind: &self.kind,
            held_on: self.date,
            engineer: &self.engineer,
            results,
            note: &self.note,
        };
        let kinds = folder::kinds(&opened.config.data)?;
        let by = (self.by.as_str(), Timestamp::now());
        let id = record::record(&opened.store, &kinds, (&contract, &entry), by).await?;
        print::line(&id.to_string());
        Ok(Exit::Ok)
    }
}

fn kinds(opened: &open::Opened, json: bool) -> anyhow::Result<Exit> {
    let kinds = folder::kinds(&opened.config.data)?;
    if json {
        return print::json(&kinds);
    }
    let mut rows = Vec::new();
    for (name, kind) in &kinds {
        rows.push(vec![name.clone(), String::new(), kind.ko.clone(), kind.en.clone()]);
        for item in &kind.items {
            rows.push(vec![String::new(), item.id.clone(), item.ko.clone(), item.en.clone()]);
        }
    }
    print::table(&["KIND", "ITEM", "KO", "EN"], &rows);
    Ok(Exit::Ok)
}

async fn list(opened: &open::Opened, contract: Option<String>, json: bool) -> anyhow::Result<Exit> {
    let contract = match contract {
        Some(text) => Some(opened.contract(&text).await?.id),
        None => None,
    };
    let contracts = opened.store.contracts().await?;
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for row in opened.store.service_records(contract).await? {
        let recorded = Recorded::of(&row)?;
        let of = contracts.iter().find(|contract| contract.id == row.contract);
        let name = of.map(|contract| contract.name.clone()).unwrap_or_default();
        values.push(json!({"contract": name, "service": recorded}));
        rows.push(vec![
            recorded.held_on.to_string(),
            name,
            recorded.kind,
            recorded.engineer,
            recorded.id.to_string(),
        ]);
    }
    if json {
        return print::json(&values);
    }
    print::table(&["DATE", "CONTRACT", "KIND", "ENGINEER", "ID"], &rows);
    Ok(Exit::Ok)
}

fn show(ledger: &Ledger) -> anyhow::Result<Exit> {
    let (inspections, responses) = (ledger.inspections_counted, &ledger.responses);
    let minutes = |minutes: Option<i64>| minutes.map_or("-".to_owned(), |m| format!("{m} min"));
    let promised = match ledger.visits_promised {
        0 => "as agreed".to_owned(),
        visits => format!("{visits} a year"),
    };
    print::line(&format!(
        "{} {} · {} to {}",
        ledger.customer, ledger.contract, ledger.span.from, ledger.span.until
    ));
    let row = |what: &str, promised: String, done: String| vec![what.to_owned(), promised, done];
    let late = format!("{} in time, {} late", responses.met, responses.missed);
    let worst = format!("{} {}", minutes(responses.worst_minutes), responses.worst);
    let published = format!("{}, {} missed", inspections.published, inspections.missed);
    let rows = vec![
        row("visits", promised, ledger.visits.len().to_string()),
        row("inspections", inspections.due.to_string(), published),
        row("cases", String::new(), ledger.cases_counted.all.to_string()),
        row("first responses", (responses.met + responses.missed).to_string(), late),
        row("  median", String::new(), minutes(responses.median_minutes)),
        row("  longest", String::new(), worst),
        row("services", String::new(), ledger.services.len().to_string()),
    ];
    print::table(&["WHAT", "PROMISED", "DONE"], &rows);
    Ok(Exit::Ok)
}
