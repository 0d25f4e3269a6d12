//! Installed packages, into the lines that the agent asks of `rpm -qa`.
//!
//! ```text
//! package-data   bash-4.4.19-8.el8_0.x86_64<TAB>Fri Sep 27 11:51:33 2019<TAB>1569585093<TAB>Red Hat, Inc.
//! rpm_-qa_--qf…  {"name": "bash","epoch": "(none)","version": "4.4.19","release": "8.el8_0",…}
//! sh_-c_rpm…     bash-4.4.19-8.el8_0.x86_64          Fri Sep 27 11:51:33 2019
//! dnf list       bash.x86_64     4.4.19-8.el8_0      @System
//! ```
//!
//! sosreport leaves the epoch out; the list of dnf or yum, which older ones take too, has it.
//! Without either it is `?`, and a vendor that no output names stays empty.

use std::collections::BTreeMap;
use std::fmt::Write;

use carepack_shared::Content;
use jiff::civil::DateTime;
use serde::Deserialize;

use super::Seen;

/// Most packages listed: a host with everything installed has some ten thousand.
const PACKAGES_MAX: usize = 50_000;

#[derive(Debug, PartialEq, Eq)]
struct Package {
    name: String,
    epoch: Option<String>,
    version: String,
    release: String,
    arch: String,
    vendor: String,
    /// Seconds since the epoch.
    installed_at: i64,
}

/// One line a package: name, epoch, version, release, arch, vendor, install time.
pub fn installed(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["package-data"]).or_else(|| {
        let query =
            |name: &str| name.starts_with("rpm_-qa") || name.contains("_rpm_--nodigest_-qa");
        let (_, piece) = seen.layout.commands(&query).into_iter().next()?;
        Some(super::super::layout::text(piece).into_owned())
    })?;
    let epochs = seen.command(&["dnf_list_installed", "yum_list_installed"]);
    // A list without a package's epoch says that it has none; no list says nothing.
    let otherwise = if epochs.is_some() { "0" } else { "?" };
    let epochs = epochs.as_deref().map(epochs_of).unwrap_or_default();
    let mut lines = String::new();
    for package in text.lines().filter_map(package).take(PACKAGES_MAX) {
        let Package { name, version, release, arch, vendor, installed_at, .. } = &package;
        let key = (name.clone(), arch.clone(), format!("{version}-{release}"));
        let epoch = package.epoch.as_deref().or_else(|| epochs.get(&key).map(String::as_str));
        let epoch = epoch.unwrap_or(otherwise);
        let _ = writeln!(
            lines,
            "{name}\t{epoch}\t{version}\t{release}\t{arch}\t{vendor}\t{installed_at}"
        );
    }
    (!lines.is_empty()).then_some(Content::Text(lines))
}

fn package(line: &str) -> Option<Package> {
    let line = line.trim_end();
    if line.starts_with('{') {
        return json(line);
    }
    let nvra = line.split_whitespace().next()?;
    let (name, version, release, arch) = split(nvra)?;
    let mut fields = line.split('\t').skip(1);
    let date = fields.next();
    let stamp = fields.next().and_then(|field| field.trim().parse().ok());
    let vendor = fields.next().filter(|_| stamp.is_some()).unwrap_or_default().trim();
    let words = || moment(line.get(nvra.len()..)?.trim());
    let installed_at = stamp.or_else(|| moment(date?.trim())).or_else(words)?;
    Some(Package {
        name: name.to_owned(),
        epoch: None,
        version: version.to_owned(),
        release: release.to_owned(),
        arch: arch.to_owned(),
        vendor: vendor.to_owned(),
        installed_at,
    })
}

/// Name, version, release and architecture, from the right: names may hold anything.
fn split(nvra: &str) -> Option<(&str, &str, &str, &str)> {
    let (rest, arch) = nvra.rsplit_once('.')?;
    let (rest, release) = rest.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    [name, version, release, arch].iter().all(|part| !part.is_empty()).then_some(())?;
    Some((name, version, release, arch))
}

fn json(line: &str) -> Option<Package> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
        epoch: String,
        version: String,
        release: String,
        arch: String,
        installtime: String,
        #[serde(default)]
        vendor: String,
    }
    let row: Row = serde_json::from_str(line).ok()?;
    let plain = |text: &String| !text.contains(['\t', '\n']);
    [&row.name, &row.version, &row.release, &row.arch, &row.vendor]
        .into_iter()
        .all(plain)
        .then_some(())?;
    Some(Package {
        name: row.name,
        // "(none)" and 0 are the same to rpm.
        epoch: Some(if row.epoch.parse::<u32>().is_ok() { row.epoch } else { "0".to_owned() }),
        version: row.version,
        release: row.release,
        arch: row.arch,
        vendor: row.vendor,
        installed_at: moment(&row.installtime)?,
    })
}

/// rpm's date by locale, taken as UTC: a zone's letters are ambiguous, and no rule asks for the
/// hour of an installation.
fn moment(text: &str) -> Option<i64> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let half =
        words.iter().position(|word| matches!(*word, "AM" | "PM")).map(|at| words.remove(at));
    let month = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    // `Fri Sep 27 11:51:34 2019`, or `Fri 24 Jun 2016 04:17:58 EDT`.
    let (day, month, year, clock) = match words[..] {
        [_, name, day, clock, year, ..] if month(name) => (day, name, year, clock),
        [_, day, name, year, clock, ..] if month(name) => (day, name, year, clock),
        _ => return None,
    };
    let stamp = format!("{year} {month} {day} {clock} {}", half.unwrap_or_default());
    let format = if half.is_some() { "%Y %b %d %I:%M:%S %p" } else { "%Y %b %d %H:%M:%S" };
    let at = DateTime::strptime(format, stamp.trim_end()).ok()?;
    Some(jiff::tz::Offset::UTC.to_timestamp(at).ok()?.as_second())
}

/// Epochs by name, architecture and `version-release`, of dnf's or yum's list. A long name has
/// its version on the next line.
fn epochs_of(text: &str) -> BTreeMap<(String, String, String), String> {
    let mut words = text.split_whitespace().peekable();
    let mut epochs = BTreeMap::new();
    while let Some(word) = words.next() {
        let Some((name, arch)) = word.rsplit_once('.') else { continue };
        let Some((epoch, evr)) = words.peek().and_then(|next| next.split_once(':')) else {
            continue;
        };
        if epoch.parse::<u32>().is_ok() && evr.contains('-') {
            let key = (name.to_owned(), arch.to_owned(), evr.to_owned());
            epochs.insert(key, epoch.to_owned());
        }
    }
    epochs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<(&str, &str, &str, &str, i64)>) {
        let found = package(line);
        let found = found.as_ref().map(|p| {
            let epoch = p.epoch.as_deref().unwrap_or("-");
            (p.name.as_str(), epoch, p.release.as_str(), p.vendor.as_str(), p.installed_at)
        });
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn lines_of_four_tools_are_packages() {
        check(
            "bash-4.4.19-8.el8_0.x86_64\tFri Sep 27 11:51:33 2019\t1569585093\tRed Hat, Inc.\tx86-vm",
            Some(("bash", "-", "8.el8_0", "Red Hat, Inc.", 1_569_585_093)),
        );
        check(
            "NetworkManager-libnm-1.14.0-14.el8.x86_64      Fri Sep 27 11:51:34 2019",
            Some(("NetworkManager-libnm", "-", "14.el8", "", 1_569_585_094)),
        );
        check(
            r#"{"name": "log4j","version": "1.2.17","epoch": "0","release": "15.el7","arch": "noarch","installtime": "Thu 02 Jun 2016 05:10:29 PM EDT","vendor": "x"}"#,
            Some(("log4j", "0", "15.el7", "x", 1_464_887_429)),
        );
        check("shell-init: error retrieving current directory: getcwd", None);
        check("warning: Signature not supported. Hash algorithm SHA1 not available.", None);
        check("{\"name\": 7}", None);
    }

    #[test]
    fn epochs_come_from_the_list_of_dnf() {
        let text = "Installed Packages\nacl.x86_64   2.2.53-1.el8   @System\n\
            openssl-libs.x86_64  1:1.1.1-8.el8  @System\n\
            a-very-long-package-name.noarch\n            32:9.11.4-17.el8  @System\n";
        let epochs = epochs_of(text);
        let get = |name: &str, arch: &str, evr: &str| {
            epochs.get(&(name.to_owned(), arch.to_owned(), evr.to_owned())).map(String::as_str)
        };
        assert_eq!(get("openssl-libs", "x86_64", "1.1.1-8.el8"), Some("1"));
        assert_eq!(get("a-very-long-package-name", "noarch", "9.11.4-17.el8"), Some("32"));
        assert_eq!(epochs.len(), 2);
    }
}
