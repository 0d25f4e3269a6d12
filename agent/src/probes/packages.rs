//! Installed RPM packages: names, versions, modules and who signed them; no files.
//!
//! Read out of the database itself: no process is started, no lock taken, nothing written. The
//! survey is `{"reader": "sqlite" | "bdb" | "ndb", "packages": [[name, epoch, version, release,
//! arch, vendor, install time, module label, source package, key id], …]}`; epoch, install time
//! and key id may be null. Entries whose header is bent are counted: `"damaged":
//! {"count", "first"}` is there only then. RPM itself is asked only when no database could be read.

use carepack_rpmdb::{Error, PACKAGES_MAX, Package, ReadAt, bdb, ndb, sqlite};
use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::execute::{clean, hostile};
use super::{Legal, Privilege, Probe, Purpose, Read};
use crate::host::{Command, Host, Look, Missed, unchanged};

pub static PROBE: Probe = Probe {
    id: "packages",
    about_ko: "설치된 RPM 패키지와 판",
    about_en: "Installed RPM packages and their versions",
    reads: &[
        Read::Survey { name: "packages", reads: &FOLDERS, run: survey },
        Read::Fallback {
            command: Command {
                name: "rpm-packages",
                argv: &["/usr/bin/rpm", "-qa", "--nosignature", "--nodigest", "--qf", FORMAT],
                output_bytes_max: 4096 * 1024,
                as_nobody: true,
            },
            after: "packages",
        },
    ],
    // A cold database on a busy disk takes tens of seconds.
    deadline_ms: 60_000,
    privilege: Privilege::None,
    purpose: Purpose::Patches,
    legal: Legal::Technical,
};

/// One package a line; RPM itself reads the two-letter escapes.
const FORMAT: &str =
    r"%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{VENDOR}\t%{INSTALLTIME}\n";

/// Where a database lies: the newer place first (RHEL 10; on RHEL 9 the older one).
const FOLDERS: [&str; 2] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
/// The files of a database and their readers.
const FILES: [(&str, &str); 3] =
    [("rpmdb.sqlite", "sqlite"), ("Packages.db", "ndb"), ("Packages", "bdb")];

fn survey(host: &Host) -> Look<Value> {
    let found =
        FOLDERS.iter().flat_map(|folder| FILES.map(|(file, reader)| (folder, file, reader)));
    for (folder, file, reader) in found {
        let path = format!("{folder}/{file}");
        match host.stat(&path) {
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => return Err(missed),
            Ok(_) => return attempt(host, &path, reader),
        }
    }
    Err(Missed::new(Unseen::Absent, "no RPM database"))
}

fn attempt(host: &Host, path: &str, reader: &str) -> Look<Value> {
    let (packages, damaged) = unchanged(host, path, &mut |file, wal| read(reader, file, wal))?;
    let mut survey = json!({ "reader": reader });
    // `json!` would copy the longest list of a collection.
    survey["packages"] = Value::Array(packages);
    if damaged.count > 0 {
        survey["damaged"] = json!({ "count": damaged.count, "first": damaged.first });
    }
    Ok(survey)
}

/// Entries whose header could not be read.
#[derive(Default)]
struct Damaged {
    count: usize,
    first: String,
}

fn read(reader: &str, file: &dyn ReadAt, wal: &dyn ReadAt) -> Result<(Vec<Value>, Damaged), Error> {
    let mut packages = Vec::new();
    let mut damaged = Damaged::default();
    let mut visit = |package: Result<Package, Error>| {
        if packages.len() + damaged.count == PACKAGES_MAX {
            return Err(Error::Limit("number of packages"));
        }
        match package {
            Ok(package) => packages.push(row(package)),
            // A disk that does not answer is no damaged entry.
            Err(error @ Error::Read { .. }) => return Err(error),
            Err(error) => {
                damaged.count += 1;
                if damaged.first.is_empty() {
                    damaged.first = error.to_string();
                }
            }
        }
        Ok(())
    };
    match reader {
        "sqlite" => sqlite::packages(file, Some(wal), &mut visit)?,
        "ndb" => ndb::packages(file, &mut visit)?,
        _ => bdb::packages(file, &mut visit)?,
    }
    if damaged.count >= packages.len().max(1) {
        return Err(Error::Malformed("most of the headers"));
    }
    Ok((packages, damaged))
}

fn row(package: Package) -> Value {
    let p = package;
    let text = |text: String| {
        let clean = if text.contains(hostile) { clean(text.as_bytes()) } else { text };
        Value::String(clean)
    };
    Value::Array(vec![
        text(p.name),
        json!(p.epoch),
        text(p.version),
        text(p.release),
        text(p.arch),
        text(p.vendor),
        json!(p.install_time),
        text(p.modularity_label),
        text(p.source_rpm),
        json!(p.key_id),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bent_database_is_no_list_and_names_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Packages").to_string_lossy().into_owned();
        std::fs::write(&path, vec![0; 4096]).unwrap();
        let missed = attempt(&Host::live(), &path, "bdb").unwrap_err();
        assert_eq!(missed.reason, Unseen::Failed);
        assert!(missed.detail.contains("magic of a Berkeley DB hash"), "{}", missed.detail);
    }
}
