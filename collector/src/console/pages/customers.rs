//! Customers: their contracts, hosts and contacts at a glance.

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::contracts::{Agreed, LEVELS};
use super::hosts::{self, HostRow};
use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::describe::said;
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::{Filled, text};
use crate::console::page::{Id, Refusal, Told, done, show as show_page};
use crate::store::Customer;

#[derive(Serialize, ToSchema)]
struct CustomerRow {
    id: Uuid,
    name: String,
    contracts: usize,
    hosts: usize,
    danger: u64,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "customers.html")]
pub struct CustomersPage {
    #[serde(skip)]
    frame: Frame,
    customers: Vec<CustomerRow>,
    #[serde(skip)]
    may_add: bool,
}

pub async fn list(State(console): State<Console>, caller: Caller) -> Told<CustomersPage> {
    let view = console.view(&caller);
    let contracts = view.contracts().await?;
    let hosts = hosts::rows(&console, &caller, Timestamp::now()).await?;
    let row = |customer: Customer| {
        let own = || hosts.iter().filter(|host| host.customer == customer.id && !host.retired);
        CustomerRow {
            contracts: contracts.iter().filter(|c| c.customer == customer.id).count(),
            hosts: own().count(),
            danger: own().map(|host| u64::from(host.danger)).sum(),
            id: customer.id,
            name: customer.name,
        }
    };
    let customers = view.customers().await?.into_iter().map(row).collect();
    let may_add = caller.may(Right::Contracts);
    show_page(&caller, &CustomersPage { frame: Frame::of(&caller), customers, may_add })
}

/// Longest name of a customer, in characters.
const NAME_MAX: usize = 80;

#[derive(Deserialize, ToSchema)]
pub struct NewCustomer {
    #[schema(schema_with = said::<{ NAME_MAX }>)]
    name: String,
}

pub async fn add(
    State(console): State<Console>,
    caller: Caller,
    Filled(form): Filled<NewCustomer>,
) -> Told<Id> {
    let name = text("name", &form.name, NAME_MAX)?;
    let customer = Customer { id: Uuid::now_v7(), name, created: Timestamp::now() };
    if caller.scope != crate::console::access::Scope::All {
        // Who is for some customers only would not see the new one.
        return Err(Refusal::Forbidden);
    }
    console.store.add_customer(&customer).await?;
    let after = serde_json::json!({"name": customer.name});
    let detail = Detail { customer: Some(customer.id), after, ..Detail::default() };
    done(&caller, &format!("/customers/{}", customer.id), &Id(customer.id), detail)
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "customer.html")]
pub struct CustomerPage {
    #[serde(skip)]
    frame: Frame,
    id: Uuid,
    name: String,
    contracts: Vec<ContractRow>,
    hosts: Vec<HostRow>,
    contacts: Vec<ContactRow>,
    #[serde(skip)]
    form: Option<Agreed>,
}

#[derive(Serialize, ToSchema)]
struct ContractRow {
    id: Uuid,
    agreed: Agreed,
    /// Days until its last day; negative when it is over.
    days_left: i32,
}

#[derive(Serialize, ToSchema)]
struct ContactRow {
    name: String,
    email: String,
    language: &'static str,
    kinds: String,
}

impl CustomerPage {
    fn levels(&self) -> [&'static str; 4] {
        LEVELS
    }
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<CustomerPage> {
    let view = console.view(&caller);
    let customer = view.customer(id).await?;
    let now = Timestamp::now();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut contracts = view.contracts().await?;
    contracts.retain(|contract| contract.customer == id);
    let contracts = contracts
        .iter()
        .map(|contract| ContractRow {
            id: contract.id,
            agreed: Agreed::of(contract),
            days_left: today.until(contract.ends).map_or(0, |span| span.get_days()),
        })
        .collect();
    let mut hosts = hosts::rows(&console, &caller, now).await?;
    hosts.retain(|host| host.customer == id && !host.retired);
    let contacts = console.store.contacts(Some(id)).await?;
    let contacts = contacts
        .into_iter()
        .map(|contact| ContactRow {
            kinds: contact.kinds.join(", "),
            language: contact.language.as_str(),
            name: contact.name,
            email: contact.email,
        })
        .collect();
    let form = caller.may(Right::Contracts).then(|| Agreed::proposed(today));
    let frame = Frame::of(&caller);
    let page = CustomerPage { frame, id, name: customer.name, contracts, hosts, contacts, form };
    show_page(&caller, &page)
}
