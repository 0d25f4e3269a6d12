//! Processors, how busy they were during the look, and what the kernel says of their flaws.
//!
//! ```text
//! /proc/cpuinfo                             model name : Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz
//! /sys/devices/system/cpu/online            0-3
//! /sys/devices/system/cpu/vulnerabilities/* Mitigation: PTI
//! survey:cpu-usage                          {"busy_pct": 11.4, "iowait_pct": 0.4, …}
//! ```

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::text::{base, int};
use crate::{Evidence, Facts, Parser, Spec};

const CPUINFO: &str = "/proc/cpuinfo";
const ONLINE: &str = "/sys/devices/system/cpu/online";
const FLAWS: &str = "/sys/devices/system/cpu/vulnerabilities/";
const USAGE: &str = "survey:cpu-usage";

pub static PARSER: Parser = Parser {
    name: "cpu",
    facts: &[
        Spec { key: "cpu.model", unit: "", about: "model name of the first processor" },
        Spec { key: "cpu.count", unit: "", about: "processors online" },
        Spec { key: "cpu.busy_pct", unit: "%", about: "busy share during half a second" },
        Spec { key: "cpu.iowait_pct", unit: "%", about: "share spent waiting for I/O" },
        Spec { key: "cpu.steal_pct", unit: "%", about: "share taken by the hypervisor" },
        Spec {
            key: "cpu.vulnerabilities",
            unit: "",
            about: "known flaw → state, as the kernel says",
        },
    ],
    parse,
};

/// No kernel is built for more processors.
const PROCESSORS_MAX: i64 = 65_535;

#[derive(Deserialize)]
struct Usage {
    busy_pct: f64,
    iowait_pct: f64,
    steal_pct: f64,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let model = evidence.text(CPUINFO).and_then(|text| model(text).ok_or(Unseen::Malformed));
    facts.set("cpu.model", model, CPUINFO);
    let count = evidence.text(ONLINE).and_then(|text| count(text).ok_or(Unseen::Malformed));
    facts.set("cpu.count", count, ONLINE);
    match evidence.survey::<Usage>(USAGE) {
        Ok(usage) => {
            facts.put("cpu.busy_pct", usage.busy_pct, USAGE);
            facts.put("cpu.iowait_pct", usage.iowait_pct, USAGE);
            facts.put("cpu.steal_pct", usage.steal_pct, USAGE);
        }
        Err(reason) => {
            let keys = ["cpu.busy_pct", "cpu.iowait_pct", "cpu.steal_pct"];
            facts.miss_all(&keys, reason, USAGE);
        }
    }
    match evidence.folder(FLAWS, "") {
        Ok(files) if files.is_empty() => facts.miss("cpu.vulnerabilities", Unseen::Absent, FLAWS),
        Ok(files) => {
            let one = |(path, text): (&str, &str)| (base(path).to_owned(), text.trim().into());
            let flaws: Map<String, Value> = files.into_iter().map(one).collect();
            facts.put("cpu.vulnerabilities", flaws, FLAWS);
        }
        Err(missing) => facts.miss("cpu.vulnerabilities", missing.reason, &missing.source),
    }
}

fn model(text: &str) -> Option<&str> {
    let value = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(value.trim_start_matches([' ', '\t', ':']).trim())
}

/// Processors in a list of ranges such as `0-3,8`.
fn count(text: &str) -> Option<i64> {
    text.trim().split(',').try_fold(0, |sum, range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (int(first)?, int(last)?);
        let fits = (0..=last).contains(&first) && last <= PROCESSORS_MAX;
        fits.then(|| sum + last - first + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(count("0-3\n"), Some(4));
        assert_eq!(count("0"), Some(1));
        assert_eq!(count("0-1,4-7,9"), Some(7));
        assert_eq!(count("3-0"), None);
        assert_eq!(count(""), None);
    }

    #[test]
    fn model_name() {
        assert_eq!(model("processor\t: 0\nmodel name\t: Xeon X\n"), Some("Xeon X"));
    }
}
