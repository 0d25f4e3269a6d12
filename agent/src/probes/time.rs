//! Time: who keeps the clock, from which servers, and how well.

use serde_json::{Value, json};

use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read, file};
use crate::host::{Command, Host, Look};

pub static PROBE: Probe = Probe {
    id: "time",
    about_ko: "시각 동기화 설정과 상태",
    about_en: "Clock synchronisation, its settings and state",
    reads: &[
        file("/etc/chrony.conf"),
        file("/etc/ntp.conf"),
        Read::Command(Command {
            name: "chronyc-tracking",
            argv: &["/usr/bin/chronyc", "-c", "-n", "tracking"],
            output_bytes_max: 4 * 1024,
            as_nobody: false,
        }),
        Read::Command(Command {
            name: "chronyc-sources",
            argv: &["/usr/bin/chronyc", "-c", "-n", "sources"],
            output_bytes_max: 16 * 1024,
            as_nobody: false,
        }),
        Read::Survey { name: "clock", reads: &["adjtimex(2)", LOCALTIME], run: clock },
    ],
    deadline_ms: HELPER_MS,
    privilege: Privilege::None,
    purpose: Purpose::Settings,
    legal: Legal::Names,
};

const LOCALTIME: &str = "/etc/localtime";

/// `{"synchronised":bool,"max_error_us":N,"time_zone":"Asia/Seoul"|null}`.
fn clock(host: &Host) -> Look<Value> {
    let clock = host.clock()?;
    let zone = host.link(LOCALTIME).ok();
    let zone = zone.as_deref().and_then(|link| link.split_once("zoneinfo/")).map(|(_, zone)| zone);
    Ok(json!({
        "synchronised": clock.synchronised,
        "max_error_us": clock.max_error_us,
        "time_zone": zone,
    }))
}
