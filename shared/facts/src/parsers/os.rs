//! The operating system's own name and version.
//!
//! ```text
//! NAME="Red Hat Enterprise Linux"
//! VERSION_ID="9.4"
//! ```

use carepack_shared::Unseen;

use crate::{Evidence, Facts, Parser, Spec};

const RELEASE: &str = "/etc/os-release";

pub static PARSER: Parser = Parser {
    name: "os",
    facts: &[
        Spec { key: "os.id", unit: "", about: "ID of os-release: rhel, rocky, debian" },
        Spec { key: "os.version", unit: "", about: "VERSION_ID of os-release" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.text(RELEASE) {
        Ok(text) => release(text, facts),
        Err(reason) => facts.miss_all(&["os.id", "os.version"], reason, RELEASE),
    }
}

fn release(text: &str, facts: &mut Facts) {
    for (name, key) in [("ID", "os.id"), ("VERSION_ID", "os.version")] {
        match text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')) {
            Some(value) => facts.put(key, value.trim_matches('"'), RELEASE),
            None => facts.miss(key, Unseen::Malformed, RELEASE),
        }
    }
}
