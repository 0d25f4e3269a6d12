//! Log patterns: what they are, the embedded list, and packs of them that a collector hands out.
//!
//! Pure data and its checks. Searching is the agent's, judging is the rules'. A pack is text:
//! nothing in it is executed, and its expressions run in linear time.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The embedded list, one file a subject.
const FILES: [&str; 13] = [
    include_str!("../patterns/cluster.toml"),
    include_str!("../patterns/kernel.toml"),
    include_str!("../patterns/storage.toml"),
    include_str!("../patterns/network.toml"),
    include_str!("../patterns/system.toml"),
    include_str!("../patterns/security.toml"),
    include_str!("../patterns/products.toml"),
    include_str!("../patterns/mysql.toml"),
    include_str!("../patterns/drbd.toml"),
    include_str!("../patterns/httpd.toml"),
    include_str!("../patterns/tomcat.toml"),
    include_str!("../patterns/java.toml"),
    include_str!("../patterns/jboss.toml"),
];

/// Most patterns in a pack.
pub const PATTERNS_MAX: usize = 1_000;
/// Most literals of one pattern.
const LITERALS_MAX: usize = 32;
/// A shorter literal would make the first look useless (the search samples five bytes).
pub const LITERAL_BYTES_MIN: usize = 5;
/// Longest literal, id, title or program name in bytes.
const WORD_BYTES_MAX: usize = 200;
/// Longest expression in bytes.
const REGEX_BYTES_MAX: usize = 1_000;
/// Bound on the memory of one compiled expression, in bytes.
const REGEX_MEMORY_MAX: usize = 512 * 1024;
/// Longest pack in bytes.
pub const PACK_BYTES_MAX: usize = 256 * 1024;

/// One signature of something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// Stable name, `area.what`; rules and Support Patterns ask for it.
    pub id: String,
    /// What happened, in the words of a report.
    pub ko: String,
    pub en: String,
    /// Syslog identifiers that may say it; none: any.
    #[serde(default)]
    pub program: Vec<String>,
    /// One of them stands in every matching message (the cheap first look).
    pub literals: Vec<String>,
    /// What decides; none: a literal is enough.
    #[serde(default)]
    pub regex: Option<String>,
    /// A message that also matches this is something else.
    #[serde(default)]
    pub unless: Option<String>,
    /// Severity of a line whose log keeps none; a hint for the reader, no threshold.
    pub priority: Priority,
    /// `program: message` lines that it must match, and ones that it must not.
    #[serde(default)]
    pub examples: Vec<String>,
    #[serde(default)]
    pub near_misses: Vec<String>,
}

/// Severities of syslog (RFC 5424, table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Emerg,
    Alert,
    Crit,
    Err,
    Warning,
    Notice,
    Info,
    Debug,
}

impl Priority {
    pub const ALL: [Self; 8] = [
        Self::Emerg,
        Self::Alert,
        Self::Crit,
        Self::Err,
        Self::Warning,
        Self::Notice,
        Self::Info,
        Self::Debug,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Emerg => "emerg",
            Self::Alert => "alert",
            Self::Crit => "crit",
            Self::Err => "err",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Patterns with a version that only rises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    pub version: u64,
    #[serde(default)]
    pub pattern: Vec<Pattern>,
}

/// A text that is no pack; the pattern and its fault are named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    #[error("the pattern pack has {0} bytes, more than {PACK_BYTES_MAX}")]
    TooLong(usize),
    #[error("the pattern pack is not of the expected form: {0}")]
    Form(String),
    #[error("pattern {id:?}: {fault}")]
    Pattern { id: String, fault: String },
}

/// The patterns that every agent carries, in the order of their files.
///
/// # Panics
/// Never: a test reads the list.
#[must_use]
pub fn embedded() -> Vec<Pattern> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        pattern: Vec<Pattern>,
    }
    let read = |text: &&str| toml::from_str::<File>(text).expect("the embedded list is tested");
    FILES.iter().flat_map(|text| read(text).pattern).collect()
}

/// The embedded patterns with those of a pack: the same id is replaced, others come after.
#[must_use]
pub fn with_pack(pack: Pack) -> Vec<Pattern> {
    let mut list = embedded();
    for pattern in pack.pattern {
        match list.iter_mut().find(|known| known.id == pattern.id) {
            Some(known) => *known = pattern,
            None => list.push(pattern),
        }
    }
    list
}

/// Reads and checks a pack.
///
/// # Errors
/// [`PackError`] names the pattern and what is wrong with it.
pub fn parse_pack(text: &str) -> Result<Pack, PackError> {
    if text.len() > PACK_BYTES_MAX {
        return Err(PackError::TooLong(text.len()));
    }
    let first = |error: &toml::de::Error| {
        let text = error.to_string();
        text.split('\n').filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join(" ")
    };
    let pack: Pack = toml::from_str(text).map_err(|error| PackError::Form(first(&error)))?;
    check(&pack.pattern)?;
    Ok(pack)
}

/// Checks every bound of a list of patterns.
///
/// # Errors
/// The first pattern that breaks one.
pub fn check(list: &[Pattern]) -> Result<(), PackError> {
    if list.len() > PATTERNS_MAX {
        return Err(PackError::Form(format!("more than {PATTERNS_MAX} patterns")));
    }
    let mut ids = BTreeSet::new();
    for pattern in list {
        let fault = fault(pattern)
            .or_else(|| (!ids.insert(&pattern.id)).then(|| "its id stands twice".to_owned()));
        if let Some(fault) = fault {
            return Err(PackError::Pattern { id: pattern.id.clone(), fault });
        }
    }
    Ok(())
}

fn fault(pattern: &Pattern) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if pattern.id.is_empty() || pattern.id.len() > WORD_BYTES_MAX || !pattern.id.chars().all(plain)
    {
        return Some("an id is made of a-z, 0-9, dot, dash and underscore".to_owned());
    }
    let mut words = [&pattern.ko, &pattern.en].into_iter().chain(&pattern.program);
    if words.any(|word| word.is_empty() || word.len() > WORD_BYTES_MAX) {
        return Some(format!("a title or program is empty or over {WORD_BYTES_MAX} bytes"));
    }
    if pattern.literals.is_empty() || pattern.literals.len() > LITERALS_MAX {
        return Some(format!("it needs 1 to {LITERALS_MAX} literals"));
    }
    for literal in &pattern.literals {
        if literal.len() < LITERAL_BYTES_MIN || literal.len() > WORD_BYTES_MAX {
            return Some(format!(
                "literal {literal:?} has not {LITERAL_BYTES_MIN} to {WORD_BYTES_MAX} bytes"
            ));
        }
        if literal.contains(['\n', '\r', '\0']) {
            return Some(format!("literal {literal:?} spans lines"));
        }
    }
    for text in [&pattern.regex, &pattern.unless].into_iter().flatten() {
        if text.len() > REGEX_BYTES_MAX {
            return Some(format!("an expression has more than {REGEX_BYTES_MAX} bytes"));
        }
        let built = regex::bytes::RegexBuilder::new(text)
            .unicode(false)
            .size_limit(REGEX_MEMORY_MAX)
            .build();
        if let Err(error) = built {
            let error = error.to_string().replace('\n', " ");
            return Some(format!("expression {text:?} cannot be used: {error}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_list_keeps_its_own_bounds() {
        let list = embedded();
        assert_eq!(check(&list), Ok(()));
        for pattern in &list {
            assert!(!pattern.examples.is_empty(), "{}: no example", pattern.id);
            assert!(!pattern.near_misses.is_empty(), "{}: no near miss", pattern.id);
        }
        assert!(list.len() >= 120, "{} patterns", list.len());
    }

    #[test]
    fn a_bent_pack_is_refused_by_name() {
        let pack = |pattern: &str| {
            let head = "version = 3\n[[pattern]]\nko = \"가\"\nen = \"a\"\npriority = \"err\"\n";
            parse_pack(&format!("{head}{pattern}")).map(|pack| pack.version)
        };
        assert_eq!(pack("id = \"a.b\"\nliterals = [\"abcde\"]"), Ok(3));
        let check = |pattern: &str, word: &str| {
            let error = pack(pattern).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        };
        check("id = \"A b\"\nliterals = [\"abcde\"]", "an id is made of");
        check("id = \"a\"\nliterals = []", "needs 1 to");
        check("id = \"a\"\nliterals = [\"abcd\"]", "\"abcd\" has not");
        check("id = \"a\"\nliterals = [\"abc\\ndef\"]", "spans lines");
        check("id = \"a\"\nliterals = [\"abcde\"]\nregex = '('", "cannot be used");
        check("id = \"a\"\nliterals = [\"abcde\"]\nregex = '((a{99}){99}){99}'", "cannot be used");
        check("id = \"a\"\nliterals = [\"abcde\"]\nrun = \"x\"", "expected form");
        assert!(parse_pack("").unwrap_err().to_string().contains("version"));
        assert!(matches!(parse_pack(&"#".repeat(PACK_BYTES_MAX + 1)), Err(PackError::TooLong(_))));
    }
}
