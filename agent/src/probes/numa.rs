//! Memory nodes: how much each has and which processors are near it.

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "numa",
    about_ko: "NUMA 노드별 메모리와 프로세서",
    about_en: "Memory and processors of each NUMA node",
    reads: &[Read::Survey { name: "numa", reads: &[NODES], run: nodes }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Resources,
    legal: Legal::Technical,
};

const NODES: &str = "/sys/devices/system/node";
/// The largest servers have 64 nodes.
const NODES_MAX: usize = 128;

/// `[{"node":0,"cpus":"0-7","total_kib":N,"free_kib":N}]`.
fn nodes(host: &Host) -> Look<Value> {
    let names = host.list(NODES)?.names;
    let one = |name: &String| {
        let node: u32 = name.strip_prefix("node")?.parse().ok()?;
        let meminfo = host.word(&format!("{NODES}/{name}/meminfo")).ok()?;
        let cpus = host.word(&format!("{NODES}/{name}/cpulist")).unwrap_or_default();
        let field = |name| field(&meminfo, name);
        Some(json!({
            "node": node, "cpus": cpus,
            "total_kib": field("MemTotal:"), "free_kib": field("MemFree:"),
        }))
    };
    let nodes: Vec<Value> = names.iter().take(NODES_MAX).filter_map(one).collect();
    if nodes.is_empty() {
        return Err(Missed::new(Unseen::Absent, format!("{NODES}: no node")));
    }
    Ok(nodes.into())
}

/// `Node 0 MemTotal:  16384 kB`.
fn field(meminfo: &str, name: &str) -> Option<i64> {
    let line = meminfo.lines().find(|line| line.split_ascii_whitespace().nth(2) == Some(name))?;
    line.split_ascii_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_of_a_node() {
        let text = "Node 0 MemTotal:       16384 kB\nNode 0 MemFree:  12 kB\nbent";
        assert_eq!(super::field(text, "MemFree:"), Some(12));
        assert_eq!(super::field(text, "MemUsed:"), None);
    }
}
