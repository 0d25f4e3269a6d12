//! Owner and mode of the files that security guides ask about; never their content.

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "file-modes",
    about_ko: "주요 파일의 소유자와 권한",
    about_en: "Owner and mode of the files that matter",
    reads: &[Read::Survey { name: "file-modes", reads: PATHS, run: modes }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

/// The files of the Korean guide for main information and communication infrastructure (Unix
/// part), and the log and boot files beside them.
const PATHS: &[&str] = &[
    "/boot/grub2/grub.cfg",
    "/boot/grub2/user.cfg",
    "/dev/shm",
    "/etc/aliases",
    "/etc/anacrontab",
    "/etc/at.allow",
    "/etc/at.deny",
    "/etc/bashrc",
    "/etc/chrony.conf",
    "/etc/cron.allow",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/cron.deny",
    "/etc/cron.hourly",
    "/etc/cron.monthly",
    "/etc/cron.weekly",
    "/etc/crontab",
    "/etc/exports",
    "/etc/fstab",
    "/etc/group",
    "/etc/gshadow",
    "/etc/hosts",
    "/etc/hosts.allow",
    "/etc/hosts.deny",
    "/etc/hosts.equiv",
    "/etc/inetd.conf",
    "/etc/issue",
    "/etc/issue.net",
    "/etc/login.defs",
    "/etc/motd",
    "/etc/pam.d",
    "/etc/passwd",
    "/etc/profile",
    "/etc/rsyslog.conf",
    "/etc/securetty",
    "/etc/security/pwquality.conf",
    "/etc/services",
    "/etc/shadow",
    "/etc/snmp/snmpd.conf",
    "/etc/ssh/sshd_config",
    "/etc/sudoers",
    "/etc/sysctl.conf",
    "/etc/xinetd.conf",
    "/root",
    "/tmp",
    "/usr/bin/newgrp",
    "/usr/bin/su",
    "/usr/bin/sudo",
    "/var/log/audit/audit.log",
    "/var/log/messages",
    "/var/log/secure",
    "/var/log/wtmp",
    "/var/spool/cron",
    "/var/tmp",
];

/// `[{"path":"/etc/shadow","mode":"0000","uid":0,"gid":0,"size":N}]`; what is not there is left
/// out.
fn modes(host: &Host) -> Look<Value> {
    if host.is_recorded() {
        // A checkout keeps neither owners nor modes.
        return Err(Missed::new(Unseen::Absent, "file-modes: not recorded"));
    }
    let one = |path: &&str| {
        let stat = host.stat(path).ok()?;
        let mode = format!("{:04o}", stat.mode);
        let size = stat.size_bytes;
        Some(json!({ "path": path, "mode": mode, "uid": stat.uid, "gid": stat.gid, "size": size }))
    };
    Ok(PATHS.iter().filter_map(one).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_paths_are_sorted_and_live_modes_are_four_digits() {
        assert!(super::PATHS.is_sorted());
        let value = super::modes(&crate::host::Host::live()).unwrap();
        let tmp = value.as_array().unwrap().iter().find(|line| line["path"] == "/tmp").unwrap();
        assert_eq!(tmp["mode"].as_str().unwrap().len(), 4);
    }
}
