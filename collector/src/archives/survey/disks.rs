//! Disks: names and kinds from lsblk, lengths from the kernel's own table.

use std::collections::BTreeMap;

use carepack_shared::Content;
use serde_json::{Value, json};

use super::Seen;

/// Most devices listed, as on a host.
const DEVICES_MAX: usize = 2_000;

/// `[{"name","size_bytes","rotational","scheduler","model","read_only","removable"}]`.
pub fn devices(seen: &Seen<'_>) -> Option<Content> {
    let list = seen.command(&["lsblk"])?;
    let lengths = seen.file("/proc/partitions")?;
    let queues = seen.command(&["lsblk_-t"]).unwrap_or_default();
    let found = join(&list, &lengths, &queues);
    (!found.is_empty()).then(|| Content::Json(found.into()))
}

fn join(list: &str, lengths: &str, queues: &str) -> Vec<Value> {
    let lengths: BTreeMap<&str, u64> = lengths.lines().filter_map(length).collect();
    let queues: BTreeMap<&str, (bool, &str)> = queues.lines().filter_map(queue).collect();
    let one = |line: &str| {
        // NAME MAJ:MIN RM SIZE RO TYPE MOUNTPOINT
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, number, removable, _, read_only, kind, ..] = words[..] else { return None };
        if !number.contains(':') || !matches!(kind, "disk" | "rom") {
            return None;
        }
        let (rotational, scheduler) = queues.get(name).copied().unwrap_or((false, ""));
        Some(json!({
            "name": name,
            "size_bytes": lengths.get(name)?,
            "rotational": rotational,
            "scheduler": scheduler,
            "model": "",
            "read_only": read_only == "1",
            "removable": removable == "1",
        }))
    };
    // A multipath device hangs below each of its paths; names of the tree's top are disks.
    list.lines().filter(|line| !line.starts_with(' ')).filter_map(one).take(DEVICES_MAX).collect()
}

/// `8 0 133169152 sda`, in KiB.
fn length(line: &str) -> Option<(&str, u64)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, _, blocks, name] = words[..] else { return None };
    Some((name, blocks.parse::<u64>().ok()?.checked_mul(1024)?))
}

/// `NAME ALIGNMENT MIN-IO OPT-IO PHY-SEC LOG-SEC ROTA SCHED …`; SCHED may be empty.
fn queue(line: &str) -> Option<(&str, (bool, &str))> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let name = words.first()?;
    let rotational = matches!(*words.get(6)?, "1");
    let scheduler = words.get(7).filter(|word| word.parse::<u64>().is_err());
    Some((name, (rotational, scheduler.copied().unwrap_or(""))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_tables_make_one_disk() {
        let list = "NAME MAJ:MIN RM SIZE RO TYPE MOUNTPOINT\nsda 8:0 0 127G 0 disk \n\
            |-sda1 8:1 0 94M 0 part /boot/efi\nsr0 11:0 1 73M 0 rom \nsdz 8:9 0 1G 0 disk\n";
        let lengths = "major minor #blocks name\n\n 8 0 133169152 sda\n 11 0 75490 sr0\n";
        let queues = "NAME A B C D E ROTA SCHED\nsda 0 4096 0 4096 512 1 mq-deadline 256 128 0B\n";
        let found = join(list, lengths, queues);
        assert_eq!(found.len(), 2, "sdz has no length");
        assert_eq!(found[0]["size_bytes"], 136_365_211_648_u64);
        assert_eq!(
            (&found[0]["scheduler"], &found[0]["rotational"]),
            (&json!("mq-deadline"), &json!(true))
        );
        assert_eq!(found[1]["removable"], true);
    }
}
