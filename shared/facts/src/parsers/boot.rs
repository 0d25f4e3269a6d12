//! When the host booted, how long it has run, what it boots into.
//!
//! ```text
//! /proc/stat     btime 1793000000
//! /proc/uptime   86400.12 340000.00
//! ```

use carepack_shared::Unseen;

use crate::text::{base, int};
use crate::{Evidence, Facts, Parser, Spec};

const STAT: &str = "/proc/stat";
const UPTIME: &str = "/proc/uptime";
const TARGET: &str = "/etc/systemd/system/default.target";

pub static PARSER: Parser = Parser {
    name: "boot",
    facts: &[
        Spec { key: "boot.time", unit: "epoch s", about: "moment of the last boot" },
        Spec { key: "boot.uptime_seconds", unit: "s", about: "time since the last boot" },
        Spec { key: "boot.default_target", unit: "", about: "systemd's default target" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let boot = evidence.text(STAT).and_then(|text| {
        text.lines()
            .find_map(|line| line.strip_prefix("btime "))
            .and_then(int)
            .ok_or(Unseen::Malformed)
    });
    facts.set("boot.time", boot, STAT);
    facts.set("boot.uptime_seconds", evidence.text(UPTIME).and_then(uptime), UPTIME);
    let target = evidence.text(TARGET).map(|text| base(text.trim()));
    facts.set("boot.default_target", target, TARGET);
}

fn uptime(text: &str) -> Result<i64, Unseen> {
    let whole = text.split(['.', ' ', '\n']).next().unwrap_or_default();
    int(whole).ok_or(Unseen::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_is_whole_seconds() {
        assert_eq!(uptime("86400.12 340000.00\n"), Ok(86_400));
        assert_eq!(uptime("soon"), Err(Unseen::Malformed));
    }
}
