//! Processes, counted: how many, in which state, the largest. Bounded, whatever runs.
//!
//! Reads `stat` of each process and `status` of the largest; never its environment, never its
//! command line.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::login::user_names;
use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "processes",
    about_ko: "프로세스 수와 상태, CPU·메모리 상위 프로세스",
    about_en: "Number and state of processes, the largest by CPU and memory",
    reads: &[Read::Survey {
        name: "processes",
        reads: &["/proc/*/stat", "/proc/*/status (largest)", "/proc/*/wchan (stuck)"],
        run: survey,
    }],
    deadline_ms: HELPER_MS,
    privilege: Privilege::None,
    purpose: Purpose::Resources,
    legal: Legal::Names,
};

/// Most processes looked at.
const PIDS_MAX: usize = 65_536;
/// In the lists of the largest.
const TOP: usize = 10;
/// Most uninterruptible processes named.
const STUCK_MAX: usize = 50;
/// Most program names counted.
const NAMES_MAX: usize = 200;
/// `USER_HZ`: the kernel reports in hundredths of a second on every architecture that RHEL has.
pub(super) const TICKS_PER_SECOND: u64 = 100;

/// One process, as `/proc/PID/stat` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    pub pid: u32,
    pub name: String,
    state: char,
    pub parent: u32,
    ticks: u64,
    pub threads: u64,
    pub started_ticks: u64,
    rss_pages: u64,
}

/// `{"total","threads","running","zombies","uninterruptible":[{"pid","name","wchan"}],
/// "top_cpu":[{"pid","name","user","cpu_seconds","rss_kib","threads","age_seconds"}],
/// "top_rss":[same],"names":{"httpd":12}}`. Kernel threads are counted but not named.
fn survey(host: &Host) -> Look<Value> {
    let all = tasks(host);
    let mut tasks: Vec<&Task> = all.as_ref().as_ref().map_err(Clone::clone)?.iter().collect();
    let count = |state| tasks.iter().filter(|task| task.state == state).count();
    let (running, zombies) = (count('R'), count('Z'));
    let threads: u64 = tasks.iter().map(|task| task.threads).sum();
    let stuck = tasks.iter().filter(|task| task.state == 'D').take(STUCK_MAX);
    let stuck: Vec<Value> = stuck.map(|task| waiting(host, task)).collect();
    let names = json!(program_names(&tasks));
    let total = tasks.len();
    let about = About::of(host);
    tasks.sort_by_key(|task| (Reverse(task.ticks), task.pid));
    let top_cpu: Vec<Value> = tasks.iter().take(TOP).map(|task| about.task(host, task)).collect();
    tasks.sort_by_key(|task| (Reverse(task.rss_pages), task.pid));
    let top_rss: Vec<Value> = tasks.iter().take(TOP).map(|task| about.task(host, task)).collect();
    Ok(json!({
        "total": total,
        "threads": threads,
        "running": running,
        "zombies": zombies,
        "uninterruptible": stuck,
        "top_cpu": top_cpu,
        "top_rss": top_rss,
        "names": names,
    }))
}

/// Every process as it was when the first probe asked: six subjects are about them, and each
/// process costs five system calls to look at.
pub(super) fn tasks(host: &Host) -> Arc<Look<Vec<Task>>> {
    let look = |host: &Host| {
        let names = host.list("/proc")?.names;
        let pids = names.iter().filter_map(|name| name.parse::<u32>().ok()).take(PIDS_MAX);
        Ok(pids
            .filter_map(|pid| task(pid, &host.word(&format!("/proc/{pid}/stat")).ok()?))
            .collect())
    };
    host.once(look)
}

/// proc(5), `/proc/PID/stat`. The name stands in parentheses and may hold any character.
pub(super) fn task(pid: u32, text: &str) -> Option<Task> {
    let (_, rest) = text.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Field 3 of the manual page is fields[0] here.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Task {
        pid,
        name: name.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: u32::try_from(number(4)?).ok()?,
        ticks: number(14)? + number(15)?,
        threads: number(20)?,
        started_ticks: number(22)?,
        rss_pages: number(24)?,
    })
}

/// The kernel function that a stuck task waits in; none when the kernel will not say.
fn waiting(host: &Host, task: &Task) -> Value {
    let wchan = host.word(&format!("/proc/{}/wchan", task.pid)).ok();
    let wchan = wchan.filter(|word| !word.is_empty() && word != "0");
    json!({ "pid": task.pid, "name": task.name, "wchan": wchan })
}

/// The most frequent program names. `kthreadd` (2) and its children are kernel threads.
fn program_names<'a>(tasks: &[&'a Task]) -> BTreeMap<&'a str, u64> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.pid != 2 && task.parent != 2) {
        *counts.entry(&task.name).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(name, count)| (Reverse(count), name));
    counts.truncate(NAMES_MAX);
    counts.into_iter().collect()
}

/// The path that names units in `/proc/PID/cgroup`: version 2 has one line, `0::/…`; version 1 one
/// a controller, of which systemd's own, `1:name=systemd:/…`, does.
pub(super) fn control_group(text: &str) -> Option<&str> {
    let own = |line: &&str| line.starts_with("0::") || line.contains(":name=systemd:");
    text.lines().find(own)?.splitn(3, ':').nth(2)
}

/// What is needed to tell of one task.
pub(super) struct About {
    users: BTreeMap<u32, String>,
    uptime_seconds: u64,
}

impl About {
    /// Read once for all the probes of a collection.
    pub fn of(host: &Host) -> Arc<Self> {
        host.once(Self::read)
    }

    fn read(host: &Host) -> Self {
        let uptime = host.word("/proc/uptime").unwrap_or_default();
        let seconds = uptime.split(['.', ' ']).next().and_then(|word| word.parse().ok());
        Self { users: user_names(host), uptime_seconds: seconds.unwrap_or(0) }
    }

    fn task(&self, host: &Host, task: &Task) -> Value {
        let (user, rss_kib) = self.status(host, task);
        json!({
            "pid": task.pid,
            "name": task.name,
            "user": user,
            "cpu_seconds": task.ticks / TICKS_PER_SECOND,
            "rss_kib": rss_kib,
            "threads": task.threads,
            "age_seconds": self.age_seconds(task),
        })
    }

    /// Whose it is (the name, else the number), and its resident memory in KiB.
    pub fn status(&self, host: &Host, task: &Task) -> (String, u64) {
        let status = host.word(&format!("/proc/{}/status", task.pid)).unwrap_or_default();
        let field = |name: &str| -> Option<u64> {
            let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
            rest.split_ascii_whitespace().next()?.parse().ok()
        };
        let user = field("Uid:").and_then(|uid| u32::try_from(uid).ok());
        let user = user.map(|uid| self.users.get(&uid).cloned().unwrap_or(uid.to_string()));
        (user.unwrap_or_default(), field("VmRSS:").unwrap_or(0))
    }

    /// Seconds since it started.
    pub const fn age_seconds(&self, task: &Task) -> u64 {
        self.uptime_seconds.saturating_sub(task.started_ticks / TICKS_PER_SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let line = |name| {
            format!("7 ({name}) D 2 7 7 0 -1 0 0 0 0 0 250 50 0 0 20 0 3 0 900 4096 25 1844")
        };
        for name in ["dd", "a) R 1 (b", "tmux: server"] {
            let got = task(7, &line(name)).unwrap();
            assert_eq!(
                (got.name.as_str(), got.state, got.parent, got.ticks, got.threads),
                (name, 'D', 2, 300, 3)
            );
            assert_eq!((got.started_ticks, got.rss_pages), (900, 25));
        }
        assert_eq!(task(7, "7 (cut"), None);
        assert_eq!(task(7, ""), None);
    }

    #[test]
    fn this_machine_is_counted() {
        let value = survey(&Host::live()).unwrap();
        assert!(value["total"].as_u64().unwrap() > 0);
        assert!(value["top_rss"][0]["rss_kib"].as_u64().unwrap() > 0);
        assert!(!value["names"].as_object().unwrap().is_empty());
    }
}
