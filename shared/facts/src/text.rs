//! Shapes that many sources share: assignments, columns, numbers.

use carepack_shared::Unseen;
use serde_json::{Map, Value};

/// Lines without blanks and comments (`#` or `;` first).
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with(';'))
}

/// `NAME=value` and `NAME = value`, quotes taken off, later lines win.
pub fn assignments(text: &str) -> Map<String, Value> {
    lines(text)
        .filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            let value = value.trim().trim_matches(|c| c == '"' || c == '\'');
            Some((name.trim().to_owned(), Value::from(value)))
        })
        .collect()
}

/// `NAME value`, separated by blanks, later lines win.
pub fn settings(text: &str) -> Map<String, Value> {
    lines(text)
        .filter_map(|line| {
            let (name, value) = line.split_once(char::is_whitespace)?;
            Some((name.to_owned(), Value::from(value.trim())))
        })
        .collect()
}

/// Items read from a text that says something, of which none could be read, are no empty list.
///
/// # Errors
/// [`Unseen::Malformed`] when `items` is empty though `text` is not.
pub fn some_of<T>(items: Vec<T>, text: &str) -> Result<Vec<T>, Unseen> {
    if items.is_empty() && !text.trim().is_empty() {
        return Err(Unseen::Malformed);
    }
    Ok(items)
}

/// The whole text as a number; one too large for an `i64` (the kernel's "no limit") becomes the
/// largest.
pub fn int(text: &str) -> Option<i64> {
    let text = text.trim();
    let large = || text.parse::<u64>().ok().map(|_| i64::MAX);
    text.parse().ok().or_else(large)
}

/// A percentage with two decimals; 0 when the whole is 0.
pub fn pct(part: i64, whole: i64) -> f64 {
    if whole <= 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "percentages are shown with one decimal")]
    let pct = part as f64 * 100.0 / whole as f64;
    (pct * 100.0).round() / 100.0
}

/// Runs of blanks become one space.
pub fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The file's name without its folder.
pub fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let map = assignments("# c\nA=1\n b = \"two\" \nA=3\nnothing\n");
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"A":"3","b":"two"}"#);
        let map = settings("PASS_MAX_DAYS\t90\n#x y\nUMASK 022");
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"PASS_MAX_DAYS":"90","UMASK":"022"}"#);
        assert_eq!((int(" 42\n"), int("x")), (Some(42), None));
        assert_eq!((pct(1, 3), pct(1, 0)), (33.33, 0.0));
        assert_eq!(folded("4096\t16384  1"), "4096 16384 1");
    }
}
