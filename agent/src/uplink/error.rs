//! What can go wrong on the way to the collector, and what helps.

use std::time::Duration;

use carepack_shared::wire::{Problem, ProblemCode};

use super::ProxyError;

/// A request that brought no answer worth having.
#[derive(Debug, thiserror::Error)]
pub enum UplinkError {
    #[error("the collector {server} cannot be reached")]
    Unreachable { server: String, source: reqwest::Error },
    #[error("the collector refused ({}): {}", code_text(.problem.code), .problem.detail)]
    Refused {
        problem: Problem,
        /// How long the collector asks to be left alone.
        retry_after: Option<Duration>,
    },
    #[error("the answer of {server} is not one of a Carepack collector ({what})")]
    Foreign { server: String, what: String },
    #[error("the proxy {proxy} wants to know who asks (407)")]
    ProxyLogin {
        proxy: String,
        /// It was told, and did not believe it.
        told: bool,
    },
    #[error("the proxy {proxy} does not connect to {server}")]
    ProxyRefused { proxy: String, server: String },
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("no TLS client can be made of the key material")]
    Tls(#[source] rustls::Error),
    #[error("no HTTPS client can be made")]
    Client(#[source] reqwest::Error),
}

/// What a proxy answered to CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tunnel {
    /// 407.
    Login,
    /// Another refusal.
    Refused,
}

/// The proxy's answer among the causes of an error; the HTTP client keeps its type to itself.
pub(super) fn tunnel(error: &reqwest::Error) -> Option<Tunnel> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        match error.to_string().as_str() {
            "tunnel error: proxy authorization required" => return Some(Tunnel::Login),
            "tunnel error: unsuccessful" => return Some(Tunnel::Refused),
            _ => cause = error.source(),
        }
    }
    None
}

/// The stable word of a code, as it is on the wire.
fn code_text(code: ProblemCode) -> String {
    let json = serde_json::to_value(code).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

impl UplinkError {
    /// The collector answered, and the answer is no: trying the same again does not help.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        use ProblemCode as P;
        matches!(self, Self::Refused { problem, .. } if !matches!(
            problem.code,
            P::TooManyAttempts | P::Internal | P::StorageFull | P::Unavailable
        ))
    }

    /// How long the collector asks to be left alone.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The refusal is about this one document, not about the host.
    #[must_use]
    pub fn is_about_the_document(&self) -> bool {
        use ProblemCode as P;
        matches!(self, Self::Refused { problem, .. } if matches!(
            problem.code,
            P::DigestConflict | P::HostMismatch | P::TooLarge | P::Malformed | P::SchemaUnknown
        ))
    }

    /// The document will never be taken, whatever the collector becomes.
    #[must_use]
    pub fn is_final_for_the_document(&self) -> bool {
        self.is_about_the_document()
            && !matches!(self, Self::Refused { problem: p, .. } if p.code == ProblemCode::SchemaUnknown)
    }

    /// The step of the way that failed, as `doctor` calls it, which has found before that a
    /// connection can be made: what fails in connecting after that is the handshake.
    #[must_use]
    pub fn step(&self) -> &'static str {
        match self {
            Self::ProxyLogin { .. } | Self::ProxyRefused { .. } | Self::Proxy(_) => "proxy",
            Self::Unreachable { source, .. } if source.is_connect() => "TLS",
            Self::Tls(_) | Self::Client(_) => "TLS",
            Self::Unreachable { .. } | Self::Foreign { .. } => "answer",
            Self::Refused { problem, .. } if problem.code == ProblemCode::TooLarge => "size",
            Self::Refused { .. } => "authorisation",
        }
    }

    /// What a person can do.
    #[must_use]
    pub fn way_out(&self) -> &'static str {
        use ProblemCode as P;
        match self {
            Self::Unreachable { .. } => {
                "`carepack-agent doctor` tells which step fails; snapshots wait in the spool meanwhile"
            }
            Self::ProxyLogin { told: false, .. } => {
                "set proxy.user and proxy.password_file in agent.toml"
            }
            Self::ProxyLogin { told: true, .. } => {
                "check proxy.user and what stands in the file of proxy.password_file"
            }
            Self::ProxyRefused { .. } => {
                "ask the proxy's operator to allow CONNECT to the collector's name and port, or name \
                 the collector in proxy.no_proxy"
            }
            Self::Proxy(_) => "correct [proxy] in agent.toml",
            Self::Foreign { .. } => "check `server`: a proxy or another service answers there",
            Self::Tls(_) | Self::Client(_) => "enrol again with a new token (enroll --again)",
            Self::Refused { problem, .. } => match problem.code {
                P::CertificateRevoked | P::HostUnknown | P::CertificateMissing => {
                    "ask the collector's operator; a new token lets this host in again \
                     (enroll --again)"
                }
                P::TokenRefused => "ask the collector's operator for a new token",
                P::TooManyAttempts | P::Internal | P::StorageFull | P::Unavailable => {
                    "the agent tries again by itself; the collector's log says more"
                }
                P::SchemaUnknown => "upgrade the collector; the snapshot waits in the spool",
                P::HostMismatch | P::DigestConflict | P::TooLarge | P::Malformed => {
                    "the snapshot is in spool/quarantine for the vendor to look at"
                }
                P::NoSuchRoute => "upgrade the collector or check `server`",
            },
        }
    }
}
