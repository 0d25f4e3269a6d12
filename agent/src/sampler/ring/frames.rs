//! What stands in a file of samples, as bytes. Pure.
//!
//! A file is `CPS1` and frames of `kind u8, length u16 LE, payload, CRC-32 of all before`:
//!
//! - `N`: a series' name; its number is how many names stood before it in the file.
//! - `S`: a sample: seconds since the epoch (varint), whether it is the first since the sampler
//!   began (u8), then pairs of (distance to the previous series number, difference to that
//!   series' last value in the file), varint and zigzag varint.
//! - `T`: the top consumers of an hour: seconds since the epoch, then for each the length of its
//!   name, the name, milliseconds of CPU time, KiB of memory (all varints but the name).

use std::collections::HashMap;

use jiff::Timestamp;

use crate::sampler::processes::Top;
use crate::sampler::rates::Sample;

pub const MAGIC: &[u8; 4] = b"CPS1";
const SERIES_MAX: usize = 1_000;
const NAME_BYTES_MAX: usize = 200;
/// Kind, length and CRC.
const FRAME_BYTES: usize = 1 + 2 + 4;

/// Names and last values, as both sides of a file grow them.
#[derive(Default)]
pub struct Series {
    numbers: HashMap<String, usize>,
    names: Vec<String>,
    last: Vec<i64>,
}

impl Series {
    fn number(&mut self, name: &str) -> usize {
        let next = self.names.len();
        let number = *self.numbers.entry(name.to_owned()).or_insert(next);
        if number == next {
            self.names.push(name.to_owned());
            self.last.push(0);
        }
        number
    }

    /// The frames of new names and of the sample.
    pub fn encode(&mut self, at: Timestamp, first: bool, sample: &Sample) -> Vec<u8> {
        let mut frames = Vec::new();
        let mut values = Vec::with_capacity(sample.len());
        for (name, value) in sample {
            let known = self.numbers.contains_key(name);
            if !known && (self.names.len() >= SERIES_MAX || name.len() > NAME_BYTES_MAX) {
                continue;
            }
            values.push((self.number(name), *value));
            if !known {
                frame(b'N', name.as_bytes(), &mut frames);
            }
        }
        values.sort_unstable();
        let mut payload = Vec::with_capacity(values.len() * 3 + 8);
        varint(u64::try_from(at.as_second()).unwrap_or(0), &mut payload);
        payload.push(u8::from(first));
        let mut before = 0;
        for (number, value) in values {
            varint((number - before) as u64, &mut payload);
            before = number;
            varint(zigzag(value.wrapping_sub(self.last[number])), &mut payload);
            self.last[number] = value;
        }
        frame(b'S', &payload, &mut frames);
        frames
    }
}

pub fn frame(kind: u8, payload: &[u8], frames: &mut Vec<u8>) {
    // A thousand series of at most eleven bytes fit.
    let Ok(length) = u16::try_from(payload.len()) else { return };
    let start = frames.len();
    frames.push(kind);
    frames.extend_from_slice(&length.to_le_bytes());
    frames.extend_from_slice(payload);
    let sum = crc32fast::hash(&frames[start..]);
    frames.extend_from_slice(&sum.to_le_bytes());
}

/// One frame, decoded. Times are seconds since the epoch.
pub enum Entry<'e> {
    Sample {
        when: i64,
        /// The sampler had just begun.
        first: bool,
        names: &'e [String],
        /// By the number of the name.
        values: &'e [(usize, i64)],
    },
    Top {
        when: i64,
        top: Vec<Top>,
    },
}

impl Entry<'_> {
    pub const fn when(&self) -> i64 {
        match self {
            Self::Sample { when, .. } | Self::Top { when, .. } => *when,
        }
    }
}

/// Who takes entries.
pub type Take<'a> = dyn FnMut(Entry<'_>) + 'a;

/// Every good frame in order; how many bytes are good.
pub fn walk(bytes: &[u8], series: &mut Series, take: &mut Take<'_>) -> usize {
    let mut at = MAGIC.len();
    let mut values = Vec::new();
    while let Some((kind, payload, next)) = next_frame(bytes, at) {
        let good = match kind {
            b'N' => match std::str::from_utf8(payload) {
                Ok(name) if series.names.len() < SERIES_MAX => {
                    series.number(name);
                    true
                }
                _ => false,
            },
            b'S' => sample(payload, series, &mut values)
                .map(|(when, first)| {
                    take(Entry::Sample { when, first, names: &series.names, values: &values });
                })
                .is_some(),
            b'T' => decode_top(payload).map(take_top(take)).is_some(),
            // A kind of a later version.
            _ => true,
        };
        if !good {
            break;
        }
        at = next;
    }
    at
}

fn next_frame(bytes: &[u8], at: usize) -> Option<(u8, &[u8], usize)> {
    let head = bytes.get(at..at + 3)?;
    let length = usize::from(u16::from_le_bytes([head[1], head[2]]));
    let end = at + length + FRAME_BYTES;
    let frame = bytes.get(at..end)?;
    let (covered, sum) = frame.split_at(frame.len() - 4);
    (crc32fast::hash(covered).to_le_bytes() == sum).then_some((head[0], &covered[3..], end))
}

fn sample(
    payload: &[u8],
    series: &mut Series,
    values: &mut Vec<(usize, i64)>,
) -> Option<(i64, bool)> {
    let mut rest = payload;
    let when = i64::try_from(take_varint(&mut rest)?).ok()?;
    let (&first, after) = rest.split_first()?;
    rest = after;
    values.clear();
    let mut number = 0_usize;
    while !rest.is_empty() {
        number = number.checked_add(usize::try_from(take_varint(&mut rest)?).ok()?)?;
        let last = series.last.get_mut(number)?;
        *last = last.wrapping_add(unzigzag(take_varint(&mut rest)?));
        values.push((number, *last));
    }
    Some((when, first != 0))
}

pub fn encode_top(at: Timestamp, top: &[Top]) -> Vec<u8> {
    let mut payload = Vec::new();
    varint(u64::try_from(at.as_second()).unwrap_or(0), &mut payload);
    for one in top {
        varint(one.name.len() as u64, &mut payload);
        payload.extend_from_slice(one.name.as_bytes());
        varint(one.cpu_ms, &mut payload);
        varint(one.rss_kib, &mut payload);
    }
    payload
}

fn decode_top(payload: &[u8]) -> Option<(i64, Vec<Top>)> {
    let mut rest = payload;
    let when = i64::try_from(take_varint(&mut rest)?).ok()?;
    let mut top = Vec::new();
    while !rest.is_empty() {
        let length = usize::try_from(take_varint(&mut rest)?).ok()?;
        let (name, after) = rest.split_at_checked(length)?;
        rest = after;
        let name = std::str::from_utf8(name).ok()?.to_owned();
        top.push(Top { name, cpu_ms: take_varint(&mut rest)?, rss_kib: take_varint(&mut rest)? });
    }
    Some((when, top))
}

fn take_top<'t>(take: &'t mut Take<'_>) -> impl FnOnce((i64, Vec<Top>)) + 't {
    move |(when, top)| take(Entry::Top { when, top })
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}
