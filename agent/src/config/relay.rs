//! `[relay]`: this machine lets hosts without a route through to the collector, one hop.

use std::net::SocketAddr;

use serde::Deserialize;

use super::Wrong;
use crate::net::Network;

const CONNECTIONS: std::ops::RangeInclusive<u32> = 1..=1024;

/// Off without `listen`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Relay {
    /// `ADDRESS:PORT` inside the zone.
    pub listen: Option<SocketAddr>,
    /// `NAME:PORT` of the collector: the only place that it connects to.
    pub to: Option<String>,
    /// Addresses and networks that may use it.
    pub allow: Vec<String>,
    /// Connections at a time.
    pub connections_max: u32,
}

impl Default for Relay {
    fn default() -> Self {
        Self { listen: None, to: None, allow: Vec::new(), connections_max: 64 }
    }
}

impl Relay {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        if let Some(entry) = self.allow.iter().find(|entry| entry.parse::<Network>().is_err()) {
            let way_out = "write an address or a network such as 10.1.0.0/16".to_owned();
            return Err(("relay.allow", format!("{entry:?}"), way_out));
        }
        let connections = u64::from(self.connections_max);
        super::within("relay.connections_max", connections, &super::wide(&CONNECTIONS))?;
        if self.listen.is_none() {
            return Ok(());
        }
        let to = self.to.as_deref().unwrap_or_default();
        let port = to.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none_or(|port| port == 0) || to.contains(['/', '@', ' ']) {
            let way_out = "write NAME:PORT of the collector".to_owned();
            return Err(("relay.to", format!("{to:?}"), way_out));
        }
        if self.allow.is_empty() {
            let way_out = "list the addresses or networks of the hosts that may use it".to_owned();
            return Err(("relay.allow", "empty".to_owned(), way_out));
        }
        Ok(())
    }

    /// Who may use it.
    #[must_use]
    pub fn networks(&self) -> Vec<Network> {
        self.allow.iter().flat_map(|entry| entry.parse()).collect()
    }
}
