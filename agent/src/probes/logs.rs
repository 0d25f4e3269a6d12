//! The system log and the products' own since the last inspection, counted by pattern.
//!
//! A line leaves only when a pattern matched it, masked, and at most three of each. Of other faults
//! the words that stay the same from line to line leave, without values.

mod products;

use super::{Legal, Privilege, Probe, Purpose, Read};

pub use products::find;

pub static PROBE: Probe = Probe {
    id: "logs",
    about_ko: "시스템 로그와 제품 로그에서 장애 유형별·일자별 횟수와 표본, 로그 공백",
    about_en: "Counts by day and samples of faults in the system logs and those of the products, \
               and what was not read",
    reads: &[Read::Log {
        reads: &[
            "/usr/bin/journalctl",
            "/usr/bin/dmesg",
            "/var/log/messages",
            "/var/log/secure",
            "/var/log/cron",
            "/var/log/audit/audit.log",
            "/var/log/dnf.log",
            "/var/log/dnf.rpm.log",
            "/var/log/yum.log",
        ],
        found: &[
            "ErrorLog, JkLogFile; /var/log/httpd/*error_log",
            "CATALINA_BASE/logs/{catalina.out,catalina.*.log,localhost.*.log}; /var/log/tomcat*",
            "jboss.server.log.dir, JBOSS_HOME/{standalone,domain}/**/log/*.log; /var/log/jboss*",
            "log_error, datadir/*.err; /var/log/mysqld.log, /var/log/mariadb/mariadb.log",
        ],
    }],
    deadline_ms: SCAN_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Logs,
    legal: Legal::Lines,
};

/// The scan stops by itself well before; this is for a journal that does not answer.
const SCAN_MS: u64 = 60_000;
