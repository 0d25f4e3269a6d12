//! Unknown faults, grouped by what stays the same in them (after Drain, He et al., ICWS 2017).
//!
//! A message becomes words; words that carry a value (digits, paths, quoted text, the right side of
//! `key=value`) become `<*>`. Messages of one program with as many words and the same first one
//! are compared; when at least half of the words agree they are one group and the rest become
//! `<*>` too. Bounded, and the same lines in the same order give the same groups.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

/// Groups kept; more are counted together.
const TEMPLATES_MAX: usize = 400;
/// Groups that leave the host: those with most lines.
const TEMPLATES_TOLD: usize = 100;
/// Groups of one branch of the tree.
const BRANCH_MAX: usize = 16;
/// Words looked at; the rest of a message is one `<*>`.
const WORDS_MAX: usize = 24;
/// Longest word kept; a longer one is a value.
const WORD_BYTES_MAX: usize = 40;
/// Bytes of a message looked at.
const MESSAGE_BYTES_MAX: usize = 400;
/// Part of the words that must agree, in percent (Drain's usual similarity of 0.5).
const ALIKE_PCT: usize = 50;

const VALUE: &str = "<*>";

/// The groups.
#[derive(Default)]
pub(super) struct Templates {
    /// Number of words, first word and program (see [`branch`]) → groups.
    tree: BTreeMap<String, Vec<usize>>,
    /// The last branch asked for.
    key: String,
    groups: Vec<Group>,
    /// Lines that found no room.
    dropped: u64,
}

struct Group {
    program: String,
    words: Vec<String>,
    count: u64,
    span: Option<(i64, i64)>,
}

impl Templates {
    /// Counts one message.
    pub fn add(&mut self, program: &[u8], message: &[u8], at: Option<i64>) {
        let program = String::from_utf8_lossy(program);
        let program = head(&program, WORD_BYTES_MAX);
        let message = &message[..message.len().min(MESSAGE_BYTES_MAX)];
        let text = String::from_utf8_lossy(message);
        let words = words(&text);
        let Some(first) = words.first() else { return };
        branch(&mut self.key, (words.len(), first, program));
        let branch = self.tree.get(&self.key).map_or(&[][..], Vec::as_slice);
        let alike = |group: &usize| {
            let group = &self.groups[*group].words;
            let same = group.iter().zip(&words).filter(|(a, b)| a == b).count();
            (same, same * 100 >= words.len() * ALIKE_PCT)
        };
        let best = branch
            .iter()
            .map(|group| (alike(group), *group))
            .filter(|((_, enough), _)| *enough)
            // The first of the best, so that order alone decides.
            .max_by_key(|&((same, _), group)| (same, std::cmp::Reverse(group)));
        if let Some((_, index)) = best {
            let group = &mut self.groups[index];
            for (kept, word) in group.words.iter_mut().zip(words) {
                if *kept != *word {
                    VALUE.clone_into(kept);
                }
            }
            group.count += 1;
            group.span = super::span::widen(group.span, at);
        } else if self.groups.len() < TEMPLATES_MAX && branch.len() < BRANCH_MAX {
            let span = at.map(|at| (at, at));
            let words = words.into_iter().map(Cow::into_owned).collect();
            self.groups.push(Group { program: program.to_owned(), words, count: 1, span });
            self.tree.entry(self.key.clone()).or_default().push(self.groups.len() - 1);
        } else {
            self.dropped += 1;
        }
    }

    /// The groups with most lines, and how many lines are told of no group.
    pub fn into_json(self) -> (Vec<Value>, u64) {
        let mut groups = self.groups;
        let order = |g: &Group| (std::cmp::Reverse(g.count), g.program.clone(), g.words.clone());
        groups.sort_by_cached_key(order);
        let untold = groups.iter().skip(TEMPLATES_TOLD).map(|group| group.count).sum::<u64>();
        let told = groups.into_iter().take(TEMPLATES_TOLD).map(|group| {
            json!({
                "program": group.program,
                "template": group.words.join(" "),
                "count": group.count,
                "first": group.span.map(|span| span.0),
                "last": group.span.map(|span| span.1),
            })
        });
        (told.collect(), self.dropped + untold)
    }
}

/// The key of a branch; a word holds no control character, so that none is another's.
fn branch(key: &mut String, (count, first, program): (usize, &str, &str)) {
    key.clear();
    let _ = write!(key, "{count}\0{first}\0{program}");
}

/// The first characters of a text.
fn head(text: &str, chars_max: usize) -> &str {
    text.char_indices().nth(chars_max).map_or(text, |(end, _)| &text[..end])
}

/// A message as words, values made `<*>`; runs of values are one.
fn words(text: &str) -> Vec<Cow<'_, str>> {
    let mut words: Vec<Cow<'_, str>> = Vec::with_capacity(WORDS_MAX + 1);
    let mut quoted = false;
    for word in text.split_ascii_whitespace() {
        let quotes = word.bytes().filter(|&b| matches!(b, b'"' | b'`')).count();
        let inside = quoted || quotes > 0;
        quoted ^= quotes % 2 == 1;
        let word = if inside { VALUE.into() } else { masked(word) };
        if words.len() == WORDS_MAX {
            if words.last().is_some_and(|last| last != VALUE) {
                words.push(VALUE.into());
            }
            break;
        }
        if word != VALUE || words.last().is_none_or(|last| last != VALUE) {
            words.push(word);
        }
    }
    words
}

/// A word as it is, or without its value.
fn masked(word: &str) -> Cow<'_, str> {
    let bare =
        word.trim_matches([',', '.', ';', ':', '(', ')', '[', ']', '{', '}', '\'', '<', '>']);
    if let Some((key, value)) = bare.split_once('=')
        && !value.is_empty()
        && plain(key)
    {
        return format!("{key}={VALUE}").into();
    }
    if plain(bare) { word.into() } else { VALUE.into() }
}

/// Whether a word says what rather than which: letters and little else.
fn plain(word: &str) -> bool {
    let value = |c: char| {
        c.is_ascii_digit() || c.is_control() || matches!(c, '/' | '\\' | '@' | '\'' | '\u{fffd}')
    };
    word.len() <= WORD_BYTES_MAX && !word.contains(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], expected: &[(&str, u64)]) {
        let mut templates = Templates::default();
        for (at, line) in lines.iter().enumerate() {
            templates.add(b"app", line.as_bytes(), i64::try_from(at).ok());
        }
        let (told, dropped) = templates.into_json();
        let seen: Vec<(&str, u64)> = told
            .iter()
            .map(|one| (one["template"].as_str().unwrap(), one["count"].as_u64().unwrap()))
            .collect();
        assert_eq!((seen.as_slice(), dropped), (expected, 0));
    }

    #[test]
    fn lines_that_differ_in_values_are_one_group() {
        check(
            &[
                "error: cannot open /var/lib/a.db for user kim: code 17",
                "error: cannot open /srv/b.db for user lee: code 2",
            ],
            &[("error: cannot open <*> for user <*> code <*>", 2)],
        );
        check(
            &["ERROR id=17 state=bad", "ERROR id=18 state=worse"],
            &[("ERROR id=<*> state=<*>", 2)],
        );
        check(&["failed: \"select a from b\" now"], &[("failed: <*> now", 1)]);
        check(&["disk error", "network failed"], &[("disk error", 1), ("network failed", 1)]);
        check(&["", "   "], &[]);
    }

    #[test]
    fn whatever_comes_the_groups_stay_bounded() {
        let mut templates = Templates::default();
        let letters = |mut n: u32| {
            let mut word = String::new();
            for _ in 0..4 {
                word.push(char::from(b'a' + (n % 26) as u8));
                n /= 26;
            }
            word
        };
        for n in 0..5_000 {
            templates.add(
                b"app",
                format!("{} error {}", letters(n), letters(n * 7)).as_bytes(),
                None,
            );
        }
        templates.add(b"\xff\xfe", &[0xff; 5000], None);
        assert!(templates.groups.len() <= TEMPLATES_MAX);
        let counted: u64 = templates.groups.iter().map(|g| g.count).sum();
        assert_eq!(counted + templates.dropped, 5_001);
        let (told, untold) = templates.into_json();
        assert_eq!(told.len(), TEMPLATES_TOLD);
        let told: u64 = told.iter().map(|one| one["count"].as_u64().unwrap()).sum();
        assert_eq!(told + untold, 5_001);
    }
}
