//! Security advisories and bulletins: what vendors publish, and which hosts lack it.
//!
//! Read in this order: [`model`] (what is kept of an advisory and of an unfixed vulnerability),
//! [`feeds`] (the vendors' forms, each into that model), [`host`] (what is installed, [`products`]
//! outside packages too), [`stream`] (which of a vendor's streams a host takes packages from),
//! [`catalogue`] (all that feeds told), [`index`] and [`matching`] (who lacks what),
//! [`fleet`] (all hosts at once). Pure: no I/O, no
//! clock; the same advisories and the same facts give the same list.

pub mod catalogue;
pub mod feeds;
pub mod fleet;
pub mod host;
pub mod index;
mod kernel;
pub mod matching;
pub mod model;
pub mod products;
pub mod stream;
