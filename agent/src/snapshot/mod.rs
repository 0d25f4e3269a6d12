//! One host at one time: [`take()`] runs the probes, [`assemble`] puts the document together.

pub mod assemble;
mod rewrite;
mod run;
mod take;
mod withhold;

pub use rewrite::rewrite;
pub use take::{Take, TakeError, Taken, take};
pub use withhold::Withhold;
