//! `exception add | list`: risks that a customer accepts until a date.

use std::path::Path;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::host::find;
use crate::cli::{Exit, open, print, rules};
use crate::store;

#[derive(Debug, Subcommand)]
pub enum Exception {
    /// Register an accepted risk.
    Add(Add),
    /// List a contract's accepted risks.
    List {
        #[arg(long)]
        contract: String,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Add {
    #[arg(long)]
    contract: String,
    /// The rule that is accepted to fail.
    #[arg(long)]
    rule: String,
    /// Only on this host; on all of the contract without it.
    #[arg(long)]
    host: Option<String>,
    /// 사유
    #[arg(long)]
    reason: String,
    /// 위험성
    #[arg(long)]
    risk: String,
    /// 보완대책
    #[arg(long)]
    compensation: String,
    /// 승인자
    #[arg(long)]
    approver: String,
    /// Last day on which it holds, e.g. 2027-03-31, in the contract's time zone.
    #[arg(long)]
    until: Date,
}

impl Exception {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::Add(add) => add.run(&opened).await,
                Self::List { contract, json } => {
                    let contract = opened.contract(&contract).await?;
                    list(&opened.store.exceptions(contract.id).await?, json)
                }
            }
        })
    }
}

impl Add {
    async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let contract = opened.contract(&self.contract).await?;
        let pack = rules::load(None)?;
        ensure!(
            pack.rules.iter().any(|rule| rule.id == self.rule),
            "there is no rule {:?}; see: carepack-collector rules list",
            self.rule
        );
        let host = match &self.host {
            Some(text) => {
                let host = find(&opened.store, text).await?;
                ensure!(host.contract == contract.id, "{text} is not under {}", contract.name);
                Some(host.id)
            }
            None => None,
        };
        let now = Timestamp::now();
        let end = self.until.tomorrow().context("the last day")?;
        let zone = jiff::tz::TimeZone::get(&contract.schedule.time_zone)?;
        let expires_at = end.to_zoned(zone)?.timestamp();
        ensure!(expires_at > now, "{} is over already", self.until);
        let row = store::Exception {
            id: Uuid::now_v7(),
            contract: contract.id,
            host,
            rule: self.rule,
            reason: self.reason,
            risk: self.risk,
            compensation: self.compensation,
            approver: self.approver,
            approved_at: now,
            expires_at,
        };
        opened.store.add_exception(&row).await?;
        print::line(&row.id.to_string());
        Ok(Exit::Ok)
    }
}

fn list(exceptions: &[store::Exception], json: bool) -> anyhow::Result<Exit> {
    if json {
        let list: Vec<_> = exceptions
            .iter()
            .map(|e| {
                serde_json::json!({
                    "id": e.id, "rule": e.rule, "host": e.host, "reason": e.reason,
                    "risk": e.risk, "compensation": e.compensation, "approver": e.approver,
                    "approved_at": e.approved_at, "expires_at": e.expires_at,
                })
            })
            .collect();
        return print::json(&list);
    }
    let rows: Vec<_> = exceptions
        .iter()
        .map(|e| {
            vec![e.rule.clone(), e.approver.clone(), e.expires_at.to_string(), e.reason.clone()]
        })
        .collect();
    print::table(&["RULE", "APPROVER", "ENDS", "REASON"], &rows);
    Ok(Exit::Ok)
}
