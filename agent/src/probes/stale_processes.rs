//! Processes that still use files which an update has replaced, and when each service began.
//!
//! Reads `stat`, `cgroup` and `maps` of each process. The kernel shows `maps` of other users'
//! processes only to those who may trace them (`CAP_SYS_PTRACE`), which the agent may not: how many
//! were refused is counted, and the start times, which everybody may read, are taken of all.
//! Processes of containers have files of their own and are counted only. The survey is `{"seen": N,
//! "denied": N, "contained": N, "cut": bool, "stale": [{"unit", "name", "processes": N, "files":
//! […]}], "starts": [{"unit", "name", "started": T}]}`, the oldest process of each unit.

use std::collections::{BTreeMap, BTreeSet};

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::processes::{TICKS_PER_SECOND, Task, control_group, tasks};
use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "stale-processes",
    about_ko: "갱신 전 라이브러리를 사용 중인 프로세스와 서비스 시작 시각",
    about_en: "Processes that use replaced libraries, and when services began",
    reads: &[Read::Survey {
        name: "stale-processes",
        reads: &["/proc/*/stat", "/proc/*/cgroup", "/proc/*/maps (names of deleted files only)"],
        run: survey,
    }],
    deadline_ms: HELPER_MS,
    privilege: Privilege::None,
    purpose: Purpose::Patches,
    legal: Legal::Names,
};

/// Most processes looked at.
const PIDS_MAX: usize = 20_000;
/// Longest table of one process; a large JVM has some 300 KiB.
const MAPS_BYTES_MAX: usize = 512 * 1024;
/// All tables together: reading them holds up the processes a little.
const MAPS_BYTES_IN_ALL_MAX: usize = 64 * 1024 * 1024;
/// Most units and groups of processes listed.
const UNITS_MAX: usize = 500;
/// Most files named of one group of processes.
const FILES_MAX: usize = 10;
/// Where packages put what is mapped.
const FOLDERS: [&str; 6] = ["/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/", "/opt/"];
/// Parts of a control group's path that only containers have.
const CONTAINERS: [&str; 6] = ["docker", "libpod", "kubepods", "crio-", "containerd", "lxc"];

#[derive(Default)]
struct Group {
    processes: u64,
    files: BTreeSet<String>,
}

#[derive(Default)]
struct Seen {
    seen: u64,
    denied: u64,
    contained: u64,
    bytes: usize,
    cut: bool,
    stale: BTreeMap<(String, String), Group>,
    /// Unit → when its oldest process began, and that one's name.
    starts: BTreeMap<String, (i64, String)>,
}

fn survey(host: &Host) -> Look<Value> {
    let tasks = tasks(host);
    let tasks = tasks.as_ref().as_ref().map_err(Clone::clone)?;
    let uptime = host.word("/proc/uptime")?;
    let uptime = uptime.split(['.', ' ']).next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let booted = host.now().as_second() - uptime;
    let mut seen = Seen::default();
    // `kthreadd` (2) and its children are kernel threads.
    let own = tasks.iter().take(PIDS_MAX).filter(|task| task.pid != 2 && task.parent != 2);
    for task in own {
        let cgroup = host.word(&format!("/proc/{}/cgroup", task.pid)).unwrap_or_default();
        if CONTAINERS.iter().any(|word| cgroup.contains(word)) && !cgroup.ends_with(".service") {
            seen.contained += 1;
            continue;
        }
        seen.look(host, task, unit(&cgroup).unwrap_or_default(), booted);
    }
    Ok(seen.told())
}

impl Seen {
    fn look(&mut self, host: &Host, task: &Task, unit: &str, booted: i64) {
        let ticks = i64::try_from(task.started_ticks / TICKS_PER_SECOND).unwrap_or(0);
        let started = booted + ticks;
        if unit.ends_with(".service") && self.starts.len() < UNITS_MAX {
            let own = (started, task.name.clone());
            let first = self.starts.entry(unit.to_owned()).or_insert_with(|| own.clone());
            *first = own.min(first.clone());
        }
        if self.bytes >= MAPS_BYTES_IN_ALL_MAX {
            self.cut = true;
            return;
        }
        match host.read(&format!("/proc/{}/maps", task.pid), MAPS_BYTES_MAX) {
            Ok(piece) => {
                self.seen += 1;
                self.bytes += piece.bytes.len();
                self.cut |= piece.truncated;
                let files = replaced(&String::from_utf8_lossy(&piece.bytes));
                if !files.is_empty() && self.stale.len() < UNITS_MAX {
                    let name = (unit.to_owned(), task.name.clone());
                    let group = self.stale.entry(name).or_default();
                    group.processes += 1;
                    group.files.extend(files);
                }
            }
            Err(missed) if missed.reason == Unseen::Denied => self.denied += 1,
            // It ended meanwhile.
            Err(_) => {}
        }
    }

    fn told(self) -> Value {
        let group = |((unit, name), group): ((String, String), Group)| {
            let files: Vec<String> = group.files.into_iter().take(FILES_MAX).collect();
            json!({ "unit": unit, "name": name, "processes": group.processes, "files": files })
        };
        let start = |(unit, (started, name)): (String, (i64, String))| {
            let mut told = json!({ "unit": unit, "name": name });
            told["started"] = json!(started);
            told
        };
        json!({
            "seen": self.seen,
            "denied": self.denied,
            "contained": self.contained,
            "cut": self.cut,
            "stale": self.stale.into_iter().map(group).collect::<Vec<_>>(),
            "starts": self.starts.into_iter().map(start).collect::<Vec<_>>(),
        })
    }
}

/// The unit of a control group's path: its innermost service, else its scope.
fn unit(cgroup: &str) -> Option<&str> {
    let path = control_group(cgroup)?;
    let ends = |ending: &str| path.rsplit('/').find(|part| part.ends_with(ending));
    ends(".service").or_else(|| ends(".scope"))
}

/// Files of packages that are mapped and not there any more; see proc(5), `/proc/PID/maps`:
/// `7f3a…-7f3b… r-xp 00000000 fd:00 1234   /usr/lib64/libssl.so.3.0.7 (deleted)`.
fn replaced(maps: &str) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for line in maps.lines() {
        let Some(line) = line.strip_suffix(" (deleted)") else { continue };
        let Some(at) = line.find('/') else { continue };
        // RPM writes a new file as `name;5f2a1b2c` before it takes the name.
        let path = line[at..].split(';').next().unwrap_or_default();
        if FOLDERS.iter().any(|folder| path.starts_with(folder)) {
            files.insert(path.to_owned());
        }
        if files.len() == FILES_MAX {
            break;
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deleted_files_of_packages_only() {
        let maps = "55d0-55d1 r--p 00000000 fd:00 1   /usr/sbin/httpd\n\
            7f00-7f01 r-xp 00000000 fd:00 2   /usr/lib64/libssl.so.3.0.7 (deleted)\n\
            7f01-7f02 r--p 00001000 fd:00 2   /usr/lib64/libssl.so.3.0.7 (deleted)\n\
            7f02-7f03 r-xp 00000000 fd:00 3   /usr/lib64/libc.so.6;65f2a1b2 (deleted)\n\
            7f03-7f04 rw-s 00000000 00:01 4   /dev/zero (deleted)\n\
            7f04-7f05 rw-s 00000000 00:01 5   /memfd:x (deleted)\n\
            7f05-7f06 rw-p 00000000 00:00 0   [heap]\n";
        let files: Vec<String> = replaced(maps).into_iter().collect();
        assert_eq!(files, ["/usr/lib64/libc.so.6", "/usr/lib64/libssl.so.3.0.7"]);
        assert!(replaced(" (deleted)\n(deleted)\n/").is_empty());
    }

    #[test]
    fn units_of_both_versions_of_control_groups() {
        let check = |text, expected| assert_eq!(unit(text), expected, "{text}");
        check("0::/system.slice/httpd.service", Some("httpd.service"));
        check("4:cpu:/\n1:name=systemd:/system.slice/sshd.service\n", Some("sshd.service"));
        check("0::/user.slice/user-0.slice/session-3.scope", Some("session-3.scope"));
        check("0::/user.slice/user@1000.service/app.slice/x.scope", Some("user@1000.service"));
        check("0::/", None);
        check("", None);
    }

    #[test]
    fn this_process_is_seen() {
        let value = survey(&Host::live()).unwrap();
        assert!(value["seen"].as_u64().unwrap() > 0);
    }
}
