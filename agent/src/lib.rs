//! carepack-agent

pub mod config;
pub mod host;
pub mod logs;
pub mod probes;
pub mod snapshot;
pub mod state;
