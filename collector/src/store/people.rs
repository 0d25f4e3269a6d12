//! People who sign in: their role, the customers they are for, and how they prove who they are.
//!
//! Knows no password: what is kept is its argon2 hash, made by [`crate::console`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::contacts::Language;
use super::value::{Row, Step, Value, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

words! {
    /// What somebody is here for; what each may do stands in one table
    /// ([`crate::console::access`]).
    Role {
        /// Runs the collector: everything, accounts and settings too.
        Operator = "operator",
        /// An engineer who may also approve and publish.
        Reviewer = "reviewer",
        /// Works on hosts, inspections and cases.
        Engineer = "engineer",
        /// Of the customer: reads its own, decides, acknowledges.
        CustomerManager = "customer_manager",
        /// Of the customer: reads its own.
        CustomerReader = "customer_reader",
    }
}

impl Role {
    /// Of the vendor's staff.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        matches!(self, Self::Operator | Self::Reviewer | Self::Engineer)
    }
}

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: Uuid,
    /// Unique.
    pub login: String,
    pub name: String,
    pub role: Role,
    pub language: Language,
    /// PHC string of argon2id; none until the invitation was used.
    pub password: Option<String>,
    /// Base32 secret of the second factor, where there is one.
    pub totp_secret: Option<String>,
    /// The last time step whose code was taken: no code counts twice.
    pub totp_step: i64,
    /// Failed sign-ins since the last good one.
    pub failures: u32,
    pub locked_until: Option<Timestamp>,
    pub created: Timestamp,
    pub disabled_at: Option<Timestamp>,
}

impl Person {
    /// Somebody new, without a password yet.
    #[must_use]
    pub fn new(login: &str, name: &str, role: Role, now: Timestamp) -> Self {
        Self {
            id: Uuid::now_v7(),
            login: login.to_owned(),
            name: name.to_owned(),
            role,
            language: Language::Korean,
            password: None,
            totp_secret: None,
            totp_step: 0,
            failures: 0,
            locked_until: None,
            created: now,
            disabled_at: None,
        }
    }
}

impl FromRow for Person {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            login: row.get("login")?,
            name: row.get("name")?,
            role: row.get("role")?,
            language: row.get("language")?,
            password: row.get("password")?,
            totp_secret: row.get("totp_secret")?,
            totp_step: row.get("totp_step")?,
            failures: row.get("failures")?,
            locked_until: row.get("locked_until")?,
            created: row.get("created")?,
            disabled_at: row.get("disabled_at")?,
        })
    }
}

/// A person and one customer it is for.
struct PersonCustomer(Uuid, Uuid);

impl FromRow for PersonCustomer {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self(row.get("person")?, row.get("customer")?))
    }
}

fn scope_steps(person: Uuid, customers: &[Uuid]) -> impl Iterator<Item = Step> + use<> {
    let add: Vec<Step> = customers
        .iter()
        .map(|customer| Step::any(queries::PERSON_CUSTOMERS_ADD, values![person, *customer]))
        .collect();
    std::iter::once(Step::any(queries::PERSON_CUSTOMERS_CLEAR, values![person])).chain(add)
}

impl Store {
    /// Adds somebody and the customers it is for; staff with none is for all.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the login is taken, [`StoreError::Dangling`] when a customer
    /// does not exist.
    pub async fn add_person(&self, person: &Person, customers: &[Uuid]) -> Result<(), StoreError> {
        let params: Vec<Value> = values![
            person.id,
            &person.login,
            &person.name,
            person.role,
            person.language,
            person.password.as_ref(),
            person.totp_secret.as_ref(),
            person.totp_step,
            i64::from(person.failures),
            person.locked_until,
            person.created,
            person.disabled_at,
        ];
        let mut steps = vec![Step::one(queries::PEOPLE_ADD, params)];
        steps.extend(scope_steps(person.id, customers));
        self.apply(steps).await.map(|_| ())
    }

    /// Changes name, role, language, whether it is disabled, and the customers. False when there
    /// is no such person.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when a customer does not exist.
    pub async fn edit_person(
        &self,
        person: &Person,
        customers: &[Uuid],
    ) -> Result<bool, StoreError> {
        let params =
            values![person.id, &person.name, person.role, person.language, person.disabled_at];
        let mut steps = vec![Step::one(queries::PEOPLE_EDIT, params)];
        steps.extend(scope_steps(person.id, customers));
        Ok(self.apply(steps).await? == super::value::Applied::Done)
    }

    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.list(queries::PEOPLE_LIST, values![]).await
    }

    pub async fn person(&self, id: Uuid) -> Result<Option<Person>, StoreError> {
        self.first(queries::PEOPLE_GET, values![id]).await
    }

    pub async fn person_named(&self, login: &str) -> Result<Option<Person>, StoreError> {
        self.first(queries::PEOPLE_NAMED, values![login]).await
    }

    /// The customers that somebody is for.
    pub async fn customers_of(&self, person: Uuid) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<PersonCustomer> =
            self.list(queries::PERSON_CUSTOMERS_LIST, values![Some(person)]).await?;
        Ok(rows.into_iter().map(|row| row.1).collect())
    }

    /// Person → the customers it is for.
    pub async fn customers_of_all(&self) -> Result<BTreeMap<Uuid, Vec<Uuid>>, StoreError> {
        let none: Option<Uuid> = None;
        let rows: Vec<PersonCustomer> =
            self.list(queries::PERSON_CUSTOMERS_LIST, values![none]).await?;
        let mut all: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for PersonCustomer(person, customer) in rows {
            all.entry(person).or_default().push(customer);
        }
        Ok(all)
    }

    /// Sets the second factor, or takes it away.
    pub async fn set_totp(
        &self,
        person: Uuid,
        secret: Option<&str>,
        step: i64,
    ) -> Result<bool, StoreError> {
        self.change(queries::PEOPLE_TOTP, values![person, secret, step]).await
    }

    /// Takes a code's time step. False when it, or a later one, was taken before.
    pub async fn use_totp(&self, person: Uuid, step: i64) -> Result<bool, StoreError> {
        self.change(queries::PEOPLE_TOTP_USED, values![person, step]).await
    }

    /// Counts a failed sign-in; from `failures_max` on the account is locked until `until`.
    pub async fn count_failure(
        &self,
        person: Uuid,
        failures_max: u32,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let params = values![person, i64::from(failures_max), until];
        self.change(queries::PEOPLE_FAILED, params).await.map(|_| ())
    }

    /// Forgets failed sign-ins.
    pub async fn clear_failures(&self, person: Uuid) -> Result<(), StoreError> {
        self.change(queries::PEOPLE_CLEARED, values![person]).await.map(|_| ())
    }
}
