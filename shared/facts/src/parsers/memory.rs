//! Memory, swap, huge pages and what the kernel did about a lack of them.
//!
//! ```text
//! MemTotal:       16072104 kB
//! MemAvailable:   11837292 kB      (since kernel 3.14; RHEL 7 has it too)
//! ```
//! Where `MemAvailable` is not told, free + buffers + cached + reclaimable slab stands for it: an
//! upper bound, since some cache cannot be given back.

use std::collections::BTreeMap;

use carepack_shared::Unseen;

use crate::text::{int, pct};
use crate::{Evidence, Facts, Parser, Spec};

const MEMINFO: &str = "/proc/meminfo";
const VMSTAT: &str = "/proc/vmstat";
const THP: &str = "/sys/kernel/mm/transparent_hugepage/enabled";
const DEFRAG: &str = "/sys/kernel/mm/transparent_hugepage/defrag";

pub static PARSER: Parser = Parser {
    name: "memory",
    facts: &[
        Spec { key: "memory.total_kib", unit: "KiB", about: "physical memory" },
        Spec { key: "memory.available_kib", unit: "KiB", about: "available without swapping" },
        Spec { key: "memory.free_kib", unit: "KiB", about: "unused" },
        Spec { key: "memory.cached_kib", unit: "KiB", about: "page cache" },
        Spec { key: "memory.committed_kib", unit: "KiB", about: "promised to processes" },
        Spec {
            key: "memory.commit_limit_kib",
            unit: "KiB",
            about: "limit under strict overcommit",
        },
        Spec { key: "memory.hugepages_total", unit: "pages", about: "static huge pages" },
        Spec { key: "memory.used_pct", unit: "%", about: "share that is not available" },
        Spec {
            key: "memory.thp",
            unit: "",
            about: "transparent huge pages: always, madvise, never",
        },
        Spec {
            key: "memory.thp_defrag",
            unit: "",
            about: "when huge pages make a process wait for compaction",
        },
        Spec { key: "swap.total_kib", unit: "KiB", about: "swap space" },
        Spec { key: "swap.used_kib", unit: "KiB", about: "swap in use" },
        Spec { key: "swap.used_pct", unit: "%", about: "share of swap in use; 0 without swap" },
        Spec { key: "vm.oom_kill", unit: "kills", about: "OOM kills since boot (kernel 4.13 on)" },
    ],
    parse,
};

const FIELDS: [(&str, &str); 6] = [
    ("memory.total_kib", "MemTotal"),
    ("memory.free_kib", "MemFree"),
    ("memory.cached_kib", "Cached"),
    ("memory.committed_kib", "Committed_AS"),
    ("memory.commit_limit_kib", "CommitLimit"),
    ("memory.hugepages_total", "HugePages_Total"),
];

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.text(MEMINFO) {
        Ok(text) => meminfo(text, facts),
        Err(reason) => {
            let keys = PARSER.facts.iter().map(|spec| spec.key);
            let ours = keys
                .filter(|key| !matches!(*key, "memory.thp" | "memory.thp_defrag" | "vm.oom_kill"));
            ours.for_each(|key| facts.miss(key, reason, MEMINFO));
        }
    }
    let thp = evidence.text(THP).and_then(|text| chosen(text).ok_or(Unseen::Malformed));
    facts.set("memory.thp", thp, THP);
    let defrag = evidence.text(DEFRAG).and_then(|text| chosen(text).ok_or(Unseen::Malformed));
    facts.set("memory.thp_defrag", defrag, DEFRAG);
    let killed = evidence.text(VMSTAT).and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        line.ok_or(Unseen::Absent).and_then(|n| int(n).ok_or(Unseen::Malformed))
    });
    facts.set("vm.oom_kill", killed, VMSTAT);
}

fn meminfo(text: &str, facts: &mut Facts) {
    let fields: BTreeMap<&str, i64> = text
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name, int(value.trim().split(' ').next()?)?))
        })
        .collect();
    let field = |name: &str| fields.get(name).copied().ok_or(Unseen::Malformed);
    for (key, name) in FIELDS {
        facts.set(key, field(name), MEMINFO);
    }
    let estimate = || {
        let parts = ["MemFree", "Buffers", "Cached", "SReclaimable"];
        parts.iter().try_fold(0_i64, |sum, name| Ok(sum.saturating_add(field(name)?)))
    };
    let available = field("MemAvailable").or_else(|_| estimate());
    facts.set("memory.available_kib", available, MEMINFO);
    let used = field("MemTotal").and_then(|total| Ok(pct(total.saturating_sub(available?), total)));
    facts.set("memory.used_pct", used, MEMINFO);
    let swap =
        field("SwapTotal").and_then(|total| Ok((total, total.saturating_sub(field("SwapFree")?))));
    facts.set("swap.total_kib", field("SwapTotal"), MEMINFO);
    facts.set("swap.used_kib", swap.map(|(_, used)| used), MEMINFO);
    facts.set("swap.used_pct", swap.map(|(total, used)| pct(used, total)), MEMINFO);
}

/// The word in brackets of `always [madvise] never`.
pub(crate) fn chosen(text: &str) -> Option<&str> {
    Some(text.split_once('[')?.1.split_once(']')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let mut facts = Facts::default();
        meminfo(text, &mut facts);
        for (key, value) in expected {
            let seen = facts.value(key).map_or("missing".to_owned(), ToString::to_string);
            assert_eq!(seen, *value, "{key} of {text:?}");
        }
    }

    #[test]
    fn a_new_kernel() {
        check(
            "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
            &[("memory.used_pct", "60.0"), ("swap.used_pct", "0.0"), ("swap.total_kib", "0")],
        );
    }

    #[test]
    fn an_old_kernel_has_an_estimate() {
        check(
            "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 200 kB\nSReclaimable: 50 kB\n",
            &[("memory.available_kib", "400"), ("memory.used_pct", "60.0")],
        );
    }

    #[test]
    fn a_cut_file_keeps_what_it_had() {
        check(
            "MemTotal: 1000 kB\nMemFr",
            &[
                ("memory.total_kib", "1000"),
                ("memory.used_pct", "missing"),
                ("swap.used_kib", "missing"),
            ],
        );
    }

    #[test]
    fn the_chosen_word() {
        assert_eq!(chosen("always [madvise] never\n"), Some("madvise"));
        assert_eq!(chosen("none"), None);
    }
}
