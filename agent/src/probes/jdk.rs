//! Java: what runs on which JDK with which memory limit, what is installed, and what crashes left.
//!
//! Of a `release` file the keys of a list are told, of a crash report its signal and frame, of a
//! heap dump that it lies there: its content is the memory of the application and is not opened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::daemons::{self, Daemon};
use super::execute::clean;
use super::processes::About;
use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read};
use crate::host::{Host, Kind, Look};

pub static PROBE: Probe = Probe {
    id: "jdk",
    about_ko: "자바 실행 프로세스의 JDK와 메모리 한도, 설치된 JDK, 비정상 종료·힙 덤프 파일",
    about_en: "JDKs that run and are installed, memory limits, crash reports and heap dumps",
    reads: &[Read::Survey {
        name: "jdk",
        reads: &[
            "/proc/*/cmdline (java, allow-list)",
            "/proc/*/exe (java)",
            "/proc/*/cgroup (java)",
            "/sys/fs/cgroup (memory limits)",
            "JAVA_HOME/release",
            "/usr/lib/jvm",
            "/usr/java",
            "/opt",
            "hs_err_pid*.log (signal and frame)",
            "*.hprof (names)",
        ],
        run: survey,
    }],
    deadline_ms: HELPER_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Products,
    legal: Legal::Lines,
};

/// Most processes, JDKs and leftovers told.
const RUNNING_MAX: usize = 100;
const INSTALLED_MAX: usize = 60;
const LEFT_MAX: usize = 100;
/// Most names of one folder looked at.
const NAMES_MAX: usize = 5_000;
const RELEASE_BYTES_MAX: usize = 16 * 1024;
/// The head of a crash report holds its reason.
const REPORT_BYTES_MAX: usize = 4 * 1024;
/// Control groups above a process that may limit it.
const LEVELS_MAX: usize = 8;

/// Keys of `release` that are told.
const RELEASE_KEYS: [&str; 7] = [
    "IMPLEMENTOR",
    "IMPLEMENTOR_VERSION",
    "JAVA_RUNTIME_VERSION",
    "JAVA_VERSION",
    "JAVA_VERSION_DATE",
    "JVM_VARIANT",
    "OS_ARCH",
];

/// Folders that hold JDKs, and how the names of other folders there begin.
const PARENTS: [(&str, &[&str]); 4] = [
    ("/opt", &["amazon-corretto", "corretto", "graalvm", "java", "jdk", "jre", "openjdk", "zulu"]),
    ("/usr/java", &[""]),
    ("/usr/lib/jvm", &[""]),
    ("/usr/local", &["java", "jdk", "jre", "openjdk", "zulu"]),
];

/// `{"running":[{"pid","user","argv","home","release":{…}|null,"memory_max_bytes":n|null}]|null,
/// "installed":[{"home","release"}],"crashes":[{"path","size_bytes","modified","signal","frame"}],
/// "dumps":[{"path","size_bytes","modified"}],"looked_in":[path,…]}`.
fn survey(host: &Host) -> Look<Value> {
    let installed = installed(host);
    let java: Option<Vec<Daemon>> = match daemons::running(host) {
        Ok(all) => Some(all.iter().filter(|one| one.product() == "java").cloned().collect()),
        Err(missed) if installed.is_empty() => return Err(missed),
        Err(_) => None,
    };
    let about = About::of(host);
    let folders = folders(host, java.as_deref().unwrap_or_default());
    let (crashes, dumps) = leftovers(host, &folders);
    let running = java.map(|java| {
        java.iter().take(RUNNING_MAX).map(|one| running(host, &about, one)).collect::<Vec<_>>()
    });
    Ok(json!({
        "running": running,
        "installed": installed,
        "crashes": crashes,
        "dumps": dumps,
        "looked_in": folders,
    }))
}

fn running(host: &Host, about: &About, daemon: &Daemon) -> Value {
    let home = home(host, daemon);
    json!({
        "pid": daemon.pid(),
        "user": daemon.user(host, about),
        "argv": daemon.argv(),
        "home": home,
        "release": home.as_deref().and_then(|home| release(host, home)),
        "memory_max_bytes": memory_max(host, daemon.pid()),
    })
}

/// The JDK of a process: by its executable, else by the path it was started with.
fn home(host: &Host, daemon: &Daemon) -> Option<String> {
    let exe = host.link(&format!("/proc/{}/exe", daemon.pid())).ok();
    let exe = exe.or_else(|| daemon.argv().first().cloned())?;
    let home = exe.trim().strip_suffix("/bin/java")?;
    let home = home.strip_suffix("/jre").unwrap_or(home);
    home.starts_with('/').then(|| home.to_owned())
}

/// `KEY="value"` lines of the list.
fn release(host: &Host, home: &str) -> Option<Value> {
    let piece = host.read(&format!("{home}/release"), RELEASE_BYTES_MAX).ok()?;
    let text = clean(&piece.bytes);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let kept: BTreeMap<&str, &str> = pairs
        .filter(|(key, _)| RELEASE_KEYS.contains(key))
        .map(|(key, value)| (key, value.trim().trim_matches('"')))
        .collect();
    Some(json!(kept))
}

/// The smallest memory limit of a process's control groups; none when nothing limits it.
fn memory_max(host: &Host, pid: u32) -> Option<u64> {
    let text = host.word(&format!("/proc/{pid}/cgroup")).ok()?;
    let line = text.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let memory = controllers.split(',').any(|controller| controller == "memory");
        memory.then_some(("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"))
    });
    let unified = text.lines().find_map(|line| line.strip_prefix("0::"));
    let (root, path, file) = line.or_else(|| Some(("/sys/fs/cgroup", unified?, "memory.max")))?;
    let mut path = path.trim_end_matches('/');
    let mut least: Option<u64> = None;
    for _ in 0..LEVELS_MAX {
        let word = host.word(&format!("{root}{path}/{file}")).ok();
        // Version 1 writes "no limit" as the largest number of pages.
        let limit = word.and_then(|word| word.trim().parse::<u64>().ok());
        let limit = limit.filter(|&bytes| bytes < 1 << 60);
        least = match (least, limit) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        match path.rsplit_once('/') {
            Some((parent, _)) => path = parent,
            None => break,
        }
    }
    least
}

/// Every folder that has `bin/java`; one that is reached by several names is told once.
fn installed(host: &Host) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (parent, starts) in PARENTS {
        let Ok(listing) = host.list(parent) else { continue };
        let mut names = listing.names;
        names.truncate(NAMES_MAX);
        // Longer names first: links to a release are shorter than the release.
        names.sort_by_key(|name| (std::cmp::Reverse(name.len()), name.clone()));
        for name in names.iter().filter(|name| starts.iter().any(|start| name.starts_with(start))) {
            let home = format!("{parent}/{name}");
            let java = [format!("{home}/bin/java"), format!("{home}/jre/bin/java")];
            let Some(stat) = java.iter().find_map(|path| host.stat(path).ok()) else { continue };
            if found.len() < INSTALLED_MAX && seen.insert(stat.inode) {
                found.push(json!({ "release": release(host, &home), "home": home }));
            }
        }
    }
    found.sort_by(|a, b| a["home"].as_str().cmp(&b["home"].as_str()));
    found
}

/// Where crashes leave their files: the working folder, the application's, the options' own.
fn folders(host: &Host, java: &[Daemon]) -> Vec<String> {
    let mut folders = BTreeSet::from(["/tmp".to_owned()]);
    for daemon in java {
        folders.extend(host.link(&format!("/proc/{}/cwd", daemon.pid())));
        let bases = ["-Dcatalina.base=", "-Djboss.server.base.dir=", "-XX:HeapDumpPath="];
        folders.extend(bases.iter().filter_map(|base| daemon.option(base)).map(str::to_owned));
        let homes = ["-Dcatalina.home=", "-Djboss.home.dir="];
        let homes = homes.iter().filter_map(|home| daemon.option(home));
        folders.extend(homes.map(|home| format!("{home}/bin")));
        let files = ["-XX:ErrorFile=", "-XX:HeapDumpPath="];
        let files = files.iter().filter_map(|file| daemon.option(file)?.rsplit_once('/'));
        folders.extend(files.map(|(folder, _)| folder.to_owned()));
    }
    folders.retain(|folder| folder.starts_with('/') && folder.len() > 1);
    folders.into_iter().take(RUNNING_MAX).collect()
}

fn leftovers(host: &Host, folders: &[String]) -> (Vec<Value>, Vec<Value>) {
    let (mut crashes, mut dumps) = (Vec::new(), Vec::new());
    for folder in folders {
        let Ok(listing) = host.list(folder) else { continue };
        for name in listing.names.iter().take(NAMES_MAX) {
            let report = name.starts_with("hs_err") && name.ends_with(".log");
            let dump = name.ends_with(".hprof");
            let path = format!("{folder}/{name}");
            if !report && !dump || crashes.len() + dumps.len() >= LEFT_MAX {
                continue;
            }
            let Ok(stat) = host.stat(&path) else { continue };
            if stat.kind != Kind::File {
                continue;
            }
            let mut told = json!({
                "path": path, "size_bytes": stat.size_bytes, "modified": stat.modified,
            });
            if dump {
                dumps.push(told);
                continue;
            }
            let head = host.read(&path, REPORT_BYTES_MAX).map(|piece| clean(&piece.bytes));
            let (signal, frame) = reason(&head.unwrap_or_default());
            told["signal"] = signal.into();
            told["frame"] = frame.into();
            crashes.push(told);
        }
    }
    (crashes, dumps)
}

/// The signal (or "insufficient memory") and the frame of a crash report's head.
fn reason(head: &str) -> (Option<String>, Option<String>) {
    let mut lines = head.lines().map(|line| line.trim_start_matches('#').trim());
    let signal = lines.clone().find(|line| {
        line.starts_with("SIG")
            || line.starts_with("Internal Error")
            || line.contains("insufficient memory")
            || line.starts_with("Out of Memory Error")
    });
    let frame = lines.find(|line| *line == "Problematic frame:").and_then(|_| lines.next());
    (signal.map(str::to_owned), frame.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::recorded;

    #[test]
    fn reasons_of_crashes() {
        let check = |head: &str, signal, frame| {
            let (found_signal, found_frame) = reason(head);
            assert_eq!((found_signal.as_deref(), found_frame.as_deref()), (signal, frame));
        };
        check(
            "#\n# A fatal error has been detected by the Java Runtime Environment:\n#\n\
             #  SIGSEGV (0xb) at pc=0x00007f, pid=91, tid=92\n#\n# Problematic frame:\n\
             # C  [libzip.so+0x5d1c]  newEntry+0x62\n",
            Some("SIGSEGV (0xb) at pc=0x00007f, pid=91, tid=92"),
            Some("C  [libzip.so+0x5d1c]  newEntry+0x62"),
        );
        let short = "# There is insufficient memory for the Java Runtime Environment to continue.";
        check(short, Some(&short[2..]), None);
        check("", None, None);
    }

    #[test]
    fn the_smallest_limit_of_all_levels_counts() {
        let (_folder, host) = recorded(&[
            ("proc/7/cgroup", "0::/system.slice/jboss.service\n"),
            ("sys/fs/cgroup/system.slice/jboss.service/memory.max", "max\n"),
            ("sys/fs/cgroup/system.slice/memory.max", "2147483648\n"),
            ("proc/8/cgroup", "4:memory:/system.slice/a.service\n1:name=systemd:/x\n"),
            (
                "sys/fs/cgroup/memory/system.slice/a.service/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
        ]);
        assert_eq!(memory_max(&host, 7), Some(2_147_483_648));
        assert_eq!(memory_max(&host, 8), None);
        assert_eq!(memory_max(&host, 9), None);
    }
}
