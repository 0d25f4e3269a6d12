//! `plan list | show | decide`.

use std::path::Path;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::find;
use crate::cli::admin::find_host;
use crate::cli::{Exit, open, print};
use crate::plans::{Wish, decide};
use crate::store::{self, Decision};

#[derive(Debug, Subcommand)]
pub enum Plan {
    /// List a contract's plans.
    List {
        #[arg(long)]
        contract: String,
        /// Superseded ones too.
        #[arg(long)]
        all: bool,
        #[arg(long)]
        json: bool,
    },
    /// One plan and what became of it.
    Show {
        id: Uuid,
        #[arg(long)]
        json: bool,
    },
    /// Record what a customer decided by phone or in a meeting.
    Decide(Decide),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DecisionWord {
    Apply,
    Wait,
    AcceptRisk,
    NotOurs,
}

#[derive(Debug, Args)]
pub struct Decide {
    /// The notice's id, or its advisory's.
    notice: String,
    #[arg(long)]
    contract: Option<String>,
    /// Hosts by name or id; all of the notice without any.
    #[arg(long = "host")]
    hosts: Vec<String>,
    #[arg(value_enum)]
    decision: DecisionWord,
    /// Begin of the window, e.g. 2027-01-10T02:00, in the contract's time zone.
    #[arg(long)]
    from: Option<DateTime>,
    /// End of the window.
    #[arg(long)]
    until: Option<DateTime>,
    /// Last day of waiting or of the acceptance.
    #[arg(long)]
    date: Option<Date>,
    /// 사유
    #[arg(long, default_value = "")]
    reason: String,
    /// 보완대책
    #[arg(long, default_value = "")]
    compensation: String,
    /// 승인자
    #[arg(long, default_value = "")]
    approver: String,
    /// Who records it.
    #[arg(long)]
    by: String,
}

impl Plan {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::List { contract, all, json } => list(&opened, &contract, all, json).await,
                Self::Show { id, json } => show(&opened, id, json).await,
                Self::Decide(decide) => decide.run(&opened).await,
            }
        })
    }
}

impl Decide {
    async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let notice = find(opened, &self.notice, self.contract.as_deref()).await?;
        let contract = opened.store.contract(notice.contract).await?;
        let zone = TimeZone::get(&contract.context("the contract is gone")?.schedule.time_zone)?;
        let mut hosts = Vec::new();
        for text in &self.hosts {
            hosts.push(find_host(&opened.store, text).await?.id);
        }
        if hosts.is_empty() {
            let all = opened.store.notice_hosts(notice.id).await?;
            hosts.extend(all.iter().map(|host| host.host));
        }
        let wish = self.wish(&zone)?;
        let wishes: Vec<_> = hosts.into_iter().map(|host| (host, wish.clone())).collect();
        let by = format!("engineer:{}", self.by);
        let made = decide(&opened.store, &notice, &wishes, &by, Timestamp::now()).await?;
        for plan in &made {
            print::line(&plan.id.to_string());
        }
        if made.is_empty() {
            print::note("this has been decided already");
        }
        Ok(Exit::Ok)
    }

    fn wish(&self, zone: &TimeZone) -> anyhow::Result<Wish> {
        let moment = |time: Option<DateTime>| -> anyhow::Result<Option<Timestamp>> {
            time.map(|time| Ok(time.to_zoned(zone.clone())?.timestamp())).transpose()
        };
        let end = |day: Option<Date>| -> anyhow::Result<Option<Timestamp>> {
            day.map(|day| Ok(day.tomorrow()?.to_zoned(zone.clone())?.timestamp())).transpose()
        };
        let decision = match self.decision {
            DecisionWord::Apply => Decision::Apply,
            DecisionWord::Wait => Decision::Wait,
            DecisionWord::AcceptRisk => Decision::AcceptRisk,
            DecisionWord::NotOurs => Decision::NotOurs,
        };
        let until = if decision == Decision::Wait { end(self.date)? } else { moment(self.until)? };
        Ok(Wish {
            decision,
            window_from: moment(self.from)?,
            window_until: until,
            reason: self.reason.clone(),
            compensation: self.compensation.clone(),
            approver: self.approver.clone(),
            expires_at: end(self.date)?,
        })
    }
}

pub(super) fn told(plan: &store::Plan, host: &str) -> serde_json::Value {
    serde_json::json!({
        "id": plan.id, "notice": plan.notice, "host": host, "host_id": plan.host,
        "decision": plan.decision.as_str(), "window_from": plan.window_from,
        "window_until": plan.window_until, "reason": plan.reason,
        "compensation": plan.compensation, "approver": plan.approver,
        "expires_at": plan.expires_at, "state": plan.state.as_str(),
        "decided_at": plan.decided_at, "decided_by": plan.decided_by,
        "verified_by": plan.verified_by, "verified_at": plan.verified_at,
        "superseded_at": plan.superseded_at,
    })
}

async fn list(
    opened: &open::Opened,
    contract: &str,
    all: bool,
    json: bool,
) -> anyhow::Result<Exit> {
    let contract = opened.contract(contract).await?;
    let plans = opened.store.plans(contract.id, all).await?;
    let hosts = opened.store.hosts(Some(contract.id)).await?;
    let notices = opened.store.notices(Some(contract.id), Timestamp::UNIX_EPOCH).await?;
    let host = |id| hosts.iter().find(|h| h.id == id).map_or("?", |h| h.hostname.as_str());
    let advisory = |id| notices.iter().find(|n| n.id == id).map_or("?", |n| n.advisory.as_str());
    if json {
        let list: Vec<_> = plans
            .iter()
            .map(|plan| {
                let mut value = told(plan, host(plan.host));
                value["advisory"] = advisory(plan.notice).into();
                value
            })
            .collect();
        return print::json(&list);
    }
    let moment = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    let rows: Vec<_> = plans
        .iter()
        .map(|plan| {
            vec![
                advisory(plan.notice).to_owned(),
                host(plan.host).to_owned(),
                plan.decision.as_str().to_owned(),
                plan.state.as_str().to_owned(),
                moment(plan.window_until.or(plan.expires_at)),
                plan.decided_by.clone(),
                plan.id.to_string(),
            ]
        })
        .collect();
    print::table(&["ADVISORY", "HOST", "DECISION", "STATE", "UNTIL", "BY", "ID"], &rows);
    Ok(Exit::Ok)
}

async fn show(opened: &open::Opened, id: Uuid, json: bool) -> anyhow::Result<Exit> {
    let plan = opened.store.plan(id).await?;
    ensure!(plan.is_some(), "there is no plan {id}; see: carepack-collector plan list");
    let plan = plan.context("the plan")?;
    let host = opened.store.host(plan.host).await?.map(|h| h.hostname).unwrap_or_default();
    let changes = opened.store.plan_changes(id).await?;
    if json {
        let mut value = told(&plan, &host);
        let changes: Vec<_> = changes
            .iter()
            .map(|c| {
                serde_json::json!({
                    "at": c.at, "from": c.from_state, "to": c.to_state, "snapshot": c.snapshot,
                    "note": c.note,
                })
            })
            .collect();
        value["changes"] = changes.into();
        return print::json(&value);
    }
    print::line(&format!("{host}: {} ({})", plan.decision.as_str(), plan.state.as_str()));
    let rows: Vec<_> = changes
        .iter()
        .map(|c| {
            let snapshot = c.snapshot.map_or_else(|| "-".to_owned(), |id| id.to_string());
            vec![c.at.to_string(), c.from_state.clone(), c.to_state.clone(), snapshot]
        })
        .collect();
    print::table(&["AT", "FROM", "TO", "SNAPSHOT"], &rows);
    Ok(Exit::Ok)
}
