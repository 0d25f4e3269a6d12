//! Customers: who is served. Names are unique.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, values};
use super::{Find, FromRow, Store, StoreError, queries};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    pub id: Uuid,
    pub name: String,
    pub created: Timestamp,
}

impl FromRow for Customer {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { id: row.get("id")?, name: row.get("name")?, created: row.get("created")? })
    }
}

impl Store {
    /// # Errors
    /// [`StoreError::Exists`] when the name is taken.
    pub async fn add_customer(&self, customer: &Customer) -> Result<(), StoreError> {
        let params = values![customer.id, &customer.name, customer.created];
        self.apply(vec![Step::any(queries::CUSTOMERS_ADD, params)]).await.map(|_| ())
    }

    /// By name, in order.
    pub async fn customers(&self) -> Result<Vec<Customer>, StoreError> {
        self.list(queries::CUSTOMERS_LIST, values![]).await
    }

    /// By id or name.
    pub async fn find_customer(&self, text: &str) -> Result<Option<Customer>, StoreError> {
        let how = Find {
            what: "customer",
            by_id: queries::CUSTOMERS_GET,
            by_name: queries::CUSTOMERS_NAMED,
        };
        self.find(text, how).await
    }

    pub async fn customer(&self, id: Uuid) -> Result<Option<Customer>, StoreError> {
        self.first(queries::CUSTOMERS_GET, values![id]).await
    }
}
