//! SELinux at run time and as configured, the crypto policy, FIPS mode.
//!
//! ```text
//! /sys/fs/selinux/enforce   1
//! /etc/selinux/config       SELINUX=enforcing
//! ```

use carepack_shared::Unseen;

use crate::text::{assignments, lines};
use crate::{Evidence, Facts, Parser, Spec};

const ENFORCE: &str = "/sys/fs/selinux/enforce";
const CONFIG: &str = "/etc/selinux/config";
const POLICY: &str = "/etc/crypto-policies/config";
const FIPS: &str = "/proc/sys/crypto/fips_enabled";

pub static PARSER: Parser = Parser {
    name: "selinux",
    facts: &[
        Spec {
            key: "selinux.mode",
            unit: "",
            about: "enforcing, permissive or disabled at run time",
        },
        Spec { key: "selinux.configured", unit: "", about: "mode of the next boot" },
        Spec { key: "crypto.policy", unit: "", about: "system-wide crypto policy (RHEL 8 on)" },
        Spec { key: "crypto.fips", unit: "", about: "whether the kernel is in FIPS mode" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let mode = match evidence.text(ENFORCE).map(str::trim) {
        Ok("1") => Ok("enforcing"),
        Ok("0") => Ok("permissive"),
        Ok(_) => Err(Unseen::Malformed),
        // The file system is mounted whenever SELinux is on.
        Err(Unseen::Absent) if evidence.is_absent(ENFORCE) => Ok("disabled"),
        Err(reason) => Err(reason),
    };
    facts.set("selinux.mode", mode, ENFORCE);
    let configured = evidence.text(CONFIG).and_then(|text| {
        let map = assignments(text);
        let value = map.get("SELINUX").and_then(|value| value.as_str());
        value.map(str::to_lowercase).ok_or(Unseen::Malformed)
    });
    facts.set("selinux.configured", configured, CONFIG);
    let policy = evidence.text(POLICY).and_then(|text| lines(text).next().ok_or(Unseen::Malformed));
    facts.set("crypto.policy", policy, POLICY);
    facts.set("crypto.fips", evidence.text(FIPS).map(|text| text.trim() == "1"), FIPS);
}
