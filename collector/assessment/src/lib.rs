//! carepack-assessment
