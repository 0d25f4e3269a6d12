//! Apache httpd: instances, MPM, virtual hosts, TLS, back ends, access, logs, certificates.
//!
//! Reads the files that the agent found (`survey:httpd-files`); where an archive or an old agent
//! has no list, those under the known folders. The value that counts is worked out by
//! [`crate::httpd`]; each comes with its file and line. Nothing is judged.

mod access;
mod backends;
mod jk;
mod logs;
mod mpm;
mod sites;
mod tls;

use std::borrow::Cow;
use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::httpd::{Config, Files, Instance, Process, SERVER, Settings, children, instances, walk};
use crate::{Evidence, Facts, Parser, Spec};

const LIST: &str = "survey:httpd-files";
const DAEMONS: &str = "survey:daemons";
const SURVEY: &str = "survey:httpd";

const KEYS: [&str; 13] = [
    "httpd.backends",
    "httpd.balancers",
    "httpd.certificates",
    "httpd.directories",
    "httpd.handlers",
    "httpd.instances",
    "httpd.logs",
    "httpd.memory",
    "httpd.modules",
    "httpd.mpm",
    "httpd.settings",
    "httpd.tls",
    "httpd.vhosts",
];

pub static PARSER: Parser = Parser {
    name: "httpd",
    facts: &[
        Spec::plain(
            "httpd.backends",
            "targets of ProxyPass, BalancerMember and mod_jk, with their limits",
        ),
        Spec::plain("httpd.balancers", "balancers: members, stickiness"),
        Spec::plain(
            "httpd.certificates",
            "certificates by virtual host: dates, key, issuer, chain",
        ),
        Spec::plain("httpd.directories", "folders and locations: options, overrides, who may"),
        Spec::plain("httpd.handlers", "status and management pages, and who may see them"),
        Spec::plain("httpd.instances", "instances: main file, version, running, listening, user"),
        Spec::plain("httpd.logs", "log files and what rotates them"),
        Spec::plain("httpd.memory", "memory of the workers, now and when all run"),
        Spec::plain("httpd.modules", "instance → modules"),
        Spec::plain(
            "httpd.mpm",
            "multi-processing module and its limits in effect, first instance",
        ),
        Spec::plain("httpd.settings", "time-outs, keep-alive and what is told, by virtual host"),
        Spec::plain("httpd.tls", "virtual hosts with TLS: protocols, ciphers, certificate"),
        Spec::plain("httpd.vhosts", "virtual hosts: address, name, folder"),
    ],
    parse,
};

/// A running httpd, of the survey of daemons.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Daemon {
    product: String,
    pid: i64,
    argv: Vec<String>,
    exe: Option<String>,
    user: String,
    workers: i64,
    workers_rss_kib: i64,
    worker_rss_kib_max: i64,
}

#[derive(Default, Deserialize)]
struct Survey {
    binaries: Vec<Binary>,
    certificates: Vec<Value>,
    keys: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Binary {
    path: String,
    version: String,
    compiled_in: Vec<String>,
}

/// One instance, read.
struct Server<'e> {
    instance: Instance,
    config: Config,
    version: String,
    evidence: &'e Evidence<'e>,
    daemon: Option<Daemon>,
}

struct Seen<'e>(&'e Evidence<'e>);

impl Files for Seen<'_> {
    fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        self.0.text(path).ok().map(Cow::Borrowed)
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        children(self.0.under(&prefix).map(|(path, _)| path), folder)
    }
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    if let Some((path, reason)) = hidden(evidence) {
        return facts.miss_all(&KEYS, reason, &path);
    }
    let daemons = evidence.survey::<Vec<Daemon>>(DAEMONS);
    let mut httpds = daemons.clone().unwrap_or_default();
    httpds.retain(|daemon| daemon.product == "httpd");
    let survey = evidence.survey::<Survey>(SURVEY);
    let none = Survey::default();
    let known = survey.as_ref().unwrap_or(&none);
    let servers = servers(evidence, &httpds, known);
    if servers.is_empty() {
        return nothing(evidence, facts);
    }
    if let Some(server) = servers.iter().find(|server| server.is_rubbish()) {
        return facts.miss_all(&KEYS, Unseen::Malformed, &server.instance.main);
    }
    tell(&servers, daemons.is_ok(), facts);
    match survey {
        Ok(survey) => {
            let each = |server| tls::certificates(server, &survey.certificates, &survey.keys);
            let rows: Vec<Value> = servers.iter().flat_map(each).collect();
            facts.put("httpd.certificates", rows, SURVEY);
        }
        Err(reason) => facts.miss("httpd.certificates", reason, SURVEY),
    }
    match daemons {
        Ok(_) => {
            let rows: Vec<Value> = servers.iter().flat_map(mpm::memory).collect();
            facts.put("httpd.memory", rows, DAEMONS);
        }
        Err(reason) => facts.miss("httpd.memory", reason, DAEMONS),
    }
}

/// The list of files that the agent found.
#[derive(Deserialize)]
struct List {
    files: Vec<String>,
}

/// A file of the list that was not seen could hold anything.
fn hidden(evidence: &Evidence<'_>) -> Option<(String, Unseen)> {
    let list = match evidence.survey::<List>(LIST) {
        Ok(list) => list.files,
        Err(Unseen::Absent) => Vec::new(),
        Err(reason) => return Some((LIST.to_owned(), reason)),
    };
    list.into_iter().find_map(|path| {
        let reason = evidence.text(&path).err().filter(|reason| *reason != Unseen::Absent)?;
        Some((path, reason))
    })
}

fn servers<'e>(evidence: &'e Evidence<'e>, daemons: &[Daemon], survey: &Survey) -> Vec<Server<'e>> {
    let process = |daemon: &Daemon| Process { argv: daemon.argv.clone(), exe: daemon.exe.clone() };
    let processes: Vec<Process> = daemons.iter().map(process).collect();
    let there = |path: &str| evidence.text(path).is_ok();
    let found = instances(&processes, &there);
    found
        .into_iter()
        .map(|instance| {
            let binary = survey.binaries.iter().find(|one| one.path == instance.binary);
            let version = binary.and_then(|one| version(&one.version));
            let version = version.or_else(|| packaged(evidence, &instance)).unwrap_or_default();
            let settings = Settings {
                defines: instance.defines.clone(),
                environment: environment(evidence, &instance.root),
                compiled_in: binary.map(|one| one.compiled_in.clone()).unwrap_or_default(),
                version: version.clone(),
            };
            let main = (instance.main.as_str(), instance.root.as_str());
            let config = walk(&Seen(evidence), main, &settings);
            let same = |path: &str| *path == instance.main;
            let daemon = daemons.iter().find(|daemon| {
                let one = [process(daemon)];
                instance.running && instances(&one, &same).first().is_some_and(|i| i.running)
            });
            Server { config, version, evidence, daemon: daemon.cloned(), instance }
        })
        .collect()
}

/// `2.4.57` of `Server version: Apache/2.4.57 (Red Hat Enterprise Linux)`.
fn version(text: &str) -> Option<String> {
    let rest = text.split("Apache/").nth(1)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

/// The version of the package that an instance's program comes from, in the list of packages.
fn packaged(evidence: &Evidence<'_>, instance: &Instance) -> Option<String> {
    let name = match instance.root.as_str() {
        root if root.starts_with("/opt/rh/httpd24") => "httpd24-httpd",
        root if root.starts_with("/opt/rh/jbcs-httpd24") => "jbcs-httpd24-httpd",
        _ if instance.binary == "/usr/sbin/httpd" => "httpd",
        _ => return None,
    };
    let text = evidence.text("cmd:rpm-packages").ok()?;
    let line = text.lines().find(|line| line.split('\t').next() == Some(name))?;
    line.split('\t').nth(2).map(str::to_owned)
}

/// What Debian's `envvars` exports: plain values only.
fn environment(evidence: &Evidence<'_>, root: &str) -> BTreeMap<String, String> {
    let text = evidence.text(&format!("{root}/envvars")).unwrap_or_default();
    let set = |line: &str| {
        let (name, value) = line.trim().strip_prefix("export ")?.split_once('=')?;
        let value = value.trim_matches(['"', '\'']).replace("$SUFFIX", "");
        (!value.contains('$')).then(|| (name.to_owned(), value))
    };
    text.lines().filter_map(set).collect()
}

/// No instance: an answer only where somebody looked.
fn nothing(evidence: &Evidence<'_>, facts: &mut Facts) {
    let looked = evidence.survey::<List>(LIST).is_ok();
    let packages = evidence.text("cmd:rpm-packages").unwrap_or_default();
    let installed = packages.lines().any(|line| {
        matches!(line.split('\t').next(), Some("httpd" | "httpd24-httpd" | "jbcs-httpd24-httpd"))
    });
    if looked || (!packages.is_empty() && !installed) {
        for key in KEYS.iter().filter(|key| **key != "httpd.mpm") {
            facts.put(key, Vec::<Value>::new(), LIST);
        }
    }
}

fn tell(servers: &[Server<'_>], processes_seen: bool, facts: &mut Facts) {
    let gather = |each: &dyn Fn(&Server<'_>) -> Vec<Value>| -> Vec<Value> {
        servers.iter().flat_map(each).collect()
    };
    let mut put = |key: &str, rows: Vec<Value>| facts.put(key, rows, LIST);
    put("httpd.backends", gather(&backends::rows));
    put("httpd.balancers", gather(&backends::balancers));
    put("httpd.directories", gather(&access::directories));
    put("httpd.handlers", gather(&access::handlers));
    put("httpd.instances", gather(&|server| vec![sites::instance(server, processes_seen)]));
    put("httpd.logs", gather(&logs::rows));
    put("httpd.modules", gather(&modules));
    put("httpd.settings", gather(&sites::settings));
    put("httpd.tls", gather(&tls::rows));
    put("httpd.vhosts", gather(&sites::rows));
    match mpm::told(&servers[0]) {
        Some(mpm) => facts.put("httpd.mpm", mpm, LIST),
        None => facts.miss("httpd.mpm", Unseen::Absent, &servers[0].instance.main),
    }
}

fn modules(server: &Server<'_>) -> Vec<Value> {
    let names: Vec<&str> =
        server.config.modules.iter().filter_map(|name| name.strip_suffix("_module")).collect();
    vec![json!({"instance": server.instance.main, "names": names})]
}

impl Server<'_> {
    /// How a virtual host is called in rows; empty for the server itself.
    fn site_name(&self, site: usize) -> String {
        if site == SERVER {
            return String::new();
        }
        let name = self.config.last(site, "servername");
        let address = self.config.sections[site].args.join(" ");
        name.map_or(address, |directive| directive.arg(0).to_owned())
    }

    /// Whether its main file says nothing that a configuration says: it is no configuration.
    fn is_rubbish(&self) -> bool {
        const USUAL: [&str; 9] = [
            "documentroot",
            "errorlog",
            "include",
            "includeoptional",
            "listen",
            "loadmodule",
            "servername",
            "serverroot",
            "user",
        ];
        !self.config.directives.iter().any(|directive| USUAL.contains(&directive.name.as_str()))
            && self.config.sections.len() == 1
    }

    /// Whether its version is below 2.4; unknown counts as 2.4.
    fn is_old(&self) -> bool {
        self.version.starts_with("2.2") || self.version.starts_with("2.0")
    }
}

#[cfg(test)]
mod tests;
