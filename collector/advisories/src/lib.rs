//! Security advisories and bulletins: what vendors publish, and which hosts lack it.
//!
//! Read in this order: [`model`] (what is kept of an advisory and of an unfixed vulnerability),
//! `feeds` (the vendors' forms, each into that model), `stream` (which of a vendor's streams a
//! host takes its packages from), `host` (what is installed), `index` and `matching` (who lacks
//! what). Pure: no I/O, no clock; the same feed and the same facts give the same list.

pub mod feeds;
pub mod model;
