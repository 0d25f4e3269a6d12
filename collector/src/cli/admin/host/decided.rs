//! `host move | machines | settle`: what only a person decides of a host, with its audit row.

use anyhow::{Context, bail};
use jiff::Timestamp;

use crate::cli::{Exit, print};
use crate::settling;
use crate::store::{Act, Contract, Host, Machine, Settlement, Store};

/// Where an act on the machine itself comes from, in the audit log.
const ADDRESS: &str = "cli";

pub async fn move_to(
    store: &Store,
    host: &Host,
    to: &Contract,
    by: (&str, Timestamp),
) -> anyhow::Result<Exit> {
    let from = contract_of(store, host).await?;
    settling::move_host(store, host, (&from, to), by).await?;
    let told = |contract: &Contract| serde_json::json!({"contract": contract.name});
    audit(store, (host, &from), "host move", by, (told(&from), told(to))).await
}

pub fn machines(all: &[Machine], as_json: bool) -> anyhow::Result<Exit> {
    let word = |one: &Machine| one.settled.map_or("open", Settlement::as_str);
    if as_json {
        let row = |one: &Machine| {
            serde_json::json!({
                "machine": one.machine, "first_seen": one.first_seen, "last_seen": one.last_seen,
                "snapshot": one.snapshot, "settled": one.settled.map(Settlement::as_str),
                "settled_at": one.settled_at, "settled_by": one.settled_by,
            })
        };
        return print::json(&all.iter().map(row).collect::<Vec<_>>());
    }
    let row = |one: &Machine| {
        vec![
            one.machine.clone(),
            one.first_seen.to_string(),
            one.last_seen.to_string(),
            one.snapshot.to_string(),
            format!("{} {}", word(one), one.settled_by),
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    print::table(&["MACHINE", "FIRST SEEN", "LAST SEEN", "SNAPSHOT", "SETTLED"], &rows);
    Ok(Exit::Ok)
}

pub async fn settle(
    store: &Store,
    host: &Host,
    (machine, settlement): (&str, &str),
    by: (&str, Timestamp),
) -> anyhow::Result<Exit> {
    let settlement = Settlement::of(settlement).context("rebuilt, clone or retired")?;
    let all = store.machines(host.id).await?;
    let mut meant = all.iter().filter(|one| one.machine.starts_with(machine));
    let machine = match (meant.next(), meant.next()) {
        (Some(one), None) => one.machine.clone(),
        (Some(_), Some(_)) => bail!("several machines begin with {machine:?}; write more of it"),
        (None, _) => machine.to_owned(),
    };
    let contract = contract_of(store, host).await?;
    settling::settle(store, host, (&machine, settlement), by).await?;
    let before = serde_json::json!({"machine": host.machine});
    let after = serde_json::json!({"machine": machine, "settlement": settlement.as_str()});
    audit(store, (host, &contract), "host settle", by, (before, after)).await
}

async fn contract_of(store: &Store, host: &Host) -> anyhow::Result<Contract> {
    let contract = store.contract(host.contract).await?;
    contract.with_context(|| format!("{} has no contract", host.hostname))
}

async fn audit(
    store: &Store,
    (host, contract): (&Host, &Contract),
    action: &str,
    (by, at): (&str, Timestamp),
    (before, after): (serde_json::Value, serde_json::Value),
) -> anyhow::Result<Exit> {
    let act = Act {
        at,
        actor: by.to_owned(),
        customer: Some(contract.customer),
        address: ADDRESS.to_owned(),
        action: action.to_owned(),
        object: host.id.to_string(),
        detail: serde_json::json!({"before": before, "after": after}).to_string(),
    };
    store.audit(&act).await?;
    Ok(Exit::Ok)
}
