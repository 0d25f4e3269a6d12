//! How bad a line says it is.

use super::Product;
use crate::patterns::Priority;

/// Longest level word, in bytes (`WARNING`, and three Korean letters are nine).
const WORD_BYTES_MAX: usize = 12;

/// Words of levels: java.util.logging (English, Korean, Chinese), log4j, JBoss, MySQL.
const WORDS: [(&str, Priority); 27] = [
    ("SEVERE", Priority::Err),
    ("심각", Priority::Err),
    ("严重", Priority::Err),
    ("ERROR", Priority::Err),
    ("FATAL", Priority::Crit),
    ("WARNING", Priority::Warning),
    ("Warning", Priority::Warning),
    ("경고", Priority::Warning),
    ("警告", Priority::Warning),
    ("WARN", Priority::Warning),
    ("INFO", Priority::Info),
    ("정보", Priority::Info),
    ("信息", Priority::Info),
    ("Note", Priority::Info),
    ("System", Priority::Info),
    ("CONFIG", Priority::Debug),
    ("구성", Priority::Debug),
    ("FINE", Priority::Debug),
    ("FINER", Priority::Debug),
    ("FINEST", Priority::Debug),
    ("미세", Priority::Debug),
    ("DEBUG", Priority::Debug),
    ("TRACE", Priority::Debug),
    ("NOTICE", Priority::Notice),
    ("CRITICAL", Priority::Crit),
    ("ALERT", Priority::Alert),
    ("EMERG", Priority::Emerg),
];

/// Words of httpd's LogLevel; `trace1` to `trace8` are debug.
const HTTPD: [(&str, Priority); 8] = [
    ("emerg", Priority::Emerg),
    ("alert", Priority::Alert),
    ("crit", Priority::Crit),
    ("error", Priority::Err),
    ("warn", Priority::Warning),
    ("notice", Priority::Notice),
    ("info", Priority::Info),
    ("debug", Priority::Debug),
];

/// The level at the beginning of a message.
pub(super) fn of(product: Product, message: &[u8]) -> Option<Priority> {
    match product {
        Product::Httpd => httpd(message),
        Product::Mysqld => bracketed(message).and_then(|(word, _)| named(&WORDS, word)),
        Product::Tomcat | Product::Jboss => {
            if let Some((word, _)) = bracketed(message) {
                return named(&WORDS, word);
            }
            let end = message.iter().take(WORD_BYTES_MAX + 1).position(|b| b" :".contains(b))?;
            named(&WORDS, &message[..end])
        }
    }
}

/// `[proxy:error] …`, `[error] …`, or mod_jk's `[7:139] [error] …`.
fn httpd(message: &[u8]) -> Option<Priority> {
    let mut rest = message;
    for _ in 0..2 {
        let (word, after) = bracketed(rest)?;
        let level = word.rsplit(|&byte| byte == b':').next().unwrap_or(word);
        if let Some(priority) = named(&HTTPD, level) {
            return Some(priority);
        }
        if level.starts_with(b"trace") {
            return Some(Priority::Debug);
        }
        rest = after.trim_ascii_start();
    }
    None
}

/// The word in the bracket that a text begins with, and what follows.
fn bracketed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    /// Longest word in a bracket: `[authnz_ldap:error]`.
    const BRACKET_BYTES_MAX: usize = 40;
    let inside = text.strip_prefix(b"[")?;
    let end = inside.iter().take(BRACKET_BYTES_MAX).position(|&byte| byte == b']')?;
    Some((&inside[..end], &inside[end + 1..]))
}

fn named(words: &[(&str, Priority)], word: &[u8]) -> Option<Priority> {
    words.iter().find(|(name, _)| name.as_bytes() == word).map(|&(_, priority)| priority)
}
