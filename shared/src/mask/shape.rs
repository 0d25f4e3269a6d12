//! What looks like a key whatever its name: PEM blocks, tokens of known services, password
//! hashes, credentials in addresses, and long words that only chance would write.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{Span, built};

const BEGIN: &str = "-----BEGIN ";
const PRIVATE: &str = "PRIVATE KEY";

/// Private blocks of a text, from their first line to their last; to the end of the text when the
/// last is missing.
pub(super) fn private_blocks(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(begin) = text[at..].find(BEGIN).map(|begin| begin + at) {
        let label = &text[begin + BEGIN.len()..];
        let label = &label[..label.find("-----").unwrap_or(0)];
        at = begin + BEGIN.len();
        if !label.contains(PRIVATE) || label.contains('\n') {
            continue;
        }
        let end = text[at..].find("-----END ").map(|end| end + at);
        let close = |end: usize| {
            let after = end + "-----END ".len();
            text[after..].find("-----").map(|close| after + close + "-----".len())
        };
        let end = end.and_then(close).unwrap_or(text.len());
        spans.push(Span { range: begin..end, kind: "private_key" });
        at = end;
    }
    spans
}

/// Known shapes; the first group is the secret, the whole match where there is none.
static SHAPES: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let of = |text, kind| (built(text), kind);
    vec![
        // RFC 7519: three base64url parts, of which the first is a JSON object.
        of(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?", "jwt"),
        of(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "cloud_key"),
        of(r"\bAIza[A-Za-z0-9_-]{35}", "cloud_key"),
        of(r"\bya29\.[A-Za-z0-9_-]{10,}", "cloud_key"),
        of(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})", "token"),
        of(r"\bglpat-[A-Za-z0-9_-]{16,}", "token"),
        of(r"\bxox[a-z]-[A-Za-z0-9-]{10,}", "token"),
        of(r"\b[sr]k_live_[A-Za-z0-9]{10,}", "token"),
        of(r"[?&]sig=([A-Za-z0-9%+/=_-]{16,})", "cloud_key"),
        // crypt(5), LDAP userPassword, GRUB.
        of(
            r"\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|md5|apr1|argon2[a-z]*|pbkdf2[a-z0-9-]*)\$[^\s:,;\x22']{8,}",
            "hash",
        ),
        of(
            r"\{(?:SSHA|SHA|SMD5|MD5|CRYPT|SSHA256|SSHA512|PBKDF2[A-Z0-9-]*)\}[A-Za-z0-9+/=$.]{8,}",
            "hash",
        ),
        of(r"\bgrub\.pbkdf2\.[a-z0-9]+\.[0-9]+\.[0-9A-Fa-f.]{16,}", "hash"),
        // A password may hold `@`; it ends at the last one before the host.
        of(r"(?i)[a-z][a-z0-9+.-]*://[^\s/:@\x22'<>]*:([^\s\x22'<>/]+)@", "url_password"),
        of(
            r"(?i)[a-z][a-z0-9+.-]*://[^\s/:@\x22'<>]+:([^\s\x22'<>@]*[^\s0-9\x22'<>@/][^\s\x22'<>@]*)@",
            "url_password",
        ),
        of(r"(?i)jdbc:oracle:[a-z]+:[^\s/@]+/([^\s@]+)@", "url_password"),
    ]
});

pub(super) fn find(line: &str, spans: &mut Vec<Span>) {
    for (regex, kind) in SHAPES.iter() {
        for captures in regex.captures_iter(line.as_bytes()) {
            if let Some(found) = captures.get(1).or_else(|| captures.get(0)) {
                spans.push(Span { range: found.range(), kind });
            }
        }
    }
    for word in long_words(line) {
        if is_random(&line[word.clone()]) && !is_known_random(line, &word) {
            spans.push(Span { range: word, kind: "token" });
        }
    }
}

/// Shortest word that is weighed: sixteen random bytes in base 64 are longer.
const WORD_BYTES_MIN: usize = 24;

pub(super) fn has_long_word(line: &str) -> bool {
    line.len() >= WORD_BYTES_MIN && long_words(line).any(|word| is_random(&line[word]))
}

/// Runs of base-64 letters, plain or URL-safe.
fn long_words(line: &str) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let bytes = line.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            while at < bytes.len() && is_letter(bytes[at]) {
                at += 1;
            }
            // Padding, not the sign of an assignment.
            while at > start && at < bytes.len() && bytes[at] == b'=' {
                at += 1;
            }
            let end = at;
            at += 1;
            if end - start >= WORD_BYTES_MIN {
                return Some(start..end);
            }
        }
        None
    })
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-')
}

/// Whether only chance would write a word so: upper and lower case and digits, all frequent, and
/// changing often. Names in CamelCase, paths, UUIDs and hexadecimal digests are not like that.
fn is_random(word: &str) -> bool {
    let (mut upper, mut lower, mut digit, mut flips) = (0usize, 0usize, 0usize, 0usize);
    let mut before = 0;
    let mut slashes = 0;
    for byte in word.bytes() {
        match byte {
            b'A'..=b'Z' => upper += 1,
            b'a'..=b'z' => lower += 1,
            b'0'..=b'9' => digit += 1,
            b'/' => slashes += 1,
            _ => {}
        }
        flips += usize::from(class(byte) * class(before) == 2);
        before = byte;
    }
    let letters = upper + lower + digit;
    let mixed = upper * 5 >= letters && lower * 5 >= letters && digit >= 2;
    mixed && flips * 7 >= letters && letters >= 20 && slashes * 8 <= letters
}

/// 1 for lower case, 2 for upper case: their product is 2 where the case changes.
const fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 0,
    }
}

/// Words that are random and no secret: identifiers of LVM, fingerprints of SSH keys.
fn is_known_random(line: &str, word: &std::ops::Range<usize>) -> bool {
    let before = &line[..word.start];
    let text = &line[word.clone()];
    before.ends_with("SHA256:")
        || before.ends_with("LVM\\")
        || text.starts_with("x2dLVM")
        || text.contains("dm-uuid-LVM-")
}
