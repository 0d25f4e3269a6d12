//! Kernel modules: which are kept out, which take options, which are loaded at boot.
//!
//! ```text
//! blacklist usb-storage
//! install cramfs /bin/true
//! options bonding max_bonds=0
//! ```

use carepack_shared::Unseen;
use serde_json::{Value, json};

use crate::text::lines;
use crate::{Evidence, Facts, Parser, Spec};

const FOLDER: &str = "/etc/modprobe.d/";
const AUTOLOAD: &str = "/etc/modules-load.d/";

pub static PARSER: Parser = Parser {
    name: "modprobe",
    facts: &[
        Spec { key: "modprobe.blacklist", unit: "", about: "modules kept out" },
        Spec { key: "modprobe.options", unit: "", about: "options of modules" },
        Spec { key: "modprobe.autoload", unit: "", about: "modules loaded at boot by settings" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    // An empty folder leaves no observation; one that is not there does.
    let looked = evidence.is_absent("/etc/modprobe.d/*.conf");
    match evidence.folder(FOLDER, ".conf") {
        Ok(files) if files.is_empty() && !looked => {
            facts.miss_all(&["modprobe.blacklist", "modprobe.options"], Unseen::Absent, FOLDER);
        }
        Ok(files) => {
            let all = || files.iter().flat_map(|(path, text)| lines(text).map(move |l| (*path, l)));
            let mut kept: Vec<&str> = all().filter_map(|(_, line)| kept_out(line)).collect();
            kept.sort_unstable();
            kept.dedup();
            facts.put("modprobe.blacklist", kept, FOLDER);
            let options = all().filter_map(|(path, line)| options(path, line));
            facts.put("modprobe.options", options.collect::<Vec<_>>(), FOLDER);
        }
        Err(missing) => facts.hide(&["modprobe.blacklist", "modprobe.options"], &missing),
    }
    let looked = evidence.is_absent("/etc/modules-load.d/*.conf")
        || facts.known.contains_key("modprobe.blacklist");
    match evidence.folder(AUTOLOAD, ".conf") {
        Ok(files) if files.is_empty() && !looked => {
            facts.miss("modprobe.autoload", Unseen::Absent, AUTOLOAD);
        }
        Ok(files) => {
            let names = files.iter().flat_map(|(_, text)| lines(text));
            facts.put("modprobe.autoload", names.collect::<Vec<_>>(), AUTOLOAD);
        }
        Err(missing) => facts.hide(&["modprobe.autoload"], &missing),
    }
}

/// `blacklist NAME`, and `install NAME` of a command that does nothing.
fn kept_out(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    match (words.next()?, words.next()?, words.next()) {
        ("blacklist", name, _) => Some(name),
        ("install", name, Some(command)) => {
            let nothing = ["/bin/true", "/bin/false", "/usr/bin/true", "/usr/bin/false"];
            nothing.contains(&command).then_some(name)
        }
        _ => None,
    }
}

fn options(file: &str, line: &str) -> Option<Value> {
    let (name, options) = line.strip_prefix("options ")?.trim().split_once(' ')?;
    Some(json!({"module": name, "options": options.trim(), "file": file}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_keep_a_module_out() {
        assert_eq!(kept_out("blacklist usb-storage"), Some("usb-storage"));
        assert_eq!(kept_out("install cramfs /bin/true"), Some("cramfs"));
        assert_eq!(kept_out("install snd /sbin/modprobe x"), None);
        assert_eq!(options("f", "options bonding max_bonds=0").unwrap()["module"], "bonding");
    }
}
