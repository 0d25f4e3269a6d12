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
/// Older than os-release (RHEL 6 and before have only this), and there beside it ever since.
const REDHAT: &str = "/etc/redhat-release";
/// How the one line of redhat-release begins, and the id that os-release would give.
const MAKERS: [(&str, &str); 5] = [
    ("Red Hat Enterprise Linux", "rhel"),
    ("CentOS", "centos"),
    ("Rocky", "rocky"),
    ("AlmaLinux", "almalinux"),
    ("Oracle Linux", "ol"),
];
const KEYS: [&str; 6] = ["os.id", "os.version", "os.major", "os.name", "os.family", "os.cpe"];
/// Rebuilds that follow RHEL's versions and life cycle.
const REBUILDS: [&str; 7] =
    ["rhel", "rocky", "almalinux", "ol", "centos", "scientific", "miraclelinux"];

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
        Err(reason) => match evidence.text(REDHAT).ok().and_then(one_line) {
            Some((id, version, name)) => {
                tell(Ok(id), Ok(version), REDHAT, facts);
                facts.put("os.name", name, REDHAT);
                facts.miss("os.cpe", Unseen::Absent, REDHAT);
            }
            None => facts.miss_all(&KEYS, reason, RELEASE),
        },
    }
}

/// `Red Hat Enterprise Linux release 8.3 (Ootpa)` → id, version, the line.
fn one_line(text: &str) -> Option<(&'static str, &str, &str)> {
    let line = text.trim();
    let (_, id) = MAKERS.iter().find(|(maker, _)| line.starts_with(maker))?;
    let version = line.split_once(" release ")?.1.split_whitespace().next()?;
    Some((id, version, line))
}

/// Id, version and what follows from them.
fn tell(id: Result<&str, Unseen>, version: Result<&str, Unseen>, source: &str, facts: &mut Facts) {
    facts.set("os.id", id, source);
    facts.set("os.version", version, source);
    let major = version.and_then(|v| v.split('.').next().and_then(int).ok_or(Unseen::Malformed));
    facts.set("os.major", major, source);
    let family = id.map(|id| if REBUILDS.contains(&id) { "rhel" } else { id });
    facts.set("os.family", family, source);
}

fn release(text: &str, facts: &mut Facts) {
    let map = assignments(text);
    let word = |name: &str| map.get(name).and_then(|v| v.as_str()).ok_or(Unseen::Malformed);
    tell(word("ID"), word("VERSION_ID"), RELEASE, facts);
    facts.set("os.name", word("PRETTY_NAME"), RELEASE);
    facts.set("os.cpe", word("CPE_NAME").map_err(|_| Unseen::Absent), RELEASE);
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
    fn the_older_file() {
        let line = "Red Hat Enterprise Linux release 8.3 (Ootpa)\n";
        assert_eq!(one_line(line), Some(("rhel", "8.3", line.trim())));
        let line = "CentOS Linux release 7.9.2009 (Core)";
        assert_eq!(one_line(line).map(|(id, v, _)| (id, v)), Some(("centos", "7.9.2009")));
        assert_eq!(one_line("Something else"), None);
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
