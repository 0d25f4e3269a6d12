//! Kernel parameters: live, and as the configuration files set them.
//!
//! systemd-sysctl reads `*.conf` of `/usr/lib`, `/usr/local/lib`, `/run` and `/etc` in order of file
//! name, whatever the folder; of two files of one name that of the later folder in this list stands
//! (sysctl.d(5)).
//! `/etc/sysctl.conf` stands where its link does: on RHEL that is `/etc/sysctl.d/99-sysctl.conf`.

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde_json::{Map, Value, json};

use crate::text::{base, folded, lines};
use crate::{Evidence, Facts, Missing, Parser, Spec};

const LIVE: &str = "survey:sysctl";
const MAIN: &str = "/etc/sysctl.conf";
const MAIN_LINK: &str = "99-sysctl.conf";
const FOLDERS: [&str; 4] =
    ["/usr/lib/sysctl.d/", "/usr/local/lib/sysctl.d/", "/run/sysctl.d/", "/etc/sysctl.d/"];

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
        Spec {
            key: "sysctl.overridden",
            unit: "",
            about: "settings in /etc that a later file or line sets to another value",
        },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("sysctl.live", evidence.survey::<Map<String, Value>>(LIVE), LIVE);
    let ordered = match ordered(evidence) {
        Ok(files) => files,
        Err(Missing { reason, source }) => {
            return facts.miss_all(
                &["sysctl.files", "sysctl.configured", "sysctl.overridden"],
                reason,
                &source,
            );
        }
    };
    let mut settings = Vec::new();
    let mut configured = Map::new();
    for (path, text) in ordered {
        for Setting { key, value, line } in file(text) {
            configured.insert(key.clone(), Value::from(value.as_str()));
            settings.push(json!({"key": key, "value": value, "file": path, "line": line}));
        }
    }
    facts.put("sysctl.overridden", overridden(&settings), "/etc/sysctl.d/");
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

/// Of each key the settings in `/etc` that lose, with the one that stands.
fn overridden(settings: &[Value]) -> Vec<Value> {
    let mut last: BTreeMap<&str, &Value> = BTreeMap::new();
    for setting in settings {
        last.insert(setting["key"].as_str().unwrap_or_default(), setting);
    }
    let loses = |setting: &Value| {
        let file = setting["file"].as_str()?;
        let stands = last.get(setting["key"].as_str()?)?;
        let other = stands["value"] != setting["value"] && file.starts_with("/etc/");
        other.then(|| {
            json!({
                "key": setting["key"], "value": setting["value"], "file": file,
                "line": setting["line"], "by_value": stands["value"], "by_file": stands["file"],
                "by_line": stands["line"],
            })
        })
    };
    settings.iter().filter_map(loses).collect()
}

/// A setting and the line, from 1, that makes it.
struct Setting {
    key: String,
    value: String,
    line: usize,
}

/// `key = value`; `-key` means "ignore errors"; slashes as separators become dots; a glob and an
/// exclusion (a key alone) set nothing that can be named.
fn file(text: &str) -> Vec<Setting> {
    let setting = |(at, line): (usize, &str)| {
        let line = lines(line).next()?;
        let (key, value) = line.split_once('=')?;
        let key = key.trim().trim_start_matches('-').trim();
        let slashes = key.find('/') < key.find('.') && key.contains('/') || !key.contains('.');
        let key = if slashes { key.replace('/', ".") } else { key.to_owned() };
        let named = !key.contains('*') && !key.is_empty();
        named.then(|| Setting { key, value: folded(value), line: at + 1 })
    };
    text.lines().enumerate().filter_map(setting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = file(text);
        let found: Vec<(&str, &str)> =
            found.iter().map(|s| (s.key.as_str(), s.value.as_str())).collect();
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
        assert_eq!(file("# c\n\nvm.swappiness = 1\n")[0].line, 3);
        check("net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter", &[]);
    }

    #[test]
    fn a_setting_of_ours_that_a_later_file_undoes() {
        let setting = |file: &str, value: &str| json!({"key": "vm.swappiness", "value": value, "file": file, "line": 1});
        let vendor = setting("/usr/lib/sysctl.d/50-default.conf", "60");
        let list =
            [vendor, setting("/etc/sysctl.d/90-db.conf", "1"), setting("/etc/sysctl.conf", "10")];
        let found = overridden(&list);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["by_file"], "/etc/sysctl.conf");
    }
}
