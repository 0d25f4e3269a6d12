//! Where any of many literals stands in a buffer, at more than a gigabyte a second.
//!
//! Of every literal one window of five bytes is chosen, the rarest in logs. The text is then
//! sampled at every second byte, four bytes at a time: whichever way the window falls, one of its
//! two four-byte grams is sampled, exactly once. A small table says whether any literal has the
//! gram; the few that do are compared in full. No literal spans lines and there is no state
//! between buffers, so each byte is looked at once and nothing is allocated but the hits.

use std::collections::BTreeSet;
use std::ops::Range;

/// Hashes of a gram: 64 KiB of table, of which the lines that a log's own grams fall on stay in
/// the first-level cache. With two thousand grams a look is wrong in two of a hundred; the eight
/// kinds of a byte's bits leave few of those to be looked up.
const HASHES: usize = 1 << 16;
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
session): Accepted password publickey for from port ssh2 connection to server connected info INFO \
service: Succeeded. Deactivated successfully. daemon network interface address request response \
thread message process processing error errors failed failure Failed device state status changed \
from the not for and with timeout returned file journal internal external command open opened \
source resource guest host unknown known user users changed change new lease dhcp4 dhclient bound \
renewal in seconds loading loaded load reloading complete completed received disconnect \
disconnected by client accepted in order action suspended resumed message repeated times internal \
controller memory cpu disk usage total free used available running started starting created \
removed update updated install installed package version configuration config key certificate \
login logout authentication authorization group database query table transaction commit rollback \
application main thread pool worker manager listener handler connection closed reset detected \
activated activation enabled disabled registered initialized link is up ready NetworkManager \
postfix/smtpd relay delay status=sent removed queue active root CMD /usr/lib64/ /usr/bin/ /var/log/ \
type=USER_ msg=audit( pid= uid=0 auid= ses= subj=system_u:system_r: exe= hostname=? addr=? \
terminal=? res=success com.example. java.util. org.apache. http-nio-8080-exec- WARN DEBUG ERROR";

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
    known: Box<[u8; HASHES]>,
    /// Where a gram's entries begin, and how many there are: open addressing, none when 0.
    slots: Vec<Slot>,
    /// Of every gram one after the other: a literal's number, and where the gram stands in it.
    entries: Vec<(u16, u16)>,
    literals: Vec<Box<[u8]>>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    gram: u32,
    first: u16,
    count: u16,
}

/// Of two halves, so that eight of them are reckoned at once on any processor.
#[inline]
const fn hash(low: u16, high: u16) -> u16 {
    low.wrapping_mul(LOW_FACTOR) ^ high.wrapping_mul(HIGH_FACTOR)
}

const LOW_FACTOR: u16 = 0x9E35;
const HIGH_FACTOR: u16 = 0x79B1;

/// The hashes of a step's samples.
#[inline]
fn hashes(window: &[u8; STEP + GRAM - STRIDE]) -> [u16; STEP / STRIDE] {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE2 is part of every x86-64, and nothing here touches memory but through slices.
    return unsafe { hashes_at_once(window) };
    #[cfg(not(target_arch = "x86_64"))]
    hashes_one_by_one(window)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn hashes_at_once(window: &[u8; STEP + GRAM - STRIDE]) -> [u16; STEP / STRIDE] {
    use std::arch::x86_64 as x86;
    let eight = |at: usize| i64::from_le_bytes(window[at..at + 8].try_into().expect("eight bytes"));
    let (low, high) =
        (x86::_mm_set_epi64x(eight(8), eight(0)), x86::_mm_set_epi64x(eight(10), eight(2)));
    let low = x86::_mm_mullo_epi16(low, x86::_mm_set1_epi16(LOW_FACTOR.cast_signed()));
    let high = x86::_mm_mullo_epi16(high, x86::_mm_set1_epi16(HIGH_FACTOR.cast_signed()));
    let mixed = x86::_mm_xor_si128(low, high);
    let halves = [
        x86::_mm_cvtsi128_si64(mixed).cast_unsigned(),
        x86::_mm_cvtsi128_si64(x86::_mm_unpackhi_epi64(mixed, mixed)).cast_unsigned(),
    ];
    std::array::from_fn(|at| (halves[at / 4] >> (16 * (at % 4))) as u16)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn hashes_one_by_one(window: &[u8; STEP + GRAM - STRIDE]) -> [u16; STEP / STRIDE] {
    let half = |at| u16::from_le_bytes([window[at], window[at + 1]]);
    std::array::from_fn(|at| hash(half(STRIDE * at), half(STRIDE * at + 2)))
}

#[inline]
const fn hash_of(gram: u32) -> usize {
    let [a, b, c, d] = gram.to_le_bytes();
    hash(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])) as usize
}

/// Which bit of a byte stands for a gram.
#[inline]
const fn kind(gram: u32) -> u8 {
    1 << (gram.wrapping_mul(0x9E37_79B1) >> 29)
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
        let common: BTreeSet<&[u8]> = COMMON.windows(GRAM).collect();
        let mut grams: Vec<(u32, u16, u16)> = Vec::with_capacity(literals.len() * STRIDE);
        for (number, literal) in literals.iter().enumerate() {
            if literal.len() < LITERAL_BYTES_MIN {
                continue;
            }
            let window = (0..=literal.len() - LITERAL_BYTES_MIN)
                .min_by_key(|&from| cost(&literal[from..from + LITERAL_BYTES_MIN], &common))
                .unwrap_or(0);
            for offset in window..window + STRIDE {
                let number = u16::try_from(number).unwrap_or(u16::MAX);
                let offset_16 = u16::try_from(offset).unwrap_or(u16::MAX);
                grams.push((gram(literal, offset), number, offset_16));
            }
        }
        grams.sort_unstable();
        let mut known = Box::new([0; HASHES]);
        let mut slots = vec![Slot::default(); (grams.len() * 2).next_power_of_two().max(2)];
        let mut entries = Vec::with_capacity(grams.len());
        for same in grams.chunk_by(|a, b| a.0 == b.0) {
            let gram = same[0].0;
            known[hash_of(gram)] |= kind(gram);
            let first = u16::try_from(entries.len()).unwrap_or(u16::MAX);
            let count = u16::try_from(same.len()).unwrap_or(u16::MAX);
            let mut place = hash_of(gram) & (slots.len() - 1);
            while slots[place].count > 0 {
                place = (place + 1) & (slots.len() - 1);
            }
            slots[place] = Slot { gram, first, count };
            entries.extend(same.iter().map(|&(_, number, offset)| (number, offset)));
        }
        Self { known, slots, entries, literals }
    }

    /// A literal as text.
    pub fn literal(&self, number: usize) -> String {
        String::from_utf8_lossy(&self.literals[number]).into_owned()
    }

    /// Every occurrence of every literal in a part of a text, in no particular order; where it
    /// begins is told from the beginning of the text. Bytes after the part are looked at, so that
    /// most parts need no smaller steps at their end, but never count.
    #[inline]
    pub fn find(&self, text: &[u8], part: Range<usize>, found: &mut Vec<Found>) {
        let (mut base, end) = (part.start, part.end.min(text.len()));
        while base + GRAM <= end {
            let Some(window) = text.get(base..base + STEP + GRAM - STRIDE) else {
                return self.last_bytes(text, (base, part.start..end), found);
            };
            let window: &[u8; STEP + GRAM - STRIDE] = window.try_into().expect("of that length");
            if self.any(window) {
                for at in (base..base + STEP).step_by(STRIDE) {
                    self.confirm(text, at, part.start..end, found);
                }
            }
            base += STEP;
        }
    }

    /// Whether any sample of a step may be of a literal. Without a branch: eight hashes at once,
    /// eight loads.
    #[inline]
    fn any(&self, window: &[u8; STEP + GRAM - STRIDE]) -> bool {
        let hashes = hashes(window);
        hashes.iter().fold(0, |any, &hash| any | self.known[usize::from(hash)]) != 0
    }

    /// The last bytes of a text, from the sample at `base` on.
    fn last_bytes(
        &self,
        text: &[u8],
        (mut base, part): (usize, Range<usize>),
        found: &mut Vec<Found>,
    ) {
        while base + GRAM <= part.end {
            self.confirm(text, base, part.clone(), found);
            base += STRIDE;
        }
    }

    #[inline]
    fn confirm(&self, text: &[u8], at: usize, part: Range<usize>, found: &mut Vec<Found>) {
        let gram = gram(text, at);
        if self.known[hash_of(gram)] & kind(gram) != 0 {
            self.compare(text, (gram, at), part, found);
        }
    }

    /// Adds the literals of a gram that stand there in full.
    #[inline(never)]
    fn compare(
        &self,
        text: &[u8],
        (gram, at): (u32, usize),
        part: Range<usize>,
        found: &mut Vec<Found>,
    ) {
        let mut place = hash_of(gram) & (self.slots.len() - 1);
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
        for &(number, offset) in &self.entries[first..first + usize::from(slot.count)] {
            let Some(begin) = at.checked_sub(usize::from(offset)) else { continue };
            let literal = &*self.literals[usize::from(number)];
            let Some(text) = text.get(begin..part.end).filter(|_| begin >= part.start) else {
                continue;
            };
            // One byte decides most of them without a call.
            if text.first() == literal.first() && text.starts_with(literal) {
                let at = u32::try_from(begin).expect("buffers are small");
                found.push(Found { at, literal: number });
            }
        }
    }
}

/// How common a window is: small is rare.
fn cost(window: &[u8], common: &BTreeSet<&[u8]>) -> u32 {
    let letter = |&byte: &u8| match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 8,
        b'0'..=b'9' => 7,
        b'd' | b'l' | b'c' | b'u' | b'm' | b'p' | b'f' | b':' => 6,
        b'a'..=b'z' | b'.' | b'-' | b'_' | b'/' | b'[' | b']' | b'(' | b')' | b'=' => 4,
        _ => 2,
    };
    window
        .windows(GRAM)
        .map(|gram| {
            gram.iter().map(letter).sum::<u32>() + if common.contains(gram) { 60 } else { 0 }
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
    fn eight_hashes_at_once_are_those_of_each_gram() {
        for seed in 0..=u8::MAX {
            let window = std::array::from_fn(|at| (usize::from(seed) * 31 + at * 57) as u8);
            let grams = (0..STEP).step_by(STRIDE).map(|at| hash_of(gram(&window, at)) as u16);
            assert!(grams.eq(hashes(&window)));
            assert_eq!(hashes(&window), hashes_one_by_one(&window));
        }
    }

    #[test]
    fn every_occurrence_is_found_once_wherever_it_stands() {
        let literals = ["error", "rrorx", "Killed process ", "aaaaa", "error"];
        let filter = Prefilter::new(literals.iter().map(|literal| literal.as_bytes()));
        let check = |text: &[u8]| {
            let mut found = Vec::new();
            filter.find(text, 0..text.len(), &mut found);
            found.sort_unstable();
            assert_eq!(found, naive(&literals, text), "{}", text.escape_ascii());
            // A part of a text is as a text of its own.
            for (start, end) in [(0, text.len() / 2), (1, text.len()), (7, text.len().max(3) - 3)] {
                let Some(part) = text.get(start..end) else { continue };
                found.clear();
                filter.find(text, start..end, &mut found);
                found.sort_unstable();
                let mut expected = naive(&literals, part);
                expected.iter_mut().for_each(|hit| hit.at += start as u32);
                assert_eq!(found, expected, "{start}..{end} of {}", text.escape_ascii());
            }
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
