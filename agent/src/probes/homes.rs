//! Home folders of accounts that may log in, and the start-up files in them: whose, which mode.
//!
//! No content is read. A home on a network or automounted file system is not touched: one that
//! does not answer would hold the process in the kernel.

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::filesystems::{MOUNTS, MOUNTS_KIB_MAX, mount};
use super::login::{ACCOUNTS_BYTES_MAX, PASSWD};
use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Kind, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "homes",
    about_ko: "로그인 계정의 홈 디렉터리와 환경 파일의 소유자·권한(내용 제외)",
    about_en: "Owner and mode of homes and of their start-up files (without content)",
    reads: &[Read::Survey { name: "homes", reads: &[PASSWD, "/home", "/root"], run: homes }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

/// Most accounts looked at.
const HOMES_MAX: usize = 500;
/// Links followed on the way to a home.
const HOPS_MAX: usize = 8;

/// Files that a login, or a program on its behalf, believes.
const FILES: [&str; 13] = [
    ".bash_login",
    ".bash_logout",
    ".bash_profile",
    ".bashrc",
    ".cshrc",
    ".exrc",
    ".kshrc",
    ".login",
    ".netrc",
    ".profile",
    ".rhosts",
    ".shosts",
    ".tcshrc",
];

/// File systems that answer from this machine.
const LOCAL: [&str; 9] =
    ["btrfs", "ext2", "ext3", "ext4", "overlay", "ramfs", "rootfs", "tmpfs", "xfs"];

/// `{"homes":[{"user":"ops","uid":1000,"home":"/home/ops","state":"present|absent|denied|
/// not_local|other","owner":1000,"gid":1000,"mode":"0700","files":[{"name":".bashrc",
/// "mode":"0644","uid":1000}]}],"truncated":bool}`.
fn homes(host: &Host) -> Look<Value> {
    if host.is_recorded() {
        // A checkout keeps neither owners nor modes.
        return Err(Missed::new(Unseen::Absent, "homes: not recorded"));
    }
    let passwd = host.read(PASSWD, ACCOUNTS_BYTES_MAX)?;
    let passwd = String::from_utf8_lossy(&passwd.bytes);
    let mounts = if host.is_mounted() { Vec::new() } else { mounts(host)? };
    let accounts: Vec<Account<'_>> = passwd.lines().filter_map(account).collect();
    let one = |account: &Account<'_>| {
        let seen = look(host, &mounts, account);
        let mut value = json!({
            "user": account.name, "uid": account.uid, "home": account.home, "state": seen.state,
            "files": seen.files,
        });
        if let Some((mode, owner, gid)) = seen.is {
            value["mode"] = format!("{mode:04o}").into();
            value["owner"] = owner.into();
            value["gid"] = gid.into();
        }
        value
    };
    let list: Vec<Value> = accounts.iter().take(HOMES_MAX).map(one).collect();
    Ok(json!({ "homes": list, "truncated": accounts.len() > HOMES_MAX }))
}

struct Account<'a> {
    name: &'a str,
    uid: u32,
    home: &'a str,
}

/// An account whose shell lets somebody in.
fn account(line: &str) -> Option<Account<'_>> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, _, _, home, shell] = fields[..] else { return None };
    let program = shell.rsplit('/').next().unwrap_or(shell);
    let shut = matches!(program, "nologin" | "false" | "sync" | "shutdown" | "halt");
    let uid = uid.parse().ok()?;
    (!shut).then_some(Account { name, uid, home })
}

#[derive(Default)]
struct Seen {
    state: &'static str,
    is: Option<(u32, u32, u32)>,
    files: Vec<Value>,
}

fn look(host: &Host, mounts: &[(String, String)], account: &Account<'_>) -> Seen {
    let place = match settled(host, mounts, account.home) {
        Ok(place) => place,
        Err(state) => return Seen { state, ..Seen::default() },
    };
    let stat = match host.stat(&place) {
        Ok(stat) => stat,
        Err(missed) => return Seen { state: state(missed.reason), ..Seen::default() },
    };
    let is = Some((stat.mode, stat.uid, stat.gid));
    if stat.kind != Kind::Directory {
        return Seen { state: "other", is, files: Vec::new() };
    }
    let file = |name: &&str| {
        let path = format!("{}/{name}", place.trim_end_matches('/'));
        let path = settled(host, mounts, &path).ok()?;
        let stat = host.stat(&path).ok()?;
        Some(json!({ "name": name, "mode": format!("{:04o}", stat.mode), "uid": stat.uid }))
    };
    Seen { state: "present", is, files: FILES.iter().filter_map(file).collect() }
}

const fn state(reason: Unseen) -> &'static str {
    match reason {
        Unseen::Absent => "absent",
        _ => "denied",
    }
}

/// Where a path leads, its links followed one by one, each only after it is known to lie on a
/// local file system.
fn settled(host: &Host, mounts: &[(String, String)], path: &str) -> Result<String, &'static str> {
    if host.is_mounted() {
        return Ok(path.to_owned());
    }
    let mut left: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let mut place = String::new();
    let mut hops = 0;
    while let Some(part) = left.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                place.truncate(place.rfind('/').unwrap_or(0));
                continue;
            }
            _ => {}
        }
        let next = format!("{place}/{part}");
        if !is_local(mounts, &next) {
            return Err("not_local");
        }
        let Ok(target) = host.link(&next) else {
            place = next;
            continue;
        };
        hops += 1;
        if hops > HOPS_MAX {
            return Err("other");
        }
        if target.starts_with('/') {
            place.clear();
        }
        left.extend(target.split('/').rev().map(str::to_owned));
    }
    Ok(if place.is_empty() { "/".to_owned() } else { place })
}

/// Point and type of every mount.
fn mounts(host: &Host) -> Look<Vec<(String, String)>> {
    let piece = host.read(MOUNTS, MOUNTS_KIB_MAX * 1024)?;
    let text = String::from_utf8_lossy(&piece.bytes);
    let one = |line: &str| mount(line).map(|(.., mount)| (mount.point, mount.fstype));
    Ok(text.lines().filter_map(one).collect())
}

/// Whether the file system that holds a path is a local one: of the mounts above it the deepest,
/// of two on one point the later.
fn is_local(mounts: &[(String, String)], path: &str) -> bool {
    let above = |point: &str| {
        let rest = path.strip_prefix(point.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let holds = mounts.iter().filter(|(point, _)| above(point));
    let deepest = holds.max_by_key(|(point, _)| point.len());
    deepest.is_some_and(|(_, fstype)| LOCAL.contains(&fstype.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_on_the_network_is_not_touched() {
        let mounts = [("/", "xfs"), ("/home", "autofs"), ("/home", "nfs4"), ("/data", "xfs")];
        let mounts = mounts.map(|(point, fstype)| (point.to_owned(), fstype.to_owned()));
        let check = |path, local| assert_eq!(is_local(&mounts, path), local, "{path}");
        check("/root", true);
        check("/home", false);
        check("/home/ops", false);
        check("/homes/ops", true);
        check("/data/x", true);
        assert_eq!(settled(&Host::live(), &mounts, "/home/ops"), Err("not_local"));
    }

    #[test]
    fn a_home_of_a_mounted_root_and_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("etc")).unwrap();
        std::fs::create_dir_all(root.join("home/ops")).unwrap();
        std::fs::write(root.join("home/ops/.bashrc"), "secret=1\n").unwrap();
        let passwd = "ops:x:1000:1000::/home/ops:/bin/bash\ngone:x:1001:1::/home/gone:/bin/bash\n\
            bin:x:1:1::/bin:/sbin/nologin\nbent:x\n";
        std::fs::write(root.join("etc/passwd"), passwd).unwrap();
        let value = homes(&Host::mounted(root, None).unwrap()).unwrap();
        let list = value["homes"].as_array().unwrap();
        assert_eq!(list.len(), 2, "{value}");
        assert_eq!(list[0]["files"][0]["name"], ".bashrc");
        assert_eq!((&list[0]["state"], &list[1]["state"]), (&"present".into(), &"absent".into()));
        assert!(!value.to_string().contains("secret"));
    }
}
