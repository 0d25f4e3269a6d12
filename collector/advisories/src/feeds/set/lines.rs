//! A set as lines of JSON: the header, then an advisory or a vulnerability in each line.
//!
//! ```json
//! {"format":1,"version":7,"made_at":"2026-03-01T00:00:00Z","valid_until":null,"feeds":[…],"repositories":{…}}
//! {"advisory":{"id":"RHSA-2024:0811",…}}
//! {"vulnerability":{"cve":{"id":"CVE-2023-28486"},…}}
//! ```

use std::io::{self, BufRead, Read as _, Write};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Header, Set};
use crate::model::{Advisory, Vulnerability};

/// The form that is written and read.
pub const FORMAT: u32 = 1;
/// Most lines of a set; all of Red Hat's advisories and CVEs are some 100,000.
pub const LINES_MAX: usize = 2_000_000;
/// Longest line; the header with the map of repositories has some 3 MB.
pub const LINE_BYTES_MAX: usize = 64 << 20;

/// What stands in a line after the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    Advisory(Box<Advisory>),
    Vulnerability(Box<Vulnerability>),
}

/// Why a set cannot be read.
#[derive(Debug, Error)]
pub enum SetError {
    #[error("line {line} of the set cannot be read")]
    Io { line: usize, source: io::Error },
    #[error("line {line} of the set is no {expected}")]
    Line { line: usize, expected: &'static str, source: serde_json::Error },
    #[error("line {line} of the set has more than {LINE_BYTES_MAX} bytes")]
    LineLength { line: usize },
    #[error("the set has more than {LINES_MAX} lines")]
    Lines,
    #[error("the set is empty: not even a header")]
    Empty,
    #[error("the set has format {found}, this collector reads {FORMAT}; install a newer one")]
    Format { found: u32 },
}

/// Writes a whole set.
///
/// # Errors
/// What the output gives.
pub fn write(set: &Set, output: &mut impl Write) -> io::Result<()> {
    write_header(&set.header, output)?;
    for advisory in &set.advisories {
        line(&Line::Advisory(advisory), output)?;
    }
    for vulnerability in &set.vulnerabilities {
        line(&Line::Vulnerability(vulnerability), output)?;
    }
    Ok(())
}

/// Writes the first line.
///
/// # Errors
/// What the output gives.
pub fn write_header(header: &Header, output: &mut impl Write) -> io::Result<()> {
    line(header, output)
}

/// Writes one further line.
///
/// # Errors
/// What the output gives.
pub fn write_item(item: &Item, output: &mut impl Write) -> io::Result<()> {
    line(item, output)
}

/// [`Item`] by reference.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Advisory(&'a Advisory),
    Vulnerability(&'a Vulnerability),
}

fn line(content: &impl Serialize, output: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *output, content)?;
    output.write_all(b"\n")
}

/// Reads a whole set.
///
/// # Errors
/// [`SetError`], with the number of the line.
pub fn read(input: impl BufRead) -> Result<Set, SetError> {
    let (mut advisories, mut vulnerabilities) = (Vec::new(), Vec::new());
    let header = read_each(input, |item| match item {
        Item::Advisory(advisory) => advisories.push(*advisory),
        Item::Vulnerability(vulnerability) => vulnerabilities.push(*vulnerability),
    })?;
    Ok(Set { header, advisories, vulnerabilities })
}

/// Reads a set item by item, so that it need not be in memory as a whole.
///
/// # Errors
/// [`SetError`], with the number of the line; the items before it were given already.
pub fn read_each(mut input: impl BufRead, mut visit: impl FnMut(Item)) -> Result<Header, SetError> {
    let mut bytes = Vec::new();
    if !next(&mut input, 1, &mut bytes)? {
        return Err(SetError::Empty);
    }
    let first: First = parse(&bytes, 1, "header")?;
    if first.format != FORMAT {
        return Err(SetError::Format { found: first.format });
    }
    let header = parse(&bytes, 1, "header")?;
    let mut number = 2;
    while next(&mut input, number, &mut bytes)? {
        visit(parse(&bytes, number, "advisory or vulnerability")?);
        number += 1;
    }
    Ok(header)
}

/// What every format's header has.
#[derive(Deserialize)]
struct First {
    format: u32,
}

/// The next line; false at the end.
fn next(input: &mut impl BufRead, line: usize, bytes: &mut Vec<u8>) -> Result<bool, SetError> {
    bytes.clear();
    let mut limited = input.take(LINE_BYTES_MAX as u64 + 1);
    let count = limited.read_until(b'\n', bytes);
    if count.map_err(|source| SetError::Io { line, source })? == 0 {
        return Ok(false);
    }
    if bytes.len() > LINE_BYTES_MAX {
        return Err(SetError::LineLength { line });
    }
    if line > LINES_MAX {
        return Err(SetError::Lines);
    }
    Ok(true)
}

fn parse<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    line: usize,
    expected: &'static str,
) -> Result<T, SetError> {
    serde_json::from_slice(bytes).map_err(|source| SetError::Line { line, expected, source })
}
