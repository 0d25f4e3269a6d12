//! LVM's text format of volume-group metadata, as it stands in `/etc/lvm/backup`.
//!
//! ```text
//! rhel { extent_size = 8192 physical_volumes { pv0 { device = "/dev/sda2" pe_count = 25343 } }
//!   logical_volumes { root { segment1 { extent_count = 2560 type = "striped" } } } }
//! ```

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::text::int;

/// Sections deeper than this are no metadata of LVM.
const DEPTH_MAX: usize = 8;
/// `extent_size` counts 512-byte sectors.
const SECTORS_PER_KIB: i64 = 2;

#[derive(Default)]
struct Group {
    extent_sectors: i64,
    extents: i64,
    allocated: i64,
    devices: Vec<String>,
    missing: Vec<String>,
    volumes: BTreeMap<String, Vec<String>>,
}

/// The group of a file's name; none when the text has no such section.
pub fn group(name: &str, text: &str) -> Option<Value> {
    let mut path: Vec<&str> = Vec::new();
    let mut group = Group::default();
    let mut segment = (String::new(), 0_i64);
    let mut seen = false;
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(section) = line.strip_suffix('{') {
            if path.len() >= DEPTH_MAX {
                return None;
            }
            path.push(section.trim());
            seen |= path == [name];
            segment = (String::new(), 0);
        } else if line == "}" {
            if path.len() == 4 && path[1] == "logical_volumes" {
                group.close(path[2], &segment);
            }
            path.pop();
        } else if let Some((key, value)) = line.split_once(" = ") {
            group.setting(&path, key, value.trim(), &mut segment);
        }
    }
    seen.then(|| group.told(name))
}

impl Group {
    fn setting(&mut self, path: &[&str], key: &str, value: &str, segment: &mut (String, i64)) {
        let text = value.trim_matches('"');
        match (path, key) {
            ([_], "extent_size") => self.extent_sectors = int(value).unwrap_or(0),
            ([_, "physical_volumes", _], "device") => self.devices.push(text.to_owned()),
            ([_, "physical_volumes", _], "pe_count") => {
                self.extents = self.extents.saturating_add(int(value).unwrap_or(0));
            }
            ([_, "physical_volumes", _], "flags" | "status") if value.contains("MISSING") => {
                self.missing.extend(self.devices.last().cloned());
            }
            ([_, "logical_volumes", _, _], "type") => text.clone_into(&mut segment.0),
            ([_, "logical_volumes", _, _], "extent_count") => {
                segment.1 = int(value).unwrap_or(0);
            }
            _ => {}
        }
    }

    /// Only striped segments (linear ones are of one stripe) lie on physical volumes; those of
    /// mirrors, RAID and thin pools are made of hidden volumes that have their own.
    fn close(&mut self, volume: &str, (kind, extents): &(String, i64)) {
        if kind == "striped" {
            self.allocated = self.allocated.saturating_add(*extents);
        }
        self.volumes.entry(volume.to_owned()).or_default().push(kind.clone());
    }

    fn told(&self, name: &str) -> Value {
        let mib =
            |extents: i64| extents.saturating_mul(self.extent_sectors / SECTORS_PER_KIB) / 1024;
        let volumes: Vec<Value> = self
            .volumes
            .iter()
            .map(|(name, kinds)| json!({"name": name, "type": kinds.first()}))
            .collect();
        json!({
            "name": name, "size_mib": mib(self.extents),
            "free_mib": mib(self.extents.saturating_sub(self.allocated)),
            "devices": self.devices, "missing": self.missing, "volumes": volumes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_with_a_missing_disk_and_a_thin_pool() {
        let text = "contents = \"Text Format Volume Group\"\nrhel {\n\textent_size = 8192\t\t# 4 Megabytes\n\
            physical_volumes {\npv0 {\ndevice = \"/dev/sda2\"\t# Hint only\nflags = []\npe_count = 100\n}\n\
            pv1 {\ndevice = \"/dev/sdb1\"\nflags = [\"MISSING\"]\npe_count = 50\n}\n}\nlogical_volumes {\n\
            root {\nsegment_count = 1\nsegment1 {\nstart_extent = 0\nextent_count = 40\ntype = \"striped\"\n}\n}\n\
            thin {\nsegment1 {\nextent_count = 500\ntype = \"thin\"\n}\n}\n}\n}\n";
        let expected = concat!(
            r#"{"devices":["/dev/sda2","/dev/sdb1"],"free_mib":440,"missing":["/dev/sdb1"],"name":"rhel","#,
            r#""size_mib":600,"volumes":[{"name":"root","type":"striped"},{"name":"thin","type":"thin"}]}"#
        );
        assert_eq!(group("rhel", text).unwrap().to_string(), expected);
        assert_eq!(group("rhel", "rubbish {{{\n}\n}\n}\n"), None);
    }
}
