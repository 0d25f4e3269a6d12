//! Time: which daemon, which servers, and whether the clock follows them.
//!
//! ```text
//! chronyc -c tracking   CB00710A,203.0.113.10,3,1793809669.51,0.000018441,…,Normal
//! chronyc -c sources    ^,*,203.0.113.10,2,8,377,131,-0.000018441,…
//! survey:clock          {"synchronised": true, "max_error_us": 2790, "time_zone": "Asia/Seoul"}
//! ```

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::text::{int, lines, some_of};
use crate::{Evidence, Facts, Parser, Spec};

const CLOCK: &str = "survey:clock";
const CHRONY: &str = "/etc/chrony.conf";
const NTP: &str = "/etc/ntp.conf";
const TRACKING: &str = "cmd:chronyc-tracking";
const SOURCES: &str = "cmd:chronyc-sources";
const UNITS: &str = "cmd:systemd-units";

pub static PARSER: Parser = Parser {
    name: "time",
    facts: &[
        Spec {
            key: "time.synchronised",
            unit: "",
            about: "the kernel's word: the clock is steered",
        },
        Spec { key: "time.daemon", unit: "", about: "chronyd, ntpd, systemd-timesyncd or none" },
        Spec { key: "time.servers", unit: "", about: "servers, pools and peers configured" },
        Spec { key: "time.offset_seconds", unit: "s", about: "last offset of the clock (chronyd)" },
        Spec { key: "time.stratum", unit: "", about: "distance from a reference clock (chronyd)" },
        Spec { key: "time.sources", unit: "", about: "sources as chronyd sees them" },
        Spec { key: "time.zone", unit: "", about: "time zone" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Clock {
    synchronised: Option<bool>,
    time_zone: Option<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let clock = evidence.survey::<Clock>(CLOCK);
    let part = |get: &dyn Fn(&Clock) -> Option<Value>| match &clock {
        Ok(clock) => get(clock).ok_or(Unseen::Absent),
        Err(reason) => Err(*reason),
    };
    facts.set("time.synchronised", part(&|c| c.synchronised.map(Value::from)), CLOCK);
    facts.set("time.zone", part(&|c| c.time_zone.clone().map(Value::from)), CLOCK);
    let daemon = daemon(evidence);
    facts.set("time.daemon", daemon, UNITS);
    let file = if daemon == Ok("ntpd") { NTP } else { CHRONY };
    let other = if file == NTP { CHRONY } else { NTP };
    let (file, text) = match evidence.text(file) {
        Err(Unseen::Absent) => (other, evidence.text(other)),
        seen => (file, seen),
    };
    let servers = match text {
        Ok(text) => Ok(servers(text)),
        // Neither daemon is configured: no servers, which is an answer.
        Err(Unseen::Absent) if evidence.is_absent(CHRONY) => Ok(Vec::new()),
        Err(reason) => Err(reason),
    };
    facts.set("time.servers", servers, file);
    let tracking = evidence.text(TRACKING);
    facts.set("time.offset_seconds", tracking.and_then(offset), TRACKING);
    let stratum = |text: &str| text.split(',').nth(2).and_then(int).ok_or(Unseen::Malformed);
    facts.set("time.stratum", tracking.and_then(stratum), TRACKING);
    let sources = evidence.text(SOURCES).and_then(|text| some_of(sources(text), text));
    facts.set("time.sources", sources, SOURCES);
}

/// The daemon that runs; where units cannot be seen, the one that is configured.
fn daemon(evidence: &Evidence<'_>) -> Result<&'static str, Unseen> {
    const DAEMONS: [&str; 3] = ["chronyd", "ntpd", "systemd-timesyncd"];
    match evidence.text(UNITS) {
        Ok(text) => {
            let runs = |daemon: &&&str| {
                text.lines().any(|line| {
                    let mut words = line.split_whitespace();
                    let named = words.next().and_then(|name| name.strip_suffix(".service"));
                    named == Some(**daemon) && words.any(|word| word == "running")
                })
            };
            Ok(DAEMONS.iter().find(runs).copied().unwrap_or("none"))
        }
        Err(reason) => {
            let configured = [(CHRONY, "chronyd"), (NTP, "ntpd")];
            let found = configured.iter().find(|(file, _)| evidence.text(file).is_ok());
            found.map(|(_, daemon)| *daemon).ok_or(reason)
        }
    }
}

fn servers(text: &str) -> Vec<&str> {
    lines(text)
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let kind = words.next()?;
            matches!(kind, "server" | "pool" | "peer").then(|| words.next())?
        })
        // The undisciplined local clock of ntpd is no server.
        .filter(|server| !server.starts_with("127.127."))
        .collect()
}

/// Column 5 of `chronyc -c tracking`: the current correction in seconds. Without a reference it
/// is 0, which would say that the clock is right.
fn offset(text: &str) -> Result<f64, Unseen> {
    if text.trim().ends_with(",Not synchronised") {
        return Err(Unseen::Failed);
    }
    let word = text.trim().split(',').nth(4).ok_or(Unseen::Malformed)?;
    word.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or(Unseen::Malformed)
}

fn sources(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let (state, name, reach) = (fields.get(1)?, fields.get(2)?, fields.get(5)?);
            // The reachability register is printed in octal.
            let reach = i64::from_str_radix(reach, 8).ok()?;
            Some(json!({"name": name, "state": state, "reach": reach}))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_both_daemons() {
        let text = "server 10.0.0.1 iburst\npool 2.rhel.pool.ntp.org iburst\nserver 127.127.1.0\ndriftfile /x\n";
        assert_eq!(servers(text), ["10.0.0.1", "2.rhel.pool.ntp.org"]);
    }

    #[test]
    fn chronyc() {
        let text = "CB00710A,203.0.113.10,3,1793809669.5,-0.000018441,0,0,0,0,0,0,0,0,Normal\n";
        assert_eq!(offset(text), Ok(-0.000_018_441));
        let adrift = "00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n";
        assert_eq!(offset(adrift), Err(Unseen::Failed));
        let seen =
            Value::from(sources("^,*,203.0.113.10,2,8,377,131,-0.1,0,0\nbent\n")).to_string();
        assert_eq!(seen, r#"[{"name":"203.0.113.10","reach":255,"state":"*"}]"#);
    }
}
