//! Contracts: what was agreed with a customer, above all when its hosts are inspected.

use carepack_shared::period::{Cadence, Schedule};
use jiff::civil::Date;
use uuid::Uuid;

use super::value::{Row, Step, Value, values};
use super::{Find, FromRow, Store, StoreError, queries};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    pub id: Uuid,
    pub customer: Uuid,
    /// Unique within the customer.
    pub name: String,
    /// Service level, in the service catalogue's words.
    pub level: String,
    pub schedule: Schedule,
    /// Who inspects, for the vendor and for the customer; may be empty.
    pub engineer: String,
    pub customer_contact: String,
    pub starts: Date,
    /// Last day.
    pub ends: Date,
    /// 1 when new; the store raises it with every edit.
    pub policy_version: u64,
}

impl FromRow for Contract {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let cadence: String = row.get("cadence")?;
        Ok(Self {
            id: row.get("id")?,
            customer: row.get("customer")?,
            name: row.get("name")?,
            level: row.get("level")?,
            schedule: Schedule {
                cadence: match cadence.as_str() {
                    "monthly" => Cadence::Monthly,
                    "quarterly" => Cadence::Quarterly,
                    _ => return Err(StoreError::Shape { column: "cadence" }),
                },
                window_day: row.get("window_day")?,
                window_hour: row.get("window_hour")?,
                window_hours: row.get("window_hours")?,
                time_zone: row.get("time_zone")?,
            },
            engineer: row.get("engineer")?,
            customer_contact: row.get("customer_contact")?,
            starts: row.get("starts")?,
            ends: row.get("ends")?,
            policy_version: row.get("policy_version")?,
        })
    }
}

/// The columns that an edit may change, in the order of both statements.
fn agreed(contract: &Contract) -> Vec<Value> {
    let schedule = &contract.schedule;
    values![
        &contract.level,
        match schedule.cadence {
            Cadence::Monthly => "monthly",
            Cadence::Quarterly => "quarterly",
        },
        i64::from(schedule.window_day),
        i64::from(schedule.window_hour),
        i64::from(schedule.window_hours),
        &schedule.time_zone,
        &contract.engineer,
        &contract.customer_contact,
        contract.starts,
        contract.ends,
    ]
}

impl Store {
    /// Adds a contract with policy version 1, whatever the given one is. The caller has checked
    /// its schedule ([`Schedule::check`]).
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the customer has one of this name, [`StoreError::Dangling`]
    /// when the customer does not exist.
    pub async fn add_contract(&self, contract: &Contract) -> Result<(), StoreError> {
        let mut params = values![contract.id, contract.customer, &contract.name];
        params.extend(agreed(contract));
        params.push(Value::Int(1));
        self.apply(vec![Step::any(queries::CONTRACTS_ADD, params)]).await.map(|_| ())
    }

    /// Changes all but id, customer and name, and raises the policy version. False when there is
    /// no such contract.
    pub async fn edit_contract(&self, contract: &Contract) -> Result<bool, StoreError> {
        let mut params = values![contract.id];
        params.extend(agreed(contract));
        self.change(queries::CONTRACTS_EDIT, params).await
    }

    /// Whether author, reviewer and approver of its reports must be three people.
    ///
    /// # Errors
    /// What the store says.
    pub async fn wants_four_eyes(&self, contract: Uuid) -> Result<bool, StoreError> {
        let rows = self.query(queries::CONTRACTS_FOUR_EYES, values![contract]).await?;
        rows.first().map_or(Ok(false), |row| row.get("four_eyes"))
    }

    /// False when there is no such contract.
    pub async fn set_four_eyes(&self, contract: Uuid, wanted: bool) -> Result<bool, StoreError> {
        self.change(queries::CONTRACTS_SET_FOUR_EYES, values![contract, wanted]).await
    }

    pub async fn contracts(&self) -> Result<Vec<Contract>, StoreError> {
        self.list(queries::CONTRACTS_LIST, values![]).await
    }

    pub async fn contract(&self, id: Uuid) -> Result<Option<Contract>, StoreError> {
        self.first(queries::CONTRACTS_GET, values![id]).await
    }

    /// By id or name.
    ///
    /// # Errors
    /// [`StoreError::Ambiguous`] when two customers have a contract of this name.
    pub async fn find_contract(&self, text: &str) -> Result<Option<Contract>, StoreError> {
        let how = Find {
            what: "contract",
            by_id: queries::CONTRACTS_GET,
            by_name: queries::CONTRACTS_NAMED,
        };
        self.find(text, how).await
    }
}
