//! `contact add | list | remove`.

use std::path::Path;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cli::{Exit, open, print};
use crate::notices::mail::is_address;
use crate::store;

#[derive(Debug, Subcommand)]
pub enum Contact {
    /// Register who is told of advisories.
    Add(Add),
    /// List contacts.
    List {
        /// Only those of this customer.
        #[arg(long)]
        customer: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Tell a contact nothing more; mail still waiting is taken back.
    Remove { id: Uuid },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Language {
    Ko,
    En,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Kind {
    Security,
    Bugfix,
    Enhancement,
}

#[derive(Debug, Args)]
pub struct Add {
    /// The customer's name or id.
    #[arg(long)]
    customer: String,
    /// Only of this contract; of all of the customer's without it.
    #[arg(long)]
    contract: Option<String>,
    #[arg(long)]
    name: String,
    #[arg(long)]
    email: String,
    #[arg(long, value_enum, default_value = "ko")]
    language: Language,
    /// Kinds of advisories, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "security")]
    kinds: Vec<Kind>,
}

impl Contact {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::Add(add) => add.run(&opened).await,
                Self::List { customer, json } => {
                    let customer = match customer {
                        Some(text) => Some(find_customer(&opened, &text).await?.id),
                        None => None,
                    };
                    list(&opened.store.contacts(customer).await?, json)
                }
                Self::Remove { id } => {
                    let removed = opened.store.remove_contact(id, Timestamp::now()).await?;
                    ensure!(
                        removed,
                        "there is no contact {id}; see: carepack-collector contact list"
                    );
                    Ok(Exit::Ok)
                }
            }
        })
    }
}

async fn find_customer(opened: &open::Opened, text: &str) -> anyhow::Result<store::Customer> {
    opened.store.find_customer(text).await?.with_context(|| {
        format!("there is no customer {text:?}; see: carepack-collector customer list")
    })
}

impl Add {
    async fn run(mut self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let customer = find_customer(opened, &self.customer).await?;
        let email = self.email.trim().to_ascii_lowercase();
        ensure!(is_address(&email), "{:?} is no mail address", self.email);
        let contract = match &self.contract {
            Some(text) => {
                let contract = opened.contract(text).await?;
                ensure!(
                    contract.customer == customer.id,
                    "contract {} is not of customer {}",
                    contract.name,
                    customer.name
                );
                Some(contract.id)
            }
            None => None,
        };
        self.kinds.sort_unstable();
        self.kinds.dedup();
        let word = |kind: &Kind| match kind {
            Kind::Security => "security".to_owned(),
            Kind::Bugfix => "bugfix".to_owned(),
            Kind::Enhancement => "enhancement".to_owned(),
        };
        let contact = store::Contact {
            id: Uuid::now_v7(),
            customer: customer.id,
            contract,
            name: self.name.trim().to_owned(),
            email,
            language: match self.language {
                Language::Ko => store::Language::Korean,
                Language::En => store::Language::English,
            },
            kinds: self.kinds.iter().map(word).collect(),
            created: Timestamp::now(),
            removed_at: None,
        };
        opened.store.add_contact(&contact).await?;
        print::line(&contact.id.to_string());
        Ok(Exit::Ok)
    }
}

fn list(contacts: &[store::Contact], json: bool) -> anyhow::Result<Exit> {
    if json {
        let list: Vec<_> = contacts
            .iter()
            .map(|c| {
                serde_json::json!({
                    "id": c.id, "customer": c.customer, "contract": c.contract, "name": c.name,
                    "email": c.email, "language": c.language.as_str(), "kinds": c.kinds,
                })
            })
            .collect();
        return print::json(&list);
    }
    let rows: Vec<_> = contacts
        .iter()
        .map(|c| {
            vec![
                c.name.clone(),
                c.email.clone(),
                c.language.as_str().to_owned(),
                c.kinds.join(","),
                if c.contract.is_some() { "one contract" } else { "all contracts" }.to_owned(),
                c.id.to_string(),
            ]
        })
        .collect();
    print::table(&["NAME", "EMAIL", "LANGUAGE", "KINDS", "HEARS OF", "ID"], &rows);
    Ok(Exit::Ok)
}
