//! The collector: takes in what agents observe, keeps it, judges it, reports it.
//!
//! Read in the data's order: agents' snapshots come in ([`intake`], [`pki`], [`serve`]), are kept
//! ([`store`], [`objects`]), are judged per contract and period ([`inspections`], with [`rules`],
//! [`support_patterns`] and what was [`agreed`]; what only a person decides of a host is [`settling`]), are reviewed and published there,
//! and become reports ([`reports`]); hosts without a network hand files over ([`handovers`]). Advisories become notices ([`notices`]) and what is agreed on
//! them is followed until evidence proves it ([`plans`]). What customers ask for is a case
//! ([`cases`]), on the clock of what they were promised ([`service`]); what was promised and done
//! stands in the [`ledger`]. [`console`] is the door for people and
//! programs, [`cli`] the one on the machine itself.

pub mod advisories;
pub mod agreed;
pub mod archives;
pub mod cases;
pub mod cli;
pub mod config;
pub mod console;
pub mod handovers;
pub mod inspections;
pub mod intake;
pub mod ledger;
pub mod notices;
pub mod objects;
pub mod pattern_packs;
pub mod pki;
pub mod plans;
pub mod reports;
pub mod rules;
pub mod serve;
pub mod service;
pub mod settling;
pub mod store;
pub mod support_patterns;
