//! The proxy on the way: whether one stands there at all, its secret, its own CA.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Url;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::config::Proxy;
use crate::net;

/// Longest password file in bytes.
const PASSWORD_BYTES_MAX: u64 = 1024;
/// Longest CA file in bytes: a company's bundle.
const CA_BYTES_MAX: u64 = 1024 * 1024;

/// A proxy that cannot be used as the settings name it.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    #[error("proxy.password_file {path} cannot be read; give it to the agent's user, mode 0600")]
    Password { path: PathBuf, source: std::io::Error },
    #[error(
        "proxy.password_file {path} can be read by everybody (mode {mode:04o}); close it: chmod o= {path}"
    )]
    Open { path: PathBuf, mode: u32 },
    #[error("proxy.password_file {path} has no password on its first line")]
    Empty { path: PathBuf },
    #[error(
        "proxy.password_file {name} names a systemd credential and there is none; write an absolute \
         path or LoadCredential={name}:FILE"
    )]
    Credential { name: String },
    #[error("proxy.ca_file {path} holds no certificate in PEM form")]
    Ca { path: PathBuf },
    #[error("proxy.url is no address of a proxy")]
    Url,
    #[error(
        "{server} names the collector by an IPv6 address, which is not reached through a proxy; name \
         it by its DNS name, or list the address in proxy.no_proxy"
    )]
    Literal { server: String },
}

/// The proxy that a collector is reached through.
#[derive(Clone)]
pub(super) struct Via {
    /// Without user and password.
    pub url: Url,
    pub login: Option<(String, String)>,
    /// The roots of an `https://` proxy.
    pub roots: Option<Arc<RootCertStore>>,
}

impl Via {
    /// None when the settings name no proxy for this server.
    pub fn of(server: &str, settings: &Proxy) -> Result<Option<Self>, ProxyError> {
        let Some(url) = &settings.url else { return Ok(None) };
        let target = Url::parse(server).map_err(|_| ProxyError::Url)?;
        let host = target.host_str().unwrap_or_default();
        if net::lists(&settings.no_proxy, host) {
            return Ok(None);
        }
        // The HTTP client takes the brackets for a part of the name behind a proxy.
        if host.starts_with('[') {
            return Err(ProxyError::Literal { server: server.to_owned() });
        }
        let url = Url::parse(url).map_err(|_| ProxyError::Url)?;
        let login = match (&settings.user, &settings.password_file) {
            (Some(user), Some(file)) => Some((user.clone(), password(file)?)),
            _ => None,
        };
        let roots = match &settings.ca_file {
            Some(file) if url.scheme() == "https" => Some(Arc::new(roots(file)?)),
            _ => None,
        };
        Ok(Some(Self { url, login, roots }))
    }

    /// The proxy as the HTTP client wants it.
    pub fn client(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::all(self.url.clone())?;
        Ok(match &self.login {
            Some((user, password)) => proxy.basic_auth(user, password),
            None => proxy,
        })
    }
}

/// The first line of a file that not everybody may read, or of a systemd credential.
fn password(file: &Path) -> Result<String, ProxyError> {
    let path = if file.is_absolute() {
        file.to_path_buf()
    } else {
        let name = file.display().to_string();
        let folder = std::env::var_os("CREDENTIALS_DIRECTORY");
        match folder.filter(|_| !name.contains('/')) {
            Some(folder) => Path::new(&folder).join(file),
            None => return Err(ProxyError::Credential { name }),
        }
    };
    let failed = |source| ProxyError::Password { path: path.clone(), source };
    let open = std::fs::File::open(&path).map_err(failed)?;
    let mode = open.metadata().map_err(failed)?.mode();
    if mode & 0o007 != 0 {
        return Err(ProxyError::Open { path, mode: mode & 0o7777 });
    }
    let mut text = String::new();
    open.take(PASSWORD_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(ProxyError::Empty { path }),
    }
}

fn roots(file: &Path) -> Result<RootCertStore, ProxyError> {
    let none = || ProxyError::Ca { path: file.to_path_buf() };
    let mut pem = Vec::new();
    std::fs::File::open(file)
        .and_then(|open| open.take(CA_BYTES_MAX).read_to_end(&mut pem))
        .map_err(|_| none())?;
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
    if added == 0 { Err(none()) } else { Ok(roots) }
}

/// The proxy's CA vouches for the proxy's name, the collector's for every other.
#[derive(Debug)]
pub(super) struct ByName {
    proxy: ServerName<'static>,
    for_proxy: Arc<WebPkiServerVerifier>,
    for_collector: Arc<dyn ServerCertVerifier>,
}

impl ByName {
    /// `for_collector` alone, where no proxy speaks TLS.
    pub fn beside(
        for_collector: Arc<dyn ServerCertVerifier>,
        via: Option<&Via>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let Some((url, roots)) = via.and_then(|via| Some((&via.url, via.roots.as_ref()?))) else {
            return Ok(for_collector);
        };
        let host = net::unbracketed(url.host_str().unwrap_or_default()).to_owned();
        let proxy = ServerName::try_from(host)
            .map_err(|_| Error::General("proxy.url names no host".to_owned()))?;
        let for_proxy =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider))
                .build()
                .map_err(|error| Error::General(error.to_string()))?;
        Ok(Arc::new(Self { proxy, for_proxy, for_collector }))
    }
}

impl ServerCertVerifier for ByName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verifier: &dyn ServerCertVerifier =
            if *server_name == self.proxy { &*self.for_proxy } else { &*self.for_collector };
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.for_collector.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.for_collector.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.for_collector.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_password_is_read_from_a_closed_file_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "p:w 한글\nsecond\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode));
        mode(0o640).unwrap();
        assert_eq!(password(&file).unwrap(), "p:w 한글");
        mode(0o644).unwrap();
        assert!(password(&file).unwrap_err().to_string().contains("chmod o="));
        mode(0o600).unwrap();
        std::fs::write(&file, "\n").unwrap();
        assert!(matches!(password(&file), Err(ProxyError::Empty { .. })));
        assert!(matches!(
            password(Path::new("proxy-password")),
            Err(ProxyError::Credential { .. })
        ));
        assert!(matches!(password(&folder.path().join("gone")), Err(ProxyError::Password { .. })));
    }

    #[test]
    fn a_named_server_goes_without_the_proxy() {
        let settings = Proxy {
            url: Some("http://proxy.example:3128".to_owned()),
            no_proxy: vec![".in.example".to_owned(), "::1".to_owned()],
            ..Proxy::default()
        };
        let via = |server| Via::of(server, &settings).unwrap().is_some();
        assert!(via("https://collector.example:8443"));
        assert!(!via("https://collector.in.example:8443"));
        assert!(!via("https://[::1]:8443"));
        assert!(Via::of("https://a", &Proxy::default()).unwrap().is_none());
    }
}
