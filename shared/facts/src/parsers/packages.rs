//! Installed packages.
//!
//! Read out of the database itself, a row for each package:
//! ```text
//! {"reader":"sqlite","packages":[["bash",null,"5.1.8","9.el9","x86_64","Red Hat, Inc.",
//!   1772514107,"","bash-5.1.8-9.el9.src.rpm","199e2f91fd431d51"]]}
//! ```
//! name, epoch, version, release, arch, vendor, install time, module label, source package, id of
//! the signing key. Where no database could be read (and from older agents) RPM's own list:
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
const DATABASE: &str = "survey:packages";
/// What only the database tells.
const ORIGIN_KEYS: [&str; 5] = [
    "packages.unsigned",
    "packages.key_ids",
    "packages.modules",
    "packages.streams",
    "packages.damaged",
];
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
            about: "every package: name, EVR, arch, vendor, when, module label, source package",
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
        Spec {
            key: "packages.reader",
            unit: "",
            about: "what read the database: sqlite, bdb, ndb or rpm",
        },
        Spec { key: "packages.unsigned", unit: "", about: "names of packages without a signature" },
        Spec { key: "packages.key_ids", unit: "packages", about: "signing key id → packages" },
        Spec { key: "packages.modules", unit: "packages", about: "module label → packages" },
        Spec { key: "packages.streams", unit: "packages", about: "module → stream → packages" },
        Spec {
            key: "packages.damaged",
            unit: "entries",
            about: "entries of the database whose header could not be read",
        },
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
    /// Module label, and file name of the source package; empty where the list has neither.
    module: &'a str,
    source: &'a str,
}

/// What the agent read out of the database.
#[derive(serde::Deserialize)]
struct Database {
    reader: String,
    packages: Vec<Row>,
    damaged: Option<Damaged>,
}

/// Entries whose header is bent.
#[derive(serde::Deserialize)]
struct Damaged {
    count: u64,
}

/// Name, epoch, version, release, arch, vendor, install time, module label, source, key id.
#[derive(serde::Deserialize)]
struct Row(
    String,
    Option<i64>,
    String,
    String,
    String,
    String,
    Option<i64>,
    String,
    String,
    Option<String>,
);

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let unread = match evidence.survey::<Database>(DATABASE) {
        Ok(database) => return from_database(&database, facts),
        Err(reason) => reason,
    };
    facts.miss_all(&ORIGIN_KEYS, unread, DATABASE);
    let packages = evidence.text(RPM).map(list);
    let missed = match packages {
        Ok(packages) if packages.is_empty() => Unseen::Malformed,
        Ok(packages) => {
            facts.put("packages.reader", "rpm", RPM);
            return tell(&packages, RPM, facts);
        }
        Err(reason) => reason,
    };
    facts.miss_all(&KEYS, missed, RPM);
    facts.miss_all(&["packages.reader"], missed, RPM);
    // An older agent did not look: then RPM's reason is the only one there is.
    if unread == Unseen::Absent {
        facts.miss_all(&ORIGIN_KEYS, missed, RPM);
    }
}

/// Name → version and vendor of every package, for the parser of a product.
///
/// # Errors
/// Why they were not seen.
pub(super) fn versions(
    evidence: &Evidence<'_>,
) -> Result<BTreeMap<String, (String, String)>, Unseen> {
    let told = |p: &Package<'_>| (p.name.to_owned(), (p.version.to_owned(), p.vendor.to_owned()));
    let unread = match evidence.survey::<Database>(DATABASE) {
        Ok(database) => return Ok(database.packages.iter().map(|r| told(&r.package())).collect()),
        Err(reason) => reason,
    };
    let text = evidence.text(RPM).map_err(|missed| match unread {
        Unseen::Absent => missed,
        reason => reason,
    })?;
    Ok(list(text).iter().map(told).collect())
}

fn from_database(database: &Database, facts: &mut Facts) {
    facts.put("packages.reader", database.reader.as_str(), DATABASE);
    let rows: Vec<&Row> = database.packages.iter().filter(|row| row.0 != "gpg-pubkey").collect();
    if rows.is_empty() {
        facts.miss_all(&KEYS, Unseen::Malformed, DATABASE);
        return facts.miss_all(&ORIGIN_KEYS, Unseen::Malformed, DATABASE);
    }
    let mut packages: Vec<Package<'_>> = rows.iter().map(|row| row.package()).collect();
    sort(&mut packages);
    tell(&packages, DATABASE, facts);
    let mut unsigned: Vec<&str> =
        rows.iter().filter(|row| row.9.is_none()).map(|row| row.0.as_str()).collect();
    unsigned.sort_unstable();
    facts.put("packages.unsigned", unsigned, DATABASE);
    let keys = rows.iter().filter_map(|row| row.9.as_deref());
    facts.put("packages.key_ids", counts(keys), DATABASE);
    let labels = rows.iter().map(|row| row.7.as_str()).filter(|label| !label.is_empty());
    let labels = counts(labels);
    facts.put("packages.streams", streams(&labels), DATABASE);
    facts.put("packages.modules", labels, DATABASE);
    let damaged = database.damaged.as_ref().map_or(0, |damaged| damaged.count);
    facts.put("packages.damaged", damaged, DATABASE);
}

/// By the beginning of a label, `nodejs:18:8080020230825114240:63b34585`: module and stream.
fn streams(labels: &serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
    let mut found: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for (label, count) in labels {
        let mut parts = label.split(':');
        if let (Some(name), Some(stream)) = (parts.next(), parts.next()) {
            let count = count.as_u64().unwrap_or(0);
            *found.entry(name).or_default().entry(stream).or_default() += count;
        }
    }
    found.into_iter().map(|(name, streams)| (name.to_owned(), json!(streams))).collect()
}

fn counts<'a>(words: impl Iterator<Item = &'a str>) -> serde_json::Map<String, Value> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    counts.into_iter().map(|(word, count)| (word.to_owned(), Value::from(count))).collect()
}

impl Row {
    fn package(&self) -> Package<'_> {
        Package {
            name: &self.0,
            epoch: Some(self.1.unwrap_or(0)),
            version: &self.2,
            release: &self.3,
            arch: &self.4,
            // As RPM writes it, so that both readers give the same facts.
            vendor: if self.5.is_empty() { "(none)" } else { &self.5 },
            installed_at: self.6.unwrap_or(0),
            module: &self.7,
            source: &self.8,
        }
    }
}

/// Public keys stand in the database as packages; they are none.
fn list(text: &str) -> Vec<Package<'_>> {
    let mut packages: Vec<Package<'_>> =
        text.lines().filter_map(package).filter(|p| p.name != "gpg-pubkey").collect();
    sort(&mut packages);
    packages
}

fn sort(packages: &mut [Package<'_>]) {
    packages.sort_by(|a, b| {
        (a.name, a.arch, a.version, a.release).cmp(&(b.name, b.arch, b.version, b.release))
    });
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
        module: "",
        source: "",
    })
}

fn tell(packages: &[Package<'_>], source: &str, facts: &mut Facts) {
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
                "module": p.module, "source": p.source,
            })
        })
        .collect();
    facts.put("packages.count", installed.len(), source);
    facts.put("packages.installed", installed, source);
    facts.put("packages.evr", evr, source);
    let newest = packages.iter().map(|p| p.installed_at).max().unwrap_or(0);
    facts.put("packages.newest_install", newest, source);
    // A list that names no vendor at all says nothing of strangers.
    let named = packages.iter().any(|p| !p.vendor.is_empty());
    facts.set("packages.foreign", if named { Ok(foreign) } else { Err(Unseen::Absent) }, source);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_epochs_keys_and_vendors() {
        let text = "bash\t0\t5.1.8\t9.el9\tx86_64\tRed Hat, Inc.\t100\nmysql\t(none)\t8.0\t1.el9\tx86_64\tOracle and/or its affiliates\t200\ngpg-pubkey\t0\ta\tb\t(none)\t(none)\t1\nbent\t0\n";
        let mut facts = Facts::default();
        tell(&list(text), RPM, &mut facts);
        assert_eq!(facts.value("packages.count"), Some(&json!(2)));
        assert_eq!(facts.value("packages.foreign"), Some(&json!(["mysql"])));
        assert_eq!(facts.value("packages.newest_install"), Some(&json!(200)));
        assert_eq!(
            facts.value("packages.evr").map(ToString::to_string).as_deref(),
            Some(r#"{"bash":["0:5.1.8-9.el9.x86_64"],"mysql":["0:8.0-1.el9.x86_64"]}"#)
        );
    }

    #[test]
    fn the_database_tells_keys_and_modules_too() {
        let database: Database = serde_json::from_value(json!({"reader": "bdb", "packages": [
            ["bash", null, "5.1.8", "9.el9", "x86_64", "Red Hat, Inc.", 100, "", "s", "199e"],
            ["nginx", 1, "1.24", "1", "x86_64", "", 200, "nginx:1.24:1:a", "", null],
            ["gpg-pubkey", null, "a", "b", "", "", 1, "", "", null],
        ]}))
        .unwrap();
        let mut facts = Facts::default();
        from_database(&database, &mut facts);
        let check = |key: &str, expected: Value| assert_eq!(facts.value(key), Some(&expected));
        check("packages.reader", json!("bdb"));
        check("packages.count", json!(2));
        check("packages.unsigned", json!(["nginx"]));
        check("packages.key_ids", json!({"199e": 1}));
        check("packages.modules", json!({"nginx:1.24:1:a": 1}));
        check("packages.streams", json!({"nginx": {"1.24": 1}}));
        check("packages.damaged", json!(0));
        let evr = json!({"bash": ["0:5.1.8-9.el9.x86_64"], "nginx": ["1:1.24-1.x86_64"]});
        check("packages.evr", evr);
    }
}
