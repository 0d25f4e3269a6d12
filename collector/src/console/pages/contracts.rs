//! Contracts: what was agreed with a customer, and the way for a host to come in.

use askama::Template;
use axum::extract::{Path, State};
use carepack_shared::period::{Cadence, Schedule};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::hosts::{self, HostRow};
use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::describe::{AnySchema, maybe, one_of, whole};
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::{Filled, optional, parsed, text};
use crate::console::page::{Id, Refusal, Told, done, show as show_page};
use crate::console::pages::hosts::{IMPORTANCES, ROLE_MAX, importances};
use crate::intake::tokens::{TokenError, Wanted, issue};
use crate::store::{Contract, Inspection};

/// Levels of the service catalogue.
pub const LEVELS: [&str; 4] = ["premium", "standard-plus", "standard-12", "standard-3"];
/// Minutes that an enrolment token opens for.
const TOKEN_MINUTES: std::ops::RangeInclusive<u32> = 1..=1440;

/// Longest name of a contract or of a person in it, in characters.
const NAME_MAX: usize = 80;
/// Longest name of a host, in characters: that of DNS.
const HOSTNAME_MAX: usize = 253;

fn levels() -> AnySchema {
    one_of(&LEVELS)
}

fn cadences() -> AnySchema {
    one_of(&["monthly", "quarterly"])
}

fn token_minutes() -> AnySchema {
    whole(*TOKEN_MINUTES.start(), *TOKEN_MINUTES.end())
}

/// A contract's values, as forms and JSON have them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Agreed {
    /// Of a new contract; that of one that is there stays.
    #[serde(default)]
    #[schema(schema_with = maybe::<{ NAME_MAX }>)]
    pub name: String,
    #[schema(schema_with = levels)]
    pub level: String,
    #[schema(schema_with = cadences)]
    pub cadence: String,
    pub window_day: u8,
    pub window_hour: u8,
    pub window_hours: u16,
    #[serde(default)]
    #[schema(schema_with = maybe::<{ NAME_MAX }>)]
    pub engineer: String,
    #[serde(default)]
    #[schema(schema_with = maybe::<{ NAME_MAX }>)]
    pub customer_contact: String,
    #[schema(value_type = Date)]
    pub starts: String,
    #[schema(value_type = Date)]
    pub ends: String,
}

impl Agreed {
    pub fn of(contract: &Contract) -> Self {
        let schedule = &contract.schedule;
        Self {
            name: contract.name.clone(),
            level: contract.level.clone(),
            cadence: match schedule.cadence {
                Cadence::Monthly => "monthly",
                Cadence::Quarterly => "quarterly",
            }
            .to_owned(),
            window_day: schedule.window_day,
            window_hour: schedule.window_hour,
            window_hours: schedule.window_hours,
            engineer: contract.engineer.clone(),
            customer_contact: contract.customer_contact.clone(),
            starts: contract.starts.to_string(),
            ends: contract.ends.to_string(),
        }
    }

    /// For a contract that is yet to be made: a year from today, as most contracts are.
    pub fn proposed(today: Date) -> Self {
        let end = today
            .saturating_add(jiff::Span::new().years(1))
            .saturating_sub(jiff::Span::new().days(1));
        Self {
            name: String::new(),
            level: "standard-12".to_owned(),
            cadence: "monthly".to_owned(),
            window_day: 5,
            window_hour: 1,
            window_hours: 5,
            engineer: String::new(),
            customer_contact: String::new(),
            starts: today.to_string(),
            ends: end.to_string(),
        }
    }

    /// The contract that these values make of `before`.
    fn checked(&self, before: Contract) -> Result<Contract, Refusal> {
        let wrong = |what: &str| Refusal::malformed("refused.value", what);
        if !LEVELS.contains(&self.level.as_str()) {
            return Err(wrong(&self.level));
        }
        let cadence = match self.cadence.as_str() {
            "monthly" => Cadence::Monthly,
            "quarterly" => Cadence::Quarterly,
            other => return Err(wrong(other)),
        };
        let schedule = Schedule {
            cadence,
            window_day: self.window_day,
            window_hour: self.window_hour,
            window_hours: self.window_hours,
            ..before.schedule
        };
        schedule.check().map_err(|error| wrong(&error.to_string()))?;
        let (starts, ends): (Date, Date) =
            (parsed("starts", &self.starts)?, parsed("ends", &self.ends)?);
        if ends < starts {
            return Err(wrong(&format!("{starts} – {ends}")));
        }
        Ok(Contract {
            level: self.level.clone(),
            schedule,
            engineer: optional("engineer", &self.engineer, NAME_MAX)?,
            customer_contact: optional("customer_contact", &self.customer_contact, NAME_MAX)?,
            starts,
            ends,
            ..before
        })
    }
}

pub async fn add(
    State(console): State<Console>,
    caller: Caller,
    Path(customer): Path<Uuid>,
    Filled(form): Filled<Agreed>,
) -> Told<Id> {
    let customer = console.view(&caller).customer(customer).await?;
    let blank = Contract {
        id: Uuid::now_v7(),
        customer: customer.id,
        name: text("name", &form.name, NAME_MAX)?,
        level: String::new(),
        schedule: Schedule {
            cadence: Cadence::Monthly,
            window_day: 1,
            window_hour: 0,
            window_hours: 1,
            time_zone: "Asia/Seoul".to_owned(),
        },
        engineer: String::new(),
        customer_contact: String::new(),
        starts: Date::default(),
        ends: Date::default(),
        policy_version: 1,
    };
    let contract = form.checked(blank)?;
    console.store.add_contract(&contract).await?;
    let after = serde_json::to_value(Agreed::of(&contract)).unwrap_or_default();
    let detail = Detail { customer: Some(customer.id), after, ..Detail::default() };
    done(&caller, &format!("/contracts/{}", contract.id), &Id(contract.id), detail)
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "contract.html")]
pub struct ContractPage {
    #[serde(skip)]
    frame: Frame,
    id: Uuid,
    customer: Uuid,
    customer_name: String,
    agreed: Agreed,
    time_zone: String,
    hosts: Vec<HostRow>,
    inspections: Vec<InspectionRow>,
    /// Of the window we are in or that comes next.
    next_from: Option<Timestamp>,
    next_until: Option<Timestamp>,
    #[serde(skip)]
    may_edit: bool,
    /// An enrolment token, shown once.
    token: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct InspectionRow {
    pub id: Uuid,
    pub period: String,
    pub state: &'static str,
    pub assessed_at: Option<Timestamp>,
}

impl From<Inspection> for InspectionRow {
    fn from(inspection: Inspection) -> Self {
        Self {
            id: inspection.id,
            period: inspection.period,
            state: inspection.state.as_str(),
            assessed_at: inspection.assessed_at,
        }
    }
}

impl ContractPage {
    fn levels(&self) -> [&'static str; 4] {
        LEVELS
    }
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<ContractPage> {
    show_page(&caller, &contract_page(&console, &caller, id, None).await?)
}

async fn contract_page(
    console: &Console,
    caller: &Caller,
    id: Uuid,
    token: Option<String>,
) -> Result<ContractPage, Refusal> {
    let view = console.view(caller);
    let contract = view.contract(id).await?;
    let customer = view.customer(contract.customer).await?;
    let now = Timestamp::now();
    let mut hosts = hosts::rows(console, caller, now).await?;
    hosts.retain(|host| host.contract == id);
    let mut inspections = view.inspections(Some(id)).await?;
    inspections.sort_by(|a, b| b.period.cmp(&a.period));
    let slot = contract.schedule.slot_at(now, "").ok();
    let next = slot.and_then(|slot| {
        if slot.window_end > now {
            Some(slot)
        } else {
            contract.schedule.slot_at(slot.period_end, "").ok()
        }
    });
    Ok(ContractPage {
        frame: Frame::of(caller),
        id,
        customer: customer.id,
        customer_name: customer.name,
        agreed: Agreed::of(&contract),
        time_zone: contract.schedule.time_zone,
        hosts,
        inspections: inspections.into_iter().map(InspectionRow::from).collect(),
        next_from: next.as_ref().map(|slot| slot.window_start),
        next_until: next.as_ref().map(|slot| slot.window_end),
        may_edit: caller.may(Right::Contracts),
        token,
    })
}

pub async fn edit(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Agreed>,
) -> Told<Id> {
    let before = console.view(&caller).contract(id).await?;
    let after = form.checked(before.clone())?;
    console.store.edit_contract(&after).await?;
    let detail = Detail {
        customer: Some(after.customer),
        before: serde_json::to_value(Agreed::of(&before)).unwrap_or_default(),
        after: serde_json::to_value(Agreed::of(&after)).unwrap_or_default(),
    };
    done(&caller, &format!("/contracts/{id}"), &Id(id), detail)
}

#[derive(Deserialize, ToSchema)]
pub struct NewToken {
    /// The name that the host gets here; its own without it.
    #[serde(default)]
    #[schema(schema_with = maybe::<{ HOSTNAME_MAX }>)]
    hostname: String,
    #[serde(default)]
    #[schema(schema_with = maybe::<{ ROLE_MAX }>)]
    role: String,
    #[schema(schema_with = importances)]
    importance: u8,
    #[schema(schema_with = token_minutes)]
    minutes: u32,
}

/// Makes an enrolment token and shows it, this once.
pub async fn add_token(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<NewToken>,
) -> Told<ContractPage> {
    let contract = console.view(&caller).contract(id).await?;
    let wrong = |what: String| Refusal::malformed("refused.value", what);
    if !TOKEN_MINUTES.contains(&form.minutes) {
        return Err(wrong(format!("minutes: {}", form.minutes)));
    }
    if !IMPORTANCES.contains(&form.importance) {
        return Err(wrong(format!("importance: {}", form.importance)));
    }
    let hostname =
        Some(optional("hostname", &form.hostname, HOSTNAME_MAX)?).filter(|name| !name.is_empty());
    let role = Some(optional("role", &form.role, ROLE_MAX)?).filter(|role| !role.is_empty());
    let wanted = Wanted {
        contract: id,
        hostname: hostname.clone(),
        role,
        importance: Some(form.importance),
        minutes: form.minutes,
        note: caller.person.login.clone(),
    };
    let token = issue(&console.store, &console.ca_sha256, wanted, Timestamp::now()).await;
    let token = token.map_err(|error| match error {
        TokenError::Store(error) => Refusal::from(error),
        TokenError::Random => Refusal::Broken("random bytes"),
    })?;
    let page = contract_page(&console, &caller, id, Some(token.to_string())).await?;
    let after = serde_json::json!({"hostname": hostname, "minutes": form.minutes});
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    Ok(show_page(&caller, &page)?.telling(detail))
}
