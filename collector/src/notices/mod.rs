//! Notices out: the right customers hear of the right advisory, once, and answer it.
//!
//! Read in the order of a run: [`draft`] (catalogue and inventories become notices), [`policy`]
//! (at once, or with the weekly digest), [`queue`] (mails to be sent), [`mail`] (sent at most
//! once), [`crate::plans`] (what was decided, and what evidence makes of it), [`escalate`] (nobody
//! answered). [`letter`] writes what a contact reads, [`links`] open it without an account,
//! [`answer`] is the page behind them. A run takes no input and may happen twice at once.

pub mod answer;
mod content;
mod draft;
mod escalate;
pub mod letter;
pub mod links;
pub mod mail;
mod policy;
pub mod queue;
mod wording;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use uuid::Uuid;

pub use content::{Content, Evidence};
pub use draft::{Affected, Drafts, Told, affected};
pub use policy::{Policy, PolicyError};
pub use wording::say;

use crate::advisories::{self, AdvisoriesError};
use crate::config::Config;
use crate::objects::Objects;
use crate::plans::{self, PlanError};
use crate::store::{Store, StoreError};
use crate::support_patterns::watch;

/// How long after its last revision a notice that is verified is still watched: a patch that goes
/// away later is told by the regular inspection.
const WATCHED: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What notices are made from, and where they go; clones share it.
#[derive(Clone)]
pub struct Notices {
    pub store: Store,
    pub objects: Objects,
    pub config: Arc<Config>,
    pub links: Arc<links::Links>,
    /// Begin of the links in mails.
    pub url: String,
    /// What the last run drafted from, so that one with nothing new is cheap.
    drafted: Arc<Mutex<Option<Drawn>>>,
}

/// Version of the catalogue, and the newest snapshot of each host.
#[derive(PartialEq, Eq)]
struct Drawn {
    version: u64,
    snapshots: Vec<(Uuid, Uuid)>,
}

/// Why a run stopped; the next one goes on from what is kept.
#[derive(Debug, thiserror::Error)]
pub enum NoticesError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("reading the advisories")]
    Advisories(#[from] AdvisoriesError),
    #[error("the notice policy")]
    Policy(#[from] PolicyError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("a stored notice cannot be read")]
    Json(#[from] serde_json::Error),
    #[error("a notice cannot be written")]
    Render(#[from] askama::Error),
    #[error(transparent)]
    Case(#[from] crate::cases::CaseError),
    #[error("{0} is gone from the store")]
    Gone(&'static str),
    #[error("the drafting thread stopped")]
    Stopped(#[from] tokio::task::JoinError),
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ran {
    pub drafted: usize,
    pub revised: usize,
    pub queued: usize,
    pub digests: usize,
    pub without_contact: usize,
    pub sent: usize,
    pub deferred: usize,
    pub failed: usize,
    pub uncertain: usize,
    /// Hosts whose standing was asked anew, plans that changed, notices that are told again.
    pub asked: usize,
    pub verified: usize,
    pub reopened: usize,
    pub escalated: usize,
}

impl Notices {
    /// Reads the key of links, making one where there is none. `url` begins the links in mails.
    ///
    /// # Errors
    /// [`crate::pki::PkiError`] when the key's file is exposed or unreadable.
    pub fn open(
        (store, objects): (Store, Objects),
        config: Arc<Config>,
        url: String,
    ) -> Result<Self, crate::pki::PkiError> {
        let links = Arc::new(links::Links::open(&config.data)?);
        Ok(Self { store, objects, config, links, url, drafted: Arc::default() })
    }

    /// One run: draft, queue, send, verify, escalate, in that order, so that what evidence closes
    /// is not escalated.
    ///
    /// # Errors
    /// [`NoticesError`]; what was done before it stands.
    pub async fn run(&self, now: Timestamp) -> Result<Ran, NoticesError> {
        let mut ran = Ran::default();
        let told = self.told(now).await?;
        // What was drafted just now is asked once more, for how far each host already is.
        for _ in 0..2 {
            let before = ran.drafted + ran.revised;
            self.look(&told, now, &mut ran).await?;
            if ran.drafted + ran.revised == before {
                break;
            }
        }
        let notices = self.store.notices(None, self.since(now)).await?;
        let queued = queue::queue(&self.store, &told, &notices, now).await?;
        ran.queued = queued.notices;
        ran.digests = queued.digests;
        ran.without_contact = queued.without_contact;
        let notices = self.store.notices(None, self.since(now)).await?;
        ran.escalated = escalate::escalate(&self.store, &told, &notices, now).await?;
        let sent = mail::send(self, now).await?;
        ran.sent = sent.sent;
        ran.deferred = sent.deferred;
        ran.failed = sent.failed;
        ran.uncertain = sent.uncertain;
        Ok(ran)
    }

    /// Drafts from the advisories in force and verifies plans against the newest snapshots.
    async fn look(
        &self,
        told: &HashMap<Uuid, Told>,
        now: Timestamp,
        ran: &mut Ran,
    ) -> Result<(), NoticesError> {
        let hosts = self.store.hosts(None).await?;
        let gone: Vec<Uuid> =
            hosts.iter().filter(|h| h.retired_at.is_some()).map(|h| h.id).collect();
        advisories::inventory::refresh(&self.store, &self.objects).await?;
        let newest: BTreeMap<Uuid, (Uuid, Timestamp)> = self
            .store
            .inventories()
            .await?
            .into_iter()
            .filter(|row| row.object_key.is_some())
            .map(|row| (row.host, (row.snapshot, row.taken_at)))
            .collect();
        let snapshots = newest.iter().map(|(host, (snapshot, _))| (*host, *snapshot)).collect();
        let in_force = self.store.advisory_sets(1).await?.pop();
        let version = in_force.map_or(0, |set| set.version);
        let drawn = Drawn { version, snapshots };
        let is_new = {
            let last = self.drafted.lock().unwrap_or_else(PoisonError::into_inner);
            last.as_ref() != Some(&drawn)
        };
        let mut inventories = Vec::new();
        let mut catalogue = None;
        if is_new {
            catalogue = advisories::current(&self.store, &self.objects).await?;
            inventories = advisories::inventories(&self.store, &self.objects).await?;
        }
        let mut seen = HashMap::new();
        for (ids, installed) in &inventories {
            for id in ids {
                if let Some(&(snapshot, taken_at)) = newest.get(id) {
                    seen.insert(*id, plans::Seen { installed, snapshot, taken_at });
                }
            }
        }
        let notices = self.store.notices(None, self.since(now)).await?;
        let patterns = match is_new {
            true => {
                let stores = (&self.store, &self.objects);
                watch::look(stores, &notices, &newest, self.since(now)).await?
            }
            false => watch::Sights::new(),
        };
        let look = plans::Look {
            store: &self.store,
            catalogue: catalogue.as_deref(),
            told,
            seen: &seen,
            patterns: &patterns,
            gone: &gone,
            now,
        };
        let verified = plans::verify(&look, &notices, self.since(now)).await?;
        ran.asked += verified.asked;
        ran.verified += verified.changed;
        ran.reopened += verified.reopened;
        drop(seen);
        let mut drawn = Some(drawn);
        if let Some(catalogue) = catalogue {
            let contract_of: HashMap<Uuid, Uuid> =
                hosts.iter().map(|host| (host.id, host.contract)).collect();
            let is_told = |contract: Uuid, advisory: &carepack_advisories::model::Advisory| {
                told.get(&contract).is_some_and(|told| told.is_told_of(advisory, now))
            };
            let cases = affected(&catalogue, inventories, &contract_of, is_told);
            let drafts = draft::draft(&self.store, told, &cases, now).await?;
            ran.drafted += drafts.new;
            ran.revised += drafts.revised;
            if drafts != Drafts::default() {
                drawn = None;
            }
        }
        *self.drafted.lock().unwrap_or_else(PoisonError::into_inner) = drawn;
        Ok(())
    }

    /// Contracts in force, with what they want to hear of.
    async fn told(&self, now: Timestamp) -> Result<HashMap<Uuid, Told>, NoticesError> {
        let mut told = HashMap::new();
        for contract in self.store.contracts().await? {
            let zone = queue::zone_of(&contract.schedule.time_zone);
            let today = now.to_zoned(zone).date();
            if today < contract.starts || contract.ends < today {
                continue;
            }
            let policy = Policy::of(&self.config.data, &contract.name, &contract.level)?;
            let mut kinds = vec!["security".to_owned()];
            for contact in self.store.contacts_of(contract.id).await? {
                kinds.extend(contact.kinds);
            }
            kinds.sort_unstable();
            kinds.dedup();
            told.insert(contract.id, Told { contract, policy, kinds });
        }
        Ok(told)
    }

    fn since(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(WATCHED).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Told {
    /// Whether an advisory that matches makes a notice: of a kind that somebody wants, and new.
    #[must_use]
    pub fn is_told_of(
        &self,
        advisory: &carepack_advisories::model::Advisory,
        now: Timestamp,
    ) -> bool {
        self.kinds.iter().any(|kind| kind == advisory.kind.as_str())
            && self.policy.is_news(advisory, now)
    }
}

/// Runs until `stop`: every period, and whenever `signal` is told of a snapshot. A run in progress
/// ends first. One that fails is logged; the next period is the retry.
pub async fn keep_running(
    notices: Notices,
    signal: Arc<tokio::sync::Notify>,
    mut stop: tokio::sync::watch::Receiver<bool>,
) {
    let period = std::time::Duration::from_secs(notices.config.notices.period_seconds.into());
    let mut tick = tokio::time::interval(period);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = tick.tick() => {}
            () = signal.notified() => {}
        }
        match notices.run(Timestamp::now()).await {
            Ok(ran) if ran != Ran::default() => tracing::info!(?ran, "notices.ran"),
            Ok(_) => {}
            Err(error) => {
                let words = carepack_shared::terminal::explain(&error, None);
                tracing::error!("notices.failed: {words}");
            }
        }
    }
}
