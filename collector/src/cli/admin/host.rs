//! `host add | list | snapshots | files | collect | move | machines | settle | revoke | retire`.

mod decided;

use std::path::Path;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cli::{Exit, open, print};
use crate::handovers::{self, Place};
use crate::store::{self, Store};

#[derive(Debug, Subcommand)]
pub enum Host {
    /// Put a host under contract before its agent is enrolled.
    Add(Add),
    /// List hosts, with when each was last heard of.
    List {
        /// Only this contract's.
        #[arg(long)]
        contract: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// List a host's stored snapshots, newest first.
    Snapshots {
        host: String,
        #[arg(long)]
        json: bool,
    },
    /// List the files that a host without a network handed over, and those that never came.
    Files {
        host: String,
        #[arg(long)]
        json: bool,
    },
    /// Ask a host for a snapshot at its next poll; its own policy may refuse.
    Collect { host: String },
    /// Move a host to another contract of its customer; what it sent stays with it.
    Move {
        host: String,
        #[arg(long)]
        contract: String,
        #[command(flatten)]
        by: By,
    },
    /// List other machines that sent under a host's certificate: clones, or the host rebuilt.
    Machines {
        host: String,
        #[arg(long)]
        json: bool,
    },
    /// Say what another machine under a host's certificate is.
    Settle {
        host: String,
        /// Its digest as `host machines` shows it, or the beginning of it.
        #[arg(long)]
        machine: String,
        /// rebuilt: it is the host from now on; clone: certificates are revoked, each enrols
        /// anew; retired: the host is no more.
        #[arg(long = "as", value_parser = ["rebuilt", "clone", "retired"])]
        settlement: String,
        #[command(flatten)]
        by: By,
    },
    /// Revoke a host's certificates.
    Revoke {
        host: String,
        #[arg(long)]
        reason: String,
    },
    /// End a host: its certificates are revoked, its history stays.
    Retire { host: String },
}

/// Who decides, for the audit log.
#[derive(Debug, Args)]
pub struct By {
    #[arg(long)]
    by: String,
}

#[derive(Debug, Args)]
pub struct Add {
    #[arg(long)]
    contract: String,
    #[arg(long)]
    name: String,
    /// What it is for.
    #[arg(long, default_value = "")]
    role: String,
    /// 1 ordinary, 2 important, 4 business-critical.
    #[arg(long, default_value_t = 1, value_parser = importance)]
    importance: u8,
}

/// 1, 2 or 4.
pub fn importance(text: &str) -> Result<u8, String> {
    match text {
        "1" => Ok(1),
        "2" => Ok(2),
        "4" => Ok(4),
        _ => Err("importance is 1 (ordinary), 2 (important) or 4 (business-critical)".to_owned()),
    }
}

impl Host {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            let store = &opened.store;
            let now = Timestamp::now();
            match self {
                Self::Add(add) => {
                    let contract = opened.contract(&add.contract).await?;
                    add.run(store, contract.id).await
                }
                Self::List { contract, json } => {
                    let contract = match contract {
                        Some(text) => Some(opened.contract(&text).await?.id),
                        None => None,
                    };
                    list(store, contract, json).await
                }
                Self::Snapshots { host, json } => {
                    let host = find(store, &host).await?;
                    snapshots(&store.snapshots(host.id, SNAPSHOTS_COUNTED).await?, json)
                }
                Self::Files { host, json } => {
                    let host = find(store, &host).await?;
                    files(&handovers::chain(&store.handovers(host.id).await?), json)
                }
                Self::Collect { host } => {
                    let host = find(store, &host).await?;
                    ensure!(
                        !host.refuses_on_demand,
                        "{} refuses requests by its own policy; wait for its schedule",
                        host.hostname
                    );
                    let request = Uuid::now_v7();
                    store.request_collect(host.id, request, now).await?;
                    print::line(&request.to_string());
                    Ok(Exit::Ok)
                }
                Self::Move { host, contract, by } => {
                    let host = find(store, &host).await?;
                    let to = opened.contract(&contract).await?;
                    decided::move_to(store, &host, &to, (&by.by, now)).await
                }
                Self::Machines { host, json } => {
                    let host = find(store, &host).await?;
                    decided::machines(&store.machines(host.id).await?, json)
                }
                Self::Settle { host, machine, settlement, by } => {
                    let host = find(store, &host).await?;
                    decided::settle(store, &host, (&machine, &settlement), (&by.by, now)).await
                }
                Self::Revoke { host, reason } => {
                    let host = find(store, &host).await?;
                    store.revoke_host(host.id, &reason, now).await?;
                    Ok(Exit::Ok)
                }
                Self::Retire { host } => {
                    let host = find(store, &host).await?;
                    store.retire_host(host.id, now).await?;
                    Ok(Exit::Ok)
                }
            }
        })
    }
}

impl Add {
    async fn run(self, store: &Store, contract: Uuid) -> anyhow::Result<Exit> {
        let twin = store.hosts(Some(contract)).await?.into_iter().find(|h| h.hostname == self.name);
        ensure!(twin.is_none(), "host {} is under this contract already", self.name);
        let host = store::Host {
            id: Uuid::now_v7(),
            contract,
            hostname: self.name,
            machine: None,
            role: self.role,
            importance: self.importance,
            enrolled_at: Timestamp::now(),
            last_seen: None,
            agent_version: String::new(),
            clock_skew_seconds: None,
            refuses_on_demand: false,
            retired_at: None,
            collect_request: None,
            collect_requested_at: None,
        };
        store.add_host(&host).await?;
        print::line(&host.id.to_string());
        Ok(Exit::Ok)
    }
}

/// A host by id or name.
pub async fn find(store: &Store, text: &str) -> anyhow::Result<store::Host> {
    store
        .find_host(text)
        .await?
        .with_context(|| format!("there is no host {text:?}; see: carepack-collector host list"))
}

/// Snapshots counted per host in a listing.
const SNAPSHOTS_COUNTED: u32 = 1_000;

async fn list(store: &Store, contract: Option<Uuid>, json: bool) -> anyhow::Result<Exit> {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for host in store.hosts(contract).await? {
        let snapshots = store.snapshots(host.id, SNAPSHOTS_COUNTED).await?;
        let periods = snapshots.iter().filter_map(|s| s.period.as_deref());
        let last_period = periods.max().map(str::to_owned);
        let certificates = store.certificates(host.id).await?;
        let valid = certificates.iter().filter(|c| c.revoked_at.is_none());
        let not_after = valid.map(|c| c.not_after).max();
        values.push(serde_json::json!({
            "id": host.id, "hostname": host.hostname, "role": host.role,
            "importance": host.importance, "contract": host.contract,
            "last_seen": host.last_seen, "agent_version": host.agent_version,
            "clock_skew_seconds": host.clock_skew_seconds,
            "refuses_on_demand": host.refuses_on_demand, "retired_at": host.retired_at,
            "certificate_not_after": not_after, "snapshots": snapshots.len(),
            "last_period": last_period,
        }));
        rows.push(vec![
            host.hostname,
            host.role,
            host.importance.to_string(),
            host.last_seen.map_or_else(|| "never".to_owned(), |at| at.to_string()),
            snapshots.len().to_string(),
            last_period.unwrap_or_default(),
        ]);
    }
    if json {
        return print::json(&values);
    }
    print::table(&["HOST", "ROLE", "IMPORTANCE", "LAST SEEN", "SNAPSHOTS", "LAST PERIOD"], &rows);
    Ok(Exit::Ok)
}

fn snapshots(list: &[store::SnapshotRow], json: bool) -> anyhow::Result<Exit> {
    if json {
        let list: Vec<_> = list
            .iter()
            .map(|s| {
                serde_json::json!({
                    "id": s.id, "sha256": s.sha256, "bytes": s.bytes,
                    "stored_bytes": s.stored_bytes, "reason": s.reason, "period": s.period,
                    "taken_at": s.taken_at, "received_at": s.received_at, "recorded": s.recorded,
                })
            })
            .collect();
        return print::json(&list);
    }
    let rows: Vec<_> = list
        .iter()
        .map(|s| {
            vec![
                s.id.to_string(),
                s.taken_at.to_string(),
                s.reason.clone(),
                s.period.clone().unwrap_or_default(),
                s.bytes.to_string(),
                s.sha256.clone(),
            ]
        })
        .collect();
    print::table(&["SNAPSHOT", "TAKEN", "REASON", "PERIOD", "BYTES", "SHA-256"], &rows);
    Ok(Exit::Ok)
}

fn files(chain: &[Place], json: bool) -> anyhow::Result<Exit> {
    if json {
        return print::json(&chain);
    }
    let state = |place: &Place| match place.imported_at {
        None => "도착하지 않음 missing".to_owned(),
        Some(_) if place.broken => "순서 어긋남 broken".to_owned(),
        Some(at) => at.to_string(),
    };
    let rows: Vec<_> = chain
        .iter()
        .map(|place| {
            let period = place.period.clone().unwrap_or_default();
            vec![place.numbers(), period, state(place), place.sha256.clone()]
        })
        .collect();
    print::table(&["FILE", "PERIOD", "IMPORTED", "SHA-256"], &rows);
    Ok(Exit::Ok)
}
