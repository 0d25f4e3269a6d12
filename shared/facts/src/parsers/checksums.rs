//! Digests of watched settings: whether a file changed, not how.

use std::collections::BTreeMap;

use crate::{Evidence, Facts, Parser, Spec};

const CHECKSUMS: &str = "survey:file-checksums";

pub static PARSER: Parser = Parser {
    name: "checksums",
    facts: &[Spec {
        key: "files.sha256",
        unit: "",
        about: "watched files: SHA-256, or why there is none",
    }],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let found = evidence.survey::<BTreeMap<String, String>>(CHECKSUMS).map(|found| {
        found.into_iter().map(|(path, word)| (path, word.into())).collect::<serde_json::Map<_, _>>()
    });
    facts.set("files.sha256", found, CHECKSUMS);
}
