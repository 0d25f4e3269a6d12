//! Owner and mode of further files that security guides ask about: commands, boot scripts, settings
//! of super-servers. Never their content.
//!
//! Folders with many files are told as groups of equal owner and mode, each with examples.

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Kind, Look, Missed, Stat};

pub static PROBE: Probe = Probe {
    id: "guide-files",
    about_ko: "보안 가이드가 묻는 명령·시작 스크립트·설정 파일의 소유자와 권한",
    about_en: "Owner and mode of commands, boot scripts and settings that guides ask about",
    reads: &[Read::Survey { name: "guide-files", reads: READS, run: survey }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

const READS: &[&str] =
    &["/etc/hosts.lpd", "/etc/rc.d", "/etc/systemd", "/etc/xinetd.d", "/usr/bin/crontab"];

const PATHS: [&str; 30] = [
    "/etc/bashrc",
    "/etc/csh.cshrc",
    "/etc/csh.login",
    "/etc/environment",
    "/etc/ftpusers",
    "/etc/hosts.lpd",
    "/etc/inetd.conf",
    "/etc/mail/sendmail.cf",
    "/etc/named.conf",
    "/etc/postfix/main.cf",
    "/etc/profile",
    "/etc/rsyslog.conf",
    "/etc/samba/smb.conf",
    "/etc/snmp/snmpd.conf",
    "/etc/syslog.conf",
    "/etc/systemd/system.conf",
    "/etc/vsftpd.ftpusers",
    "/etc/vsftpd.user_list",
    "/etc/vsftpd/ftpusers",
    "/etc/vsftpd/user_list",
    "/etc/vsftpd/vsftpd.conf",
    "/etc/xinetd.conf",
    "/usr/bin/at",
    "/usr/bin/crontab",
    "/usr/bin/su",
    "/usr/sbin/postqueue",
    "/usr/sbin/postsuper",
    "/usr/sbin/sendmail.sendmail",
    "/var/log/btmp",
    "/var/log/lastlog",
];

/// Folders, and the folders in them whose names end so.
const FOLDERS: [(&str, &str); 5] = [
    ("/etc/rc.d", ""),
    ("/etc/rc.d/init.d", ""),
    ("/etc/systemd", ""),
    ("/etc/systemd/system", ".d"),
    ("/etc/xinetd.d", ""),
];

/// Most files of one folder, and of its folders together.
const FILES_MAX: usize = 1_000;
/// Paths named of each group.
const EXAMPLES_MAX: usize = 10;
/// Most groups of one folder.
const GROUPS_MAX: usize = 40;

/// `{"files":[{"path":"/usr/bin/crontab","mode":"4755","uid":0,"gid":0}],"folders":[{"folder":
/// "/etc/systemd/system","truncated":bool,"groups":[{"mode":"0644","uid":0,"gid":0,"count":N,
/// "paths":[…]}]}]}`. What is not there is left out; links are followed.
fn survey(host: &Host) -> Look<Value> {
    if host.is_recorded() {
        // A checkout keeps neither owners nor modes.
        return Err(Missed::new(Unseen::Absent, "guide-files: not recorded"));
    }
    let mut files = Vec::new();
    for path in PATHS {
        match host.stat(path) {
            Ok(stat) => files.push(json!({
                "path": path, "mode": format!("{:04o}", stat.mode),
                "uid": stat.uid, "gid": stat.gid,
            })),
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => return Err(missed),
        }
    }
    let mut folders = Vec::new();
    for (folder, below) in FOLDERS {
        match self::folder(host, folder, below) {
            Ok(value) => folders.push(value),
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => return Err(missed),
        }
    }
    Ok(json!({ "files": files, "folders": folders }))
}

fn folder(host: &Host, folder: &str, below: &str) -> Look<Value> {
    let mut groups = Groups::default();
    let listing = host.list(folder)?;
    groups.truncated = listing.truncated;
    for name in listing.names {
        let path = format!("{folder}/{name}");
        let Ok(stat) = host.stat(&path) else { continue };
        match stat.kind {
            Kind::File => groups.add(stat, path),
            Kind::Directory if !below.is_empty() && name.ends_with(below) => {
                for name in host.list(&path)?.names {
                    let path = format!("{path}/{name}");
                    match host.stat(&path) {
                        Ok(stat) if stat.kind == Kind::File => groups.add(stat, path),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(groups.value(folder))
}

#[derive(Default)]
struct Groups {
    by: BTreeMap<(u32, u32, u32), (u64, Vec<String>)>,
    files: usize,
    truncated: bool,
}

impl Groups {
    fn add(&mut self, stat: Stat, path: String) {
        if self.files == FILES_MAX {
            self.truncated = true;
            return;
        }
        self.files += 1;
        let (count, paths) = self.by.entry((stat.mode, stat.uid, stat.gid)).or_default();
        *count += 1;
        if paths.len() < EXAMPLES_MAX {
            paths.push(path);
        }
    }

    fn value(self, folder: &str) -> Value {
        let truncated = self.truncated || self.by.len() > GROUPS_MAX;
        let group = |((mode, uid, gid), (count, paths))| {
            json!({ "mode": format!("{mode:04o}"), "uid": uid, "gid": gid, "count": count,
                    "paths": paths })
        };
        let groups: Vec<Value> = self.by.into_iter().take(GROUPS_MAX).map(group).collect();
        json!({ "folder": folder, "truncated": truncated, "groups": groups })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_is_told_as_groups_of_equal_modes() {
        assert!(PATHS.is_sorted() && FOLDERS.is_sorted());
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("etc/systemd/system/a.service.d")).unwrap();
        for (name, mode) in [
            ("a.service", 0o644),
            ("b.service", 0o644),
            ("c.service", 0o666),
            ("a.service.d/x.conf", 0o600),
        ] {
            let path = root.join("etc/systemd/system").join(name);
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let value = survey(&Host::mounted(root, None).unwrap()).unwrap();
        let folders = value["folders"].as_array().unwrap();
        let units = folders.iter().find(|one| one["folder"] == "/etc/systemd/system").unwrap();
        let told: Vec<String> = units["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| format!("{} {} {}", group["mode"], group["count"], group["paths"][0]))
            .collect();
        assert_eq!(
            told,
            [
                r#""0600" 1 "/etc/systemd/system/a.service.d/x.conf""#,
                r#""0644" 2 "/etc/systemd/system/a.service""#,
                r#""0666" 1 "/etc/systemd/system/c.service""#,
            ]
        );
    }
}
