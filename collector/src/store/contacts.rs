//! Contacts: who is told of advisories, in which language, of which kinds.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Applied, Row, Step, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

words! {
    /// The language that a contact reads.
    Language {
        Korean = "ko",
        English = "en",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub id: Uuid,
    pub customer: Uuid,
    /// Hears of this contract only; of all of the customer's when absent.
    pub contract: Option<Uuid>,
    pub name: String,
    /// Lower case.
    pub email: String,
    pub language: Language,
    /// Kinds of advisories, as they are stored: `security`, `bugfix`, `enhancement`.
    pub kinds: Vec<String>,
    pub created: Timestamp,
    pub removed_at: Option<Timestamp>,
}

impl Contact {
    /// Whether it wants to hear of advisories of a kind.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.kinds.iter().any(|wanted| wanted == kind)
    }
}

impl FromRow for Contact {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let kinds: String = row.get("kinds")?;
        Ok(Self {
            id: row.get("id")?,
            customer: row.get("customer")?,
            contract: row.get("contract")?,
            name: row.get("name")?,
            email: row.get("email")?,
            language: row.get("language")?,
            kinds: kinds.split_whitespace().map(str::to_owned).collect(),
            created: row.get("created")?,
            removed_at: row.get("removed_at")?,
        })
    }
}

impl Store {
    /// # Errors
    /// [`StoreError::Exists`] when the address hears of it already, [`StoreError::Dangling`] when
    /// customer or contract does not exist.
    pub async fn add_contact(&self, contact: &Contact) -> Result<(), StoreError> {
        let params = values![
            contact.id,
            contact.customer,
            contact.contract,
            &contact.name,
            &contact.email,
            contact.language,
            contact.kinds.join(" "),
            contact.created,
        ];
        self.apply(vec![Step::any(queries::CONTACTS_ADD, params)]).await.map(|_| ())
    }

    /// A contact, one that was removed too.
    pub async fn contact(&self, id: Uuid) -> Result<Option<Contact>, StoreError> {
        self.first(queries::CONTACTS_GET, values![id]).await
    }

    /// By customer and name; of one customer or of all.
    pub async fn contacts(&self, customer: Option<Uuid>) -> Result<Vec<Contact>, StoreError> {
        self.list(queries::CONTACTS_LIST, values![customer]).await
    }

    /// Who hears of a contract: its own contacts and those of its customer, oldest first.
    pub async fn contacts_of(&self, contract: Uuid) -> Result<Vec<Contact>, StoreError> {
        self.list(queries::CONTACTS_OF_CONTRACT, values![contract]).await
    }

    /// Tells a contact nothing more; mail still waiting is taken back. False when there is no
    /// such contact.
    pub async fn remove_contact(&self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let steps = vec![
            Step::one(queries::CONTACTS_REMOVE, values![id, now]),
            Step::any(queries::CONTACTS_WITHDRAW_MAIL, values![id]),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }
}
