//! A bulletin that an engineer writes: a vendor's announcement that has no form of its own.
//!
//! YAML with the keys of [`Advisory`]; how to write one stands in
//! `collector/advisories/bulletins/README.md`. A key that is not known, a version that is none
//! or a product that no fact names is refused by its name, so that a slip does not go unseen.

use jiff::Timestamp;
use serde::Deserialize;

use super::{FeedError, NAME_BYTES_MAX, SUMMARY_CHARS_MAX, TITLE_CHARS_MAX, cvss, limit, words};
use crate::model::{Advisory, Cve, Fix, Kind, Range, Severity, Text};

/// Largest bulletin.
pub const BULLETIN_BYTES_MAX: usize = 256 << 10;
/// Most entries of each of its lists.
pub const ENTRIES_MAX: usize = 1_000;

const FORM: &str = "a bulletin";

/// Products that facts name with a version.
pub const PRODUCTS: [&str; 8] =
    ["httpd", "eap", "jdk", "mariadb", "mysql", "tomcat", "undertow", "wildfly"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bulletin {
    id: String,
    #[serde(default = "security")]
    kind: Kind,
    severity: String,
    title: Texts,
    summary: Texts,
    published: String,
    updated: Option<String>,
    #[serde(default)]
    cves: Vec<Vulnerability>,
    #[serde(default)]
    reboot: bool,
    #[serde(default)]
    restart: bool,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    ranges: Vec<Versions>,
    #[serde(default)]
    fixes: Vec<Packages>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    ko: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vulnerability {
    id: String,
    #[serde(default)]
    cvss: String,
    #[serde(default)]
    exploited: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Versions {
    product: String,
    introduced: Option<String>,
    fixed: Option<String>,
    last: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Packages {
    streams: Vec<String>,
    module: Option<String>,
    evr: String,
    packages: Vec<String>,
}

const fn security() -> Kind {
    Kind::Security
}

/// Reads one.
///
/// # Errors
/// [`FeedError::Yaml`] names the key and the line; [`FeedError::Value`] the key and what is wrong.
pub fn read(bytes: &[u8]) -> Result<Advisory, FeedError> {
    limit(FORM, "bytes", bytes.len(), BULLETIN_BYTES_MAX)?;
    let bulletin: Bulletin = serde_yaml_ng::from_slice(bytes).map_err(FeedError::Yaml)?;
    for (what, len) in [
        ("cves", bulletin.cves.len()),
        ("references", bulletin.references.len()),
        ("ranges", bulletin.ranges.len()),
        ("fixes", bulletin.fixes.len()),
    ] {
        limit(FORM, what, len, ENTRIES_MAX)?;
    }
    if bulletin.ranges.is_empty() && bulletin.fixes.is_empty() {
        return Err(wrong("ranges", "a bulletin without ranges and fixes concerns no host"));
    }
    let id = words::id(&bulletin.id).ok_or_else(|| wrong("id", "an id has no spaces"))?;
    let published = moment("published", &bulletin.published)?;
    let updated = match &bulletin.updated {
        Some(updated) => moment("updated", updated)?,
        None => published,
    };
    if updated < published {
        return Err(wrong("updated", "lies before `published`"));
    }
    let mut references = Vec::new();
    for (index, reference) in bulletin.references.iter().enumerate() {
        words::add_reference(&mut references, reference);
        if !references.contains(&reference.trim().to_owned()) {
            let why = "an address begins with https:// and there are at most 20";
            return Err(wrong(&format!("references[{index}]"), why));
        }
    }
    Ok(Advisory {
        id: id.to_owned(),
        kind: bulletin.kind,
        severity: severity(&bulletin.severity)?,
        title: text("title", &bulletin.title, TITLE_CHARS_MAX)?,
        summary: text("summary", &bulletin.summary, SUMMARY_CHARS_MAX)?,
        published,
        updated,
        cves: each("cves", &bulletin.cves, cve)?,
        reboot: bulletin.reboot,
        restart: bulletin.restart,
        references,
        fixes: each("fixes", &bulletin.fixes, fix)?,
        ranges: each("ranges", &bulletin.ranges, range)?,
        feeds: Vec::new(),
    })
}

fn wrong(key: &str, why: &str) -> FeedError {
    FeedError::Value { key: key.to_owned(), why: why.to_owned() }
}

/// Each entry of a list, its faults named by the list's key and the entry's number.
fn each<T, U>(
    key: &str,
    list: &[T],
    read: fn(&T) -> Result<U, (&'static str, String)>,
) -> Result<Vec<U>, FeedError> {
    let entry = |(index, entry): (usize, &T)| {
        read(entry).map_err(|(within, why)| FeedError::Value {
            key: format!("{key}[{index}].{within}"),
            why,
        })
    };
    list.iter().enumerate().map(entry).collect()
}

fn moment(key: &str, text: &str) -> Result<Timestamp, FeedError> {
    let why = || format!("{text:?} is no date; write 2026-03-10 or 2026-03-10T09:00:00+09:00");
    words::moment(text).ok_or_else(|| FeedError::Value { key: key.to_owned(), why: why() })
}

fn severity(word: &str) -> Result<Severity, FeedError> {
    let severity = Severity::of(word);
    if severity == Severity::None && word != "none" {
        let why = format!("{word:?} is none of critical, important, moderate, low, none");
        return Err(FeedError::Value { key: "severity".into(), why });
    }
    Ok(severity)
}

fn text(key: &str, texts: &Texts, chars_max: usize) -> Result<Text, FeedError> {
    for (language, text) in [("ko", &texts.ko), ("en", &texts.en)] {
        let why = match text.trim().chars().count() {
            0 => "is empty".to_owned(),
            count if count > chars_max => format!("has {count} characters; at most {chars_max}"),
            _ => continue,
        };
        return Err(FeedError::Value { key: format!("{key}.{language}"), why });
    }
    let prose = |text: &str| words::prose(text, chars_max);
    Ok(Text { ko: prose(&texts.ko), en: prose(&texts.en) })
}

fn cve(told: &Vulnerability) -> Result<Cve, (&'static str, String)> {
    let id = words::cve(&told.id).ok_or_else(|| ("id", format!("{:?} is no CVE", told.id)))?;
    let mut cve = Cve { id, exploited: told.exploited, ..Cve::default() };
    if !told.cvss.is_empty() {
        let score = cvss::score_of(&told.cvss).ok_or_else(|| {
            let why = "is no vector; write CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
            ("cvss", format!("{:?} {why}", told.cvss))
        })?;
        cvss::take(&mut cve, score, &told.cvss);
    }
    Ok(cve)
}

fn range(told: &Versions) -> Result<Range, (&'static str, String)> {
    if !PRODUCTS.contains(&told.product.as_str()) {
        return Err(("product", format!("{:?} is none of {}", told.product, PRODUCTS.join(", "))));
    }
    for (key, version) in
        [("introduced", &told.introduced), ("fixed", &told.fixed), ("last", &told.last)]
    {
        let good = |version: &String| {
            words::is_name(version) && version.contains(|c: char| c.is_ascii_digit())
        };
        if !version.as_ref().is_none_or(good) {
            return Err((key, format!("{version:?} is no version")));
        }
    }
    match (&told.fixed, &told.last) {
        (Some(_), Some(_)) => Err(("last", "is only for ranges without `fixed`".into())),
        (None, None) => Err(("fixed", "say `fixed` or `last`: which version ends it".into())),
        _ => Ok(Range {
            product: told.product.clone(),
            introduced: told.introduced.clone(),
            fixed: told.fixed.clone(),
            last: told.last.clone(),
        }),
    }
}

fn fix(told: &Packages) -> Result<Fix, (&'static str, String)> {
    let prefixes = ["cpe:/", "repo:", "os:"];
    let is_stream =
        |stream: &String| words::is_name(stream) && prefixes.iter().any(|p| stream.starts_with(p));
    if told.streams.is_empty() || !told.streams.iter().all(is_stream) {
        return Err(("streams", "one or more of cpe:/…, repo:ID, os:ID:MAJOR".into()));
    }
    if told.packages.is_empty() || !told.packages.iter().all(|package| words::is_name(package)) {
        return Err(("packages", "one or more of name.arch".into()));
    }
    if told.packages.len().max(told.streams.len()) > ENTRIES_MAX {
        return Err(("packages", format!("at most {ENTRIES_MAX}")));
    }
    if told.module.as_ref().is_some_and(|module| module.split(':').count() != 2) {
        return Err(("module", "write name:stream".into()));
    }
    let (epoch, version) = told.evr.split_once(':').unwrap_or(("", ""));
    let good = !epoch.is_empty()
        && epoch.bytes().all(|byte| byte.is_ascii_digit())
        && version.contains('-')
        && words::is_name(version)
        && told.evr.len() <= NAME_BYTES_MAX;
    if !good {
        return Err(("evr", "write EPOCH:VERSION-RELEASE, the epoch 0 too".into()));
    }
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list.dedup();
        list
    };
    Ok(Fix {
        streams: sorted(&told.streams),
        module: told.module.clone(),
        evr: told.evr.clone(),
        packages: sorted(&told.packages),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
id: CVE-2030-30000
severity: important
title: {ko: 시험 취약점, en: A flaw for tests}
summary: {ko: 요청을 잘못 처리한다., en: Requests are handled wrongly.}
published: 2030-03-10
updated: 2030-03-11 09:30:00
cves: [{id: CVE-2030-30000, cvss: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", exploited: true}]
restart: true
references: ["https://example.com/advisory"]
ranges:
  - {product: tomcat, introduced: "9.0.0.M1", fixed: "9.0.99"}
  - {product: tomcat, last: "8.5.100"}
fixes:
  - {streams: ["repo:mysql80-community"], evr: "0:8.0.40-1.el9", packages: [mysql-community-server.x86_64]}
"#;

    /// The bulletin with one text changed for another, and what is said of it.
    fn check(from: &str, to: &str, expected: &str) {
        assert!(WHOLE.contains(from), "{from}");
        let error = read(WHOLE.replacen(from, to, 1).as_bytes()).unwrap_err();
        let told = std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source());
        let told: Vec<String> = told.map(ToString::to_string).collect();
        assert!(told.join(": ").contains(expected), "{to}: {told:?}");
    }

    #[test]
    fn whole() {
        let advisory = read(WHOLE.as_bytes()).unwrap();
        assert_eq!((advisory.kind, advisory.severity), (Kind::Security, Severity::Important));
        assert_eq!(advisory.title.ko, "시험 취약점");
        assert_eq!((advisory.cvss_tenths(), advisory.is_exploited()), (Some(98), true));
        assert_eq!((advisory.ranges.len(), advisory.fixes.len()), (2, 1));
        assert!(advisory.restart && !advisory.reboot);
        assert_eq!(advisory.updated.to_string(), "2030-03-11T09:30:00Z");
    }

    #[test]
    fn a_slip_is_named() {
        check("restart: true", "restrat: true", "restrat");
        check("product: tomcat, last", "product: tomkat, last", "ranges[1].product");
        check("fixed: \"9.0.99\"", "fixed: soon", "ranges[0].fixed");
        check(", fixed: \"9.0.99\"", "", "ranges[0].fixed");
        check("last: \"8.5.100\"", "last: '1', fixed: '2'", "ranges[1].last");
        check("severity: important", "severity: bad", "severity");
        check("2030-03-10", "soon", "published");
        check("2030-03-11 09:30:00", "2029-01-01", "updated");
        check("ko: 시험 취약점", "ko: ''", "title.ko");
        check("evr: \"0:8", "evr: \"8", "fixes[0].evr");
        check("\"repo:mysql80", "\"mysql80", "fixes[0].streams");
        check("\"CVSS:3.1/AV:N", "\"CVSS:3.1/AV:Z", "cves[0].cvss");
        check("id: CVE-2030-30000\nsev", "id: a b\nsev", "id");
        check("https://example", "ftp://example", "references[0]");
    }

    /// The example of the manual is one that is read, with every key.
    #[test]
    fn the_manual_is_right() {
        let manual = include_str!("../../bulletins/README.md");
        let example = manual.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
        let advisory = read(example.as_bytes()).unwrap();
        assert_eq!(advisory.cvss_tenths(), Some(75));
        assert_eq!((advisory.ranges.len(), advisory.fixes.len()), (2, 1));
        for product in PRODUCTS {
            assert!(manual.contains(product), "{product}");
        }
    }

    #[test]
    fn a_version_without_quotes_keeps_its_zero() {
        let advisory = read(WHOLE.replace("\"9.0.99\"", "9.10").as_bytes()).unwrap();
        assert_eq!(advisory.ranges[0].fixed.as_deref(), Some("9.10"));
    }

    #[test]
    fn one_that_concerns_no_host() {
        let short = WHOLE.split("ranges:").next().unwrap();
        assert!(matches!(read(short.as_bytes()), Err(FeedError::Value { .. })));
        assert!(read(b"").is_err());
        assert!(read("가: [".as_bytes()).is_err());
    }
}
