//! carepack-agent

pub mod host;
pub mod logs;
pub mod probes;
pub mod snapshot;
