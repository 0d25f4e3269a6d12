//! JBoss EAP and WildFly: every instance that runs or lies in a known folder, with its
//! configuration reduced on the host.
//!
//! Of the XML only elements and attributes of an allow-list travel ([`carepack_shared::jboss`]);
//! of users' files the number of users, of deployments the names and markers. Nothing is asked of
//! the server: no management call is made.

use std::collections::BTreeSet;

use carepack_shared::{daemon, jboss};
use serde_json::{Value, json};

use super::daemons::{self, Daemon};
use super::execute::clean;
use super::processes::About;
use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read};
use crate::host::{Host, Kind, Look};

pub static PROBE: Probe = Probe {
    id: "jboss",
    about_ko: "JBoss EAP·WildFly 인스턴스의 설정(허용 목록 항목만), 버전, 배포 상태",
    about_en: "JBoss EAP and WildFly instances: settings of an allow-list, versions, deployments",
    reads: &[Read::Survey {
        name: "jboss",
        reads: &[
            "JBOSS_HOME/version.txt",
            "JBOSS_HOME/.installation",
            "JBOSS_HOME/bin/{product,standalone,domain}.conf",
            "JBOSS_HOME/modules/system/layers/base/org/jboss/as/product",
            "JBOSS_HOME/modules/system/layers/base/.overlays",
            "JBOSS_HOME/*/configuration/{standalone*,domain,host*}.xml (allow-list)",
            "JBOSS_HOME/*/configuration/{mgmt,application}-users.properties (counted)",
            "JBOSS_HOME/*/deployments (names)",
            "JBOSS_HOME/*/log (sizes)",
        ],
        run: survey,
    }],
    deadline_ms: HELPER_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Products,
    legal: Legal::Lines,
};

/// Most instances told.
const INSTANCES_MAX: usize = 24;
/// Longest configuration read: a shipped `domain.xml` has 130 KiB.
const XML_BYTES_MAX: usize = 2 * 1024 * 1024;
const SMALL_BYTES_MAX: usize = 64 * 1024;
/// Most names taken from one folder.
const NAMES_MAX: usize = 300;
/// Most words of Java options of a start script's settings.
const OPTIONS_MAX: usize = 80;

/// Folders in which distributions and packages put it.
const PARENTS: [&str; 10] = [
    "/app",
    "/home/jboss",
    "/opt",
    "/opt/jboss",
    "/opt/rh/eap7/root/usr/share",
    "/opt/rh/eap8/root/usr/share",
    "/srv",
    "/usr/local",
    "/usr/share",
    "/var/lib",
];
/// How the folder's name begins there.
const NAMES: [&str; 4] = ["eap", "jboss", "wildfly", "EAP"];

/// One instance: a base folder, run by a process or only there.
struct Instance {
    home: String,
    base: String,
    domain: bool,
    config: String,
    process: Option<Value>,
    servers: Vec<Value>,
}

/// `{"looked_at_processes":bool,"instances":[{"home","base","mode","config","process":
/// {"pid","user","argv"}|null,"servers":[{"name","pid","user","argv"}],"version","manifest":
/// {"name","version"}|null,"overlays","patches","options","java_home","files":[{"path","kind","tree"|"unseen"}],"users":
/// [{"file","count","well_known","mode","uid"}],"deployments":[{"name","state"}],"logs":{"files",
/// "bytes","largest_bytes"}|null,"pending_transactions":n|null}],"truncated":bool}`.
fn survey(host: &Host) -> Look<Value> {
    let running = daemons::running(host);
    let looked = running.is_ok();
    let mut instances = running.as_deref().map_or_else(|_| Vec::new(), |all| of(host, all));
    let known: BTreeSet<String> = instances.iter().map(|one| one.home.clone()).collect();
    instances.extend(lying_about(host, &known));
    if let (true, Err(missed)) = (instances.is_empty(), running) {
        return Err(missed);
    }
    let truncated = instances.len() > INSTANCES_MAX;
    let told: Vec<Value> = instances.iter().take(INSTANCES_MAX).map(|one| one.told(host)).collect();
    Ok(json!({ "looked_at_processes": looked, "instances": told, "truncated": truncated }))
}

/// Home and base folder of every instance, running or not.
pub(super) fn places(host: &Host, running: &[Daemon]) -> Vec<(String, String)> {
    let mut instances = of(host, running);
    let known: BTreeSet<String> = instances.iter().map(|one| one.home.clone()).collect();
    instances.extend(lying_about(host, &known));
    instances.into_iter().take(INSTANCES_MAX).map(|one| (one.home, one.base)).collect()
}

/// The instances that processes run.
fn of(host: &Host, daemons: &[Daemon]) -> Vec<Instance> {
    let about = About::of(host);
    let mut found: Vec<Instance> = Vec::new();
    let ours = daemons.iter().filter(|daemon| daemon.product() == "java");
    for daemon in ours.clone() {
        let Some(home) = daemon.option("-Djboss.home.dir=") else { continue };
        let process = |daemon: &Daemon| json!({ "pid": daemon.pid(), "user": daemon.user(host, &about), "argv": daemon.argv() });
        let controller = daemon.argv().iter().any(|word| word == "-D[Host Controller]");
        let server = daemon.argv().iter().any(|word| word.starts_with("-D[Server:"));
        if server || daemon.argv().iter().any(|word| word == "-D[Process Controller]") {
            continue;
        }
        let (kind, option, variable) = if controller {
            ("domain", "--host-config", "-Djboss.domain.base.dir=")
        } else {
            ("standalone", "--server-config", "-Djboss.server.base.dir=")
        };
        let base = daemon.option(variable).map_or_else(|| format!("{home}/{kind}"), str::to_owned);
        let config = daemon.option(&format!("{option}=")).or_else(|| daemon.after("-c"));
        let default = if controller { "host.xml" } else { "standalone.xml" };
        let servers = if controller { servers(ours.clone(), home, &process) } else { Vec::new() };
        found.push(Instance {
            home: home.trim_end_matches('/').to_owned(),
            base: base.trim_end_matches('/').to_owned(),
            domain: controller,
            config: file_name(config.unwrap_or(default)),
            process: Some(process(daemon)),
            servers,
        });
    }
    found
}

/// Servers that a host controller of the same home started.
fn servers<'a>(
    daemons: impl Iterator<Item = &'a Daemon>,
    home: &str,
    process: &dyn Fn(&Daemon) -> Value,
) -> Vec<Value> {
    let of = |daemon: &'a Daemon| {
        let name = daemon.option("-D[Server:")?.trim_end_matches(']');
        let same = daemon.option("-Djboss.home.dir=").is_none_or(|other| other == home);
        let mut told = process(daemon);
        told["name"] = name.into();
        same.then_some(told)
    };
    daemons.filter_map(of).take(NAMES_MAX).collect()
}

/// A configuration is named within its folder; a path is reduced to its last part.
fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// Homes of known folders that no process runs.
fn lying_about(host: &Host, known: &BTreeSet<String>) -> Vec<Instance> {
    let mut found = Vec::new();
    for parent in PARENTS {
        let Ok(listing) = host.list(parent) else { continue };
        for name in listing.names.iter().take(NAMES_MAX) {
            let home = format!("{parent}/{name}");
            let fits = NAMES.iter().any(|start| name.starts_with(start));
            let config = format!("{home}/standalone/configuration/standalone.xml");
            if !fits || known.contains(&home) || host.stat(&config).is_err() {
                continue;
            }
            found.push(Instance {
                base: format!("{home}/standalone"),
                home,
                domain: false,
                config: "standalone.xml".to_owned(),
                process: None,
                servers: Vec::new(),
            });
        }
    }
    found
}

impl Instance {
    fn told(&self, host: &Host) -> Value {
        let conf = if self.domain { "domain.conf" } else { "standalone.conf" };
        let conf = read(host, &format!("{}/bin/{conf}", self.home)).unwrap_or_default();
        json!({
            "home": self.home,
            "base": self.base,
            "mode": if self.domain { "domain" } else { "standalone" },
            "config": self.config,
            "process": self.process,
            "servers": self.servers,
            "version": first_line(host, &format!("{}/version.txt", self.home)),
            "manifest": manifest(host, &self.home),
            "overlays": names(host, &format!("{}/modules/system/layers/base/.overlays", self.home)),
            "patches": names(host, &format!("{}/.installation/patches", self.home)),
            "options": options(&conf),
            "java_home": java_home(&conf),
            "files": self.files(host),
            "users": self.users(host),
            "deployments": self.deployments(host),
            "logs": self.logs(host),
            "pending_transactions": self.pending(host),
        })
    }

    fn files(&self, host: &Host) -> Vec<Value> {
        let folder = format!("{}/configuration", self.base);
        let mut wanted = vec![(self.config.as_str(), "server")];
        if self.domain {
            wanted = vec![(self.config.as_str(), "host"), ("domain.xml", "domain")];
        }
        let one = |(name, kind): (&str, &str)| {
            let path = format!("{folder}/{name}");
            let tree = host.read(&path, XML_BYTES_MAX).map_err(|missed| missed.reason.as_str());
            let reduced = tree.and_then(|piece| {
                let text = clean(&piece.bytes);
                jboss::reduce(&text).map_err(|_| "malformed")
            });
            match reduced {
                Ok(tree) => json!({ "path": path, "kind": kind, "tree": tree }),
                Err(reason) => json!({ "path": path, "kind": kind, "unseen": reason }),
            }
        };
        wanted.into_iter().map(one).collect()
    }

    /// How many users each file of them has; of their names only the well-known are told.
    fn users(&self, host: &Host) -> Vec<Value> {
        const WELL_KNOWN: [&str; 8] =
            ["admin", "administrator", "demo", "guest", "jboss", "root", "test", "user"];
        let one = |name: &str| {
            let path = format!("{}/configuration/{name}", self.base);
            let stat = host.stat(&path).ok()?;
            let text = read(host, &path);
            let users: Option<Vec<&str>> = text.as_deref().map(|text| {
                let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
                lines.filter_map(|line| Some(line.split_once('=')?.0.trim())).collect()
            });
            let known = users.as_ref().map(|users| {
                WELL_KNOWN.iter().filter(|name| users.contains(name)).collect::<Vec<_>>()
            });
            Some(json!({
                "file": name,
                "count": users.map(|users| users.len()),
                "well_known": known,
                "mode": format!("{:04o}", stat.mode),
                "uid": stat.uid,
            }))
        };
        ["mgmt-users.properties", "application-users.properties"]
            .into_iter()
            .filter_map(one)
            .collect()
    }

    /// What lies in the scanner's folder, and what its marker files say.
    fn deployments(&self, host: &Host) -> Option<Vec<Value>> {
        const MARKERS: [&str; 6] =
            ["deployed", "failed", "undeployed", "pending", "skipdeploy", "dodeploy"];
        let listing = host.list(&format!("{}/deployments", self.base)).ok()?;
        let names: BTreeSet<&str> =
            listing.names.iter().map(String::as_str).take(NAMES_MAX).collect();
        let marker = |name: &str| {
            MARKERS.into_iter().find(|marker| names.contains(format!("{name}.{marker}").as_str()))
        };
        let is_archive = |name: &&str| {
            [".war", ".ear", ".jar", ".rar", ".sar", "-ds.xml"]
                .iter()
                .any(|end| name.ends_with(end))
        };
        let told = names.iter().copied().filter(is_archive);
        Some(told.map(|name| json!({ "name": name, "state": marker(name) })).collect())
    }

    fn logs(&self, host: &Host) -> Option<Value> {
        let folder = format!("{}/log", self.base);
        let listing = host.list(&folder).ok()?;
        let sizes: Vec<u64> = listing
            .names
            .iter()
            .take(NAMES_MAX)
            .filter_map(|name| host.stat(&format!("{folder}/{name}")).ok())
            .filter(|stat| stat.kind == Kind::File)
            .map(|stat| stat.size_bytes)
            .collect();
        let (bytes, largest) = (sizes.iter().sum::<u64>(), sizes.iter().max().copied());
        Some(json!({ "files": sizes.len(), "bytes": bytes, "largest_bytes": largest }))
    }

    /// Transactions in the object store, which wait for recovery.
    fn pending(&self, host: &Host) -> Option<usize> {
        const STORE: &str = "data/tx-object-store/ShadowNoFileLockStore/defaultStore";
        const ACTIONS: &str = "StateManager/BasicAction/TwoPhaseCoordinator/AtomicAction";
        host.list(&format!("{}/{STORE}", self.base)).ok()?;
        let listing = host.list(&format!("{}/{STORE}/{ACTIONS}", self.base));
        Some(listing.map_or(0, |listing| listing.names.len()))
    }
}

fn read(host: &Host, path: &str) -> Option<String> {
    host.read(path, SMALL_BYTES_MAX).ok().map(|piece| clean(&piece.bytes))
}

fn first_line(host: &Host, path: &str) -> Option<String> {
    host.word(path).ok()?.lines().next().map(|line| clean(line.as_bytes()))
}

/// What the product calls itself: the module that `bin/product.conf` names (`slot=eap`,
/// `slot=wildfly-full`); a plain WildFly has no `version.txt`.
fn manifest(host: &Host, home: &str) -> Option<Value> {
    let conf = read(host, &format!("{home}/bin/product.conf")).unwrap_or_default();
    let slot = conf.lines().find_map(|line| line.trim().strip_prefix("slot="));
    let slots = slot.map(str::trim).into_iter().chain(["main"]);
    let folder = format!("{home}/modules/system/layers/base/org/jboss/as/product");
    let found = slots.flat_map(|slot| {
        ["MANIFEST.MF", "manifest.mf"].map(|name| format!("{folder}/{slot}/dir/META-INF/{name}"))
    });
    let text = found.into_iter().find_map(|path| read(host, &path))?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim_start_matches(':').trim().to_owned())
    };
    Some(json!({
        "name": field("JBoss-Product-Release-Name"),
        "version": field("JBoss-Product-Release-Version"),
    }))
}

/// Names in a folder; none when it is not there.
fn names(host: &Host, folder: &str) -> Vec<String> {
    let names = host.list(folder).map(|listing| listing.names).unwrap_or_default();
    names.into_iter().filter(|name| !name.starts_with('.')).take(NAMES_MAX).collect()
}

/// Words of a start script's settings that Java's allow-list names.
fn options(conf: &str) -> Vec<String> {
    let lines = conf.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let words = lines.filter(|line| line.contains("JAVA_OPTS")).flat_map(|line| {
        line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))
            .filter(|word| word.starts_with('-'))
    });
    let argv: Vec<&str> = std::iter::once("java").chain(words.take(4 * OPTIONS_MAX)).collect();
    let kept = daemon::program("java").map(|program| program.kept(&argv)).unwrap_or_default();
    kept.into_iter().skip(1).take(OPTIONS_MAX).map(str::to_owned).collect()
}

fn java_home(conf: &str) -> Option<String> {
    let lines = conf.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let mut set = lines
        .filter_map(|line| line.strip_prefix("export ").unwrap_or(line).strip_prefix("JAVA_HOME="));
    let path = set.next_back()?.trim_matches(['"', '\'']);
    path.starts_with('/').then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::recorded;

    fn stat(pid: u32, parent: u32) -> String {
        format!("{pid} (java) S {parent} 7 7 0 -1 0 0 0 0 0 2 1 0 0 20 0 3 0 900 4096 25 1844")
    }

    const XML: &str = "<server><profile><subsystem xmlns='urn:jboss:domain:mail:1.0'>\
                       <x password='hunter2'/></subsystem></profile></server>";

    #[test]
    fn a_running_server_and_one_that_only_lies_there() {
        let home = "opt/jboss-eap-7.4";
        let argv = "java\0-D[Standalone]\0-Djboss.home.dir=/opt/jboss-eap-7.4\0-c\0ha.xml\0";
        let (_folder, host) = recorded(&[
            ("proc/uptime", "1000.0 1.0\n"),
            ("proc/20/stat", &stat(20, 1)),
            ("proc/20/cmdline", argv),
            (&format!("{home}/version.txt"), "JBoss EAP - Version 7.4.1.GA\n"),
            (&format!("{home}/standalone/configuration/ha.xml"), XML),
            (
                &format!("{home}/standalone/configuration/mgmt-users.properties"),
                "#admin=old\nadmin=0123456789abcdef\nkim=fedcba\n",
            ),
            (&format!("{home}/standalone/deployments/a.war"), ""),
            (&format!("{home}/standalone/deployments/a.war.failed"), "hunter2"),
            (
                &format!("{home}/bin/standalone.conf"),
                "JAVA_HOME=/opt/jdk\nJAVA_OPTS=\"-Xmx1g -Dx.password=hunter2\"\n#JAVA_OPTS=-Xmx9g\n",
            ),
            ("opt/wildfly-26/standalone/configuration/standalone.xml", "<server"),
            ("opt/other/standalone/configuration/standalone.xml", XML),
        ]);
        let value = survey(&host).unwrap();
        let text = value.to_string();
        assert!(!text.contains("hunter2") && !text.contains("0123456789abcdef"), "{text}");
        let rows = value["instances"].as_array().unwrap();
        assert_eq!(rows.len(), 2, "{text}");
        assert_eq!(rows[0]["config"], "ha.xml");
        assert_eq!(rows[0]["files"][0]["tree"]["root"]["e"], "server");
        assert_eq!(rows[0]["users"][0]["count"], 2);
        assert_eq!(rows[0]["users"][0]["well_known"], json!(["admin"]));
        assert_eq!(rows[0]["deployments"], json!([{"name": "a.war", "state": "failed"}]));
        assert_eq!(rows[0]["options"], json!(["-Xmx1g"]));
        assert_eq!(rows[0]["java_home"], "/opt/jdk");
        assert_eq!(rows[1]["home"], "/opt/wildfly-26");
        assert_eq!(rows[1]["process"], Value::Null);
        assert_eq!(rows[1]["files"][0]["unseen"], "malformed");
    }

    #[test]
    fn a_domain_is_one_instance_with_its_servers() {
        let home = "-Djboss.home.dir=/opt/eap";
        let line = |words: &str| format!("java\0{}\0{home}\0", words.replace(' ', "\0"));
        let (_folder, host) = recorded(&[
            ("proc/uptime", "1000.0 1.0\n"),
            ("proc/20/stat", &stat(20, 1)),
            ("proc/20/cmdline", &format!("java\0-D[Process Controller]\0{home}\0")),
            ("proc/21/stat", &stat(21, 20)),
            (
                "proc/21/cmdline",
                &format!("java\0-D[Host Controller]\0{home}\0--host-config=host-slave.xml\0"),
            ),
            ("proc/22/stat", &stat(22, 20)),
            ("proc/22/cmdline", &line("-D[Server:server-two] -Xmx512m")),
            ("opt/eap/domain/configuration/host-slave.xml", "<host/>"),
        ]);
        let value = survey(&host).unwrap();
        let rows = value["instances"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{value}");
        assert_eq!(
            (&rows[0]["mode"], &rows[0]["base"]),
            (&json!("domain"), &json!("/opt/eap/domain"))
        );
        assert_eq!(rows[0]["servers"][0]["name"], "server-two");
        assert_eq!(rows[0]["files"][0]["kind"], "host");
        assert_eq!(rows[0]["files"][1]["unseen"], "absent");
    }
}
