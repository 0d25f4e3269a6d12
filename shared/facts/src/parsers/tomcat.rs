//! Tomcat: instances, connectors, pools, hosts, applications, sessions, the JVM's flags.
//!
//! Reads `survey:tomcat`, which the agent reduced on the host ([`crate::tomcat`]); the defaults of
//! each version's reference are put in where a file says nothing. Nothing is judged.

mod connectors;
mod jvm;
mod pools;
mod sessions;
mod sites;

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const SURVEY: &str = "survey:tomcat";

const KEYS: [&str; 10] = [
    "tomcat.apps",
    "tomcat.clusters",
    "tomcat.connectors",
    "tomcat.contexts",
    "tomcat.datasources",
    "tomcat.executors",
    "tomcat.hosts",
    "tomcat.instances",
    "tomcat.jvm",
    "tomcat.users",
];

pub static PARSER: Parser = Parser {
    name: "tomcat",
    facts: &[
        Spec::plain(
            "tomcat.apps",
            "deployed applications; the ones that ship with Tomcat are marked",
        ),
        Spec::plain("tomcat.clusters", "session replication: manager, membership, send options"),
        Spec::plain("tomcat.connectors", "connectors: port, threads, queue, time-outs, AJP, TLS"),
        Spec::plain("tomcat.contexts", "contexts: reloadable, privileged, links, cookies"),
        Spec::plain("tomcat.datasources", "connection pools: target, limits, validation"),
        Spec::plain("tomcat.executors", "thread pools that connectors share"),
        Spec::plain("tomcat.hosts", "virtual hosts: deployment, access log, error pages"),
        Spec::plain(
            "tomcat.instances",
            "instances: folders, version, user, shutdown port, sessions",
        ),
        Spec::plain("tomcat.jvm", "Java flags: heap, GC log, dumps, JMX"),
        Spec::plain("tomcat.users", "accounts of tomcat-users.xml, counted"),
    ],
    parse,
};

#[derive(Deserialize)]
struct Survey {
    instances: Vec<Instance>,
    #[serde(default)]
    truncated: bool,
}

/// One instance as the survey tells it. A file that was not seen is `{"unseen": reason}`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Instance {
    base: String,
    home: String,
    running: Option<bool>,
    pid: Option<i64>,
    user: Option<String>,
    unit: Option<String>,
    flags: Vec<String>,
    version: Option<String>,
    server: Value,
    context: Value,
    web: Value,
    users: Value,
    contexts: Vec<Value>,
    /// None where nobody could look.
    apps: Option<Vec<Value>>,
    users_mode: Option<i64>,
    server_mode: Option<i64>,
    catalina_out_bytes: Option<i64>,
    default_root: Option<bool>,
}

impl Survey {
    /// Why a fact is not known although the instances are: one that nobody could look at, or
    /// that may not be read, could hold anything.
    fn blind(&self, key: &str) -> Option<Unseen> {
        self.instances.iter().find_map(|instance| match key {
            "tomcat.apps" => instance.apps.is_none().then_some(Unseen::Absent),
            "tomcat.jvm" => {
                let unknown = instance.running.is_none() && instance.flags.is_empty();
                unknown.then_some(Unseen::Absent)
            }
            "tomcat.users" => match &instance.users {
                Value::Null => Some(Unseen::Absent),
                told => {
                    let reason = serde_json::from_value(told["unseen"].clone()).ok();
                    reason.filter(|reason| *reason != Unseen::Absent)
                }
            },
            _ => None,
        })
    }
}

/// An element of a reduced tree.
#[derive(Clone, Copy)]
struct Node<'a>(&'a Value);

impl<'a> Node<'a> {
    fn name(self) -> &'a str {
        self.0["element"].as_str().unwrap_or_default()
    }

    fn text(self, attribute: &str) -> Option<&'a str> {
        self.0["attributes"][attribute].as_str()
    }

    fn number(self, attribute: &str) -> Option<i64> {
        self.text(attribute)?.trim().parse().ok()
    }

    fn flag(self, attribute: &str) -> Option<bool> {
        match self.text(attribute)?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// Whether a secret is set.
    fn is_set(self, secret: &str) -> bool {
        self.0["attributes"][format!("{secret}_set")] == true
    }

    /// The class without its package.
    fn class(self) -> &'a str {
        self.text("className").and_then(|class| class.rsplit('.').next()).unwrap_or_default()
    }

    fn children(self) -> impl Iterator<Item = Node<'a>> {
        self.0["children"].as_array().into_iter().flatten().map(Node)
    }

    fn all(self, name: &'static str) -> impl Iterator<Item = Node<'a>> {
        self.children().filter(move |node| node.name() == name)
    }

    /// Every element of a name below, itself left out.
    fn below(self, name: &'static str) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        let mut open: Vec<Node<'a>> = self.children().collect();
        while let Some(node) = open.pop() {
            if node.name() == name {
                found.push(node);
            }
            open.extend(node.children());
        }
        found.reverse();
        found
    }
}

impl Instance {
    fn server(&self) -> Node<'_> {
        Node(&self.server)
    }

    fn services(&self) -> impl Iterator<Item = Node<'_>> {
        self.server().all("Service")
    }

    /// Major, minor and patch; 9.0 where nobody knows, the middle of what is in use.
    fn version(&self) -> [i64; 3] {
        let mut numbers = [9, 0, i64::MAX];
        for (at, part) in self.version.iter().flat_map(|text| text.split('.')).take(3).enumerate() {
            numbers[at] = part.parse().unwrap_or(0);
        }
        numbers
    }
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let mut survey: Survey = match evidence.survey(SURVEY) {
        Ok(survey) => survey,
        Err(reason) => return unseen(evidence, facts, reason),
    };
    for instance in survey.instances.iter_mut().filter(|instance| instance.version.is_none()) {
        instance.version = packaged(evidence, &instance.home);
    }
    let hidden = survey.instances.iter().find_map(|instance| {
        let reason = serde_json::from_value(instance.server["unseen"].clone()).ok()?;
        Some((format!("{}/conf/server.xml", instance.base), reason))
    });
    if let Some((path, reason)) = hidden {
        return facts.miss_all(&KEYS, reason, &path);
    }
    let gather = |each: &dyn Fn(&Instance) -> Vec<Value>| -> Vec<Value> {
        survey.instances.iter().flat_map(each).collect()
    };
    let truncated = survey.truncated;
    let mut put = |key: &str, rows: Vec<Value>| match survey.blind(key) {
        Some(reason) => facts.miss(key, reason, SURVEY),
        None => facts.put(key, rows, SURVEY),
    };
    put("tomcat.apps", gather(&sites::apps));
    put("tomcat.clusters", gather(&sessions::clusters));
    put("tomcat.connectors", gather(&connectors::rows));
    put("tomcat.contexts", gather(&sites::contexts));
    put("tomcat.datasources", gather(&pools::rows));
    put("tomcat.executors", gather(&connectors::executors));
    put("tomcat.hosts", gather(&sites::hosts));
    put("tomcat.instances", gather(&|instance| vec![told(instance, truncated)]));
    put("tomcat.jvm", gather(&jvm::rows));
    put("tomcat.users", gather(&users));
}

/// Without a survey: no Tomcat, where the list of packages is there and names none. One that was
/// unpacked by hand would not be seen, so a process list must be there and name no Java.
fn unseen(evidence: &Evidence<'_>, facts: &mut Facts, reason: Unseen) {
    #[derive(Deserialize)]
    struct Processes {
        names: std::collections::BTreeMap<String, i64>,
    }
    let packages = evidence.text("cmd:rpm-packages").unwrap_or_default();
    let installed = packages.lines().any(|line| {
        line.starts_with("tomcat") || line.starts_with("jws") && line.contains("tomcat")
    });
    let processes = evidence.survey::<Processes>("survey:processes").ok();
    let java = processes.is_none_or(|processes| processes.names.contains_key("java"));
    if reason == Unseen::Absent && !packages.is_empty() && !installed && !java {
        for key in KEYS {
            facts.put(key, Vec::<Value>::new(), SURVEY);
        }
    } else {
        facts.miss_all(&KEYS, reason, SURVEY);
    }
}

/// The version of the package that a home belongs to, in the list of packages.
fn packaged(evidence: &Evidence<'_>, home: &str) -> Option<String> {
    let name = home.strip_prefix("/usr/share/").filter(|name| name.starts_with("tomcat"))?;
    let text = evidence.text("cmd:rpm-packages").ok()?;
    let line = text.lines().find(|line| line.split('\t').next() == Some(name))?;
    line.split('\t').nth(2).map(str::to_owned)
}

fn told(instance: &Instance, truncated: bool) -> Value {
    let server = instance.server();
    let route = instance.services().flat_map(|service| service.all("Engine"));
    let route = route.filter_map(|engine| engine.text("jvmRoute")).next();
    let listeners: Vec<&str> = server.all("Listener").map(Node::class).collect();
    let port = server.number("port").unwrap_or(8005);
    let mut row = json!({
        "base": instance.base,
        "home": instance.home,
        "version": instance.version,
        "line": instance.version.as_ref().map(|_| {
            let [major, minor, _] = instance.version();
            format!("{major}.{minor}")
        }),
        "packaged": instance.home.starts_with("/usr/share/tomcat"),
        "running": instance.running,
        "pid": instance.pid,
        "user": instance.user,
        "unit": instance.unit,
        "jvm_route": route,
        "shutdown_port": port,
        "shutdown_address": server.text("address").unwrap_or("localhost"),
        "shutdown_word_default": server.0["attributes"]["shutdown_default"] != false,
        "listeners": listeners,
        "apps": instance.apps.as_ref().map(Vec::len),
        "default_root": instance.default_root,
        "users_mode": instance.users_mode,
        "server_mode": instance.server_mode,
        "catalina_out_bytes": instance.catalina_out_bytes,
        "truncated": truncated,
    });
    sessions::settings(instance, &mut row);
    row
}

fn users(instance: &Instance) -> Vec<Value> {
    let Some(counts) = instance.users.as_object().filter(|map| map.contains_key("users")) else {
        return Vec::new();
    };
    let mut row = counts.clone();
    row.insert("instance".to_owned(), instance.base.as_str().into());
    row.insert("mode".to_owned(), instance.users_mode.into());
    let realms = instance.server().below("Realm");
    let locks = realms.iter().any(|realm| realm.class() == "LockOutRealm");
    let hashed =
        instance.server().below("CredentialHandler").iter().any(|one| {
            one.text("algorithm").is_some() || one.class() == "SecretKeyCredentialHandler"
        });
    row.insert("lock_out".to_owned(), locks.into());
    row.insert("digested".to_owned(), hashed.into());
    vec![row.into()]
}

#[cfg(test)]
mod tests;
