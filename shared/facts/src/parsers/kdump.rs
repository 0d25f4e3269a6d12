//! Whether a crash would be recorded, and crashes that were.

use carepack_shared::Unseen;
use serde::Deserialize;

use crate::text::int;
use crate::{Evidence, Facts, Parser, Spec};

const LOADED: &str = "/sys/kernel/kexec_crash_loaded";
const SIZE: &str = "/sys/kernel/kexec_crash_size";
const DUMPS: &str = "survey:crash-dumps";

pub static PARSER: Parser = Parser {
    name: "kdump",
    facts: &[
        Spec { key: "kdump.loaded", unit: "", about: "a crash kernel is loaded" },
        Spec { key: "kdump.reserved_bytes", unit: "bytes", about: "memory reserved for it" },
        Spec { key: "kdump.dumps", unit: "", about: "crash folders in /var/crash" },
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
}
