//! The console: pages for people and the same as an API for programs.
//!
//! A request passes one gate ([`gate`]) that knows who asks, whether they may and from where, and
//! that writes the audit log; a page sees the store through one tenant filter ([`view`]); all
//! routes stand on one page ([`routes`]). A page is a serializable model with a template beside
//! it: browsers get the template, `/api/v1` the model ([`page`]).

pub mod access;
mod assets;
mod charts;
mod describe;
mod frame;
mod gate;
mod hunting;
mod input;
pub mod invitations;
mod lacking;
mod openapi;
pub mod page;
mod pages;
mod routes;
pub mod sign_in;
mod upload;
mod view;
mod words;

use std::sync::Arc;

use carepack_assessment::Pack;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::objects::Objects;
use crate::store::Store;

pub(crate) use gate::is_own;
pub use routes::{catalogue, router};

/// Passwords hashed at once: each takes 19 MiB and tens of milliseconds of a core.
const HASHES_MAX: usize = 2;

/// What every page works with; clones share it.
#[derive(Clone)]
pub struct Console {
    store: Store,
    objects: Objects,
    config: Arc<Config>,
    pack: Arc<Pack>,
    /// How people reach us, as in links of mail.
    url: Arc<str>,
    /// Fingerprint of our authority, for enrolment tokens.
    ca_sha256: Arc<str>,
    /// When its certificate ends.
    ca_until: Timestamp,
    hashing: Arc<Semaphore>,
    attempts: sign_in::SharedAttempts,
    hunting: hunting::Hunting,
    lacking: lacking::Kept,
}

impl Console {
    #[must_use]
    pub fn new(
        (store, objects): (Store, Objects),
        config: Arc<Config>,
        pack: Arc<Pack>,
        (url, ca_sha256, ca_until): (&str, &str, Timestamp),
    ) -> Self {
        Self {
            store,
            objects,
            config,
            pack,
            url: url.into(),
            ca_sha256: ca_sha256.into(),
            ca_until,
            hashing: Arc::new(Semaphore::new(HASHES_MAX)),
            attempts: sign_in::SharedAttempts::default(),
            hunting: hunting::Hunting::default(),
            lacking: lacking::Kept::default(),
        }
    }

    /// An inspector over the same parts.
    fn inspector(&self) -> crate::inspections::Inspector {
        crate::inspections::Inspector {
            store: self.store.clone(),
            objects: self.objects.clone(),
            pack: Arc::clone(&self.pack),
            data: self.config.data.clone(),
        }
    }
}
