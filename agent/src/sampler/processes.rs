//! The top consumers of an hour: programs by the CPU time and the memory of their processes.

use std::collections::HashMap;

use nix::unistd::{SysconfVar, sysconf};

use crate::host::Host;

/// Programs of each kind that are kept of an hour.
const TOP: usize = 5;
/// Most processes looked at; a machine with more of them is told by `tasks.total`.
const PROCESSES_MAX: usize = 16_384;
const STAT_BYTES_MAX: usize = 1_024;
/// The kernel cuts names at 15 bytes.
const NAME_BYTES_MAX: usize = 32;

/// What the processes of one name did in an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Top {
    pub name: String,
    /// CPU time since the last look.
    pub cpu_ms: u64,
    /// Resident memory now, all its processes together; shared pages count in each of them.
    pub rss_kib: u64,
}

/// One process of `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Process {
    name: String,
    ticks: u64,
    started: u64,
    rss_pages: u64,
}

/// Remembers what each process had used at the last look.
pub struct Processes {
    used: HashMap<(u32, u64), u64>,
    tick_ms: u64,
    page_kib: u64,
}

impl Processes {
    pub fn new() -> Self {
        let asked = |var, usual: u64| {
            let value = sysconf(var).ok().flatten().and_then(|value| u64::try_from(value).ok());
            value.filter(|value| *value > 0).unwrap_or(usual)
        };
        Self {
            used: HashMap::new(),
            tick_ms: (1_000 / asked(SysconfVar::CLK_TCK, 100)).max(1),
            page_kib: (asked(SysconfVar::PAGE_SIZE, 4_096) / 1_024).max(1),
        }
    }

    /// The programs that used most since the last look; after the first look CPU time counts from
    /// each process's start.
    pub fn look(&mut self, host: &Host) -> Vec<Top> {
        let Ok(listing) = host.list("/proc") else { return Vec::new() };
        let mut used = HashMap::new();
        let mut programs: HashMap<String, Top> = HashMap::new();
        let pids = listing.names.iter().filter_map(|name| name.parse::<u32>().ok());
        for pid in pids.take(PROCESSES_MAX) {
            let Ok(piece) = host.read(&format!("/proc/{pid}/stat"), STAT_BYTES_MAX) else {
                continue;
            };
            let Some(process) = parse(&String::from_utf8_lossy(&piece.bytes)) else { continue };
            let key = (pid, process.started);
            let before = self.used.get(&key).copied().unwrap_or(0);
            used.insert(key, process.ticks);
            let top = programs.entry(process.name.clone()).or_insert_with(|| Top {
                name: process.name,
                cpu_ms: 0,
                rss_kib: 0,
            });
            top.cpu_ms += process.ticks.saturating_sub(before) * self.tick_ms;
            top.rss_kib = top.rss_kib.saturating_add(process.rss_pages * self.page_kib);
        }
        let first = self.used.is_empty();
        self.used = used;
        if first { Vec::new() } else { most(programs.into_values().collect()) }
    }
}

/// The first by CPU time and the first by memory, each once.
fn most(mut programs: Vec<Top>) -> Vec<Top> {
    programs.sort_by(|a, b| b.rss_kib.cmp(&a.rss_kib).then_with(|| a.name.cmp(&b.name)));
    let mut top: Vec<Top> = programs.iter().take(TOP).cloned().collect();
    programs.sort_by(|a, b| b.cpu_ms.cmp(&a.cpu_ms).then_with(|| a.name.cmp(&b.name)));
    for program in programs.into_iter().take(TOP) {
        if program.cpu_ms > 0 && !top.contains(&program) {
            top.push(program);
        }
    }
    top.sort_by(|a, b| a.name.cmp(&b.name));
    top
}

/// `PID (NAME) STATE …`: the name may hold anything, parentheses too; fields as in proc(5).
fn parse(text: &str) -> Option<Process> {
    let (before, after) = text.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    // The first field after the name is the third of proc(5).
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let mut name: String = name.chars().filter(|c| !c.is_control()).collect();
    while name.len() > NAME_BYTES_MAX {
        name.pop();
    }
    Some(Process {
        name,
        ticks: number(14)?.saturating_add(number(15)?),
        started: number(22)?,
        rss_pages: number(24)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let line = "7 (a) (b c) S 1 7 7 0 -1 4194560 1 0 0 0 30 12 0 0 20 0 1 0 555 1000000 250 18446744073709551615 1 1";
        let expected = Process { name: "a) (b c".into(), ticks: 42, started: 555, rss_pages: 250 };
        assert_eq!(parse(line), Some(expected));
        assert_eq!(parse("7 (a) S 1"), None);
        assert_eq!(parse("rubbish"), None);
    }

    #[test]
    fn this_machine_has_top_consumers_from_the_second_look_on() {
        let host = Host::live();
        let mut processes = Processes::new();
        assert!(processes.look(&host).is_empty());
        let top = processes.look(&host);
        assert!(!top.is_empty() && top.len() <= 2 * TOP);
        assert!(top.iter().any(|top| top.rss_kib > 0));
    }

    #[test]
    fn the_first_of_both_kinds_are_kept_once() {
        let top = |name: &str, cpu_ms, rss_kib| Top { name: name.into(), cpu_ms, rss_kib };
        let all = (0..20).map(|n| top(&format!("p{n:02}"), n, 100 - n)).collect();
        let kept: Vec<String> = most(all).into_iter().map(|top| top.name).collect();
        assert_eq!(kept, ["p00", "p01", "p02", "p03", "p04", "p15", "p16", "p17", "p18", "p19"]);
    }
}
