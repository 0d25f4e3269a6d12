//! Where any of many literals stands in a buffer, at more than a gigabyte a second.
//!
//! The text is sampled at every second byte, four bytes at a time. Of every literal two grams of four
//! bytes are chosen, the rarest in logs at an even and at an odd place of it: whichever way the
//! literal falls, exactly one of them is sampled. Then, dearer step by step and rarer:
//!
//! 1. a table says of every window of sixteen bytes whether any of its eight grams may be one of a
//!    literal: loads only, no branch, as a wrong guess of the processor costs more than a window;
//! 2. of the windows that say yes each gram is looked at by itself, with a second hash;
//! 3. of the grams that remain the literals are found, four more bytes of each are compared, and at
//!    last the whole literal.
//!
//! No literal spans lines and there is no state between buffers, so each byte is looked at once and
//! nothing is allocated but the hits. The choice of grams rests on `common.txt`: it changes the
//! cost, never what is found. A stride of four (with a search of its own for short literals),
//! hashes by vector and other tables of 2^15 to 2^19 bytes were measured and are not faster.

use std::collections::BTreeMap;

/// Bits of a gram's hash: 256 KiB of table, of which the lines that a log's own grams fall on stay
/// in the nearer caches. With two thousand grams a look is wrong in two of a hundred; the eight
/// kinds of a byte's bits leave few of those to be looked up.
const HASH_BITS: u32 = 18;
/// Bytes between two samples.
const STRIDE: usize = 2;
/// Bytes of a gram.
const GRAM: usize = 4;
/// Shortest literal: one with a gram at an odd place.
pub(super) const LITERAL_BYTES_MIN: usize = GRAM + STRIDE - 1;
/// Bytes looked at together.
const STEP: usize = 16;
/// Those and the end of the last gram among them.
const STEP_READ: usize = STEP + GRAM - STRIDE;
/// Windows of that size looked at before those with a gram are.
const BATCH: usize = 64;

/// Words and phrases such as every log is full of: grams in them are poor choices. Gathered from
/// what hosts in good health write; other words cost time only.
const COMMON: &[u8] = include_bytes!("common.txt");

/// A literal that stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Where it begins.
    pub at: u32,
    /// Its number.
    pub literal: u16,
}

/// The search for a list of literals.
pub(super) struct Prefilter {
    /// For each hash the kinds of the grams that have it, a bit each.
    known: Box<[u8]>,
    /// Where a gram's entries begin, and how many there are: open addressing, none when 0.
    slots: Vec<Slot>,
    /// Of every gram one after the other.
    entries: Vec<Entry>,
    literals: Vec<Box<[u8]>>,
}

/// A literal that has a gram.
struct Entry {
    literal: u16,
    /// Where the gram stands in it.
    offset: u16,
    /// Four bytes at its other end, and where they stand: they decide most without a look at the
    /// literal itself, which lies far away.
    end: u32,
    end_offset: u16,
}

/// How many windows were looked at, and how many of them hold a gram.
struct Windows {
    all: usize,
    hot: usize,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    gram: u32,
    first: u16,
    count: u16,
}

#[inline]
const fn hash(gram: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (u32::BITS - HASH_BITS)) as usize
}

/// Which bit of a byte stands for a gram.
#[inline]
const fn kind(gram: u32) -> u8 {
    1 << (gram.wrapping_mul(0x85EB_CA77) >> 29)
}

#[inline]
fn gram(bytes: &[u8], at: usize) -> u32 {
    let four = bytes[at..at + GRAM].try_into().expect("four bytes");
    u32::from_le_bytes(four)
}

impl Prefilter {
    /// A search for literals of at least [`LITERAL_BYTES_MIN`] bytes; shorter ones are never found.
    pub fn new<'a>(literals: impl Iterator<Item = &'a [u8]>) -> Self {
        let literals: Vec<Box<[u8]>> = literals.map(Box::from).collect();
        let mut common = BTreeMap::new();
        COMMON.windows(GRAM).for_each(|gram| *common.entry(gram).or_default() += 1);
        let mut grams: Vec<(u32, u16, u16)> = Vec::with_capacity(literals.len() * STRIDE);
        for (number, literal) in literals.iter().enumerate() {
            if literal.len() < LITERAL_BYTES_MIN {
                continue;
            }
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            for at in places(literal, &common) {
                grams.push((gram(literal, at), number, u16::try_from(at).unwrap_or(u16::MAX)));
            }
        }
        grams.sort_unstable();
        let mut known = vec![0; 1 << HASH_BITS].into_boxed_slice();
        let mut slots = vec![Slot::default(); (grams.len() * 2).next_power_of_two().max(2)];
        let mut entries = Vec::with_capacity(grams.len());
        for same in grams.chunk_by(|a, b| a.0 == b.0) {
            let gram = same[0].0;
            known[hash(gram)] |= kind(gram);
            let first = u16::try_from(entries.len()).unwrap_or(u16::MAX);
            let count = u16::try_from(same.len()).unwrap_or(u16::MAX);
            let mut place = hash(gram) & (slots.len() - 1);
            while slots[place].count > 0 {
                place = (place + 1) & (slots.len() - 1);
            }
            slots[place] = Slot { gram, first, count };
            entries.extend(same.iter().map(|&(_, number, offset)| {
                let literal = &literals[usize::from(number)];
                let last = literal.len() - GRAM;
                let end = if usize::from(offset) * 2 < last { last } else { 0 };
                let end_offset = u16::try_from(end).unwrap_or(u16::MAX);
                Entry { literal: number, offset, end: self::gram(literal, end), end_offset }
            }));
        }
        Self { known, slots, entries, literals }
    }

    /// A literal as text.
    pub fn literal(&self, number: usize) -> String {
        String::from_utf8_lossy(&self.literals[number]).into_owned()
    }

    /// Every occurrence of every literal in a text, in no particular order.
    pub fn find(&self, text: &[u8], found: &mut Vec<Found>) {
        let mut base = 0;
        let mut hot = [0; BATCH];
        while text.len() - base >= STEP_READ {
            let count = self.windows(&text[base..], &mut hot);
            for &at in &hot[..count.hot] {
                self.window(text, base + at as usize, found);
            }
            base += count.all * STEP;
        }
        for at in (base..(text.len() + 1).saturating_sub(GRAM)).step_by(STRIDE) {
            self.compare(text, (gram(text, at), at), found);
        }
    }

    /// Which of the next windows hold a gram of the table, by one look each and no branch.
    #[inline(never)]
    fn windows(&self, text: &[u8], hot: &mut [u32; BATCH]) -> Windows {
        let known: &[u8; 1 << HASH_BITS] = (&*self.known).try_into().expect("of that length");
        let mut count = Windows { all: 0, hot: 0 };
        let mut at = 0;
        while let Some(window) = text.get(at..).and_then(<[u8]>::first_chunk::<STEP_READ>) {
            let look = |any, at| any | known[hash(gram(window, at))];
            let any = (0..STEP).step_by(STRIDE).fold(0, look);
            hot[count.hot % BATCH] = at as u32;
            count.hot += usize::from(any != 0);
            at += STEP;
            if at == BATCH * STEP {
                break;
            }
        }
        count.all = at / STEP;
        count
    }

    /// Adds the literals whose grams stand in one window.
    fn window(&self, text: &[u8], base: usize, found: &mut Vec<Found>) {
        let Some(window) = text[base..].first_chunk::<STEP_READ>() else { return };
        let mut mask = 0_u32;
        for at in 0..STEP / STRIDE {
            let gram = gram(window, at * STRIDE);
            mask |= u32::from(self.known[hash(gram)] & kind(gram) != 0) << at;
        }
        while mask != 0 {
            let at = mask.trailing_zeros() as usize * STRIDE;
            mask &= mask - 1;
            self.compare(text, (gram(window, at), base + at), found);
        }
    }

    /// Adds the literals of a gram that stand there in full.
    #[inline(never)]
    fn compare(&self, text: &[u8], (gram, at): (u32, usize), found: &mut Vec<Found>) {
        let mut place = hash(gram) & (self.slots.len() - 1);
        let slot = loop {
            let slot = self.slots[place];
            if slot.count == 0 {
                return;
            }
            if slot.gram == gram {
                break slot;
            }
            place = (place + 1) & (self.slots.len() - 1);
        };
        let first = usize::from(slot.first);
        for entry in &self.entries[first..first + usize::from(slot.count)] {
            let Some(begin) = at.checked_sub(usize::from(entry.offset)) else { continue };
            let text = &text[begin..];
            let end = text.get(usize::from(entry.end_offset)..).and_then(<[u8]>::first_chunk);
            if end.is_some_and(|end| u32::from_le_bytes(*end) == entry.end)
                && text.starts_with(&self.literals[usize::from(entry.literal)])
            {
                let at = u32::try_from(begin).expect("buffers are small");
                found.push(Found { at, literal: entry.literal });
            }
        }
    }
}

/// Where the grams of a literal stand in it that are looked for: the rarest of those at an even
/// place, and of those at an odd one.
fn places(literal: &[u8], common: &BTreeMap<&[u8], u32>) -> [usize; STRIDE] {
    let cost = |&at: &usize| cost(&literal[at..at + GRAM], common);
    std::array::from_fn(|first| {
        (first..=literal.len() - GRAM).step_by(STRIDE).min_by_key(cost).unwrap_or(first)
    })
}

/// How common a gram is: small is rare.
fn cost(gram: &[u8], common: &BTreeMap<&[u8], u32>) -> u32 {
    let letter = |&byte: &u8| match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 8,
        b'0'..=b'9' => 7,
        b'd' | b'l' | b'c' | b'u' | b'm' | b'p' | b'f' | b':' => 6,
        b'a'..=b'z' | b'.' | b'-' | b'_' | b'/' | b'[' | b']' | b'(' | b')' | b'=' => 4,
        _ => 2,
    };
    gram.iter().map(letter).sum::<u32>() + 60 * common.get(gram).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a plain search finds.
    fn naive(literals: &[&str], text: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        for (number, literal) in literals.iter().enumerate() {
            for at in 0..text.len() {
                if text[at..].starts_with(literal.as_bytes()) {
                    found.push(Found { at: at as u32, literal: number as u16 });
                }
            }
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn every_occurrence_is_found_once_wherever_it_stands() {
        let literals = [
            "error",
            "rrorx",
            "Killed process ",
            "aaaaa",
            "error",
            "errorx",
            "aerorx",
            "orerrox",
            "xerorarx",
            "raeoxorea",
            "Killed",
        ];
        let filter = Prefilter::new(literals.iter().map(|literal| literal.as_bytes()));
        let check = |text: &[u8]| {
            let mut found = Vec::new();
            filter.find(text, &mut found);
            found.sort_unstable();
            assert_eq!(found, naive(&literals, text), "{}", text.escape_ascii());
        };
        for pad in 0..40 {
            for text in ["error", "errorx", "Killed process 1", "aaaaaaaaaaa", "Killed proces", ""]
            {
                check(format!("{}{text}", "-".repeat(pad)).as_bytes());
                check(format!("{}{text}{}", "-".repeat(pad), "e".repeat(pad)).as_bytes());
            }
        }
        // Pseudo-random text over a small alphabet, full of near misses.
        let mut state = 7_u32;
        let mut text = Vec::new();
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push(b"aerox\xff\0\n"[(state >> 24) as usize % 8]);
        }
        check(&text);
    }
}
