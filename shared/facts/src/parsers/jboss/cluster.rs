//! JGroups stacks, Infinispan caches, mod_cluster.

use serde_json::{Value, json};

use super::scope::{Scope, View, is_any, is_exposed};

/// Most hosts told of one stack.
const HOSTS_MAX: usize = 64;

pub fn stacks(scope: &Scope<'_>) -> Vec<Value> {
    let Some(jgroups) = scope.subsystem(&["jgroups"]) else { return Vec::new() };
    let channels = jgroups.first(&["channels"]);
    let by_channel = channels.and_then(|channels| {
        let name = channels.get("default")?;
        let all = channels.at(&["channel"]);
        all.iter().find(|one| one.get("name").as_ref() == Some(&name))?.get("stack")
    });
    let stacks = jgroups.first(&["stacks"]);
    let default = by_channel
        .or_else(|| jgroups.get("default-stack"))
        .or_else(|| stacks.and_then(|stacks| stacks.get("default")));
    let default = scope.known("jboss.default.jgroups.stack").or(default);
    let mut all = jgroups.at(&["stack"]);
    all.extend(jgroups.at(&["stacks", "stack"]));
    all.iter().map(|stack| told(scope, stack, default.as_deref())).collect()
}

fn told(scope: &Scope<'_>, stack: &View<'_>, default: Option<&str>) -> Value {
    let name = stack.get("name");
    let transport = stack.first(&["transport"]);
    let binding = transport.and_then(|one| one.get("socket-binding"));
    let (address, port) = binding.map_or((None, None), |binding| scope.binding(&binding));
    let protocols: Vec<String> = stack.children().filter_map(|one| protocol(&one)).collect();
    let has =
        |names: &[&str]| protocols.iter().any(|one| names.iter().any(|name| one.contains(name)));
    let hosts: Vec<String> = stack.children().flat_map(|one| hosts(&one)).take(HOSTS_MAX).collect();
    let kind = transport.and_then(|one| one.get("type"));
    json!({
        "instance": scope.instance,
        "default": name.as_deref().is_some_and(|name| default == Some(name)),
        "name": name,
        "transport": kind,
        "address": address,
        "any": is_any(address.as_deref()),
        "exposed": is_exposed(address.as_deref()),
        "port": port,
        "discovery": protocols.iter().find(|one| one.contains("PING")),
        "hosts": hosts,
        "auth": has(&["AUTH"]),
        "encrypt": has(&["ENCRYPT"]),
        "failure_detection": has(&["FD_ALL", "FD_SOCK", "FD"]),
        "merge": has(&["MERGE"]),
        "protocols": protocols,
    })
}

fn protocol(one: &View<'_>) -> Option<String> {
    // `auth-protocol`, `encrypt-protocol`, `socket-discovery-protocol` say their kind as well.
    let is_one = one.name() == "protocol" || one.name().ends_with("-protocol");
    is_one.then(|| one.get("type")).flatten()
}

/// Members named one by one: `a[7600],b[7600]`, and `socket-discovery-protocol`'s bindings.
fn hosts(one: &View<'_>) -> Vec<String> {
    let named = one.at(&["property"]);
    let text = named
        .iter()
        .find(|one| one.get("name").as_deref() == Some("initial_hosts"))
        .map(|one| one.node.t.clone())
        .or_else(|| one.get("socket-bindings"));
    let text = text.unwrap_or_default();
    let parts = text.split([',', ' ']).map(|part| part.split('[').next().unwrap_or(part).trim());
    parts.filter(|part| !part.is_empty()).take(HOSTS_MAX).map(str::to_owned).collect()
}

pub fn caches(scope: &Scope<'_>) -> Vec<Value> {
    let Some(infinispan) = scope.subsystem(&["infinispan"]) else { return Vec::new() };
    let mut found = Vec::new();
    for container in infinispan.at(&["cache-container"]) {
        let transport = container.first(&["transport"]);
        for cache in container.children() {
            let Some(kind) = cache.name().strip_suffix("-cache") else { continue };
            let default = container.get("default-cache");
            let name = cache.get("name");
            found.push(json!({
                "instance": scope.instance,
                "container": container.get("name"),
                "default": name.is_some() && default == name,
                "name": name,
                "kind": kind,
                "mode": cache.get("mode"),
                "owners": cache.int("owners"),
                "transport": transport.is_some(),
                "lock_timeout_ms": transport.and_then(|one| one.int("lock-timeout")),
                "passivation": cache.children().find_map(|child| child.flag("passivation")),
                "purge": cache.children().find_map(|child| child.flag("purge")),
                "max_entries": cache.children().find_map(|child| {
                    child.int("max-entries").or_else(|| child.int("size"))
                }),
            }));
        }
    }
    found
}

pub fn balancers(scope: &Scope<'_>) -> Vec<Value> {
    let Some(subsystem) = scope.subsystem(&["modcluster"]) else { return Vec::new() };
    let told = |one: &View<'_>| {
        let proxies = one.get("proxies").or_else(|| one.get("proxy-list")).unwrap_or_default();
        let names = proxies.split([' ', ',']).filter(|part| !part.is_empty());
        let addresses: Vec<String> =
            names.clone().filter_map(|name| outbound(scope, name)).collect();
        json!({
            "instance": scope.instance,
            "proxies": names.collect::<Vec<_>>(),
            "addresses": addresses,
            "advertise": one.flag("advertise").unwrap_or(true),
            "listener": one.get("listener").or_else(|| one.get("connector")),
            "balancer": one.get("balancer"),
            "sticky": one.flag("sticky-session").unwrap_or(true),
            "sticky_force": one.flag("sticky-session-force").unwrap_or(false),
            "tls": one.get("ssl-context").is_some() || one.first(&["ssl"]).is_some(),
        })
    };
    let mut all = subsystem.at(&["proxy"]);
    all.extend(subsystem.at(&["mod-cluster-config"]));
    all.iter().map(told).collect()
}

/// `host:port` of an outbound socket binding.
fn outbound(scope: &Scope<'_>, name: &str) -> Option<String> {
    let mut all = scope.at(&["socket-binding-group", "outbound-socket-binding"]);
    all.extend(scope.at(&[
        "socket-binding-groups",
        "socket-binding-group",
        "outbound-socket-binding",
    ]));
    let one = all.into_iter().find(|one| one.get("name").as_deref() == Some(name))?;
    let remote = one.first(&["remote-destination"])?;
    Some(format!("{}:{}", remote.get("host")?, remote.int("port")?))
}
