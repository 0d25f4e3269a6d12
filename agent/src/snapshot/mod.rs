//! One host at one time: [`take()`] runs the probes, [`assemble`] puts the document together.

pub mod assemble;
mod run;
mod take;

pub use take::{Take, TakeError, Taken, Withhold, take};
