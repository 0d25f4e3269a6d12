//! The relay: hosts of a zone without a route reach the collector through it, one hop.
//!
//! It is a CONNECT proxy with one destination and a list of who may use it. What passes is the
//! hosts' own mTLS with the collector: the relay holds no key, opens nothing, keeps nothing. A host
//! whose relay or collector is away keeps its snapshots in its own bounded spool and sends them
//! later, so there is no second spool to fill here. It goes to the collector directly and never
//! through a proxy, so relays make no chains.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::config::Relay;
use crate::net::Network;
use crate::sandbox::{self, Role};

/// Longest request head in bytes: CONNECT and a few headers.
const HEAD_BYTES_MAX: u64 = 4096;
/// From a connection's begin to the end of its head.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// As long as an agent waits for a collector.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest life of a tunnel: an agent's longest request is over by then.
const TUNNEL_MAX: Duration = Duration::from_secs(150);
/// Pause after a failed accept: the usual cause is that no file descriptor is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What keeps the relay from running.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    #[error("relay.listen is not set: this machine is no relay; see carepack-agent.toml(5)")]
    Off,
    #[error("cannot listen on {address}; check relay.listen")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
}

/// What every connection works with.
struct Shared {
    to: String,
    allow: Vec<Network>,
}

/// Relays until told to stop.
///
/// # Errors
/// [`RelayError`] when it cannot begin.
pub async fn run(settings: Relay) -> Result<(), RelayError> {
    let (Some(address), Some(to)) = (settings.listen, settings.to.clone()) else {
        return Err(RelayError::Off);
    };
    let socket = TcpListener::bind(address)
        .await
        .map_err(|source| RelayError::Listen { address, source })?;
    let mut terminate = signal(SignalKind::terminate()).map_err(RelayError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RelayError::Signals)?;
    let places = Arc::new(Semaphore::new(settings.connections_max as usize));
    let shared = Arc::new(Shared { allow: settings.networks(), to });
    let _ = sandbox::enter(Role::Relay);
    let listening = socket.local_addr().unwrap_or(address);
    tracing::info!(listen = %listening, to = shared.to, "relay.ready");
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        };
        match accepted {
            Ok((stream, peer)) => take(stream, peer, &shared, &places),
            Err(error) => {
                tracing::warn!("relay.accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    tracing::info!("relay.stopped");
    Ok(())
}

/// Strangers and whoever comes when all places are taken are let go without a word.
fn take(stream: TcpStream, peer: SocketAddr, shared: &Arc<Shared>, places: &Arc<Semaphore>) {
    if !shared.allow.iter().any(|network| network.holds(peer.ip())) {
        tracing::warn!(peer = %peer.ip(), "relay.stranger");
        return;
    }
    let Ok(place) = Arc::clone(places).try_acquire_owned() else {
        tracing::warn!(peer = %peer.ip(), "relay.full");
        return;
    };
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        match serve(stream, &shared).await {
            Ok((up, down)) => tracing::info!(peer = %peer.ip(), up, down, "relay.passed"),
            Err(what) => tracing::warn!(peer = %peer.ip(), "relay.ended: {what}"),
        }
        drop(place);
    });
}

/// One tunnel; bytes that went up and down.
async fn serve(stream: TcpStream, shared: &Shared) -> Result<(u64, u64), String> {
    let mut stream = BufReader::new(stream);
    let target = match timeout(HEAD_MAX, head(&mut stream)).await {
        Ok(Ok(Some(target))) => target,
        Ok(Ok(None)) => return refuse(stream, "400 Bad Request", "no CONNECT".to_owned()).await,
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_) => return Err("no request in time".to_owned()),
    };
    if !target.eq_ignore_ascii_case(&shared.to) {
        // A stranger's word: only its length is told.
        let what = format!("another destination was asked for ({} bytes)", target.len());
        return refuse(stream, "403 Forbidden", what).await;
    }
    let mut onward = match timeout(CONNECT_MAX, TcpStream::connect(&shared.to)).await {
        Ok(Ok(onward)) => onward,
        Ok(Err(error)) => return refuse(stream, "502 Bad Gateway", error.to_string()).await,
        Err(_) => return refuse(stream, "504 Gateway Timeout", "no answer".to_owned()).await,
    };
    let passed = async {
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        tokio::io::copy_bidirectional(&mut stream, &mut onward).await
    };
    match timeout(TUNNEL_MAX, passed).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("a tunnel was open for too long".to_owned()),
    }
}

/// The destination of a CONNECT request; the headers are read and forgotten.
async fn head(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<String>> {
    let mut left = HEAD_BYTES_MAX;
    let mut target = None;
    loop {
        let mut line = Vec::new();
        let read = stream.take(left).read_until(b'\n', &mut line).await? as u64;
        left -= read;
        if !line.ends_with(b"\n") {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        match text.trim_end() {
            "" => return Ok(target),
            first if target.is_none() => {
                let mut words = first.split(' ');
                let asked = (words.next(), words.next(), words.next(), words.next());
                let (Some("CONNECT"), Some(to), Some("HTTP/1.1" | "HTTP/1.0"), None) = asked else {
                    return Ok(None);
                };
                target = Some(to.to_owned());
            }
            _ => {}
        }
    }
}

async fn refuse(
    mut stream: BufReader<TcpStream>,
    status: &str,
    what: String,
) -> Result<(u64, u64), String> {
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let sent = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    };
    // Whoever does not read the refusal holds no place with it.
    let _ = timeout(HEAD_MAX, sent).await;
    Err(what)
}
