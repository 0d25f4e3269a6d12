//! `notice list | show | hold | release | edit | digest | run | queue`.

use std::path::Path;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use uuid::Uuid;

use super::queue::Queue;
use super::{find, notices};
use crate::cli::{Exit, open, print};
use crate::notices::queue::gather;
use crate::notices::{Content, Evidence};
use crate::store::{self, Hold};

#[derive(Debug, Subcommand)]
pub enum Notice {
    /// List notices that are not verified yet.
    List {
        #[arg(long)]
        contract: Option<String>,
        /// Verified ones too.
        #[arg(long)]
        all: bool,
        #[arg(long)]
        json: bool,
    },
    /// One notice: its hosts with their evidence, its mails, its plans.
    Show {
        #[command(flatten)]
        which: Which,
        #[arg(long)]
        json: bool,
    },
    /// Keep a notice from being sent until it is released.
    Hold(Which),
    /// Let a notice go at once, or with the next digest.
    Release {
        #[command(flatten)]
        which: Which,
        #[arg(long)]
        with_digest: bool,
    },
    /// Set the engineer's words; what is not given stays.
    Edit(Edit),
    /// Gather waiting notices into one mail now.
    Digest {
        #[arg(long)]
        contract: String,
        /// Notices by id or advisory; all that wait for the digest without any.
        notices: Vec<String>,
    },
    /// Draft, queue, send, verify and escalate once, as the service does every period.
    Run {
        #[arg(long)]
        json: bool,
    },
    /// The mail queue.
    #[command(subcommand)]
    Queue(Queue),
}

/// A notice.
#[derive(Debug, Args)]
pub struct Which {
    /// The notice's id, or its advisory's.
    notice: String,
    /// The contract, where an advisory was told to several.
    #[arg(long)]
    contract: Option<String>,
}

#[derive(Debug, Args)]
pub struct Edit {
    #[command(flatten)]
    which: Which,
    /// 변경 위험
    #[arg(long)]
    risk_ko: Option<String>,
    #[arg(long)]
    risk_en: Option<String>,
    /// 적용 방법
    #[arg(long)]
    how_ko: Option<String>,
    #[arg(long)]
    how_en: Option<String>,
}

impl Which {
    async fn find(&self, opened: &open::Opened) -> anyhow::Result<store::Notice> {
        find(opened, &self.notice, self.contract.as_deref()).await
    }
}

impl Notice {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::List { contract, all, json } => list(&opened, contract, all, json).await,
                Self::Show { which, json } => {
                    show(&opened, &which.find(&opened).await?, json).await
                }
                Self::Hold(which) => hold(&opened, &which, Hold::Engineer).await,
                Self::Release { which, with_digest } => {
                    let hold_to = if with_digest { Hold::Digest } else { Hold::None };
                    hold(&opened, &which, hold_to).await
                }
                Self::Edit(edit) => edit.run(&opened).await,
                Self::Digest { contract, notices } => digest(&opened, &contract, &notices).await,
                Self::Run { json } => run(&opened, json).await,
                Self::Queue(queue) => queue.run(&opened).await,
            }
        })
    }
}

async fn hold(opened: &open::Opened, which: &Which, hold: Hold) -> anyhow::Result<Exit> {
    let notice = which.find(opened).await?;
    opened.store.hold_notice(notice.id, hold).await?;
    if notice.queued_revision >= notice.revision && notice.sent_at.is_some() {
        print::note("this revision has been sent already; the next one is concerned");
    }
    Ok(Exit::Ok)
}

impl Edit {
    async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let notice = self.which.find(opened).await?;
        let before = notice.words;
        let words = store::Words {
            risk_ko: self.risk_ko.unwrap_or(before.risk_ko),
            risk_en: self.risk_en.unwrap_or(before.risk_en),
            how_ko: self.how_ko.unwrap_or(before.how_ko),
            how_en: self.how_en.unwrap_or(before.how_en),
        };
        opened.store.edit_notice(notice.id, &words).await?;
        Ok(Exit::Ok)
    }
}

async fn digest(opened: &open::Opened, contract: &str, named: &[String]) -> anyhow::Result<Exit> {
    let contract = opened.contract(contract).await?;
    let mut waiting = Vec::new();
    if named.is_empty() {
        waiting = opened.store.notices(Some(contract.id), Timestamp::UNIX_EPOCH).await?;
        waiting.retain(|notice| notice.hold == Hold::Digest);
    }
    for text in named {
        let notice = find(opened, text, Some(&contract.name)).await?;
        ensure!(notice.contract == contract.id, "{text} is not of contract {}", contract.name);
        // A named one that is held otherwise is let into this digest.
        opened.store.hold_notice(notice.id, Hold::Digest).await?;
        let notice = opened.store.notice(notice.id).await?;
        waiting.push(notice.context("the notice is gone")?);
    }
    waiting.retain(|notice| {
        notice.queued_revision < notice.revision && notice.state == store::NoticeState::Drafted
    });
    ensure!(
        !waiting.is_empty(),
        "no notice of contract {} waits for a digest; see: carepack-collector notice list",
        contract.name
    );
    let contacts = opened.store.contacts_of(contract.id).await?;
    let now = Timestamp::now();
    let made =
        store::Digest { id: Uuid::now_v7(), contract: contract.id, due_at: now, made_at: now };
    let count = gather(&opened.store, &made, waiting, &contacts).await?;
    ensure!(
        count > 0,
        "nobody of contract {} wants these kinds; see: carepack-collector contact list",
        contract.name
    );
    print::line(&format!("{} notices in digest {}", count, made.id));
    Ok(Exit::Ok)
}

async fn run(opened: &open::Opened, json: bool) -> anyhow::Result<Exit> {
    let ran = notices(opened)?.run(Timestamp::now()).await?;
    if json {
        return print::json(&ran);
    }
    print::line(&format!(
        "drafted {} · revised {} · queued {} · digests {} · sent {} · to be tried again {} · \
         failed {} · uncertain {}",
        ran.drafted,
        ran.revised,
        ran.queued,
        ran.digests,
        ran.sent,
        ran.deferred,
        ran.failed,
        ran.uncertain
    ));
    print::line(&format!(
        "hosts asked {} · plans changed {} · reopened {} · escalated {}",
        ran.asked, ran.verified, ran.reopened, ran.escalated
    ));
    if ran.without_contact > 0 {
        print::note(&format!("{} notices have nobody to tell: add a contact", ran.without_contact));
    }
    Ok(Exit::Ok)
}

async fn list(
    opened: &open::Opened,
    contract: Option<String>,
    all: bool,
    json: bool,
) -> anyhow::Result<Exit> {
    let contract = match contract {
        Some(text) => Some(opened.contract(&text).await?.id),
        None => None,
    };
    let contracts = opened.store.contracts().await?;
    let name = |id| contracts.iter().find(|c| c.id == id).map(|c| c.name.as_str());
    let since = if all { Timestamp::UNIX_EPOCH } else { Timestamp::MAX };
    let notices = opened.store.notices(contract, since).await?;
    if json {
        let list: Vec<_> = notices.iter().map(|n| told(n, name(n.contract))).collect();
        return print::json(&list);
    }
    let rows: Vec<_> = notices
        .iter()
        .map(|n| {
            vec![
                n.advisory.clone(),
                name(n.contract).unwrap_or_default().to_owned(),
                n.severity.clone(),
                format!("{} (r{})", n.state.as_str(), n.revision),
                n.hold.as_str().to_owned(),
                n.id.to_string(),
            ]
        })
        .collect();
    print::table(&["ADVISORY", "CONTRACT", "SEVERITY", "STATE", "HELD FOR", "ID"], &rows);
    Ok(Exit::Ok)
}

fn told(notice: &store::Notice, contract: Option<&str>) -> serde_json::Value {
    serde_json::json!({
        "id": notice.id, "contract": contract, "advisory": notice.advisory,
        "updated": notice.updated, "kind": notice.kind, "severity": notice.severity,
        "exploited": notice.exploited, "revision": notice.revision,
        "reason": notice.reason.as_str(), "state": notice.state.as_str(),
        "hold": notice.hold.as_str(), "drafted_at": notice.drafted_at,
        "revised_at": notice.revised_at, "sent_at": notice.sent_at, "read_at": notice.read_at,
    })
}

async fn show(opened: &open::Opened, notice: &store::Notice, json: bool) -> anyhow::Result<Exit> {
    let store = &opened.store;
    let contract = store.contract(notice.contract).await?.context("the contract is gone")?;
    let hosts = store.hosts(Some(contract.id)).await?;
    let name = |id| hosts.iter().find(|h| h.id == id).map_or("?", |h| h.hostname.as_str());
    let concerned = store.notice_hosts(notice.id).await?;
    let mails = store.deliveries_of(notice.id).await?;
    let plans = store.current_plans(Some(notice.id), Timestamp::UNIX_EPOCH).await?;
    let content: Content = serde_json::from_str(&notice.content)?;
    if json {
        let mut value = told(notice, Some(&contract.name));
        value["title"] = serde_json::to_value(&content.title)?;
        value["words"] = serde_json::json!({
            "risk_ko": notice.words.risk_ko, "risk_en": notice.words.risk_en,
            "how_ko": notice.words.how_ko, "how_en": notice.words.how_en,
        });
        let hosts: Result<Vec<_>, serde_json::Error> = concerned
            .iter()
            .map(|host| {
                let evidence: Evidence = serde_json::from_str(&host.evidence)?;
                Ok(serde_json::json!({
                    "host": name(host.host), "id": host.host, "standing": host.standing.as_str(),
                    "snapshot": host.snapshot, "evidence": evidence,
                }))
            })
            .collect();
        value["hosts"] = hosts?.into();
        value["mails"] = mails.iter().map(super::queue::told).collect::<Vec<_>>().into();
        value["plans"] = plans
            .iter()
            .map(|plan| super::plan::told(plan, name(plan.host)))
            .collect::<Vec<_>>()
            .into();
        return print::json(&value);
    }
    print::line(&format!("{} {}", notice.advisory, content.title.en));
    print::line(&format!(
        "contract {} · {} · {} · revision {} ({}) · held for {}",
        contract.name,
        notice.severity,
        notice.state.as_str(),
        notice.revision,
        notice.reason.as_str(),
        notice.hold.as_str()
    ));
    let mut rows = Vec::new();
    for host in &concerned {
        let evidence: Evidence = serde_json::from_str(&host.evidence)?;
        let plan = plans.iter().find(|plan| plan.host == host.host);
        let plan = plan.map_or_else(
            || "-".to_owned(),
            |plan| format!("{} ({})", plan.decision.as_str(), plan.state.as_str()),
        );
        for seen in &evidence.hits {
            rows.push(vec![
                name(host.host).to_owned(),
                host.standing.as_str().to_owned(),
                plan.clone(),
                seen.name.clone(),
                seen.installed.clone(),
                seen.fixed.clone().unwrap_or_default(),
            ]);
        }
    }
    print::table(&["HOST", "STANDING", "PLAN", "PACKAGE", "INSTALLED", "FIXED"], &rows);
    super::queue::table(&mails);
    Ok(Exit::Ok)
}
