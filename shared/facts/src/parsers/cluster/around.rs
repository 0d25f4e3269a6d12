//! What stands around the cluster: which software it is, packages, units, keys, SBD, booth.

use carepack_shared::{Outcome, Unseen};
use serde_json::{Map, Value, json};

use super::{COROSYNC, LEGACY, is_absent, truth};
use crate::parsers::services;
use crate::text::assignments;
use crate::{Evidence, Facts, Missing};

const DATABASE: &str = "survey:packages";
const RPM: &str = "cmd:rpm-packages";
const SBD: &str = "/etc/sysconfig/sbd";
const BOOTH: (&str, &str) = ("/etc/booth", "/etc/booth/*.conf");
const KEYS: &str = "survey:cluster-keys";
const TRANSITIONS: &str = "survey:cluster-transitions";

/// Packages whose versions should be equal on all nodes.
const PACKAGES: [&str; 14] = [
    "booth-core",
    "cman",
    "corosync",
    "corosync-qdevice",
    "corosync-qnetd",
    "corosynclib",
    "fence-agents-common",
    "libqb",
    "pacemaker",
    "pacemaker-libs",
    "pcs",
    "resource-agents",
    "rgmanager",
    "sbd",
];

/// Units of the cluster.
const UNITS: [&str; 11] = [
    "booth-arbitrator.service",
    "cman.service",
    "corosync-qdevice.service",
    "corosync-qnetd.service",
    "corosync.service",
    "pacemaker.service",
    "pacemaker_remote.service",
    "pcsd-ruby.service",
    "pcsd.service",
    "rgmanager.service",
    "sbd.service",
];

/// What was seen of the software itself.
pub struct Seen {
    /// Package → version-release; none when packages are not known.
    pub packages: Option<Map<String, Value>>,
    pub legacy: Option<Value>,
}

/// Packages could not be read: the list of RPM says why, where it was asked.
fn unread(evidence: &Evidence<'_>) -> (Unseen, &'static str) {
    let source = if evidence.get(RPM).is_some() { RPM } else { DATABASE };
    let reason = match evidence.get(source).map(|seen| &seen.outcome) {
        Some(Outcome::Unseen { reason, .. }) => *reason,
        Some(Outcome::Seen { .. }) => Unseen::Malformed,
        None => Unseen::Absent,
    };
    (reason, source)
}

impl Seen {
    pub fn of(evidence: &Evidence<'_>) -> Self {
        let legacy = evidence.get(LEGACY).and_then(|seen| seen.json().ok()).cloned();
        Self { packages: packages(evidence), legacy }
    }

    pub fn has(&self, package: &str) -> bool {
        self.packages.as_ref().is_some_and(|packages| packages.contains_key(package))
    }

    /// Whether it is known not to be installed.
    fn lacks(&self, package: &str) -> bool {
        self.packages.as_ref().is_some_and(|packages| !packages.contains_key(package))
    }

    /// `3` of corosync 3.1.7; 0 when not known.
    pub fn major(&self, package: &str) -> i64 {
        self.number(package, 0)
    }

    /// A part of the version: 0 the major, 1 the minor.
    pub fn number(&self, package: &str, part: usize) -> i64 {
        let version = self.packages.as_ref().and_then(|p| p.get(package)).and_then(Value::as_str);
        let part = version.and_then(|version| version.split(['.', '-']).nth(part));
        part.and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

fn packages(evidence: &Evidence<'_>) -> Option<Map<String, Value>> {
    let mut found = Map::new();
    let mut keep = |name: &str, version: &str, release: &str| {
        if PACKAGES.contains(&name) {
            found.insert(name.to_owned(), format!("{version}-{release}").into());
        }
    };
    if let Some(Ok(value)) = evidence.get(DATABASE).map(carepack_shared::Observation::json) {
        let rows = value.get("packages").and_then(Value::as_array)?;
        for row in rows {
            let field = |at: usize| row.get(at).and_then(Value::as_str).unwrap_or_default();
            keep(field(0), field(2), field(3));
        }
        return Some(found);
    }
    let text = evidence.text(RPM).ok().filter(|text| text.contains('\t'))?;
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if let [name, _, version, release, ..] = fields[..] {
            keep(name, version, release);
        }
    }
    Some(found)
}

/// Which cluster software the host is set up with.
///
/// # Errors
/// Nobody looked, or it could not be seen.
pub fn stack(evidence: &Evidence<'_>, seen: &Seen) -> Result<&'static str, Missing> {
    match super::text_of(evidence, COROSYNC) {
        Ok(_) => return Ok("corosync"),
        Err(missing) if missing.reason != Unseen::Absent => return Err(missing),
        Err(_) => {}
    }
    if seen.legacy.is_some() || seen.has("cman") {
        return Ok("cman");
    }
    if seen.has("pacemaker") && seen.has("corosync") {
        return Ok("unconfigured");
    }
    // RHEL 7 and later keep the settings in one place only: what is not there is not set up.
    if seen.packages.is_some() || is_absent(evidence, COROSYNC) {
        return Ok("none");
    }
    Err(Missing { reason: Unseen::Absent, source: COROSYNC.1.to_owned() })
}

pub fn tell(evidence: &Evidence<'_>, seen: &Seen, facts: &mut Facts) {
    match &seen.packages {
        Some(packages) => facts.put("cluster.versions", packages.clone(), DATABASE),
        None => {
            let (reason, source) = unread(evidence);
            facts.miss("cluster.versions", reason, source);
        }
    }
    facts.set("cluster.units", units(evidence), services::UNITS);
    let sbd = match evidence.text(SBD) {
        // Not installed: there is no SBD.
        Err(Unseen::Absent) if evidence.is_absent(SBD) || seen.lacks("sbd") => Ok(json!({})),
        read => read.map(sbd),
    };
    facts.set("cluster.sbd", sbd, SBD);
    match evidence.folder(BOOTH.0, ".conf") {
        Ok(files)
            if files.is_empty() && !evidence.is_absent(BOOTH.1) && !seen.lacks("booth-core") =>
        {
            facts.miss("cluster.booth", Unseen::Absent, BOOTH.1);
        }
        Ok(files) => facts.put("cluster.booth", booth(&files), BOOTH.0),
        Err(missing) => facts.hide(&["cluster.booth"], &missing),
    }
    let surveys = [
        ("cluster.keys", KEYS, json!({})),
        ("cluster.legacy", LEGACY, Value::Null),
        ("cluster.transitions", TRANSITIONS, json!([])),
    ];
    for (key, source, none) in surveys {
        match evidence.get(source).ok_or(Unseen::Absent).and_then(|seen| seen.json()) {
            Ok(value) => facts.put(key, value.clone(), source),
            Err(Unseen::Absent) if evidence.is_absent(source) => facts.put(key, none, source),
            Err(reason) => facts.miss(key, reason, source),
        }
    }
}

/// Unit → `{"active", "sub"}` of those that are loaded.
fn units(evidence: &Evidence<'_>) -> Result<Value, Unseen> {
    let units = services::units(evidence)?;
    let mut found = Map::new();
    for unit in units.iter().filter(|unit| UNITS.contains(&unit.name)) {
        if unit.load != "not-found" {
            let told = json!({ "active": unit.active, "sub": unit.sub });
            found.insert(unit.name.to_owned(), told);
        }
    }
    Ok(Value::Object(found))
}

/// `SBD_DEVICE="/dev/a;/dev/b"`, `SBD_WATCHDOG_DEV=/dev/watchdog`, `SBD_PACEMAKER=yes`.
fn sbd(text: &str) -> Value {
    let set = assignments(text);
    let value = |name: &str| set.get(name).and_then(Value::as_str).unwrap_or_default();
    let devices: Vec<&str> =
        value("SBD_DEVICE").split(';').map(str::trim).filter(|d| !d.is_empty()).collect();
    json!({
        "devices": devices,
        "watchdog": value("SBD_WATCHDOG_DEV"),
        "watchdog_timeout_s": value("SBD_WATCHDOG_TIMEOUT").parse::<i64>().ok(),
        "pacemaker": truth(value("SBD_PACEMAKER")),
        "delay_start": value("SBD_DELAY_START"),
        "start_mode": value("SBD_STARTMODE"),
    })
}

/// `site = "10.0.0.1"`, `arbitrator = "10.0.0.3"`, `ticket = "t"`.
fn booth(files: &[(&str, &str)]) -> Value {
    let mut found: [Vec<String>; 3] = Default::default();
    for line in files.iter().flat_map(|(_, text)| text.lines()) {
        let Some((name, value)) = line.split_once('=') else { continue };
        let at = match name.trim() {
            "site" => 0,
            "arbitrator" => 1,
            "ticket" => 2,
            _ => continue,
        };
        found[at].push(value.trim().trim_matches('"').to_owned());
    }
    let [sites, arbitrators, tickets] = found;
    if sites.is_empty() {
        return json!({});
    }
    json!({ "sites": sites, "arbitrators": arbitrators, "tickets": tickets })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sbd_and_booth() {
        let seen =
            sbd("SBD_DEVICE=\"/dev/a; /dev/b\"\nSBD_PACEMAKER=yes\nSBD_WATCHDOG_TIMEOUT=5\n");
        assert_eq!(seen["devices"], json!(["/dev/a", "/dev/b"]));
        assert_eq!((&seen["pacemaker"], &seen["watchdog_timeout_s"]), (&json!(true), &json!(5)));
        let seen = booth(&[("b", "site = \"10.0.0.1\"\narbitrator=\"10.0.0.3\"\nticket=\"t\"\n")]);
        assert_eq!(seen["arbitrators"], json!(["10.0.0.3"]));
        assert_eq!(booth(&[]), json!({}));
    }
}
