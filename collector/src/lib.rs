//! carepack-collector

pub mod store;
