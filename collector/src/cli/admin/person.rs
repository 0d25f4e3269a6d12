//! `person`: accounts of the console, for the first one and for those who are locked out.

use std::path::Path;

use anyhow::{Context, ensure};
use clap::Subcommand;
use jiff::Timestamp;

use crate::cli::{Exit, open, print};
use crate::config::Config;
use crate::console::invitations::make_link;
use crate::store::{Person as Account, Role, Store};

#[derive(Debug, Subcommand)]
pub enum Person {
    /// Add an account and print the one-time link by which its person chooses a password.
    Add {
        login: String,
        /// The person's name; the login without it.
        #[arg(long)]
        name: Option<String>,
        /// operator, reviewer, engineer, customer_manager or customer_reader.
        #[arg(long, value_parser = role)]
        role: Role,
        /// Name or id of a customer it is for; may be given several times. Staff without one is
        /// for all.
        #[arg(long = "customer")]
        customers: Vec<String>,
    },
    /// List accounts.
    List {
        #[arg(long)]
        json: bool,
    },
    /// Print a new one-time link: a forgotten password. Earlier links end; failures are forgotten.
    Invite { login: String },
}

fn role(text: &str) -> Result<Role, String> {
    Role::of(text).ok_or_else(|| {
        let all: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("{text:?} is no role; give one of {}", all.join(", "))
    })
}

impl Person {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::Add { login, name, role, customers } => {
                    let name = name.unwrap_or_else(|| login.clone());
                    let account = Account::new(&login, &name, role, Timestamp::now());
                    let mut scope = Vec::new();
                    for text in customers {
                        let found = opened.store.find_customer(&text).await?;
                        scope.push(
                            found.with_context(|| format!("there is no customer {text:?}"))?.id,
                        );
                    }
                    ensure!(
                        !scope.is_empty() || role.is_staff(),
                        "an account of a customer needs --customer"
                    );
                    opened.store.add_person(&account, &scope).await?;
                    invite(&opened.store, &opened.config, &account).await
                }
                Self::List { json } => list(&opened.store, json).await,
                Self::Invite { login } => {
                    let found = opened.store.person_named(&login).await?;
                    let account =
                        found.with_context(|| format!("there is no account {login:?}"))?;
                    opened.store.clear_failures(account.id).await?;
                    invite(&opened.store, &opened.config, &account).await
                }
            }
        })
    }
}

/// Prints the one-time link of an account.
pub async fn invite(store: &Store, config: &Config, account: &Account) -> anyhow::Result<Exit> {
    let link = make_link(store, &url(config), account).await;
    print::line(&link.map_err(|_| anyhow::anyhow!("making the one-time link"))?);
    Ok(Exit::Ok)
}

/// How people reach the console: as configured, where it listens now, or where it will.
fn url(config: &Config) -> String {
    if let Some(url) = &config.people.url {
        return url.clone();
    }
    let running = std::fs::read(config.data.join("run/addresses.json")).ok();
    let running: Option<crate::serve::Addresses> =
        running.and_then(|text| serde_json::from_slice(&text).ok());
    let address = running.map_or(config.people.listen, |addresses| addresses.people);
    format!("http://{address}")
}

async fn list(store: &Store, json: bool) -> anyhow::Result<Exit> {
    let people = store.people().await?;
    if json {
        let list: Vec<_> = people
            .iter()
            .map(|p| {
                serde_json::json!({
                    "id": p.id, "login": p.login, "name": p.name, "role": p.role.as_str(),
                    "language": p.language.as_str(), "disabled_at": p.disabled_at,
                    "locked_until": p.locked_until, "second_factor": p.totp_secret.is_some(),
                })
            })
            .collect();
        return print::json(&list);
    }
    let rows: Vec<_> = people
        .into_iter()
        .map(|p| {
            let state = match (p.disabled_at, &p.password) {
                (Some(_), _) => "disabled",
                (None, None) => "invited",
                (None, Some(_)) => "",
            };
            vec![p.login, p.name, p.role.as_str().to_owned(), state.to_owned()]
        })
        .collect();
    print::table(&["LOGIN", "NAME", "ROLE", "STATE"], &rows);
    Ok(Exit::Ok)
}
