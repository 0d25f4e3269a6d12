//! The operating system's own name and version.
//!
//! ```text
//! NAME="Red Hat Enterprise Linux"
//! ID="rhel"
//! VERSION_ID="9.4"
//! PRETTY_NAME="Red Hat Enterprise Linux 9.4 (Plow)"
//! CPE_NAME="cpe:/o:redhat:enterprise_linux:9::baseos"
//! ```

use carepack_shared::Unseen;

use crate::text::{assignments, int};
use crate::{Evidence, Facts, Parser, Spec};

const RELEASE: &str = "/etc/os-release";
const KEYS: [&str; 6] = ["os.id", "os.version", "os.major", "os.name", "os.family", "os.cpe"];
/// Rebuilds that follow RHEL's versions and life cycle.
const REBUILDS: [&str; 6] = ["rhel", "rocky", "almalinux", "ol", "centos", "scientific"];

pub static PARSER: Parser = Parser {
    name: "os",
    facts: &[
        Spec { key: "os.id", unit: "", about: "ID of os-release: rhel, rocky, debian" },
        Spec { key: "os.version", unit: "", about: "VERSION_ID of os-release, e.g. 9.4" },
        Spec { key: "os.major", unit: "", about: "first number of the version" },
        Spec { key: "os.name", unit: "", about: "PRETTY_NAME of os-release" },
        Spec { key: "os.family", unit: "", about: "rhel for RHEL and its rebuilds, else the id" },
        Spec { key: "os.cpe", unit: "", about: "CPE_NAME of os-release" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.text(RELEASE) {
        Ok(text) => release(text, facts),
        Err(reason) => facts.miss_all(&KEYS, reason, RELEASE),
    }
}

fn release(text: &str, facts: &mut Facts) {
    let map = assignments(text);
    let word = |name: &str| map.get(name).and_then(|v| v.as_str()).ok_or(Unseen::Malformed);
    facts.set("os.id", word("ID"), RELEASE);
    facts.set("os.version", word("VERSION_ID"), RELEASE);
    facts.set("os.name", word("PRETTY_NAME"), RELEASE);
    facts.set("os.cpe", word("CPE_NAME").map_err(|_| Unseen::Absent), RELEASE);
    let major = word("VERSION_ID")
        .and_then(|version| version.split('.').next().and_then(int).ok_or(Unseen::Malformed));
    facts.set("os.major", major, RELEASE);
    let family = word("ID").map(|id| if REBUILDS.contains(&id) { "rhel" } else { id });
    facts.set("os.family", family, RELEASE);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, key: &str, expected: &str) {
        let mut facts = Facts::default();
        release(text, &mut facts);
        let seen = facts.value(key).map_or("missing".to_owned(), ToString::to_string);
        assert_eq!(seen, expected, "{key}");
    }

    #[test]
    fn rebuilds_and_others() {
        let rocky = "ID=\"rocky\"\nVERSION_ID=\"8.10\"\nPRETTY_NAME=\"Rocky Linux 8.10\"\n";
        check(rocky, "os.family", "\"rhel\"");
        check(rocky, "os.major", "8");
        check(rocky, "os.cpe", "missing");
        check("ID=debian\nVERSION_ID=\"12\"\n", "os.family", "\"debian\"");
        check("ID=arch\n", "os.major", "missing");
    }
}
