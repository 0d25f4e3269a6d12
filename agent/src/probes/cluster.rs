//! The Red Hat high-availability cluster: settings of the ring and of Pacemaker, what the daemons
//! say now, keys and their modes, and what an older cluster software left.
//!
//! Passwords of fence devices and keys never leave: settings that may hold one are reduced on the
//! host ([`carepack_shared::cluster`]). Which state is good, the collector knows.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use carepack_shared::{Unseen, cluster, digest, xml};
use serde_json::{Map, Value, json};

use super::execute::clean;
use super::{Legal, Privilege, Probe, Purpose, Read, file, files};
use crate::host::{Command, Host, Look, Missed};

const COROSYNC: &str = "/etc/corosync/corosync.conf";
const CIB: &str = "/var/lib/pacemaker/cib/cib.xml";
const CMAN: &str = "/etc/cluster/cluster.conf";
const TRANSITIONS: &str = "/var/lib/pacemaker/pengine";
const INPUTS: &str = "/var/lib/pacemaker/pengine/pe-{input,warn,error}-*.bz2";
const KEYS: [&str; 3] = ["/etc/booth/booth.key", "/etc/corosync/authkey", "/etc/pacemaker/authkey"];

pub static PROBE: Probe = Probe {
    id: "cluster",
    about_ko: "고가용성 클러스터(Pacemaker) 설정과 상태; 펜스 장치 암호와 키는 수집하지 않음",
    about_en: "High-availability cluster (Pacemaker), settings and state; no passwords, no keys",
    reads: &[
        Read::Survey { name: "corosync-conf", reads: &[COROSYNC], run: corosync },
        Read::Survey { name: "cluster-cib", reads: &[CIB], run: cib },
        Read::Survey { name: "cluster-legacy", reads: &[CMAN], run: legacy },
        Read::Survey {
            name: "crm-mon",
            reads: &["/usr/sbin/crm_mon -1 --output-as=xml"],
            run: crm_mon,
        },
        Read::Survey {
            name: "corosync-quorumtool",
            reads: &["/usr/sbin/corosync-quorumtool -s"],
            run: quorum,
        },
        Read::Survey {
            name: "corosync-cfgtool",
            reads: &["/usr/sbin/corosync-cfgtool -s"],
            run: rings,
        },
        Read::Survey { name: "cluster-keys", reads: &KEYS, run: keys },
        Read::Survey { name: "cluster-input", reads: &[INPUTS], run: input },
        Read::Survey { name: "cluster-transitions", reads: &[TRANSITIONS], run: transitions },
        file("/etc/sysconfig/pacemaker"),
        file("/etc/sysconfig/sbd"),
        files("/etc/booth", ".conf"),
    ],
    deadline_ms: 30_000,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Products,
    legal: Legal::Names,
};

/// A ring of 32 nodes has some 8 KiB.
const COROSYNC_BYTES_MAX: usize = 64 * 1024;
const CIB_BYTES_MAX: usize = cluster::CIB_BYTES_MAX;
/// An input of the scheduler, packed: a CIB with its state packs twentyfold.
const INPUT_BYTES_MAX: usize = 1024 * 1024;
const MONITOR_BYTES_MAX: usize = 2 * 1024 * 1024;
const TOOL_BYTES_MAX: usize = 64 * 1024;
/// One command; a daemon that hangs leaves time for the next.
const COMMAND_MAX: Duration = Duration::from_secs(7);
/// Most transitions told of: the newest.
const TRANSITIONS_MAX: usize = 40;

/// Pacemaker 2.0 and later.
static CRM_MON: Command = Command {
    name: "crm-mon",
    argv: &["/usr/sbin/crm_mon", "-1", "--output-as=xml"],
    output_bytes_max: MONITOR_BYTES_MAX,
    as_nobody: false,
};
/// Pacemaker 1.1 (RHEL 7).
static CRM_MON_1_1: Command = Command {
    name: "crm-mon-1.1",
    argv: &["/usr/sbin/crm_mon", "-1", "--as-xml"],
    output_bytes_max: MONITOR_BYTES_MAX,
    as_nobody: false,
};
static QUORUM: Command = Command {
    name: "corosync-quorumtool",
    argv: &["/usr/sbin/corosync-quorumtool", "-s"],
    output_bytes_max: TOOL_BYTES_MAX,
    as_nobody: false,
};
static RINGS: Command = Command {
    name: "corosync-cfgtool",
    argv: &["/usr/sbin/corosync-cfgtool", "-s"],
    output_bytes_max: TOOL_BYTES_MAX,
    as_nobody: false,
};

fn whole(host: &Host, path: &str, bytes_max: usize) -> Look<String> {
    let piece = host.read(path, bytes_max)?;
    if piece.truncated {
        return Err(Missed::new(Unseen::Failed, format!("{path}: longer than {bytes_max} bytes")));
    }
    Ok(clean(&piece.bytes))
}

/// `{"text": settings without keys, "sha256": of the whole file}`.
fn corosync(host: &Host) -> Look<Value> {
    let text = whole(host, COROSYNC, COROSYNC_BYTES_MAX)?;
    let sha256 = digest::sha256_hex(text.as_bytes());
    Ok(json!({ "text": cluster::reduced_corosync(&text), "sha256": sha256 }))
}

/// The reduced CIB as text.
fn cib(host: &Host) -> Look<Value> {
    let text = whole(host, CIB, CIB_BYTES_MAX)?;
    let reduced = cluster::reduced_cib(&text);
    let malformed = |error| Missed::new(Unseen::Malformed, format!("{CIB}: {error}"));
    reduced.map(Value::from).map_err(malformed)
}

/// `{"name": …, "nodes": [name, …]}` of a cluster of RHEL 6 kind; its fence devices stay.
fn legacy(host: &Host) -> Look<Value> {
    let text = whole(host, CMAN, COROSYNC_BYTES_MAX)?;
    let malformed = |error| Missed::new(Unseen::Malformed, format!("{CMAN}: {error}"));
    let root = xml::parse(&text).map_err(malformed)?;
    let nodes = root.all("clusternodes").flat_map(|list| list.all("clusternode"));
    let nodes: Vec<&str> = nodes.filter_map(|node| node.attribute("name")).collect();
    Ok(json!({ "name": root.attribute("name"), "nodes": nodes }))
}

fn crm_mon(host: &Host) -> Look<Value> {
    let older = |missed: Missed| match missed.reason {
        Unseen::Failed => said(host, &CRM_MON_1_1, "<crm_mon").map_err(|_| missed),
        _ => Err(missed),
    };
    said(host, &CRM_MON, "<pacemaker-result").or_else(older).map(Value::from)
}

fn quorum(host: &Host) -> Look<Value> {
    said(host, &QUORUM, "Quorum information").map(Value::from)
}

fn rings(host: &Host) -> Look<Value> {
    said(host, &RINGS, "ocal node ID").map(Value::from)
}

/// The whole output of a command. The status is no measure: `corosync-quorumtool` answers with it
/// whether there is quorum; output with `mark` in it is an answer.
fn said(host: &Host, command: &Command, mark: &str) -> Look<String> {
    let mut bytes = Vec::new();
    let argv: Vec<String> = command.argv.iter().map(|&word| word.to_owned()).collect();
    let deadline = Instant::now() + COMMAND_MAX;
    let mut is_cut = false;
    let ended = host.stream(command, &argv, deadline, &mut |piece| {
        is_cut |= bytes.len() + piece.len() > command.output_bytes_max;
        if is_cut {
            return ControlFlow::Break(());
        }
        bytes.extend_from_slice(piece);
        ControlFlow::Continue(())
    });
    let text = clean(&bytes);
    match ended {
        _ if is_cut => {
            let detail = format!("{}: more than {}", command.name, command.output_bytes_max);
            Err(Missed::new(Unseen::Failed, detail))
        }
        Err(missed) if missed.reason == Unseen::Failed && text.contains(mark) => Ok(text),
        Err(missed) => Err(missed),
        Ok(()) if text.contains(mark) => Ok(text),
        Ok(()) => Err(Missed::new(Unseen::Malformed, format!("{}: another text", command.name))),
    }
}

/// Path → `{"mode", "uid", "gid", "size"}` of the keys that are there.
fn keys(host: &Host) -> Look<Value> {
    let mut found = Map::new();
    for path in KEYS {
        match host.stat(path) {
            Ok(stat) => {
                let mode = format!("{:04o}", stat.mode);
                let told = json!({
                    "mode": mode, "uid": stat.uid, "gid": stat.gid, "size": stat.size_bytes,
                });
                found.insert(path.to_owned(), told);
            }
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => return Err(missed),
        }
    }
    Ok(Value::Object(found))
}

/// `[{"name": "pe-input-12.bz2", "modified": epoch seconds}]`, newest first: each is a moment at
/// which the cluster had something to do.
fn transitions(host: &Host) -> Look<Value> {
    let found = newest_first(host, |name| name.starts_with("pe-"))?.into_iter();
    let told = found.take(TRANSITIONS_MAX);
    let told = told.map(|(at, _, name)| json!({ "name": name, "modified": at }));
    Ok(Value::Array(told.collect()))
}

/// Modified at, nanoseconds beyond, and name of the files that fit.
fn newest_first(host: &Host, fits: impl Fn(&str) -> bool) -> Look<Vec<(i64, i64, String)>> {
    let listing = host.list(TRANSITIONS)?;
    let mut found = Vec::new();
    for name in listing.names.into_iter().filter(|name| fits(name)) {
        if let Ok(stat) = host.stat(&format!("{TRANSITIONS}/{name}")) {
            found.push((stat.modified, stat.modified_nanos, name));
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    Ok(found)
}

/// `{"name", "modified": epoch seconds, "cib": reduced}` of the newest input of the scheduler: what
/// the cluster was like when it last had something to do. Where the cluster does not answer, it
/// is the last that is known of it.
fn input(host: &Host) -> Look<Value> {
    let newest = newest_first(host, cluster::is_input)?.into_iter().next();
    let (modified, _, name) = newest.ok_or_else(|| Missed::new(Unseen::Absent, INPUTS))?;
    let path = format!("{TRANSITIONS}/{name}");
    let piece = host.read(&path, INPUT_BYTES_MAX)?;
    if piece.truncated {
        let detail = format!("{path}: longer than {INPUT_BYTES_MAX} bytes");
        return Err(Missed::new(Unseen::Failed, detail));
    }
    let malformed = |error| Missed::new(Unseen::Malformed, format!("{path}: {error}"));
    let cib = cluster::reduced_input(&piece.bytes).map_err(malformed)?;
    Ok(json!({ "name": name, "modified": modified, "cib": clean(cib.as_bytes()) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::Folder;

    fn recorded(description: &str, files: &[(&str, &str)]) -> (Folder, Host) {
        let folder = Folder::new(description);
        files.iter().for_each(|(path, text)| folder.put(path, text));
        let host = folder.host();
        (folder, host)
    }

    #[test]
    fn helpers_are_absolute() {
        for command in [&CRM_MON, &CRM_MON_1_1, &QUORUM, &RINGS] {
            assert!(command.argv[0].starts_with("/usr/sbin/"), "{}", command.name);
        }
    }

    #[test]
    fn fence_passwords_stay() {
        let fence = r#"<cib><configuration><resources><primitive id="f"><instance_attributes>
            <nvpair name="password" value="hunter2"/></instance_attributes></primitive></resources>
            </configuration></cib>"#;
        let cman = r#"<cluster name="old"><clusternodes><clusternode name="a"/></clusternodes>
            <fencedevices><fencedevice passwd="hunter3"/></fencedevices></cluster>"#;
        let (_folder, host) = recorded(
            "",
            &[
                ("root/var/lib/pacemaker/cib/cib.xml", fence),
                ("root/etc/cluster/cluster.conf", cman),
                ("root/etc/corosync/corosync.conf", "totem {\n key: hunter4\n}\n"),
            ],
        );
        let told = [cib(&host).unwrap(), legacy(&host).unwrap(), corosync(&host).unwrap()];
        assert!(!json!(told).to_string().contains("hunter"), "{told:?}");
        assert_eq!(told[1], json!({"name": "old", "nodes": ["a"]}));
        assert_eq!(keys(&host).unwrap(), json!({}));
    }

    #[test]
    fn the_newest_input_tells_what_was_last_known() {
        let folder = Folder::new("");
        std::fs::create_dir_all(folder.path().join("root/proc")).unwrap();
        assert_eq!(input(&folder.host()).unwrap_err().reason, Unseen::Absent);
        let put = |name: &str, bytes: &[u8]| {
            folder.put(&format!("root{TRANSITIONS}/{name}"), bytes);
        };
        put("pe-input-7.bz2", include_bytes!("../../../shared/tests/pe-input-7.bz2"));
        put("pe-input.last", b"8");
        let told = input(&folder.host()).unwrap();
        assert_eq!(told["name"], "pe-input-7.bz2");
        let cib = told["cib"].as_str().unwrap();
        assert!(cib.contains("db_last_failure_0") && !cib.contains("hunter2"), "{cib}");
        assert_eq!(transitions(&folder.host()).unwrap()[0]["name"], "pe-input.last");
        std::fs::remove_file(
            folder.path().join("root").join(&TRANSITIONS[1..]).join("pe-input-7.bz2"),
        )
        .unwrap();
        put("pe-warn-1.bz2", b"BZh9 and no more");
        assert_eq!(input(&folder.host()).unwrap_err().reason, Unseen::Malformed);
    }

    #[test]
    fn an_answer_with_a_bad_status_is_an_answer_and_the_older_tool_is_asked_next() {
        let head = r#"
[[command]]
name = "corosync-quorumtool"
argv = "/usr/sbin/corosync-quorumtool -s"
stdout = "commands/q.txt"
status = 1

[[command]]
name = "crm-mon"
argv = "/usr/sbin/crm_mon -1 --output-as=xml"
stderr = "unrecognized option"
status = 64

[[command]]
name = "crm-mon-1.1"
argv = "/usr/sbin/crm_mon -1 --as-xml"
stdout = "commands/m.xml"
status = 0
"#;
        let files = [
            ("commands/q.txt", "Quorum information\nQuorate: Yes\n"),
            ("commands/m.xml", "<crm_mon version=\"1.1.23\"/>\n"),
        ];
        let (_folder, host) = recorded(head, &files);
        assert_eq!(quorum(&host), Ok("Quorum information\nQuorate: Yes\n".into()));
        assert_eq!(crm_mon(&host), Ok("<crm_mon version=\"1.1.23\"/>\n".into()));
        assert_eq!(rings(&host).unwrap_err().reason, Unseen::Absent);
    }
}
