//! OSV: advisories of rebuild distributions, and vulnerabilities of products outside RPM.
//!
//! <https://ossf.github.io/osv-schema/>. An `affected` entry of `AlmaLinux:8`, `Rocky Linux:9` or
//! `Red Hat:…` gives a fixed package; one of Maven or Bitnami a range of a product's versions.
//! OSV tells neither architectures nor module streams: such packages stand without `.arch`, and
//! the release (`.module_el8`) alone shows that a module is meant.

use serde::Deserialize;

use super::purl::Purl;
use super::rows::Rows;
use super::{
    CVES_MAX, Fault, Faults, FeedError, Reading, SUMMARY_CHARS_MAX, TITLE_CHARS_MAX, Withdrawn,
    cvss, json, limit, words,
};
use crate::model::{Advisory, Cve, Kind, Range, Severity, Text};

/// Most packages of one document; one of Rocky has some 300.
pub const AFFECTED_MAX: usize = 100_000;
/// Most ranges of one package, and events of one range.
pub const EVENTS_MAX: usize = 1_000;

const FORM: &str = "an OSV document";

#[derive(Deserialize)]
struct Document {
    id: String,
    #[serde(default)]
    modified: String,
    #[serde(default)]
    published: String,
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    related: Vec<String>,
    #[serde(default)]
    upstream: Vec<String>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    severity: Vec<Score>,
    #[serde(default)]
    affected: Vec<Affected>,
    #[serde(default)]
    references: Vec<Reference>,
    database_specific: Option<Specific>,
}

#[derive(Deserialize)]
struct Score {
    #[serde(default)]
    score: String,
}

#[derive(Deserialize)]
struct Specific {
    severity: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    package: Option<Package>,
    #[serde(default)]
    ranges: Vec<Told>,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    url: String,
}

/// Where an ecosystem's packages are installed.
enum Place {
    /// As [`Fix::streams`](crate::model::Fix::streams).
    Streams(Vec<String>),
    /// Maven, by group and artifact; Bitnami, by name.
    Product(Option<&'static str>),
    Elsewhere,
}

/// Reads one document.
///
/// # Errors
/// [`FeedError`] when it is not OSV or larger than the limits.
pub fn read(bytes: &[u8]) -> Result<Reading, FeedError> {
    let document: Document = json(bytes, FORM)?;
    limit(FORM, "packages", document.affected.len(), AFFECTED_MAX)?;
    let mut reading = Reading::default();
    let faults = &mut reading.faults;
    let given = words::id(&document.id);
    let given = given.ok_or(FeedError::Lacks { form: FORM, what: "an id" })?;
    let mut cves = cves(&document);
    // A database's own number for a product's CVE: the CVE is what everyone else calls it.
    let id = match cves.as_slice() {
        [only] if given.starts_with("GHSA-") || given.starts_with("BIT-") => only.id.clone(),
        _ => given.to_owned(),
    };
    let updated = words::dated(&[&document.modified, &document.published], &id, faults);
    if let Some(at) = &document.withdrawn {
        let at = words::moment(at).unwrap_or(updated);
        reading.withdrawn.push(Withdrawn { id, at });
        return Ok(reading);
    }
    let score = score(&document, &mut cves, faults);
    let (fixes, ranges) = affected(&document.affected, faults)?;
    let (before, title) = words::severity_before(&document.summary);
    let specific = document.database_specific.as_ref().and_then(|words| words.severity.as_deref());
    let stated = [before, specific.map_or(Severity::None, Severity::of)];
    let severity = stated.into_iter().find(|severity| *severity != Severity::None);
    let mut references = Vec::new();
    for reference in document.references.iter().filter(|r| r.kind != "REPORT") {
        words::add_reference(&mut references, &reference.url);
    }
    let title = if title.is_empty() { &id } else { title };
    reading.advisories.push(Advisory {
        kind: words::kind_of(&id).unwrap_or(Kind::Security),
        severity: severity.unwrap_or_else(|| cvss::severity_of(score)),
        title: Text { en: words::prose(title, TITLE_CHARS_MAX), ko: String::new() },
        summary: Text { en: words::prose(&document.details, SUMMARY_CHARS_MAX), ko: String::new() },
        published: words::moment(&document.published).unwrap_or(updated),
        updated,
        cves,
        reboot: false,
        restart: false,
        references,
        fixes: fixes.into_fixes(),
        ranges,
        feeds: Vec::new(),
        id,
    });
    Ok(reading)
}

fn cves(document: &Document) -> Vec<Cve> {
    let own = std::iter::once(&document.id);
    let names = own.chain(&document.aliases).chain(&document.related).chain(&document.upstream);
    let mut ids: Vec<String> = names.filter_map(|id| words::cve(id)).take(CVES_MAX).collect();
    ids.sort();
    ids.dedup();
    ids.into_iter().map(|id| Cve { id, ..Cve::default() }).collect()
}

/// The document's score; it is its CVE's where there is only one.
fn score(document: &Document, cves: &mut [Cve], faults: &mut Faults) -> Option<u8> {
    let mut worst = Cve::default();
    for told in &document.severity {
        match cvss::score_of(&told.score) {
            Some(score) => cvss::take(&mut worst, score, &told.score),
            None => faults.add(Fault::Score, &told.score),
        }
    }
    if let ([only], Some(score)) = (cves, worst.cvss_tenths) {
        cvss::take(only, score, &worst.cvss_vector);
    }
    worst.cvss_tenths
}

fn affected(
    list: &[Affected],
    faults: &mut Faults,
) -> Result<(Rows<String>, Vec<Range>), FeedError> {
    let mut fixes = Rows::default();
    let mut ranges = Vec::new();
    for affected in list {
        let Some(package) = &affected.package else { continue };
        let events = affected.ranges.iter().map(|range| range.events.len()).sum::<usize>();
        limit(FORM, "events of a package", events, EVENTS_MAX)?;
        let versions = affected.ranges.iter().filter(|range| range.kind != "GIT");
        match place(package) {
            Place::Streams(streams) => {
                let fixed = versions.flat_map(|range| &range.events);
                for fixed in fixed.filter_map(|event| event.fixed.as_deref()) {
                    fix(package, fixed, &streams, &mut fixes, faults);
                }
            }
            Place::Product(Some(product)) => {
                for range in versions {
                    self::ranges(product, &range.events, &mut ranges, faults);
                }
            }
            Place::Product(None) => {}
            Place::Elsewhere => faults.add(Fault::Platform, &package.ecosystem),
        }
    }
    Ok((fixes, ranges))
}

fn fix(
    package: &Package,
    fixed: &str,
    streams: &[String],
    fixes: &mut Rows<String>,
    faults: &mut Faults,
) {
    let purl = package.purl.as_deref().and_then(Purl::parse);
    let mut evr = fixed.trim().to_owned();
    let epoch = purl.as_ref().and_then(|purl| purl.qualifier("epoch"));
    if let (false, Some(epoch)) = (evr.contains(':'), epoch) {
        evr = format!("{epoch}:{evr}");
    }
    let name = package.name.trim();
    if !words::is_name(name) || !words::is_name(&evr) || !evr.contains('-') {
        faults.add(Fault::Package, name);
        return;
    }
    let module = purl.as_ref().and_then(|purl| purl.qualifier("rpmmod"));
    let module = module.and_then(|text| {
        let mut parts = text.split(':');
        Some(format!("{}:{}", parts.next()?, parts.next()?))
    });
    let labelled = match purl.as_ref().and_then(|purl| purl.qualifier("arch")) {
        Some(arch) => format!("{name}.{arch}"),
        None => name.to_owned(),
    };
    for stream in streams {
        fixes.add(stream, module.as_deref(), evr.clone(), labelled.clone());
    }
}

/// `introduced` and what ends it, in the order of the document; `0` is the beginning.
fn ranges(product: &str, events: &[Event], ranges: &mut Vec<Range>, faults: &mut Faults) {
    let mut add = |introduced: Option<&str>, fixed: Option<&str>, last: Option<&str>| {
        let range = Range {
            product: product.to_owned(),
            introduced: introduced.filter(|version| *version != "0").map(str::to_owned),
            fixed: fixed.map(str::to_owned),
            last: last.map(str::to_owned),
        };
        if ![introduced, fixed, last].into_iter().flatten().all(words::is_name) {
            faults.add(Fault::Package, product);
        } else if !ranges.contains(&range) {
            ranges.push(range);
        }
    };
    let mut open = None;
    for event in events {
        if let Some(introduced) = event.introduced.as_deref()
            && let Some(before) = open.replace(introduced)
        {
            // Introduced twice without an end in between: all of it has it.
            open = Some(before);
        }
        let (fixed, last) = (event.fixed.as_deref(), event.last_affected.as_deref());
        if fixed.is_some() || last.is_some() {
            add(open.take(), fixed, last);
        }
    }
    if open.is_some() {
        add(open, None, None);
    }
}

fn place(package: &Package) -> Place {
    let (system, rest) =
        package.ecosystem.split_once(':').unwrap_or((package.ecosystem.as_str(), ""));
    let major = rest.split(['.', ':']).next().unwrap_or_default();
    let numbered = !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit());
    match system {
        "AlmaLinux" if numbered => Place::Streams(vec![format!("os:almalinux:{major}")]),
        "Rocky Linux" if numbered => Place::Streams(vec![format!("os:rocky:{major}")]),
        // OSV leaves out whether it is an application (`/a`) or a system (`/o`).
        "Red Hat" if words::is_name(rest) => {
            Place::Streams(vec![format!("cpe:/a:redhat:{rest}"), format!("cpe:/o:redhat:{rest}")])
        }
        "Maven" => Place::Product(of_maven(&package.name)),
        "Bitnami" => Place::Product(of_bitnami(&package.name)),
        _ => Place::Elsewhere,
    }
}

/// The product whose version an artifact has; artifacts with versions of their own have none.
fn of_maven(name: &str) -> Option<&'static str> {
    let (group, artifact) = name.split_once(':')?;
    match group {
        // The embedded one is built of the same sources, with the same number.
        "org.apache.tomcat" | "org.apache.tomcat.embed" if artifact.starts_with("tomcat") => {
            Some("tomcat")
        }
        "org.wildfly" if artifact.starts_with("wildfly-") => Some("wildfly"),
        "io.undertow" if artifact.starts_with("undertow-") => Some("undertow"),
        _ => None,
    }
}

fn of_bitnami(name: &str) -> Option<&'static str> {
    match name {
        "apache" => Some("httpd"),
        "mariadb" | "mariadb-galera" => Some("mariadb"),
        "mysql" => Some("mysql"),
        "tomcat" => Some("tomcat"),
        "wildfly" => Some("wildfly"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Advisory {
        let mut reading = read(json.as_bytes()).unwrap();
        assert_eq!(reading.faults, Faults::default());
        assert_eq!(reading.advisories.len(), 1);
        reading.advisories.remove(0)
    }

    #[test]
    fn a_rebuild() {
        let advisory = check(
            r#"{"id": "ALSA-2030:1", "published": "2030-01-02T00:00:00Z", "modified": "2030-01-03T00:00:00Z",
            "summary": "Moderate: thing security update", "details": "It is mended.",
            "related": ["CVE-2030-10000", "CVE-2030-10001"],
            "affected": [
             {"package": {"ecosystem": "AlmaLinux:8", "name": "thing"}, "ranges": [{"type": "ECOSYSTEM",
               "events": [{"introduced": "0"}, {"fixed": "1.2-3.el8"}]}]},
             {"package": {"ecosystem": "AlmaLinux:8", "name": "thing-libs", "purl": "pkg:rpm/almalinux/thing-libs?epoch=2"},
              "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2-3.el8"}]}]},
             {"package": {"ecosystem": "Red Hat:rhel_eus:9.2::appstream", "name": "thing", "purl": "pkg:rpm/redhat/thing"},
              "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2:1-3.el9_2"}]}]}],
            "references": [{"type": "ADVISORY", "url": "https://example.com/ALSA"},
              {"type": "REPORT", "url": "https://bugs.example.com/1"}]}"#,
        );
        assert_eq!(advisory.severity, Severity::Moderate);
        assert_eq!(advisory.title.en, "thing security update");
        assert_eq!(advisory.references, ["https://example.com/ALSA"]);
        assert_eq!(advisory.cves.len(), 2);
        let told: Vec<String> = advisory
            .fixes
            .iter()
            .map(|fix| format!("{} {} {}", fix.streams.join("|"), fix.evr, fix.packages.join(",")))
            .collect();
        let expected = [
            "cpe:/a:redhat:rhel_eus:9.2::appstream|cpe:/o:redhat:rhel_eus:9.2::appstream 2:1-3.el9_2 thing",
            "os:almalinux:8 1.2-3.el8 thing",
            "os:almalinux:8 2:1.2-3.el8 thing-libs",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_product_of_maven() {
        let advisory = check(
            r#"{"id": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2030-20000"], "modified": "2030-01-03T00:00:00Z",
            "summary": "Tomcat: thing", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected": [
             {"package": {"ecosystem": "Maven", "name": "org.apache.tomcat:tomcat-catalina"}, "ranges": [{"type": "ECOSYSTEM",
               "events": [{"introduced": "9.0.0.M1"}, {"fixed": "9.0.99"}]}, {"type": "ECOSYSTEM",
               "events": [{"introduced": "0"}, {"last_affected": "8.5.100"}, {"introduced": "10.1.0"}]}]},
             {"package": {"ecosystem": "Maven", "name": "org.apache.tomcat.embed:tomcat-embed-core"}, "ranges": [{"type": "ECOSYSTEM",
               "events": [{"introduced": "9.0.0.M1"}, {"fixed": "9.0.99"}]}]},
             {"package": {"ecosystem": "Maven", "name": "org.wildfly.core:wildfly-cli"}, "ranges": [{"type": "ECOSYSTEM",
               "events": [{"introduced": "0"}, {"fixed": "20.0"}]}]}]}"#,
        );
        assert_eq!(
            (advisory.id.as_str(), advisory.severity),
            ("CVE-2030-20000", Severity::Critical)
        );
        assert_eq!(advisory.cvss_tenths(), Some(98));
        let told = |range: &Range| {
            let or = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".into());
            format!(
                "{} {} {} {}",
                range.product,
                or(&range.introduced),
                or(&range.fixed),
                or(&range.last)
            )
        };
        let ranges: Vec<String> = advisory.ranges.iter().map(told).collect();
        let expected = ["tomcat 9.0.0.M1 9.0.99 -", "tomcat - - 8.5.100", "tomcat 10.1.0 - -"];
        assert_eq!(ranges, expected);
    }

    #[test]
    fn withdrawn_and_broken() {
        let reading = read(
            br#"{"id": "X-1", "modified": "2030-01-01T00:00:00Z", "withdrawn": "2030-02-01T00:00:00Z"}"#,
        );
        assert_eq!(reading.unwrap().withdrawn[0].id, "X-1");
        assert!(read(br#"{"id": ""}"#).is_err());
        assert!(read(b"[]").is_err());
        let reading = read(
            br#"{"id": "X-2", "severity": [{"score": "bad"}], "affected": [{"package": {"ecosystem": "PyPI", "name": "x"}}]}"#,
        );
        let faults = reading.unwrap().faults;
        let kinds: Vec<Fault> = faults.iter().map(|(fault, ..)| fault).collect();
        assert_eq!(kinds, [Fault::Date, Fault::Score, Fault::Platform]);
    }
}
