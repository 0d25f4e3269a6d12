//! carepack-collector
