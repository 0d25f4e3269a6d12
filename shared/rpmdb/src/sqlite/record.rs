//! One row: a header of types, then the values one after the other ("Record Format").

use crate::Error;

/// SQLite's own `SQLITE_MAX_COLUMN` as built by default.
const COLUMNS_MAX: usize = 2000;

/// A column's value. Text is in the database's encoding, UTF-8 in every RPM and DNF database.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Int(i64),
    Real(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

impl Value<'_> {
    /// A whole number; one that is written as text counts.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
            _ => None,
        }
    }

    /// Text, invalid UTF-8 replaced; a number as it is written; empty for anything else.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Self::Int(n) => n.to_string(),
            Self::Null | Self::Real(_) | Self::Blob(_) => String::new(),
        }
    }
}

/// A big-endian number of one to nine bytes, seven bits in each of the first eight; and its size.
pub(super) fn varint(bytes: &[u8]) -> Result<(i64, usize), Error> {
    let mut value = 0_u64;
    for (at, &byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Ok((((value << 8) | u64::from(byte)).cast_signed(), 9));
        }
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok((value.cast_signed(), at + 1));
        }
    }
    Err(Error::Truncated("SQLite number"))
}

/// The columns of a row.
pub(super) fn columns(payload: &[u8]) -> Result<Vec<Value<'_>>, Error> {
    let (head, size) = varint(payload)?;
    let head = usize::try_from(head).map_err(|_| Error::Malformed("SQLite row"))?;
    let mut kinds = payload.get(size..head).ok_or(Error::Truncated("SQLite row"))?;
    let mut body = &payload[head..];
    let mut columns = Vec::new();
    while !kinds.is_empty() {
        if columns.len() == COLUMNS_MAX {
            return Err(Error::Limit("number of columns"));
        }
        let (kind, size) = varint(kinds)?;
        kinds = &kinds[size..];
        let length = length(kind)?;
        let (bytes, rest) = body.split_at_checked(length).ok_or(Error::Truncated("SQLite row"))?;
        body = rest;
        columns.push(match kind {
            0 => Value::Null,
            1..=6 => Value::Int(int(bytes)),
            7 => Value::Real(f64::from_bits(int(bytes).cast_unsigned())),
            8 => Value::Int(0),
            9 => Value::Int(1),
            _ if kind % 2 == 0 => Value::Blob(bytes),
            _ => Value::Text(bytes),
        });
    }
    Ok(columns)
}

fn length(kind: i64) -> Result<usize, Error> {
    Ok(match kind {
        0 | 8 | 9 => 0,
        1..=4 => usize::try_from(kind).unwrap_or(0),
        5 => 6,
        6 | 7 => 8,
        12.. => usize::try_from((kind - 12) / 2).map_err(|_| Error::Limit("SQLite value"))?,
        _ => return Err(Error::Malformed("type of an SQLite value")),
    })
}

/// A big-endian number in two's complement.
fn int(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |value, &byte| (value << 8) | i64::from(byte))
}
