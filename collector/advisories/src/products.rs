//! Products that did not come as packages: unpacked by hand, or built by another vendor.
//!
//! A package of the distribution carries fixes under an old version number, so only products that
//! no package of it explains are matched by their version.

use std::cmp::Ordering;

use carepack_facts::Facts;
use serde_json::Value;

use crate::host::Product;
use crate::model::Range;

/// Folders that packages own.
const PACKAGED: [&str; 4] = ["/usr/share/", "/usr/lib", "/etc/", "/opt/rh/"];
/// Most products of one host.
const PRODUCTS_MAX: usize = 500;
/// Vendors whose MySQL and MariaDB packages are the distribution's own builds.
const DISTRIBUTIONS: [&str; 6] =
    ["Red Hat", "Rocky", "AlmaLinux", "Oracle America", "CentOS", "Debian"];

/// The products outside packages that facts tell of.
#[must_use]
pub fn installed(facts: &Facts) -> Vec<Product> {
    let mut found = Vec::new();
    let rows = |key: &str| facts.value(key).and_then(Value::as_array).into_iter().flatten();
    for row in rows("tomcat.instances") {
        if row["packaged"] != true {
            found.extend(product("tomcat", row, "home"));
        }
    }
    for row in rows("jboss.instances") {
        let name = row["product"].as_str().unwrap_or_default();
        if !name.is_empty() && !is_packaged(&row["home"]) {
            found.extend(product(name, row, "home"));
        }
    }
    for row in rows("httpd.instances") {
        if !is_packaged(&row["instance"]) {
            found.extend(product("httpd", row, "instance"));
        }
    }
    for row in rows("mysql.instances") {
        let vendor = row["vendor"].as_str().unwrap_or_default();
        if !DISTRIBUTIONS.iter().any(|name| vendor.starts_with(name)) {
            found.extend(product(row["product"].as_str().unwrap_or_default(), row, "name"));
        }
    }
    found.sort();
    found.dedup();
    found.truncate(PRODUCTS_MAX);
    found
}

fn is_packaged(place: &Value) -> bool {
    let place = place.as_str().unwrap_or_default();
    PACKAGED.iter().any(|folder| place.starts_with(folder))
}

fn product(name: &str, row: &Value, place: &str) -> Option<Product> {
    let version = row["version"].as_str().filter(|version| !version.is_empty())?;
    (!name.is_empty()).then(|| Product {
        name: name.to_owned(),
        version: version.to_owned(),
        place: row[place].as_str().unwrap_or_default().to_owned(),
    })
}

/// Whether a version lies in a range.
#[must_use]
pub fn is_in(range: &Range, version: &str) -> bool {
    let from = range.introduced.as_ref().is_none_or(|from| compare(version, from).is_ge());
    let to = match (&range.fixed, &range.last) {
        (Some(fixed), _) => compare(version, fixed).is_lt(),
        (None, Some(last)) => compare(version, last).is_le(),
        (None, None) => true,
    };
    from && to
}

/// Orders versions as these products write them: numbers by value, a milestone, alpha, beta or
/// candidate (`9.0.0.M1`, `10.1.0-RC2`) before its release, `.GA` and `.Final` as the release
/// itself. Tomcat's versioning page and JBoss' qualifiers are the source.
#[must_use]
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    for at in 0..a.len().max(b.len()) {
        let one = a.get(at).copied().unwrap_or(Part::RELEASE);
        let other = b.get(at).copied().unwrap_or(Part::RELEASE);
        match one.cmp(&other) {
            Ordering::Equal => {}
            different => return different,
        }
    }
    Ordering::Equal
}

/// A piece of a version: before a release, or a number of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Alpha, beta, milestone, candidate.
    Before(u8),
    Number(u64),
}

impl Part {
    /// What stands behind the end: `9.0` is `9.0.0`.
    const RELEASE: Self = Self::Number(0);
}

fn parts(version: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = version.trim();
    while let Some(first) = rest.chars().next() {
        let digit = first.is_ascii_digit();
        let end = rest
            .find(|c: char| c.is_ascii_digit() != digit || !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        if end == 0 {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(end);
        rest = after;
        if digit {
            found.push(Part::Number(word.parse().unwrap_or(u64::MAX)));
            continue;
        }
        match word.to_ascii_lowercase().as_str() {
            "alpha" | "a" => found.push(Part::Before(0)),
            "beta" | "b" => found.push(Part::Before(1)),
            "m" | "milestone" => found.push(Part::Before(2)),
            "rc" | "cr" => found.push(Part::Before(3)),
            // `GA`, `Final`, `MariaDB`, `SP` say nothing by themselves.
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_order_as_their_products_do() {
        let ordered = [
            "9.0.0.M1",
            "9.0.0.M2",
            "9.0.0-RC1",
            "9.0.0",
            "9.0.1",
            "9.0.31",
            "9.0.100",
            "10.1.0-M1",
            "10.1.0",
            "26.1.3.Final",
        ];
        for (at, a) in ordered.iter().enumerate() {
            for (other, b) in ordered.iter().enumerate() {
                assert_eq!(compare(a, b), at.cmp(&other), "{a} {b}");
            }
        }
        for (a, b) in [("7.4.13.GA", "7.4.13"), ("10.6", "10.6.0-MariaDB"), ("", "0")] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
        assert!(compare("한글", "1").is_lt());
    }

    #[test]
    fn a_range_has_its_first_and_not_its_fixed_version() {
        let range = |introduced: Option<&str>, fixed: Option<&str>, last: Option<&str>| Range {
            product: "tomcat".to_owned(),
            introduced: introduced.map(str::to_owned),
            fixed: fixed.map(str::to_owned),
            last: last.map(str::to_owned),
        };
        let fixed = range(Some("9.0.0.M1"), Some("9.0.99"), None);
        let seen = ["8.5.99", "9.0.0.M1", "9.0.98", "9.0.99"].map(|version| is_in(&fixed, version));
        assert_eq!(seen, [false, true, true, false]);
        let last = range(None, None, Some("2.4.58"));
        assert_eq!(["2.4.58", "2.4.59"].map(|version| is_in(&last, version)), [true, false]);
        assert!(is_in(&range(None, None, None), "1"));
    }

    #[test]
    fn what_a_package_explains_is_no_product() {
        let mut facts = Facts::default();
        let tomcats = json!([
            {"home": "/usr/share/tomcat", "version": "9.0.62", "packaged": true},
            {"home": "/opt/tomcat", "version": "9.0.98", "packaged": false},
            {"home": "/opt/other", "version": null, "packaged": false},
        ]);
        facts.put("tomcat.instances", tomcats, "t");
        let databases = json!([
            {"name": "a", "product": "mysql", "version": "8.0.36", "vendor": "Red Hat, Inc."},
            {"name": "b", "product": "mysql", "version": "8.0.36",
             "vendor": "Oracle and/or its affiliates"},
        ]);
        facts.put("mysql.instances", databases, "t");
        let found = installed(&facts);
        let names: Vec<_> = found.iter().map(|p| (p.name.as_str(), p.place.as_str())).collect();
        assert_eq!(names, [("mysql", "b"), ("tomcat", "/opt/tomcat")]);
    }
}
