//! Processes from `ps`.
//!
//! ```text
//! F   UID   PID  PPID PRI  NI    VSZ   RSS WCHAN  STAT TTY        TIME COMMAND
//! 4     0     1     0  20   0 244360 13796 do_epo Ss   ?          0:02 /usr/lib/systemd/systemd
//! ```
//!
//! Of the command line only the program's name is taken, as on a host.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use carepack_shared::Content;
use serde_json::{Value, json};

use super::Seen;

/// In the lists of the largest, as on a host.
const TOP: usize = 10;
/// Most uninterruptible processes named.
const STUCK_MAX: usize = 50;
/// Most program names counted.
const NAMES_MAX: usize = 200;

struct Task {
    pid: u64,
    parent: Option<u64>,
    user: String,
    name: String,
    state: char,
    rss_kib: u64,
    cpu_seconds: u64,
    wchan: Option<String>,
}

/// The survey's shape; `threads` is left out when no output counts them.
pub fn processes(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["ps_alxwww", "ps_auxwww", "ps_auxww"])?;
    let mut tasks = list(&text);
    if tasks.is_empty() {
        return None;
    }
    if let Some(passwd) = seen.file("/etc/passwd") {
        name_users(&passwd, &mut tasks);
    }
    let mut value = counted(&mut tasks);
    let threads = seen.command(&["ps_-elfL", "ps_-eo_pid_ppid_comm_nlwp"]);
    if let Some(threads) = threads.and_then(|text| threads_of(&text)) {
        value["threads"] = threads.into();
    }
    Some(Content::Json(value))
}

/// Every row under a head that names the columns.
fn list(text: &str) -> Vec<Task> {
    let mut lines =
        text.lines().skip_while(|line| !line.contains(" PID ") || !line.contains("COMMAND"));
    let Some(head) = lines.next() else { return Vec::new() };
    let columns: Vec<&str> = head.split_whitespace().collect();
    let at = |name: &str| columns.iter().position(|column| *column == name);
    let one = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let word = |name: &str| words.get(at(name)?).copied();
        let state = word("STAT")?.chars().next()?;
        let wchan = word("WCHAN").filter(|wchan| !matches!(*wchan, "-" | "0" | "?"));
        Some(Task {
            pid: word("PID")?.parse().ok()?,
            parent: word("PPID").and_then(|word| word.parse().ok()),
            user: word("USER").or_else(|| word("UID"))?.to_owned(),
            name: program(word("COMMAND")?).to_owned(),
            state,
            rss_kib: word("RSS")?.parse().ok()?,
            cpu_seconds: seconds(word("TIME")?)?,
            wchan: wchan.map(str::to_owned),
        })
    };
    lines.filter_map(one).collect()
}

/// `systemd` of `/usr/lib/systemd/systemd`, `sshd` of `sshd:`, `kthreadd` of `[kthreadd]`,
/// `bash` of `-bash`.
fn program(word: &str) -> &str {
    if let Some(inside) = word.strip_prefix('[') {
        return inside.trim_end_matches(']');
    }
    let word = word.trim_start_matches('-').trim_end_matches(':');
    word.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(word)
}

/// `1-02:03:04`, `02:03:04` or `123:45` (minutes) in seconds.
fn seconds(text: &str) -> Option<u64> {
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    let mut total: u64 = 0;
    for part in clock.split(':') {
        total = total.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    days.parse::<u64>().ok()?.checked_mul(86_400)?.checked_add(total)
}

/// Numbers of users by name.
fn name_users(passwd: &str, tasks: &mut [Task]) {
    let one = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((fields.nth(1)?.to_owned(), name.to_owned()))
    };
    let names: BTreeMap<String, String> = passwd.lines().rev().filter_map(one).collect();
    for task in tasks {
        if let Some(name) = names.get(&task.user) {
            name.clone_into(&mut task.user);
        }
    }
}

fn counted(tasks: &mut [Task]) -> Value {
    let count = |state| tasks.iter().filter(|task| task.state == state).count();
    let (running, zombies, total) = (count('R'), count('Z'), tasks.len());
    let stuck: Vec<Value> = tasks
        .iter()
        .filter(|task| task.state == 'D')
        .take(STUCK_MAX)
        .map(|task| json!({ "pid": task.pid, "name": task.name, "wchan": task.wchan }))
        .collect();
    let mut names: BTreeMap<&str, u64> = BTreeMap::new();
    // `kthreadd` (2) and its children are kernel threads.
    for task in tasks.iter().filter(|task| task.pid != 2 && task.parent != Some(2)) {
        *names.entry(&task.name).or_default() += 1;
    }
    let mut names: Vec<(&str, u64)> = names.into_iter().collect();
    names.sort_by_key(|&(name, count)| (Reverse(count), name));
    names.truncate(NAMES_MAX);
    let names: BTreeMap<&str, u64> = names.into_iter().collect();
    let mut value = json!({
        "total": total, "running": running, "zombies": zombies, "uninterruptible": stuck,
        "names": names,
    });
    tasks.sort_by_key(|task| (Reverse(task.cpu_seconds), task.pid));
    value["top_cpu"] = tasks.iter().take(TOP).map(shown).collect();
    tasks.sort_by_key(|task| (Reverse(task.rss_kib), task.pid));
    value["top_rss"] = tasks.iter().take(TOP).map(shown).collect();
    value
}

fn shown(task: &Task) -> Value {
    json!({
        "pid": task.pid,
        "name": task.name,
        "user": task.user,
        "cpu_seconds": task.cpu_seconds,
        "rss_kib": task.rss_kib,
    })
}

/// The sum of the column NLWP, each process once.
fn threads_of(text: &str) -> Option<u64> {
    let mut lines = text.lines().skip_while(|line| !line.contains("NLWP"));
    let columns: Vec<&str> = lines.next()?.split_whitespace().collect();
    let at = |name: &str| columns.iter().position(|column| *column == name);
    let (pid, threads) = (at("PID")?, at("NLWP")?);
    let number = |words: &[&str], at: usize| words.get(at)?.parse::<u64>().ok();
    let rows = lines.filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        Some((number(&words, pid)?, number(&words, threads)?))
    });
    let by_pid: BTreeMap<u64, u64> = rows.collect();
    (!by_pid.is_empty()).then(|| by_pid.values().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_times_of_ps() {
        let check = |word, expected| assert_eq!(program(word), expected);
        check("/usr/lib/systemd/systemd", "systemd");
        check("[kworker/0:1-events]", "kworker/0:1-events");
        check("sshd:", "sshd");
        check("-bash", "bash");
        let check = |text, expected| assert_eq!(seconds(text), expected, "{text}");
        check("0:02", Some(2));
        check("123:45", Some(7_425));
        check("1-02:03:04", Some(93_784));
        check("02:03:04", Some(7_384));
        check("x", None);
    }

    #[test]
    fn processes_are_counted_by_state_and_size() {
        let text = "F UID PID PPID PRI NI VSZ RSS WCHAN STAT TTY TIME COMMAND\n\
            4 0 1 0 20 0 244360 13796 do_epo Ss ? 0:02 /usr/lib/systemd/systemd --system\n\
            1 0 2 0 20 0 0 0 - S ? 0:00 [kthreadd]\n1 0 3 2 0 -20 0 0 - I< ? 0:00 [rcu_gp]\n\
            0 48 9 1 20 0 9 900 rpc_wa D ? 12:00 httpd -k\n0 48 10 1 20 0 0 0 - Z ? 0:00 [httpd] <defunct>\n";
        let mut tasks = list(text);
        name_users("root:x:0:0::/:/x\napache:x:48:48::/:/x\n", &mut tasks);
        let value = counted(&mut tasks);
        assert_eq!((&value["total"], &value["zombies"]), (&json!(5), &json!(1)));
        assert_eq!(
            value["uninterruptible"],
            json!([{"pid": 9, "name": "httpd", "wchan": "rpc_wa"}])
        );
        assert_eq!(value["names"], json!({"httpd": 2, "systemd": 1}));
        assert_eq!(value["top_cpu"][0]["user"], "apache");
        assert_eq!(value["top_rss"][0]["name"], "systemd");
        assert_eq!(
            threads_of("F S UID PID PPID LWP C NLWP\n4 S 0 1 0 1 0 2\n4 S 0 1 0 5 0 2\n"),
            Some(2)
        );
    }
}
