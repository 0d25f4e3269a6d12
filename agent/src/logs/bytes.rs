//! Where a byte stands in a text, without a branch on the text itself.
//!
//! Lines and names are of any length: a search that stops at the byte is guessed wrong by the
//! processor about once a line, which costs as much as the rest of the line. So all places are
//! marked first, sixteen bytes at a time, and then counted off.

/// Bytes compared at once.
const LANES: usize = 16;
/// Bytes whose line ends are marked in one word.
const WORD: usize = 64;

/// A bit for each of sixteen bytes that is the one asked for.
#[cfg(target_arch = "x86_64")]
#[inline]
fn equal(lanes: &[u8; LANES], byte: u8) -> u32 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};
    let both = u128::from_le_bytes(*lanes).cast_signed();
    // SAFETY: they need SSE2 only, which is part of every x86-64, and touch no memory.
    let mask = unsafe {
        let lanes = _mm_set_epi64x((both >> 64) as i64, both as i64);
        _mm_movemask_epi8(_mm_cmpeq_epi8(lanes, _mm_set1_epi8(byte.cast_signed())))
    };
    mask.cast_unsigned()
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn equal(lanes: &[u8; LANES], byte: u8) -> u32 {
    (0..LANES).fold(0, |mask, at| mask | u32::from(lanes[at] == byte) << at)
}

/// Where every line's end stands, in order.
pub(super) fn line_ends(text: &[u8], ends: &mut Vec<u32>) {
    ends.clear();
    let (words, tail) = text.as_chunks::<WORD>();
    // Room for the two that are written whether they are there or not.
    let mut room = [0_u32; ROOM];
    let mut count = 0;
    for (at, word) in words.iter().enumerate() {
        let base = (at * WORD) as u32;
        let (lanes, _) = word.as_chunks::<LANES>();
        let part = |at: usize| u64::from(equal(&lanes[at], b'\n')) << (at * LANES);
        let mut mask = part(0) | part(1) | part(2) | part(3);
        // Lines are mostly longer than half a word.
        for _ in 0..2 {
            room[count % ROOM] = base + mask.trailing_zeros();
            count += usize::from(mask != 0);
            mask &= mask.wrapping_sub(1);
        }
        if mask != 0 || count >= ROOM - 2 {
            ends.extend_from_slice(&room[..count]);
            count = 0;
            while mask != 0 {
                ends.push(base + mask.trailing_zeros());
                mask &= mask - 1;
            }
        }
    }
    ends.extend_from_slice(&room[..count]);
    let base = text.len() - tail.len();
    ends.extend(memchr::memchr_iter(b'\n', tail).map(|at| (base + at) as u32));
}

/// Line ends kept at hand before they are handed on.
const ROOM: usize = 256;

/// Where the first of three bytes stands.
#[inline]
pub(super) fn find_any(text: &[u8], bytes: [u8; 3]) -> Option<usize> {
    let mut from = 0;
    while let Some(lanes) = text.get(from..).and_then(<[u8]>::first_chunk::<LANES>) {
        let found = equal(lanes, bytes[0]) | equal(lanes, bytes[1]) | equal(lanes, bytes[2]);
        if found != 0 {
            return Some(from + found.trailing_zeros() as usize);
        }
        from += LANES;
    }
    text[from..].iter().position(|byte| bytes.contains(byte)).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_are_those_of_a_plain_search(
            text in proptest::collection::vec(proptest::sample::select(b"\n:[ ab\0\xff".to_vec()), 0..600),
            few in proptest::collection::vec(0_usize..5_000, 0..40),
        ) {
            let ends = |text: &[u8]| {
                let mut ends = vec![7];
                line_ends(text, &mut ends);
                ends
            };
            let plain = |text: &[u8]| -> Vec<u32> {
                (0..text.len()).filter(|&at| text[at] == b'\n').map(|at| at as u32).collect()
            };
            prop_assert_eq!(ends(&text), plain(&text));
            let mut long = vec![b'x'; 5_000];
            few.iter().for_each(|&at| long[at] = b'\n');
            prop_assert_eq!(ends(&long), plain(&long));
            for bytes in [*b":[ ", *b"   ", *b"ab\xff"] {
                let first = text.iter().position(|byte| bytes.contains(byte));
                prop_assert_eq!(find_any(&text, bytes), first);
            }
        }
    }
}
