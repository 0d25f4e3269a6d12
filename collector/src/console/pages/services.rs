//! Recorded services: the list, recording one, one with its checklist; and the ledger of a contract
//! with the annual report.

mod ledger;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::{Asked, Filled, parsed};
use crate::console::page::{Id, Refusal, Told, done, show as show_page};
use crate::ledger::record::{self, Entry};
use crate::ledger::{LedgerError, Recorded, recorded};
use crate::service;

pub use ledger::{file as report, show as ledger};

/// The results that an item may have, the one that is most often first.
pub const RESULTS: [&str; 5] = ["pass", "attention", "danger", "unknown", "not_applicable"];

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => Self::from(error),
            LedgerError::Case(error) => Self::from(error),
            LedgerError::Kind(text) | LedgerError::Result(text) => {
                Self::malformed("refused.value", text)
            }
            LedgerError::Item { item, .. } => Self::malformed("refused.value", item),
            LedgerError::Span { from, until } => {
                Self::malformed("refused.value", format!("{from} – {until}"))
            }
            LedgerError::Empty(what) => Self::malformed("refused.empty", what),
            LedgerError::Long { what, max } => {
                Self::malformed("refused.long", format!("{what} ≤ {max}"))
            }
            LedgerError::Schedule(_) | LedgerError::Json(_) => Self::broken("the ledger", &error),
        }
    }
}

/// One service in the list.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceRow)]
struct Row {
    id: Uuid,
    held_on: Date,
    title_ko: String,
    title_en: String,
    engineer: String,
    contract_name: String,
}

/// A kind or a contract that may be chosen.
type Choice = (String, String, String);

#[derive(Template, Serialize, ToSchema)]
#[template(path = "services.html")]
pub struct ServicesPage {
    #[serde(skip)]
    frame: Frame,
    services: Vec<Row>,
    /// Id and name.
    contracts: Vec<(Uuid, String)>,
    #[serde(skip)]
    kinds: Vec<Choice>,
    #[serde(skip)]
    may_record: bool,
}

pub async fn list(State(console): State<Console>, caller: Caller) -> Told<ServicesPage> {
    let contracts = console.view(&caller).contracts_by_id().await?;
    let mut services = Vec::new();
    for row in console.store.service_records(None).await? {
        let Some(contract) = contracts.get(&row.contract) else { continue };
        let service = Recorded::of(&row)?;
        services.push(Row {
            id: service.id,
            held_on: service.held_on,
            title_ko: service.title.ko,
            title_en: service.title.en,
            engineer: service.engineer,
            contract_name: contract.name.clone(),
        });
    }
    let kinds = service::kinds(&console.config.data)?;
    let page = ServicesPage {
        frame: Frame::of(&caller),
        services,
        contracts: contracts.into_values().map(|contract| (contract.id, contract.name)).collect(),
        kinds: kinds.into_iter().map(|(name, kind)| (name, kind.ko, kind.en)).collect(),
        may_record: caller.may(Right::Work),
    };
    show_page(&caller, &page)
}

/// What is to be recorded.
#[derive(Deserialize, ToSchema)]
pub struct Chosen {
    contract: Uuid,
    kind: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "service_form.html")]
pub struct FormPage {
    #[serde(skip)]
    frame: Frame,
    contract: Uuid,
    contract_name: String,
    engineer: String,
    kind: String,
    title_ko: String,
    title_en: String,
    /// Id and texts.
    #[schema(value_type = Vec<Vec<String>>)]
    items: Vec<Choice>,
    results: [&'static str; 5],
    today: Date,
}

/// The form with the checklist of a kind.
pub async fn form(
    State(console): State<Console>,
    caller: Caller,
    Asked(chosen): Asked<Chosen>,
) -> Told<FormPage> {
    let contract = console.view(&caller).contract(chosen.contract).await?;
    let kind = service::kinds(&console.config.data)?.remove(&chosen.kind);
    let kind = kind.ok_or_else(|| Refusal::malformed("refused.value", chosen.kind.as_str()))?;
    let zone = crate::cases::sla::zone(&contract)?;
    let page = FormPage {
        frame: Frame::of(&caller),
        contract: contract.id,
        contract_name: contract.name,
        engineer: contract.engineer,
        kind: chosen.kind,
        title_ko: kind.ko,
        title_en: kind.en,
        items: kind.items.into_iter().map(|item| (item.id, item.ko, item.en)).collect(),
        results: RESULTS,
        today: Timestamp::now().to_zoned(zone).date(),
    };
    show_page(&caller, &page)
}

#[derive(Deserialize, ToSchema)]
pub struct Done {
    contract: Uuid,
    kind: String,
    #[schema(value_type = Date)]
    held_on: String,
    engineer: String,
    #[serde(default)]
    note: String,
    /// `result.ITEM` and `note.ITEM`.
    #[serde(flatten)]
    items: BTreeMap<String, String>,
}

/// Records a service that was done.
pub async fn add(
    State(console): State<Console>,
    caller: Caller,
    Filled(form): Filled<Done>,
) -> Told<Id> {
    let contract = console.view(&caller).contract(form.contract).await?;
    let mut results = BTreeMap::new();
    for (key, word) in &form.items {
        let Some(item) = key.strip_prefix("result.") else { continue };
        let note = form.items.get(&format!("note.{item}")).cloned().unwrap_or_default();
        results.insert(item.to_owned(), (word.clone(), note));
    }
    let entry = Entry {
        kind: &form.kind,
        held_on: parsed("held_on", &form.held_on)?,
        engineer: &form.engineer,
        results,
        note: &form.note,
    };
    let kinds = service::kinds(&console.config.data)?;
    let by = (caller.person.name.as_str(), Timestamp::now());
    let id = record::record(&console.store, &kinds, (&contract, &entry), by).await?;
    let after = serde_json::json!({"kind": form.kind, "held_on": form.held_on});
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    done(&caller, &format!("/services/{id}"), &Id(id), detail)
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "service.html")]
pub struct ServicePage {
    #[serde(skip)]
    frame: Frame,
    contract: Uuid,
    contract_name: String,
    service: Recorded,
}

impl ServicePage {
    /// Text, result, note of each item.
    fn rows(&self) -> Vec<(&str, String, &str)> {
        let row = |item: &'_ record::Line| {
            let word = serde_json::to_value(item.result).unwrap_or_default();
            word.as_str().unwrap_or_default().to_owned()
        };
        let items = self.service.items.iter();
        items
            .map(|item| (self.frame.either(&item.text.ko, &item.text.en), row(item), &*item.note))
            .collect()
    }
}

/// A service with its checklist.
pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<ServicePage> {
    let found = recorded(&console.store, id).await?;
    let (contract, service) = found.ok_or(Refusal::NotFound)?;
    let contract = console.view(&caller).contract(contract).await?;
    let page = ServicePage {
        frame: Frame::of(&caller),
        contract: contract.id,
        contract_name: contract.name,
        service,
    };
    show_page(&caller, &page)
}
