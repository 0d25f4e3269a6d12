//! JBoss EAP and WildFly: instances and what their configuration says, subject by subject.
//!
//! Reads the survey `jboss`: trees reduced on the host (`carepack_shared::jboss`). Expressions
//! (`${name:default}`) are settled with the options of the running process. Of several instances
//! the running ones are told of; where nothing runs, or nobody could look, all are.

mod cluster;
mod data;
mod instance;
mod messaging;
mod operation;
mod scope;
mod web;

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::Value;

use crate::{Evidence, Facts, Parser, Spec};

use instance::{Instance, controller};
use scope::Scope;

const SURVEY: &str = "survey:jboss";

/// What counts processes of any kind.
pub(super) const PROCESSES: &str = "survey:processes";

/// Facts that hold without the configuration.
const FACTS: [&str; 3] = ["jboss.instances", "jboss.users", "jboss.deployments"];

/// Facts that the configuration tells; without it all of them are unknown.
const KEYS: [&str; 21] = [
    "jboss.caches",
    "jboss.credentials",
    "jboss.datasources",
    "jboss.drivers",
    "jboss.ejb_pools",
    "jboss.interfaces",
    "jboss.jgroups",
    "jboss.listeners",
    "jboss.log_categories",
    "jboss.log_handlers",
    "jboss.management",
    "jboss.messaging",
    "jboss.messaging_addresses",
    "jboss.modcluster",
    "jboss.properties",
    "jboss.realms",
    "jboss.scanners",
    "jboss.server_groups",
    "jboss.transactions",
    "jboss.web",
    "jboss.workers",
];

pub static PARSER: Parser = Parser {
    name: "jboss",
    facts: &[
        Spec {
            key: "jboss.instances",
            unit: "",
            about: "instances: {instance, home, base, mode, config, product, version, major, \
                    minor, running, user, node_name, port_offset, tls_to_controller, options, …}",
        },
        Spec { key: "jboss.users", unit: "", about: "users' files: {instance, file, count, mode}" },
        Spec { key: "jboss.deployments", unit: "", about: "{instance, name, state, enabled}" },
        Spec {
            key: "jboss.caches",
            unit: "",
            about: "Infinispan: {container, name, mode, owners}",
        },
        Spec {
            key: "jboss.credentials",
            unit: "",
            about: "passwords' forms: {instance, of, form}",
        },
        Spec {
            key: "jboss.datasources",
            unit: "",
            about: "{instance, name, xa, driver, scheme, host, port, database, min_pool, max_pool, \
                    validation, …} with the defaults in effect",
        },
        Spec { key: "jboss.drivers", unit: "", about: "JDBC drivers: {instance, name, module}" },
        Spec { key: "jboss.ejb_pools", unit: "", about: "bean pools and thread pools" },
        Spec { key: "jboss.interfaces", unit: "", about: "{instance, name, address, exposed}" },
        Spec {
            key: "jboss.jgroups",
            unit: "",
            about: "stacks: {name, default, transport, hosts, …}",
        },
        Spec {
            key: "jboss.listeners",
            unit: "",
            about: "{instance, kind, name, port, address, worker, max_threads, …}",
        },
        Spec { key: "jboss.log_categories", unit: "", about: "loggers: {category, level}" },
        Spec { key: "jboss.log_handlers", unit: "", about: "{name, kind, path, rotates, bounded}" },
        Spec {
            key: "jboss.management", unit: "", about: "{kind, address, port, secured, tls, …}"
        },
        Spec {
            key: "jboss.messaging", unit: "", about: "brokers: {name, journal, persistent, …}"
        },
        Spec { key: "jboss.messaging_addresses", unit: "", about: "address settings in effect" },
        Spec { key: "jboss.modcluster", unit: "", about: "{proxies, advertise, sticky, …}" },
        Spec { key: "jboss.properties", unit: "", about: "names of system properties" },
        Spec { key: "jboss.realms", unit: "", about: "security realms: {name, local, plain_text}" },
        Spec { key: "jboss.scanners", unit: "", about: "deployment scanners with defaults" },
        Spec { key: "jboss.server_groups", unit: "", about: "domain: {group, profile, servers}" },
        Spec { key: "jboss.transactions", unit: "", about: "{node_identifier, default_timeout_s}" },
        Spec { key: "jboss.web", unit: "", about: "servlet container, sessions, welcome content" },
        Spec { key: "jboss.workers", unit: "", about: "I/O workers: {name, io_threads, …}" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Survey {
    #[serde(default)]
    looked_at_processes: bool,
    instances: Vec<Instance>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let survey = match evidence.survey::<Survey>(SURVEY) {
        Ok(survey) => survey,
        Err(_) if evidence.get(SURVEY).is_none() && no_java(evidence) => {
            for key in FACTS.iter().chain(&KEYS) {
                facts.put(key, Vec::<Value>::new(), PROCESSES);
            }
            return;
        }
        Err(reason) => {
            facts.miss_all(&FACTS, reason, SURVEY);
            return facts.miss_all(&KEYS, reason, SURVEY);
        }
    };
    let any_runs = survey.instances.iter().any(|one| one.process.is_some());
    let told = |one: &&Instance| !any_runs || one.process.is_some();
    let chosen: Vec<&Instance> = survey.instances.iter().filter(told).collect();
    let rows = survey.instances.iter().map(|one| one.row(survey.looked_at_processes));
    facts.put("jboss.instances", rows.collect::<Vec<Value>>(), SURVEY);
    let users: Vec<Value> = chosen.iter().flat_map(|one| one.labelled(&one.users)).collect();
    facts.put("jboss.users", users, SURVEY);
    // A configuration that was not seen could hold anything: nothing is told of any.
    let hidden = chosen.iter().flat_map(|one| &one.files).find(|file| file.tree.is_none());
    if let Some(file) = hidden {
        let reason = file.unseen.as_deref().and_then(unseen).unwrap_or(Unseen::Malformed);
        facts.miss("jboss.deployments", reason, &file.path);
        return facts.miss_all(&KEYS, reason, &file.path);
    }
    let processors = evidence.text("/sys/devices/system/cpu/online").ok().and_then(processors);
    let scopes: Vec<Scope<'_>> = chosen.iter().flat_map(|one| scopes(one, processors)).collect();
    let mut deployments: Vec<Value> = chosen.iter().flat_map(|one| one.in_folder()).collect();
    deployments.extend(scopes.iter().flat_map(operation::deployments));
    facts.put("jboss.deployments", deployments, SURVEY);
    let gather = |tell: fn(&Scope<'_>) -> Vec<Value>| -> Vec<Value> {
        scopes.iter().flat_map(tell).map(named).collect()
    };
    for (key, tell) in SUBJECTS {
        facts.put(key, gather(*tell), SURVEY);
    }
}

/// Whether somebody counted the processes (an archive, an older agent) and no Java was there.
pub(super) fn no_java(evidence: &Evidence<'_>) -> bool {
    #[derive(Deserialize)]
    struct Processes {
        names: BTreeMap<String, i64>,
    }
    // A list that is full may have lost a name.
    const NAMES_MAX: usize = 200;
    let counted = evidence.survey::<Processes>(PROCESSES);
    counted.is_ok_and(|counted| {
        (1..NAMES_MAX).contains(&counted.names.len()) && !counted.names.contains_key("java")
    })
}

/// What has no name is named by nothing: rules put names together as texts.
fn named(mut row: Value) -> Value {
    for key in ["name", "match", "container", "category"] {
        if row.get(key).is_some_and(Value::is_null) {
            row[key] = "".into();
        }
    }
    row
}

/// Which function tells which fact.
type Subject = (&'static str, fn(&Scope<'_>) -> Vec<Value>);

const SUBJECTS: &[Subject] = &[
    ("jboss.caches", cluster::caches),
    ("jboss.credentials", operation::credentials),
    ("jboss.datasources", data::sources),
    ("jboss.drivers", data::drivers),
    ("jboss.ejb_pools", data::pools),
    ("jboss.interfaces", operation::interfaces),
    ("jboss.jgroups", cluster::stacks),
    ("jboss.listeners", web::listeners),
    ("jboss.log_categories", operation::categories),
    ("jboss.log_handlers", operation::handlers),
    ("jboss.management", operation::management),
    ("jboss.messaging", messaging::brokers),
    ("jboss.messaging_addresses", messaging::addresses),
    ("jboss.modcluster", cluster::balancers),
    ("jboss.properties", operation::properties),
    ("jboss.realms", operation::realms),
    ("jboss.scanners", operation::scanners),
    ("jboss.server_groups", operation::server_groups),
    ("jboss.transactions", data::transactions),
    ("jboss.web", web::containers),
    ("jboss.workers", web::workers),
];

fn unseen(name: &str) -> Option<Unseen> {
    use Unseen::{Absent, Denied, Failed, TimedOut, Withheld};
    [Absent, Denied, TimedOut, Failed, Withheld].into_iter().find(|one| one.as_str() == name)
}

/// Processors of a list such as `0-3,8`.
fn processors(list: &str) -> Option<i64> {
    let mut count = 0_i64;
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (i64, i64) = (first.parse().ok()?, last.parse().ok()?);
        count = count.checked_add(last.checked_sub(first)?.checked_add(1)?)?;
    }
    (1..=65_536).contains(&count).then_some(count)
}

/// A standalone server is one scope; a domain has one for each profile that a group uses, and
/// one of the host controller itself.
fn scopes(instance: &Instance, processors: Option<i64>) -> Vec<Scope<'_>> {
    let tree = |kind: &str| {
        let file = instance.files.iter().find(|file| file.kind == kind)?;
        file.tree.as_ref().map(|tree| &tree.root)
    };
    let options: Vec<&str> = match &instance.process {
        Some(process) => process.argv.iter().map(String::as_str).collect(),
        None => instance.options.iter().map(String::as_str).collect(),
    };
    let scope = |label: String, root, profile| Scope {
        instance: label,
        root,
        profile,
        options: options.clone(),
        processors,
    };
    if let Some(root) = tree("server") {
        let profile = root.c.iter().find(|child| child.e == "profile");
        return vec![scope(instance.base.clone(), root, profile)];
    }
    let mut scopes = Vec::new();
    let host = tree("host");
    let remote = host.is_some_and(|host| controller(host).is_some());
    scopes.extend(host.map(|root| scope(instance.base.clone(), root, None)));
    // A slave keeps the shipped domain.xml, which nothing reads.
    let Some(root) = tree("domain").filter(|_| !remote) else { return scopes };
    let all = scope(instance.base.clone(), root, None);
    let used: Vec<String> = all
        .at(&["server-groups", "server-group"])
        .iter()
        .filter_map(|g| g.get("profile"))
        .collect();
    for profile in root.c.iter().filter(|child| child.e == "profiles").flat_map(|all| &all.c) {
        let Some(name) = profile.a.get("name").filter(|name| used.contains(name)) else { continue };
        scopes.push(scope(format!("{} ({name})", instance.base), root, Some(profile)));
    }
    scopes
}
