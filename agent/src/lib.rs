//! The agent: sees one host, keeps what it saw until the collector has it. It holds no threshold
//! and no opinion, and nothing that it is sent is ever executed.
//!
//! Read in the data's order: [`host`] is the only door to the system; [`probes`] and [`logs`] say
//! what is looked at; [`snapshot`] takes and masks it, [`privacy`] lets of it stand
//! what may leave; [`collect`] spools it ([`spool`],
//! [`state`]); [`approval`] says what may leave; [`service`] keeps the [`schedule`] and sends it
//! ([`uplink`]); without a network a file comes back ([`returned`]), without a route
//! another machine passes it on ([`relay`]); each gives up first what it never needs ([`sandbox`]);
//! [`cli`] is for people.

pub mod approval;
mod archive_entry;
mod certificate;
pub mod cli;
pub mod collect;
pub mod config;
pub mod host;
pub mod logs;
pub mod net;
pub mod privacy;
pub mod probes;
pub mod relay;
pub mod returned;
pub mod sampler;
pub mod sandbox;
pub mod schedule;
pub mod service;
pub mod snapshot;
pub mod spool;
pub mod state;
pub mod uplink;
