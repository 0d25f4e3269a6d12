//! Where any of many literals stands in a buffer, at more than a gigabyte a second.
//!
//! The text is sampled at every second byte, four bytes at a time. Of every literal two grams of four
//! bytes are chosen, the rarest in logs at an even and at an odd place of it: whichever way the
//! literal falls, exactly one of them is sampled. A small table says whether any literal has the
//! gram; the few that do are compared in full. No literal spans lines and there is no state
//! between buffers, so each byte is looked at once and nothing is allocated but the hits.

use std::collections::BTreeMap;

/// Bits of a gram's hash: 128 KiB of table, of which the lines that a log's own grams fall on stay
/// in the nearer caches. With two thousand grams a look is wrong in two of a hundred; the eight
/// kinds of a byte's bits leave few of those to be looked up.
const HASH_BITS: u32 = 17;
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
    known: Box<[u8]>,
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
            entries.extend(same.iter().map(|&(_, number, offset)| (number, offset)));
        }
        Self { known, slots, entries, literals }
    }

    /// A literal as text.
    pub fn literal(&self, number: usize) -> String {
        String::from_utf8_lossy(&self.literals[number]).into_owned()
    }

    /// Every occurrence of every literal in a text, in no particular order.
    pub fn find(&self, text: &[u8], found: &mut Vec<Found>) {
        let known: &[u8; 1 << HASH_BITS] = (&*self.known).try_into().expect("of that length");
        let mut base = 0;
        while let Some(window) = text.get(base..).and_then(<[u8]>::first_chunk::<STEP_READ>) {
            // Without a branch: eight loads.
            let look = |any, at| any | known[hash(gram(window, at))];
            if (0..STEP).step_by(STRIDE).fold(0, look) != 0 {
                for at in 0..STEP / STRIDE {
                    let gram = gram(window, at * STRIDE);
                    if known[hash(gram)] & kind(gram) != 0 {
                        self.compare(text, (gram, base + at * STRIDE), found);
                    }
                }
            }
            base += STEP;
        }
        for at in (base..(text.len() + 1).saturating_sub(GRAM)).step_by(STRIDE) {
            self.compare(text, (gram(text, at), at), found);
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
        for &(number, offset) in &self.entries[first..first + usize::from(slot.count)] {
            let Some(begin) = at.checked_sub(usize::from(offset)) else { continue };
            let literal = &*self.literals[usize::from(number)];
            let text = &text[begin..];
            // One byte decides most of them without a call.
            if text.first() == literal.first() && text.starts_with(literal) {
                let at = u32::try_from(begin).expect("buffers are small");
                found.push(Found { at, literal: number });
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
