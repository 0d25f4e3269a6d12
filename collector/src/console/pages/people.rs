//! Accounts: who may sign in, as what, for whom.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::describe::said;
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::{Filled, text};
use crate::console::invitations::make_link;
use crate::console::page::{Id, Refusal, Told, done, show as show_page};
use crate::store::{Customer, Language, Person, Role};

#[derive(Serialize, ToSchema)]
struct PersonRow {
    id: Uuid,
    login: String,
    name: String,
    role: &'static str,
    language: &'static str,
    customers: Vec<Uuid>,
    has_password: bool,
    has_totp: bool,
    locked_until: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
}

impl PersonRow {
    fn of(person: Person, customers: Vec<Uuid>) -> Self {
        Self {
            id: person.id,
            login: person.login,
            name: person.name,
            role: person.role.as_str(),
            language: person.language.as_str(),
            customers,
            has_password: person.password.is_some(),
            has_totp: person.totp_secret.is_some(),
            locked_until: person.locked_until.filter(|until| Timestamp::now() < *until),
            disabled_at: person.disabled_at,
        }
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "people.html")]
pub struct PeoplePage {
    #[serde(skip)]
    frame: Frame,
    people: Vec<PersonRow>,
    #[serde(skip)]
    customers: Vec<Customer>,
    #[serde(skip)]
    names: BTreeMap<Uuid, String>,
    #[serde(skip)]
    roles: Vec<&'static str>,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "person.html")]
pub struct PersonPage {
    #[serde(skip)]
    frame: Frame,
    person: PersonRow,
    #[serde(skip)]
    customers: Vec<Customer>,
    #[serde(skip)]
    roles: Vec<&'static str>,
    /// A one-time link, shown once.
    link: Option<String>,
}

fn roles() -> Vec<&'static str> {
    Role::ALL.iter().map(|role| role.as_str()).collect()
}

pub async fn list(State(console): State<Console>, caller: Caller) -> Told<PeoplePage> {
    let mut scopes = console.store.customers_of_all().await?;
    let people = console.store.people().await?;
    let people = people
        .into_iter()
        .map(|person| {
            let customers = scopes.remove(&person.id).unwrap_or_default();
            PersonRow::of(person, customers)
        })
        .collect();
    let customers = console.view(&caller).customers().await?;
    let names = customers.iter().map(|customer| (customer.id, customer.name.clone())).collect();
    let page = PeoplePage { frame: Frame::of(&caller), people, customers, names, roles: roles() };
    show_page(&caller, &page)
}

/// Longest name to sign in with, and of a person, in characters.
const LOGIN_MAX: usize = 64;
const NAME_MAX: usize = 80;

#[derive(Deserialize, ToSchema)]
pub struct NewPerson {
    /// Small letters, digits and `.-_@`.
    #[schema(schema_with = said::<{ LOGIN_MAX }>)]
    login: String,
    #[schema(schema_with = said::<{ NAME_MAX }>)]
    name: String,
    #[schema(value_type = Role)]
    role: String,
    #[serde(default)]
    #[schema(value_type = Language, required = false)]
    language: String,
    /// Those that it is for; a customer's account needs one.
    #[serde(default)]
    customers: Vec<Uuid>,
}

/// Adds an account and shows the link by which its person chooses a password.
pub async fn add(
    State(console): State<Console>,
    caller: Caller,
    Filled(form): Filled<NewPerson>,
) -> Told<PersonPage> {
    let login = login_of(&form.login)?;
    let name = text("name", &form.name, NAME_MAX)?;
    let role = role_of(&form.role)?;
    let customers = scope_of(role, form.customers)?;
    let mut person = Person::new(&login, &name, role, Timestamp::now());
    person.language = language_of(&form.language, person.language)?;
    console.store.add_person(&person, &customers).await?;
    let link = make_link(&console.store, &console.url, &person).await?;
    let after = serde_json::json!({"login": login, "role": form.role, "customers": customers});
    shown_with_link(&console, &caller, person, (link, after)).await
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<PersonPage> {
    let person = console.store.person(id).await?.ok_or(Refusal::NotFound)?;
    show_page(&caller, &person_page(&console, &caller, person, None).await?)
}

async fn person_page(
    console: &Console,
    caller: &Caller,
    person: Person,
    link: Option<String>,
) -> Result<PersonPage, Refusal> {
    let scope = console.store.customers_of(person.id).await?;
    Ok(PersonPage {
        frame: Frame::of(caller),
        person: PersonRow::of(person, scope),
        customers: console.view(caller).customers().await?,
        roles: roles(),
        link,
    })
}

#[derive(Deserialize, ToSchema)]
pub struct Edited {
    #[schema(schema_with = said::<{ NAME_MAX }>)]
    name: String,
    #[schema(value_type = Role)]
    role: String,
    #[schema(value_type = Language)]
    language: String,
    #[serde(default)]
    customers: Vec<Uuid>,
    /// Present: it may not sign in any more.
    #[serde(default)]
    disabled: Option<String>,
}

pub async fn edit(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Edited>,
) -> Told<Id> {
    let mut person = console.store.person(id).await?.ok_or(Refusal::NotFound)?;
    let told = |person: &Person, customers: &[Uuid]| {
        let (name, role) = (&person.name, person.role.as_str());
        let is_disabled = person.disabled_at.is_some();
        serde_json::json!({"name": name, "role": role, "customers": customers, "disabled": is_disabled})
    };
    let before = told(&person, &console.store.customers_of(id).await?);
    let role = role_of(&form.role)?;
    if id == caller.person.id && (role != person.role || form.disabled.is_some()) {
        // The last operator must not lock itself out.
        return Err(Refusal::conflict("refused.oneself", ""));
    }
    let customers = scope_of(role, form.customers)?;
    person.name = text("name", &form.name, NAME_MAX)?;
    person.role = role;
    person.language = language_of(&form.language, person.language)?;
    person.disabled_at = match (form.disabled, person.disabled_at) {
        (Some(_), Some(since)) => Some(since),
        (Some(_), None) => Some(Timestamp::now()),
        (None, _) => None,
    };
    console.store.edit_person(&person, &customers).await?;
    if person.disabled_at.is_some() {
        console.store.end_other_sessions(id, "").await?;
    }
    let after = told(&person, &customers);
    let detail = Detail { customer: None, before, after };
    done(&caller, &format!("/people/{id}"), &Id(id), detail)
}

/// A new one-time link: the earlier one ends.
pub async fn invite(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<PersonPage> {
    let person = console.store.person(id).await?.ok_or(Refusal::NotFound)?;
    let link = make_link(&console.store, &console.url, &person).await?;
    shown_with_link(&console, &caller, person, (link, serde_json::Value::Null)).await
}

async fn shown_with_link(
    console: &Console,
    caller: &Caller,
    person: Person,
    (link, after): (String, serde_json::Value),
) -> Told<PersonPage> {
    let page = person_page(console, caller, person, Some(link)).await?;
    Ok(show_page(caller, &page)?.telling(Detail { after, ..Detail::default() }))
}

fn login_of(text: &str) -> Result<String, Refusal> {
    let login = text.trim();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    if (2..=LOGIN_MAX).contains(&login.len()) && login.chars().all(plain) {
        return Ok(login.to_owned());
    }
    Err(Refusal::malformed("refused.login", login))
}

fn role_of(text: &str) -> Result<Role, Refusal> {
    Role::of(text).ok_or_else(|| Refusal::malformed("refused.value", text))
}

/// The language that is named; without one it stays.
fn language_of(text: &str, before: Language) -> Result<Language, Refusal> {
    if text.is_empty() {
        return Ok(before);
    }
    Language::of(text).ok_or_else(|| Refusal::malformed("refused.value", text))
}

/// A customer's account is for one customer at least.
fn scope_of(role: Role, customers: Vec<Uuid>) -> Result<Vec<Uuid>, Refusal> {
    if customers.is_empty() && !role.is_staff() {
        return Err(Refusal::malformed("refused.no_customer", ""));
    }
    Ok(customers)
}
