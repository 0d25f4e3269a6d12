//! A text shown at login, cut to its beginning: enough to see whether it warns and what it tells.

use serde::{Deserialize, Serialize};

/// Longest text kept, in characters: a notice, not a manual.
const TEXT_CHARS_MAX: usize = 1_000;

/// One text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Banner {
    pub file: String,
    /// Its whole length in characters.
    pub length: usize,
    pub text: String,
}

/// The text of `file`.
#[must_use]
pub fn banner(file: &str, text: &str) -> Banner {
    let text = text.trim();
    Banner {
        file: file.to_owned(),
        length: text.chars().count(),
        text: text.chars().take(TEXT_CHARS_MAX).collect(),
    }
}

/// The file of sshd's `Banner`; the first one counts, none where it is `none` or not set.
#[must_use]
pub fn of_sshd(config: &str) -> Option<String> {
    let set = super::lines(config).find_map(|line| {
        let (keyword, value) = line.split_once(|c: char| c.is_whitespace() || c == '=')?;
        keyword.eq_ignore_ascii_case("banner").then_some(value)
    })?;
    let path = set.trim_matches(|c: char| c.is_whitespace() || c == '=' || c == '"');
    path.starts_with('/').then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_banner_of_sshd() {
        let check =
            |text, expected: Option<&str>| assert_eq!(of_sshd(text).as_deref(), expected, "{text}");
        check("Port 22\nBanner /etc/issue.net\nBanner /etc/other\n", Some("/etc/issue.net"));
        check("banner=\"/etc/issue\"\n", Some("/etc/issue"));
        check("Banner none\n", None);
        check("#Banner /etc/issue\n", None);
    }

    #[test]
    fn a_long_text_is_cut_and_its_length_told() {
        let long = banner("/etc/motd", &"가".repeat(5_000));
        assert_eq!((long.length, long.text.chars().count()), (5_000, TEXT_CHARS_MAX));
    }
}
