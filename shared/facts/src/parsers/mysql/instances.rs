//! Which servers there are: the running ones, and an installed one that does not run.

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Value, json};

use super::told::Told;
use crate::my_cnf::Server;
use crate::parsers::{packages, services};
use crate::text::base;
use crate::{Evidence, Missing};

pub(super) const DAEMONS: &str = "survey:daemons";

/// Units of servers begin so: of the distributions, of the vendors, of software collections.
const UNITS: [&str; 5] = ["mysqld", "mariadb", "mysql.", "mysql@", "rh-ma"];
/// Packages that bring a server, and whose it is.
const PACKAGES: [(&str, &str); 9] = [
    ("mysql-server", "mysql"),
    ("mysql8.4-server", "mysql"),
    ("mysql-community-server", "mysql"),
    ("mysql-commercial-server", "mysql"),
    ("percona-server-server", "mysql"),
    ("Percona-Server-server-57", "mysql"),
    ("mariadb-server", "mariadb"),
    ("mariadb11.8-server", "mariadb"),
    ("MariaDB-server", "mariadb"),
];

/// One server.
pub(super) struct Instance {
    pub name: String,
    pub product: String,
    pub version: String,
    /// The vendor of the package, `Red Hat, Inc.`; empty when it is not known.
    pub vendor: String,
    pub argv: Vec<String>,
    pub running: bool,
    pub datadir: String,
    pub answered: bool,
    daemon: Option<Daemon>,
    /// What other rules look at, once the settings are known.
    fields: Value,
}

#[derive(Deserialize)]
struct Daemon {
    product: String,
    pid: Option<i64>,
    #[serde(default)]
    argv: Vec<String>,
    user: Option<String>,
    unit: Option<String>,
    exe: Option<String>,
    age_seconds: Option<i64>,
    rss_kib: Option<i64>,
    threads: Option<i64>,
    fds: Option<i64>,
    nofile: Option<i64>,
}

/// Every server.
///
/// # Errors
/// Why neither processes nor units were seen.
pub(super) fn found(evidence: &Evidence<'_>) -> Result<Vec<Instance>, Missing> {
    let installed = installed(evidence);
    let daemons: Vec<Daemon> = match evidence.survey::<Vec<Daemon>>(DAEMONS) {
        Ok(daemons) => daemons.into_iter().filter(|daemon| daemon.product == "mysqld").collect(),
        Err(reason) => match units(evidence) {
            Ok(units) => return Ok(of_units(&units, &installed)),
            // An older agent looked at neither: then only the packages tell.
            Err(_) if reason == Unseen::Absent && packages::versions(evidence).is_ok() => {
                return Ok(installed
                    .first()
                    .map(|server| stopped("", server))
                    .into_iter()
                    .collect());
            }
            Err(_) => return Err(Missing { reason, source: DAEMONS.to_owned() }),
        },
    };
    let mut found: Vec<Instance> =
        daemons.into_iter().map(|daemon| running(daemon, &installed)).collect();
    if found.is_empty() {
        // A standby node's server does not run; its settings matter all the same.
        found.extend(installed.first().map(|server| stopped("", server)));
    }
    Ok(found)
}

type Package = (String, String, String);

/// Product, version and vendor of the installed servers.
fn installed(evidence: &Evidence<'_>) -> Vec<Package> {
    let Ok(packages) = packages::versions(evidence) else { return Vec::new() };
    let one = |(name, product): &(&str, &str)| {
        let (version, vendor) = packages.get(*name)?;
        Some(((*product).to_owned(), version.clone(), vendor.clone()))
    };
    PACKAGES.iter().filter_map(one).collect()
}

/// Active units of servers; archives have no list of processes in the agent's form.
fn units(evidence: &Evidence<'_>) -> Result<Vec<String>, Unseen> {
    let ours = |name: &str| {
        name.ends_with(".service") && UNITS.iter().any(|prefix| name.starts_with(prefix))
    };
    let units = services::units(evidence)?;
    let active = units.iter().filter(|unit| unit.active == "active" && ours(unit.name));
    Ok(active.map(|unit| unit.name.to_owned()).collect())
}

fn of_units(units: &[String], installed: &[Package]) -> Vec<Instance> {
    let none = (String::new(), String::new(), String::new());
    let one = |unit: &String| {
        let wanted = if unit.contains("mariadb") { "mariadb" } else { "mysql" };
        let package = installed.iter().find(|package| package.0 == wanted);
        let mut instance = stopped(unit, package.or(installed.first()).unwrap_or(&none));
        instance.running = true;
        if instance.product.is_empty() {
            wanted.clone_into(&mut instance.product);
        }
        instance
    };
    if units.is_empty() {
        return installed.first().map(|server| stopped("", server)).into_iter().collect();
    }
    units.iter().map(one).collect()
}

fn stopped(unit: &str, (product, version, vendor): &Package) -> Instance {
    let name = if unit.is_empty() { product } else { unit.trim_end_matches(".service") };
    Instance {
        name: name.to_owned(),
        product: product.clone(),
        version: version.clone(),
        vendor: vendor.clone(),
        argv: Vec::new(),
        running: false,
        datadir: String::new(),
        answered: false,
        daemon: None,
        fields: Value::Null,
    }
}

fn running(daemon: Daemon, installed: &[Package]) -> Instance {
    let first = daemon.argv.first().map(String::as_str).unwrap_or_default();
    let program = base(daemon.exe.as_deref().unwrap_or(first)).to_owned();
    let maria = |text: &str| text.contains("mariadb");
    let is_maria = maria(&program) || maria(first) || daemon.unit.as_deref().is_some_and(maria);
    // Before 10.5 MariaDB's program is `mysqld` too; then the package tells.
    let package = installed.iter().find(|package| !is_maria || package.0 == "mariadb");
    let none = (String::new(), String::new(), String::new());
    let mut instance =
        stopped(daemon.unit.as_deref().unwrap_or_default(), package.unwrap_or(&none));
    if is_maria || instance.product.is_empty() {
        instance.product = if is_maria { "mariadb" } else { "mysql" }.to_owned();
    }
    if daemon.unit.is_none() {
        instance.name = daemon.pid.map_or(program, |pid| format!("{}:{pid}", base(first)));
    }
    instance.argv.clone_from(&daemon.argv);
    instance.running = true;
    instance.daemon = Some(daemon);
    instance
}

impl Instance {
    /// What the server itself says stands before the package's version.
    pub(super) fn identify(&mut self, version: &str, comment: &str) {
        if version.is_empty() {
            return;
        }
        let maria = version.contains("MariaDB") || comment.to_lowercase().contains("mariadb");
        self.product = if maria { "mariadb" } else { "mysql" }.to_owned();
        let plain = version.split("-MariaDB").next().unwrap_or(version);
        plain.clone_into(&mut self.version);
    }

    /// The fields that tiers and clusters look at.
    pub(super) fn take(&mut self, told: &Told, server: &Server) {
        let value = |name: &str| told.value(name).cloned().unwrap_or(Value::Null);
        self.fields = json!({
            "port": value("port"),
            "socket": value("socket"),
            "bind_address": value("bind_address"),
            "max_connections": value("max_connections"),
            "wait_timeout_s": value("wait_timeout"),
            "interactive_timeout_s": value("interactive_timeout"),
            "read_only": value("read_only"),
            "server_id": value("server_id"),
            "log_bin": value("log_bin"),
            "config_files": server.files,
        });
    }

    /// As the fact has it.
    pub(super) fn row(&self) -> Value {
        let daemon = self.daemon.as_ref();
        let mut row = json!({
            "name": self.name,
            "product": self.product,
            "version": self.version,
            "vendor": self.vendor,
            "running": self.running,
            "answered": self.answered,
            "datadir": self.datadir,
            "pid": daemon.and_then(|d| d.pid),
            "user": daemon.and_then(|d| d.user.as_deref()),
            "unit": daemon.and_then(|d| d.unit.as_deref()),
            "age_seconds": daemon.and_then(|d| d.age_seconds),
            "rss_kib": daemon.and_then(|d| d.rss_kib),
            "threads": daemon.and_then(|d| d.threads),
            "fds": daemon.and_then(|d| d.fds),
            "nofile": daemon.and_then(|d| d.nofile),
        });
        if let (Some(row), Some(fields)) = (row.as_object_mut(), self.fields.as_object()) {
            row.extend(fields.clone());
        }
        row
    }

    /// Its settings, as the fact has them.
    pub(super) fn settings(&self, told: &Told) -> Value {
        let (values, from) = told.parts();
        json!({
            "instance": self.name,
            "product": self.product,
            "version": self.version,
            "running": self.running,
            "values": values,
            "from": from,
        })
    }
}
