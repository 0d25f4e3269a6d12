//! Where any of many literals stands in a buffer, at more than a gigabyte a second.
//!
//! Of every literal one window of five bytes is chosen, the rarest in logs. The text is then
//! sampled at every second byte, four bytes at a time: whichever way the window falls, one of its
//! two four-byte grams is sampled, exactly once. A small table says whether any literal has the
//! gram; the few that do are compared in full. No literal spans lines and there is no state
//! between buffers, so each byte is looked at once and nothing is allocated but the hits.

/// Bits of a gram's hash: a table of 32 KiB stays in the first-level cache.
const HASH_BITS: u32 = 15;
/// Bytes between two samples.
const STRIDE: usize = 2;
/// Bytes of a gram.
const GRAM: usize = 4;
/// Shortest literal: a window that always holds a sampled gram.
pub(super) const LITERAL_BYTES_MIN: usize = GRAM + STRIDE - 1;
/// Bytes looked at together.
const STEP: usize = 16;

/// Text such as every log is full of: grams in it are poor choices.
const COMMON: &[u8] = b" session opened for user root by (uid=0) session closed for user Started \
Stopped Starting Stopping Finished Reached target systemd[1]: kernel: sshd[ CROND[ pam_unix(sshd:\
session): Accepted password for from port ssh2 connection to server info INFO service: Succeeded. \
daemon network interface address request response thread message process error failed failure \
Failed device state status from the not for and with timeout returned file";

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
    /// Whether any gram has the hash; a byte each, so that a look is one load.
    known: Box<[u8; 1 << HASH_BITS]>,
    /// By gram: its first entry. Sorted, searched only after a hit.
    grams: Vec<(u32, u16, u16)>,
    literals: Vec<Box<[u8]>>,
}

const fn hash(gram: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize
}

fn gram(bytes: &[u8], at: usize) -> u32 {
    let four = bytes[at..at + GRAM].try_into().expect("four bytes");
    u32::from_le_bytes(four)
}

impl Prefilter {
    /// A search for literals of at least [`LITERAL_BYTES_MIN`] bytes; shorter ones are never found.
    pub fn new<'a>(literals: impl Iterator<Item = &'a [u8]>) -> Self {
        let literals: Vec<Box<[u8]>> = literals.map(Box::from).collect();
        let mut known = Box::new([0; 1 << HASH_BITS]);
        let mut grams = Vec::with_capacity(literals.len() * STRIDE);
        for (number, literal) in literals.iter().enumerate() {
            if literal.len() < LITERAL_BYTES_MIN {
                continue;
            }
            let window = (0..=literal.len() - LITERAL_BYTES_MIN)
                .min_by_key(|&from| cost(&literal[from..from + LITERAL_BYTES_MIN]))
                .unwrap_or(0);
            for offset in window..window + STRIDE {
                let gram = gram(literal, offset);
                known[hash(gram)] = 1;
                let number = u16::try_from(number).unwrap_or(u16::MAX);
                grams.push((gram, number, u16::try_from(offset).unwrap_or(u16::MAX)));
            }
        }
        grams.sort_unstable();
        Self { known, grams, literals }
    }

    /// Every occurrence of every literal, in no particular order.
    pub fn find(&self, text: &[u8], found: &mut Vec<Found>) {
        let known = &*self.known;
        let mut base = 0;
        while let Some(window) = text.get(base..base + STEP + GRAM - STRIDE) {
            let window: &[u8; STEP + GRAM - STRIDE] = window.try_into().expect("of that length");
            let mut any = 0;
            let mut at = 0;
            while at < STEP {
                any |= known[hash(gram(window, at))];
                at += STRIDE;
            }
            if any != 0 {
                for at in (0..STEP).step_by(STRIDE) {
                    self.sample(text, base + at, found);
                }
            }
            base += STEP;
        }
        while base + GRAM <= text.len() {
            self.sample(text, base, found);
            base += STRIDE;
        }
    }

    #[inline]
    fn sample(&self, text: &[u8], at: usize, found: &mut Vec<Found>) {
        let gram = gram(text, at);
        if self.known[hash(gram)] != 0 {
            self.confirm(text, at, gram, found);
        }
    }

    fn confirm(&self, text: &[u8], at: usize, gram: u32, found: &mut Vec<Found>) {
        let first = self.grams.partition_point(|entry| entry.0 < gram);
        for &(_, number, offset) in self.grams[first..].iter().take_while(|e| e.0 == gram) {
            let Some(begin) = at.checked_sub(usize::from(offset)) else { continue };
            if text[begin..].starts_with(&self.literals[usize::from(number)]) {
                let at = u32::try_from(begin).expect("buffers are small");
                found.push(Found { at, literal: number });
            }
        }
    }
}

/// How common a window is: small is rare.
fn cost(window: &[u8]) -> u32 {
    let letter = |&byte: &u8| match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 8,
        b'0'..=b'9' => 7,
        b'd' | b'l' | b'c' | b'u' | b'm' | b'p' | b'f' | b':' => 6,
        b'a'..=b'z' => 4,
        b'.' | b'-' | b'_' | b'/' | b'[' | b']' | b'(' | b')' | b'=' => 4,
        _ => 2,
    };
    window
        .windows(GRAM)
        .map(|gram| {
            let often = COMMON.windows(GRAM).filter(|common| *common == gram).count();
            gram.iter().map(letter).sum::<u32>() + 20 * u32::try_from(often).unwrap_or(0)
        })
        .sum()
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
        let literals = ["error", "rrorx", "Killed process ", "aaaaa", "error"];
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
