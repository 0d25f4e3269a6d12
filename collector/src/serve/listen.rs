//! One listener: accept, count, TLS handshake, HTTP/1.1, each with its own time limit.
//!
//! hyper's time limits need a timer; without one they are silently off, so it is set here and the
//! slow client has its test.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::response::{IntoResponse, Response};
use carepack_shared::wire::{BODY_BYTES_MAX, SMALL_BODY_BYTES_MAX};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::connections::{Connections, Place};
use super::drain::Shared;
use crate::intake::{Peer, Refusal};
use crate::pki::PeerCertificate;

/// From the connection's begin to the end of the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// From a request's begin to the end of its headers.
const HEADERS: Duration = Duration::from_secs(10);
/// From the end of the headers to the answer, the body included: 8 MiB at 70 KiB/s.
const REQUEST: Duration = Duration::from_secs(120);
/// After this a connection ends with its current request.
const CONNECTION: Duration = Duration::from_secs(600);
/// Longest request head in bytes, and most headers in it.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// Pause after a failed accept: the usual cause is that no file descriptor is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

pub struct Listener {
    pub socket: TcpListener,
    /// None: plain HTTP (loopback only, see the configuration).
    pub tls: Option<TlsAcceptor>,
    pub router: Router,
    pub connections: Connections,
}

impl Listener {
    /// Accepts until `stop` says so, then lets requests in flight end within `grace`.
    pub async fn run(self, mut stop: watch::Receiver<bool>, grace: Duration) {
        let mut open = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
                Some(_) = open.join_next() => continue,
            };
            match accepted {
                Ok((stream, address)) => match self.connections.enter(address.ip()) {
                    Some(place) => {
                        let tls = self.tls.clone();
                        let serving = Serving { router: self.router.clone(), stop: stop.clone() };
                        open.spawn(serving.connection((stream, address), tls, place));
                    }
                    None => tracing::debug!(%address, "listen.full"),
                },
                Err(error) => {
                    tracing::warn!("listen.accept_failed: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.socket);
        let ended =
            tokio::time::timeout(grace, async { while open.join_next().await.is_some() {} });
        if ended.await.is_err() {
            tracing::warn!(open = open.len(), "listen.cut_off");
        }
    }
}

/// What one connection needs.
struct Serving {
    router: Router,
    stop: watch::Receiver<bool>,
}

impl Serving {
    async fn connection(
        self,
        (stream, address): (TcpStream, SocketAddr),
        tls: Option<TlsAcceptor>,
        place: Place,
    ) {
        let _place = place;
        let _ = stream.set_nodelay(true);
        let mut peer = Peer { address: address.ip(), certificate: None };
        let Some(acceptor) = tls else { return self.http(stream, peer).await };
        match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                let shown = stream.get_ref().1.peer_certificates();
                let leaf = shown.and_then(|chain| chain.first());
                peer.certificate = leaf.and_then(|leaf| PeerCertificate::read(leaf));
                self.http(stream, peer).await;
            }
            Ok(Err(error)) => tracing::debug!(%address, "listen.handshake_failed: {error}"),
            Err(_) => tracing::debug!(%address, "listen.handshake_slow"),
        }
    }

    async fn http(mut self, stream: impl AsyncRead + AsyncWrite + Unpin, peer: Peer) {
        let router = self.router;
        let service = service_fn(move |request| answer(router.clone(), peer.clone(), request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = over(&mut self.stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!("listen.connection_failed: {error}");
        }
    }
}

/// The end of a connection's time: its own, or the service's.
async fn over(stop: &mut watch::Receiver<bool>) {
    let stopped = stop.wait_for(|stop| *stop);
    let _ = tokio::time::timeout(CONNECTION, stopped).await;
}

async fn answer(
    router: Router,
    peer: Peer,
    request: Request<Incoming>,
) -> Result<Response, std::convert::Infallible> {
    // Who is known may send a whole snapshot in vain; a stranger may not.
    let drain_max = match peer.certificate {
        Some(_) => 2 * BODY_BYTES_MAX,
        None => 4 * SMALL_BODY_BYTES_MAX,
    };
    // One that waits for "100 Continue" has sent nothing yet, and needs not.
    let waits = request.headers().contains_key(header::EXPECT);
    let (mut head, body) = request.into_parts();
    let body = Shared::new(body);
    head.extensions.insert(peer);
    let answering = router.oneshot(Request::from_parts(head, Body::new(body.clone())));
    if let Ok(answered) = tokio::time::timeout(REQUEST, answering).await {
        if !waits {
            body.drain(drain_max).await;
        }
        return answered;
    }
    let mut response = Refusal::unavailable().into_response();
    response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    Ok(response)
}
