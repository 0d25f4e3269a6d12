//! Live patches of the kernel: what is loaded, and whether it is in force.
//!
//! Reads `/sys/kernel/livepatch`. A kernel that can be patched but is not gives an empty list; the
//! modules that lie ready are packages and stand in their list.

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "livepatch",
    about_ko: "커널 라이브 패치(kpatch) 적재 상태",
    about_en: "Live patches of the kernel",
    reads: &[Read::Survey { name: "livepatches", reads: &[LIVEPATCH], run: survey }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Patches,
    legal: Legal::Technical,
};

const LIVEPATCH: &str = "/sys/kernel/livepatch";
/// Most patches listed.
const PATCHES_MAX: usize = 200;

/// `[{"name":"kpatch_4_18_0_553_1_1","enabled":true,"transition":false}]`.
fn survey(host: &Host) -> Look<Value> {
    let names = match host.list(LIVEPATCH) {
        Ok(listing) => listing.names,
        // The kernel runs, and its folder of live patches is not there.
        Err(missed) if missed.reason == Unseen::Absent && host.list("/sys/kernel").is_ok() => {
            Vec::new()
        }
        Err(missed) => return Err(Missed::new(missed.reason, missed.detail)),
    };
    let flag = |name: &str, word: &str| {
        host.word(&format!("{LIVEPATCH}/{name}/{word}")).is_ok_and(|word| word == "1")
    };
    let one = |name: &String| {
        json!({
            "name": name,
            "enabled": flag(name, "enabled"),
            "transition": flag(name, "transition"),
        })
    };
    Ok(names.iter().take(PATCHES_MAX).map(one).collect())
}
