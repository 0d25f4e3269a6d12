//! The signatures of faults: `patterns.toml`, compiled only as far as lines ask for it.
//!
//! Clean lines cost one search for literals; a pattern's own expression is built when a literal
//! of it is first seen.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

/// The embedded list.
const LIST: &str = include_str!("patterns.toml");

/// Bound on the memory of one lazily built automaton.
const DFA_BYTES_MAX: usize = 256 * 1024;

/// One signature.
pub(super) struct Pattern {
    pub id: String,
    pub priority: Priority,
    program: Vec<String>,
    regex: Option<Lazy>,
    unless: Option<Lazy>,
}

/// All signatures.
pub(super) struct Patterns {
    pub list: Vec<Pattern>,
    literals: RegexSet,
    /// Which pattern each literal belongs to.
    owner: Vec<usize>,
}

/// Severities of syslog (RFC 5424, table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Priority {
    Emerg,
    Alert,
    Crit,
    Err,
    Warning,
    Notice,
    Info,
    Debug,
}

impl Priority {
    pub const ALL: [Self; 8] = [
        Self::Emerg,
        Self::Alert,
        Self::Crit,
        Self::Err,
        Self::Warning,
        Self::Notice,
        Self::Info,
        Self::Debug,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Emerg => "emerg",
            Self::Alert => "alert",
            Self::Crit => "crit",
            Self::Err => "err",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// An expression that is built when it is first asked.
struct Lazy {
    text: String,
    built: OnceLock<Option<Regex>>,
}

impl Lazy {
    fn new(text: String) -> Self {
        Self { text, built: OnceLock::new() }
    }

    fn is_match(&self, line: &str) -> bool {
        let build = || {
            // On bytes and without Unicode: the signatures are ASCII, its tables are large.
            RegexBuilder::new(&self.text).unicode(false).dfa_size_limit(DFA_BYTES_MAX).build().ok()
        };
        self.built.get_or_init(build).as_ref().is_some_and(|regex| regex.is_match(line.as_bytes()))
    }
}

impl Patterns {
    /// The embedded list.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<Patterns> = OnceLock::new();
        EMBEDDED.get_or_init(|| Self::of(LIST))
    }

    fn of(list: &str) -> Self {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Entry {
            id: String,
            #[serde(default)]
            program: Vec<String>,
            literals: Vec<String>,
            regex: Option<String>,
            unless: Option<String>,
            priority: Priority,
        }
        #[derive(Deserialize)]
        struct File {
            pattern: Vec<Entry>,
        }
        let file: File = toml::from_str(list).expect("the embedded list is tested");
        let mut owner = Vec::new();
        let mut literals = Vec::new();
        let mut patterns = Vec::new();
        for (index, entry) in file.pattern.into_iter().enumerate() {
            owner.extend(entry.literals.iter().map(|_| index));
            literals.extend(entry.literals.iter().map(|literal| regex::escape(literal)));
            patterns.push(Pattern {
                id: entry.id,
                priority: entry.priority,
                program: entry.program,
                regex: entry.regex.map(Lazy::new),
                unless: entry.unless.map(Lazy::new),
            });
        }
        let literals = RegexSetBuilder::new(literals)
            .dfa_size_limit(DFA_BYTES_MAX)
            .build()
            .expect("escaped literals always build");
        Self { list: patterns, literals, owner }
    }

    /// The patterns that a message of a program matches, each once, in list order.
    pub fn matching(&self, program: &str, message: &str) -> Vec<usize> {
        if !self.literals.is_match(message.as_bytes()) {
            return Vec::new();
        }
        let mut hits: Vec<usize> = self
            .literals
            .matches(message.as_bytes())
            .iter()
            .map(|literal| self.owner[literal])
            .collect();
        hits.dedup();
        hits.retain(|&index| self.list[index].matches(program, message));
        hits
    }
}

impl Pattern {
    fn matches(&self, program: &str, message: &str) -> bool {
        let from = self.program.is_empty() || self.program.iter().any(|name| name == program);
        from && self.regex.as_ref().is_none_or(|regex| regex.is_match(message))
            && !self.unless.as_ref().is_some_and(|unless| unless.is_match(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_builds_and_every_id_stands_once() {
        let patterns = Patterns::embedded();
        let mut ids: Vec<&str> = patterns.list.iter().map(|pattern| pattern.id.as_str()).collect();
        assert_eq!(ids.len(), 38);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 38);
        for pattern in &patterns.list {
            for lazy in [&pattern.regex, &pattern.unless].into_iter().flatten() {
                lazy.is_match("");
                assert!(lazy.built.get().unwrap().is_some(), "{}: {}", pattern.id, lazy.text);
            }
        }
    }

    /// The ids that one line matches, joined.
    fn check(program: &str, message: &str, expected: &str) {
        let patterns = Patterns::embedded();
        let hits = patterns.matching(program, message);
        let ids: Vec<&str> = hits.iter().map(|&hit| patterns.list[hit].id.as_str()).collect();
        assert_eq!(ids.join(" "), expected, "{program}: {message}");
    }

    #[test]
    fn kernel_faults_are_known_by_their_words() {
        let kernel = |message, expected| check("kernel", message, expected);
        kernel("Out of memory: Killed process 991 (java) total-vm:1kB", "kernel.oom_kill");
        kernel("Out of memory: Kill process 991 (java) score 900", "");
        kernel("INFO: task jbd2/sda1-8:321 blocked for more than 120 seconds.", "kernel.hung_task");
        kernel("watchdog: BUG: soft lockup - CPU#3 stuck for 22s!", "kernel.soft_lockup");
        kernel("NMI watchdog: Watchdog detected hard LOCKUP on cpu 2", "kernel.hard_lockup");
        kernel("rcu: INFO: rcu_sched self-detected stall on CPU", "kernel.rcu_stall");
        kernel("Kernel panic - not syncing: Fatal exception", "kernel.panic");
        kernel("BUG: unable to handle kernel paging request at 00", "kernel.oops");
        kernel("traps: a[1] general protection fault ip:4 sp:7 error:0 in a[4+1]", "");
        kernel("general protection fault: 0000 [#1] SMP", "kernel.oops");
        kernel("Call Trace:", "kernel.call_trace");
        kernel("mce: [Hardware Error]: Machine check events logged", "kernel.mce");
        kernel("EDAC MC0: 1 CE memory read error on CPU_SrcID#0", "kernel.edac");
        kernel("EDAC MC: Ver: 3.0.0", "");
        kernel("blk_update_request: I/O error, dev sdb, sector 1", "kernel.io_error");
        kernel("Sense Key : Medium Error [current]", "kernel.medium_error");
        kernel("sd 0:0:1:0: attempting task abort! scmd(00)", "kernel.scsi_timeout");
        kernel("EXT4-fs error (device sda1): ext4_lookup:1601: inode #2", "kernel.ext4_error");
        kernel("EXT4-fs (sda1): mounted filesystem with ordered data mode", "");
        kernel("XFS (dm-3): Metadata corruption detected at xfs_agf", "kernel.xfs_corruption");
        kernel("XFS (dm-3): Mounting V5 Filesystem", "");
        kernel("EXT4-fs (sdb1): Remounting filesystem read-only", "kernel.remount_ro");
        kernel("ixgbe 0000:01:00.0 eth0: NIC Link is Down", "kernel.link_down");
        kernel("ata3: SATA link down (SStatus 0 SControl 300)", "");
        kernel("bond0: link status definitely down for interface eth0", "kernel.bond_slave_down");
        kernel("nf_conntrack: table full, dropping packet", "kernel.conntrack_full");
        kernel("httpd[99]: segfault at 0 ip 00007f sp 00007f error 4", "kernel.segfault");
        kernel("nfs: server nas01 not responding, still trying", "kernel.nfs_not_responding");
        kernel("device-mapper: multipath: Failing path 8:16.", "kernel.multipath_failed");
        kernel("CPU1: Core temperature above threshold, cpu clock throttled", "kernel.thermal");
        kernel("clocksource: Marking clocksource 'tsc' as unstable", "kernel.time_jump");
    }

    #[test]
    fn other_programs_are_believed_only_in_their_own_matters() {
        check("app", "Killed process 991", "");
        check("systemd", "nginx.service: Failed with result 'exit-code'.", "systemd.unit_failed");
        check("systemd", "a.service: Start request repeated too quickly.", "systemd.restart_loop");
        check("rsyslogd", "write failed: No space left on device", "disk.full");
        check("sshd", "Failed password for invalid user x from 10.0.0.1", "auth.ssh_failed");
        check("app", "Failed password for x", "");
        check("sshd", "Accepted publickey for root from 10.0.0.1", "auth.ssh_accepted_root");
        check("sudo", "ops : 3 incorrect password attempts ; TTY=pts/0", "auth.sudo_failed");
        check("su", "pam_unix(su-l:session): session opened for user root(uid=0)", "auth.su_root");
        check("audit", "AVC avc:  denied  { read } for pid=1", "selinux.denied");
        check("crond", "(root) FAILED (loading cron table)", "cron.failed");
        check("dnf", "Error: Failed to download metadata for repo 'x'", "yum.failed");
        check(
            "curl",
            "SSL certificate problem: certificate has expired",
            "tls.certificate_expired",
        );
        check("chronyd", "Can't synchronise: no selectable sources", "chrony.lost_source");
        check("chronyd", "Forward time jump detected!", "kernel.time_jump");
        check("bash", "fork: retry: Resource temporarily unavailable", "fork.failed");
        check("java", "java.io.IOException: Too many open files", "fd.exhausted");
        check("multipathd", "mpatha: remaining active paths: 3", "");
        check("multipathd", "mpatha: remaining active paths: 0", "kernel.multipath_failed");
    }
}
