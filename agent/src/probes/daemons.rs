//! The running programs of the products under contract: whose, since when, how large, which unit.
//!
//! Of command lines only `argv[0]` and the options of an allow-list travel
//! ([`carepack_shared::daemon`]); environments are never read. What a process has open is counted
//! where the kernel lets the agent look.

use std::collections::BTreeMap;
use std::sync::Arc;

use carepack_shared::daemon;
use serde_json::{Value, json};

use super::execute::clean;
use super::processes::{About, Task, control_group, tasks};
use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "daemons",
    about_ko: "계약 제품의 실행 프로세스와 허용 목록에 있는 실행 옵션",
    about_en: "Running programs of the products, with the options of an allow-list",
    reads: &[Read::Survey {
        name: "daemons",
        reads: &[
            "/proc/*/stat",
            "/proc/*/cmdline (products)",
            "/proc/*/status (products)",
            "/proc/*/cgroup (products)",
            "/proc/*/limits (products)",
            "/proc/*/exe (products)",
            "/proc/*/fd (products, counted)",
        ],
        run: survey,
    }],
    deadline_ms: HELPER_MS,
    privilege: Privilege::None,
    purpose: Purpose::Products,
    legal: Legal::Names,
};

/// Most processes told of; workers of one parent are one.
const DAEMONS_MAX: usize = 200;
/// Longest command line looked at: a Java class path is a few KiB.
const CMDLINE_BYTES_MAX: usize = 128 * 1024;
/// Of all of them together, lowest numbers first: what is kept of them stays in memory, and
/// anybody may start fifty thousand programs called java.
const CMDLINES_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A process of a product, and the workers that it started with the same program.
#[derive(Clone)]
pub struct Daemon {
    task: Task,
    argv: Vec<String>,
    product: &'static str,
    workers: u64,
    workers_rss_kib: u64,
    worker_rss_kib_max: u64,
}

/// `[{"product","pid","parent","name","user","argv","exe","unit","age_seconds","rss_kib",
/// "threads","fds","nofile","workers","workers_rss_kib","worker_rss_kib_max"}]`; `exe`, `unit`,
/// `fds` and `nofile` (soft limit, −1 for none) are null where the kernel does not say.
fn survey(host: &Host) -> Look<Value> {
    let about = About::of(host);
    let daemons = running(host)?;
    let mut list: Vec<Value> = Vec::new();
    for daemon in folded(host, &about, &daemons).iter().take(DAEMONS_MAX) {
        list.push(told(host, &about, daemon));
    }
    Ok(json!(list))
}

/// Every process of a product, in order of its number.
///
/// # Errors
/// Why processes cannot be listed.
pub fn running(host: &Host) -> Look<Arc<Vec<Daemon>>> {
    let found = host.once(|host| {
        let tasks = tasks(host);
        let mut tasks: Vec<&Task> = tasks.as_ref().as_ref().map_err(Clone::clone)?.iter().collect();
        tasks.sort_unstable_by_key(|task| task.pid);
        let mut bytes_left = CMDLINES_BYTES_MAX;
        let one = |task| one(host, task, &mut bytes_left);
        Ok(Arc::new(tasks.into_iter().filter_map(one).collect()))
    });
    Look::clone(&found)
}

fn one(host: &Host, task: &Task, bytes_left: &mut usize) -> Option<Daemon> {
    if *bytes_left == 0 || !daemon::may_be(&task.name) {
        return None;
    }
    let bytes_max = CMDLINE_BYTES_MAX.min(*bytes_left);
    let bytes = host.read(&format!("/proc/{}/cmdline", task.pid), bytes_max).ok()?.bytes;
    *bytes_left -= bytes.len();
    let text = clean(&bytes.split(|&byte| byte == 0).collect::<Vec<_>>().join(&b'\n'));
    // A daemon that writes a title of its own has one word of several: `nginx: master process`.
    let argv: Vec<&str> = text.lines().collect();
    let first = argv.first()?.split_whitespace().next()?;
    let program = daemon::program(first).or_else(|| daemon::program(&task.name))?;
    let argv = program.kept(&argv).into_iter().map(str::to_owned).collect();
    let product = program.product;
    let task = task.clone();
    Some(Daemon { task, argv, product, workers: 0, workers_rss_kib: 0, worker_rss_kib_max: 0 })
}

/// Workers go into the row of the parent that runs the same program.
fn folded(host: &Host, about: &About, daemons: &[Daemon]) -> Vec<Daemon> {
    let mut kept: BTreeMap<u32, Daemon> = BTreeMap::new();
    for daemon in daemons {
        let rss = || about.status(host, &daemon.task).1;
        match kept.get_mut(&daemon.task.parent) {
            Some(parent) if parent.task.name == daemon.task.name && parent.argv == daemon.argv => {
                let rss = rss();
                parent.workers += 1;
                parent.workers_rss_kib += rss;
                parent.worker_rss_kib_max = parent.worker_rss_kib_max.max(rss);
            }
            _ => {
                kept.insert(daemon.task.pid, daemon.clone());
            }
        }
    }
    kept.into_values().collect()
}

fn told(host: &Host, about: &About, daemon: &Daemon) -> Value {
    let pid = daemon.task.pid;
    let (user, rss_kib) = about.status(host, &daemon.task);
    let unit = host.word(&format!("/proc/{pid}/cgroup")).ok();
    let limits = host.word(&format!("/proc/{pid}/limits")).ok();
    let fds = host.list(&format!("/proc/{pid}/fd")).ok();
    json!({
        "product": daemon.product,
        "pid": pid,
        "parent": daemon.task.parent,
        "name": daemon.task.name,
        "user": user,
        "argv": daemon.argv,
        "exe": host.link(&format!("/proc/{pid}/exe")).ok(),
        "unit": unit.as_deref().and_then(unit_of),
        "age_seconds": about.age_seconds(&daemon.task),
        "rss_kib": rss_kib,
        "threads": daemon.task.threads,
        "fds": fds.map(|listing| listing.names.len()),
        "nofile": limits.as_deref().and_then(open_files),
        "workers": daemon.workers,
        "workers_rss_kib": daemon.workers_rss_kib,
        "worker_rss_kib_max": daemon.worker_rss_kib_max,
    })
}

/// The innermost service or scope of a control group.
fn unit_of(cgroup: &str) -> Option<&str> {
    let mut parts = control_group(cgroup)?.rsplit('/');
    parts.find(|part| part.ends_with(".service") || part.ends_with(".scope"))
}

/// Whose a process is, and its unit where the kernel says.
#[must_use]
pub fn owner(host: &Host, daemon: &Daemon) -> (String, Option<String>) {
    let (user, _) = About::of(host).status(host, &daemon.task);
    let unit = host.word(&format!("/proc/{}/cgroup", daemon.task.pid)).ok();
    (user, unit.as_deref().and_then(unit_of).map(str::to_owned))
}

/// The soft limit of open files: `Max open files  1024  524288  files`.
fn open_files(limits: &str) -> Option<i64> {
    let rest = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match rest.split_ascii_whitespace().next()? {
        "unlimited" => Some(-1),
        number => number.parse().ok(),
    }
}

impl Daemon {
    #[must_use]
    pub const fn product(&self) -> &'static str {
        self.product
    }

    /// Its number.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.task.pid
    }

    /// Whose it is, the account's name where there is one.
    pub(super) fn user(&self, host: &Host, about: &About) -> String {
        about.status(host, &self.task).0
    }

    /// Its kept words, `argv[0]` first.
    #[must_use]
    pub fn argv(&self) -> &[String] {
        &self.argv
    }

    /// The rest of the first word that begins with an option: `-Dcatalina.base=`.
    #[must_use]
    pub fn option(&self, prefix: &str) -> Option<&str> {
        self.argv.iter().find_map(|word| word.strip_prefix(prefix))
    }

    /// The word after an option: `-f FILE`.
    #[must_use]
    #[allow(dead_code, reason = "products whose options are words of their own ask it")]
    pub fn after(&self, option: &str) -> Option<&str> {
        let at = self.argv.iter().position(|word| word == option)?;
        self.argv.get(at + 1).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::recorded;

    #[test]
    fn units_and_limits() {
        let check = |text, expected| assert_eq!(unit_of(text), expected, "{text}");
        check("0::/system.slice/httpd.service\n", Some("httpd.service"));
        check("0::/system.slice/system-t.slice/t@a.service/x\n", Some("t@a.service"));
        check("3:cpu:/x\n1:name=systemd:/system.slice/mysqld.service\n", Some("mysqld.service"));
        check("0::/\n", None);
        check("", None);
        let limits = "Limit  Soft  Hard  Units\nMax open files   1024   524288   files\n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(open_files("Max open files unlimited unlimited files"), Some(-1));
        assert_eq!(open_files("nothing"), None);
    }

    #[test]
    fn workers_are_one_row_with_their_parent_and_secrets_stay() {
        let stat = |pid: u32, name: &str, parent: u32| {
            format!(
                "{pid} ({name}) S {parent} 7 7 0 -1 0 0 0 0 0 2 1 0 0 20 0 3 0 900 4096 25 1844"
            )
        };
        let status = "Name: x\nUid:\t48\t48\t48\t48\nVmRSS:\t  2048 kB\n";
        let (_folder, host) = recorded(&[
            ("etc/passwd", "apache:x:48:48::/:/sbin/nologin\n"),
            ("proc/uptime", "1000.0 1.0\n"),
            ("proc/10/stat", &stat(10, "httpd", 1)),
            ("proc/10/cmdline", "/usr/sbin/httpd\0-DFOREGROUND\0"),
            ("proc/10/cgroup", "0::/system.slice/httpd.service\n"),
            ("proc/11/stat", &stat(11, "httpd", 10)),
            ("proc/11/status", status),
            ("proc/11/cmdline", "/usr/sbin/httpd\0-DFOREGROUND\0"),
            ("proc/20/stat", &stat(20, "java", 1)),
            ("proc/20/status", status),
            ("proc/20/cmdline", "/usr/bin/java\0-Xmx1g\0-Ddb.password=hunter2\0start\0"),
            ("proc/30/stat", &stat(30, "bash", 1)),
        ]);
        let value = survey(&host).unwrap();
        let rows = value.as_array().unwrap();
        assert_eq!(rows.len(), 2, "{value}");
        assert_eq!(rows[0]["workers"], 1);
        assert_eq!(rows[0]["workers_rss_kib"], 2048);
        assert_eq!(rows[0]["unit"], "httpd.service");
        assert_eq!(rows[0]["age_seconds"], 991);
        assert_eq!(rows[1]["argv"], json!(["/usr/bin/java", "-Xmx1g", "start"]));
        assert_eq!(rows[1]["user"], "apache");
        assert!(!value.to_string().contains("hunter2"));
    }

    #[test]
    fn options_are_looked_up() {
        let (_folder, host) = recorded(&[
            ("proc/20/stat", "20 (java) S 1 7 7 0 -1 0 0 0 0 0 2 1 0 0 20 0 3 0 9 4 25 1"),
            ("proc/20/cmdline", "java\0-Dcatalina.base=/srv/t1\0-c\0ha.xml\0"),
        ]);
        let daemons = running(&host).unwrap();
        assert_eq!(daemons[0].product(), "java");
        assert_eq!(daemons[0].option("-Dcatalina.base="), Some("/srv/t1"));
        assert_eq!(daemons[0].after("-c"), Some("ha.xml"));
        assert_eq!(daemons[0].argv().len(), 4);
    }

    #[test]
    fn processes_are_looked_at_once_in_a_collection() {
        let stat = "20 (java) S 1 7 7 0 -1 0 0 0 0 0 2 1 0 0 20 0 3 0 9 4 25 1";
        let (folder, host) =
            recorded(&[("proc/20/stat", stat), ("proc/20/cmdline", "java\0-Dcatalina.base=/a\0")]);
        assert_eq!(running(&host).unwrap().len(), 1);
        std::fs::remove_dir_all(folder.path().join("root/proc/20")).unwrap();
        assert_eq!(running(&host).unwrap().len(), 1);
        assert!(running(&folder.host()).unwrap().is_empty());
    }
}
