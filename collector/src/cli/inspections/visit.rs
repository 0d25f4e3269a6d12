//! `inspection visit add | list`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::cli::{Exit, open, print};
use crate::reports::review::{self, Item, Texts};

/// Longest checklist in bytes.
const CHECKLIST_BYTES_MAX: u64 = 256 * 1024;

#[derive(Debug, Subcommand)]
pub enum Visit {
    /// Enter a visit; it is printed in the report of the period that its date lies in.
    Add(Add),
    /// List a contract's visits.
    List {
        #[arg(long)]
        contract: String,
        #[arg(long)]
        period: Option<String>,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Add {
    #[arg(long)]
    contract: String,
    #[arg(long)]
    date: Date,
    /// Who came.
    #[arg(long)]
    who: String,
    /// A host that was looked at; may be given several times.
    #[arg(long = "host")]
    hosts: Vec<String>,
    /// YAML: a list of `{item: …, result: pass | attention | danger | unknown | not_applicable,
    /// note: …}`.
    #[arg(long, value_name = "FILE")]
    checklist: Option<PathBuf>,
    /// What the engineer says of it.
    #[arg(long, default_value = "")]
    ko: String,
    #[arg(long, default_value = "")]
    en: String,
    /// Who enters it.
    #[arg(long)]
    by: String,
}

impl Visit {
    pub async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        match self {
            Self::Add(add) => add.run(opened).await,
            Self::List { contract, period, json } => {
                let contract = opened.contract(&contract).await?;
                let inspector = opened.inspector(None).await?;
                let visits = inspector.visits(&contract, period.as_deref()).await?;
                if json {
                    return print::json(&visits);
                }
                let row = |visit: &review::Visit| {
                    let items = visit.checklist.len().to_string();
                    let hosts = visit.hosts.join(", ");
                    vec![visit.held_on.to_string(), visit.who.clone(), items, hosts]
                };
                let rows: Vec<_> = visits.iter().map(row).collect();
                print::table(&["DATE", "WHO", "ITEMS", "HOSTS"], &rows);
                Ok(Exit::Ok)
            }
        }
    }
}

impl Add {
    async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let contract = opened.contract(&self.contract).await?;
        let checklist: Vec<Item> = match &self.checklist {
            Some(file) => {
                let text = super::text(file, CHECKLIST_BYTES_MAX)?;
                serde_yaml_ng::from_str(&text)
                    .with_context(|| format!("{} is no checklist", file.display()))?
            }
            None => Vec::new(),
        };
        let visit = review::Visit {
            held_on: self.date,
            who: self.who,
            hosts: self.hosts,
            checklist,
            words: Texts { ko: self.ko, en: self.en },
        };
        let inspector = opened.inspector(None).await?;
        let by = (self.by.as_str(), Timestamp::now());
        print::line(&inspector.add_visit(&contract, &visit, by).await?);
        Ok(Exit::Ok)
    }
}
