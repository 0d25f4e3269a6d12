//! carepack-collector

pub mod config;
pub mod objects;
pub mod pki;
pub mod store;
