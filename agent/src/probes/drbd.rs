//! DRBD 8.4 and 9: configuration with all that it includes, roles, connections and disks.
//!
//! `drbdsetup show` is not asked: it repeats the configuration, the shared secret included.

use std::collections::BTreeSet;

use carepack_shared::Unseen;

use super::{FILE_BYTES_MAX, HELPER_MS, Legal, Privilege, Probe, Purpose, Read, file, file_kib};
use crate::host::{Command, Host, Look};

pub static PROBE: Probe = Probe {
    id: "drbd",
    about_ko: "DRBD 설정, 역할, 연결·디스크 상태(공유 비밀은 수집하지 않음)",
    about_en: "DRBD: configuration, roles, connections and disks, never the shared secret",
    reads: &[
        file_kib("/proc/drbd", 64),
        file("/sys/module/drbd/version"),
        Read::Found {
            name: "drbd-config",
            reads: &[MAIN, "/etc/drbd.d", "include"],
            find: config,
            bytes_max: FILE_BYTES_MAX,
            files_max: FILES_MAX,
        },
        Read::Command(Command {
            name: "drbdsetup-status",
            argv: &["/usr/sbin/drbdsetup", "status", "--json", "--verbose", "--statistics"],
            output_bytes_max: 512 * 1024,
            as_nobody: false,
        }),
        Read::Command(Command {
            name: "drbdadm-status",
            argv: &["/usr/sbin/drbdadm", "status"],
            output_bytes_max: 256 * 1024,
            as_nobody: false,
        }),
    ],
    deadline_ms: HELPER_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Products,
    legal: Legal::Names,
};

const MAIN: &str = "/etc/drbd.conf";
/// Most files of a configuration: one a resource, and a site has a hundred at most.
const FILES_MAX: usize = 200;

/// Most files named by all includes together, those named twice counted twice.
const NAMED_MAX: usize = 2_000;

/// The main file and what it includes; none where DRBD is not configured.
fn config(host: &Host) -> Look<Vec<String>> {
    let mut files = vec![MAIN.to_owned()];
    let mut seen = BTreeSet::new();
    let mut at = 0;
    while let Some(path) = files.get(at).cloned() {
        at += 1;
        if at > FILES_MAX || !seen.insert(path.clone()) {
            continue;
        }
        let piece = match host.read(&path, FILE_BYTES_MAX) {
            Ok(piece) => piece,
            Err(missed) if at == 1 && missed.reason == Unseen::Absent => return Err(missed),
            // The executor reads it again, and says why it could not be read.
            Err(_) => continue,
        };
        let text = String::from_utf8_lossy(&piece.bytes);
        for pattern in text.lines().filter_map(included) {
            let room = NAMED_MAX.saturating_sub(files.len());
            files.extend(matching(host, &path, &pattern).into_iter().take(room));
        }
    }
    Ok(files)
}

/// The pattern of `include "drbd.d/*.res";`.
fn included(line: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("include")?;
    let rest = rest.strip_prefix([' ', '\t', '"'])?.trim().trim_end_matches(';').trim();
    Some(rest.trim_matches('"').to_owned()).filter(|pattern| !pattern.is_empty())
}

/// The files of a pattern, which counts from the including file's folder; a `*` in its last part.
fn matching(host: &Host, from: &str, pattern: &str) -> Vec<String> {
    let whole = if pattern.starts_with('/') {
        pattern.to_owned()
    } else {
        let dir = from.rsplit_once('/').map_or("", |(dir, _)| dir);
        format!("{dir}/{pattern}")
    };
    let Some((dir, name)) = whole.rsplit_once('/') else { return Vec::new() };
    let Some((before, after)) = name.split_once('*') else { return vec![whole] };
    let names = host.list(dir).map(|listing| listing.names).unwrap_or_default();
    let fits = |file: &&String| {
        file.len() >= before.len() + after.len()
            && file.starts_with(before)
            && file.ends_with(after)
    };
    names.iter().filter(fits).map(|file| format!("{dir}/{file}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::recorded;

    #[test]
    fn includes() {
        let check = |line, expected: Option<&str>| {
            assert_eq!(included(line).as_deref(), expected, "{line}");
        };
        check("include \"drbd.d/*.res\";", Some("drbd.d/*.res"));
        check("  include /etc/x.res;", Some("/etc/x.res"));
        check("includes \"x\";", None);
        check("# include \"x\";", None);
        check("include \"\";", None);
    }

    #[test]
    fn a_configuration_with_its_resources() {
        let main = "include \"drbd.d/global_common.conf\";\ninclude \"drbd.d/*.res\";\n";
        let back = "include \"/etc/drbd.conf\";";
        let (_folder, host) = recorded(&[
            ("etc/drbd.conf", main),
            ("etc/drbd.d/global_common.conf", back),
            ("etc/drbd.d/r0.res", back),
            ("etc/drbd.d/r1.res", back),
            ("etc/drbd.d/r1.res.rpmsave", back),
        ]);
        let mut files = config(&host).unwrap();
        files.sort();
        files.dedup();
        let below = |name: &str| format!("/etc/drbd.d/{name}");
        let expected = [
            "/etc/drbd.conf".to_owned(),
            below("global_common.conf"),
            below("r0.res"),
            below("r1.res"),
        ];
        assert_eq!(files, expected);
    }
}
