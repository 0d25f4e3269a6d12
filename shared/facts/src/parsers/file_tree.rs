//! What one walk over the local file systems found, and how far it came.

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const TREE: &str = "survey:file-tree";
const DEVICES: &str = "survey:device-files";
const KEYS: [&str; 5] =
    ["tree.walk", "tree.unowned", "tree.set_id", "tree.world_writable", "tree.open_folders"];

pub static PARSER: Parser = Parser {
    name: "file_tree",
    facts: &[
        Spec {
            key: "tree.walk",
            unit: "",
            about: "the walk: complete, scope (all or roots), entries, inodes, counts found",
        },
        Spec { key: "tree.unowned", unit: "", about: "files of no account or group" },
        Spec { key: "tree.set_id", unit: "", about: "files with a set-user or set-group id" },
        Spec { key: "tree.world_writable", unit: "", about: "files that anybody may write" },
        Spec {
            key: "tree.open_folders",
            unit: "",
            about: "folders that anybody may write, without a sticky bit",
        },
        Spec { key: "tree.devices", unit: "", about: "regular files among the device nodes" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Walk {
    scope: String,
    complete: bool,
    entries: i64,
    inodes: i64,
    unowned: Listed,
    set_id: Listed,
    world_writable: Listed,
    open_folders: Listed,
}

#[derive(Deserialize)]
struct Devices {
    complete: bool,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct Listed {
    count: i64,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    path: String,
    kind: String,
    mode: String,
    uid: i64,
    gid: i64,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Walk>(TREE) {
        Ok(walk) => {
            let found = json!({
                "complete": walk.complete, "scope": walk.scope, "entries": walk.entries,
                "inodes": walk.inodes, "unowned": walk.unowned.count,
                "set_id": walk.set_id.count, "world_writable": walk.world_writable.count,
                "open_folders": walk.open_folders.count,
            });
            facts.put("tree.walk", found, TREE);
            facts.put("tree.unowned", files(&walk.unowned), TREE);
            facts.put("tree.set_id", files(&walk.set_id), TREE);
            facts.put("tree.world_writable", files(&walk.world_writable), TREE);
            facts.put("tree.open_folders", files(&walk.open_folders), TREE);
        }
        Err(reason) => facts.miss_all(&KEYS, reason, TREE),
    }
    // None found where not everything was looked at is no answer.
    let devices = match evidence.survey::<Devices>(DEVICES) {
        Ok(seen) if !seen.complete && seen.files.is_empty() => Err(Unseen::TimedOut),
        Ok(seen) => Ok(seen.files.iter().map(file).collect::<Vec<_>>()),
        Err(reason) => Err(reason),
    };
    facts.set("tree.devices", devices, DEVICES);
}

fn files(listed: &Listed) -> Vec<Value> {
    listed.files.iter().map(file).collect()
}

fn file(file: &File) -> Value {
    json!({"path": file.path, "kind": file.kind, "mode": file.mode,
           "uid": file.uid, "gid": file.gid})
}
