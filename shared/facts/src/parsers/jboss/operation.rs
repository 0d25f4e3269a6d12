//! How a server is run: management, realms, interfaces, deployments, logging, properties.

use serde_json::{Value, json};

use super::scope::{Scope, View, is_any, is_exposed};

/// Milliseconds between two looks of a scanner that says nothing; 0 looks once.
const SCAN_INTERVAL_MS: i64 = 0;
const DEPLOYMENT_TIMEOUT_S: i64 = 600;
/// Most names of system properties told of one scope.
const PROPERTIES_MAX: usize = 300;
/// Most passwords' forms told of one scope.
const CREDENTIALS_MAX: usize = 200;

pub fn management(scope: &Scope<'_>) -> Vec<Value> {
    // A profile of a domain has no management of its own: its host controller's is told.
    if scope.root.e == "domain" {
        return Vec::new();
    }
    let audit = scope.at(&["management", "audit-log", "logger"]);
    let audit = audit.iter().any(|logger| logger.flag("enabled").unwrap_or(true));
    let provider = scope.at(&["management", "access-control"]);
    let provider = provider.first().and_then(|one| one.get("provider"));
    let interfaces = scope.at(&["management", "management-interfaces"]);
    let mut found = Vec::new();
    for one in interfaces.iter().flat_map(View::children) {
        let kind = match one.name() {
            "http-interface" => "http",
            "native-interface" => "native",
            _ => continue,
        };
        let ((address, port), tls_port) = endpoint(scope, &one, kind);
        found.push(json!({
            "instance": scope.instance,
            "kind": kind,
            "address": address,
            "any": is_any(address.as_deref()),
            "exposed": is_exposed(address.as_deref()),
            "port": port,
            "tls_port": tls_port,
            "tls": tls_port.is_some() || one.get("ssl-context").is_some(),
            "realm": one.get("security-realm"),
            "secured": is_secured(&one),
            "console": one.flag("console-enabled").unwrap_or(true),
            "audit_log": audit,
            "access_control": provider,
        }));
    }
    found
}

/// Whether somebody is asked who they are.
fn is_secured(one: &View<'_>) -> bool {
    const BY: [&str; 3] =
        ["security-realm", "http-authentication-factory", "sasl-authentication-factory"];
    let upgrade = one.first(&["http-upgrade"]);
    [Some(*one), upgrade]
        .iter()
        .flatten()
        .any(|at| BY.iter().any(|name| at.node.a.contains_key(*name)))
}

/// Address and port, and the port for TLS: by socket binding (standalone) or socket (host).
fn endpoint(
    scope: &Scope<'_>,
    one: &View<'_>,
    kind: &str,
) -> ((Option<String>, Option<i64>), Option<i64>) {
    if let Some(binding) = one.first(&["socket-binding"]) {
        let plain = binding.get(kind).or_else(|| binding.get("native"));
        let tls = binding.get("https").map(|name| scope.binding(&name));
        let plain = plain.map(|name| scope.binding(&name));
        let tls_port = tls.as_ref().and_then(|tls| tls.1);
        return (plain.or(tls).unwrap_or((None, None)), tls_port);
    }
    let Some(socket) = one.first(&["socket"]) else { return ((None, None), None) };
    let address = socket.get("interface").and_then(|name| scope.address(&name));
    ((address, socket.int("port")), socket.int("secure-port"))
}

pub fn realms(scope: &Scope<'_>) -> Vec<Value> {
    let told = |realm: &View<'_>| {
        let properties = realm.first(&["authentication", "properties"]);
        json!({
            "instance": scope.instance,
            "name": realm.get("name"),
            "local": realm.first(&["authentication", "local"]).is_some(),
            "properties": properties.and_then(|one| one.get("path")),
            "plain_text": properties.and_then(|one| one.flag("plain-text")).unwrap_or(false),
            "tls": realm.first(&["server-identities", "ssl"]).is_some(),
        })
    };
    scope.at(&["management", "security-realms", "security-realm"]).iter().map(told).collect()
}

pub fn interfaces(scope: &Scope<'_>) -> Vec<Value> {
    let told = |one: &View<'_>| {
        let address = one.address();
        json!({
            "instance": scope.instance,
            "name": one.get("name"),
            "any": is_any(address.as_deref()),
            "exposed": is_exposed(address.as_deref()),
            "address": address,
            "port_offset": scope.port_offset(),
        })
    };
    scope.at(&["interfaces", "interface"]).iter().map(told).collect()
}

/// Where a password stands, and in which form. Its nearest named element says whose it is.
pub fn credentials(scope: &Scope<'_>) -> Vec<Value> {
    let top = scope.profile.filter(|_| scope.root.e == "domain").unwrap_or(scope.root);
    let mut found = Vec::new();
    let mut open = vec![(scope.view(top), String::new())];
    while let Some((view, owner)) = open.pop() {
        let name = ["pool-name", "name", "path"].iter().find_map(|key| view.get(key));
        let space = view.node.a.get("xmlns").and_then(|x| carepack_shared::jboss::subsystem(x));
        let owner = match (space.filter(|_| view.name() == "subsystem"), name) {
            (Some(subsystem), _) => subsystem.to_owned(),
            (None, Some(name)) => format!("{} {name}", view.name()),
            (None, None) => owner,
        };
        if let Some(form) = view.node.a.get("credential").filter(|_| found.len() < CREDENTIALS_MAX)
        {
            found.push(json!({ "instance": scope.instance, "of": owner, "form": form }));
        }
        let mut children: Vec<View<'_>> = view.children().collect();
        children.reverse();
        open.extend(children.into_iter().map(|child| (child, owner.clone())));
    }
    found
}

pub fn properties(scope: &Scope<'_>) -> Vec<Value> {
    let told =
        |one: &View<'_>| Some(json!({ "instance": scope.instance, "name": one.get("name")? }));
    let all = scope.at(&["system-properties", "property"]);
    all.iter().filter_map(told).take(PROPERTIES_MAX).collect()
}

pub fn deployments(scope: &Scope<'_>) -> Vec<Value> {
    let mut all = scope.at(&["deployments", "deployment"]);
    all.extend(scope.at(&["server-groups", "server-group", "deployments", "deployment"]));
    let told = |one: &View<'_>| {
        let enabled = one.flag("enabled").unwrap_or(true);
        json!({
            "instance": scope.instance,
            "name": one.get("name"),
            "state": if enabled { "enabled" } else { "disabled" },
            "scanned": false,
        })
    };
    all.iter().map(told).collect()
}

pub fn scanners(scope: &Scope<'_>) -> Vec<Value> {
    let Some(subsystem) = scope.subsystem(&["deployment-scanner"]) else { return Vec::new() };
    let told = |one: &View<'_>| {
        json!({
            "instance": scope.instance,
            "name": one.get("name").unwrap_or_else(|| "default".to_owned()),
            "path": one.get("path"),
            "enabled": one.flag("scan-enabled").unwrap_or(true),
            "interval_ms": one.int("scan-interval").unwrap_or(SCAN_INTERVAL_MS),
            "zipped": one.flag("auto-deploy-zipped").unwrap_or(true),
            "exploded": one.flag("auto-deploy-exploded").unwrap_or(false),
            "timeout_s": one.int("deployment-timeout").unwrap_or(DEPLOYMENT_TIMEOUT_S),
        })
    };
    subsystem.at(&["deployment-scanner"]).iter().map(told).collect()
}

pub fn handlers(scope: &Scope<'_>) -> Vec<Value> {
    let Some(logging) = scope.subsystem(&["logging"]) else { return Vec::new() };
    let root = logging.at(&["root-logger", "handlers", "handler"]);
    let root: Vec<String> = root.iter().filter_map(|one| one.get("name")).collect();
    let told = |one: View<'_>| {
        let kind = one.name().strip_suffix("-handler")?;
        let value = |name: &str| one.first(&[name])?.get("value");
        let size = kind.contains("size");
        let name = one.get("name");
        Some(json!({
            "instance": scope.instance,
            "of_root": name.as_ref().is_some_and(|name| root.contains(name)),
            "name": name,
            "kind": kind,
            "level": one.first(&["level"]).and_then(|level| level.get("name")),
            "path": one.first(&["file"]).and_then(|file| file.get("path")),
            "rotates": kind.contains("rotating"),
            "rotate_size": value("rotate-size").or_else(|| size.then(|| "2m".to_owned())),
            "backups": value("max-backup-index")
                .and_then(|count| count.parse::<i64>().ok())
                .or_else(|| size.then_some(1)),
            "bounded": size && !kind.contains("periodic"),
            "suffix": value("suffix"),
            "autoflush": one.flag("autoflush").unwrap_or(true),
            "overflow": one.first(&["overflow-action"]).and_then(|one| one.get("value")),
        }))
    };
    logging.children().filter_map(told).collect()
}

pub fn categories(scope: &Scope<'_>) -> Vec<Value> {
    let Some(logging) = scope.subsystem(&["logging"]) else { return Vec::new() };
    let level = |one: &View<'_>| one.first(&["level"]).and_then(|level| level.get("name"));
    let mut found: Vec<Value> = logging
        .at(&["logger"])
        .iter()
        .map(|one| {
            json!({
                "instance": scope.instance, "category": one.get("category"), "level": level(one),
            })
        })
        .collect();
    found.extend(
        logging
            .at(&["root-logger"])
            .iter()
            .map(|one| json!({ "instance": scope.instance, "category": "", "level": level(one) })),
    );
    found
}

pub fn server_groups(scope: &Scope<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    if scope.root.e == "host" {
        for server in scope.at(&["servers", "server"]) {
            found.push(json!({
                "instance": scope.instance,
                "group": server.get("group"),
                "server": server.get("name"),
                "auto_start": server.flag("auto-start").unwrap_or(true),
                "port_offset": server
                    .first(&["socket-bindings"])
                    .and_then(|one| one.int("port-offset"))
                    .unwrap_or(0),
                "profile": Value::Null,
            }));
        }
    } else if let Some(profile) = scope.profile.and_then(|profile| profile.a.get("name")) {
        for group in scope.at(&["server-groups", "server-group"]) {
            if group.get("profile").as_ref() == Some(profile) {
                found.push(json!({
                    "instance": scope.instance,
                    "group": group.get("name"),
                    "server": Value::Null,
                    "auto_start": Value::Null,
                    "port_offset": Value::Null,
                    "profile": profile,
                }));
            }
        }
    }
    found
}
