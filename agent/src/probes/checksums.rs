//! SHA-256 of the settings that matter: shows that a file changed without carrying it.
//!
//! Digests only, over a list that stands here. Files of secrets (`shadow`, keys) are not on it: a
//! digest of a short secret can be guessed.

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use carepack_shared::digest::sha256_hex;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Kind, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "checksums",
    about_ko: "주요 설정 파일의 SHA-256(내용은 수집하지 않음)",
    about_en: "SHA-256 of important settings, never their content",
    reads: &[Read::Survey { name: "file-checksums", reads: PATHS, run: checksums }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Technical,
};

/// Files, and folders whose files are all watched.
const PATHS: &[&str] = &[
    "/etc/audit/auditd.conf",
    "/etc/audit/rules.d",
    "/etc/bashrc",
    "/etc/chrony.conf",
    "/etc/cron.d",
    "/etc/crontab",
    "/etc/default/grub",
    "/etc/dnf/dnf.conf",
    "/etc/exports",
    "/etc/firewalld/zones",
    "/etc/fstab",
    "/etc/group",
    "/etc/hosts",
    "/etc/hosts.allow",
    "/etc/hosts.deny",
    "/etc/httpd/conf",
    "/etc/httpd/conf.d",
    "/etc/kdump.conf",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/login.defs",
    "/etc/logrotate.conf",
    "/etc/logrotate.d",
    "/etc/lvm/lvm.conf",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/multipath.conf",
    "/etc/my.cnf",
    "/etc/my.cnf.d",
    "/etc/nsswitch.conf",
    "/etc/ntp.conf",
    "/etc/pam.d",
    "/etc/passwd",
    "/etc/profile",
    "/etc/profile.d",
    "/etc/rc.d/rc.local",
    "/etc/resolv.conf",
    "/etc/rsyslog.conf",
    "/etc/rsyslog.d",
    "/etc/security/access.conf",
    "/etc/security/limits.conf",
    "/etc/security/limits.d",
    "/etc/selinux/config",
    "/etc/ssh/ssh_config",
    "/etc/ssh/sshd_config",
    "/etc/ssh/sshd_config.d",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/sysctl.conf",
    "/etc/sysctl.d",
    "/etc/systemd/journald.conf",
    "/etc/systemd/logind.conf",
    "/etc/systemd/system.conf",
    "/etc/yum.conf",
    "/etc/yum.repos.d",
];

/// Longest file that is digested: settings are far shorter, and a longer one is said to be so.
const BYTES_MAX: usize = 1024 * 1024;
/// Most files in all.
const FILES_MAX: usize = 600;

/// `{"/etc/fstab":{"sha256":"9f86d0…","modified":1793000000}}`, 64 hexadecimal digits and epoch
/// seconds; for a file over the cap `"over 1 MiB"` stands as digest, for one that may not be read
/// its reason. What is not there is left out. A recording has no times.
fn checksums(host: &Host) -> Look<Value> {
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    for path in PATHS {
        match host.stat(path).map(|stat| stat.kind) {
            Ok(Kind::File) => note(host, (*path).to_owned(), &mut found),
            Ok(Kind::Directory) => {
                let names = host.list(path).map(|listing| listing.names).unwrap_or_default();
                names.iter().for_each(|name| note(host, format!("{path}/{name}"), &mut found));
            }
            Ok(Kind::Other) => {}
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => drop(found.insert((*path).to_owned(), told(&reason(&missed), None))),
        }
    }
    if found.is_empty() {
        return Err(Missed::new(Unseen::Absent, "file-checksums: none of the files is there"));
    }
    Ok(json!(found))
}

fn note(host: &Host, path: String, found: &mut BTreeMap<String, Value>) {
    let stat = host.stat(&path);
    if found.len() >= FILES_MAX || stat.as_ref().is_ok_and(|stat| stat.kind != Kind::File) {
        return;
    }
    let modified = stat.ok().filter(|_| !host.is_recorded()).map(|stat| stat.modified);
    let word = match host.read(&path, BYTES_MAX) {
        Ok(piece) if piece.truncated => "over 1 MiB".to_owned(),
        Ok(piece) => sha256_hex(&piece.bytes),
        Err(missed) if missed.reason == Unseen::Absent => return,
        Err(missed) => reason(&missed),
    };
    found.insert(path, told(&word, modified));
}

fn told(sha256: &str, modified: Option<i64>) -> Value {
    json!({ "sha256": sha256, "modified": modified })
}

fn reason(missed: &Missed) -> String {
    missed.reason.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_holds_no_secrets() {
        assert!(PATHS.is_sorted());
        let secret = |path: &&&str| ["shadow", "key", "krb5"].iter().any(|w| path.contains(w));
        assert_eq!(PATHS.iter().find(secret), None);
    }

    #[test]
    fn a_live_file_has_its_digest() {
        let value = checksums(&Host::live()).unwrap();
        let expected = sha256_hex(&std::fs::read("/etc/passwd").unwrap());
        assert_eq!(value["/etc/passwd"]["sha256"].as_str(), Some(expected.as_str()));
    }
}
