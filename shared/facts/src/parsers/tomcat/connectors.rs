//! Connectors with the values in effect.
//!
//! Defaults: the HTTP and AJP connector references of Tomcat 7.0, 8.5, 9.0, 10.1 and 11.0. The
//! AJP connector listens on loopback and asks for a secret since 7.0.100, 8.5.51 and 9.0.31.

use serde_json::{Value, json};

use super::{Instance, Node};

/// As `rows` gives them; a time of −1 never ends.
pub fn rows(instance: &Instance) -> Vec<Value> {
    let each = |service: Node<'_>| -> Vec<Value> {
        service.all("Connector").map(|one| row(instance, service, one)).collect()
    };
    instance.services().flat_map(each).collect()
}

pub fn executors(instance: &Instance) -> Vec<Value> {
    let each = |one: Node<'_>| {
        json!({
            "instance": instance.base,
            "name": one.text("name"),
            "max_threads": one.number("maxThreads").unwrap_or(200),
            "min_spare": one.number("minSpareThreads").unwrap_or(25),
            "max_queue": one.number("maxQueueSize"),
        })
    };
    instance.services().flat_map(|service| service.all("Executor").map(each)).collect()
}

/// Whether AJP is closed by default in this version.
fn is_guarded([major, minor, patch]: [i64; 3]) -> bool {
    match (major, minor) {
        (..=6, _) | (8, 0) => false,
        (7, _) => patch >= 100,
        (8, _) => patch >= 51,
        (9, _) => patch >= 31,
        _ => true,
    }
}

fn row(instance: &Instance, service: Node<'_>, one: Node<'_>) -> Value {
    let version = instance.version();
    let protocol = one.text("protocol").unwrap_or("HTTP/1.1");
    let is_ajp = protocol.to_ascii_lowercase().contains("ajp");
    let executor = one
        .text("executor")
        .map(|name| service.all("Executor").find(|pool| pool.text("name") == Some(name)));
    let pool = executor.flatten();
    let max_threads = match pool {
        Some(pool) => pool.number("maxThreads").unwrap_or(200),
        None => one.number("maxThreads").unwrap_or(200),
    };
    let timeout = one.number("connectionTimeout").unwrap_or(if is_ajp { -1 } else { 60_000 });
    let blocking = version[0] < 8 && !protocol.contains("Nio") && !protocol.contains("Apr");
    let max_connections = if blocking { max_threads } else { 8192 };
    let mut row = json!({
        "instance": instance.base,
        "service": service.text("name"),
        "kind": if is_ajp { "ajp" } else { "http" },
        "protocol": protocol,
        "port": one.number("port"),
        "address": one.text("address"),
        "scheme": one.text("scheme").unwrap_or("http"),
        "redirect_port": one.number("redirectPort"),
        "proxy_name": one.text("proxyName"),
        "executor": pool.and_then(|pool| pool.text("name")),
        "max_threads": max_threads,
        "min_spare_threads": pool.unwrap_or(one).number("minSpareThreads")
            .unwrap_or(if pool.is_some() { 25 } else { 10 }),
        "accept_count": one.number("acceptCount").unwrap_or(100),
        "max_connections": one.number("maxConnections").unwrap_or(max_connections),
        "connection_timeout_ms": timeout,
        "connection_timeout_set": one.text("connectionTimeout").is_some(),
        "keep_alive_timeout_ms": one.number("keepAliveTimeout").unwrap_or(timeout),
        "max_keep_alive_requests": one.number("maxKeepAliveRequests").unwrap_or(100),
        "max_post_bytes": one.number("maxPostSize").unwrap_or(2_097_152),
        "max_swallow_bytes": one.number("maxSwallowSize").unwrap_or(2_097_152),
        "max_header_bytes": one.number("maxHttpHeaderSize").unwrap_or(8_192),
        "max_parameters": one.number("maxParameterCount")
            .unwrap_or(if version[0] >= 11 { 1_000 } else { 10_000 }),
        "uri_encoding": one.text("URIEncoding")
            .unwrap_or(if version[0] < 8 { "ISO-8859-1" } else { "UTF-8" }),
        "compression": one.text("compression").unwrap_or("off"),
        "enable_lookups": one.flag("enableLookups").unwrap_or(version[0] < 7),
        "allow_trace": one.flag("allowTrace").unwrap_or(false),
        "x_powered_by": one.flag("xpoweredBy").unwrap_or(false),
        "server_header": one.text("server"),
        "http2": one.all("UpgradeProtocol").next().is_some(),
    });
    if is_ajp {
        ajp(one, version, &mut row);
    }
    tls(one, &mut row);
    row
}

fn ajp(one: Node<'_>, version: [i64; 3], row: &mut Value) {
    let guarded = is_guarded(version);
    let address = one.text("address");
    let here = |address: &str| {
        address.starts_with("127.") || matches!(address, "::1" | "[::1]" | "localhost")
    };
    row["secret_set"] = (one.is_set("secret") || one.is_set("requiredSecret")).into();
    row["secret_required"] = one.flag("secretRequired").unwrap_or(guarded).into();
    row["loopback"] = address.map_or(guarded, here).into();
    row["packet_bytes"] = one.number("packetSize").unwrap_or(8_192).into();
}

/// `protocols` in effect when they are set: `all`, `TLSv1.2+TLSv1.3`, a list with commas.
fn tls(one: Node<'_>, row: &mut Value) {
    let on = one.flag("SSLEnabled").unwrap_or(false);
    row["tls"] = on.into();
    if !on {
        return;
    }
    let hosts: Vec<Node<'_>> = one.all("SSLHostConfig").collect();
    let host = hosts.first().copied();
    let text = host
        .and_then(|host| host.text("protocols"))
        .or_else(|| one.text("sslEnabledProtocols"))
        .or_else(|| one.text("sslProtocols"))
        .or_else(|| one.text("SSLProtocol"));
    row["protocols"] = text.map(protocols).into();
    let ciphers = host.and_then(|host| host.text("ciphers")).or_else(|| one.text("ciphers"));
    row["ciphers"] = ciphers.into();
    let certificates: Vec<&str> = hosts
        .iter()
        .flat_map(|host| host.all("Certificate"))
        .filter_map(|one| one.text("certificateFile").or(one.text("certificateKeystoreFile")))
        .collect();
    row["certificates"] = certificates.into();
}

fn protocols(text: &str) -> Vec<String> {
    const ALL: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    let mut on: Vec<String> = Vec::new();
    let spaced = text.replace('+', " +").replace('-', " -").replace(',', " ");
    for word in spaced.split_whitespace() {
        let name = word.trim_start_matches(['+', '-']);
        let meant: Vec<String> = match name.to_ascii_lowercase().as_str() {
            "all" => ALL.map(str::to_owned).to_vec(),
            "tls" => Vec::new(),
            _ => vec![name.to_owned()],
        };
        if word.starts_with('-') {
            on.retain(|one| !meant.contains(one));
        } else {
            on.extend(meant);
        }
    }
    on
}
