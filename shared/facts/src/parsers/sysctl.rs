//! Kernel parameters: live, and as the configuration files set them.
//!
//! systemd-sysctl reads `*.conf` of `/usr/lib/sysctl.d` and `/etc/sysctl.d` in order of file name,
//! whatever the folder; of two files of one name that in `/etc` stands (sysctl.d(5)).
//! `/etc/sysctl.conf` stands where its link does: on RHEL that is `/etc/sysctl.d/99-sysctl.conf`.

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde_json::{Map, Value, json};

use crate::text::{base, folded, lines};
use crate::{Evidence, Facts, Missing, Parser, Spec};

const LIVE: &str = "survey:sysctl";
const MAIN: &str = "/etc/sysctl.conf";
const MAIN_LINK: &str = "99-sysctl.conf";
const FOLDERS: [&str; 2] = ["/usr/lib/sysctl.d/", "/etc/sysctl.d/"];

pub static PARSER: Parser = Parser {
    name: "sysctl",
    facts: &[
        Spec { key: "sysctl.live", unit: "", about: "chosen kernel parameters as they are" },
        Spec { key: "sysctl.files", unit: "", about: "settings in files, in the order of effect" },
        Spec {
            key: "sysctl.configured",
            unit: "",
            about: "settings that the files leave in effect",
        },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("sysctl.live", evidence.survey::<Map<String, Value>>(LIVE), LIVE);
    let ordered = match ordered(evidence) {
        Ok(files) => files,
        Err(Missing { reason, source }) => {
            return facts.miss_all(&["sysctl.files", "sysctl.configured"], reason, &source);
        }
    };
    let mut settings = Vec::new();
    let mut configured = Map::new();
    for (path, text) in ordered {
        for (key, value) in file(text) {
            configured.insert(key.clone(), Value::from(value.as_str()));
            settings.push(json!({"key": key, "value": value, "file": path}));
        }
    }
    facts.put("sysctl.files", settings, "/etc/sysctl.d/");
    facts.put("sysctl.configured", configured, "/etc/sysctl.d/");
}

/// Path and text of the files in the order of effect.
fn ordered<'s>(evidence: &'s Evidence<'_>) -> Result<Vec<(&'s str, &'s str)>, Missing> {
    let mut files: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for folder in FOLDERS {
        for (path, text) in evidence.folder(folder, ".conf")? {
            files.insert(base(path), (path, text));
        }
    }
    match evidence.text(MAIN) {
        // In place of the link, which shows the same text.
        Ok(text) => drop(files.insert(MAIN_LINK, (MAIN, text))),
        Err(Unseen::Absent) if !files.is_empty() => {}
        Err(reason) => return Err(Missing { reason, source: MAIN.to_owned() }),
    }
    Ok(files.into_values().collect())
}

/// `key = value`; `-key` means "ignore errors"; slashes as separators become dots; a glob and an
/// exclusion (a key alone) set nothing that can be named.
fn file(text: &str) -> Vec<(String, String)> {
    lines(text)
        .filter_map(|line| {
            let (key, value) = line.split_once('=')?;
            let key = key.trim().trim_start_matches('-').trim();
            let dotted = if key.find('/') < key.find('.') && key.contains('/') || !key.contains('.')
            {
                key.replace('/', ".")
            } else {
                key.to_owned()
            };
            (!dotted.contains('*') && !dotted.is_empty()).then(|| (dotted, folded(value)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = file(text);
        let found: Vec<(&str, &str)> =
            found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn forms_of_a_setting() {
        check("vm.swappiness=10\n# c\n; d\n", &[("vm.swappiness", "10")]);
        check(
            "-net.ipv4.tcp_rmem = 4096\t87380  6291456",
            &[("net.ipv4.tcp_rmem", "4096 87380 6291456")],
        );
        check("net/ipv4/ip_forward = 1", &[("net.ipv4.ip_forward", "1")]);
        check("net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter", &[]);
    }
}
