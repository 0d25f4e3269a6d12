//! carepack-collector

pub mod config;
pub mod intake;
pub mod objects;
pub mod pki;
pub mod serve;
pub mod store;
