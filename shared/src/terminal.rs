//! Text for a terminal: what came from outside made safe, and an error with its causes.

use std::error::Error;
use std::fmt::Write;

/// Text from outside made safe for a terminal: control characters (escape sequences among them)
/// and direction marks become `\u{…}`.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() && c != '\n') || turns {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// An error, each of its causes once, and the way out where there is one.
#[must_use]
pub fn explain(error: &dyn Error, way_out: Option<&str>) -> String {
    let mut last = error.to_string();
    let mut text = format!("error: {}", plain(&last));
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // A transparent error and its source say the same.
        if said != last {
            let _ = write!(text, "\n  caused by: {}", plain(&said));
        }
        last = said;
        next = cause.source();
    }
    if let Some(way_out) = way_out {
        let _ = write!(text, "\n  way out: {way_out}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_text_cannot_drive_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mb\u{202e}c\nd"), "a\\u{1b}[31mb\\u{202e}c\nd");
        assert_eq!(plain("한글 ok"), "한글 ok");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Said {
        said: &'static str,
        #[source]
        cause: Option<Box<Said>>,
    }

    #[test]
    fn each_cause_is_told_once_and_the_way_out_last() {
        let root = Said { said: "permission \u{1b}denied", cause: None };
        let same = Said { said: "cannot read", cause: Some(Box::new(root)) };
        let error = Said { said: "cannot read", cause: Some(Box::new(same)) };
        assert_eq!(
            explain(&error, Some("run as root")),
            "error: cannot read\n  caused by: permission \\u{1b}denied\n  way out: run as root"
        );
    }
}
