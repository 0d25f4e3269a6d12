//! Device mapper, multipath, volume groups, what fstab names against what is there, error counts.
//!
//! ```text
//! survey:device-mapper   [{"name": "mpatha", "uuid": "mpath-3600…", "slaves": [{"name": "sda", "state": "running"}]}]
//! /etc/lvm/backup/rhel   rhel { extent_size = 8192 physical_volumes { pv0 { device = "/dev/sda2" pe_count = 100 } } … }
//! ```

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::lvm_backup;
use crate::text::{base, lines};
use crate::{Evidence, Facts, Parser, Spec};

const QUEUES: &str = "survey:block-queues";
const MAPPER: &str = "survey:device-mapper";
const LINKS: &str = "survey:disk-links";
const ERRORS: &str = "survey:filesystem-errors";
const LVM: &str = "survey:lvm-settings";
const BACKUP: &str = "/etc/lvm/backup/";
const FSTAB: &str = "/etc/fstab";
const MULTIPATH: &str = "/etc/multipath.conf";

pub static PARSER: Parser = Parser {
    name: "storage",
    facts: &[
        Spec { key: "disks.queues", unit: "", about: "disks: read-ahead, queue, discard, state" },
        Spec { key: "dm.devices", unit: "", about: "device mapper: name, kind, what is below" },
        Spec { key: "dm.multipath", unit: "", about: "multipath maps and their paths" },
        Spec { key: "multipath.configured", unit: "", about: "multipath.conf is there" },
        Spec { key: "fs.errors", unit: "", about: "ext4 and XFS devices, errors ext4 recorded" },
        Spec {
            key: "fs.fstab_missing",
            unit: "",
            about: "fstab entries whose UUID or label is on no device",
        },
        Spec { key: "lvm.groups", unit: "", about: "volume groups by LVM's last backup" },
        Spec { key: "lvm.settings", unit: "", about: "chosen settings of lvm.conf" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Mapped {
    device: String,
    name: String,
    uuid: String,
    #[serde(default)]
    suspended: bool,
    #[serde(default)]
    slaves: Vec<Slave>,
}

#[derive(Deserialize)]
struct Slave {
    name: String,
    state: Option<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("disks.queues", evidence.survey::<Vec<Value>>(QUEUES), QUEUES);
    let mapped = evidence.survey::<Vec<Mapped>>(MAPPER);
    let list = |of: &dyn Fn(&Mapped) -> Option<Value>| match &mapped {
        Ok(list) => Ok(list.iter().filter_map(of).collect::<Vec<_>>()),
        Err(reason) => Err(*reason),
    };
    facts.set("dm.devices", list(&|m| Some(device(m))), MAPPER);
    facts.set("dm.multipath", list(&map_of_paths), MAPPER);
    let configured = match evidence.text(MULTIPATH) {
        Ok(text) => Ok(lines(text).next().is_some()),
        Err(Unseen::Absent) if evidence.is_absent(MULTIPATH) => Ok(false),
        Err(reason) => Err(reason),
    };
    facts.set("multipath.configured", configured, MULTIPATH);
    facts.set("fs.errors", evidence.survey::<Vec<Value>>(ERRORS), ERRORS);
    let missing = evidence.survey::<Names>(LINKS).and_then(|names| {
        let text = evidence.text(FSTAB)?;
        Ok(not_there(text, &names))
    });
    facts.set("fs.fstab_missing", missing, LINKS);
    facts.set("lvm.settings", evidence.survey::<Map<String, Value>>(LVM), LVM);
    // An empty folder leaves no observation of its own; the devices looked at beside it do.
    let looked = evidence.is_absent("/etc/lvm/backup/*") || mapped.is_ok();
    match evidence.folder(BACKUP, "") {
        Ok(files) if files.is_empty() && !looked => {
            facts.miss("lvm.groups", Unseen::Absent, BACKUP);
        }
        Ok(files) => {
            let groups =
                files.iter().filter_map(|(path, text)| lvm_backup::group(base(path), text));
            facts.put("lvm.groups", groups.collect::<Vec<_>>(), BACKUP);
        }
        Err(missing) => facts.hide(&["lvm.groups"], &missing),
    }
}

/// The kind stands first in the uuid; LVM's own hidden volumes end in what they are for.
fn device(mapped: &Mapped) -> Value {
    let (kind, rest) = mapped.uuid.split_once('-').unwrap_or((&mapped.uuid, ""));
    let part = rest.rsplit_once('-').map_or("", |(_, part)| part);
    let part = if part.len() < 32 { part } else { "" };
    let kind = match (kind, part) {
        ("LVM", "cow") => "snapshot",
        ("LVM", "tpool") => "thin-pool",
        ("LVM", _) => "lvm",
        ("mpath", _) => "multipath",
        ("CRYPT", _) => "crypt",
        (kind, _) if kind.starts_with("part") => "partition",
        _ => "other",
    };
    let below: Vec<&str> = mapped.slaves.iter().map(|slave| slave.name.as_str()).collect();
    json!({
        "device": mapped.device, "name": mapped.name, "kind": kind,
        "suspended": mapped.suspended, "below": below,
    })
}

fn map_of_paths(mapped: &Mapped) -> Option<Value> {
    if !mapped.uuid.starts_with("mpath-") {
        return None;
    }
    // SCSI says `running`; NVMe says `live`. A path without a state cannot be told.
    let up = |slave: &&Slave| matches!(slave.state.as_deref(), Some("running" | "live") | None);
    let failed: Vec<String> = mapped
        .slaves
        .iter()
        .filter(|slave| !up(slave))
        .map(|slave| format!("{} {}", slave.name, slave.state.as_deref().unwrap_or_default()))
        .collect();
    let paths = mapped.slaves.len();
    Some(json!({
        "name": mapped.name, "paths": paths, "paths_up": paths - failed.len(), "failed": failed,
    }))
}

#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    uuid: Vec<String>,
    #[serde(default)]
    label: Vec<String>,
    #[serde(default)]
    partuuid: Vec<String>,
}

fn not_there(fstab: &str, names: &Names) -> Vec<Value> {
    let missing = |line: &str| {
        let mut words = line.split_whitespace();
        let (spec, mount) = (words.next()?, words.next()?);
        let options = words.nth(1).unwrap_or("defaults");
        let (kind, name) = spec.split_once('=')?;
        let name = name.trim_matches('"');
        let known = match kind {
            "UUID" => &names.uuid,
            "LABEL" => &names.label,
            "PARTUUID" => &names.partuuid,
            _ => return None,
        };
        // udev writes letters that do not fit a file name as `\xNN`.
        let escaped = name.replace('/', "\\x2f").replace(' ', "\\x20");
        let there = known.iter().any(|k| k.eq_ignore_ascii_case(name) || *k == escaped);
        let waits = !options.split(',').any(|option| matches!(option, "noauto" | "nofail"));
        (!there).then(|| json!({"device": spec, "mount": mount, "required": waits}))
    };
    lines(fstab).filter_map(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(uuid: &str, states: &[&str]) -> Mapped {
        let slave = |state: &&str| Slave { name: "sda".into(), state: Some((*state).into()) };
        Mapped {
            device: "dm-0".into(),
            name: "n".into(),
            uuid: uuid.into(),
            suspended: false,
            slaves: states.iter().map(slave).collect(),
        }
    }

    #[test]
    fn kinds_by_uuid() {
        let check = |uuid: &str, kind: &str| assert_eq!(device(&mapped(uuid, &[]))["kind"], kind);
        let id = "0123456789abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
        check(&format!("LVM-{id}"), "lvm");
        check(&format!("LVM-{id}-cow"), "snapshot");
        check(&format!("LVM-{id}-tpool"), "thin-pool");
        check("mpath-3600508b400105e210000900000490000", "multipath");
        check("CRYPT-LUKS2-x-y", "crypt");
        check("", "other");
    }

    #[test]
    fn paths_that_do_not_run() {
        let map = map_of_paths(&mapped("mpath-1", &["running", "offline"])).unwrap();
        assert_eq!((map["paths"].clone(), map["paths_up"].clone()), (json!(2), json!(1)));
        assert_eq!(map_of_paths(&mapped("LVM-1", &[])), None);
    }

    #[test]
    fn names_that_no_device_has() {
        let names = Names { uuid: vec!["7d1c-44e0".into()], label: vec![], partuuid: vec![] };
        let fstab = "UUID=7D1C-44E0 /boot vfat x 0 0\nUUID=gone /a xfs nofail 0 0\n/dev/sdb1 /b xfs\nLABEL=L /c xfs\n";
        let got = Value::from(not_there(fstab, &names)).to_string();
        let expected = concat!(
            r#"[{"device":"UUID=gone","mount":"/a","required":false},"#,
            r#"{"device":"LABEL=L","mount":"/c","required":true}]"#
        );
        assert_eq!(got, expected);
    }
}
