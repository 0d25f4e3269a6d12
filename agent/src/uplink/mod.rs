//! The way to the collector: the agents' API as calls. The only module that speaks HTTP.
//!
//! TLS 1.3 with the collector's own CA and this host's certificate; no proxy, no redirect, no
//! other root. Every answer is capped before it is believed.

mod error;
mod first;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use carepack_shared::pattern_pack::SignedPack;
use carepack_shared::wire::{
    EnrolAnswer, EnrolRequest, HEADER_SHA256, PACK_BODY_BYTES_MAX, PATH_ENROL, PATH_PATTERNS,
    PATH_POLL, PATH_RENEW, PATH_SNAPSHOTS, Policy, Poll, Problem, Receipt, RenewAnswer,
    RenewRequest, SMALL_BODY_BYTES_MAX, Token,
};
use reqwest::{Client, RequestBuilder, Response, header};
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use crate::spool::Entry;
use crate::state::Identity;

pub use error::UplinkError;

/// A collector in the same country answers in milliseconds; one behind a slow line in seconds.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Eight MiB at 1 Mbit/s take 67 s.
const TOTAL_MAX: Duration = Duration::from_secs(120);

/// No collector keeps a host away for longer, whatever it says.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);

/// A collector that knows this host.
#[derive(Clone, Debug)]
pub struct Uplink {
    client: Client,
    server: String,
}

impl Uplink {
    /// # Errors
    /// [`UplinkError::Tls`] when key and certificates cannot be used.
    pub fn new(server: &str, identity: &Identity) -> Result<Self, UplinkError> {
        let bent = |_| UplinkError::Tls(rustls::Error::General("identity.pem".to_owned()));
        let ca = CertificateDer::from_pem_slice(identity.ca_pem.as_bytes()).map_err(bent)?;
        let own = CertificateDer::from_pem_slice(identity.certificate_pem.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).map_err(bent)?;
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone()).map_err(UplinkError::Tls)?;
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(UplinkError::Tls)?
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![own.map_err(bent)?, ca], key)
            .map_err(UplinkError::Tls)?;
        Ok(Self { client: client(config)?, server: trimmed(server) })
    }

    /// # Errors
    /// [`UplinkError`].
    pub async fn poll(&self, poll: &Poll) -> Result<Policy, UplinkError> {
        self.post(PATH_POLL, poll).await
    }

    /// # Errors
    /// [`UplinkError`].
    pub async fn renew(&self, csr_pem: String) -> Result<RenewAnswer, UplinkError> {
        self.post(PATH_RENEW, &RenewRequest { csr_pem }).await
    }

    /// # Errors
    /// [`UplinkError`].
    pub async fn put_snapshot(&self, entry: &Entry) -> Result<Receipt, UplinkError> {
        let url = format!("{}{PATH_SNAPSHOTS}/{}", self.server, entry.header.id);
        let request = self
            .client
            .put(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_ENCODING, "zstd")
            .header(HEADER_SHA256, &entry.header.sha256)
            .body(entry.body().to_vec());
        send(&self.server, request).await
    }

    /// The newest pattern pack; nothing of it is believed yet.
    ///
    /// # Errors
    /// [`UplinkError`].
    pub async fn patterns(&self) -> Result<SignedPack, UplinkError> {
        let request = self.client.get(format!("{}{PATH_PATTERNS}", self.server));
        send_up_to(&self.server, request, PACK_BODY_BYTES_MAX).await
    }

    async fn post<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        question: &Q,
    ) -> Result<A, UplinkError> {
        let request = self.client.post(format!("{}{path}", self.server)).json(question);
        send(&self.server, request).await
    }
}

/// Enrols at a server that nothing is known of but the token's fingerprint; the answer and the
/// collector's CA certificate (DER).
///
/// # Errors
/// [`UplinkError`]; nothing of the request left this host when the fingerprint does not match.
pub async fn enrol(
    server: &str,
    token: &Token,
    request: &EnrolRequest,
) -> Result<(EnrolAnswer, Vec<u8>), UplinkError> {
    let provider = provider();
    let ca = Arc::new(OnceLock::new());
    let verifier = first::ByFingerprint {
        provider: Arc::clone(&provider),
        ca_sha256: token.ca_sha256.clone(),
        ca: Arc::clone(&ca),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(UplinkError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let server = trimmed(server);
    let question = client(config)?.post(format!("{server}{PATH_ENROL}")).json(request);
    let answer = send(&server, question).await?;
    match ca.get() {
        Some(ca) => Ok((answer, ca.clone())),
        None => Err(UplinkError::Foreign { server, what: "it showed no CA".to_owned() }),
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn trimmed(server: &str) -> String {
    server.trim_end_matches('/').to_owned()
}

fn client(config: ClientConfig) -> Result<Client, UplinkError> {
    Client::builder()
        .tls_backend_preconfigured(config)
        .https_only(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_MAX)
        .timeout(TOTAL_MAX)
        .pool_max_idle_per_host(0)
        .user_agent(concat!("carepack-agent/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(UplinkError::Client)
}

async fn send<A: DeserializeOwned>(
    server: &str,
    request: RequestBuilder,
) -> Result<A, UplinkError> {
    send_up_to(server, request, SMALL_BODY_BYTES_MAX).await
}

/// Sends, and takes an answer of at most so many bytes.
async fn send_up_to<A: DeserializeOwned>(
    server: &str,
    request: RequestBuilder,
    bytes_max: usize,
) -> Result<A, UplinkError> {
    let unreachable = |source: reqwest::Error| UplinkError::Unreachable {
        server: server.to_owned(),
        // The address is named already.
        source: source.without_url(),
    };
    let foreign = |what: String| UplinkError::Foreign { server: server.to_owned(), what };
    let mut response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let body = capped(&mut response, bytes_max).await.map_err(unreachable)?;
    let body = body.ok_or_else(|| foreign(format!("HTTP {status}, too long")))?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| foreign(error.to_string()));
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(mut problem) => {
            problem.detail = printable(&problem.detail);
            Err(UplinkError::Refused { problem, retry_after })
        }
        Err(_) => Err(foreign(format!("HTTP {status}"))),
    }
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3); the collector never sends its date form.
fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// The body; none when it is longer than `bytes_max`.
async fn capped(
    response: &mut Response,
    bytes_max: usize,
) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        if body.len() + piece.len() > bytes_max {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body))
}

/// A stranger's words on one line of a terminal.
fn printable(text: &str) -> String {
    /// Two sentences.
    const LETTERS_MAX: usize = 500;
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LETTERS_MAX).collect()
}

/// The addresses of a collector's name.
///
/// # Errors
/// The resolver's word, or that nothing answered in time.
pub async fn resolve(server: &str) -> std::io::Result<Vec<SocketAddr>> {
    let name = trimmed(server);
    let name = name.strip_prefix("https://").unwrap_or(&name);
    let has_port = name.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
    let address = if has_port { name.to_owned() } else { format!("{name}:443") };
    match tokio::time::timeout(CONNECT_MAX, tokio::net::lookup_host(address)).await {
        Ok(found) => Ok(found?.collect()),
        Err(_) => Err(ErrorKind::TimedOut.into()),
    }
}

/// Connects to the first of some addresses that answers, and no more.
///
/// # Errors
/// The operating system's word, or that nothing answered in time.
pub async fn reach(addresses: &[SocketAddr]) -> std::io::Result<SocketAddr> {
    match tokio::time::timeout(CONNECT_MAX, TcpStream::connect(addresses)).await {
        Ok(stream) => stream?.peer_addr(),
        Err(_) => Err(ErrorKind::TimedOut.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_collector_may_ask_for_a_pause_within_limits() {
        let asked = |value: &str| {
            let mut headers = header::HeaderMap::new();
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(asked("30"), Some(Duration::from_secs(30)));
        assert_eq!(asked("999999999"), Some(RETRY_AFTER_MAX));
        assert_eq!(asked("Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(retry_after(&header::HeaderMap::new()), None);
    }
}
