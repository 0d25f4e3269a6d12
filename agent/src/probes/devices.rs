//! Block devices, software RAID and disk counters.

use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "devices",
    about_ko: "디스크 장치, 소프트웨어 RAID, 디스크 통계",
    about_en: "Block devices, software RAID, disk counters",
    reads: &[
        file("/proc/mdstat"),
        file("/proc/diskstats"),
        Read::Survey { name: "block-devices", reads: &["/sys/block"], run: block },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Resources,
    legal: Legal::Technical,
};

/// Most devices listed: a host with more has multipath storage and shows its kind in the first.
const DEVICES_MAX: usize = 2_000;

/// `size` in `/sys/block` counts 512-byte sectors whatever the device's own sector is.
const SECTOR_BYTES: u64 = 512;

/// `[{"name":"sda","size_bytes":N,"rotational":bool,"scheduler":"mq-deadline","model":"…",
/// "read_only":bool,"removable":bool}]`, loop and RAM devices left out.
fn block(host: &Host) -> Look<Value> {
    let names = host.list("/sys/block")?.names;
    let real = |name: &&String| !name.starts_with("loop") && !name.starts_with("ram");
    let one = |name: &String| {
        let word = |attribute: &str| {
            host.word(&format!("/sys/block/{name}/{attribute}")).unwrap_or_default()
        };
        let sectors: u64 = word("size").parse().unwrap_or(0);
        json!({
            "name": name,
            "size_bytes": sectors.saturating_mul(SECTOR_BYTES),
            "rotational": word("queue/rotational") == "1",
            "scheduler": chosen(&word("queue/scheduler")),
            "model": word("device/model"),
            "read_only": word("ro") == "1",
            "removable": word("removable") == "1",
        })
    };
    Ok(names.iter().filter(real).take(DEVICES_MAX).map(one).collect())
}

/// `mq-deadline` of `[mq-deadline] kyber none`; a lone word stands for itself.
fn chosen(text: &str) -> &str {
    let inside = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    inside.map_or(text, |(word, _)| word)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_scheduler_in_brackets_is_the_chosen_one() {
        let check = |text, expected| assert_eq!(super::chosen(text), expected);
        check("[mq-deadline] kyber bfq none", "mq-deadline");
        check("noop [deadline] cfq", "deadline");
        check("none", "none");
        check("", "");
    }
}
