//! Who writes how much, from when to when, on how many days.
//!
//! Looked up for every line, so a small table of the last names spares the map most of the time.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Programs counted by name; more are counted together.
const PROGRAMS_MAX: usize = 1_000;
/// Programs told: those with most lines.
const PROGRAMS_TOLD: usize = 150;
/// Programs told as the busiest (the older, shorter list).
const TOP_TOLD: usize = 20;
/// Longest program name, in bytes; a longer one is none.
const NAME_BYTES_MAX: usize = 64;
/// Slots of the table of the last names.
const SLOTS: usize = 256;

/// All programs.
pub(super) struct Programs {
    index: BTreeMap<Box<[u8]>, u16>,
    list: Vec<Program>,
    slots: Box<[(Key, u16); SLOTS]>,
    others: u64,
}

struct Program {
    name: Box<[u8]>,
    lines: u64,
    span: Option<(i64, i64)>,
    days: u32,
    last_day: i32,
}

impl Programs {
    pub fn new() -> Self {
        let slots = Box::new([(Key::default(), u16::MAX); SLOTS]);
        Self { index: BTreeMap::new(), list: Vec::new(), slots, others: 0 }
    }

    /// One line of a program at a time, on a day of the host's zone.
    #[inline]
    pub fn add(&mut self, (name, key): (&[u8], Key), at: Option<i64>, day: i32) {
        if name.is_empty() {
            return;
        }
        let Some(index) = self.find(name, key) else {
            self.others += 1;
            return;
        };
        let program = &mut self.list[usize::from(index)];
        program.lines += 1;
        if at.is_some() {
            program.span = super::span::widen(program.span, at);
            // Logs are in order, so that a day that comes back is rare and harmless.
            if program.last_day != day {
                program.last_day = day;
                program.days += 1;
            }
        }
    }

    #[inline]
    fn find(&mut self, name: &[u8], key: Key) -> Option<u16> {
        let slot = key.slot();
        let (known, index) = self.slots[slot];
        if known == key
            && self
                .list
                .get(usize::from(index))
                .is_some_and(|program| name.len() <= Key::WHOLE_BYTES_MAX || *program.name == *name)
        {
            return Some(index);
        }
        let index = self.intern(name)?;
        self.slots[slot] = (key, index);
        Some(index)
    }

    fn intern(&mut self, name: &[u8]) -> Option<u16> {
        if let Some(&index) = self.index.get(name) {
            return Some(index);
        }
        if self.list.len() >= PROGRAMS_MAX || name.len() > NAME_BYTES_MAX {
            return None;
        }
        let index = u16::try_from(self.list.len()).ok()?;
        self.index.insert(name.into(), index);
        let name = name.into();
        self.list.push(Program { name, lines: 0, span: None, days: 0, last_day: i32::MIN });
        Some(index)
    }

    /// The busiest by name and lines, and all that are told with their spans.
    pub fn into_json(mut self) -> (Vec<Value>, Vec<Value>) {
        self.list.sort_by(|a, b| (Reverse(a.lines), &a.name).cmp(&(Reverse(b.lines), &b.name)));
        let name = |program: &Program| String::from_utf8_lossy(&program.name).into_owned();
        let top = self.list.iter().take(TOP_TOLD);
        let top = top.map(|one| json!({ "name": name(one), "lines": one.lines })).collect();
        let all = self.list.iter().take(PROGRAMS_TOLD).map(|one| {
            json!({
                "name": name(one), "lines": one.lines, "days": one.days,
                "first": one.span.map(|span| span.0), "last": one.span.map(|span| span.1),
            })
        });
        (top, all.collect())
    }
}

/// The first bytes of a name and its length: compared without a loop, as names are of any length
/// and the processor would guess wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Key {
    first: u128,
    length: usize,
}

impl Key {
    /// A name so long is in its key whole.
    const WHOLE_BYTES_MAX: usize = 16;

    /// Of the name with which a text begins: what follows it makes the look a short one.
    #[inline]
    pub fn of(text: &[u8], length: usize) -> Self {
        let count = length.min(Self::WHOLE_BYTES_MAX);
        let first = match text.first_chunk() {
            Some(sixteen) => u128::from_le_bytes(*sixteen) & MASKS[count],
            None => text[..count].iter().rev().fold(0, |key, &byte| key << 8 | u128::from(byte)),
        };
        Self { first, length }
    }

    #[inline]
    fn slot(self) -> usize {
        let mixed = self.first as u64 ^ ((self.first >> 64) as u64).rotate_left(29);
        let mixed = mixed ^ self.length as u64;
        (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - SLOTS.ilog2())) as usize
    }
}

/// So many bytes of sixteen.
const MASKS: [u128; Key::WHOLE_BYTES_MAX + 1] = {
    let mut masks = [0; Key::WHOLE_BYTES_MAX + 1];
    let mut count = 1;
    while count < masks.len() {
        masks[count] = masks[count - 1] << 8 | 0xff;
        count += 1;
    }
    masks
};

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(name: &str) -> (&[u8], Key) {
        (name.as_bytes(), Key::of(name.as_bytes(), name.len()))
    }

    #[test]
    fn a_key_is_that_of_its_name_whatever_follows() {
        let long = "a-name-longer-than-sixteen-bytes";
        for length in 0..=long.len() {
            let name = &long[..length];
            for after in ["", ":", "[1234]: and a message of some length"] {
                let text = format!("{name}{after}");
                assert_eq!(Key::of(text.as_bytes(), length), keyed(name).1, "{text}");
            }
        }
    }

    #[test]
    fn names_alike_at_their_beginning_are_told_apart() {
        let mut programs = Programs::new();
        for (day, name) in ["postfix/smtpd", "postfix/smtp", "postfix/smtpd", ""].iter().enumerate()
        {
            programs.add(keyed(name), Some(day as i64 * 86_400), day as i32);
        }
        let (top, all) = programs.into_json();
        let expected = [
            json!({"name": "postfix/smtpd", "lines": 2}),
            json!({"name": "postfix/smtp", "lines": 1}),
        ];
        assert_eq!(top, expected);
        assert_eq!(all[0]["days"], 2);
        assert_eq!((&all[0]["first"], &all[0]["last"]), (&json!(0), &json!(172_800)));
    }

    #[test]
    fn a_flood_of_names_stays_bounded() {
        let mut programs = Programs::new();
        for n in 0..5_000 {
            programs.add(keyed(&format!("p{n}")), None, 0);
        }
        assert_eq!(programs.list.len(), PROGRAMS_MAX);
        assert_eq!(programs.others, 4_000);
        assert_eq!(programs.into_json().1.len(), PROGRAMS_TOLD);
    }
}
