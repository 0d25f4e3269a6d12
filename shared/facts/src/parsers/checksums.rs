//! Digests of watched settings: whether a file changed, and when, not how.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Evidence, Facts, Parser, Spec};

const CHECKSUMS: &str = "survey:file-checksums";

pub static PARSER: Parser = Parser {
    name: "checksums",
    facts: &[
        Spec {
            key: "files.sha256",
            unit: "",
            about: "watched files: SHA-256, or why there is none",
        },
        Spec { key: "files.modified", unit: "epoch s", about: "watched files: last modification" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Told {
    sha256: String,
    modified: Option<i64>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<BTreeMap<String, Told>>(CHECKSUMS) {
        Ok(found) => {
            let times =
                found.iter().filter_map(|(path, t)| Some((path.clone(), t.modified?.into())));
            facts.put("files.modified", times.collect::<Map<String, Value>>(), CHECKSUMS);
            let digests = found.into_iter().map(|(path, told)| (path, told.sha256.into()));
            facts.put("files.sha256", digests.collect::<Map<String, Value>>(), CHECKSUMS);
        }
        Err(reason) => facts.miss_all(&["files.sha256", "files.modified"], reason, CHECKSUMS),
    }
}
