//! The way to the collector: the agents' API as calls. The only module that speaks HTTP.
//!
//! TLS 1.3 with the collector's own CA and this host's certificate; no proxy but the one of the
//! settings, which sees none of it; no redirect, no other root. Every answer is capped before it is
//! believed.

mod error;
mod first;
mod proxy;

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
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{WantsClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use crate::config::Proxy;
use crate::spool::Entry;
use crate::state::Identity;

use proxy::{ByName, Via};

pub use error::UplinkError;
pub use proxy::ProxyError;

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
    way: Way,
}

/// Where requests go, for what is said when they do not arrive.
#[derive(Clone, Debug)]
struct Way {
    server: String,
    /// The proxy's address, and whether it is told who we are.
    proxy: Option<(String, bool)>,
}

impl Uplink {
    /// # Errors
    /// [`UplinkError::Tls`] when key and certificates cannot be used, [`UplinkError::Proxy`] when
    /// the proxy of the settings cannot.
    pub fn new(server: &str, identity: &Identity, proxy: &Proxy) -> Result<Self, UplinkError> {
        let bent = |_| UplinkError::Tls(rustls::Error::General("identity.pem".to_owned()));
        let ca = CertificateDer::from_pem_slice(identity.ca_pem.as_bytes()).map_err(bent)?;
        let own = CertificateDer::from_pem_slice(identity.certificate_pem.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).map_err(bent)?;
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone()).map_err(UplinkError::Tls)?;
        let provider = provider();
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|error| UplinkError::Tls(rustls::Error::General(error.to_string())))?;
        let via = Via::of(server, proxy)?;
        let config = trusting(verifier, via.as_ref(), provider)?
            .with_client_auth_cert(vec![own.map_err(bent)?, ca], key)
            .map_err(UplinkError::Tls)?;
        Ok(Self { client: client(config, via.as_ref())?, way: Way::of(server, via.as_ref()) })
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
        let url = format!("{}{PATH_SNAPSHOTS}/{}", self.way.server, entry.header.id);
        let request = self
            .client
            .put(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_ENCODING, "zstd")
            .header(HEADER_SHA256, &entry.header.sha256)
            .body(entry.body().to_vec());
        send(&self.way, request).await
    }

    /// The newest pattern pack; nothing of it is believed yet.
    ///
    /// # Errors
    /// [`UplinkError`].
    pub async fn patterns(&self) -> Result<SignedPack, UplinkError> {
        let request = self.client.get(format!("{}{PATH_PATTERNS}", self.way.server));
        send_up_to(&self.way, request, PACK_BODY_BYTES_MAX).await
    }

    async fn post<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        question: &Q,
    ) -> Result<A, UplinkError> {
        let request = self.client.post(format!("{}{path}", self.way.server)).json(question);
        send(&self.way, request).await
    }
}

/// Enrols at a server that nothing is known of but the token's fingerprint; the answer and the
/// collector's CA certificate (DER).
///
/// # Errors
/// [`UplinkError`]; nothing of the request left this host when the fingerprint does not match.
pub async fn enrol(
    server: &str,
    proxy: &Proxy,
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
    let via = Via::of(server, proxy)?;
    let config = trusting(Arc::new(verifier), via.as_ref(), provider)?.with_no_client_auth();
    let way = Way::of(server, via.as_ref());
    let url = format!("{}{PATH_ENROL}", way.server);
    let answer = send(&way, client(config, via.as_ref())?.post(url).json(request)).await?;
    match ca.get() {
        Some(ca) => Ok((answer, ca.clone())),
        None => {
            Err(UplinkError::Foreign { server: way.server, what: "it showed no CA".to_owned() })
        }
    }
}

/// TLS 1.3 with a collector that `verifier` knows, through a proxy that its own CA knows.
fn trusting(
    verifier: Arc<dyn ServerCertVerifier>,
    via: Option<&Via>,
    provider: Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, UplinkError> {
    let verifier = ByName::beside(verifier, via, &provider).map_err(UplinkError::Tls)?;
    Ok(ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(UplinkError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier))
}

impl Way {
    fn of(server: &str, via: Option<&Via>) -> Self {
        let proxy = via.map(|via| (trimmed(via.url.as_str()), via.login.is_some()));
        Self { server: trimmed(server), proxy }
    }

    /// What a request that brought no answer failed at.
    fn failure(&self, source: reqwest::Error) -> UplinkError {
        let server = self.server.clone();
        // The address is named already.
        let source = source.without_url();
        match &self.proxy {
            Some((proxy, told)) => match error::tunnel(&source) {
                Some(error::Tunnel::Login) => {
                    UplinkError::ProxyLogin { proxy: proxy.clone(), told: *told }
                }
                Some(error::Tunnel::Refused) => {
                    UplinkError::ProxyRefused { proxy: proxy.clone(), server }
                }
                None => UplinkError::Unreachable { server: format!("{server} ({proxy})"), source },
            },
            None => UplinkError::Unreachable { server, source },
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn trimmed(server: &str) -> String {
    server.trim_end_matches('/').to_owned()
}

fn client(config: ClientConfig, via: Option<&Via>) -> Result<Client, UplinkError> {
    let builder = Client::builder();
    let builder = match via {
        Some(via) => builder.proxy(via.client().map_err(UplinkError::Client)?),
        None => builder.no_proxy(),
    };
    builder
        .tls_backend_preconfigured(config)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_MAX)
        .timeout(TOTAL_MAX)
        .pool_max_idle_per_host(0)
        .user_agent(concat!("carepack-agent/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(UplinkError::Client)
}

async fn send<A: DeserializeOwned>(way: &Way, request: RequestBuilder) -> Result<A, UplinkError> {
    send_up_to(way, request, SMALL_BODY_BYTES_MAX).await
}

/// Sends, and takes an answer of at most so many bytes.
async fn send_up_to<A: DeserializeOwned>(
    way: &Way,
    request: RequestBuilder,
    bytes_max: usize,
) -> Result<A, UplinkError> {
    let unreachable = |source| way.failure(source);
    let foreign = |what: String| UplinkError::Foreign { server: way.server.clone(), what };
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

/// What the first connection goes to: the proxy of the settings, else the collector.
///
/// # Errors
/// [`ProxyError`] when the proxy cannot be used.
pub fn first_stop(server: &str, proxy: &Proxy) -> Result<FirstStop, ProxyError> {
    let via = Via::of(server, proxy)?;
    let is_proxy = via.is_some();
    let url = via.map_or_else(|| reqwest::Url::parse(server).ok(), |via| Some(via.url));
    let url = url.ok_or(ProxyError::Url)?;
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default());
    Ok(FirstStop { address: format!("{host}:{}", port.unwrap_or(443)), is_proxy })
}

/// See [`first_stop`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstStop {
    /// `NAME:PORT`.
    pub address: String,
    pub is_proxy: bool,
}

/// The addresses of a `NAME:PORT`.
///
/// # Errors
/// The resolver's word, or that nothing answered in time.
pub async fn resolve(address: &str) -> std::io::Result<Vec<SocketAddr>> {
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
    fn the_first_stop_is_the_proxy_or_the_collector() {
        let stop = |server: &str, proxy: Option<&str>| {
            let settings = Proxy { url: proxy.map(str::to_owned), ..Proxy::default() };
            let stop = first_stop(server, &settings).unwrap();
            (stop.address, stop.is_proxy)
        };
        assert_eq!(stop("https://c.example", None), ("c.example:443".to_owned(), false));
        assert_eq!(stop("https://[::1]:8443/", None), ("[::1]:8443".to_owned(), false));
        let proxy = Some("http://p.example:3128");
        assert_eq!(stop("https://c.example", proxy), ("p.example:3128".to_owned(), true));
    }

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
