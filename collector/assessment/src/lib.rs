//! Judgement as a pure function of a frozen input: facts, rules, exceptions and a date go in,
//! findings, scores, changes and priorities come out. No clock, no I/O, no database.
//!
//! Read in this order: what comes out ([`model`]), what a rule is, how one is judged, how the
//! verdicts become a score.

pub mod model;
