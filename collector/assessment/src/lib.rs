//! Judgement as a pure function of a frozen input: facts, rules, exceptions and a date go in,
//! findings, scores, changes and priorities come out. No clock, no I/O, no database.
//!
//! Read in this order: what comes out ([`model`]), what a rule is ([`rule`], [`pack`]), the
//! language it is written in ([`expression`]), what of it a contract may set ([`params`]), how one
//! rule is judged ([`judge`]), how verdicts
//! become a score ([`score`]), what changed ([`drift`]), what a host should be
//! ([`standard`]), what vendors' advisories say of it ([`advised`]), which hosts belong together
//! ([`topology`], [`group`]), and how it all comes together ([`mod@assess`]). [`case`] runs the rules' own test cases.

pub mod advised;
pub mod annex;
pub mod assess;
pub mod case;
pub mod derived;
pub mod drift;
pub mod expression;
pub mod group;
pub mod judge;
pub mod kisa;
pub mod model;
pub mod pack;
pub mod params;
pub mod rule;
pub mod score;
pub mod standard;
#[cfg(test)]
mod testing;
pub mod topology;

pub use assess::corrected::{Correction, correct};
pub use assess::{HostInput, Input, Observed, Past, assess};
pub use drift::author::Window;
pub use model::Assessment;
pub use pack::Pack;
pub use params::Overrides;
pub use standard::Standard;
