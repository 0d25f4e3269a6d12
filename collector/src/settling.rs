//! What only a person decides of a host: which contract of its customer it is under, and what
//! another machine under its certificate is. The same for the console and the command line.

use jiff::Timestamp;

use crate::store::{Contract, Host, Settlement, Store, StoreError};

/// Why a decision does not stand.
#[derive(Debug, thiserror::Error)]
pub enum SettlingError {
    #[error("asking the store")]
    Store(#[from] StoreError),
    #[error(
        "{0} is another customer's contract: retire the host and enrol it anew there, so that \
         nobody reads what another customer's host sent"
    )]
    OtherCustomer(String),
    #[error("the host is under {0} already")]
    Same(String),
    #[error("{0} is over; renew it first")]
    Over(String),
    #[error("{0} is retired")]
    Retired(String),
    #[error("no open machine of {host} has this digest; see: carepack-collector host machines")]
    NoMachine { host: String },
    #[error("somebody decided meanwhile; look again")]
    Changed,
}

/// Moves a host to another contract of the same customer. Its snapshots and results stay with it,
/// published reports as they are; the next period is the new contract's.
///
/// # Errors
/// [`SettlingError`]; nothing is changed then.
pub async fn move_host(
    store: &Store,
    host: &Host,
    (from, to): (&Contract, &Contract),
    (by, now): (&str, Timestamp),
) -> Result<(), SettlingError> {
    if from.customer != to.customer {
        return Err(SettlingError::OtherCustomer(to.name.clone()));
    }
    if from.id == to.id {
        return Err(SettlingError::Same(to.name.clone()));
    }
    if host.retired_at.is_some() {
        return Err(SettlingError::Retired(host.hostname.clone()));
    }
    let zone = jiff::tz::TimeZone::get(&to.schedule.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    if to.ends < now.to_zoned(zone).date() {
        return Err(SettlingError::Over(to.name.clone()));
    }
    if !store.move_host(host, to.id, (by, now)).await? {
        return Err(SettlingError::Changed);
    }
    tracing::info!(host.id = %host.id, from = %from.name, to = %to.name, "host.moved");
    Ok(())
}

/// Says what another machine under a host's certificate is.
///
/// # Errors
/// [`SettlingError`]; nothing is changed then.
pub async fn settle(
    store: &Store,
    host: &Host,
    (machine, settlement): (&str, Settlement),
    (by, now): (&str, Timestamp),
) -> Result<(), SettlingError> {
    if host.retired_at.is_some() {
        return Err(SettlingError::Retired(host.hostname.clone()));
    }
    let all = store.machines(host.id).await?;
    let open = all.iter().find(|one| one.machine == machine && one.settled.is_none());
    let open = open.ok_or_else(|| SettlingError::NoMachine { host: host.hostname.clone() })?;
    if !store.settle_machine(open, settlement, (by, now)).await? {
        return Err(SettlingError::Changed);
    }
    tracing::info!(host.id = %host.id, settled = settlement.as_str(), "host.machine_settled");
    Ok(())
}
