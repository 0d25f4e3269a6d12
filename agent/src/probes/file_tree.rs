//! One walk over the local file systems: files of nobody, set-id files, files that anybody may
//! write; and regular files in `/dev`.
//!
//! It is the dearest look of all, so it is bounded in entries and in time, and says where it
//! ended. A host with more files than the bound of its walks is not walked whole: only the trees that
//! programs, settings and accounts live in ([`ROOTS`]), each as far as its share of a part of the
//! bound goes. What was not looked at is said there anyway, and no walk of that host could make it
//! sound; what a walk can do is find. No name of a file is kept but of those.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::filesystems::{MOUNTS, MOUNTS_KIB_MAX, local, mount};
use super::login::{ACCOUNTS_BYTES_MAX, GROUP, PASSWD};
use super::{Legal, Privilege, Probe, Purpose, Read};
use crate::host::{Bounds, Command, Cut, Entry, Host, Kind, Look, Walked};

pub static PROBE: Probe = Probe {
    id: "file-tree",
    about_ko: "로컬 파일시스템의 소유자 없는 파일, SUID·SGID 파일, 누구나 쓸 수 있는 파일",
    about_en: "Files without an owner, set-id files, files that anybody may write, on local disks",
    reads: &[
        Read::Survey { name: "file-tree", reads: &["/"], run: tree },
        Read::Survey { name: "device-files", reads: &["/dev"], run: devices },
    ],
    deadline_ms: 45_000,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

/// Longest walk; disks that have to be asked for every folder need it.
const WALK: Duration = Duration::from_secs(30);
/// Device nodes are some hundred.
const DEVICES_MAX: u64 = 20_000;
/// Most files of each kind whose names are kept; the rest is counted.
const LISTED_MAX: usize = 200;
/// Most mount points and ids considered.
const MOUNTS_MAX: usize = 5_000;
/// Distinct ids of nobody that the name service is asked for.
const ASKED_MAX: usize = 40;

/// Walked where the whole is too much. The first ones are small on most hosts: what they leave of
/// their shares goes to those after them. A tree inside another one of the list is walked once.
const ROOTS: [&str; 13] = [
    "/etc",
    "/usr/bin",
    "/usr/libexec",
    "/usr/sbin",
    "/opt",
    "/tmp",
    "/home",
    "/var",
    "/root",
    "/usr/local",
    "/usr/lib64",
    "/usr/lib",
    "/usr",
];
/// The part of the bound that is walked where the whole is too much: such a walk only finds, it
/// cannot say that there is nothing.
const ROOTS_PART: u64 = 4;

/// Trees of containers: their files belong to accounts of their own.
const CONTAINERS: [&str; 5] = [
    "/var/lib/containerd",
    "/var/lib/containers/storage",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/lib/lxc",
];

/// `{"scope":"all"|"roots","complete":bool,"cut":"entries"|"time"|null,"entries":N,"unread":N,
/// "inodes":N,"unowned":{"count":N,"files":[{"path","mode","uid","gid","kind"}]},"set_id":{…},
/// "world_writable":{…},"open_folders":{…}}`. Open folders are those that anybody may write
/// without a sticky bit.
fn tree(host: &Host) -> Look<Value> {
    let plan = plan(host)?;
    let mut found = Found::new(host)?;
    let mut bounds = Bounds { skip: &plan.skip, entries_left: 0, until: Instant::now() + WALK };
    let mut left = plan.entries_max;
    let mut done = Walked::default();
    for (at, start) in plan.starts.iter().enumerate() {
        bounds.entries_left =
            if plan.whole { left } else { left / (plan.starts.len() - at) as u64 };
        let walked = match host.walk(start, &mut bounds, &mut |entry| found.take(entry)) {
            Ok(walked) => walked,
            // A tree of the list that this host does not have.
            Err(_) if !plan.whole => continue,
            Err(missed) => return Err(missed),
        };
        left = left.saturating_sub(walked.entries);
        done.entries += walked.entries;
        done.unread += walked.unread;
        done.cut = done.cut.or(walked.cut);
    }
    found.ask_names(host);
    let cut = done.cut.map(|cut| match cut {
        Cut::Entries => "entries",
        Cut::Time => "time",
    });
    Ok(json!({
        "scope": if plan.whole { "all" } else { "roots" },
        "complete": plan.whole && cut.is_none() && done.unread == 0,
        "cut": cut,
        "entries": done.entries,
        "unread": done.unread,
        "inodes": plan.inodes,
        "unowned": found.unowned.value(),
        "set_id": found.set_id.value(),
        "world_writable": found.world_writable.value(),
        "open_folders": found.open_folders.value(),
    }))
}

/// Where to walk.
struct Plan {
    whole: bool,
    starts: Vec<String>,
    entries_max: u64,
    skip: BTreeSet<Vec<u8>>,
    /// In use on the local file systems, where they tell.
    inodes: u64,
}

fn plan(host: &Host) -> Look<Plan> {
    if host.is_mounted() {
        // Nothing else is mounted there that we know of.
        let starts = vec!["/".to_owned()];
        let entries_max = host.walk_entries_max();
        return Ok(Plan { whole: true, starts, entries_max, skip: containers(), inodes: 0 });
    }
    let piece = host.read(MOUNTS, MOUNTS_KIB_MAX * 1024)?;
    let text = String::from_utf8_lossy(&piece.bytes);
    let points: Vec<String> =
        text.lines().filter_map(|line| Some(mount(line)?.2.point)).take(MOUNTS_MAX).collect();
    // vfat knows no owners.
    let own = local(&text).into_iter().filter(|mount| mount.fstype != "vfat");
    let mut starts: Vec<String> = own.map(|mount| mount.point).collect();
    let used = starts.iter().filter_map(|start| host.statfs(start).ok());
    let inodes = used.map(|space| space.inodes_total.saturating_sub(space.inodes_free)).sum();
    let mut entries_max = host.walk_entries_max();
    let whole = inodes <= entries_max;
    let mut skip = containers();
    if !whole {
        entries_max = entries_max.div_ceil(ROOTS_PART);
        skip.extend(ROOTS.map(|root| root.as_bytes().to_vec()));
        let under = |point: &String| {
            ROOTS
                .iter()
                .any(|root| point.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')))
        };
        // A home on the network is not touched.
        let elsewhere =
            |root: &str| points.iter().any(|p| p == root) && !starts.iter().any(|s| s == root);
        let roots: Vec<String> =
            ROOTS.iter().filter(|root| !elsewhere(root)).map(|root| (*root).to_owned()).collect();
        starts.retain(under);
        starts = roots.into_iter().chain(starts).collect();
    }
    // A start that is a mount point itself is walked from there, and not from above.
    skip.extend(points.into_iter().map(String::into_bytes));
    Ok(Plan { whole, starts, entries_max, skip, inodes })
}

fn containers() -> BTreeSet<Vec<u8>> {
    CONTAINERS.iter().map(|path| path.as_bytes().to_vec()).collect()
}

/// Files of one kind.
#[derive(Default)]
struct Listed {
    count: u64,
    files: Vec<Value>,
}

impl Listed {
    fn take(&mut self, entry: &Entry<'_>) {
        self.count += 1;
        if self.files.len() < LISTED_MAX {
            self.files.push(file(entry));
        }
    }

    fn value(mut self) -> Value {
        self.files.sort_by(|a, b| a["path"].as_str().cmp(&b["path"].as_str()));
        json!({ "count": self.count, "files": self.files })
    }
}

fn file(entry: &Entry<'_>) -> Value {
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Other => "other",
    };
    json!({
        "path": entry.path(), "kind": kind, "mode": format!("{:04o}", entry.mode),
        "uid": entry.uid, "gid": entry.gid,
    })
}

struct Found {
    users: Ids,
    groups: Ids,
    unowned: Listed,
    set_id: Listed,
    world_writable: Listed,
    open_folders: Listed,
}

impl Found {
    fn new(host: &Host) -> Look<Self> {
        Ok(Self {
            users: Ids::read(host, PASSWD, "/etc/subuid")?,
            groups: Ids::read(host, GROUP, "/etc/subgid")?,
            unowned: Listed::default(),
            set_id: Listed::default(),
            world_writable: Listed::default(),
            open_folders: Listed::default(),
        })
    }

    fn take(&mut self, entry: &Entry<'_>) {
        let open = entry.mode & 0o002 != 0;
        match entry.kind {
            Kind::File if entry.mode & 0o6000 != 0 => self.set_id.take(entry),
            Kind::Directory if open && entry.mode & 0o1000 == 0 => self.open_folders.take(entry),
            _ => {}
        }
        if entry.kind == Kind::File && open {
            self.world_writable.take(entry);
        }
        if !self.users.knows(entry.uid) || !self.groups.knows(entry.gid) {
            self.unowned.take(entry);
        }
    }

    /// Accounts of a directory service stand in no file: the name service is asked for the ids
    /// that nobody seems to have, and what it knows is taken off the list.
    fn ask_names(&mut self, host: &Host) {
        if self.unowned.count == 0 || host.is_mounted() {
            return;
        }
        for (key, ids, command) in
            [("uid", &mut self.users, &GETENT_PASSWD), ("gid", &mut self.groups, &GETENT_GROUP)]
        {
            let unknown: BTreeSet<u32> = self
                .unowned
                .files
                .iter()
                .filter_map(|file| u32::try_from(file[key].as_u64()?).ok())
                .filter(|id| !ids.knows(*id))
                .take(ASKED_MAX)
                .collect();
            ids.add(&named(host, command, &unknown));
        }
        let known = |file: &Value, key: &str, ids: &Ids| {
            let id = file[key].as_u64().and_then(|id| u32::try_from(id).ok());
            id.is_some_and(|id| ids.knows(id))
        };
        let before = self.unowned.files.len();
        let (users, groups) = (&self.users, &self.groups);
        self.unowned.files.retain(|file| !known(file, "uid", users) || !known(file, "gid", groups));
        let gone = (before - self.unowned.files.len()) as u64;
        // Where more was counted than listed, the rest is of the same ids as far as anybody knows.
        self.unowned.count =
            if self.unowned.files.is_empty() { 0 } else { self.unowned.count - gone };
    }
}

const GETENT_PASSWD: Command = Command {
    name: "getent-passwd",
    argv: &["/usr/bin/getent", "passwd"],
    output_bytes_max: 64 * 1024,
    as_nobody: true,
};
const GETENT_GROUP: Command = Command {
    name: "getent-group",
    argv: &["/usr/bin/getent", "group"],
    output_bytes_max: 64 * 1024,
    as_nobody: true,
};
/// A directory service that does not answer.
const ASK: Duration = Duration::from_secs(5);

/// The entries that the name service has for these ids, in the form of the file.
fn named(host: &Host, command: &Command, ids: &BTreeSet<u32>) -> String {
    if ids.is_empty() {
        return String::new();
    }
    let words = command.argv.iter().map(|&word| word.to_owned());
    let argv: Vec<String> = words.chain(ids.iter().map(ToString::to_string)).collect();
    let mut answer = Vec::new();
    // It exits with 2 where it does not know one of them; what it knows was printed.
    let _ = host.stream(command, &argv, Instant::now() + ASK, &mut |piece| {
        let room = command.output_bytes_max - answer.len();
        answer.extend_from_slice(&piece[..piece.len().min(room)]);
        std::ops::ControlFlow::Continue(())
    });
    String::from_utf8_lossy(&answer).into_owned()
}

/// Ids that somebody has.
struct Ids {
    own: BTreeSet<u32>,
    /// First and last of a range that is lent to containers of a user.
    lent: Vec<(u32, u32)>,
    /// The last one found: most files follow one of the same owner.
    last: std::cell::Cell<Option<u32>>,
}

impl Ids {
    fn read(host: &Host, path: &str, lent: &str) -> Look<Self> {
        let piece = host.read(path, ACCOUNTS_BYTES_MAX)?;
        let lent = host.read(lent, ACCOUNTS_BYTES_MAX).map(|piece| piece.bytes);
        let lent = lent.unwrap_or_default();
        let mut ids = Self { own: BTreeSet::new(), lent: ranges(&lent), last: None.into() };
        ids.add(&String::from_utf8_lossy(&piece.bytes));
        Ok(ids)
    }

    /// passwd(5) and group(5): the third field.
    fn add(&mut self, text: &str) {
        self.own
            .extend(text.lines().filter_map(|line| line.split(':').nth(2)?.parse::<u32>().ok()));
    }

    fn knows(&self, id: u32) -> bool {
        let known = self.last.get() == Some(id)
            || self.own.contains(&id)
            || self.lent.iter().any(|(first, last)| (*first..=*last).contains(&id));
        if known {
            self.last.set(Some(id));
        }
        known
    }
}

/// subuid(5): `name:first:count`.
fn ranges(bytes: &[u8]) -> Vec<(u32, u32)> {
    let text = String::from_utf8_lossy(bytes);
    let one = |line: &str| {
        let mut fields = line.split(':').skip(1);
        let first: u32 = fields.next()?.trim().parse().ok()?;
        let count: u32 = fields.next()?.trim().parse().ok()?;
        Some((first, first.checked_add(count)?.checked_sub(1)?))
    };
    text.lines().filter_map(one).take(MOUNTS_MAX).collect()
}

/// `{"count":N,"files":[…],"complete":bool}`: regular files among the device nodes. File systems
/// mounted below `/dev` are not entered.
fn devices(host: &Host) -> Look<Value> {
    let piece = host.read(MOUNTS, MOUNTS_KIB_MAX * 1024)?;
    let text = String::from_utf8_lossy(&piece.bytes);
    let points = text.lines().filter_map(|line| Some(mount(line)?.2.point.into_bytes()));
    let skip: BTreeSet<Vec<u8>> = points.take(MOUNTS_MAX).collect();
    let mut bounds = Bounds {
        skip: &skip,
        entries_left: DEVICES_MAX,
        until: Instant::now() + Duration::from_secs(5),
    };
    let mut files = Listed::default();
    let done = host.walk("/dev", &mut bounds, &mut |entry| {
        if entry.kind == Kind::File {
            files.take(entry);
        }
    })?;
    let mut value = files.value();
    value["complete"] = (done.cut.is_none() && done.unread == 0).into();
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_tree_is_reduced_to_what_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let own = host_ids();
        std::fs::create_dir_all(root.join("etc")).unwrap();
        std::fs::create_dir_all(root.join("usr/bin")).unwrap();
        std::fs::create_dir_all(root.join("var/lib/docker")).unwrap();
        std::fs::write(root.join("etc/passwd"), format!("me:x:{}:{}::/:/bin/sh\n", own.0, own.1))
            .unwrap();
        std::fs::write(root.join("etc/group"), format!("me:x:{}:\n", own.1)).unwrap();
        let put = |name: &str, mode| {
            std::fs::write(root.join(name), "").unwrap();
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(root.join(name), mode).unwrap();
        };
        put("usr/bin/up", 0o4755);
        put("usr/bin/plain", 0o755);
        put("etc/open", 0o646);
        put("var/lib/docker/open", 0o666);
        let host = Host::mounted(root, None).unwrap();
        let value = tree(&host).unwrap();
        assert_eq!(value["complete"], true, "{value}");
        let names = |key: &str| {
            let files = value[key]["files"].as_array().unwrap();
            files.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("set_id"), ["/usr/bin/up"]);
        assert_eq!(names("world_writable"), ["/etc/open"]);
        assert_eq!(value["unowned"]["count"], 0);
        std::fs::write(root.join("etc/group"), "other:x:4242424:\n").unwrap();
        let value = tree(&host).unwrap();
        assert!(value["unowned"]["count"].as_u64().unwrap() > 5, "{value}");
    }

    #[test]
    fn a_walk_ends_where_the_customer_says() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("etc")).unwrap();
        for name in ["passwd", "group", "a", "b"] {
            std::fs::write(folder.path().join("etc").join(name), "").unwrap();
        }
        let walked = |entries| {
            let host = Host::mounted(folder.path(), None).unwrap().walked_up_to(entries);
            let value = tree(&host).unwrap();
            (value["entries"].as_u64(), value["cut"].clone(), value["complete"] == true)
        };
        assert_eq!(walked(3), (Some(3), json!("entries"), false));
        assert_eq!(walked(5), (Some(5), Value::Null, true));
    }

    #[test]
    fn a_host_that_is_too_large_is_searched_a_part_of_the_bound_far() {
        let value = tree(&Host::live().walked_up_to(100)).unwrap();
        // btrfs does not tell how many files it has: it is begun as if it were small.
        let large = value["inodes"].as_u64().unwrap() > 100;
        let (scope, entries_max) = if large { ("roots", 25) } else { ("all", 100) };
        assert_eq!(
            (&value["scope"], &value["complete"]),
            (&json!(scope), &json!(false)),
            "{value}"
        );
        assert!((1..=entries_max).contains(&value["entries"].as_u64().unwrap()), "{value}");
    }

    /// Ids that files made by this test have.
    fn host_ids() -> (u32, u32) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let stat = Host::live().stat(&file.path().to_string_lossy()).unwrap();
        (stat.uid, stat.gid)
    }

    #[test]
    fn lent_ids_belong_to_somebody() {
        assert_eq!(ranges(b"ops:100000:65536\nbent\nx:4294967295:9\n"), [(100_000, 165_535)]);
        let ids = Ids { own: [0].into(), lent: vec![(100, 109)], last: None.into() };
        let check = |id, known| assert_eq!(ids.knows(id), known, "{id}");
        check(0, true);
        check(105, true);
        check(110, false);
        check(0, true);
    }
}
