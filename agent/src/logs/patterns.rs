//! The patterns made ready to search: one look for all literals, then the expressions of those
//! whose literal was seen.
//!
//! A pattern's expression is built when a literal of it is first seen: most never are. The same
//! look finds the words by which an unknown fault is known.

use std::sync::OnceLock;

use carepack_shared::patterns::{Pattern, Priority, embedded};
use regex::bytes::{Regex, RegexBuilder};

use super::prefilter::{Found, LITERAL_BYTES_MIN, Prefilter};

/// Bound on the memory of one lazily built automaton; past it, it starts afresh.
const DFA_BYTES_MAX: usize = 64 * 1024;
/// Bound on one compiled expression, as packs are checked by.
const REGEX_BYTES_MAX: usize = 512 * 1024;

/// Words that make a line one of a fault even where no pattern knows it.
const FAULT_WORDS: [&str; 20] = [
    "error", "Error", "ERROR", "failed", "Failed", "FAILED", "failure", "Failure", "FAILURE",
    "panic", "Panic", "PANIC", "fatal", "Fatal", "FATAL", "SEVERE", "CRITICAL", "critical",
    "xception", "corrupt",
];

/// One pattern, ready.
pub(super) struct Ready {
    pub id: String,
    pub priority: Priority,
    program: Vec<String>,
    regex: Option<Lazy>,
    unless: Option<Lazy>,
}

/// All patterns, ready.
pub struct Patterns {
    pub(super) list: Vec<Ready>,
    /// Version of the pack that was laid over the embedded list; 0: none.
    pub(super) pack_version: u64,
    prefilter: Prefilter,
    /// Which pattern each literal belongs to; none for a fault word.
    owner: Vec<Option<u16>>,
}

/// An expression that is built when it is first asked.
struct Lazy {
    text: String,
    built: OnceLock<Option<Regex>>,
}

impl Lazy {
    fn new(text: String) -> Self {
        Self { text, built: OnceLock::new() }
    }

    fn is_match(&self, message: &[u8]) -> bool {
        let build = || {
            // On bytes and without Unicode: the patterns are ASCII, its tables are large.
            let mut builder = RegexBuilder::new(&self.text);
            builder.unicode(false).size_limit(REGEX_BYTES_MAX).dfa_size_limit(DFA_BYTES_MAX);
            builder.build().ok()
        };
        self.built.get_or_init(build).as_ref().is_some_and(|regex| regex.is_match(message))
    }
}

impl Patterns {
    /// The embedded list.
    pub fn of_agent() -> &'static Self {
        static EMBEDDED: OnceLock<Patterns> = OnceLock::new();
        EMBEDDED.get_or_init(|| Self::new(embedded(), 0))
    }

    /// A checked list, and the version of the pack in it.
    #[must_use]
    pub fn new(list: Vec<Pattern>, pack_version: u64) -> Self {
        let mut literals: Vec<String> = Vec::new();
        let mut owner = Vec::new();
        let mut ready = Vec::with_capacity(list.len());
        for (index, pattern) in list.into_iter().enumerate() {
            owner.extend(pattern.literals.iter().map(|_| u16::try_from(index).ok()));
            literals.extend(pattern.literals);
            ready.push(Ready {
                id: pattern.id,
                priority: pattern.priority,
                program: pattern.program,
                regex: pattern.regex.map(Lazy::new),
                unless: pattern.unless.map(Lazy::new),
            });
        }
        let words = FAULT_WORDS.map(str::as_bytes);
        debug_assert!(words.iter().all(|word| word.len() >= LITERAL_BYTES_MIN));
        owner.extend(words.iter().map(|_| None));
        let prefilter = Prefilter::new(literals.iter().map(String::as_bytes).chain(words));
        Self { list: ready, pack_version, prefilter, owner }
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Every pattern as one expression a line, as other search programs take them.
    #[must_use]
    pub fn as_expressions(&self) -> String {
        let owned = |index: usize| {
            let of = move |owner: &Option<u16>| owner.map(usize::from) == Some(index);
            let numbers = self.owner.iter().enumerate().filter(move |(_, o)| of(o));
            let texts = numbers.map(|(number, _)| self.prefilter.literal(number));
            texts.map(|text| regex::escape(&text)).collect::<Vec<_>>().join("|")
        };
        let lines = self.list.iter().enumerate().map(|(index, ready)| {
            let text = match &ready.regex {
                // An anchor speaks of the message, which other programs do not know.
                Some(lazy) => lazy.text.replace("|^", "|").replace("(^|", "(|"),
                None => owned(index),
            };
            format!("{}\n", text.strip_prefix('^').unwrap_or(&text))
        });
        lines.collect()
    }

    /// Where any literal stands, in order.
    pub(super) fn look(&self, text: &[u8], found: &mut Vec<Found>) {
        found.clear();
        self.prefilter.find(text, found);
        found.sort_unstable();
    }

    /// Which patterns a message of a program matches, each once in list order, given the literals
    /// in it; and whether it holds a fault word.
    pub(super) fn decide(
        &self,
        line: (&[u8], &[u8]),
        found: &[Found],
        hits: &mut Vec<u16>,
    ) -> bool {
        let (program, message) = line;
        hits.clear();
        let mut fault = false;
        for hit in found {
            match self.owner[usize::from(hit.literal)] {
                Some(index) => hits.push(index),
                None => fault = true,
            }
        }
        hits.sort_unstable();
        hits.dedup();
        hits.retain(|&index| self.list[usize::from(index)].matches(program, message));
        fault
    }

    /// The ids that one message of a program matches.
    #[must_use]
    pub fn ids(&self, program: &str, message: &str) -> Vec<&str> {
        let (mut found, mut hits) = (Vec::new(), Vec::new());
        self.look(message.as_bytes(), &mut found);
        self.decide((program.as_bytes(), message.as_bytes()), &found, &mut hits);
        hits.iter().map(|&hit| self.list[usize::from(hit)].id.as_str()).collect()
    }
}

impl Ready {
    fn matches(&self, program: &[u8], message: &[u8]) -> bool {
        let from =
            self.program.is_empty() || self.program.iter().any(|name| name.as_bytes() == program);
        from && self.regex.as_ref().is_none_or(|regex| regex.is_match(message))
            && !self.unless.as_ref().is_some_and(|unless| unless.is_match(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_keeps_its_own_examples() {
        let patterns = Patterns::of_agent();
        let mut faults = Vec::new();
        for pattern in embedded() {
            let told = |line: &String| {
                let split = line.split_once(": ");
                let named = split.filter(|(name, _)| !name.contains([' ', '[', '"']));
                let (program, message) = named.unwrap_or(("", line));
                patterns.ids(program, message).contains(&pattern.id.as_str())
            };
            let missed = pattern.examples.iter().filter(|line| !told(line));
            faults.extend(missed.map(|line| format!("{} does not match: {line}", pattern.id)));
            let wrong = pattern.near_misses.iter().filter(|line| told(line));
            faults.extend(wrong.map(|line| format!("{} wrongly matches: {line}", pattern.id)));
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn a_pack_replaces_by_id_and_adds() {
        let text = "version = 9\n\
            [[pattern]]\nid = \"kernel.panic\"\nko = \"가\"\nen = \"a\"\npriority = \"err\"\n\
            literals = [\"quite another\"]\n\
            [[pattern]]\nid = \"x.y\"\nko = \"가\"\nen = \"a\"\npriority = \"err\"\n\
            literals = [\"hello\"]\n";
        let pack = carepack_shared::patterns::parse_pack(text).unwrap();
        let version = pack.version;
        let patterns = Patterns::new(carepack_shared::patterns::with_pack(pack), version);
        assert_eq!(patterns.ids("kernel", "Kernel panic - not syncing"), [""; 0]);
        assert_eq!(patterns.ids("any", "quite another, hello"), ["kernel.panic", "x.y"]);
        assert_eq!(patterns.list.len(), embedded().len() + 1);
    }
}
