//! Block devices and software RAID.
//!
//! ```text
//! md0 : active raid1 sdb1[1] sda1[0](F)
//!       1046528 blocks super 1.2 [2/1] [_U]
//!       [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec
//! ```

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::text::int;
use crate::{Evidence, Facts, Parser, Spec};

const DEVICES: &str = "survey:block-devices";
const MDSTAT: &str = "/proc/mdstat";

pub static PARSER: Parser = Parser {
    name: "block",
    facts: &[
        Spec { key: "block.devices", unit: "", about: "disks: size, rotation, scheduler, model" },
        Spec { key: "block.md", unit: "", about: "software RAID arrays and their members" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Device {
    name: String,
    size_bytes: i64,
    rotational: Option<bool>,
    scheduler: Option<String>,
    model: Option<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let devices = evidence.survey::<Vec<Device>>(DEVICES).map(|list| {
        let device = |d: &Device| {
            json!({"name": d.name, "size_bytes": d.size_bytes, "rotational": d.rotational.unwrap_or(false),
                   "scheduler": d.scheduler.as_deref().unwrap_or_default(), "model": d.model.as_deref().unwrap_or_default()})
        };
        list.iter().map(device).collect::<Vec<Value>>()
    });
    facts.set("block.devices", devices, DEVICES);
    let arrays = match evidence.text(MDSTAT) {
        Ok(text) => mdstat(text),
        // A kernel without the md driver has no arrays.
        Err(Unseen::Absent) if evidence.is_absent(MDSTAT) => Ok(Vec::new()),
        Err(reason) => Err(reason),
    };
    facts.set("block.md", arrays, MDSTAT);
}

fn mdstat(text: &str) -> Result<Vec<Value>, Unseen> {
    if !text.trim_start().starts_with("Personalities") {
        return Err(Unseen::Malformed);
    }
    let mut arrays: Vec<Value> = Vec::new();
    for line in text.lines() {
        if let Some((name, rest)) = line.split_once(" : ")
            && name.starts_with("md")
        {
            arrays.push(array(name, rest));
        } else if let Some(array) = arrays.last_mut() {
            detail(line.trim(), array);
        }
    }
    for array in arrays.iter_mut().filter(|array| array["state"] == "inactive") {
        // Nothing is served by an array that does not run, whatever its members say.
        array["disks_up"] = 0.into();
    }
    Ok(arrays)
}

fn array(name: &str, rest: &str) -> Value {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let level =
        words.iter().find(|w| w.starts_with("raid") || matches!(**w, "linear" | "multipath"));
    let member = |word: &&&str| word.contains('[');
    let failed: Vec<&str> = words
        .iter()
        .filter(member)
        .filter(|word| word.ends_with("(F)"))
        .filter_map(|word| word.split('[').next())
        .collect();
    let members = words.iter().filter(member).count();
    json!({
        "name": name, "state": words.first().unwrap_or(&""), "level": level.unwrap_or(&""),
        "disks_total": members, "disks_up": members - failed.len(), "failed": failed,
        "sync": Value::Null,
    })
}

/// `… [2/1] [_U]` and the progress line.
fn detail(line: &str, array: &mut Value) {
    // A container of a firmware's RAID (imsm, ddf) never runs: its volumes do.
    if line.contains("super external:") && array["state"] == "inactive" {
        array["disks_total"] = 0.into();
    }
    for word in line.split_whitespace() {
        let Some((total, up)) = word.trim_matches(['[', ']']).split_once('/') else { continue };
        if let (true, Some(total), Some(up)) = (word.starts_with('['), int(total), int(up)) {
            array["disks_total"] = total.into();
            array["disks_up"] = up.into();
        }
    }
    for kind in ["recovery", "resync", "reshape", "check"] {
        // `recovery =  0.4% (…)` while it goes on, `resync=DELAYED` while it waits.
        let Some((_, rest)) = line.split_once(kind) else { continue };
        let Some(rest) = rest.trim_start().strip_prefix('=') else { continue };
        let share = rest.split_whitespace().next().unwrap_or_default();
        array["sync"] = format!("{kind} {share}").into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let seen = mdstat(text).map(Value::from);
        assert_eq!(seen.map_or_else(|e| e.as_str().into(), |v| v.to_string()), expected);
    }

    #[test]
    fn degraded_and_recovering() {
        check(
            "Personalities : [raid1]\nmd0 : active raid1 sdb1[2] sda1[0](F) sdc1[1]\n      1046528 blocks super 1.2 [2/1] [_U]\n      [=>..]  recovery = 12.6% (3/29) finish=1min\n\nunused devices: <none>\n",
            r#"[{"disks_total":2,"disks_up":1,"failed":["sda1"],"level":"raid1","name":"md0","state":"active","sync":"recovery 12.6%"}]"#,
        );
        check("Personalities : \nunused devices: <none>\n", "[]");
        check("\u{1}\u{2} rubbish", "malformed");
    }
}
