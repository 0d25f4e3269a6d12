//! Visits (방문 예방 점검) of a contract: what was looked at on site, entered beside the evidence.

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::{Filled, parsed};
use crate::console::page::{Refusal, Told, done, show as show_page};
use crate::reports::review::{Item, Texts, Visit};

/// Rows of the form's checklist; programs may send more.
const FORM_ITEMS: usize = 8;

#[derive(Template, Serialize, ToSchema)]
#[template(path = "visits.html")]
pub struct VisitsPage {
    #[serde(skip)]
    frame: Frame,
    contract: Uuid,
    contract_name: String,
    #[schema(value_type = Vec<Object>)]
    visits: Vec<Visit>,
    /// Names of the hosts that may have been looked at.
    #[serde(skip)]
    hosts: Vec<String>,
    #[serde(skip)]
    engineer: String,
    #[serde(skip)]
    today: Date,
    #[serde(skip)]
    may_work: bool,
}

pub async fn list(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<VisitsPage> {
    let contract = console.view(&caller).contract(id).await?;
    let mut visits = console.inspector().visits(&contract, None).await?;
    visits.reverse();
    let hosts = console.store.hosts(Some(id)).await?;
    let zone = crate::cases::sla::zone(&contract)?;
    let page = VisitsPage {
        frame: Frame::of(&caller),
        contract: id,
        contract_name: contract.name,
        visits,
        hosts: hosts.into_iter().map(|host| host.hostname).collect(),
        engineer: contract.engineer,
        today: Timestamp::now().to_zoned(zone).date(),
        may_work: caller.may(Right::Work),
    };
    show_page(&caller, &page)
}

/// A visit that was made; the three lists of the checklist belong together by place.
#[derive(Deserialize, ToSchema)]
pub struct Made {
    #[schema(value_type = Date)]
    held_on: String,
    who: String,
    #[serde(default)]
    host: Vec<String>,
    #[serde(default)]
    item: Vec<String>,
    #[serde(default)]
    result: Vec<String>,
    #[serde(default)]
    note: Vec<String>,
    #[serde(default)]
    words_ko: String,
    #[serde(default)]
    words_en: String,
}

impl Made {
    /// The rows of the checklist in which something was written.
    fn checklist(&self) -> Result<Vec<Item>, Refusal> {
        if self.result.len() != self.item.len() || self.note.len() > self.item.len() {
            let lengths = format!("item {} ≠ result {}", self.item.len(), self.result.len());
            return Err(Refusal::malformed("refused.value", lengths));
        }
        let mut items = Vec::new();
        for (place, (item, word)) in self.item.iter().zip(&self.result).enumerate() {
            let note = self.note.get(place).map_or("", |note| note.trim());
            if item.trim().is_empty() {
                if note.is_empty() {
                    continue;
                }
                return Err(Refusal::malformed("refused.empty", format!("item {}", place + 1)));
            }
            let result = serde_json::from_value(json!(word));
            let wrong = |_| Refusal::malformed("refused.value", format!("result: {word}"));
            let result = result.map_err(wrong)?;
            items.push(Item { item: item.trim().to_owned(), result, note: note.to_owned() });
        }
        Ok(items)
    }
}

/// Where a visit was entered.
#[derive(Serialize, ToSchema)]
pub struct Entered {
    period: String,
}

/// Enters a visit; the report of the period that its day lies in tells of it.
pub async fn add(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Made>,
) -> Told<Entered> {
    let contract = console.view(&caller).contract(id).await?;
    let visit = Visit {
        held_on: parsed("held_on", &form.held_on)?,
        who: form.who.clone(),
        checklist: form.checklist()?,
        hosts: form.host,
        words: Texts { ko: form.words_ko, en: form.words_en },
    };
    let by = (caller.person.name.as_str(), Timestamp::now());
    let period = console.inspector().add_visit(&contract, &visit, by).await?;
    let after = json!({"held_on": visit.held_on, "who": visit.who, "period": period});
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    done(&caller, &format!("/contracts/{id}/visits"), &Entered { period }, detail)
}
