//! Installed packages.
//!
//! Tab-separated, as asked of `rpm -qa`: name, epoch, version, release, arch, vendor, install time.
//! ```text
//! openssl-libs<TAB>1<TAB>3.0.7<TAB>27.el9<TAB>x86_64<TAB>Red Hat, Inc.<TAB>1772514107
//! ```

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde_json::{Value, json};

use crate::text::int;
use crate::{Evidence, Facts, Parser, Spec};

const RPM: &str = "cmd:rpm-packages";
const KEYS: [&str; 5] = [
    "packages.installed",
    "packages.count",
    "packages.evr",
    "packages.newest_install",
    "packages.foreign",
];

/// Vendors whose packages belong to the distribution, as the VENDOR tag has them.
const OWN: [&str; 8] = [
    "Red Hat",
    "Rocky",
    "AlmaLinux",
    "Oracle America",
    "CentOS",
    "Fedora Project",
    "CloudLinux",
    "Scientific Linux",
];

pub static PARSER: Parser = Parser {
    name: "packages",
    facts: &[
        Spec {
            key: "packages.installed",
            unit: "",
            about: "every package: name, EVR, arch, vendor, when",
        },
        Spec { key: "packages.count", unit: "packages", about: "installed packages" },
        Spec {
            key: "packages.evr",
            unit: "",
            about: "name → E:V-R.A of each installed one; V-R.A where the epoch is not known",
        },
        Spec {
            key: "packages.newest_install",
            unit: "epoch s",
            about: "when the newest one was installed",
        },
        Spec { key: "packages.foreign", unit: "", about: "names of packages of other vendors" },
    ],
    parse,
};

struct Package<'a> {
    name: &'a str,
    /// None where the archive of another tool leaves it out (`?`).
    epoch: Option<i64>,
    version: &'a str,
    release: &'a str,
    arch: &'a str,
    vendor: &'a str,
    installed_at: i64,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let packages = evidence.text(RPM).map(list);
    match packages {
        Ok(packages) if packages.is_empty() => facts.miss_all(&KEYS, Unseen::Malformed, RPM),
        Ok(packages) => tell(&packages, facts),
        Err(reason) => facts.miss_all(&KEYS, reason, RPM),
    }
}

/// Public keys stand in the database as packages; they are none.
fn list(text: &str) -> Vec<Package<'_>> {
    let mut packages: Vec<Package<'_>> =
        text.lines().filter_map(package).filter(|p| p.name != "gpg-pubkey").collect();
    packages.sort_by(|a, b| {
        (a.name, a.arch, a.version, a.release).cmp(&(b.name, b.arch, b.version, b.release))
    });
    packages
}

fn package(line: &str) -> Option<Package<'_>> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    Some(Package {
        name: next()?,
        epoch: next().map(|epoch| (epoch != "?").then(|| int(epoch).unwrap_or(0)))?,
        version: next()?,
        release: next()?,
        arch: next()?,
        vendor: next()?,
        installed_at: next().and_then(int)?,
    })
}

fn tell(packages: &[Package<'_>], facts: &mut Facts) {
    let mut evr: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for p in packages {
        let epoch = p.epoch.map_or_else(String::new, |epoch| format!("{epoch}:"));
        let text = format!("{epoch}{}-{}.{}", p.version, p.release, p.arch);
        evr.entry(p.name).or_default().push(text);
    }
    let evr: serde_json::Map<String, Value> =
        evr.into_iter().map(|(name, list)| (name.to_owned(), Value::from(list))).collect();
    // rpm says "(none)" of a package without a vendor; nothing at all means that nobody asked.
    let named = |p: &&Package<'_>| !p.vendor.is_empty();
    let stranger = |p: &&Package<'_>| !OWN.iter().any(|vendor| p.vendor.starts_with(vendor));
    let strangers = packages.iter().filter(named).filter(stranger);
    let mut foreign: Vec<&str> = strangers.map(|p| p.name).collect();
    foreign.dedup();
    let installed: Vec<Value> = packages
        .iter()
        .map(|p| {
            json!({
                "name": p.name, "epoch": p.epoch, "version": p.version, "release": p.release,
                "arch": p.arch, "vendor": p.vendor, "installed_at": p.installed_at,
            })
        })
        .collect();
    facts.put("packages.count", installed.len(), RPM);
    facts.put("packages.installed", installed, RPM);
    facts.put("packages.evr", evr, RPM);
    let newest = packages.iter().map(|p| p.installed_at).max().unwrap_or(0);
    facts.put("packages.newest_install", newest, RPM);
    let asked = packages.iter().any(|p| !p.vendor.is_empty());
    facts.set("packages.foreign", if asked { Ok(foreign) } else { Err(Unseen::Absent) }, RPM);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_epochs_keys_and_vendors() {
        let text = "bash\t0\t5.1.8\t9.el9\tx86_64\tRed Hat, Inc.\t100\nmysql\t(none)\t8.0\t1.el9\tx86_64\tOracle and/or its affiliates\t200\ngpg-pubkey\t0\ta\tb\t(none)\t(none)\t1\nbent\t0\n";
        let mut facts = Facts::default();
        tell(&list(text), &mut facts);
        assert_eq!(facts.value("packages.count"), Some(&json!(2)));
        assert_eq!(facts.value("packages.foreign"), Some(&json!(["mysql"])));
        assert_eq!(facts.value("packages.newest_install"), Some(&json!(200)));
        assert_eq!(
            facts.value("packages.evr").map(ToString::to_string).as_deref(),
            Some(r#"{"bash":["0:5.1.8-9.el9.x86_64"],"mysql":["0:8.0-1.el9.x86_64"]}"#)
        );
    }
}
