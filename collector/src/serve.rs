//! The resident collector: one listener for agents (mTLS), one for people (health, the
//! console, answers to notices), and the runs of notices, inspections and cases, until told to
//! stop.
//!
//! Everything is opened and checked before the first socket listens. Knows no route of the
//! agents' API; see [`crate::intake`].

mod connections;
mod drain;
mod listen;
mod people;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::advisories::fetch;
use crate::cases;
use crate::config::Config;
use crate::console::{self, Console};
use crate::inspections;
use crate::intake::Intake;
use crate::notices::{self, Notices};
use crate::objects::{ObjectError, Objects};
use crate::pki::{Authority, PkiError, ServerIdentity};
use crate::rules::{self, RulesError};
use crate::store::{Store, StoreError};

/// Worker threads at most: the work is waiting for disks and sockets.
const WORKERS_MAX: usize = 4;
/// Threads for decoding, reading and syncing files.
const BLOCKING_THREADS_MAX: usize = 32;
/// How often our own certificate is looked at.
const REFRESH: Duration = Duration::from_secs(6 * 3600);
/// How long requests in flight may take to end after a stop.
const GRACE: Duration = Duration::from_secs(20);

/// Where a running collector listens; also written to `DATA/run/addresses.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    pub agents: SocketAddr,
    pub people: SocketAddr,
    /// Of the root certificate, as in tokens.
    pub ca_sha256: String,
    pub pid: u32,
}

/// Why the collector cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Objects(#[from] ObjectError),
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error("folder {0} cannot be made")]
    Folder(String, #[source] std::io::Error),
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("run/addresses.json cannot be written")]
    Addresses(#[source] std::io::Error),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
}

/// The parts of a collector that commands and the service share.
pub struct Parts {
    pub store: Store,
    pub objects: Objects,
    pub authority: Arc<Authority>,
}

/// Opens store, object folder and authority, making what is not there.
///
/// # Errors
/// [`ServeError`]; nothing damaged or exposed is accepted.
pub async fn open(config: &Config, now: Timestamp) -> Result<Parts, ServeError> {
    folder(&config.data)?;
    let authority = Authority::open(&config.data.join("pki"), now)?;
    let objects = Objects::open(&config.data.join("objects"))?;
    let store = Store::open_checked(&config.database_address()).await?;
    Ok(Parts { store, objects, authority: Arc::new(authority) })
}

/// A runtime for [`serve`].
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.clamp(2, WORKERS_MAX))
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .enable_all()
        .build()
}

/// Serves until SIGTERM or SIGINT; `ready` is told where as soon as both listeners listen.
///
/// # Errors
/// [`ServeError`] says why it could not begin.
pub async fn serve(config: &Config, ready: oneshot::Sender<Addresses>) -> Result<(), ServeError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signals)?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    serve_until(config, ready, stop).await
}

/// As [`serve`], until `stop` is done.
///
/// # Errors
/// [`ServeError`] says why it could not begin.
pub async fn serve_until(
    config: &Config,
    ready: oneshot::Sender<Addresses>,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let now = Timestamp::now();
    let parts = open(config, now).await?;
    let authority = Arc::clone(&parts.authority);
    let identity = authority.server_identity(&config.agents.public_names, now)?;
    let tls = authority.server_config(Arc::clone(&identity))?;
    let agents = bind(config.agents.listen).await?;
    let people = bind(config.people.listen).await?;
    let addresses = Addresses {
        agents: local(&agents, config.agents.listen)?,
        people: local(&people, config.people.listen)?,
        ca_sha256: authority.fingerprint(),
        pid: std::process::id(),
    };
    announce(&config.data, &addresses)?;
    let url = config.people.url.clone().unwrap_or_else(|| format!("http://{}", addresses.people));
    let stores = (parts.store.clone(), parts.objects.clone());
    let shared = Arc::new(config.clone());
    let pack = Arc::new(rules::built_in()?);
    let reached = (url.as_str(), addresses.ca_sha256.as_str(), authority.not_after());
    let console = Console::new(stores.clone(), Arc::clone(&shared), pack, reached);
    let notices = Notices::open(stores.clone(), Arc::clone(&shared), url)?;
    let intake = Intake::new(
        (parts.store, parts.objects),
        Arc::clone(&authority),
        config.data.clone(),
        config.limits.clone(),
    );
    let accepted = Arc::clone(&intake.accepted);
    let (stopping, stopped) = watch::channel(false);
    let limits = connections::Connections::new(&config.limits);
    let agents = listen::Listener {
        socket: agents,
        tls: Some(tokio_rustls::TlsAcceptor::from(Arc::new(tls))),
        router: intake.clone().router(),
        connections: limits,
    };
    let people = listen::Listener {
        socket: people,
        tls: None,
        router: people::router(intake)
            .merge(notices::answer::router(notices.clone()))
            .merge(console::router(console)),
        connections: connections::Connections::new(&config.limits),
    };
    let data = config.data.clone();
    let inspecting = inspections::run::keep_running(stores.clone(), data, stopped.clone());
    let inspecting = tokio::spawn(inspecting);
    let feeding = tokio::spawn(fetch::keep_looking(stores, shared, stopped.clone()));
    let agents = tokio::spawn(agents.run(stopped.clone(), GRACE));
    let stopped_too = stopped.clone();
    let people = tokio::spawn(people.run(stopped, GRACE));
    let refreshing = tokio::spawn(refresh(authority, identity));
    let mail = Arc::clone(&accepted);
    let casing = cases::keep::keep_running(notices.clone(), mail, stopped_too.clone());
    let casing = tokio::spawn(casing);
    let noticing = tokio::spawn(notices::keep_running(notices, accepted, stopped_too));
    tracing::info!(agents = %addresses.agents, people = %addresses.people, "serve.ready");
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let _ = ready.send(addresses);

    stop.await;
    tracing::info!("serve.stopping");
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    refreshing.abort();
    stopping.send_replace(true);
    // A mail that is being sent may end; what is cut off would be uncertain.
    let noticing = tokio::time::timeout(GRACE, noticing);
    let inspecting = tokio::time::timeout(GRACE, inspecting);
    let _ = tokio::join!(agents, people, noticing, inspecting, feeding, casing);
    let _ = std::fs::remove_file(config.data.join("run/addresses.json"));
    Ok(())
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

fn local(socket: &TcpListener, address: SocketAddr) -> Result<SocketAddr, ServeError> {
    socket.local_addr().map_err(|source| ServeError::Listen { address, source })
}

/// A folder of our own, 0700 when it is made here.
fn folder(path: &Path) -> Result<(), ServeError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| ServeError::Folder(path.display().to_string(), source))
}

/// Says where we listen, in a file that is there whole or not at all.
fn announce(data: &Path, addresses: &Addresses) -> Result<(), ServeError> {
    let run = data.join("run");
    folder(&run)?;
    let written = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&run)?;
        serde_json::to_writer(&mut file, addresses)?;
        file.persist(run.join("addresses.json"))?;
        Ok(())
    };
    written().map_err(ServeError::Addresses)
}

async fn refresh(authority: Arc<Authority>, identity: Arc<ServerIdentity>) {
    let mut tick = tokio::time::interval(REFRESH);
    loop {
        tick.tick().await;
        if let Err(error) = authority.refresh(&identity, Timestamp::now()) {
            tracing::error!("serve.certificate_not_renewed: {error}");
        }
    }
}
