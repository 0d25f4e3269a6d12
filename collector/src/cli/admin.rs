//! `init`, `serve`, and the register: customers, contracts, hosts, tokens, accepted risks,
//! accounts of the console and their audit log.

mod audit;
mod contract;
mod exception;
mod host;
mod person;
mod start;
mod token;

use std::path::Path;

use clap::Subcommand;
use jiff::Timestamp;
use uuid::Uuid;

pub use audit::Audit;
pub use contract::Contract;
pub use exception::Exception;
pub use host::{Host, find as find_host};
pub use person::Person;
pub use start::{Init, serve};
pub use token::Token;

use super::{Exit, open, print};
use crate::store;

#[derive(Debug, Subcommand)]
pub enum Customer {
    /// Register a customer.
    Add { name: String },
    /// List customers.
    List {
        #[arg(long)]
        json: bool,
    },
}

impl Customer {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::Add { name } => {
                    let customer =
                        store::Customer { id: Uuid::now_v7(), name, created: Timestamp::now() };
                    opened.store.add_customer(&customer).await?;
                    print::line(&customer.id.to_string());
                    Ok(Exit::Ok)
                }
                Self::List { json } => list(&opened.store.customers().await?, json),
            }
        })
    }
}

fn list(customers: &[store::Customer], json: bool) -> anyhow::Result<Exit> {
    if json {
        let list: Vec<_> = customers
            .iter()
            .map(|c| serde_json::json!({"id": c.id, "name": c.name, "created": c.created}))
            .collect();
        return print::json(&list);
    }
    let rows: Vec<_> = customers
        .iter()
        .map(|c| vec![c.name.clone(), c.created.to_string(), c.id.to_string()])
        .collect();
    print::table(&["CUSTOMER", "SINCE", "ID"], &rows);
    Ok(Exit::Ok)
}
