//! Which parts of an archive stand for which sources, as data.
//!
//! A file stands for itself: its path below the archive's root copy is its source key. A command's
//! output is found by the name that both tools give it: the command line without the folder of the
//! program, blanks as `_`, slashes as `.`. To add a source: a line here, and where the agent's
//! probe counts or parses, a function in [`super::survey`].

use carepack_shared::cluster;

use super::product_logs::product_of;

/// Files taken as they are. The agent's probes produce the same keys (a test says so).
pub const FILES: &[&str] = &[
    "/boot/grub2/grubenv",
    "/etc/audit/audit.rules",
    "/etc/audit/auditd.conf",
    "/etc/chrony.conf",
    "/etc/crontab",
    "/etc/crypto-policies/config",
    "/etc/default/grub",
    "/etc/dnf/dnf.conf",
    "/etc/dnf/vars/releasever",
    "/etc/drbd.conf",
    "/etc/exports",
    "/etc/firewalld/firewalld.conf",
    "/etc/fstab",
    "/etc/hosts",
    "/etc/kdump.conf",
    "/etc/kernel/cmdline",
    "/etc/login.defs",
    "/etc/logrotate.conf",
    "/etc/mdadm.conf",
    "/etc/multipath.conf",
    "/etc/my.cnf",
    "/etc/nsswitch.conf",
    "/etc/ntp.conf",
    "/etc/os-release",
    "/etc/pam.d/password-auth",
    "/etc/pam.d/su",
    "/etc/pam.d/system-auth",
    "/etc/profile",
    "/etc/redhat-release",
    "/etc/resolv.conf",
    "/etc/rhsm/syspurpose/syspurpose.json",
    "/etc/rsyslog.conf",
    "/etc/security/faillock.conf",
    "/etc/security/limits.conf",
    "/etc/security/pwhistory.conf",
    "/etc/security/pwquality.conf",
    "/etc/selinux/config",
    "/etc/ssh/sshd_config",
    "/etc/sysconfig/pacemaker",
    "/etc/sysconfig/sbd",
    "/etc/sysctl.conf",
    "/etc/systemd/journald.conf",
    "/etc/systemd/system.conf",
    "/etc/tuned/active_profile",
    "/etc/yum.conf",
    "/etc/yum/vars/releasever",
    "/proc/cmdline",
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/drbd",
    "/proc/loadavg",
    "/proc/mdstat",
    "/proc/meminfo",
    "/proc/modules",
    "/proc/net/dev",
    "/proc/net/ipv6_route",
    "/proc/net/netstat",
    "/proc/net/route",
    "/proc/net/snmp",
    "/proc/self/mountinfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys/crypto/fips_enabled",
    "/proc/sys/fs/file-nr",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/pid_max",
    "/proc/sys/kernel/tainted",
    "/proc/sys/kernel/threads-max",
    "/proc/sys/net/netfilter/nf_conntrack_count",
    "/proc/sys/net/netfilter/nf_conntrack_max",
    "/proc/uptime",
    "/proc/version",
    "/proc/vmstat",
    "/sys/class/dmi/id/bios_date",
    "/sys/class/dmi/id/bios_vendor",
    "/sys/class/dmi/id/bios_version",
    "/sys/class/dmi/id/product_name",
    "/sys/class/dmi/id/product_serial",
    "/sys/class/dmi/id/product_version",
    "/sys/class/dmi/id/sys_vendor",
    "/sys/devices/system/cpu/online",
    "/sys/fs/selinux/enforce",
    "/sys/hypervisor/type",
    "/sys/kernel/kexec_crash_loaded",
    "/sys/kernel/kexec_crash_size",
    "/sys/kernel/mm/transparent_hugepage/defrag",
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/module/drbd/version",
    "/var/lib/rhsm/cache/releasever.json",
];

/// Folders whose files are taken as they are: the folder, and how the names end.
pub const FOLDERS: &[(&str, &str)] = &[
    ("/boot/loader/entries", ".conf"),
    ("/etc/audit/rules.d", ".rules"),
    ("/etc/booth", ".conf"),
    ("/etc/cron.d", ""),
    ("/etc/dnf/modules.d", ".module"),
    ("/etc/drbd.d", ""),
    ("/etc/exports.d", ".exports"),
    ("/etc/logrotate.d", ""),
    ("/etc/lvm/backup", ""),
    ("/etc/modprobe.d", ".conf"),
    ("/etc/modules-load.d", ".conf"),
    ("/etc/my.cnf.d", ".cnf"),
    ("/etc/rsyslog.d", ".conf"),
    ("/etc/security/limits.d", ".conf"),
    ("/etc/security/pwquality.conf.d", ".conf"),
    ("/etc/ssh/sshd_config.d", ".conf"),
    ("/etc/sysctl.d", ".conf"),
    ("/etc/systemd/journald.conf.d", ".conf"),
    ("/etc/systemd/system.conf.d", ".conf"),
    ("/etc/yum.repos.d", ".repo"),
    ("/proc/net/bonding", ""),
    ("/proc/pressure", ""),
    ("/run/sysctl.d", ".conf"),
    ("/sys/devices/system/cpu/vulnerabilities", ""),
    ("/usr/lib/sysctl.d", ".conf"),
    ("/usr/local/lib/sysctl.d", ".conf"),
];

/// Folders whose files a probe finds at that moment, by following what they include.
pub const FOUND_FOLDERS: &[(&str, &str)] = &[
    ("/etc/httpd/conf", ".conf"),
    ("/etc/httpd/conf", ".properties"),
    ("/etc/httpd/conf.d", ".conf"),
    ("/etc/httpd/conf.modules.d", ".conf"),
    ("/opt/rh/httpd24/root/etc/httpd/conf", ".conf"),
    ("/opt/rh/httpd24/root/etc/httpd/conf.d", ".conf"),
    ("/opt/rh/httpd24/root/etc/httpd/conf.modules.d", ".conf"),
    ("/opt/rh/jbcs-httpd24/root/etc/httpd/conf", ".conf"),
    ("/opt/rh/jbcs-httpd24/root/etc/httpd/conf.d", ".conf"),
    ("/opt/rh/jbcs-httpd24/root/etc/httpd/conf.modules.d", ".conf"),
];

/// Symbolic links whose target is the content.
pub const LINKS: &[&str] = &["/etc/systemd/system/default.target"];

/// Files that a survey counts or that say whose archive it is; their text never travels.
pub const COUNTED: &[&str] = &[
    "/etc/bashrc",
    "/etc/cluster/cluster.conf",
    "/etc/corosync/corosync.conf",
    "/etc/cron.allow",
    "/etc/cron.deny",
    "/etc/csh.cshrc",
    "/etc/csh.login",
    "/etc/environment",
    "/etc/group",
    "/etc/hostname",
    "/etc/issue",
    "/etc/issue.net",
    "/etc/machine-id",
    "/etc/mail/sendmail.cf",
    "/etc/motd",
    "/etc/named.conf",
    "/etc/named.rfc1912.zones",
    "/etc/named.root.key",
    "/etc/passwd",
    "/etc/postfix/main.cf",
    "/etc/samba/smb.conf",
    "/etc/snmp/snmpd.conf",
    "/etc/sudoers",
    "/etc/vsftpd/ftpusers",
    "/etc/vsftpd/user_list",
    "/etc/vsftpd/vsftpd.conf",
    "/proc/partitions",
    "/var/lib/pacemaker/cib/cib.xml",
];

/// Folders of [`COUNTED`] files.
pub const COUNTED_FOLDERS: &[&str] =
    &["/etc/named", "/etc/profile.d", "/etc/sudoers.d", "/etc/tomcat"];

/// Inputs of the cluster's scheduler.
pub const PENGINE: &str = "/var/lib/pacemaker/pengine";

/// Files of `crm_report` that are looked at, beside inputs of the scheduler.
const CRM_REPORT: &[&str] = &["cib.xml", "cib.xml.live", "corosync.conf", "corosync.quorum"];

/// Where the archive keeps the target of a link that stands for a file above.
pub const BEHIND_LINKS: &[&str] = &["/usr/lib/os-release"];

/// Outputs of commands, by the name that sosreport and insights-client give them.
pub const COMMANDS: &[&str] = &[
    "chronyc_-n_sources",
    "chronyc_-n_tracking",
    "chronyc_sources",
    "chronyc_tracking",
    "corosync-cfgtool_-s",
    "corosync-quorumtool_-l",
    "corosync-quorumtool_-s",
    "date",
    "date_--utc",
    "df_-al",
    "df_-alP",
    "df_-al_-x_autofs",
    "df_-ali",
    "df_-ali_-x_autofs",
    "df_-li",
    "dmidecode",
    "dnf_list_installed",
    "drbdadm_status",
    "getenforce",
    "hostname",
    "hostname_-f",
    "ip_-d_address",
    "ip_-o_addr",
    "ip_-s_-d_link",
    "ip_addr",
    "ip_address",
    "journalctl_--no-pager_--boot",
    "journalctl_--no-pager_--boot_-1",
    "journalctl_--no-pager_--catalog_--boot",
    "journalctl_--no-pager_--catalog_--boot_-1",
    "ls_-alRh_.var.log",
    "ls_-alhR_.var.crash",
    "ls_-lanR_.boot",
    "lsblk",
    "lsblk_-t",
    "lscpu",
    "lsmod",
    "mount",
    "mount_-l",
    "netstat_-W_-neopa",
    "netstat_-neopa",
    "package-data",
    "ps_-elfL",
    "ps_-eo_pid_ppid_comm_nlwp",
    "ps_alxwww",
    "ps_auxww",
    "ps_auxwww",
    "sestatus",
    "sestatus_-b",
    "ss_-peaonmi",
    "ss_-tupna",
    "sysctl_-a",
    "systemctl_list-unit-files",
    "systemctl_list-units",
    "systemctl_list-units_--all",
    "timedatectl",
    "timedatectl_status",
    "uname_-a",
    "uptime",
    "yum_list_installed",
];

/// Outputs whose names begin so: they end in a device, or in a format that differs by version.
pub const COMMAND_PREFIXES: &[&str] =
    &["ethtool_", "rpm_-qa_--qf", "sh_-c_rpm_--nodigest_-qa", "bash_-c_rpm_--nodigest_-qa"];

/// Whether an entry may be needed, by its name in the archive: with or without the folder that
/// the archive wraps everything in, and insights' `data` below it.
pub fn is_wanted(name: &str) -> bool {
    let mut rest = name;
    // The wrapping folder, `data`, then the entry itself.
    for _ in 0..3 {
        if is_wanted_below(rest) {
            return true;
        }
        match rest.split_once('/') {
            Some((_, below)) => rest = below,
            None => return false,
        }
    }
    false
}

/// Whether an entry is a log, of which more is taken than of other files.
pub fn is_log(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    name.contains("var/log/") && is_system_log(file)
        || file.starts_with("journalctl_--no-pager_--")
        || product_of(name).is_some()
}

/// `messages`, `secure` and `cron`, and what rotation makes of them, packed ones left out.
fn is_system_log(file: &str) -> bool {
    let number =
        |rest: &str| rest.starts_with(['-', '.']) && rest[1..].bytes().all(|b| b.is_ascii_digit());
    ["messages", "secure", "cron"]
        .iter()
        .filter_map(|log| file.strip_prefix(log))
        .any(|rest| rest.is_empty() || number(rest))
}

/// A day's report of sysstat: `sar05`, `sar20261105`.
pub fn is_sar(file: &str) -> bool {
    let day = file.strip_prefix("sar").unwrap_or_default();
    matches!(day.len(), 2 | 8) && day.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_wanted_below(name: &str) -> bool {
    if product_of(name).is_some() {
        return true;
    }
    if let Some(file) = name.strip_prefix("var/log/") {
        return is_system_log(file) || file.strip_prefix("sa/").is_some_and(is_sar);
    }
    if crm_report(name).is_some() {
        return true;
    }
    if let Some(command) = command_of(name) {
        return is_sar(command)
            || COMMANDS.contains(&command)
            || COMMAND_PREFIXES.iter().any(|prefix| command.starts_with(prefix));
    }
    let files = [FILES, COUNTED, BEHIND_LINKS];
    let path = whole(name);
    let path = path.as_deref().unwrap_or(name);
    files.iter().any(|list| list.iter().any(|file| &file[1..] == path))
        || FOLDERS
            .iter()
            .chain(FOUND_FOLDERS)
            .any(|(folder, suffix)| is_in(path, folder) && path.ends_with(suffix))
        || COUNTED_FOLDERS.iter().any(|folder| is_in(path, folder))
        || is_in(path, PENGINE) && path.rsplit('/').next().is_some_and(cluster::is_input)
        || is_jboss(path)
}

/// The node and the file of `sos_commands/PLUGIN/crm_report/NODE/FILE`, of those that are looked at.
pub fn crm_report(name: &str) -> Option<(&str, &str)> {
    let (_, rest) = name.strip_prefix("sos_commands/")?.split_once('/')?;
    let (node, file) = rest.strip_prefix("crm_report/")?.split_once('/')?;
    let is_input = || file.strip_prefix("pengine/").is_some_and(cluster::is_input);
    (CRM_REPORT.contains(&file) || is_input()).then_some((node, file))
}

/// Configurations of JBoss and WildFly, wherever it lies; their text is reduced, it never travels.
fn is_jboss(path: &str) -> bool {
    let Some((folder, file)) = path.rsplit_once('/') else { return false };
    let kinds = ["standalone", "domain", "host"];
    let settings = folder.ends_with("/configuration") && file.ends_with(".xml");
    settings && kinds.iter().any(|kind| file.starts_with(kind))
        || file == "version.txt" && (folder.contains("jboss") || folder.contains("eap"))
}

/// `/proc/net` and `/proc/self` are links to the folder of one process: `proc/812/net/dev`.
fn whole(name: &str) -> Option<String> {
    let rest = name.strip_prefix("proc/")?;
    let (pid, rest) = rest.split_once('/')?;
    pid.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    match rest {
        "mountinfo" => Some("proc/self/mountinfo".to_owned()),
        rest => rest.starts_with("net/").then(|| format!("proc/{rest}")),
    }
}

fn is_in(name: &str, folder: &str) -> bool {
    let below = name.strip_prefix(&folder[1..]).and_then(|rest| rest.strip_prefix('/'));
    below.is_some_and(|file| !file.is_empty() && !file.contains('/'))
}

/// The command's name of `sos_commands/PLUGIN/NAME` or `insights_commands/NAME`.
pub fn command_of(name: &str) -> Option<&str> {
    if let Some(rest) = name.strip_prefix("sos_commands/") {
        return rest.split_once('/').map(|(_, command)| command);
    }
    name.strip_prefix("insights_commands/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_absolute() {
        for list in [FILES, COUNTED, COMMANDS] {
            assert!(list.is_sorted(), "{list:?}");
        }
        for path in [FILES, LINKS, COUNTED, BEHIND_LINKS].concat() {
            assert!(path.starts_with('/'), "{path}");
        }
    }

    #[test]
    fn what_is_wanted_is_told_by_its_name_at_any_of_three_depths() {
        let check = |name, expected| assert_eq!(is_wanted(name), expected, "{name}");
        check("sosreport-a/etc/fstab", true);
        check("etc/fstab", true);
        check("insights-a/data/etc/fstab", true);
        check("a/b/c/etc/fstab", false);
        check("x/sos_commands/process/ps_auxwww", true);
        check("x/sos_commands/networking/ethtool_ens192", true);
        check("x/data/insights_commands/ps_auxww", true);
        check("x/sos_commands/mysql/dump", false);
        check("x/etc/sysctl.d/a.conf", true);
        check("x/etc/sysctl.d/a.conf.rpmsave", false);
        check("x/etc/sysctl.d/deep/a.conf", false);
        check("x/proc/3255/net/dev", true);
        check("x/proc/1/mountinfo", true);
        check("x/proc/1/environ", false);
        check("x/etc/shadow", false);
        check("x/var/log/sa/sar05", true);
        check("x/sos_commands/sar/sar05", true);
        check("x/sos_commands/sar/sar05.xml", false);
        check("x/var/log/sa/sa05", false);
        check("x/sos_commands/pacemaker/crm_report/db-a/cib.xml.live", true);
        check("x/sos_commands/cluster/crm_report/db-a/pengine/pe-input-12.bz2", true);
        check("x/sos_commands/cluster/crm_report/db-a/pengine/pe-input.last", false);
        check("x/sos_commands/cluster/crm_report/db-a/journal.log", false);
        check("x/var/lib/pacemaker/pengine/pe-warn-3.bz2", true);
        check("x/var/log/mysqld.log-20261101", true);
        check("x/var/log/mysqld.log.gz", false);
        check("x/opt/jboss-eap-7.4/standalone/configuration/standalone-ha.xml", true);
        check("x/opt/jboss-eap-7.4/standalone/configuration/mgmt-users.properties", false);
    }
}
