//! Owners and modes of further files that security guides ask about, single and by folder.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const FILES: &str = "survey:guide-files";

pub static PARSER: Parser = Parser {
    name: "guide_files",
    facts: &[
        Spec { key: "guide_files.map", unit: "", about: "path → mode (octal), uid, gid" },
        Spec {
            key: "guide_files.folders",
            unit: "",
            about: "folder → groups of equal mode and owner, with how many and examples",
        },
    ],
    parse,
};

#[derive(Deserialize)]
struct Survey {
    files: Vec<File>,
    folders: Vec<Folder>,
}

#[derive(Deserialize)]
struct File {
    path: String,
    mode: String,
    uid: i64,
    gid: i64,
}

#[derive(Deserialize)]
struct Folder {
    folder: String,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    mode: String,
    uid: i64,
    gid: i64,
    count: i64,
    paths: Vec<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Survey>(FILES) {
        Ok(survey) => {
            let entry = |f: File| (f.path, json!({"mode": f.mode, "uid": f.uid, "gid": f.gid}));
            let map: Map<String, Value> = survey.files.into_iter().map(entry).collect();
            facts.put("guide_files.map", map, FILES);
            let group = |g: Group| {
                json!({"mode": g.mode, "uid": g.uid, "gid": g.gid, "count": g.count,
                       "paths": g.paths})
            };
            let folder =
                |f: Folder| (f.folder, Value::Array(f.groups.into_iter().map(group).collect()));
            let folders: Map<String, Value> = survey.folders.into_iter().map(folder).collect();
            facts.put("guide_files.folders", folders, FILES);
        }
        Err(reason) => facts.miss_all(&["guide_files.map", "guide_files.folders"], reason, FILES),
    }
}
