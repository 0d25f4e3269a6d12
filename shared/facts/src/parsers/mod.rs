//! The list of parsers. To add one: a file here, and two lines below.

mod os;

use crate::Parser;

/// Every parser, in alphabetical order.
#[must_use]
pub fn all() -> &'static [&'static Parser] {
    ALL
}

static ALL: &[&Parser] = &[&os::PARSER];
