//! The collector: takes in what agents observe, keeps it, judges it, reports it.
//!
//! Read in the data's order: agents' snapshots come in ([`intake`], [`pki`], [`serve`]), are kept
//! ([`store`], [`objects`]), are judged per contract and period ([`inspections`], with [`rules`]
//! and what was [`agreed`]),
//! and become reports ([`reports`]). [`cli`] is the door for people until the console is there.

pub mod advisories;
pub mod agreed;
pub mod archives;
pub mod cli;
pub mod config;
pub mod inspections;
pub mod intake;
pub mod objects;
pub mod pattern_packs;
pub mod pki;
pub mod reports;
pub mod rules;
pub mod serve;
pub mod store;
