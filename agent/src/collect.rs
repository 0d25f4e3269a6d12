//! One collection: the snapshot is taken, spooled durably, and only then is progress kept.
//!
//! It holds the state folder's lock, opens no socket, and knows nothing of the collector.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carepack_shared::bundle::{self, Link, Seal, signed_text};
use carepack_shared::digest::sha256_hex;
use carepack_shared::pattern_pack;
use carepack_shared::period::Cadence;
use carepack_shared::{Outcome, Reason, Snapshot, Unseen};
use jiff::Timestamp;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use uuid::Uuid;

use crate::config::Config;
use crate::host::{Host, RecordedError};
use crate::logs::Patterns;
use crate::privacy::Namer;
use crate::probes::execute::{Memory, Samples};
use crate::snapshot::{Take, TakeError, Taken, take};
use crate::spool::{Spool, SpoolError};
use crate::state::{Identity, IdentityError, JournalEntry, State, StateError};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Order {
    pub reason: Reason,
    pub period: Option<String>,
    /// The collector's request that it serves.
    pub request: Option<Uuid>,
}

/// A collection that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(
        "another machine's names get no codes that could be turned back: set privacy.key_file, or \
         privacy.pseudonyms = false"
    )]
    MountedNames,
    #[error("{} cannot be read as a mounted root", root.display())]
    Mounted { root: std::path::PathBuf, source: std::io::Error },
    #[error("the recorded host cannot be replayed")]
    Recorded(#[from] RecordedError),
    #[error(transparent)]
    Take(#[from] TakeError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error("the snapshot cannot be compressed")]
    Compress(#[source] std::io::Error),
    #[error("the bundle cannot be signed with the key in identity.pem")]
    Sign,
}

/// A spooled snapshot.
#[derive(Clone, Debug)]
pub struct Spooled {
    pub id: Uuid,
    pub sha256: String,
    /// Bytes of the spool entry.
    pub bytes: u64,
    /// Part of the host could not be seen.
    pub partial: bool,
}

/// Takes a snapshot and spools it.
///
/// # Errors
/// [`CollectError`]; [`StateError::Busy`] when another collection runs. Progress is unchanged
/// then, so that it is done again.
pub fn spool(config: &Config, state: &State, order: &Order) -> Result<Spooled, CollectError> {
    let _lock = state.lock()?;
    let spool = Spool::new(state.spool_dir(), config.spool);
    spool.clean();
    let identity = state.identity()?;
    let mut progress = state.progress()?;
    let mut taken = observe(config, Some(state), identity.as_ref(), order)?;
    taken.snapshot.lost = progress.lost;
    let document = taken.snapshot.to_document();
    let sha256 = sha256_hex(&document);
    let id = taken.snapshot.id;
    let file = bundle::write(id, &document, None).map_err(CollectError::Compress)?;
    state.add_names(taken.names)?;
    let dropped = spool.put(id, &file)?;
    for old in &dropped.ids {
        tracing::warn!(snapshot.id = %old, "collect.spool_full: the oldest snapshot was dropped");
        state.journal(&JournalEntry {
            at: Timestamp::now(),
            id: *old,
            sha256: String::new(),
            bytes: 0,
            outcome: "dropped".to_owned(),
            by: None,
        })?;
    }
    // What was told in this snapshot is told; what this one pushed out the next one tells.
    progress.lost = dropped.ids.len() as u64;
    let period = taken.snapshot.period.as_deref();
    progress.scanned(config.privacy.mode, order.reason, period, taken.log_state);
    match order.reason {
        Reason::Scheduled => progress.last_period = taken.snapshot.period.clone(),
        Reason::OnDemand if order.request.is_some() => progress.last_on_demand = order.request,
        _ => {}
    }
    state.save_progress(&progress)?;
    let partial = is_partial(&taken.snapshot);
    Ok(Spooled { id, sha256, bytes: file.len() as u64, partial })
}

/// Takes a snapshot and keeps nothing of it: for previews, dry runs and offline files.
///
/// # Errors
/// [`CollectError`].
pub fn look(config: &Config, state: &State, order: &Order) -> Result<Snapshot, CollectError> {
    let identity = state.identity()?;
    let taken = observe(config, Some(state), identity.as_ref(), order)?;
    if !taken.names.is_empty() && state.dir().exists() {
        // What is looked at may be carried away by hand; its codes must be known too.
        let _lock = state.lock()?;
        state.add_names(taken.names)?;
    }
    Ok(taken.snapshot)
}

/// A file system of another machine, mounted here.
#[derive(Clone, Debug)]
pub struct Mounted {
    pub root: std::path::PathBuf,
    /// The moment that it stands for; the present one without it.
    pub taken_at: Option<Timestamp>,
}

/// Looks at a mounted root and keeps nothing. This machine's identity, log state and mask key are
/// not its own, so none of them is used.
///
/// # Errors
/// [`CollectError`].
pub fn look_mounted(
    config: &Config,
    mounted: &Mounted,
    period: Option<String>,
) -> Result<Snapshot, CollectError> {
    let host = Host::mounted(&mounted.root, mounted.taken_at)
        .map_err(|source| CollectError::Mounted { root: mounted.root.clone(), source })?
        .walked_up_to(config.collect.tree_entries_max);
    let namer = match (config.privacy.pseudonyms, &config.privacy.key_file) {
        (false, _) => None,
        (true, Some(file)) => Some(Namer::new(&crate::state::shared_key(file)?)),
        (true, None) => return Err(CollectError::MountedNames),
    };
    let request = Take {
        reason: Reason::Offline,
        period,
        host_id: None,
        memory: Memory::default(),
        policy: config.policy(),
        mask_key: crate::state::random_key(),
        mode: config.privacy.mode,
        namer,
        deadline: config.deadline(),
    };
    Ok(take(&Arc::new(host), request)?.snapshot)
}

/// A signed bundle of a snapshot, with its place among the host's files; unsigned when this host
/// has no identity.
///
/// # Errors
/// [`CollectError`].
pub fn seal(state: &State, snapshot: &Snapshot, link: &Link) -> Result<Vec<u8>, CollectError> {
    let document = snapshot.to_document();
    let seal = match state.identity()? {
        Some(identity) => Some(sign(&identity, snapshot.id, &sha256_hex(&document), link)?),
        None => None,
    };
    bundle::write(snapshot.id, &document, seal).map_err(CollectError::Compress)
}

/// Whether some source was not seen for another reason than being absent or kept back.
#[must_use]
pub fn is_partial(snapshot: &Snapshot) -> bool {
    snapshot.observations.iter().any(|o| match &o.outcome {
        Outcome::Seen { .. } => false,
        Outcome::Unseen { reason, .. } => !matches!(reason, Unseen::Absent | Unseen::Withheld),
    })
}

fn sign(identity: &Identity, id: Uuid, sha256: &str, link: &Link) -> Result<Seal, CollectError> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(identity.key_pem.as_bytes())
        .map_err(|_| CollectError::Sign)?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der.secret_pkcs8_der())
        .map_err(|_| CollectError::Sign)?;
    let text = signed_text(id, sha256, Some(link));
    let signature =
        key.sign(&SystemRandom::new(), text.as_bytes()).map_err(|_| CollectError::Sign)?;
    Ok(Seal {
        certificate_pem: identity.certificate_pem.clone(),
        signature: STANDARD.encode(signature.as_ref()),
        link: Some(link.clone()),
    })
}

/// The embedded patterns with those of the accepted pack; none when there is no pack.
fn patterns(config: &Config, state: &State) -> Option<Arc<Patterns>> {
    let key = config.patterns_key.as_deref()?;
    let signed = match state.pattern_pack() {
        Ok(signed) => signed?,
        Err(error) => {
            tracing::warn!(%error, "collect.patterns: the pattern pack cannot be read");
            return None;
        }
    };
    // Checked again: what is used is what was signed, whoever wrote the file.
    match pattern_pack::accept(&signed, key, 0) {
        Ok(pack) => {
            let version = pack.version;
            Some(Arc::new(Patterns::new(carepack_shared::patterns::with_pack(pack), version)))
        }
        Err(refused) => {
            tracing::warn!(%refused, "collect.patterns: the embedded patterns are used");
            None
        }
    }
}

fn observe(
    config: &Config,
    state: Option<&State>,
    identity: Option<&Identity>,
    order: &Order,
) -> Result<Taken, CollectError> {
    let host = match &config.collect.recorded {
        Some(folder) => Host::recorded(folder, config.collect.recorded_overlay.as_deref())?,
        None => Host::live().walked_up_to(config.collect.tree_entries_max),
    };
    // A look before enrolment masks with a key of its own, which is forgotten.
    let kept = state.filter(|state| state.dir().exists());
    let (memory, mask_key) = match kept {
        Some(state) => (remembered(config, state, order, host.now())?, state.mask_key()?),
        None => (Memory::default(), crate::state::random_key()),
    };
    Ok(take(
        &Arc::new(host),
        Take {
            reason: order.reason,
            period: order.period.clone(),
            host_id: identity.map(|identity| identity.host_id),
            memory,
            policy: config.policy(),
            mask_key,
            mode: config.privacy.mode,
            namer: namer(config, kept)?,
            deadline: config.deadline(),
        },
    )?)
}

/// What turns names into codes, where the customer wants that.
///
/// # Errors
/// [`StateError`].
pub fn namer(config: &Config, state: Option<&State>) -> Result<Option<Namer>, StateError> {
    if !config.privacy.pseudonyms {
        return Ok(None);
    }
    let key = match (&config.privacy.key_file, state) {
        (Some(file), _) => crate::state::shared_key(file)?,
        (None, Some(state)) => state.pseudonym_key()?,
        (None, None) => crate::state::random_key(),
    };
    Ok(Some(Namer::new(&key)))
}

/// Where the last log scan ended, and the samples of the contract's period.
fn remembered(
    config: &Config,
    state: &State,
    order: &Order,
    now: Timestamp,
) -> Result<Memory, StateError> {
    /// A period and a margin, in days.
    const MONTH_DAYS: i64 = 35;
    const QUARTER_DAYS: i64 = 95;
    let cadence = state.policy()?.map_or(Cadence::Monthly, |policy| policy.schedule.cadence);
    let days = match cadence {
        Cadence::Monthly => MONTH_DAYS,
        Cadence::Quarterly => QUARTER_DAYS,
    };
    let since = now - jiff::SignedDuration::from_hours(days * 24);
    Ok(Memory {
        log_state: state
            .progress()?
            .log_start(config.privacy.mode, order.period.as_deref())
            .clone(),
        patterns: patterns(config, state),
        samples: Some(Samples { folder: state.samples_dir(), since }),
    })
}
