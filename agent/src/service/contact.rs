//! What is said to the collector in one contact: renewal, poll, snapshots.

use std::time::{Duration, Instant};

use carepack_shared::Snapshot;
use carepack_shared::wire::Poll;
use jiff::Timestamp;
use uuid::Uuid;

use super::Resident;
use crate::config::{Approval, OnDemand};
use crate::spool::{Entry, Found};
use crate::state::{Identity, JournalEntry};
use crate::uplink::{Uplink, UplinkError};

/// First pause after a failure; it doubles with each further one.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// Longest pause while the collector does not answer.
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// Snapshots sent in one contact, so that the schedule gets its turn.
const SENDS_MAX: usize = 8;

/// A pause between nothing and the full one, by chance, so that a fleet does not come back at
/// once after an outage ("full jitter"). After a refusal the shortest is half of the full one.
pub fn back_off(failures: u32, refused: bool) -> Duration {
    let doubled = PAUSE_FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let full = doubled.min(PAUSE_MAX);
    let mut random = [0; 2];
    // Without randomness the full pause is the safe one.
    let part = match aws_lc_rs::rand::fill(&mut random) {
        Ok(()) => f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX),
        Err(_) => 1.0,
    };
    let part = if refused { 0.5 + part / 2.0 } else { part };
    full.mul_f64(part).max(Duration::from_millis(100))
}

impl Resident {
    pub(super) async fn contact(&mut self) -> Result<(), UplinkError> {
        if self.identity.wants_renewal(Timestamp::now()) {
            self.renew().await?;
        }
        if Instant::now() >= self.next_poll {
            self.poll().await?;
        }
        for _ in 0..SENDS_MAX {
            if !self.send_oldest().await? {
                break;
            }
        }
        Ok(())
    }

    /// A fresh key and a new certificate, kept together or not at all.
    async fn renew(&mut self) -> Result<(), UplinkError> {
        let (key, csr) = match Identity::request() {
            Ok(request) => request,
            Err(error) => {
                self.fault(&error.to_string(), "the old certificate stays in use");
                return Ok(());
            }
        };
        let answer = self.uplink.renew(csr).await?;
        let renewed = Identity::new(&key, &answer.certificate_pem, &self.identity.ca_pem);
        let identity = match renewed {
            Ok(identity) => identity,
            Err(error) => {
                self.fault(&error.to_string(), "the old certificate stays in use");
                return Ok(());
            }
        };
        if let Err(error) = self.state.save_identity(&identity) {
            self.fault(&error.to_string(), "check the state folder's free space and owner");
            return Ok(());
        }
        self.uplink = Uplink::new(&self.server, &identity, &self.config.proxy)?;
        self.status.certificate_not_after = Some(identity.not_after);
        self.identity = identity;
        tracing::info!("run.renewed");
        Ok(())
    }

    async fn poll(&mut self) -> Result<(), UplinkError> {
        let (rss_kib, cpu_ms) = own_cost();
        let now = Timestamp::now();
        let policy = self
            .uplink
            .poll(&Poll {
                agent_version: env!("CARGO_PKG_VERSION").to_owned(),
                now,
                spooled: self.status.spooled,
                rss_kib,
                cpu_ms,
                refuses_on_demand: self.config.collect.on_demand == OnDemand::Refuse,
            })
            .await?;
        self.status.rss_kib = rss_kib;
        self.status.last_poll = Some(now);
        self.status.clock_skew_seconds = Some(now.as_second() - policy.now.as_second());
        self.status.last_error = None;
        let seconds = self.config.poll_seconds.unwrap_or(policy.poll_seconds).max(1);
        self.next_poll = Instant::now() + Duration::from_secs(seconds.into());
        let known = self.state.policy().ok().flatten();
        let newer = known.as_ref().is_none_or(|known| policy.version >= known.version);
        let changed = known.as_ref().is_none_or(|known| {
            (known.version, &known.schedule, known.collect_now, known.poll_seconds)
                != (policy.version, &policy.schedule, policy.collect_now, policy.poll_seconds)
        });
        if newer
            && changed
            && let Err(error) = self.state.save_policy(&policy)
        {
            self.fault(&error.to_string(), "check the state folder's free space and owner");
        }
        self.take_patterns(policy.patterns).await
    }

    /// The oldest entry that may leave; what is before it waits for a person.
    fn oldest(&mut self) -> Result<Option<Uuid>, String> {
        let list = self.spool.list().map_err(|error| error.to_string())?;
        self.status.held = 0;
        if self.config.approval == Approval::Auto {
            return Ok(list.first().copied());
        }
        let approved = self.state.approved().map_err(|error| error.to_string())?;
        for id in list {
            // The caller looks at an unsound one again and says what is wrong with it.
            let Ok(Found::Sound(entry)) = self.spool.get(id) else { return Ok(Some(id)) };
            let read = || Snapshot::from_document(&entry.document().ok()?).ok();
            if approved.lets_go(self.config.approval, (id, &entry.header.sha256), read) {
                return Ok(Some(id));
            }
            self.status.held += 1;
        }
        Ok(None)
    }

    /// Sends the oldest entry that may leave. False when there is none, or nothing more can be done.
    async fn send_oldest(&mut self) -> Result<bool, UplinkError> {
        let id = match self.oldest() {
            Ok(Some(id)) => id,
            Ok(None) => return Ok(false),
            Err(what) => {
                self.fault(&what, "check the state folder's owner");
                return Ok(false);
            }
        };
        let entry = match self.spool.get(id) {
            Ok(Found::Sound(entry)) => entry,
            Ok(Found::Gone) => return Ok(true),
            Ok(Found::Unsound(reason)) => {
                let what = format!("spool entry {id} is damaged ({reason}) and was set aside");
                self.fault(&what, "it is in spool/quarantine; the others are sent");
                return Ok(true);
            }
            Err(error) => {
                self.fault(&error.to_string(), "check the state folder's owner");
                return Ok(false);
            }
        };
        match self.uplink.put_snapshot(&entry).await {
            Ok(receipt) if entry.is_receipt(&receipt) => Ok(self.acknowledged(&entry, &receipt)),
            Ok(_) => {
                let what = format!("the receipt for {id} speaks of another document");
                self.fault(&what, "the snapshot is kept and sent again");
                Ok(false)
            }
            Err(error) if error.is_final_for_the_document() => {
                self.journal(&entry, "refused");
                let aside = self.spool.set_aside(id);
                self.fault(&error.to_string(), error.way_out());
                Ok(aside.is_ok())
            }
            Err(error) => Err(error),
        }
    }

    /// First the journal, then the entry goes: what is called acknowledged was acknowledged.
    fn acknowledged(&mut self, entry: &Entry, receipt: &carepack_shared::wire::Receipt) -> bool {
        if !self.journal(entry, "acknowledged") {
            return false;
        }
        self.status.last_success = Some(Timestamp::now());
        match self.spool.acknowledge(entry, receipt) {
            Ok(removed) => removed,
            Err(error) => {
                self.fault(&error.to_string(), "check the state folder's owner");
                false
            }
        }
    }

    fn journal(&mut self, entry: &Entry, outcome: &str) -> bool {
        let line = JournalEntry {
            at: Timestamp::now(),
            id: entry.header.id,
            sha256: entry.header.sha256.clone(),
            bytes: entry.bytes,
            outcome: outcome.to_owned(),
            by: None,
        };
        match self.state.journal(&line) {
            Ok(()) => true,
            Err(error) => {
                self.fault(&error.to_string(), "check the state folder's free space and owner");
                false
            }
        }
    }
}

/// This process: resident memory in KiB and CPU milliseconds since it began.
fn own_cost() -> (u64, u64) {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
    let Ok(mut system) = System::new() else { return (0, 0) };
    let own = Pid::from_u32(std::process::id());
    let kind = ProcessRefreshKind::nothing().with_memory().with_cpu().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), false, kind);
    system
        .process(own)
        .map_or((0, 0), |process| (process.memory() / 1024, process.accumulated_cpu_time()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_have_an_end() {
        assert!(back_off(1, false) <= PAUSE_FIRST);
        assert!(back_off(40, false) <= PAUSE_MAX);
        assert!(back_off(40, true) >= PAUSE_MAX / 2);
    }

    #[test]
    fn the_process_knows_its_own_cost() {
        let (rss_kib, _) = own_cost();
        assert!(rss_kib > 500, "{rss_kib} KiB");
    }
}
