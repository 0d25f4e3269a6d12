//! Package URLs, as far as feeds use them: `pkg:rpm/redhat/sudo@1.9.5p2-10.el9_3?arch=src&epoch=1`.
//!
//! <https://github.com/package-url/purl-spec>: percent-encoding in every part, qualifiers after `?`,
//! a sub-path after `#`, which nothing here needs.

use std::borrow::Cow;

/// Most qualifiers that are looked at.
const QUALIFIERS_MAX: usize = 16;

/// One package URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Purl<'a> {
    /// `rpm`, `rpmmod`, `maven`, `oci`.
    pub kind: &'a str,
    pub name: Cow<'a, str>,
    pub version: Option<Cow<'a, str>>,
    qualifiers: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Purl<'a> {
    /// Takes one apart; nothing when it is none.
    pub fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?;
        let rest = rest.split('#').next()?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = path.trim_start_matches('/').split_once('/')?;
        let (path, version) = match path.rsplit_once('@') {
            Some((path, version)) if !path.is_empty() => (path, Some(version)),
            _ => (path, None),
        };
        let name = decoded(path.rsplit('/').next()?)?;
        let version = match version {
            Some(version) => Some(decoded(version)?),
            None => None,
        };
        let pairs = query.split('&').take(QUALIFIERS_MAX).filter_map(|pair| pair.split_once('='));
        let qualifiers =
            pairs.map(|(key, value)| Some((key, decoded(value)?))).collect::<Option<_>>()?;
        let good = !kind.is_empty() && !name.is_empty();
        good.then_some(Self { kind, name, version, qualifiers })
    }

    pub fn qualifier(&self, key: &str) -> Option<&str> {
        let found = self.qualifiers.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value.as_ref()).filter(|value| !value.is_empty())
    }
}

/// Percent-encoding undone; nothing when it is broken or not UTF-8.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_apart() {
        let purl = Purl::parse(
            "pkg:rpm/redhat/ruby@2.7.8-139.module%2Bel8.8.0?arch=src&epoch=2&rpmmod=ruby:2.7:80:c",
        );
        let purl = purl.unwrap();
        assert_eq!((purl.kind, purl.name.as_ref()), ("rpm", "ruby"));
        assert_eq!(purl.version.as_deref(), Some("2.7.8-139.module+el8.8.0"));
        assert_eq!(purl.qualifier("epoch"), Some("2"));
        assert_eq!(purl.qualifier("rpmmod"), Some("ruby:2.7:80:c"));
        assert_eq!(purl.qualifier("distro"), None);
        let purl = Purl::parse("pkg:rpmmod/redhat/virt@rhel:806:ad0").unwrap();
        assert_eq!((purl.kind, purl.version.as_deref()), ("rpmmod", Some("rhel:806:ad0")));
        assert_eq!(Purl::parse("pkg:npm/%40scope/x").unwrap().name, "x");
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "pkg:",
            "pkg:rpm",
            "pkg:rpm/",
            "rpm/redhat/x",
            "pkg:rpm/redhat/x%2",
            "pkg:rpm/a/%ff",
        ] {
            assert_eq!(Purl::parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_it(text in "(pkg:)?[a-z/@?=&#%0-9A-F가]{0,40}") {
            let _ = Purl::parse(&text);
        }
    }
}
