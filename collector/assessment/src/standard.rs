//! 설치 표준: what a host of a role should be, as data, and how a host deviates from it.
//!
//! ```yaml
//! name: web-rhel9
//! packages: {present: [httpd], absent: [telnet-server], min_version: {openssl: "3.0.7"}}
//! parameters: {selinux.mode: enforcing, sysctl.live/vm.swappiness: {min: 1, max: 30}}
//! units: {enabled: [sshd.service], running: [httpd.service], off: [rpcbind.service]}
//! users: {absent: [games]}
//! ports: {allowed: ["22/tcp", "443/tcp"]}
//! ```
//! What could not be seen is told apart from what deviates: it is never taken for right.

use std::collections::{BTreeMap, BTreeSet};

use carepack_facts::Facts;
use carepack_shared::Unseen;
use rpm_version::rpm_evr_compare;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Longest standard in bytes, and most expectations in one.
pub const BYTES_MAX: usize = 256 * 1024;
pub const EXPECTATIONS_MAX: usize = 5_000;

/// A role's standard.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    pub name: String,
    /// For a person: what the standard is for, who agreed on it.
    #[serde(default)]
    pub about: String,
    #[serde(default)]
    pub packages: Packages,
    /// Fact key, or `fact key/member`, → what is expected.
    #[serde(default)]
    pub parameters: BTreeMap<String, Expected>,
    #[serde(default)]
    pub units: Units,
    #[serde(default)]
    pub users: Users,
    #[serde(default)]
    pub ports: Option<Ports>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Packages {
    pub present: Vec<String>,
    pub absent: Vec<String>,
    /// Name → `[epoch:]version[-release]`, compared as rpm does.
    pub min_version: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Units {
    pub enabled: Vec<String>,
    pub running: Vec<String>,
    /// Neither enabled nor running.
    pub off: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Users {
    pub absent: Vec<String>,
}

/// Listeners on addresses other than loopback that may be there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    pub allowed: BTreeSet<String>,
}

/// A value, a range, or one of some values.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Expected {
    OneOf(OneOf),
    Range(Range),
    Value(Json),
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOf {
    pub one_of: Vec<Json>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub min: Option<f64>,
    pub max: Option<f64>,
}

/// How a host compares with a standard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    pub standard: String,
    /// Expectations that were held against evidence.
    pub checked: u32,
    pub deviations: Vec<Deviation>,
    /// Expectations whose evidence was not seen: fact, why.
    pub unseen: Vec<(String, Unseen)>,
}

/// One thing that is not as the standard has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deviation {
    /// `package`, `parameter`, `unit`, `account` or `listener`.
    pub kind: String,
    pub name: String,
    pub expected: String,
    pub actual: String,
}

/// A standard that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StandardError {
    #[error("the standard is longer than {BYTES_MAX} bytes")]
    TooLong,
    #[error("the standard holds {count} expectations, over the limit of {EXPECTATIONS_MAX}")]
    TooMany { count: usize },
    #[error("the standard expects nothing")]
    Empty,
    #[error("the standard's parameter {key:?} is no fact; see: carepack-collector rules facts")]
    NoFact { key: String },
    #[error("the standard's parameter {key:?} is a range without min and max")]
    NoRange { key: String },
    #[error("the standard is not readable")]
    Malformed(#[source] serde_yaml_ng::Error),
}

impl Standard {
    /// Reads and checks a standard.
    ///
    /// # Errors
    /// [`StandardError`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, StandardError> {
        if text.len() > BYTES_MAX {
            return Err(StandardError::TooLong);
        }
        let standard: Self = serde_yaml_ng::from_str(text).map_err(StandardError::Malformed)?;
        match standard.count() {
            0 => return Err(StandardError::Empty),
            count if count > EXPECTATIONS_MAX => return Err(StandardError::TooMany { count }),
            _ => {}
        }
        for (key, expected) in &standard.parameters {
            let (fact, _) = split(key);
            if !carepack_facts::catalogue().any(|spec| spec.key == fact) {
                return Err(StandardError::NoFact { key: key.clone() });
            }
            if matches!(expected, Expected::Range(Range { min: None, max: None })) {
                return Err(StandardError::NoRange { key: key.clone() });
            }
        }
        Ok(standard)
    }

    fn count(&self) -> usize {
        let Packages { present, absent, min_version } = &self.packages;
        let Units { enabled, running, off } = &self.units;
        let lists = [present, absent, enabled, running, off, &self.users.absent];
        lists.iter().map(|list| list.len()).sum::<usize>()
            + min_version.len()
            + self.parameters.len()
            + usize::from(self.ports.is_some())
    }
}

/// Holds a host's facts against a standard.
#[must_use]
pub fn compare(standard: &Standard, facts: &Facts) -> Compared {
    let mut bench = Bench {
        facts,
        compared: Compared { standard: standard.name.clone(), ..Compared::default() },
    };
    bench.packages(&standard.packages);
    for (key, expected) in &standard.parameters {
        bench.parameter(key, expected);
    }
    bench.units(&standard.units);
    bench.users(&standard.users);
    if let Some(ports) = &standard.ports {
        bench.ports(ports);
    }
    let Bench { mut compared, .. } = bench;
    compared.deviations.sort();
    compared.unseen.sort();
    compared.unseen.dedup();
    compared
}

struct Bench<'f> {
    facts: &'f Facts,
    compared: Compared,
}

impl<'f> Bench<'f> {
    /// The fact's value; one that was not seen is noted.
    fn fact(&mut self, key: &str) -> Option<&'f Json> {
        let value = self.facts.value(key);
        if value.is_none() {
            let reason = self.facts.missing.get(key).map_or(Unseen::Absent, |m| m.reason);
            self.compared.unseen.push((key.to_owned(), reason));
        }
        value
    }

    /// One expectation; a deviation when it does not hold.
    fn expect(&mut self, holds: bool, kind: &str, name: &str, [expected, actual]: [&str; 2]) {
        self.compared.checked += 1;
        if !holds {
            self.compared.deviations.push(Deviation {
                kind: kind.to_owned(),
                name: name.to_owned(),
                expected: expected.to_owned(),
                actual: actual.to_owned(),
            });
        }
    }

    fn packages(&mut self, packages: &Packages) {
        let Packages { present, absent, min_version } = packages;
        if present.is_empty() && absent.is_empty() && min_version.is_empty() {
            return;
        }
        let Some(list) = self.fact("packages.installed").and_then(Json::as_array) else { return };
        let mut installed: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for package in list {
            let part = |name: &str| package.get(name).and_then(Json::as_str).unwrap_or_default();
            let epoch = package.get("epoch").and_then(Json::as_i64).unwrap_or(0);
            let version = format!("{epoch}:{}-{}", part("version"), part("release"));
            installed.entry(part("name")).or_default().push(version);
        }
        for name in present {
            let there = installed.contains_key(name.as_str());
            self.expect(there, "package", name, ["present", "absent"]);
        }
        for name in absent {
            let found = installed.get(name.as_str()).map(|v| v.join(", "));
            let actual = found.clone().unwrap_or_default();
            self.expect(found.is_none(), "package", name, ["absent", &actual]);
        }
        for (name, least) in min_version {
            let found = installed.get(name.as_str());
            // Of several installed versions (kernels) the newest counts.
            let new = found.is_some_and(|v| v.iter().any(|v| rpm_evr_compare(v, least).is_ge()));
            let actual = found.map_or_else(|| "absent".to_owned(), |v| v.join(", "));
            self.expect(new, "package", name, [&format!(">= {least}"), &actual]);
        }
    }

    fn parameter(&mut self, key: &str, expected: &Expected) {
        let (fact, member) = split(key);
        let Some(value) = self.fact(fact) else { return };
        let value = match member {
            Some(member) => value.get(member).unwrap_or(&Json::Null),
            None => value,
        };
        self.expect(expected.holds(value), "parameter", key, [&expected.said(), &text(value)]);
    }

    fn units(&mut self, units: &Units) {
        let Units { enabled, running, off } = units;
        let list = |value: &'f Json| -> BTreeSet<&'f str> {
            value.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
        };
        if !(enabled.is_empty() && off.is_empty())
            && let Some(on) = self.fact("services.enabled").map(list)
        {
            for unit in enabled {
                self.expect(on.contains(unit.as_str()), "unit", unit, ["enabled", "not enabled"]);
            }
            for unit in off {
                self.expect(!on.contains(unit.as_str()), "unit", unit, ["off", "enabled"]);
            }
        }
        if !(running.is_empty() && off.is_empty())
            && let Some(active) = self.fact("services.active").map(list)
        {
            for unit in running {
                self.expect(
                    active.contains(unit.as_str()),
                    "unit",
                    unit,
                    ["running", "not running"],
                );
            }
            for unit in off {
                self.expect(!active.contains(unit.as_str()), "unit", unit, ["off", "running"]);
            }
        }
    }

    fn users(&mut self, users: &Users) {
        if users.absent.is_empty() {
            return;
        }
        let Some(list) = self.fact("accounts.users").and_then(Json::as_array) else { return };
        for name in &users.absent {
            let found =
                list.iter().find(|user| user.get("name") == Some(&Json::from(name.as_str())));
            let uid = found.and_then(|user| user.get("uid")).map(text).unwrap_or_default();
            self.expect(found.is_none(), "account", name, ["absent", &format!("uid {uid}")]);
        }
    }

    /// Every listener that others can reach is one expectation.
    fn ports(&mut self, ports: &Ports) {
        let Some(list) = self.fact("net.listeners").and_then(Json::as_array) else { return };
        let mut seen = BTreeSet::new();
        for socket in list {
            let part = |name: &str| socket.get(name).map(text).unwrap_or_default();
            let address = part("address");
            let proto = part("proto");
            let proto = proto.trim_end_matches('6');
            let number = socket.get("port").and_then(Json::as_i64).unwrap_or(0);
            // Ephemeral UDP sockets of clients come and go.
            if address.starts_with("127.")
                || address == "::1"
                || (proto == "udp" && number >= 32_768)
            {
                continue;
            }
            let port = format!("{number}/{proto}");
            if seen.insert(port.clone()) {
                let allowed = ports.allowed.contains(&port);
                self.expect(allowed, "listener", &port, ["not listening", &address]);
            }
        }
    }
}

/// `sysctl.live/vm.swappiness` → the fact and its member.
fn split(key: &str) -> (&str, Option<&str>) {
    key.split_once('/').map_or((key, None), |(fact, member)| (fact, Some(member)))
}

impl Expected {
    fn holds(&self, value: &Json) -> bool {
        match self {
            Self::Value(wanted) => same(wanted, value),
            Self::OneOf(OneOf { one_of }) => one_of.iter().any(|wanted| same(wanted, value)),
            Self::Range(Range { min, max }) => number(value)
                .is_some_and(|n| min.is_none_or(|min| n >= min) && max.is_none_or(|max| n <= max)),
        }
    }

    fn said(&self) -> String {
        match self {
            Self::Value(wanted) => text(wanted),
            Self::OneOf(OneOf { one_of }) => {
                one_of.iter().map(text).collect::<Vec<_>>().join(" | ")
            }
            Self::Range(Range { min, max }) => {
                let bound = |n: Option<f64>| n.map(|n| n.to_string()).unwrap_or_default();
                format!("{} – {}", bound(*min), bound(*max))
            }
        }
    }
}

/// Kernel parameters are texts, and YAML writes numbers: `10` is `"10"`.
fn same(wanted: &Json, value: &Json) -> bool {
    wanted == value || text(wanted) == text(value)
}

fn number(value: &Json) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts() -> Facts {
        let mut facts = Facts::default();
        let put: [(&str, Json); 7] = [
            (
                "packages.installed",
                json!([{"name": "openssl", "epoch": 1, "version": "3.0.7", "release": "27.el9"},
                       {"name": "telnet-server", "version": "0.17", "release": "1"}]),
            ),
            ("sysctl.live", json!({"vm.swappiness": "60", "kernel.panic": "10"})),
            ("selinux.mode", json!("enforcing")),
            ("services.enabled", json!(["sshd.service", "rpcbind.service"])),
            ("services.active", json!(["sshd.service"])),
            ("accounts.users", json!([{"name": "games", "uid": 12}])),
            (
                "net.listeners",
                json!([{"proto": "tcp", "address": "0.0.0.0", "port": 22},
                       {"proto": "tcp6", "address": "::", "port": 22},
                       {"proto": "tcp", "address": "127.0.0.1", "port": 25},
                       {"proto": "tcp", "address": "0.0.0.0", "port": 3306}]),
            ),
        ];
        for (key, value) in put {
            facts.put(key, value, "test");
        }
        facts
    }

    fn check(text: &str, checked: u32, expected: &[(&str, &str, &str)]) {
        let compared = compare(&Standard::parse(text).unwrap(), &facts());
        let seen: Vec<(&str, &str, &str)> = compared
            .deviations
            .iter()
            .map(|d| (d.name.as_str(), d.expected.as_str(), d.actual.as_str()))
            .collect();
        assert_eq!((compared.checked, &seen[..]), (checked, expected), "{text}");
    }

    #[test]
    fn every_kind_of_expectation() {
        check(
            "name: x\npackages: {present: [httpd, openssl], absent: [telnet-server], min_version: {openssl: '1:3.0.7-30.el9'}}",
            4,
            &[
                ("httpd", "present", "absent"),
                ("openssl", ">= 1:3.0.7-30.el9", "1:3.0.7-27.el9"),
                ("telnet-server", "absent", "0:0.17-1"),
            ],
        );
        check(
            "name: x\nparameters: {selinux.mode: enforcing, sysctl.live/kernel.panic: 10, sysctl.live/vm.swappiness: {max: 30}, sysctl.live/none: {one_of: [1, 2]}}",
            4,
            &[("sysctl.live/none", "1 | 2", "-"), ("sysctl.live/vm.swappiness", " – 30", "60")],
        );
        check(
            "name: x\nunits: {enabled: [sshd.service], running: [httpd.service], off: [rpcbind.service]}",
            4,
            &[("httpd.service", "running", "not running"), ("rpcbind.service", "off", "enabled")],
        );
        check("name: x\nusers: {absent: [games, ftp]}", 2, &[("games", "absent", "uid 12")]);
        check(
            "name: x\nports: {allowed: ['22/tcp']}",
            2,
            &[("3306/tcp", "not listening", "0.0.0.0")],
        );
    }

    #[test]
    fn what_was_not_seen_is_neither_right_nor_wrong() {
        let text = "name: x\nparameters: {tuned.profile: virtual-guest}";
        let compared = compare(&Standard::parse(text).unwrap(), &facts());
        assert_eq!((compared.checked, compared.deviations.len()), (0, 0));
        assert_eq!(compared.unseen, [("tuned.profile".to_owned(), Unseen::Absent)]);
    }

    #[test]
    fn a_bad_standard_is_refused_by_name() {
        let error = |text: &str| Standard::parse(text).unwrap_err().to_string();
        assert!(error("name: x\n").contains("expects nothing"));
        assert!(error("name: x\nparameters: {no.such: 1}").contains("no.such"));
        assert!(
            error("name: x\nparameters: {selinux.mode: {max: 1, mix: 2}}\nuser: {}")
                .contains("readable")
        );
    }
}
