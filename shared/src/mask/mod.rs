//! Masking: secrets and personal data are replaced before anything is written.
//!
//! The second net behind typed collection: whatever a probe reads as text passes through here.
//! A secret becomes `[가림:kind#hmac6]`, so that equal secrets stay comparable within a customer
//! and say nothing outside it. Settings keep their meaning: `PasswordAuthentication no` is no
//! secret. Read [`assignment`] (name = value), [`flag`] (command lines), [`shape`] (what looks
//! like a key) and [`personal`] (what the law protects).
//!
//! It does not know where a text comes from, and it is not a promise: typed probes are.

mod assignment;
mod flag;
mod personal;
mod shape;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use hmac::{Hmac, Mac};
use regex::bytes::{Regex, RegexBuilder};
use sha2::Sha256;

use crate::digest::hex;

/// Opens every mask.
const OPEN: &str = "[가림:";

/// Passes over one line until nothing changes: a mask may uncover a name that stood inside it.
const PASSES_MAX: usize = 6;

/// Bound on the memory of one lazily built automaton, in bytes.
const DFA_BYTES_MAX: usize = 512 * 1024;

/// Bound on a customer's own expression, compiled, in bytes.
const PATTERN_BYTES_MAX: usize = 256 * 1024;

/// Masks texts with one host's key and counts what it hid, by kind.
pub struct Masker {
    key: Vec<u8>,
    patterns: Vec<Regex>,
    keywords: Vec<String>,
    /// Pieces masked, by kind.
    pub counts: BTreeMap<String, u64>,
}

/// A deny pattern that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the expression cannot be compiled")]
pub struct MaskError(#[source] Box<regex::Error>);

/// A piece to hide.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    range: Range<usize>,
    kind: &'static str,
}

/// A line is looked at closely only when this, one cheap search, finds something.
static SUSPECT: LazyLock<Regex> = LazyLock::new(|| {
    built(concat!(
        r"(?i:pass|pwd|pw\b|secret|token|cred|bearer|authori|cookie|communit|com2sec|(?:trap|inform|trap2)sink|\bpsk|identified by",
        r"|(?:api|access|auth|private|account|encryption)[-_. ]?key|auth\b|ommysql|jdbc:|sqlplus",
        r"|비밀번호|비번|암호|인증키|패스워드|토큰|비밀키|접속키|계좌|여권|면허)",
        r"|://[^/\s]*:|@|\$[0-9a-z][0-9a-z]?\$|\{[A-Z0-9]+\}|grub\.pbkdf2|eyJ|AKIA|ASIA|AIza|ya29\.",
        r"|gh[pousr]_|github_pat|glpat-|xox[a-z]-|sk_live|[ ']-[pPuUwakcAXs]|--?(?:proxy-)?user\b|/p:",
        r"|[0-9]{6} ?-? ?[1-8][0-9]{6}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}|[2-69][0-9]{12}",
        r"|\b0[0-9]{1,2}[-. ][0-9]{3,4}[-. ][0-9]{4}|\b01[016789][0-9]{7}|\+82",
        r"|\b[12][0-9]-[0-9]{2}-[0-9]{6}",
    ))
});

/// An expression of this module; `\s`, `\b` and classes are ASCII.
fn built(text: &str) -> Regex {
    RegexBuilder::new(text)
        .unicode(false)
        .dfa_size_limit(DFA_BYTES_MAX)
        .build()
        .expect("every expression of this module is built by a test")
}

impl Masker {
    /// A masker with the host's own key (any length; 32 random bytes on a real host).
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self {
            key: key.to_vec(),
            patterns: Vec::new(),
            keywords: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Also hides every line that an expression matches.
    ///
    /// # Errors
    /// It is not a regular expression, or too large a one.
    pub fn deny_pattern(&mut self, pattern: &str) -> Result<(), MaskError> {
        let regex = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build();
        self.patterns.push(regex.map_err(|error| MaskError(Box::new(error)))?);
        Ok(())
    }

    /// Also hides a word wherever it stands. An empty one is ignored.
    pub fn deny_keyword(&mut self, word: &str) {
        if !word.trim().is_empty() {
            self.keywords.push(word.to_owned());
        }
    }

    /// The text with every secret replaced. Idempotent.
    pub fn mask(&mut self, text: &str) -> String {
        let blocks = shape::private_blocks(text);
        let text = if blocks.is_empty() { text } else { &self.replace(text, blocks) };
        let mut masked = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let body = line.strip_suffix('\n').unwrap_or(line);
            if self.is_suspect(body) {
                masked.push_str(&self.line(body));
                masked.push_str(&line[body.len()..]);
            } else {
                masked.push_str(line);
            }
        }
        masked
    }

    fn is_suspect(&self, line: &str) -> bool {
        SUSPECT.is_match(line.as_bytes())
            || shape::has_long_word(line)
            || self.keywords.iter().any(|word| line.contains(word.as_str()))
            || self.patterns.iter().any(|pattern| pattern.is_match(line.as_bytes()))
    }

    fn line(&mut self, line: &str) -> String {
        let mut text = line.to_owned();
        for _ in 0..PASSES_MAX {
            let spans = self.spans(&text);
            if spans.is_empty() {
                return text;
            }
            text = self.replace(&text, spans);
        }
        let whole = Span { range: 0..text.len(), kind: "line" };
        self.replace(&text, vec![whole])
    }

    /// What is to be hidden in one line, what is masked already left out.
    fn spans(&self, line: &str) -> Vec<Span> {
        let masks = masks(line);
        let mut spans = Vec::new();
        for pattern in &self.patterns {
            if pattern.is_match(line.as_bytes()) {
                spans.push(Span { range: 0..line.len(), kind: "policy" });
            }
        }
        for word in &self.keywords {
            let found = line.match_indices(word.as_str());
            spans.extend(found.map(|(at, _)| Span { range: at..at + word.len(), kind: "policy" }));
        }
        assignment::find(line, &mut spans);
        flag::find(line, &mut spans);
        shape::find(line, &mut spans);
        personal::find(line, &mut spans);
        spans.retain(|span| {
            let hidden = masks
                .iter()
                .any(|mask| mask.start <= span.range.start && span.range.end <= mask.end);
            !hidden && !is_only_masks(line, &span.range, &masks) && !span.range.is_empty()
        });
        spans
    }

    /// The text with spans replaced; overlapping ones become one, of the first one's kind.
    fn replace(&mut self, text: &str, mut spans: Vec<Span>) -> String {
        spans.sort_by_key(|span| (span.range.start, std::cmp::Reverse(span.range.end)));
        let mut joined: Vec<Span> = Vec::new();
        for mut span in spans {
            span.range.start = text.floor_char_boundary(span.range.start);
            span.range.end = text.ceil_char_boundary(span.range.end);
            match joined.last_mut() {
                Some(last) if span.range.start < last.range.end => {
                    last.range.end = last.range.end.max(span.range.end);
                }
                _ => joined.push(span),
            }
        }
        let mut masked = String::with_capacity(text.len() + 16);
        let mut at = 0;
        for span in joined {
            masked.push_str(&text[at..span.range.start]);
            masked.push_str(&self.mask_of(span.kind, &text[span.range.clone()]));
            at = span.range.end;
        }
        masked.push_str(&text[at..]);
        masked
    }

    fn mask_of(&mut self, kind: &str, secret: &str) -> String {
        *self.counts.entry(kind.to_owned()).or_default() += 1;
        let mut hmac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        hmac.update(secret.as_bytes());
        let digest = hex(&hmac.finalize().into_bytes()[..3]);
        format!("{OPEN}{kind}#{digest}]")
    }
}

/// Where masks stand in a line.
fn masks(line: &str) -> Vec<Range<usize>> {
    let whole = |(at, _): (usize, &str)| {
        let rest = &line[at + OPEN.len()..];
        let (kind, rest) = rest.split_once('#')?;
        let digits = rest.get(..6)?;
        let sound = kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
            && rest[6..].starts_with(']');
        sound.then_some(at..at + OPEN.len() + kind.len() + 8)
    };
    line.match_indices(OPEN).filter_map(whole).collect()
}

/// Nothing in a range but masks and what stands between them.
fn is_only_masks(line: &str, range: &Range<usize>, masks: &[Range<usize>]) -> bool {
    let mut at = range.start;
    let mut some = false;
    for mask in masks.iter().filter(|mask| mask.start >= range.start && mask.end <= range.end) {
        if line[at..mask.start].bytes().any(|byte| byte.is_ascii_alphanumeric() || byte >= 128) {
            return false;
        }
        at = mask.end;
        some = true;
    }
    some && !line[at..range.end].bytes().any(|byte| byte.is_ascii_alphanumeric() || byte >= 128)
}

#[cfg(test)]
mod tests;
