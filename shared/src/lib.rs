//! The words that the agent and the collector both speak.
//!
//! Pure by contract: no file, socket, clock or runtime is touched here; "now" is always an
//! argument. Read the modules in this order.

pub mod bundle;
pub mod bzip2;
pub mod cluster;
pub mod daemon;
pub mod digest;
pub mod fact;
pub mod jboss;
pub mod jdbc;
pub mod manifest;
pub mod mask;
pub mod observation;
pub mod pattern_pack;
pub mod patterns;
pub mod period;
pub mod privacy;
pub mod product_log;
pub mod reduce;
pub mod returned;
pub mod snapshot;
pub mod terminal;
pub mod wire;
pub mod xml;

pub use observation::{Content, Observation, Outcome, Source, Unseen};
pub use snapshot::{Reason, Snapshot};
