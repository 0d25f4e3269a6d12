//! The agents' API: takes in, keeps, acknowledges. It never assesses.
//!
//! Identity is the peer's certificate, looked up at every request; the body is a stranger's word.
//! Default deny: one layer stands before every route and every unknown path, and only enrolment
//! passes it without a certificate. An answer of 200 or 201 to a snapshot means durable.

mod attempts;
mod body;
mod enrol;
mod identity;
mod patterns;
mod poll;
mod refusal;
mod renew;
mod snapshots;
pub mod tokens;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use carepack_shared::wire::{
    PATH_ENROL, PATH_PATTERNS, PATH_POLL, PATH_RENEW, PATH_SNAPSHOTS, Problem, ProblemCode,
};
use tokio::sync::{Notify, Semaphore};

use crate::config::Limits;
use crate::objects::Objects;
use crate::pki::Authority;
use crate::store::Store;

pub use identity::Peer;
pub(crate) use poll::policy;
pub use refusal::{Refusal, status_of};
pub(crate) use snapshots::is_period;

/// What every route works with; clones share it.
#[derive(Clone)]
pub struct Intake {
    pub store: Store,
    pub objects: Objects,
    pub authority: Arc<Authority>,
    /// Told of every new snapshot.
    pub accepted: Arc<Notify>,
    /// Folder whose free space is guarded.
    data: PathBuf,
    limits: Limits,
    attempts: Arc<Mutex<attempts::Attempts>>,
    uploads: Arc<Semaphore>,
    decoders: Arc<Semaphore>,
}

/// Snapshots decoded at once: each takes a core and, parsed, several times its 16 MiB.
const DECODERS: usize = 2;

impl Intake {
    #[must_use]
    pub fn new(
        (store, objects): (Store, Objects),
        authority: Arc<Authority>,
        data: PathBuf,
        limits: Limits,
    ) -> Self {
        Self {
            store,
            objects,
            authority,
            accepted: Arc::default(),
            data,
            attempts: Arc::new(Mutex::new(attempts::Attempts::new(&limits))),
            uploads: Arc::new(Semaphore::new(limits.uploads)),
            decoders: Arc::new(Semaphore::new(DECODERS)),
            limits,
        }
    }

    /// All routes of the agents' API.
    pub fn router(self) -> Router {
        Router::new()
            .route(PATH_ENROL, post(enrol::enrol))
            .route(PATH_RENEW, post(renew::renew))
            .route(PATH_POLL, post(poll::poll))
            .route(PATH_PATTERNS, get(patterns::patterns))
            .route(&format!("{PATH_SNAPSHOTS}/{{id}}"), put(snapshots::put))
            .fallback(async || Refusal::new(ProblemCode::NoSuchRoute, "There is no such route."))
            .method_not_allowed_fallback(async || {
                Refusal::new(ProblemCode::NoSuchRoute, "This route does not know that method.")
                    .with_status(405)
            })
            .layer(from_fn_with_state(self.clone(), identity::guard))
            .with_state(self)
    }

    /// Bytes free where snapshots are kept; `None` when the system does not say.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        let found = nix::sys::statvfs::statvfs(&self.data).ok()?;
        Some(found.blocks_available().saturating_mul(found.fragment_size()))
    }

    /// Least bytes that must be free for a snapshot to be taken in.
    #[must_use]
    pub const fn free_bytes_min(&self) -> u64 {
        self.limits.free_mib_min.saturating_mul(1024 * 1024)
    }
}

/// The body of a refusal.
fn problem(status: u16, code: ProblemCode, detail: String) -> Problem {
    Problem { status, code, detail }
}
