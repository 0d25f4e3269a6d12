//! carepack-pdf
