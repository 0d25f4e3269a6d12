//! What was promised, in working time: the calendar, the service levels, the clock of a promise.
//!
//! Pure: "now" is an argument, files are read by the collector. Knows nothing of cases, of
//! notices, or of where a contract stands in a database.

pub mod calendar;
pub mod levels;
pub mod recorded;

pub mod clock;
