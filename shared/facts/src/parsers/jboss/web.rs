//! Undertow (EAP 7 and later) and JBoss Web (EAP 6): listeners, I/O workers, servlet containers.

use serde_json::{Value, json};

use super::scope::{Scope, View, is_any, is_exposed};

/// Threads for each processor of a worker's pool that names none (WildFly's io subsystem).
const THREADS_PER_PROCESSOR: i64 = 16;
/// Minutes of a session that nothing is said of (Servlet container's default in WildFly).
const SESSION_MINUTES: i64 = 30;

pub fn listeners(scope: &Scope<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    if let Some(undertow) = scope.subsystem(&["undertow"]) {
        for listener in undertow.at(&["server"]).iter().flat_map(View::children) {
            if let Some(kind) = listener.name().strip_suffix("-listener") {
                found.push(undertow_listener(scope, &listener, kind));
            }
        }
    }
    if let Some(web) = scope.subsystem(&["web"]) {
        found.extend(web.at(&["connector"]).iter().map(|one| web_connector(scope, one)));
    }
    found
}

fn undertow_listener(scope: &Scope<'_>, listener: &View<'_>, kind: &str) -> Value {
    let binding = listener.get("socket-binding").unwrap_or_default();
    let (address, port) = scope.binding(&binding);
    let worker = listener.get("worker").unwrap_or_else(|| "default".to_owned());
    let pool = worker_of(scope, &worker);
    json!({
        "instance": scope.instance,
        "kind": kind,
        "name": listener.get("name"),
        "enabled": listener.flag("enabled").unwrap_or(true),
        "address": address,
        "any": is_any(address.as_deref()),
        "exposed": is_exposed(address.as_deref()),
        "port": port,
        "worker": worker,
        "max_threads": pool,
        "max_connections": listener.int("max-connections"),
        "max_post_size": listener.int("max-post-size"),
        "no_request_timeout_ms": listener.int("no-request-timeout"),
        "request_parse_timeout_ms": listener.int("request-parse-timeout"),
        "read_timeout_ms": listener.int("read-timeout"),
        "http2": listener.flag("enable-http2"),
        "proxy_address_forwarding": listener.flag("proxy-address-forwarding").unwrap_or(false),
        "protocols": listener.get("enabled-protocols"),
        "ciphers": listener.get("enabled-cipher-suites"),
        "redirect": listener.get("redirect-socket"),
    })
}

fn web_connector(scope: &Scope<'_>, connector: &View<'_>) -> Value {
    let binding = connector.get("socket-binding").unwrap_or_default();
    let (address, port) = scope.binding(&binding);
    let ajp = connector.get("protocol").is_some_and(|protocol| protocol.starts_with("AJP"));
    let tls = connector.get("scheme").as_deref() == Some("https");
    let ssl = connector.first(&["ssl"]);
    json!({
        "instance": scope.instance,
        "kind": if ajp { "ajp" } else if tls { "https" } else { "http" },
        "name": connector.get("name"),
        "enabled": connector.flag("enabled").unwrap_or(true),
        "address": address,
        "any": is_any(address.as_deref()),
        "exposed": is_exposed(address.as_deref()),
        "port": port,
        "worker": connector.get("executor"),
        "max_threads": connector.int("max-connections"),
        "max_connections": connector.int("max-connections"),
        "max_post_size": connector.int("max-post-size"),
        "no_request_timeout_ms": Value::Null,
        "request_parse_timeout_ms": Value::Null,
        "read_timeout_ms": Value::Null,
        "http2": Value::Null,
        "proxy_address_forwarding": false,
        "protocols": ssl.and_then(|ssl| ssl.get("protocol")),
        "ciphers": Value::Null,
        "redirect": Value::Null,
    })
}

/// Task threads of a worker: as set, else the default for this many processors.
fn worker_of(scope: &Scope<'_>, name: &str) -> Option<i64> {
    let io = scope.subsystem(&["io"])?;
    let workers = io.at(&["worker"]);
    let worker = workers.iter().find(|one| one.get("name").as_deref() == Some(name))?;
    let default = || scope.processors?.checked_mul(THREADS_PER_PROCESSOR);
    worker.int("task-max-threads").or_else(default)
}

pub fn workers(scope: &Scope<'_>) -> Vec<Value> {
    let Some(io) = scope.subsystem(&["io"]) else { return Vec::new() };
    let told = |worker: &View<'_>| {
        let name = worker.get("name").unwrap_or_default();
        json!({
            "instance": scope.instance,
            "io_threads": worker.int("io-threads"),
            "task_max_threads": worker.int("task-max-threads"),
            "task_core_threads": worker.int("task-core-threads"),
            "max_threads": worker_of(scope, &name),
            "name": name,
        })
    };
    io.at(&["worker"]).iter().map(told).collect()
}

pub fn containers(scope: &Scope<'_>) -> Vec<Value> {
    if let Some(undertow) = scope.subsystem(&["undertow"]) {
        let hosts = undertow.at(&["server", "host"]);
        let welcome = |host: &View<'_>| {
            host.at(&["location"])
                .iter()
                .any(|one| one.get("handler").as_deref() == Some("welcome-content"))
        };
        let access_log = hosts.iter().any(|host| host.first(&["access-log"]).is_some());
        let welcome = hosts.iter().any(welcome);
        // Where nothing is said it is the node's name, and that only where it was given one.
        let id = undertow.get("instance-id").or_else(|| scope.known("jboss.node.name"));
        let id = id.filter(|id| !id.is_empty() && !id.contains("${"));
        let told = |container: &View<'_>| {
            let cookie = container.first(&["session-cookie"]);
            let jsp = container.first(&["jsp-config"]);
            json!({
                "instance": scope.instance,
                "name": container.get("name"),
                "instance_id": id,
                "welcome": welcome,
                "access_log": access_log,
                "session_timeout_min":
                    container.int("default-session-timeout").unwrap_or(SESSION_MINUTES),
                "max_sessions": container.int("max-sessions"),
                "directory_listing": container.flag("directory-listing"),
                "development": jsp.and_then(|jsp| jsp.flag("development")).unwrap_or(false),
                "cookie_secure": cookie.and_then(|cookie| cookie.flag("secure")),
                "cookie_http_only": cookie.and_then(|cookie| cookie.flag("http-only")),
            })
        };
        return undertow.at(&["servlet-container"]).iter().map(told).collect();
    }
    let Some(web) = scope.subsystem(&["web"]) else { return Vec::new() };
    let servers = web.at(&["virtual-server"]);
    let welcome = servers.iter().any(|one| one.flag("enable-welcome-root").unwrap_or(false));
    let access_log = servers.iter().any(|one| one.first(&["access-log"]).is_some());
    let jsp = web.first(&["configuration", "jsp-configuration"]);
    vec![json!({
        "instance": scope.instance,
        "name": "web",
        "instance_id": web.get("instance-id").filter(|id| !id.is_empty() && !id.contains("${")),
        "welcome": welcome,
        "access_log": access_log,
        "session_timeout_min": SESSION_MINUTES,
        "max_sessions": Value::Null,
        "directory_listing": Value::Null,
        "development": jsp.and_then(|jsp| jsp.flag("development")).unwrap_or(false),
        "cookie_secure": Value::Null,
        "cookie_http_only": Value::Null,
    })]
}
