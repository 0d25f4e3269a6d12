//! Kernel parameters: what is in force, and what the files say.

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file, files};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "sysctl",
    about_ko: "커널 매개변수의 현재 값과 설정 파일",
    about_en: "Kernel parameters in force and as configured",
    reads: &[
        Read::Survey { name: "sysctl", reads: &["/proc/sys"], run: survey },
        file("/etc/sysctl.conf"),
        files("/etc/sysctl.d", ".conf"),
        files("/run/sysctl.d", ".conf"),
        files("/usr/local/lib/sysctl.d", ".conf"),
        files("/usr/lib/sysctl.d", ".conf"),
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Settings,
    legal: Legal::Lines,
};

/// The parameters that rules, guides and post-mortems ask about.
const KEYS: &[&str] = &[
    "fs.aio-max-nr",
    "fs.aio-nr",
    "fs.file-max",
    "fs.inotify.max_user_instances",
    "fs.inotify.max_user_watches",
    "fs.nr_open",
    "fs.protected_hardlinks",
    "fs.protected_symlinks",
    "fs.suid_dumpable",
    "kernel.core_pattern",
    "kernel.core_uses_pid",
    "kernel.dmesg_restrict",
    "kernel.hardlockup_panic",
    "kernel.hung_task_panic",
    "kernel.hung_task_timeout_secs",
    "kernel.kptr_restrict",
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.nmi_watchdog",
    "kernel.numa_balancing",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.panic_on_unrecovered_nmi",
    "kernel.perf_event_paranoid",
    "kernel.pid_max",
    "kernel.randomize_va_space",
    "kernel.sched_autogroup_enabled",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.softlockup_panic",
    "kernel.sysrq",
    "kernel.threads-max",
    "kernel.unknown_nmi_panic",
    "kernel.watchdog_thresh",
    "kernel.yama.ptrace_scope",
    "net.core.default_qdisc",
    "net.core.netdev_budget",
    "net.core.netdev_max_backlog",
    "net.core.rmem_default",
    "net.core.rmem_max",
    "net.core.somaxconn",
    "net.core.wmem_default",
    "net.core.wmem_max",
    "net.ipv4.conf.all.accept_redirects",
    "net.ipv4.conf.all.accept_source_route",
    "net.ipv4.conf.all.log_martians",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.all.secure_redirects",
    "net.ipv4.conf.all.send_redirects",
    "net.ipv4.conf.default.accept_redirects",
    "net.ipv4.conf.default.accept_source_route",
    "net.ipv4.conf.default.rp_filter",
    "net.ipv4.conf.default.send_redirects",
    "net.ipv4.icmp_echo_ignore_broadcasts",
    "net.ipv4.icmp_ignore_bogus_error_responses",
    "net.ipv4.ip_forward",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_max_tw_buckets",
    "net.ipv4.tcp_mem",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_sack",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_tw_recycle",
    "net.ipv4.tcp_tw_reuse",
    "net.ipv4.tcp_window_scaling",
    "net.ipv4.tcp_wmem",
    "net.ipv6.conf.all.accept_ra",
    "net.ipv6.conf.all.accept_redirects",
    "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.conf.all.forwarding",
    "net.netfilter.nf_conntrack_max",
    "user.max_user_namespaces",
    "vm.dirty_background_bytes",
    "vm.dirty_background_ratio",
    "vm.dirty_bytes",
    "vm.dirty_expire_centisecs",
    "vm.dirty_ratio",
    "vm.dirty_writeback_centisecs",
    "vm.hugetlb_shm_group",
    "vm.max_map_count",
    "vm.min_free_kbytes",
    "vm.nr_hugepages",
    "vm.overcommit_memory",
    "vm.overcommit_ratio",
    "vm.panic_on_oom",
    "vm.swappiness",
    "vm.vfs_cache_pressure",
    "vm.zone_reclaim_mode",
];

/// `{"vm.swappiness":"60"}`; keys that this kernel does not have, or does not show, are left out.
fn survey(host: &Host) -> Look<Value> {
    let read = |key: &&'static str| {
        let value = host.word(&format!("/proc/sys/{}", key.replace('.', "/"))).ok()?;
        let folded: Vec<&str> = value.split_ascii_whitespace().collect();
        Some((*key, folded.join(" ")))
    };
    let found: BTreeMap<&str, String> = KEYS.iter().filter_map(read).collect();
    if found.is_empty() {
        return Err(Missed::new(Unseen::Absent, "/proc/sys: no parameters"));
    }
    Ok(json!(found))
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_are_sorted_and_some_are_seen_here() {
        assert!(super::KEYS.is_sorted());
        let value = super::survey(&crate::host::Host::live()).unwrap();
        assert!(value["vm.swappiness"].is_string());
    }
}
