//! Installed RPM packages: names, versions, modules and who signed them; no files.
//!
//! Read out of the database itself: no process is started, no lock taken, nothing written. The
//! survey is `{"reader": "sqlite" | "bdb" | "ndb", "packages": [[name, epoch, version, release,
//! arch, vendor, install time, module label, source package, key id], …]}`; epoch, install time
//! and key id may be null. RPM itself is asked only when no database could be read.

use std::cell::RefCell;

use carepack_rpmdb::{Error, PACKAGES_MAX, Package, ReadAt, bdb, ndb, sqlite};
use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::execute::clean;
use super::{Privilege, Probe, Read};
use crate::host::{Command, Host, Look, Missed, Stat};

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
};

/// One package a line; RPM itself reads the two-letter escapes.
const FORMAT: &str =
    r"%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{VENDOR}\t%{INSTALLTIME}\n";

/// Where a database lies: the newer place first (RHEL 10; on RHEL 9 the older one).
const FOLDERS: [&str; 2] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
/// The files of a database and their readers.
const FILES: [(&str, &str); 3] =
    [("rpmdb.sqlite", "sqlite"), ("Packages.db", "ndb"), ("Packages", "bdb")];
/// A change during the read is met by one more read.
const ATTEMPTS: usize = 2;
/// One window of a file: many pages, one look.
const WINDOW_BYTES: u64 = 256 * 1024;
/// Windows kept of one file: 2 MiB.
const WINDOWS_MAX: usize = 8;

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
    let mut last = Missed::new(Unseen::Failed, format!("{path}: changed while it was read"));
    for _ in 0..ATTEMPTS {
        let before = state(host, path)?;
        let read = read(host, path, reader, &before);
        if state(host, path)? != before {
            continue;
        }
        match read {
            Ok(packages) => return Ok(json!({ "reader": reader, "packages": packages })),
            Err(error) => last = Missed::new(Unseen::Failed, format!("{path}: {error}")),
        }
    }
    Err(last)
}

/// The database, its write-ahead log and its rollback journal.
fn state(host: &Host, path: &str) -> Look<[Option<Stat>; 3]> {
    let beside = |ending: &str| host.stat(&format!("{path}{ending}")).ok();
    Ok([Some(host.stat(path)?), beside("-wal"), beside("-journal")])
}

fn read(
    host: &Host,
    path: &str,
    reader: &str,
    [file, wal, journal]: &[Option<Stat>; 3],
) -> Result<Vec<Value>, Error> {
    if journal.is_some_and(|stat| stat.size_bytes > 0) {
        return Err(Error::Unsupported("database with a hot rollback journal"));
    }
    let size = |stat: &Option<Stat>| stat.map_or(0, |stat| stat.size_bytes);
    let file = Windows::new(host, path.to_owned(), size(file));
    let wal = Windows::new(host, format!("{path}-wal"), size(wal));
    let mut packages = Vec::new();
    let mut visit = |package: Package| {
        if packages.len() == PACKAGES_MAX {
            return Err(Error::Limit("number of packages"));
        }
        let p = package;
        let texts = [p.name, p.version, p.release, p.arch, p.vendor, p.modularity_label];
        let [name, version, release, arch, vendor, label] =
            texts.map(|text| clean(text.as_bytes()));
        let source = clean(p.source_rpm.as_bytes());
        packages.push(json!([
            name,
            p.epoch,
            version,
            release,
            arch,
            vendor,
            p.install_time,
            label,
            source,
            p.key_id
        ]));
        Ok(())
    };
    match reader {
        "sqlite" => sqlite::packages(&file, Some(&wal), &mut visit)?,
        "ndb" => ndb::packages(&file, &mut visit)?,
        _ => bdb::packages(&file, &mut visit)?,
    }
    Ok(packages)
}

/// A file seen through a few windows: start and bytes, the newest last.
struct Windows<'a> {
    host: &'a Host,
    path: String,
    size: u64,
    kept: RefCell<Vec<(u64, Vec<u8>)>>,
}

impl<'a> Windows<'a> {
    const fn new(host: &'a Host, path: String, size: u64) -> Self {
        Self { host, path, size, kept: RefCell::new(Vec::new()) }
    }

    /// Copies what one window has of the wanted bytes, and says how many those are.
    fn copy(&self, offset: u64, buf: &mut [u8]) -> Result<usize, Error> {
        let start = offset - offset % WINDOW_BYTES;
        let mut kept = self.kept.borrow_mut();
        let window = if let Some(at) = kept.iter().position(|(at, _)| *at == start) {
            kept.remove(at)
        } else {
            let piece = self.host.read_at(&self.path, start, WINDOW_BYTES as usize);
            let fault = |missed: Missed| Error::Read { offset, detail: missed.detail };
            (start, piece.map_err(fault)?.bytes)
        };
        let skip = usize::try_from(offset - start).unwrap_or(usize::MAX);
        let bytes = window.1.get(skip..).unwrap_or_default();
        let count = bytes.len().min(buf.len());
        buf[..count].copy_from_slice(&bytes[..count]);
        if kept.len() == WINDOWS_MAX {
            kept.remove(0);
        }
        kept.push(window);
        Ok(count)
    }
}

impl ReadAt for Windows<'_> {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        let mut done = 0;
        while done < buf.len() {
            match self.copy(offset + done as u64, &mut buf[done..])? {
                0 => return Err(Error::Truncated("file")),
                count => done += count,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_across_windows_and_never_past_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..3 * WINDOW_BYTES + 5).map(|n| (n % 251) as u8).collect();
        std::fs::write(folder.path().join("a"), &bytes).unwrap();
        let path = folder.path().join("a").to_string_lossy().into_owned();
        let host = Host::live();
        let windows = Windows::new(&host, path, bytes.len() as u64);
        let mut part = vec![0; WINDOW_BYTES as usize + 9];
        windows.read_at(WINDOW_BYTES - 3, &mut part).unwrap();
        assert_eq!(part, bytes[WINDOW_BYTES as usize - 3..][..part.len()]);
        assert_eq!(
            windows.read_at(bytes.len() as u64 - 1, &mut [0; 2]),
            Err(Error::Truncated("file"))
        );
    }

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
