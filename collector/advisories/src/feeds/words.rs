//! Small words that several forms share: dates, ids, kinds, clipped text.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use super::{Fault, Faults, NAME_BYTES_MAX, REFERENCE_BYTES_MAX, REFERENCES_MAX};
use crate::model::{Kind, Severity};

/// Any of the spellings of a moment that feeds use; without a zone it is UTC.
///
/// `2023-06-27T15:16:35Z` · `2023-06-27 15:16:35` (also with ` UTC`) · `2018-01-11 21:05` ·
/// `2019-01-01` · `1555429284` (seconds since 1970).
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Timestamp::from_second(text.parse().ok()?).ok();
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let text = text.strip_suffix("UTC").unwrap_or(text).trim_end();
    let at = match text.split_once([' ', 'T']) {
        None => text.parse::<Date>().ok()?.to_datetime(Time::midnight()),
        Some(_) => text.parse::<DateTime>().ok()?,
    };
    Offset::UTC.to_timestamp(at).ok()
}

/// The first date that can be read; a fault, and the beginning of 1970, when none can.
pub(super) fn dated(spellings: &[&str], object: &str, faults: &mut Faults) -> Timestamp {
    spellings.iter().find_map(|text| moment(text)).unwrap_or_else(|| {
        faults.add(Fault::Date, object);
        Timestamp::UNIX_EPOCH
    })
}

/// `CVE-YEAR-NUMBER` in its usual spelling.
pub(super) fn cve(text: &str) -> Option<String> {
    let text = text.trim();
    let (head, rest) = text.split_at_checked(4)?;
    let (year, number) = rest.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let good = head.eq_ignore_ascii_case("CVE-")
        && year.len() == 4
        && (4..=19).contains(&number.len())
        && digits(year)
        && digits(number);
    good.then(|| format!("CVE-{year}-{number}"))
}

/// CVEs named within a text, such as a bug's title.
pub(super) fn cves_in(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter_map(cve)
}

/// An advisory's id: printable, without spaces, not longer than a name.
pub(super) fn id(text: &str) -> Option<&str> {
    let text = text.trim();
    let good = (1..=NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then_some(text)
}

/// What an id of the Red Hat family says of its kind: `RHBA`, `ALEA`, `RLSA`, `FEDORA-…` (nothing).
pub(super) fn kind_of(id: &str) -> Option<Kind> {
    let letters = id.split(['-', ':', '_']).next().unwrap_or_default();
    match letters.len() {
        4 if letters.ends_with("SA") => Some(Kind::Security),
        4 if letters.ends_with("BA") => Some(Kind::Bugfix),
        4 if letters.ends_with("EA") => Some(Kind::Enhancement),
        _ if id.starts_with("CVE-") || id.starts_with("GHSA-") => Some(Kind::Security),
        _ => None,
    }
}

/// `Important: firefox security update` → the severity and the rest.
pub(super) fn severity_before(title: &str) -> (Severity, &str) {
    if let Some((word, rest)) = title.split_once(':') {
        let severity = Severity::of(word);
        if severity != Severity::None && !rest.trim().is_empty() {
            return (severity, rest.trim());
        }
    }
    (Severity::None, title.trim())
}

/// At most so many bytes, ended between characters.
pub(super) fn clip(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// Text for people: trimmed, without control characters but line ends, at most so long.
pub(super) fn prose(text: &str, chars_max: usize) -> String {
    let kept = text.trim().chars().filter(|c| *c == '\n' || !c.is_control());
    kept.take(chars_max).collect()
}

/// A name of a package, a stream or a version: no spaces, nothing unprintable, not too long.
pub(super) fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Adds an address of the web, once, while there is room.
pub(super) fn add_reference(references: &mut Vec<String>, url: &str) {
    let url = url.trim();
    let good = (url.starts_with("https://") || url.starts_with("http://"))
        && url.len() <= REFERENCE_BYTES_MAX
        && url.bytes().all(|byte| byte.is_ascii_graphic());
    if good && references.len() < REFERENCES_MAX && !references.iter().any(|known| known == url) {
        references.push(url.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_moment() {
        let check = |text: &str, expected: Option<&str>| {
            let expected = expected.map(|text| text.parse::<Timestamp>().unwrap());
            assert_eq!(moment(text), expected, "{text}");
        };
        check("2023-06-27T15:16:35Z", Some("2023-06-27T15:16:35Z"));
        check("2025-09-10T15:12:09+00:00", Some("2025-09-10T15:12:09Z"));
        check("2023-06-27T15:16:35+09:00", Some("2023-06-27T06:16:35Z"));
        check("2023-06-27 15:16:35", Some("2023-06-27T15:16:35Z"));
        check("2013-01-27 16:08:05 UTC", Some("2013-01-27T16:08:05Z"));
        check("2018-01-11 21:05", Some("2018-01-11T21:05:00Z"));
        check("2019-01-01", Some("2019-01-01T00:00:00Z"));
        check(" 1555429284 ", Some("2019-04-16T15:41:24Z"));
        check("15mangled2", None);
        check("", None);
        check("99999999999999999999", None);
        check("2023-13-45", None);
    }

    #[test]
    fn ids_and_kinds() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(cve(text).as_deref(), expected, "{text}");
        };
        check("CVE-2024-0001", Some("CVE-2024-0001"));
        check(" cve-2024-12345678 ", Some("CVE-2024-12345678"));
        check("CVE-2024-1", None);
        check("CVE-24-12345", None);
        check("CVÉ-2024-12345", None);
        check("", None);
        let found: Vec<_> = cves_in("bug: CVE-2018-1000 and (CVE-2018-10001): x").collect();
        assert_eq!(found, ["CVE-2018-1000", "CVE-2018-10001"]);
        assert_eq!(kind_of("RHSA-2024:0811"), Some(Kind::Security));
        assert_eq!(kind_of("ALBA-2021:4378"), Some(Kind::Bugfix));
        assert_eq!(kind_of("RXSA-2023:0101"), Some(Kind::Security));
        assert_eq!(kind_of("ELEA-2023-0101"), Some(Kind::Enhancement));
        assert_eq!(kind_of("FEDORA-2024-1"), None);
        assert_eq!(severity_before("High: x").0, Severity::Important);
        assert_eq!(severity_before("sudo: crash"), (Severity::None, "sudo: crash"));
    }

    #[test]
    fn clipped_between_characters() {
        assert_eq!(clip("가나", 4), "가");
        assert_eq!(prose(" a\u{7}b\nc ", 3), "ab\n");
    }
}
