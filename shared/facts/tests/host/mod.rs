//! One healthy host in every source that a parser reads, and snapshots made of such sources.
//!
//! Short on purpose: each sample has the form of the real thing, not its length.

#![allow(dead_code, reason = "each test binary uses a part of it")]

mod jboss;

use carepack_shared::snapshot::{Agent, Host, SCHEMA};
use carepack_shared::{Content, Observation, Outcome, Reason, Snapshot, Source, Unseen};
use serde_json::{Value, json};

/// Source key and text.
pub const TEXTS: &[(&str, &str)] = &[
    ("/etc/sysconfig/sbd", "SBD_DEVICE=\"/dev/sda1\"\nSBD_PACEMAKER=yes\n"),
    ("/etc/booth/booth.conf", "site = \"10.0.0.1\"\nticket = \"t\"\n"),
    (
        "/etc/os-release",
        "ID=\"rhel\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME=\"RHEL 9.4\"\nCPE_NAME=\"cpe:/o:x\"\n",
    ),
    ("/etc/dnf/modules.d/php.module", "[php]\nname=php\nstream=8.2\nstate=enabled\n"),
    ("/etc/dnf/vars/releasever", "9.4\n"),
    ("/var/lib/rhsm/cache/releasever.json", "{\"releaseVer\": \"9.4\"}"),
    ("/etc/rhsm/syspurpose/syspurpose.json", "{\"usage\": \"Production\"}"),
    ("/etc/redhat-release", "Red Hat Enterprise Linux release 9.4 (Plow)\n"),
    (
        "/etc/httpd/conf/httpd.conf",
        "Listen 80\nUser apache\nLoadModule mpm_event_module modules/mod_mpm_event.so\nErrorLog logs/e\n",
    ),
    ("/proc/sys/kernel/osrelease", "5.14.0-427.13.1.el9_4.x86_64\n"),
    (
        "/proc/cmdline",
        "BOOT_IMAGE=(hd0,gpt2)/vmlinuz root=/dev/mapper/rhel-root ro crashkernel=1G\n",
    ),
    ("/proc/uptime", "86400.12 340000.00\n"),
    ("/proc/stat", "cpu  1 2 3 4 5 6 7 8 9 0\nctxt 9\nbtime 1795000000\nprocs_running 1\n"),
    (
        "/proc/cpuinfo",
        "processor\t: 0\nmodel name\t: Intel(R) Xeon(R)\nflags\t\t: fpu vme hypervisor\n",
    ),
    ("/sys/devices/system/cpu/online", "0-3\n"),
    ("/sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n"),
    ("/etc/crontab", "SHELL=/bin/bash\n17 * * * * root run-parts /etc/cron.hourly\n"),
    ("/etc/cron.d/0hourly", "01 * * * * root run-parts /etc/cron.hourly\n"),
    (
        "/proc/mdstat",
        "Personalities : [raid1]\nmd0 : active raid1 sdb1[1] sda1[0]\n      1046528 blocks super 1.2 [2/2] [UU]\n      [=>..]  resync = 12.6% (3/29) finish=1min speed=1K/sec\n\nunused devices: <none>\n",
    ),
    ("/sys/class/dmi/id/sys_vendor", "VMware, Inc.\n"),
    ("/sys/class/dmi/id/product_name", "VMware7,1\n"),
    ("/sys/class/dmi/id/product_serial", "VMware-42\n"),
    ("/sys/class/dmi/id/bios_version", "VMW71.00V\n"),
    ("/sys/class/dmi/id/bios_date", "05/28/2020\n"),
    (
        "/proc/self/mountinfo",
        "36 35 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/rhel-root rw,seclabel\n",
    ),
    ("/etc/fstab", "/dev/mapper/rhel-root / xfs defaults 0 0\n"),
    ("/sys/kernel/kexec_crash_loaded", "1\n"),
    ("/sys/kernel/kexec_crash_size", "268435456\n"),
    ("/etc/security/limits.conf", "* soft core 0\n"),
    ("/etc/security/limits.d/20-nproc.conf", "* soft nproc 4096\n"),
    ("/proc/sys/fs/file-nr", "1184\t0\t9223372036854775807\n"),
    ("/proc/sys/kernel/pid_max", "4194304\n"),
    ("/proc/sys/kernel/threads-max", "127421\n"),
    ("/proc/loadavg", "0.21 0.37 0.39 1/719 19737\n"),
    ("/etc/rsyslog.conf", "*.info /var/log/messages\n*.* @@log.example.com:514\n"),
    ("/etc/logrotate.conf", "weekly\nrotate 4\n"),
    ("/etc/login.defs", "PASS_MAX_DAYS\t90\nUMASK 022\n"),
    ("/etc/security/pwquality.conf", "minlen = 9\nenforce_for_root\n"),
    ("/etc/security/faillock.conf", "deny = 5\nsilent\n"),
    (
        "/etc/pam.d/system-auth",
        "auth required pam_faillock.so preauth silent deny=4\npassword requisite pam_pwquality.so retry=3\n",
    ),
    ("/etc/pam.d/password-auth", "auth required pam_faillock.so preauth\n"),
    ("/etc/pam.d/su", "auth required pam_wheel.so use_uid\n"),
    (
        "/proc/meminfo",
        "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nBuffers: 5 kB\nCached: 300 kB\nSReclaimable: 7 kB\nSwapTotal: 10 kB\nSwapFree: 9 kB\nCommitLimit: 500 kB\nCommitted_AS: 200 kB\nHugePages_Total: 0\n",
    ),
    ("/proc/vmstat", "nr_free_pages 12\noom_kill 0\n"),
    ("/proc/pressure/cpu", "some avg10=0.00 avg60=0.12 avg300=0.30 total=1\n"),
    (
        "/proc/pressure/memory",
        "some avg10=0.00 avg60=0.00 avg300=0.30 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.05 total=4\n",
    ),
    (
        "/proc/pressure/io",
        "some avg10=0.00 avg60=0.00 avg300=0.30 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.05 total=4\n",
    ),
    ("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
    ("/proc/sys/kernel/tainted", "0\n"),
    ("/proc/modules", "xfs 1 2 - Live 0x0\nbonding 3 0 - Live 0x0\n"),
    ("/proc/net/dev", "Inter-| Receive\n face |bytes\n  eth0: 10 2 3 4 0 0 0 0 20 5 6 7 0 0 0 0\n"),
    (
        "/proc/net/bonding/bond0",
        "Bonding Mode: fault-tolerance (active-backup)\nMII Status: up\n\nSlave Interface: eno1\nMII Status: up\n",
    ),
    ("/etc/resolv.conf", "search example.com\nnameserver 10.0.0.2\n"),
    ("/proc/net/netstat", "TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 0 12\n"),
    ("/proc/net/snmp", "Tcp: OutSegs RetransSegs\nTcp: 200 3\n"),
    ("/proc/sys/net/netfilter/nf_conntrack_count", "10\n"),
    ("/proc/sys/net/netfilter/nf_conntrack_max", "262144\n"),
    (
        "cmd:rpm-packages",
        "bash\t0\t5.1.8\t9.el9\tx86_64\tRed Hat, Inc.\t1715000000\nzabbix-agent\t0\t6.0\t1.el9\tx86_64\tZabbix SIA\t1715000001\n",
    ),
    ("/etc/yum.repos.d/redhat.repo", "[rhel-9-baseos]\nname = x\nenabled = 1\ngpgcheck = 0\n"),
    ("/etc/dnf/dnf.conf", "[main]\ngpgcheck=1\n"),
    ("/sys/fs/selinux/enforce", "1"),
    ("/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n"),
    ("/etc/crypto-policies/config", "# x\nDEFAULT\n"),
    ("/proc/sys/crypto/fips_enabled", "0\n"),
    ("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\n"),
    ("/etc/ssh/sshd_config.d/50-redhat.conf", "X11Forwarding yes\n"),
    ("/etc/sysctl.conf", "vm.swappiness = 10\n"),
    ("/etc/sysctl.d/90-db.conf", "-kernel.sysrq = 0\n"),
    ("/usr/lib/sysctl.d/50-default.conf", "kernel.sysrq = 16\n"),
    (
        "cmd:systemd-units",
        "sshd.service loaded active running OpenSSH server daemon\nchronyd.service loaded active running NTP\nfirewalld.service loaded active running firewalld\n● kdump.service loaded failed failed Crash recovery\n",
    ),
    ("cmd:systemd-unit-files", "sshd.service enabled enabled\nkdump.service enabled enabled\n"),
    ("/etc/systemd/system/default.target", "/usr/lib/systemd/system/multi-user.target"),
    ("/etc/chrony.conf", "pool 2.rhel.pool.ntp.org iburst\n"),
    (
        "cmd:chronyc-tracking",
        "CB00710A,203.0.113.10,3,1793809669.5,-0.000018441,0,0,0,0,0,0,0,64.0,Normal\n",
    ),
    ("cmd:chronyc-sources", "^,*,203.0.113.10,2,8,377,131,-0.000018441,-0.00001,0.0001\n"),
    ("/etc/tuned/active_profile", "virtual-guest\n"),
    ("/etc/audit/auditd.conf", "space_left_action = SYSLOG\nmax_log_file = 8\n"),
    ("/etc/audit/audit.rules", "-D\n-w /etc/passwd -p wa -k identity\n-e 2\n"),
    (
        "/boot/loader/entries/a-5.14.0-427.13.1.el9_4.x86_64.conf",
        "title RHEL\nversion 5.14.0-427.13.1.el9_4.x86_64\nlinux /vmlinuz-5.14.0-427.13.1.el9_4.x86_64\noptions root=/dev/sda1 ro\n",
    ),
    (
        "/boot/grub2/grubenv",
        "# GRUB Environment Block\nsaved_entry=a-5.14.0-427.13.1.el9_4.x86_64\n",
    ),
    ("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ro quiet\"\n"),
    ("/etc/firewalld/firewalld.conf", "DefaultZone=public\nLogDenied=off\n"),
    (
        "/proc/net/route",
        "Iface\tDestination\tGateway\neth0\t00000000\t0101140A\t0003\t0\t0\t100\t00000000\n",
    ),
    ("/etc/hosts", "127.0.0.1 localhost\n"),
    ("/etc/nsswitch.conf", "hosts: files dns myhostname\n"),
    ("/etc/logrotate.conf", "weekly\n/var/log/messages {\n}\n"),
    ("/etc/rsyslog.conf", "*.info @@log.example.com:514\n"),
    ("/etc/systemd/journald.conf", "[Journal]\nStorage=persistent\n"),
    ("/etc/modprobe.d/a.conf", "blacklist usb-storage\n"),
    ("/etc/modules-load.d/a.conf", "br_netfilter\n"),
    ("/etc/exports", "/srv 10.0.0.0/8(rw)\n"),
    ("/proc/swaps", "Filename Type Size Used Priority\n/dev/dm-1 partition 4194300 0 -2\n"),
    ("/etc/lvm/backup/rhel", "rhel {\nextent_size = 8192\n}\n"),
    ("/etc/multipath.conf", "defaults {\n}\n"),
    ("/etc/systemd/system.conf", "[Manager]\n#DefaultLimitNOFILE=\n"),
    ("/etc/kdump.conf", "path /var/crash\n"),
    (
        "/proc/drbd",
        "version: 8.4.11-1 (api:1/proto:86-101)\n 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n    ns:1 nr:0 oos:0\n",
    ),
    ("/sys/module/drbd/version", "8.4.11-1\n"),
    ("/etc/drbd.conf", "include \"drbd.d/*.res\";\n"),
    (
        "/etc/drbd.d/r0.res",
        "resource r0 {\n device /dev/drbd0;\n net { protocol C; verify-alg sha1; }\n on a { address 10.0.0.1:7788; }\n on b { address ipv6 [fd00::2]:7788; }\n}\n",
    ),
    (
        "cmd:drbdadm-status",
        "r0 role:Primary\n  disk:UpToDate\n  b role:Secondary\n    peer-disk:UpToDate\n",
    ),
    (
        "cmd:drbdsetup-status",
        "[{\"name\":\"r0\",\"role\":\"Primary\",\"devices\":[{\"volume\":0,\"minor\":0,\"disk-state\":\"UpToDate\"}],\"connections\":[{\"name\":\"b\",\"connection-state\":\"Connected\",\"peer_devices\":[{\"volume\":0,\"out-of-sync\":0}]}]}]",
    ),
    (
        "/etc/my.cnf",
        "[mysqld]\nport=3306\nlog-bin\ninnodb-buffer-pool-size = 8G # x\n!includedir /etc/my.cnf.d\n",
    ),
    ("/etc/my.cnf.d/a.cnf", "[mysqld]\nloose-sync_binlog=1\nsql_mode='A,B'\n"),
    ("/sys/kernel/mm/transparent_hugepage/defrag", "always defer [madvise] never\n"),
];

/// Ten days of samples.
fn resources() -> Value {
    const HOURS: usize = 240;
    let text = |of: fn(usize) -> usize| {
        (0..HOURS).map(|hour| of(hour).to_string()).collect::<Vec<_>>().join(",")
    };
    let level = |name: &str, of| {
        let numbers = text(of);
        json!({"name": name, "min": numbers, "mean": numbers, "p95": numbers, "max": numbers})
    };
    let names = [
        "cpu.busy",
        "cpu.iowait",
        "cpu.steal",
        "load.1",
        "memory.used",
        "swap.used",
        "swap.in",
        "swap.out",
        "files.open",
        "disk:sda.util",
        "disk:sda.await",
        "net:eth0.rx",
        "net:eth0.tx",
        "net:eth0.errors",
        "net:eth0.drops",
    ];
    let mut series: Vec<Value> = names.iter().map(|name| level(name, |hour| hour % 24)).collect();
    series.push(json!({"name": "fs:/.used", "last": text(|hour| 1_000 + hour)}));
    series.push(json!({"name": "fs:/.free", "last": text(|hour| 9_000 - hour)}));
    json!({"source": "sampler", "every_seconds": 60, "from": 1_793_491_200, "hours": HOURS,
           "samples": HOURS * 60, "expected": HOURS * 60, "starts": 1, "series": series})
}

/// Source key and JSON.
pub fn surveys() -> Vec<(&'static str, Value)> {
    let process = json!({"pid": 1, "name": "mysqld", "user": "mysql", "cpu_seconds": 9,
                         "rss_kib": 9, "threads": 9, "age_seconds": 9});
    let mut all = vec![
        ("survey:kernels", json!({"images": ["vmlinuz-5.14.0-427.13.1.el9_4.x86_64"]})),
        (
            "survey:cpu-usage",
            json!({"busy_pct": 12.3, "user_pct": 8.0, "system_pct": 4.0,
            "iowait_pct": 1.0, "steal_pct": 0.0, "window_ms": 500}),
        ),
        ("survey:livepatches", json!([{"name": "kpatch_1", "enabled": true, "transition": false}])),
        (
            "survey:package-history",
            json!({"reader": "dnf", "total": 1, "transactions": [{"id": 1, "begin": 5, "end": 6,
                "user": "kim", "command": "upgrade", "outcome": "done", "return_code": null,
                "changed": 1, "counts": {"upgrade": 1},
                "changes": [["upgrade", "bash", "0:5.1-9.el9", "x86_64", true]]}]}),
        ),
        (
            "survey:stale-processes",
            json!({"seen": 9, "denied": 3, "contained": 0, "cut": false,
                "stale": [{"unit": "a.service", "name": "a", "processes": 1, "files": ["/usr/a"]}],
                "starts": [{"unit": "a.service", "name": "a", "started": 5}]}),
        ),
        (
            "survey:subscription",
            json!({"registered": true, "consumer_until": 9, "entitlements": [9], "unreadable": 0,
                "content_access": "simple"}),
        ),
        (
            "survey:corosync-conf",
            json!({"text": "totem {\n cluster_name: c\n token: 3000\n}\nnodelist {\n node {\n \
            ring0_addr: 10.0.0.1\n name: a\n nodeid: 1\n }\n}\n", "sha256": "00"}),
        ),
        (
            "survey:cluster-cib",
            json!(
                "<cib epoch='1'><configuration><crm_config/><nodes><node id='1' uname='a'/>\
            </nodes><resources><primitive id='v' class='ocf' provider='heartbeat' type='IPaddr2'>\
            <instance_attributes><nvpair name='ip' value='10.0.0.9'/></instance_attributes>\
            <operations><op name='start' timeout='20s'/></operations></primitive></resources>\
            <constraints><rsc_location id='l' rsc='v' node='a' score='1'/></constraints>\
            </configuration></cib>"
            ),
        ),
        (
            "survey:cluster-input",
            json!({"name": "pe-input-1.bz2", "modified": 1, "cib": "<cib><configuration><nodes>\
                <node id='1' uname='a'/></nodes></configuration><status/></cib>"}),
        ),
        ("survey:cluster-legacy", json!({"name": "old", "nodes": ["a"]})),
        (
            "survey:crm-mon",
            json!(
                "<pacemaker-result><summary><current_dc present='true' name='a'/></summary>\
            <nodes><node name='a' id='1' online='true'/></nodes><resources><resource id='v' \
            role='Started'><node name='a'/></resource></resources></pacemaker-result>"
            ),
        ),
        (
            "survey:corosync-quorumtool",
            json!("Quorum information\nQuorate: Yes\nTotal votes: 1\n Nodeid Votes Name\n 1 1 a\n"),
        ),
        ("survey:corosync-cfgtool", json!("Local node ID 1\nLINK ID 0 udp\n addr = 10.0.0.1\n")),
        (
            "survey:cluster-keys",
            json!({"/etc/corosync/authkey": {"mode": "0400", "uid": 0, "gid": 0, "size": 256}}),
        ),
        ("survey:cluster-transitions", json!([{"name": "pe-input-1.bz2", "modified": 1}])),
        ("survey:daemons", json!([])),
        (
            "survey:httpd-files",
            json!({"files": ["/etc/httpd/conf/httpd.conf"], "truncated": false}),
        ),
        ("survey:httpd", json!({"binaries": [], "certificates": [], "keys": []})),
        ("survey:tomcat", json!({"instances": [], "truncated": false})),
        ("survey:cron-access", json!({"cron_allow": false, "cron_deny": true})),
        ("survey:resources", resources()),
        (
            "survey:block-devices",
            json!([{"name": "sda", "size_bytes": 9, "rotational": false,
            "scheduler": "none", "model": "x", "read_only": false, "removable": false}]),
        ),
        (
            "survey:statfs",
            json!([{"mount": "/", "fstype": "xfs", "device": "/dev/sda1",
            "read_only": false, "bytes_total": 100, "bytes_free": 40, "bytes_available": 40,
            "inodes_total": 100, "inodes_free": 90}]),
        ),
        (
            "survey:boot-images",
            json!([{"name": "vmlinuz-5.14.0-427.13.1.el9_4.x86_64", "size_bytes": 9}]),
        ),
        ("survey:grub-menu", json!({"file": "/boot/grub2/grub.cfg", "entries": []})),
        (
            "survey:file-checksums",
            json!({"/etc/fstab": {"sha256": "00", "modified": 1_793_000_000}}),
        ),
        (
            "survey:firewall-zones",
            json!([{"zone": "public", "file": "x", "local": false, "target": "default",
            "services": ["ssh"], "ports": [], "interfaces": [], "sources": 0, "rich_rules": 0,
            "masquerade": false}]),
        ),
        ("survey:firewall-files", json!({"files": ["/etc/sysconfig/nftables.conf"]})),
        (
            "survey:links",
            json!([{"name": "eth0", "master": null, "kind": "", "mtu": 1500,
            "rx_missed_errors": 0}]),
        ),
        (
            "survey:connections",
            json!([{"file": "/etc/x.nmconnection", "settings": {"connection.id": "eth0"}}]),
        ),
        ("survey:jboss", jboss::instance()),
        (
            "survey:jdk",
            json!({"running": [{"pid": 7, "user": "jboss", "home": "/usr/lib/jvm/java-17",
            "argv": ["java", "-Xms1g", "-Xmx2g", "-agentlib:jdwp=server=y,address=*:8787"],
            "release": {"IMPLEMENTOR": "Red Hat, Inc.", "JAVA_VERSION": "17.0.13"},
            "memory_max_bytes": 4_294_967_296_i64}], "installed": [{"home": "/usr/lib/jvm/java-17",
            "release": null}], "crashes": [{"path": "/tmp/hs_err_pid1.log", "modified": 1,
            "size_bytes": 9, "signal": "SIGSEGV", "frame": null}], "dumps": []}),
        ),
        ("survey:log-sizes", json!([{"path": "/var/log/messages", "size_bytes": 5}])),
        ("survey:numa", json!([{"node": 0, "cpus": "0-3", "total_kib": 9, "free_kib": 1}])),
        ("survey:selinux-booleans", json!({"on": ["httpd_can_network_connect"], "pending": []})),
        (
            "survey:selinux-local",
            json!({"booleans": {"httpd_can_network_connect": "1"}, "modules": []}),
        ),
        (
            "survey:block-queues",
            json!([{"name": "sda", "read_ahead_kib": 128, "nr_requests": 64, "discard": true,
            "state": "running"}]),
        ),
        (
            "survey:device-mapper",
            json!([{"device": "dm-0", "name": "rhel-root", "uuid": "LVM-x", "suspended": false,
            "slaves": [{"name": "sda2", "state": null}]}]),
        ),
        ("survey:disk-links", json!({"uuid": ["7D1C-44E0"], "label": []})),
        (
            "survey:filesystem-errors",
            json!([{"device": "dm-0", "fstype": "xfs", "errors": null, "first_error": null}]),
        ),
        ("survey:lvm-settings", json!({"use_devicesfile": "1"})),
        (
            "survey:unit-settings",
            json!([{"unit": "httpd.service", "file": "/usr/lib/systemd/system/httpd.service",
            "origin": "vendor", "settings": {"Type": "notify"}, "other": ["ExecStart"]}]),
        ),
        ("survey:identity", json!({"hostname": "db01", "machine_sha256": "00"})),
        ("survey:crash-dumps", json!({"dumps": ["127.0.0.1-2026-10-03-04:11:09"]})),
        (
            "survey:log-storage",
            json!({"journal_persistent": true, "messages_bytes": 5,
            "audit_log": true}),
        ),
        (
            "survey:accounts",
            json!([{"name": "root", "uid": 0, "gid": 0, "shell": "/bin/bash",
            "home": "/root", "password": "set", "scheme": "sha512", "max_days": 99999,
            "last_change_days": 19000, "shadowed": true}]),
        ),
        ("survey:groups", json!([{"name": "wheel", "gid": 10, "members": ["ops"]}])),
        (
            "log:journal",
            json!({"from": 1, "to": 2, "lines": 3, "bytes": 4, "truncated": false,
            "by_priority": {"err": 3, "crit": 1}, "top_identifiers": [{"name": "sshd", "lines": 9}],
            "patterns": [{"id": "kernel.oom_kill", "count": 2, "first": 1, "last": 2,
                          "days": {"2026-11-05": 2}, "samples": ["masked"]}],
            "programs": [], "templates": [],
            "sources": [{"name": "journal", "from": 1, "to": 2, "lines": 3, "bytes": 4,
                         "hours": 1, "silent_hours": 0, "silences": [], "files": [],
                         "gaps": []}]}),
        ),
        (
            "survey:interfaces",
            json!([{"name": "eth0", "operstate": "up", "speed_mbps": 10000,
            "duplex": "full", "mtu": 1500, "carrier_changes": 1, "physical": true,
            "addresses": ["10.0.0.5/24"]}]),
        ),
        (
            "survey:processes",
            json!({"total": 1, "threads": 1, "running": 1, "zombies": 0,
            "uninterruptible": [{"pid": 1, "name": "dd", "wchan": null}],
            "top_cpu": [process.clone()], "top_rss": [process], "names": {"httpd": 12}}),
        ),
        (
            "survey:listeners",
            json!({"listening": [{"proto": "tcp", "address": "0.0.0.0",
            "port": 22, "uid": 0}], "tcp_states": {"ESTABLISHED": 12}}),
        ),
        (
            "survey:sudo",
            json!([{"file": "/etc/sudoers", "line": 100, "subject": "%wheel",
            "nopasswd": true, "all_commands": true}]),
        ),
        ("survey:sysctl", json!({"vm.swappiness": "60"})),
        (
            "survey:daemons",
            json!([{"product": "mysqld", "pid": 9, "argv": ["/usr/libexec/mysqld", "--port=1"],
            "unit": "mysqld.service", "exe": "/usr/libexec/mysqld", "rss_kib": 9, "nofile": 9}]),
        ),
        ("survey:drbd-config", json!({"files": ["/etc/drbd.conf", "/etc/drbd.d/r0.res"]})),
        ("survey:mysql-config", json!({"files": ["/etc/my.cnf"], "truncated": false})),
        ("survey:mysql-files", json!([{"datadir": "/var/lib/mysql", "bytes": 9}])),
        ("survey:mysql-backups", json!({"folders": [], "jobs": [], "found": []})),
        (
            "survey:mysql-server",
            json!([{"option_file": "/f", "unseen": null,
            "variables": {"datadir": "/var/lib/mysql/", "version": "8.0.36", "port": "3306"},
            "status": {"uptime": "9", "max_used_connections": "9"},
            "sections": {"privileges": [{"privilege": "REFERENCES"}, {"privilege": "SUPER"}],
                "replica": [{"replica_io_running": "Yes", "seconds_behind_source": "0"}],
                "accounts": [{"user": "a", "host": "%", "no_password": "0"}],
                "engines": [{"engine": "InnoDB", "number": "9", "bytes": "9"}],
                "auto_increment": [{"db": "a", "name": "b", "type": "int(11)", "next": "9"}],
                "fragmented": [{"db": "a", "name": "b", "bytes": "9", "free_bytes": "9"}]}}]),
        ),
        (
            "survey:clock",
            json!({"synchronised": true, "max_error_us": 9,
            "time_zone": "Asia/Seoul"}),
        ),
        (
            "survey:file-modes",
            json!([{"path": "/etc/shadow", "mode": "0000", "uid": 0, "gid": 0,
            "size": 9}]),
        ),
    ];
    all.extend(guide_surveys());
    all
}

/// What only security guides ask for.
fn guide_surveys() -> Vec<(&'static str, Value)> {
    let files = json!({"count": 1, "files": [{"path": "/usr/bin/su", "kind": "file",
                       "mode": "4755", "uid": 0, "gid": 0}]});
    vec![
        (
            "survey:banners",
            json!({"texts": [{"file": "/etc/issue", "length": 3, "text": "key"}],
                                  "sshd": "/etc/issue.net"}),
        ),
        ("survey:device-files", json!({"count": 0, "files": [], "complete": true})),
        (
            "survey:dns-server",
            json!({"options": {"allow_transfer": ["none"],
            "allow_update": null, "update_policy": false}, "zones": [{"name": "a.example",
            "type": "master", "allow_transfer": null, "allow_update": ["any"],
            "update_policy": false}]}),
        ),
        (
            "survey:file-tree",
            json!({"scope": "all", "complete": true, "cut": null, "entries": 9,
            "unread": 0, "inodes": 9, "unowned": files, "set_id": files,
            "world_writable": files, "open_folders": files}),
        ),
        (
            "survey:ftp",
            json!({"vsftpd": {"anonymous_enable": "NO"}, "proftpd": null,
            "lists": [{"file": "/etc/vsftpd/ftpusers", "names": 12, "root": true}],
            "banner": null}),
        ),
        (
            "survey:guide-files",
            json!({"files": [{"path": "/usr/bin/crontab", "mode": "4755",
            "uid": 0, "gid": 0}], "folders": [{"folder": "/etc/systemd/system",
            "truncated": false, "groups": [{"mode": "0644", "uid": 0, "gid": 0, "count": 3,
            "paths": ["/etc/systemd/system/a.service"]}]}]}),
        ),
        (
            "survey:homes",
            json!({"homes": [{"user": "ops", "uid": 1000, "home": "/home/ops",
            "state": "present", "owner": 1000, "gid": 1000, "mode": "0700",
            "files": [{"name": ".bashrc", "mode": "0644", "uid": 1000}]}], "truncated": false}),
        ),
        (
            "survey:mail",
            json!({"postfix": {"mynetworks": "127.0.0.0/8"}, "sendmail": null,
            "exim": false}),
        ),
        ("survey:samba", json!([{"name": "global", "settings": {"maptoguest": "never"}}])),
        (
            "survey:shell-settings",
            json!([{"file": "/etc/profile", "line": 3, "name": "TMOUT",
            "value": "600", "exported": false, "readonly": false, "conditional": false}]),
        ),
        (
            "survey:snmp",
            json!({"communities": [{"directive": "rocommunity", "writes": false,
            "length": 6, "letters": true, "digits": false, "symbols": false, "common": true,
            "source": "default"}], "v3_users": 0}),
        ),
    ]
}

/// The healthy host's outcome of every source.
pub fn healthy() -> Vec<(String, Outcome)> {
    let texts = TEXTS.iter().map(|(key, text)| ((*key).to_owned(), seen_text(text)));
    let surveys = surveys().into_iter().map(|(key, value)| (key.to_owned(), seen_json(value)));
    texts.chain(surveys).collect()
}

pub fn seen_text(text: &str) -> Outcome {
    Outcome::Seen { content: Content::Text(text.to_owned()), truncated: false }
}

pub fn seen_json(value: Value) -> Outcome {
    Outcome::Seen { content: Content::Json(value), truncated: false }
}

pub fn unseen(reason: Unseen) -> Outcome {
    Outcome::Unseen { reason, detail: String::new() }
}

pub fn snapshot(sources: Vec<(String, Outcome)>) -> Snapshot {
    let at: jiff::Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
    let one = |(key, outcome): (String, Outcome)| Observation {
        probe: "test".to_owned(),
        source: source(&key),
        at,
        took_ms: 0,
        outcome,
    };
    Snapshot {
        schema: SCHEMA,
        id: uuid::Uuid::nil(),
        host: Host { id: None, hostname: "test".into(), machine: None, recorded: true },
        reason: Reason::Offline,
        period: None,
        taken_at: at,
        finished_at: at,
        agent: Agent { version: "0".into(), cpu_ms: 0, peak_kib: 0, spawned: 0 },
        lost: 0,
        masked: std::collections::BTreeMap::new(),
        privacy: carepack_shared::privacy::Privacy::default(),
        observations: sources.into_iter().map(one).collect(),
    }
}

fn source(key: &str) -> Source {
    let name = str::to_owned;
    match key.split_once(':') {
        Some(("cmd", rest)) => Source::Command { name: name(rest), argv: Vec::new() },
        Some(("survey", rest)) => Source::Survey { name: name(rest) },
        Some(("log", rest)) => Source::Log { name: name(rest) },
        _ => Source::File { path: name(key) },
    }
}
