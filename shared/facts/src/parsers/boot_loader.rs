//! What the next boot will start, and whether its arguments are those of this boot.
//!
//! ```text
//! /boot/loader/entries/ID-5.14.0….conf   version 5.14.0… / options root=… $kernelopts
//! /boot/grub2/grubenv                    saved_entry=ID-5.14.0… / kernelopts=root=… ro
//! survey:grub-menu                       {"entries": [{"kernel": "vmlinuz-3.10…", "options": "ro"}]}
//! survey:boot-images                     [{"name": "initramfs-5.14….img", "size_bytes": N}]
//! ```

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::text::{assignments, base};
use crate::{Evidence, Facts, Missing, Parser, Spec};

const ENTRIES: &str = "/boot/loader/entries/";
const ENV: &str = "/boot/grub2/grubenv";
const MENU: &str = "survey:grub-menu";
const IMAGES: &str = "survey:boot-images";
const DEFAULTS: &str = "/etc/default/grub";
const CMDLINE: &str = "/proc/cmdline";
const RELEASE: &str = "/proc/sys/kernel/osrelease";

pub static PARSER: Parser = Parser {
    name: "boot_loader",
    facts: &[
        Spec { key: "boot.entries", unit: "", about: "boot entries: kernel and its arguments" },
        Spec { key: "boot.default_kernel", unit: "", about: "kernel of the saved default entry" },
        Spec {
            key: "boot.arguments_pending",
            unit: "",
            about: "arguments of the running kernel's entry that this boot does not have",
        },
        Spec {
            key: "boot.arguments_unsaved",
            unit: "",
            about: "arguments of this boot that its entry does not have",
        },
        Spec { key: "boot.grub_cmdline", unit: "", about: "words of GRUB_CMDLINE_LINUX" },
        Spec {
            key: "boot.images",
            unit: "",
            about: "kernels in /boot with the sizes of their initial file systems",
        },
    ],
    parse,
};

/// A boot entry: its id, kernel release and arguments.
struct Entry {
    id: String,
    release: String,
    options: Vec<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let env = evidence.text(ENV).map(assignments).unwrap_or_default();
    match entries(evidence, &env) {
        Ok(entries) => tell(evidence, &env, &entries, facts),
        Err(missing) => facts.hide(
            &[
                "boot.entries",
                "boot.default_kernel",
                "boot.arguments_pending",
                "boot.arguments_unsaved",
            ],
            &missing,
        ),
    }
    let words = evidence.text(DEFAULTS).map(|text| {
        let map = assignments(text);
        let line = map.get("GRUB_CMDLINE_LINUX").and_then(Value::as_str).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    });
    facts.set("boot.grub_cmdline", words, DEFAULTS);
    let images = evidence.survey::<Vec<Image>>(IMAGES).map(|list| images(&list));
    facts.set("boot.images", images, IMAGES);
}

/// Entries of the boot loader specification; where there are none, those of the menu.
fn entries(evidence: &Evidence<'_>, env: &Map<String, Value>) -> Result<Vec<Entry>, Missing> {
    #[derive(Deserialize)]
    struct Menu {
        entries: Vec<Line>,
    }
    #[derive(Deserialize)]
    struct Line {
        kernel: String,
        options: String,
    }
    let files = evidence.folder(ENTRIES, ".conf")?;
    let found: Vec<Entry> =
        files.iter().filter_map(|(path, text)| entry(path, text, env)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let missing = |reason| Missing { reason, source: MENU.to_owned() };
    let menu: Menu = evidence.survey(MENU).map_err(missing)?;
    let entry = |line: &Line| Entry {
        id: line.kernel.clone(),
        release: line.kernel.trim_start_matches("vmlinuz-").to_owned(),
        options: line.options.split_whitespace().map(str::to_owned).collect(),
    };
    match menu.entries.is_empty() {
        true => Err(missing(Unseen::Malformed)),
        false => Ok(menu.entries.iter().map(entry).collect()),
    }
}

/// `$kernelopts` and `$tuned_params` stand for variables of grubenv; others are left out.
fn entry(path: &str, text: &str, env: &Map<String, Value>) -> Option<Entry> {
    let field = |name: &str| {
        text.lines().find_map(|line| {
            let (word, rest) = line.trim().split_once(char::is_whitespace)?;
            (word == name).then_some(rest.trim())
        })
    };
    let release = field("linux")?.rsplit('/').next()?.strip_prefix("vmlinuz-")?;
    if release.contains("rescue") {
        return None;
    }
    let mut options = Vec::new();
    for word in field("options").unwrap_or_default().split_whitespace() {
        match word.strip_prefix('$') {
            Some(name) => {
                let value = env.get(name).and_then(Value::as_str).unwrap_or_default();
                options.extend(value.split_whitespace().map(str::to_owned));
            }
            None => options.push(word.to_owned()),
        }
    }
    let id = base(path).trim_end_matches(".conf").to_owned();
    Some(Entry { id, release: release.to_owned(), options })
}

fn tell(evidence: &Evidence<'_>, env: &Map<String, Value>, entries: &[Entry], facts: &mut Facts) {
    let list = entries.iter().map(|e| json!({"kernel": e.release, "options": e.options}));
    facts.put("boot.entries", list.collect::<Vec<_>>(), ENTRIES);
    let saved = env.get("saved_entry").and_then(Value::as_str).unwrap_or_default();
    match default(saved, entries) {
        Some(entry) => facts.put("boot.default_kernel", entry.release.as_str(), ENV),
        None => facts.miss("boot.default_kernel", Unseen::Absent, ENV),
    }
    let keys = ["boot.arguments_pending", "boot.arguments_unsaved"];
    let running = match (evidence.text(RELEASE), evidence.text(CMDLINE)) {
        (Ok(release), Ok(line)) => (release.trim(), line),
        (Err(reason), _) => return facts.miss_all(&keys, reason, RELEASE),
        (_, Err(reason)) => return facts.miss_all(&keys, reason, CMDLINE),
    };
    let Some(entry) = entries.iter().find(|entry| entry.release == running.0) else {
        return facts.miss_all(&keys, Unseen::Absent, ENTRIES);
    };
    let own = |word: &&str| !word.starts_with("BOOT_IMAGE=") && !word.starts_with("initrd=");
    let now: Vec<&str> = running.1.split_whitespace().filter(own).collect();
    let wanted: Vec<&str> = entry.options.iter().map(String::as_str).filter(own).collect();
    let lacks = |some: &[&str], others: &[&str]| -> Vec<Value> {
        some.iter().filter(|word| !others.contains(word)).map(|word| Value::from(*word)).collect()
    };
    facts.put(keys[0], lacks(&wanted, &now), ENTRIES);
    facts.put(keys[1], lacks(&now, &wanted), CMDLINE);
}

/// The saved entry names an id, or a title that holds the release (RHEL 7).
fn default<'e>(saved: &str, entries: &'e [Entry]) -> Option<&'e Entry> {
    if saved.is_empty() {
        return None;
    }
    let named = entries.iter().find(|entry| entry.id == saved);
    let held = || {
        let holds = entries.iter().filter(|entry| saved.contains(&entry.release));
        holds.max_by_key(|entry| entry.release.len())
    };
    named.or_else(held)
}

#[derive(Deserialize)]
struct Image {
    name: String,
    size_bytes: i64,
}

fn images(list: &[Image]) -> Vec<Value> {
    let sizes: BTreeMap<&str, i64> =
        list.iter().map(|image| (image.name.as_str(), image.size_bytes)).collect();
    let size = |name: String| sizes.get(name.as_str()).copied();
    let release = |image: &Image| {
        let release = image.name.strip_prefix("vmlinuz-")?;
        (!release.contains("rescue")).then(|| {
            json!({
                "kernel": release,
                "initramfs_bytes": size(format!("initramfs-{release}.img")),
                "kdump_bytes": size(format!("initramfs-{release}kdump.img")),
            })
        })
    };
    list.iter().filter_map(release).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_its_variables_from_the_environment() {
        let env = assignments("saved_entry=a-5.14\nkernelopts=root=/dev/sda1 ro\n");
        let text =
            "title RHEL\nversion 5.14\nlinux /vmlinuz-5.14\noptions $kernelopts quiet $other\n";
        let found = entry("/boot/loader/entries/a-5.14.conf", text, &env).unwrap();
        assert_eq!(found.options, ["root=/dev/sda1", "ro", "quiet"]);
        assert_eq!(default("a-5.14", &[found]).unwrap().release, "5.14");
        assert!(entry("x.conf", "linux /vmlinuz-0-rescue-1\n", &env).is_none());
    }

    #[test]
    fn images_are_told_by_kernel() {
        let image = |name: &str| Image { name: name.to_owned(), size_bytes: 7 };
        let list =
            [image("vmlinuz-5.14"), image("initramfs-5.14kdump.img"), image("vmlinuz-0-rescue-1")];
        let expected = r#"[{"initramfs_bytes":null,"kdump_bytes":7,"kernel":"5.14"}]"#;
        assert_eq!(Value::from(images(&list)).to_string(), expected);
    }
}
