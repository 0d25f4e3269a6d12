//! What a period's judgement depends on, gathered from the store: hosts, this period's and the
//! last inspection's snapshots, earlier verdicts, accepted risks.

use std::collections::{BTreeMap, BTreeSet};

use carepack_assessment::model::{Assessment, Exception, Finding, HostRef, Verdict};
use carepack_assessment::{HostInput, Input, Observed, Past};
use carepack_shared::Snapshot;
use carepack_shared::bundle::decompress;
use carepack_shared::wire::BODY_BYTES_MAX;
use jiff::Timestamp;

use super::{InspectionError, Inspector, archive};
use crate::agreed::Agreed;
use crate::objects::Objects;
use crate::store::{Contract, Host, SnapshotRow};

/// Earlier inspections looked at for 재발 and 지속: twelve months.
const HISTORY_MAX: usize = 12;
/// Snapshots looked at between two inspections: one on demand each day of a quarter.
const BETWEEN_MAX: u32 = 100;
/// Hosts of one contract.
const HOSTS_MAX: usize = 2_000;

/// Everything [`carepack_assessment::assess()`] needs for one contract and period.
pub async fn input(
    inspector: &Inspector,
    contract: &Contract,
    period: &str,
    now: Timestamp,
) -> Result<Input, InspectionError> {
    let mut hosts = inspector.store.hosts(Some(contract.id)).await?;
    hosts.retain(|host| host.retired_at.is_none_or(|at| at > now));
    hosts.truncate(HOSTS_MAX);
    if hosts.is_empty() {
        return Err(InspectionError::NoHosts(contract.name.clone()));
    }
    let earlier = earlier(inspector, contract, period).await?;
    let exceptions = inspector.store.exceptions(contract.id).await?;
    let agreed = Agreed::of(&inspector.data, &contract.name, &inspector.pack)?;
    agreed.check_topology(&hosts.iter().map(|host| host.hostname.as_str()).collect())?;
    let advisories = crate::advisories::current(&inspector.store, &inspector.objects).await;
    let advisories = advisories.map_err(Box::new)?;
    let mut inputs = Vec::with_capacity(hosts.len());
    for host in hosts {
        let accepted = exceptions
            .iter()
            .filter(|e| e.host.is_none_or(|id| id == host.id))
            .map(|e| (e.rule.clone(), exception(e)))
            .collect();
        let mut input = host_input(inspector, &host, period, &earlier, accepted).await?;
        input.standard = agreed.standard(&host.hostname, &host.role);
        inputs.push(input);
    }
    Ok(Input {
        as_of: now,
        period: period.to_owned(),
        hosts: inputs,
        overrides: agreed.overrides,
        windows: agreed.windows,
        group_history: group_history(earlier),
        topology: agreed.topology,
        advisories,
    })
}

async fn host_input(
    inspector: &Inspector,
    host: &Host,
    period: &str,
    earlier: &[Earlier],
    exceptions: BTreeMap<String, Exception>,
) -> Result<HostInput, InspectionError> {
    let id = host.id.to_string();
    let last = earlier.last().and_then(|inspection| inspection.snapshots.get(&id));
    let last = match last.and_then(|snapshot| snapshot.parse().ok()) {
        Some(snapshot) => inspector.store.snapshot(snapshot).await?,
        None => None,
    };
    let current = match inspector.store.latest_in_period(host.id, period).await? {
        Some(row) => Some(of_period(inspector, &row, last.as_ref()).await?),
        None => None,
    };
    let previous = match &last {
        Some(row) => Some(observed(&inspector.objects, row).await?),
        None => None,
    };
    Ok(HostInput {
        host: HostRef {
            id: id.clone(),
            name: host.hostname.clone(),
            role: host.role.clone(),
            importance: host.importance,
        },
        current,
        previous,
        history: earlier
            .iter()
            .filter_map(|inspection| inspection.past.get(&id).cloned())
            .collect(),
        exceptions,
        standard: None,
    })
}

/// The snapshot that a period is judged by, with the logs that the snapshots between the last
/// inspection's and it had read: each log line travels once, whatever a snapshot was taken for.
async fn of_period(
    inspector: &Inspector,
    row: &SnapshotRow,
    last: Option<&SnapshotRow>,
) -> Result<Observed, InspectionError> {
    let mut snapshot = decoded(&inspector.objects, row).await?;
    let all = inspector.store.snapshots(row.host, BETWEEN_MAX).await?;
    let begins = |other: &SnapshotRow| match last {
        Some(last) => other.taken_at > last.taken_at,
        None => other.period == row.period,
    };
    // Newest first, so that the newest samples come first.
    for other in all.iter().filter(|other| other.taken_at < row.taken_at && begins(other)) {
        let earlier = decoded(&inspector.objects, other).await?;
        carepack_facts::log_scans::join(&earlier, &mut snapshot);
    }
    let sha256 = row.sha256.clone();
    Ok(tokio::task::spawn_blocking(move || Observed::of(&snapshot, &sha256)).await?)
}

/// A stored snapshot, decoded, checked against its digest, and parsed into facts.
pub(crate) async fn observed(
    objects: &Objects,
    row: &SnapshotRow,
) -> Result<Observed, InspectionError> {
    let snapshot = decoded(objects, row).await?;
    let sha256 = row.sha256.clone();
    Ok(tokio::task::spawn_blocking(move || Observed::of(&snapshot, &sha256)).await?)
}

/// A stored snapshot, decoded and checked against its digest.
pub(crate) async fn decoded(
    objects: &Objects,
    row: &SnapshotRow,
) -> Result<Snapshot, InspectionError> {
    let what = || format!("snapshot {}", row.id);
    let body = objects
        .get(&row.object_key, BODY_BYTES_MAX as u64)
        .await
        .map_err(|source| InspectionError::Object { what: what(), source })?
        .ok_or_else(|| InspectionError::Gone { what: what() })?;
    let sha256 = row.sha256.clone();
    let read = tokio::task::spawn_blocking(move || {
        let document = decompress(&body).map_err(|error| error.to_string())?;
        if carepack_shared::digest::sha256_hex(&document) != sha256 {
            return Err("its digest is not the one that was acknowledged".to_owned());
        }
        Snapshot::from_document(&document).map_err(|error| error.to_string())
    })
    .await?;
    read.map_err(|detail| InspectionError::Damaged { what: what(), detail })
}

/// What is kept of an earlier inspection; an assessment is a thousand times larger.
#[derive(Default)]
struct Earlier {
    /// Host → what it was found to be.
    past: BTreeMap<String, Past>,
    /// Host → snapshot.
    snapshots: BTreeMap<String, String>,
    /// Cluster or link → what it was found to be.
    groups: BTreeMap<String, Past>,
}

/// By the groups' names, oldest first.
fn group_history(earlier: Vec<Earlier>) -> BTreeMap<String, Vec<Past>> {
    let mut history: BTreeMap<String, Vec<Past>> = BTreeMap::new();
    for (name, past) in earlier.into_iter().flat_map(|inspection| inspection.groups) {
        history.entry(name).or_default().push(past);
    }
    history
}

/// Earlier assessed inspections, oldest first.
async fn earlier(
    inspector: &Inspector,
    contract: &Contract,
    period: &str,
) -> Result<Vec<Earlier>, InspectionError> {
    let mut list = inspector.store.inspections(Some(contract.id)).await?;
    list.retain(|inspection| inspection.period.as_str() < period);
    list.sort_by(|a, b| a.period.cmp(&b.period));
    let mut found = Vec::new();
    for inspection in &list[list.len().saturating_sub(HISTORY_MAX)..] {
        if let Some(judged) = &inspection.assessment_key {
            // What was published is what was told, corrections and all.
            let edition = inspector.store.editions(inspection.id).await?.pop();
            let key = edition.map_or_else(|| judged.clone(), |edition| edition.assessment_key);
            let assessment = archive::read(&inspector.objects, &key).await?;
            found.push(kept(&inspection.period, assessment));
        }
    }
    Ok(found)
}

fn kept(period: &str, assessment: Assessment) -> Earlier {
    let mut earlier = Earlier::default();
    let failing = |findings: Vec<Finding>| -> BTreeSet<String> {
        let failed =
            |v: Verdict| matches!(v, Verdict::Danger | Verdict::Attention | Verdict::Excepted);
        findings.into_iter().filter(|f| failed(f.verdict)).map(|f| f.rule).collect()
    };
    for group in assessment.groups {
        let failing = failing(group.findings);
        let past = Past { period: period.to_owned(), failing, score: None };
        earlier.groups.insert(group.name, past);
    }
    for page in assessment.hosts {
        let Some(snapshot) = page.snapshot else { continue };
        let failing = failing(page.findings);
        let past = Past { period: period.to_owned(), failing, score: page.score.effective };
        earlier.past.insert(page.host.id.clone(), past);
        earlier.snapshots.insert(page.host.id, snapshot.id);
    }
    earlier
}

pub(super) fn exception(row: &crate::store::Exception) -> Exception {
    Exception {
        reason: row.reason.clone(),
        risk: row.risk.clone(),
        compensation: row.compensation.clone(),
        approver: row.approver.clone(),
        expires: row.expires_at,
    }
}
