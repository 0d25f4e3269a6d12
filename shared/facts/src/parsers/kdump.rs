//! Whether a crash would be recorded, and crashes that were.

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::text::{int, settings};
use crate::{Evidence, Facts, Parser, Spec};

const LOADED: &str = "/sys/kernel/kexec_crash_loaded";
const SIZE: &str = "/sys/kernel/kexec_crash_size";
const DUMPS: &str = "survey:crash-dumps";
const CONF: &str = "/etc/kdump.conf";
const STATFS: &str = "survey:statfs";

pub static PARSER: Parser = Parser {
    name: "kdump",
    facts: &[
        Spec { key: "kdump.loaded", unit: "", about: "a crash kernel is loaded" },
        Spec { key: "kdump.reserved_bytes", unit: "bytes", about: "memory reserved for it" },
        Spec { key: "kdump.dumps", unit: "", about: "crash folders in /var/crash" },
        Spec {
            key: "kdump.target",
            unit: "",
            about: "where a dump goes: kind, path, and the space there when it is local",
        },
    ],
    parse,
};

#[derive(Deserialize)]
struct Dumps {
    dumps: Vec<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("kdump.loaded", evidence.text(LOADED).map(|text| text.trim() == "1"), LOADED);
    let size = evidence.text(SIZE).and_then(|text| int(text).ok_or(Unseen::Malformed));
    facts.set("kdump.reserved_bytes", size, SIZE);
    let dumps = match evidence.survey::<Dumps>(DUMPS) {
        Ok(found) => Ok(found.dumps),
        // No such folder: no dump was ever written there.
        Err(Unseen::Absent) if evidence.is_absent(DUMPS) => Ok(Vec::new()),
        Err(reason) => Err(reason),
    };
    facts.set("kdump.dumps", dumps, DUMPS);
    let target = evidence.text(CONF).map(|text| {
        let space = evidence.survey::<Vec<Space>>(STATFS).unwrap_or_default();
        target(text, &space)
    });
    facts.set("kdump.target", target, CONF);
}

#[derive(Deserialize)]
struct Space {
    mount: String,
    bytes_available: i64,
}

/// `path` is below the root, or below the file system that another line names (kdump.conf(5)).
fn target(text: &str, space: &[Space]) -> Value {
    const KINDS: [&str; 10] =
        ["raw", "nfs", "ssh", "ext2", "ext3", "ext4", "xfs", "btrfs", "minix", "virtiofs"];
    let map = settings(text);
    let path = map.get("path").and_then(Value::as_str).unwrap_or("/var/crash");
    let kind = KINDS.iter().find(|kind| map.contains_key(**kind));
    let (mut mount, mut available) = (Value::Null, Value::Null);
    if kind.is_none() {
        let holds = |s: &&Space| {
            let rest = path.strip_prefix(s.mount.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(found) = space.iter().filter(holds).max_by_key(|s| s.mount.len()) {
            mount = found.mount.as_str().into();
            available = found.bytes_available.into();
        }
    }
    json!({
        "kind": kind.unwrap_or(&"local"), "path": path, "mount": mount,
        "bytes_available": available,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_lies_on_the_deepest_mount() {
        let space = |mount: &str, bytes_available| Space { mount: mount.into(), bytes_available };
        let mounts = [space("/", 1), space("/var", 2), space("/va", 3)];
        let seen = target("path /var/crash\ncore_collector makedumpfile -l\n", &mounts);
        assert_eq!((&seen["mount"], &seen["bytes_available"]), (&json!("/var"), &json!(2)));
        let seen = target("nfs nas:/dumps\npath /\n", &mounts);
        assert_eq!((&seen["kind"], &seen["bytes_available"]), (&json!("nfs"), &Value::Null));
    }
}
