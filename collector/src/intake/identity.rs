//! Who asks: from the TLS layer's certificate to a host of ours, before any route runs.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use carepack_shared::wire::{PATH_ENROL, ProblemCode};
use jiff::Timestamp;

use super::{Intake, Refusal};
use crate::pki::PeerCertificate;
use crate::store::Host;

/// The other end of a connection, as the listener saw it; put into every request's extensions.
#[derive(Clone, Debug)]
pub struct Peer {
    pub address: IpAddr,
    /// Verified against our own root.
    pub certificate: Option<PeerCertificate>,
}

/// Default deny: only [`PATH_ENROL`] passes without a certificate that counts. Every other
/// request, also to a path that does not exist, carries its [`Host`] on.
pub(super) async fn guard(
    State(intake): State<Intake>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if request.uri().path() != PATH_ENROL {
        let peer = request.extensions().get::<Peer>();
        let certificate = peer.and_then(|peer| peer.certificate.clone());
        let host = known_host(&intake, certificate.as_ref()).await?;
        request.extensions_mut().insert(host);
    }
    Ok(next.run(request).await)
}

async fn known_host(
    intake: &Intake,
    certificate: Option<&PeerCertificate>,
) -> Result<Host, Refusal> {
    let Some(shown) = certificate else {
        let detail = "This route needs a host certificate. Enrol with a token first.";
        return Err(Refusal::new(ProblemCode::CertificateMissing, detail));
    };
    // TLS looked at the connection's begin; a long one may outlive its certificate.
    if shown.not_after < Timestamp::now() {
        let detail = "The host certificate has expired. Enrol again with a new token.";
        return Err(Refusal::new(ProblemCode::CertificateMissing, detail));
    }
    let unknown = || {
        let detail = "The collector does not know this host. Ask its operator for a new token.";
        Refusal::new(ProblemCode::HostUnknown, detail)
    };
    let kept = intake.store.certificate(&shown.serial).await?.ok_or_else(unknown)?;
    if kept.revoked_at.is_some() {
        let detail = "The certificate of this host was revoked. Only the collector's operator \
                      can let it in again.";
        return Err(Refusal::new(ProblemCode::CertificateRevoked, detail));
    }
    if kept.host != shown.host {
        return Err(unknown());
    }
    let host = intake.store.host(kept.host).await?.ok_or_else(unknown)?;
    if host.retired_at.is_some() { Err(unknown()) } else { Ok(host) }
}
