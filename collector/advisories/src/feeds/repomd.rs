//! `repomd.xml`: which files a repository has, and whether one is another than last time.
//!
//! ```xml
//! <repomd><revision>1784024195</revision><data type="updateinfo">
//!   <checksum type="sha256">cccc…</checksum><open-checksum type="sha256">…</open-checksum>
//!   <location href="repodata/cccc…-updateinfo.xml.gz"/><timestamp>1515547049</timestamp>
//!   <size>2595346</size><open-size>25469005</open-size></data></repomd>
//! ```

use carepack_shared::xml::{self, Element};
use jiff::Timestamp;

use super::{FeedError, words};

/// Largest file; real ones have some 10 KB.
pub const REPOMD_BYTES_MAX: usize = 1 << 20;

const FORM: &str = "repomd.xml";

/// What is fetched of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repomd {
    /// The repository's own count or time; as it writes it.
    pub revision: String,
    pub updateinfo: Option<Part>,
    pub modules: Option<Part>,
}

/// One file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Relative to the folder above `repodata`; never leads out of it.
    pub href: String,
    /// Of the file as it is fetched.
    pub checksum: Checksum,
    /// Of the file unpacked.
    pub open_checksum: Option<Checksum>,
    /// In bytes.
    pub size: Option<u64>,
    /// In bytes, unpacked.
    pub open_size: Option<u64>,
    pub timestamp: Option<Timestamp>,
}

/// What a file must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// `sha256`, `sha512`, `sha` (which is SHA-1).
    pub kind: String,
    /// In hexadecimal, small letters.
    pub value: String,
}

/// Reads one; a repository without advisories has no `updateinfo`.
///
/// # Errors
/// [`FeedError`] when it is not the format, when a file has no checksum, or when its place leads
/// out of the repository.
pub fn read(bytes: &[u8]) -> Result<Repomd, FeedError> {
    super::limit(FORM, "bytes", bytes.len(), REPOMD_BYTES_MAX)?;
    let broken = |source| FeedError::Xml { form: FORM, byte: 0, source };
    let text = std::str::from_utf8(bytes).map_err(|error| broken(Box::new(error)))?;
    let root = xml::parse(text).map_err(|error| broken(Box::new(error)))?;
    if root.name != "repomd" {
        return Err(FeedError::Lacks { form: FORM, what: "a root element <repomd>" });
    }
    let part = |kind: &str| {
        let found = root.all("data").find(|data| data.attribute("type") == Some(kind));
        found.map(part).transpose()
    };
    let revision = root.first("revision").map_or("", |element| element.text.as_str());
    Ok(Repomd {
        revision: words::clip(revision, 64).to_owned(),
        updateinfo: part("updateinfo")?,
        modules: part("modules")?,
    })
}

fn part(data: &Element) -> Result<Part, FeedError> {
    let href = data.first("location").and_then(|location| location.attribute("href"));
    let href = href.ok_or(FeedError::Lacks { form: FORM, what: "the location of a file" })?;
    let outside = href.contains("..") || href.starts_with('/') || href.contains([':', '\\', '%']);
    if outside || !words::is_name(href) {
        let why = format!("{:?} leads out of the repository", words::clip(href, 200));
        return Err(FeedError::Value { key: "location".into(), why });
    }
    let checksum = checksum(data, "checksum");
    let number = |name: &str| data.first(name).and_then(|element| element.text.parse().ok());
    let timestamp = data.first("timestamp").map_or("", |element| element.text.as_str());
    // Some write fractions of a second.
    let timestamp = timestamp.split('.').next().and_then(words::moment);
    Ok(Part {
        href: href.to_owned(),
        checksum: checksum.ok_or(FeedError::Lacks { form: FORM, what: "a file's checksum" })?,
        open_checksum: self::checksum(data, "open-checksum"),
        size: number("size"),
        open_size: number("open-size"),
        timestamp,
    })
}

fn checksum(data: &Element, name: &str) -> Option<Checksum> {
    let element = data.first(name)?;
    let value = element.text.to_ascii_lowercase();
    let good = (8..=128).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_hexdigit());
    let kind = element.attribute("type")?.to_ascii_lowercase();
    good.then_some(Checksum { kind, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(href: &str) -> String {
        format!(
            r#"<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo">
            <revision>17</revision><data type="primary"><location href="repodata/p.xml.gz"/></data>
            <data type="updateinfo"><checksum type="sha256">00FFaa11</checksum>
            <location href="{href}"/><timestamp>1515547049.5</timestamp><size>42</size>
            <open-size>420</open-size></data><data type="updateinfo_zck"/></repomd>"#
        )
    }

    #[test]
    fn one_part_of_it() {
        let repomd = read(document("repodata/00ff-updateinfo.xml.gz").as_bytes()).unwrap();
        assert_eq!((repomd.revision.as_str(), &repomd.modules), ("17", &None));
        let part = repomd.updateinfo.unwrap();
        assert_eq!(part.href, "repodata/00ff-updateinfo.xml.gz");
        assert_eq!(part.checksum, Checksum { kind: "sha256".into(), value: "00ffaa11".into() });
        assert_eq!((part.size, part.open_size), (Some(42), Some(420)));
        assert_eq!(part.timestamp, words::moment("1515547049"));
    }

    #[test]
    fn a_place_outside_is_refused() {
        for href in ["../x", "/etc/passwd", "https://elsewhere/x", "a/%2e%2e/b", "a b", ""] {
            let error = read(document(href).as_bytes()).unwrap_err();
            assert!(matches!(error, FeedError::Value { .. }), "{href}: {error}");
        }
        assert!(read(b"<html/>").is_err());
        assert!(read(b"").is_err());
    }
}
