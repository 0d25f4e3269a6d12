//! One host at one time: [`take()`] runs the probes, [`assemble`] puts the document together.

pub mod assemble;
mod run;
mod take;
mod withhold;

pub use take::{Take, TakeError, Taken, take};
pub use withhold::Withhold;
