//! A contract's plans as lines of its assessment, so that a report never asks the store.

use std::collections::BTreeMap;

use carepack_assessment::model::PlanLine;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::account::{Account, Entry, account};
use crate::store::{Contract, Store, StoreError};
use carepack_shared::period::Cadence;

/// Most lines of one report; the most pressing come first.
const LINES_MAX: usize = 500;

/// The lines of a period that ends at `until`, as things stand at `now`.
///
/// # Errors
/// [`StoreError`].
pub async fn lines(
    store: &Store,
    contract: &Contract,
    until: Timestamp,
    now: Timestamp,
) -> Result<Vec<PlanLine>, StoreError> {
    let from = begin(contract, until);
    let notices = store.notices(Some(contract.id), Timestamp::UNIX_EPOCH).await?;
    let mut hosts = Vec::new();
    for notice in &notices {
        hosts.extend(store.notice_hosts(notice.id).await?);
    }
    let plans = store.plans(contract.id, false).await?;
    let names: BTreeMap<Uuid, String> =
        store.hosts(Some(contract.id)).await?.into_iter().map(|h| (h.id, h.hostname)).collect();
    let sum = account((&notices, &hosts, &plans), (from, until), now);
    let mut lines = of(sum, &names);
    lines.truncate(LINES_MAX);
    Ok(lines)
}

/// First moment of the period that ends at `until`.
fn begin(contract: &Contract, until: Timestamp) -> Timestamp {
    let months = match contract.schedule.cadence {
        Cadence::Monthly => 1,
        Cadence::Quarterly => 3,
    };
    let zoned = until.in_tz(&contract.schedule.time_zone).ok();
    let begin = zoned.and_then(|end| end.checked_sub(months.months()).ok());
    begin.map_or(until, |begin| begin.timestamp())
}

/// What presses most comes first.
fn of(sum: Account, names: &BTreeMap<Uuid, String>) -> Vec<PlanLine> {
    let Account {
        undecided,
        promised,
        done,
        overdue,
        not_running,
        regressed,
        accepted,
        expired,
        not_ours,
        ..
    } = sum;
    let all = [
        ("regressed", regressed),
        ("overdue", overdue),
        ("expired", expired),
        ("not_running", not_running),
        ("undecided", undecided),
        ("promised", promised),
        ("accepted", accepted),
        ("not_ours", not_ours),
        ("done", done),
    ];
    let line = |standing: &str, entry: Entry| PlanLine {
        standing: standing.to_owned(),
        advisory: entry.advisory,
        ko: entry.title.ko,
        en: entry.title.en,
        host: names.get(&entry.host).cloned().unwrap_or_default(),
        decision: entry.decision.unwrap_or_default().to_owned(),
        until: entry.expires_at.or(entry.window_until),
        verified_at: entry.verified_at,
    };
    all.into_iter()
        .flat_map(|(standing, entries)| {
            let mut lines: Vec<PlanLine> =
                entries.into_iter().map(|entry| line(standing, entry)).collect();
            lines.sort_by(|a, b| (&a.advisory, &a.host).cmp(&(&b.advisory, &b.host)));
            lines
        })
        .collect()
}
