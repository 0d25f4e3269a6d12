//! carepack-agent
