//! File systems: how full, how mounted, and what fstab wants.
//!
//! ```text
//! /proc/self/mountinfo   36 35 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/rhel-root rw,seclabel
//! /etc/fstab             /dev/mapper/rhel-root  /  xfs  defaults  0 0
//! survey:statfs          [{"mount": "/", "bytes_total": …, "inodes_free": …}]
//! ```

use serde::Deserialize;
use serde_json::{Value, json};

use crate::text::{lines, pct, some_of};
use crate::{Evidence, Facts, Parser, Spec};

const STATFS: &str = "survey:statfs";
const MOUNTS: &str = "/proc/self/mountinfo";
const FSTAB: &str = "/etc/fstab";

pub static PARSER: Parser = Parser {
    name: "filesystems",
    facts: &[
        Spec { key: "fs.usage", unit: "", about: "local file systems: space and inodes used" },
        Spec { key: "fs.mounts", unit: "", about: "everything mounted, with its options" },
        Spec { key: "fs.fstab", unit: "", about: "entries of fstab" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Usage {
    mount: String,
    #[serde(default)]
    fstype: String,
    #[serde(default)]
    device: String,
    #[serde(default)]
    read_only: bool,
    bytes_total: i64,
    bytes_free: i64,
    bytes_available: i64,
    #[serde(default)]
    inodes_total: i64,
    #[serde(default)]
    inodes_free: i64,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let usage = evidence
        .survey::<Vec<Usage>>(STATFS)
        .map(|list| list.iter().map(usage).collect::<Vec<Value>>());
    facts.set("fs.usage", usage, STATFS);
    let mounts = evidence.text(MOUNTS).and_then(|text| some_of(mounts(text), text));
    facts.set("fs.mounts", mounts, MOUNTS);
    facts.set("fs.fstab", evidence.text(FSTAB).map(fstab), FSTAB);
}

/// Used as `df` counts it: used ÷ (used + available), so that root's reserve counts as used up.
fn usage(fs: &Usage) -> Value {
    let used = fs.bytes_total.saturating_sub(fs.bytes_free);
    let inodes_used = fs.inodes_total.saturating_sub(fs.inodes_free);
    let inodes = (fs.inodes_total > 0).then(|| pct(inodes_used, fs.inodes_total));
    json!({
        "mount": fs.mount, "fstype": fs.fstype, "device": fs.device, "read_only": fs.read_only,
        "used_pct": pct(used, used.saturating_add(fs.bytes_available)),
        "bytes_total": fs.bytes_total, "bytes_available": fs.bytes_available,
        "inodes_used_pct": inodes,
    })
}

/// Fields of proc(5): … mount point (5), options (6), optional fields, `-`, type, source, super
/// options.
fn mounts(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            let left: Vec<&str> = left.split(' ').collect();
            let mut right = right.split(' ');
            let (fstype, device) = (right.next()?, right.next()?);
            let mut options: Vec<&str> = left.get(5)?.split(',').collect();
            for option in right.next().unwrap_or_default().split(',') {
                if !option.is_empty() && !options.contains(&option) {
                    options.push(option);
                }
            }
            Some(json!({
                "mount": unescaped(left.get(4)?), "device": unescaped(device), "fstype": fstype,
                "options": options,
            }))
        })
        .collect()
}

fn fstab(text: &str) -> Vec<Value> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| lines(line).next().is_some())
        .filter_map(|(at, line)| {
            let mut fields = line.split_whitespace();
            let (device, mount, fstype) = (fields.next()?, fields.next()?, fields.next()?);
            let options: Vec<&str> = fields.next().unwrap_or("defaults").split(',').collect();
            Some(json!({
                "device": unescaped(device), "mount": unescaped(mount), "fstype": fstype,
                "options": options, "line": at + 1,
            }))
        })
        .collect()
}

/// Octal escapes of blanks: `\040` is a space, `\011` a tab, `\012` a newline, `\134` a backslash.
fn unescaped(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: &[Value], expected: &str) {
        assert_eq!(Value::from(found.to_vec()).to_string(), expected);
    }

    #[test]
    fn mountinfo_with_and_without_optional_fields() {
        check(
            &mounts(
                "36 35 253:0 / /a\\040b ro,relatime shared:1 - xfs /dev/sda1 rw,seclabel\nbent\n",
            ),
            r#"[{"device":"/dev/sda1","fstype":"xfs","mount":"/a b","options":["ro","relatime","rw","seclabel"]}]"#,
        );
        assert_eq!(mounts("1 2 0:3 / /proc rw - proc proc rw\n").len(), 1);
    }

    #[test]
    fn fstab_keeps_line_numbers() {
        check(
            &fstab("# c\n\nUUID=1 / xfs defaults 0 0\nnas:/x /mnt nfs\n"),
            concat!(
                r#"[{"device":"UUID=1","fstype":"xfs","line":3,"mount":"/","options":["defaults"]},"#,
                r#"{"device":"nas:/x","fstype":"nfs","line":4,"mount":"/mnt","options":["defaults"]}]"#
            ),
        );
    }

    #[test]
    fn used_as_df_counts_it() {
        let fs = Usage {
            mount: "/".into(),
            fstype: "ext4".into(),
            device: "/dev/sda1".into(),
            read_only: false,
            bytes_total: 1000,
            bytes_free: 100,
            bytes_available: 50,
            inodes_total: 0,
            inodes_free: 0,
        };
        let usage = usage(&fs);
        assert_eq!(usage["used_pct"], json!(94.74));
        assert_eq!(usage["inodes_used_pct"], Value::Null);
    }
}
