//! MySQL and MariaDB: option files, data folders, backups, and what each server says of itself.
//!
//! Instances are found by their processes and by the files that servers read without being told.
//! A server is asked only through an option file that the customer made ([`server::OPTION_FILE`],
//! one for each further server in [`server::OPTION_FOLDER`]); the account needs what
//! [`statements::GRANTS`] says and nothing more.

mod backups;
mod folders;
mod names;
mod server;
mod statements;

use carepack_facts::my_cnf::{self, Server, Source};

use super::{Legal, Privilege, Probe, Purpose, Read, daemons};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "mysql",
    about_ko: "MySQL·MariaDB 설정 파일, 데이터 폴더, 백업 흔적, 서버 변수와 상태(고객이 접속 파일을 만든 경우)",
    about_en: "MySQL and MariaDB: option files, data folders, traces of backups, and variables and \
               status where the customer made an option file",
    reads: &[
        Read::Found {
            name: "mysql-config",
            reads: &["/etc/my.cnf", "/etc/my.cnf.d", "/etc/mysql", "!include and !includedir"],
            find: option_files,
            bytes_max: CONFIG_BYTES_MAX,
            files_max: my_cnf::FILES_MAX,
        },
        Read::Survey {
            name: "mysql-files",
            reads: &["datadir (names, sizes, times)", "logs (sizes, times)"],
            run: folders::survey,
        },
        Read::Survey {
            name: "mysql-backups",
            reads: &["/backup", "folders named by cron jobs (names, sizes, times)"],
            run: backups::survey,
        },
        Read::Survey { name: "mysql-server", reads: SERVER_READS, run: server::survey },
    ],
    deadline_ms: 60_000,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Products,
    legal: Legal::Lines,
};

/// Longest option file taken; real ones are a few KiB.
const CONFIG_BYTES_MAX: usize = 64 * 1024;
/// Most servers of one host.
const SERVERS_MAX: usize = 20;

/// What the catalogue says of the question to a server: with what it is asked, and the account.
const SERVER_READS: &[&str] = &[
    server::OPTION_FILE,
    server::OPTION_FOLDER,
    "/usr/bin/mariadb",
    "/usr/bin/mysql",
    "SHOW GLOBAL VARIABLES (allow-list)",
    "SHOW GLOBAL STATUS (allow-list)",
    "SHOW REPLICA STATUS, SHOW SLAVE STATUS, SHOW ALL SLAVES STATUS",
    "information_schema: engines, collations, tables without a primary key, auto_increment, free space",
    "information_schema: innodb_trx, processlist and innodb_metrics, counted",
    "carepack.accounts: user, host, plugin, whether a password is set",
    statements::GRANTS[0],
    statements::GRANTS[1],
    statements::GRANTS[2],
    statements::GRANTS[3],
    statements::GRANTS[4],
    statements::GRANTS[5],
];

/// The logs that `mysqld_safe` keeps for its server.
pub(super) fn safe_logs(host: &Host) -> Vec<String> {
    let text = |path: &str| text(host, path);
    let names = |dir: &str| names(host, dir);
    let files = my_cnf::DEFAULT_FILES.map(str::to_owned);
    let walked = my_cnf::walk(&files, &Source { text: &text, names: &names });
    let named = |s: &my_cnf::Setting| s.group == "mysqld_safe" && s.name == "log_error";
    let own = walked.settings.into_iter().filter(named).map(|setting| setting.value);
    own.filter(|path| path.starts_with('/')).collect()
}

fn text(host: &Host, path: &str) -> Option<String> {
    let piece = host.read(path, CONFIG_BYTES_MAX).ok()?;
    Some(String::from_utf8_lossy(&piece.bytes).into_owned())
}

fn names(host: &Host, dir: &str) -> Vec<String> {
    host.list(dir).map(|listing| listing.names).unwrap_or_default()
}

/// Every server of the host: those that run, or the one of the default files.
pub(super) fn servers(host: &Host) -> Look<Vec<Server>> {
    let running = daemons::running(host)?;
    let ours = running.iter().filter(|daemon| daemon.product() == "mysqld").take(SERVERS_MAX);
    let mut lines: Vec<Vec<String>> = ours.map(|daemon| daemon.argv().to_vec()).collect();
    if lines.is_empty() {
        lines.push(Vec::new());
    }
    let text = |path: &str| text(host, path);
    let names = |dir: &str| names(host, dir);
    let source = Source { text: &text, names: &names };
    Ok(lines.iter().map(|argv| my_cnf::server(argv, "", &source)).collect())
}

/// Files of all servers, includes followed.
fn option_files(host: &Host) -> Look<Vec<String>> {
    Ok(servers(host)?.into_iter().flat_map(|server| server.files).collect())
}
