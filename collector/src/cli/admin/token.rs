//! `token add | list`: one-time enrolment tokens.
//!
//! A token is shown once and kept only as a digest.

use std::path::Path;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use uuid::Uuid;

use super::host::importance;
use crate::cli::{Exit, open, print};
use crate::intake::tokens::{Wanted, issue};
use crate::pki::Authority;
use crate::store;

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token and print it. It works once, for a short time.
    Add(Add),
    /// List tokens: when they end and whether they were used.
    List {
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Add {
    #[arg(long)]
    contract: String,
    /// The name that the host gets here; its own hostname without it. A host of this name that is
    /// under contract already is enrolled as that host.
    #[arg(long)]
    host: Option<String>,
    #[arg(long)]
    role: Option<String>,
    #[arg(long, value_parser = importance)]
    importance: Option<u8>,
    /// Minutes until the token ends.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1440))]
    valid_minutes: u32,
    /// Who asked for it, and why.
    #[arg(long, default_value = "")]
    note: String,
}

impl Token {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::Add(add) => add.run(&opened).await,
                Self::List { json } => list(&opened.store, json).await,
            }
        })
    }
}

impl Add {
    async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let contract = opened.contract(&self.contract).await?;
        let now = Timestamp::now();
        let authority = Authority::open(&opened.config.data.join("pki"), now)?;
        let wanted = Wanted {
            contract: contract.id,
            hostname: self.host,
            role: self.role,
            importance: self.importance,
            minutes: self.valid_minutes,
            note: self.note,
        };
        let token = issue(&opened.store, &authority.fingerprint(), wanted, now).await?;
        print::line(&token.to_string());
        Ok(Exit::Ok)
    }
}

async fn list(store: &store::Store, json: bool) -> anyhow::Result<Exit> {
    let tokens = store.tokens(None::<Uuid>).await?;
    if json {
        let list: Vec<_> = tokens
            .iter()
            .map(|t| {
                serde_json::json!({
                    "digest": t.secret_sha256, "contract": t.contract, "created": t.created,
                    "expires_at": t.expires_at, "used_at": t.used_at,
                    "used_by_host": t.used_by_host, "note": t.note, "hostname": t.hostname,
                })
            })
            .collect();
        return print::json(&list);
    }
    let rows: Vec<_> = tokens
        .into_iter()
        .map(|t| {
            vec![
                t.hostname.unwrap_or_default(),
                t.expires_at.to_string(),
                t.used_at.map_or_else(|| "-".to_owned(), |at| at.to_string()),
                t.note,
            ]
        })
        .collect();
    print::table(&["HOST", "ENDS", "USED", "NOTE"], &rows);
    Ok(Exit::Ok)
}
