//! Owners and modes of files that must not be written or read by everybody.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const MODES: &str = "survey:file-modes";

pub static PARSER: Parser = Parser {
    name: "file_modes",
    facts: &[Spec { key: "file_modes.map", unit: "", about: "path → mode (octal), uid, gid" }],
    parse,
};

#[derive(Deserialize)]
struct File {
    path: String,
    mode: String,
    uid: i64,
    gid: i64,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let map = evidence.survey::<Vec<File>>(MODES).map(|files| {
        let entry = |f: File| (f.path, json!({"mode": f.mode, "uid": f.uid, "gid": f.gid}));
        files.into_iter().map(entry).collect::<Map<String, Value>>()
    });
    facts.set("file_modes.map", map, MODES);
}
