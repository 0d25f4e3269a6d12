//! carepack-tests
