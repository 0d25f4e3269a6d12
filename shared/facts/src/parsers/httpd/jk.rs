//! mod_jk: the workers of its properties file.
//!
//! ```text
//! worker.list=lb
//! worker.app1.type=ajp13
//! worker.app1.host=10.20.2.31
//! worker.lb.balance_workers=app1,app2
//! ```
//! Defaults: the reference of workers.properties (Tomcat Connectors 1.2).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Server;
use crate::httpd::SERVER;
use crate::text;

/// Workers that refer to a worker that refers to a worker.
const REFERENCES_MAX: usize = 8;
/// Most workers of one file.
const WORKERS_MAX: usize = 200;

type Workers = BTreeMap<String, BTreeMap<String, String>>;

/// The file, and its workers by name with what they take over from others.
fn workers(server: &Server<'_>) -> Option<(String, Workers)> {
    let file = server.config.last(SERVER, "jkworkersfile")?;
    let path = server.config.path(file.arg(0));
    let text = server.evidence.text(&path).ok()?;
    let mut workers = Workers::new();
    for (name, value) in text::assignments(text) {
        let Some((worker, setting)) = name.strip_prefix("worker.").and_then(|n| n.rsplit_once('.'))
        else {
            continue;
        };
        if workers.len() < WORKERS_MAX || workers.contains_key(worker) {
            let value = value.as_str().unwrap_or_default().to_owned();
            workers.entry(worker.to_owned()).or_default().insert(setting.to_owned(), value);
        }
    }
    let names: Vec<String> = workers.keys().cloned().collect();
    for name in names {
        inherit(&mut workers, &name);
    }
    Some((path, workers))
}

fn inherit(workers: &mut Workers, name: &str) {
    let mut next = workers[name].get("reference").cloned();
    for _ in 0..REFERENCES_MAX {
        let Some(reference) = next.take() else { break };
        let other = reference.strip_prefix("worker.").unwrap_or(&reference);
        let Some(other) = workers.get(other).cloned() else { break };
        next = other.get("reference").cloned();
        let own = workers.entry(name.to_owned()).or_default();
        for (setting, value) in other {
            own.entry(setting).or_insert(value);
        }
    }
}

/// Balancers with the names of their members.
fn groups(workers: &Workers) -> Vec<(&String, Vec<&str>)> {
    let members = |settings: &BTreeMap<String, String>| -> Option<Vec<String>> {
        let list = settings.get("balance_workers").or_else(|| settings.get("balanced_workers"))?;
        Some(list.split([',', ' ']).filter(|name| !name.is_empty()).map(str::to_owned).collect())
    };
    let group = |(name, settings)| {
        let names = members(settings)?;
        let known = names.iter().filter_map(|one| workers.get_key_value(one));
        Some((name, known.map(|(key, _)| key.as_str()).collect()))
    };
    workers.iter().filter_map(group).collect()
}

/// Every worker that calls a host and is named by a balancer or by `worker.list`.
pub fn rows(server: &Server<'_>) -> Vec<Value> {
    let Some((file, workers)) = workers(server) else { return Vec::new() };
    let groups = groups(&workers);
    let references: BTreeSet<&str> = workers
        .values()
        .filter_map(|settings| settings.get("reference"))
        .map(|name| name.strip_prefix("worker.").unwrap_or(name))
        .collect();
    let mounted = mounts(server);
    let row = |(name, settings): (&String, &BTreeMap<String, String>)| {
        let kind = settings.get("type").map_or("ajp13", String::as_str);
        if !kind.starts_with("ajp") || references.contains(name.as_str()) {
            return None;
        }
        let number = |key: &str| settings.get(key).and_then(|text| text.parse::<i64>().ok());
        let group = groups.iter().find(|(_, members)| members.contains(&name.as_str()));
        let balancer = group.map(|(name, _)| name.as_str());
        let path = mounted.get(balancer.unwrap_or(name)).map_or("", String::as_str);
        Some(json!({
            "instance": server.instance.main,
            "site": "",
            "module": "jk",
            "scheme": "ajp",
            "host": settings.get("host").map_or("localhost", String::as_str),
            "port": number("port").unwrap_or(8009),
            "path": path,
            "balancer": balancer,
            "route": settings.get("route").map_or(name.as_str(), String::as_str),
            "max": number("connection_pool_size").or_else(|| number("cachesize")),
            "timeout_s": number("socket_timeout").unwrap_or(0),
            "timeout_by": if settings.contains_key("socket_timeout") { "target" } else { "default" },
            "reply_timeout_ms": number("reply_timeout").unwrap_or(0),
            "connect_timeout_ms": number("connect_timeout").unwrap_or(0),
            "pool_timeout_s": number("connection_pool_timeout").unwrap_or(0),
            "ping_mode": settings.get("ping_mode"),
            "keepalive": settings.get("socket_keepalive").map(|on| is_true(on)),
            "disable_reuse": false,
            "status": settings.get("activation"),
            "secret_set": settings.contains_key("secret"),
            "source": file,
        }))
    };
    workers.iter().filter_map(row).collect()
}

pub fn balancers(server: &Server<'_>) -> Vec<Value> {
    let Some((_, workers)) = workers(server) else { return Vec::new() };
    let row = |(name, members): (&String, Vec<&str>)| {
        let settings = &workers[name];
        let sticky = settings.get("sticky_session").is_none_or(|on| is_true(on));
        let member = |name: &&str| {
            let route = workers[*name].get("route").map_or(*name, String::as_str);
            json!({"url": *name, "route": route, "status": workers[*name].get("activation")})
        };
        json!({
            "instance": server.instance.main,
            "name": name,
            "module": "jk",
            "members": members.iter().map(member).collect::<Vec<_>>(),
            "sticky": sticky.then_some("JSESSIONID"),
            "method": settings.get("method").map_or("Request", String::as_str),
            "no_failover": settings.get("sticky_session_force").is_some_and(|on| is_true(on)),
        })
    };
    groups(&workers).into_iter().map(row).collect()
}

fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "t" | "on" | "yes" | "y")
}

/// Worker → the first path that it is mounted at.
fn mounts(server: &Server<'_>) -> BTreeMap<String, String> {
    let config = &server.config;
    let mut mounts = BTreeMap::new();
    for directive in config.every("jkmount") {
        let inside = config.sections[directive.section].args.first().map_or("", String::as_str);
        let (path, worker) = match directive.args.len() {
            1 => (inside, directive.arg(0)),
            _ => (directive.arg(0), directive.arg(1)),
        };
        mounts.entry(worker.to_owned()).or_insert_with(|| path.to_owned());
    }
    if let Some(file) = config.every("jkmountfile").last() {
        let text = server.evidence.text(&config.path(file.arg(0))).unwrap_or_default();
        for (path, worker) in text::assignments(text) {
            let worker = worker.as_str().unwrap_or_default().to_owned();
            mounts.entry(worker).or_insert(path);
        }
    }
    mounts
}
