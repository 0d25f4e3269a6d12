//! The product from outside: real processes on loopback, driven as a person would drive them.
//!
//! Journeys, benchmarks and the demo share what is here. Nothing reaches into the agent's or the
//! collector's insides.

pub mod agent;
pub mod binaries;
pub mod collector;
pub mod faketime;
pub mod mailbox;
pub mod notices;
pub mod packages;
pub mod process;
pub mod recorded;
pub mod smtp;
