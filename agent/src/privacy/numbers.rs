//! What counts as no text: numbers, versions, yes and no, and lists of such. A name, an address, a
//! path or a line never does.
//!
//! A fact is plain as a whole or not at all: a list without its texts would look complete, and what
//! cannot be judged must never look sound.

use std::net::IpAddr;

use carepack_facts::{is_named_by_us, is_versions};
use serde_json::Value;

/// Longest version in bytes: RHEL's own kernels have 40 letters.
const VERSION_BYTES_MAX: usize = 64;

/// Words that mean yes or no, or nothing at all.
const YES_OR_NO: [&str; 12] = [
    "",
    "none",
    "yes",
    "no",
    "on",
    "off",
    "true",
    "false",
    "enabled",
    "disabled",
    "enforcing",
    "permissive",
];

/// Words that packagers write into versions.
const VERSION_WORDS: [&str; 22] = [
    "el", "fc", "ol", "amzn", "rc", "ga", "sp", "cp", "final", "redhat", "module", "rt", "git",
    "beta", "alpha", "p", "u", "b", "fips", "noarch", "aarch", "mariadb",
];

/// Whether a fact tells no text of the host.
pub(super) fn is_plain(key: &str, value: &Value) -> bool {
    is_versions(key) || is_plain_value(value, is_named_by_us(key))
}

fn is_plain_value(value: &Value, named_by_us: bool) -> bool {
    let plain = |value: &Value| is_plain_value(value, named_by_us);
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => is_plain_text(text),
        Value::Array(items) => items.iter().all(plain),
        Value::Object(members) => {
            (named_by_us || members.is_empty()) && members.values().all(plain)
        }
    }
}

fn is_plain_text(text: &str) -> bool {
    YES_OR_NO.contains(&text) || text.parse::<f64>().is_ok_and(f64::is_finite) || is_version(text)
}

/// Numbers with full stops, then what packagers hang on it: `9.4`, `8.0.36-1.el8_9`,
/// `1:2.3`, `4.18.0-553.el8.x86_64`. Never an address, nor a name that begins with a digit.
fn is_version(text: &str) -> bool {
    let epoch = |epoch: &str| !epoch.is_empty() && epoch.bytes().all(|b| b.is_ascii_digit());
    let bare = match text.split_once(':') {
        Some((before, rest)) if epoch(before) => rest,
        _ => text,
    };
    let mut parts = bare.split(['.', '-', '_', '+', '~']);
    let counts = parts.next().is_some_and(epoch)
        && parts.next().is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    counts
        && text.len() <= VERSION_BYTES_MAX
        && text.parse::<IpAddr>().is_err()
        && bare.split(['.', '-', '_', '+', '~']).all(is_part)
}

/// Digits, or one of the packagers' words with digits around it.
fn is_part(part: &str) -> bool {
    let lower = part.to_ascii_lowercase();
    let word = lower.trim_matches(|c: char| c.is_ascii_digit());
    word.is_empty() || lower == "x86" || VERSION_WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_versions_and_answers_are_plain_and_names_are_not() {
        let check = |value: Value, expected| {
            assert_eq!(is_plain("load.avg1", &value), expected, "{value}");
        };
        for plain in [json!(7), json!(null), json!(true), json!([1, "2", false]), json!({})] {
            check(plain, true);
        }
        for text in [
            "10",
            "0.5",
            "yes",
            "9.4",
            "8.0.36-1.el8_9",
            "5.14.0-427.96.1.el9_4.x86_64",
            "1:10.11.6",
            "7.4.10.GA",
        ] {
            check(json!(text), true);
        }
        for text in [
            "db01",
            "10.0.0.5",
            "2001:db8::1",
            "/data",
            "kim",
            "1.db.example",
            "10.example.com",
            "00:50:56:aa:bb:cc",
            "9.4 kim",
            "10.0.0.5/24",
            "1.2-kim",
            "010-1234-kim",
            "NaN",
        ] {
            check(json!(text), false);
        }
        check(json!({"kim": 1}), false);
        check(json!([1, "kim"]), false);
        assert!(is_plain("logs.count", &json!({"kernel.oom_kill": 2})));
        assert!(!is_plain("logs.count", &json!({"kernel.oom_kill": "kim"})));
    }
}
