//! Mounts, the table of file systems, and the space of the local ones.
//!
//! A network or automounted file system is never touched: one that does not answer would hold
//! the process in the kernel. Its line in the mount table is all that is taken.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file, file_kib};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "filesystems",
    about_ko: "마운트, fstab, 로컬 파일시스템의 공간과 inode",
    about_en: "Mounts, fstab, space and inodes of local file systems",
    reads: &[
        file_kib(MOUNTS, MOUNTS_KIB_MAX),
        file("/etc/fstab"),
        Read::Survey { name: "statfs", reads: &[MOUNTS], run: space },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Resources,
    legal: Legal::Names,
};

pub(super) const MOUNTS: &str = "/proc/self/mountinfo";
/// A container host shows thousands of mounts.
pub(super) const MOUNTS_KIB_MAX: usize = 256;
/// Most file systems asked for their space.
const FILESYSTEMS_MAX: usize = 500;

/// `[{"mount":"/","fstype":"xfs","device":"/dev/mapper/rhel-root","read_only":bool,
/// "bytes_total":N,"bytes_free":N,"bytes_available":N,"inodes_total":N,"inodes_free":N}]`.
/// A file system that gives no numbers is left out: its mount line still travels.
fn space(host: &Host) -> Look<Value> {
    let piece = host.read(MOUNTS, MOUNTS_KIB_MAX * 1024)?;
    let text = String::from_utf8_lossy(&piece.bytes);
    let one = |mount: &Mount| {
        let space = host.statfs(&mount.point).ok()?;
        Some(json!({
            "mount": mount.point,
            "fstype": mount.fstype,
            "device": mount.device,
            "read_only": mount.read_only,
            "bytes_total": space.bytes_total,
            "bytes_free": space.bytes_free,
            "bytes_available": space.bytes_available,
            "inodes_total": space.inodes_total,
            "inodes_free": space.inodes_free,
        }))
    };
    Ok(local(&text).iter().take(FILESYSTEMS_MAX).filter_map(one).collect())
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub point: String,
    pub fstype: String,
    device: String,
    read_only: bool,
}

/// The local, real file systems of a mount table, each once, by mount point.
pub(super) fn local(text: &str) -> Vec<Mount> {
    let mut seen = BTreeSet::new();
    let mut mounts: Vec<Mount> = Vec::new();
    for line in text.lines() {
        let Some((number, root, mount)) = mount(line) else { continue };
        // The same device again, or a folder of it mounted elsewhere (bind), says nothing new;
        // on Btrfs every subvolume has a number of its own.
        let bind = root != "/" && mount.fstype != "btrfs";
        if is_local(&mount) && !bind && seen.insert(number.to_owned()) {
            mounts.push(mount);
        }
    }
    mounts.sort_by(|a, b| a.point.cmp(&b.point));
    mounts
}

fn is_local(mount: &Mount) -> bool {
    match mount.fstype.as_str() {
        "xfs" | "ext2" | "ext3" | "ext4" | "btrfs" | "vfat" => true,
        "tmpfs" => mount.point == "/tmp",
        // Only a container's own root; those of containers on this host are not ours.
        "overlay" => mount.point == "/",
        _ => false,
    }
}

/// proc(5), mountinfo: `id parent major:minor root point options … - fstype device superoptions`.
pub(super) fn mount(line: &str) -> Option<(&str, &str, Mount)> {
    let (left, right) = line.split_once(" - ")?;
    let mut left = left.split(' ').skip(2);
    let (number, root, point) = (left.next()?, left.next()?, left.next()?);
    let options = left.next()?;
    let mut right = right.split(' ');
    let (fstype, device) = (right.next()?, right.next()?);
    let superoptions = right.next().unwrap_or("");
    let ro = |options: &str| options.split(',').any(|option| option == "ro");
    let mount = Mount {
        point: unescape(point),
        fstype: fstype.to_owned(),
        device: unescape(device),
        read_only: ro(options) || ro(superoptions),
    };
    Some((number, root, mount))
}

/// Space, tab, line feed and backslash are written as octal (`\040`).
fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_real_file_systems_are_asked_once() {
        let text = "\
21 1 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/rhel-root rw,attr2
22 21 253:0 /var/lib/x /mnt/bind rw - xfs /dev/mapper/rhel-root rw
23 21 8:1 / /boot ro,relatime - ext4 /dev/sda1 rw
24 21 0:40 / /mnt/nfs rw - nfs4 nas:/vol rw
25 21 0:41 / /misc rw - autofs /etc/auto.misc rw
26 21 0:22 / /tmp rw - tmpfs tmpfs rw
27 21 0:23 / /dev/shm rw - tmpfs tmpfs rw
28 21 0:50 / /var/lib/containers/merged rw - overlay overlay rw
29 21 8:17 / /data\\040two rw shared:2 master:1 - xfs /dev/sdb1 ro
bent line";
        let got: Vec<_> = local(text).into_iter().map(|m| (m.point, m.read_only)).collect();
        let expected = [("/", false), ("/boot", true), ("/data two", true), ("/tmp", false)];
        assert_eq!(got, expected.map(|(point, ro)| (point.to_owned(), ro)));
    }
}
