//! `[proxy]`: the HTTP proxy between this host and the collector.

use std::path::PathBuf;

use serde::Deserialize;

use super::Wrong;

/// How the collector is reached where there is no direct way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Proxy {
    /// `http://NAME:PORT`, or `https://NAME:PORT` for one that is spoken to over TLS itself.
    pub url: Option<String>,
    /// Names, `.suffixes`, addresses and networks that are reached without it.
    pub no_proxy: Vec<String>,
    /// Who this host is to the proxy (Basic).
    pub user: Option<String>,
    /// A file with the password, for the agent's user alone; a name without a slash is a systemd
    /// credential.
    pub password_file: Option<PathBuf>,
    /// The CA (PEM) of an `https://` proxy; it is believed for the proxy and nobody else.
    pub ca_file: Option<PathBuf>,
}

impl Proxy {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        let wrong =
            |key, found: &str, way_out: &str| Err((key, format!("{found:?}"), way_out.to_owned()));
        let Some(url) = &self.url else {
            return match (&self.user, &self.password_file, &self.ca_file) {
                (None, None, None) => Ok(()),
                _ => wrong("proxy.url", "", "name the proxy: http://NAME:PORT"),
            };
        };
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let odd = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#');
        match rest.map(|rest| rest.trim_end_matches('/')) {
            Some(rest) if rest.contains('@') => {
                let way_out = "take user and password out of it: they go to proxy.user and \
                               proxy.password_file";
                return wrong("proxy.url", "…@…", way_out);
            }
            Some(rest) if !rest.is_empty() && !rest.contains(odd) => {}
            _ => return wrong("proxy.url", url, "write http://NAME:PORT or https://NAME:PORT"),
        }
        if url.starts_with("https://") && self.ca_file.is_none() {
            let way_out = "name the CA of the proxy's certificate (a PEM file)";
            return wrong("proxy.ca_file", "", way_out);
        }
        if self.user.is_some() != self.password_file.is_some() {
            let way_out = "proxy.user and proxy.password_file go together";
            return wrong("proxy.user", self.user.as_deref().unwrap_or_default(), way_out);
        }
        if let Some(user) = self.user.as_ref().filter(|user| user.contains(':')) {
            return wrong("proxy.user", user, "a user's name has no colon");
        }
        Ok(())
    }
}
