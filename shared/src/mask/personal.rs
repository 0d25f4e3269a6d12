//! What the Personal Information Protection Act protects, known by its shape: resident and
//! foreigner registration numbers, driving licences, cards, telephone numbers, e-mail addresses.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{Span, built};

static RESIDENT: LazyLock<Regex> = LazyLock::new(|| built(r"([0-9]{6})( ?- ?|)([1-8][0-9]{6})"));
static CARD: LazyLock<Regex> = LazyLock::new(|| {
    built(
        r"[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{3,4}|3[47][0-9]{2}[ -][0-9]{6}[ -][0-9]{5}|[0-9]{14,16}",
    )
});
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    built(
        r"\+82[- ]?(?:\(0\))?[0-9]{1,2}[- ]?[0-9]{3,4}[- ]?[0-9]{4}|01[016789][-. ]?[0-9]{3,4}[-. ]?[0-9]{4}|0(?:2|[3-6][1-5]|70)[-. ][0-9]{3,4}[-. ][0-9]{4}",
    )
});
static LICENCE: LazyLock<Regex> =
    LazyLock::new(|| built(r"(?:1[1-9]|2[0-8])-[0-9]{2}-[0-9]{6}-[0-9]{2}"));
static EMAIL: LazyLock<Regex> =
    LazyLock::new(|| built(r"([A-Za-z0-9._%+\-]+)@((?:[A-Za-z0-9-]+\.)+([A-Za-z]{2,24}))"));

pub(super) fn find(line: &str, spans: &mut Vec<Span>) {
    residents(line, spans);
    cards(line, spans);
    alone(line, &PHONE, "phone", spans);
    alone(line, &LICENCE, "driving_licence", spans);
    emails(line, spans);
}

/// Not part of a longer number or word.
fn stands_alone(line: &str, range: &std::ops::Range<usize>) -> bool {
    let joins = |byte: Option<&u8>| {
        byte.is_some_and(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    let bytes = line.as_bytes();
    let after = bytes.get(range.end);
    // A full stop may end a sentence.
    let after_joins = match after {
        Some(b'.') => bytes.get(range.end + 1).is_some_and(u8::is_ascii_alphanumeric),
        after => joins(after),
    };
    !joins(range.start.checked_sub(1).and_then(|before| bytes.get(before))) && !after_joins
}

fn alone(line: &str, regex: &Regex, kind: &'static str, spans: &mut Vec<Span>) {
    for found in regex.find_iter(line.as_bytes()) {
        if stands_alone(line, &found.range()) {
            spans.push(Span { range: found.range(), kind });
        }
    }
}

/// Six digits of a date, then seven of which the first gives century and sex. Numbers given since
/// October 2020 carry no check digit, so it is asked for only where no dash speaks for the rest.
fn residents(line: &str, spans: &mut Vec<Span>) {
    for captures in RESIDENT.captures_iter(line.as_bytes()) {
        let Some(whole) = captures.get(0) else { continue };
        let digits: Vec<u32> = whole
            .as_bytes()
            .iter()
            .filter(|byte| byte.is_ascii_digit())
            .map(|byte| u32::from(byte - b'0'))
            .collect();
        let dashed = captures.get(2).is_some_and(|dash| !dash.is_empty());
        if stands_alone(line, &whole.range())
            && is_birthday(&digits)
            && (dashed || has_check_digit(&digits))
        {
            let kind =
                if (5..=8).contains(&digits[6]) { "foreigner_number" } else { "resident_number" };
            spans.push(Span { range: whole.range(), kind });
        }
    }
}

fn is_birthday(digits: &[u32]) -> bool {
    let (year, month, day) =
        (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3], digits[4] * 10 + digits[5]);
    let days = match month {
        // The century is not looked at: a leap day too many hides one number too many.
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Weights 2…9, 2…5; 11 less the remainder of 11. Foreigners' numbers add two.
fn has_check_digit(digits: &[u32]) -> bool {
    const WEIGHTS: [u32; 12] = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let sum: u32 = WEIGHTS.iter().zip(digits).map(|(weight, digit)| weight * digit).sum();
    let native = (11 - sum % 11) % 10;
    let foreign = (13 - sum % 11) % 10;
    let expected = if (5..=8).contains(&digits[6]) { foreign } else { native };
    digits.get(12) == Some(&expected)
}

/// A table of numbers has more of them than this on one line.
const NUMBERS_MAX: usize = 5;

fn cards(line: &str, spans: &mut Vec<Span>) {
    for found in CARD.find_iter(line.as_bytes()) {
        let text = &line[found.range()];
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
        let grouped = digits.len() < text.len();
        let number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit());
        let table = !grouped && line.split_ascii_whitespace().filter(number).count() > NUMBERS_MAX;
        if !table && stands_alone(line, &found.range()) && is_issuer(&digits) && luhn(&digits) {
            spans.push(Span { range: found.range(), kind: "card" });
        }
    }
}

/// Ranges of issuers: ISO/IEC 7812 (Visa, Mastercard, Amex, Diners, JCB, Discover, UnionPay) and
/// the domestic cards of Korea, which begin with 9.
fn is_issuer(digits: &[u32]) -> bool {
    let head = digits.iter().take(4).fold(0, |head, digit| head * 10 + digit);
    let length = digits.len();
    match head / 100 {
        34 | 37 => length == 15,
        36 | 38 | 39 | 30 => length == 14 || length == 16,
        35 | 40..=49 | 51..=55 | 60 | 62 | 64 | 65 | 90..=99 => length == 16,
        22..=27 => length == 16 && (2221..=2720).contains(&head),
        _ => false,
    }
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, twice) if twice > 9 => twice - 9,
            (_, twice) => twice,
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|&digit| digit != digits[0])
}

/// Endings of systemd units, which have `@` in their names too.
const UNITS: &[&str] = &[
    "service",
    "socket",
    "target",
    "slice",
    "scope",
    "timer",
    "mount",
    "automount",
    "device",
    "path",
    "swap",
    "conf",
    "wants",
    "requires",
];

/// Names of SSH algorithms (`chacha20-poly1305@openssh.com`) and package builders.
const NO_PERSON: &[&str] = &["openssh.com", "libssh.org", "lysator.liu.se", "tinyssh.org"];

fn emails(line: &str, spans: &mut Vec<Span>) {
    for captures in EMAIL.captures_iter(line.as_bytes()) {
        let group = |index: usize| {
            captures.get(index).and_then(|found| line.get(found.range())).unwrap_or("")
        };
        let (local, domain, ending) = (group(1), group(2), group(3));
        let known = UNITS.contains(&ending) || NO_PERSON.contains(&domain) || local == "mockbuild";
        if let (false, Some(whole)) = (known, captures.get(0))
            && !is_user_of_address(&line[..whole.start()])
        {
            spans.push(Span { range: whole.range(), kind: "email" });
        }
    }
}

/// Whether a text ends inside `scheme://user:`, where `@` divides user and host.
fn is_user_of_address(before: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(');
    let word = before.rsplit(ends).next().unwrap_or("");
    word.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?', '@']))
}
