//! What lies under file systems: queues, device mapper, multipath, volume groups, error counters.
//!
//! Everything is read from sysfs and from LVM's own backup of its metadata: no command that would
//! open a device or take a lock.

use carepack_shared::Unseen;
use serde_json::{Map, Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file, files};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "storage",
    about_ko: "디스크 큐, 장치 매퍼, 다중 경로, LVM, 파일시스템 오류 수",
    about_en: "Queues, device mapper, multipath, LVM, error counters of file systems",
    reads: &[
        file("/etc/multipath.conf"),
        file("/etc/mdadm.conf"),
        files("/etc/lvm/backup", ""),
        Read::Survey { name: "block-queues", reads: &[BLOCK], run: queues },
        Read::Survey { name: "device-mapper", reads: &[BLOCK], run: mapper },
        Read::Survey { name: "disk-links", reads: LINKS, run: links },
        Read::Survey {
            name: "filesystem-errors",
            reads: &["/sys/fs/ext4", "/sys/fs/xfs"],
            run: errors,
        },
        Read::Survey { name: "lvm-settings", reads: &[LVM], run: lvm },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Resources,
    legal: Legal::Lines,
};

const BLOCK: &str = "/sys/block";
const LVM: &str = "/etc/lvm/lvm.conf";
/// The file with all its comments is about 100 KiB.
const LVM_BYTES_MAX: usize = 512 * 1024;
const LINKS: &[&str] = &["/dev/disk/by-label", "/dev/disk/by-partuuid", "/dev/disk/by-uuid"];
/// A host with multipath storage shows every path as a disk.
const DEVICES_MAX: usize = 2_000;

fn disks(host: &Host) -> Look<Vec<String>> {
    let mut names = host.list(BLOCK)?.names;
    names.retain(|name| !["loop", "ram", "sr", "fd", "zram"].iter().any(|p| name.starts_with(p)));
    names.truncate(DEVICES_MAX);
    Ok(names)
}

/// `[{"name":"sda","read_ahead_kib":128,"nr_requests":256,"discard":true,"state":"running"}]`.
fn queues(host: &Host) -> Look<Value> {
    let one = |name: &String| {
        let number = |attribute: &str| {
            host.word(&format!("{BLOCK}/{name}/{attribute}")).ok()?.parse::<i64>().ok()
        };
        json!({
            "name": name,
            "read_ahead_kib": number("queue/read_ahead_kb"),
            "nr_requests": number("queue/nr_requests"),
            "discard": number("queue/discard_max_bytes").map(|bytes| bytes > 0),
            "state": host.word(&format!("{BLOCK}/{name}/device/state")).ok(),
        })
    };
    Ok(disks(host)?.iter().map(one).collect())
}

/// `[{"device":"dm-0","name":"rhel-root","uuid":"LVM-…","suspended":false,
/// "slaves":[{"name":"sda2","state":"running"|null}]}]`.
fn mapper(host: &Host) -> Look<Value> {
    let one = |device: &String| {
        let word = |attribute: &str| host.word(&format!("{BLOCK}/{device}/{attribute}")).ok();
        let slaves = host.list(&format!("{BLOCK}/{device}/slaves")).map(|l| l.names);
        let slave = |name: &String| {
            // A path of a multipath map is a whole disk; a partition has no state of its own.
            let state = host.word(&format!("{BLOCK}/{name}/device/state")).ok();
            json!({ "name": name, "state": state })
        };
        Some(json!({
            "device": device,
            "name": word("dm/name")?,
            "uuid": word("dm/uuid").unwrap_or_default(),
            "suspended": word("dm/suspended").as_deref() == Some("1"),
            "slaves": slaves.unwrap_or_default().iter().map(slave).collect::<Vec<_>>(),
        }))
    };
    let disks = disks(host)?;
    Ok(disks.iter().filter(|name| name.starts_with("dm-")).filter_map(one).collect())
}

/// `{"uuid":[…],"label":[…],"partuuid":[…]}`: the names that fstab may use.
fn links(host: &Host) -> Look<Value> {
    let mut found = Map::new();
    let mut missed = None;
    for folder in LINKS {
        let kind = folder.rsplit("by-").next().unwrap_or(folder);
        match host.list(folder) {
            Ok(listing) => drop(found.insert(kind.to_owned(), listing.names.into())),
            Err(error) if error.reason == Unseen::Absent => missed = Some(error),
            Err(error) => return Err(error),
        }
    }
    // Without a single folder nothing is known; a host without labels has no folder of labels.
    match missed {
        Some(missed) if found.is_empty() => Err(missed),
        _ => Ok(Value::Object(found)),
    }
}

/// `[{"device":"sda1","fstype":"ext4","errors":N|null,"first_error":"…"|null}]`; XFS keeps no
/// counter, so its devices are named alone.
fn errors(host: &Host) -> Look<Value> {
    let mut list = Vec::new();
    let mut seen = false;
    for fstype in ["ext4", "xfs"] {
        let folder = format!("/sys/fs/{fstype}");
        let names = match host.list(&folder) {
            Ok(listing) => listing.names,
            Err(missed) if missed.reason == Unseen::Absent => continue,
            Err(missed) => return Err(missed),
        };
        seen = true;
        let device = |name: &&String| !matches!(name.as_str(), "features" | "stats" | "debug");
        for name in names.iter().filter(device).take(DEVICES_MAX) {
            let word = |attribute: &str| host.word(&format!("{folder}/{name}/{attribute}")).ok();
            let errors = word("errors_count").and_then(|count| count.parse::<i64>().ok());
            let first = word("first_error_time").filter(|time| time != "0");
            list.push(json!({
                "device": name, "fstype": fstype, "errors": errors, "first_error": first,
            }));
        }
    }
    if seen {
        return Ok(list.into());
    }
    Err(Missed::new(Unseen::Absent, "/sys/fs: neither ext4 nor xfs"))
}

/// Settings of lvm.conf that are not comments: `{"use_devicesfile":"1"}`.
fn lvm(host: &Host) -> Look<Value> {
    const NAMES: [&str; 8] = [
        "auto_activation_volume_list",
        "issue_discards",
        "snapshot_autoextend_percent",
        "snapshot_autoextend_threshold",
        "thin_pool_autoextend_percent",
        "thin_pool_autoextend_threshold",
        "use_devicesfile",
        "use_lvmetad",
    ];
    let piece = host.read(LVM, LVM_BYTES_MAX)?;
    let text = String::from_utf8_lossy(&piece.bytes);
    let mut found = Map::new();
    for line in text.lines().map(str::trim) {
        let Some((name, value)) = line.split_once('=') else { continue };
        if NAMES.contains(&name.trim()) {
            found.insert(name.trim().to_owned(), value.trim().into());
        }
    }
    Ok(Value::Object(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_machine_names_its_queues_without_loops() {
        let value = queues(&Host::live()).unwrap();
        let names = value.as_array().unwrap().iter().filter_map(|d| d["name"].as_str());
        assert!(names.clone().all(|name| !name.starts_with("loop")), "{value}");
    }
}
