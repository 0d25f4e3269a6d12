//! Space and inodes from `df`, over the mount table.
//!
//! ```text
//! Filesystem     1K-blocks    Used Available Use% Mounted on
//! /dev/sda3      132013036 4367468 127645568   4% /sysroot
//! ```

use std::collections::{BTreeMap, BTreeSet};

use carepack_shared::Content;
use serde_json::{Value, json};

use super::Seen;

/// Most file systems listed, as on a host.
const FILESYSTEMS_MAX: usize = 500;

struct Mount<'a> {
    /// What tells two mounts of one file system: its device's number or name.
    number: &'a str,
    point: String,
    fstype: &'a str,
    device: &'a str,
    read_only: bool,
}

/// `[{"mount","fstype","device","read_only","bytes_total","bytes_free","bytes_available",
/// "inodes_total","inodes_free"}]` of the local file systems, each once.
pub fn statfs(seen: &Seen<'_>) -> Option<Content> {
    let blocks = seen.command(&["df_-al_-x_autofs", "df_-alP", "df_-al"])?;
    let inodes = seen.command(&["df_-ali_-x_autofs", "df_-li", "df_-ali"]).unwrap_or_default();
    let table = seen.file("/proc/self/mountinfo");
    let list = seen.command(&["mount_-l", "mount"]);
    let mounts: Vec<Mount<'_>> = match (&table, &list) {
        (Some(text), _) => text.lines().filter_map(of_table).collect(),
        (None, Some(text)) => text.lines().filter_map(of_list).collect(),
        (None, None) => return None,
    };
    let found = join(mounts, &rows(&blocks), &rows(&inodes));
    (!found.is_empty()).then(|| Content::Json(found.into()))
}

fn join(
    mounts: Vec<Mount<'_>>,
    blocks: &BTreeMap<String, [u64; 3]>,
    inodes: &BTreeMap<String, [u64; 3]>,
) -> Vec<Value> {
    let mut known = BTreeSet::new();
    let mut found: Vec<(String, Value)> = Vec::new();
    for mount in mounts {
        let local = matches!(mount.fstype, "xfs" | "ext2" | "ext3" | "ext4" | "btrfs" | "vfat")
            || (mount.fstype, mount.point.as_str()) == ("tmpfs", "/tmp");
        let Some([kib, used, available]) = blocks.get(&mount.point) else { continue };
        if !local || *kib == 0 || !known.insert(mount.number.to_owned()) {
            continue;
        }
        let [inodes, _, free] = inodes.get(&mount.point).copied().unwrap_or_default();
        let value = json!({
            "mount": mount.point,
            "fstype": mount.fstype,
            "device": mount.device,
            "read_only": mount.read_only,
            "bytes_total": kib.saturating_mul(1024),
            "bytes_free": kib.saturating_sub(*used).saturating_mul(1024),
            "bytes_available": available.saturating_mul(1024),
            "inodes_total": inodes,
            "inodes_free": free,
        });
        found.push((mount.point, value));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.into_iter().map(|(_, value)| value).take(FILESYSTEMS_MAX).collect()
}

/// Total, used and available by mount point, in the unit of the head line: KiB, or inodes. A
/// device with a long name has the numbers on a line of their own.
fn rows(text: &str) -> BTreeMap<String, [u64; 3]> {
    let head = text.lines().find(|line| line.starts_with("Filesystem"));
    let unit = head.and_then(|line| line.split_whitespace().nth(1)).unwrap_or_default();
    if !matches!(unit, "1K-blocks" | "1024-blocks" | "Inodes") {
        return BTreeMap::new();
    }
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(at) = words.iter().position(|word| word.ends_with('%') || *word == "-") else {
            continue;
        };
        let number = |back: usize| words.get(at.checked_sub(back)?)?.parse::<u64>().ok();
        let (Some(total), Some(used), Some(available)) = (number(3), number(2), number(1)) else {
            continue;
        };
        // Blanks in a mount point stand as they are; runs of them do not occur in practice.
        let point = words[at + 1..].join(" ");
        rows.entry(point).or_insert([total, used, available]);
    }
    rows
}

/// proc(5), mountinfo: `id parent major:minor root point options … - fstype device superoptions`.
fn of_table(line: &str) -> Option<Mount<'_>> {
    let (left, right) = line.split_once(" - ")?;
    let left: Vec<&str> = left.split(' ').collect();
    let right: Vec<&str> = right.split(' ').collect();
    let (fstype, device) = (*right.first()?, *right.get(1)?);
    // A folder of a file system mounted elsewhere says nothing new.
    if *left.get(3)? != "/" && fstype != "btrfs" {
        return None;
    }
    let ro = |options: Option<&&str>| options.is_some_and(|o| o.split(',').any(|o| o == "ro"));
    Some(Mount {
        number: left.get(2)?,
        point: left.get(4)?.replace("\\040", " "),
        fstype,
        device,
        read_only: ro(left.get(5)) || ro(right.get(2)),
    })
}

/// mount(8): `/dev/sda1 on /boot type xfs (rw,relatime,seclabel) [label]`.
fn of_list(line: &str) -> Option<Mount<'_>> {
    let (device, rest) = line.split_once(" on ")?;
    let (point, rest) = rest.rsplit_once(" type ")?;
    let (fstype, options) = rest.split_once(" (")?;
    let options = options.split(')').next()?;
    let read_only = options.split(',').any(|option| option == "ro");
    Some(Mount { number: device, point: point.to_owned(), fstype, device, read_only })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_local_file_system_has_its_numbers_once() {
        let mounts = "/dev/sda3 on / type xfs (rw,relatime) [root]\n\
            /dev/sda3 on /mnt/bind type xfs (rw)\n/dev/sda1 on /boot type ext4 (ro,nosuid)\n\
            nas:/v on /nfs type nfs4 (rw)\n/dev/sdb1 on /data two type xfs (rw)\n";
        let blocks = "Filesystem 1K-blocks Used Available Use% Mounted on\n\
            /dev/sda3 1000 400 600 40% /\n\
            /dev/mapper/a-very-long-name-that-wraps\n      2000 100 1900 5% /data two\n\
            /dev/sda1 500 50 450 10% /boot\nnas:/v 9 9 0 100% /nfs\nproc 0 0 0 - /proc\n";
        let inodes = "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/sda3 64 4 60 7% /\n";
        let found =
            join(mounts.lines().filter_map(of_list).collect(), &rows(blocks), &rows(inodes));
        let points: Vec<&str> = found.iter().map(|fs| fs["mount"].as_str().unwrap()).collect();
        assert_eq!(points, ["/", "/boot", "/data two"]);
        assert_eq!(
            (&found[0]["bytes_free"], &found[0]["inodes_free"]),
            (&json!(614_400), &json!(60))
        );
        assert_eq!(found[1]["read_only"], true);
        // Lengths for people are no lengths.
        assert!(
            rows("Filesystem Size Used Avail Use% Mounted on\n/dev/a 9.8G 1G 8G 12% /\n")
                .is_empty()
        );
    }
}
