//! Data sources with the defaults in effect, drivers, transactions, bean pools.
//!
//! Defaults are those of the management model of EAP 7.4 (`/subsystem=datasources:read-resource-
//! description`): 20 connections at most, 0 at least, 30 s of waiting, 30 min idle.

use carepack_shared::jdbc;
use serde_json::{Value, json};

use super::scope::{Scope, View};

const MAX_POOL: i64 = 20;
const BLOCKING_TIMEOUT_MS: i64 = 30_000;
const IDLE_TIMEOUT_MIN: i64 = 30;
/// Seconds of `coordinator-environment` where nothing is said.
const TRANSACTION_TIMEOUT_S: i64 = 300;

pub fn sources(scope: &Scope<'_>) -> Vec<Value> {
    let Some(subsystem) = scope.subsystem(&["datasources"]) else { return Vec::new() };
    let children = subsystem.at(&["datasources"]);
    let children = children.iter().flat_map(View::children);
    children
        .filter_map(|one| match one.name() {
            "datasource" => Some(source(scope, &one, false)),
            "xa-datasource" => Some(source(scope, &one, true)),
            _ => None,
        })
        .collect()
}

fn source(scope: &Scope<'_>, one: &View<'_>, xa: bool) -> Value {
    let target = target(one);
    let pool =
        |name: &str| one.text_int(&["xa-pool", name]).or_else(|| one.text_int(&["pool", name]));
    let word = |name: &str| one.text(&["xa-pool", name]).or_else(|| one.text(&["pool", name]));
    let check = |name: &str| one.text_flag(&["validation", name]).unwrap_or(false);
    let checker = one.first(&["validation", "valid-connection-checker"]);
    let checker = checker.and_then(|checker| checker.get("class-name"));
    let sql = one.text(&["validation", "check-valid-connection-sql"]);
    let (on_match, background) = (check("validate-on-match"), check("background-validation"));
    let how = checker.is_some() || sql.is_some();
    let first = target.hosts.first();
    let timeout = |name: &str| one.text_int(&["timeout", name]);
    let driver = one.text(&["driver"]).or_else(|| one.get("driver"));
    json!({
        "instance": scope.instance,
        "name": one.get("pool-name").or_else(|| one.get("jndi-name")),
        "jndi": one.get("jndi-name"),
        "xa": xa,
        "enabled": one.flag("enabled").unwrap_or(true),
        "jta": xa || one.flag("jta").unwrap_or(true),
        "ccm": one.flag("use-ccm").unwrap_or(true),
        "driver": driver,
        "scheme": target.scheme,
        "host": first.map(|at| at.host.as_str()),
        "port": first.and_then(|at| at.port).or_else(|| jdbc::default_port(&target.scheme)),
        "hosts": target.hosts.iter().map(|at| at.host.as_str()).collect::<Vec<_>>(),
        "database": target.database,
        "url_options": options(&target),
        "min_pool": pool("min-pool-size").unwrap_or(0),
        "max_pool": pool("max-pool-size").unwrap_or(MAX_POOL),
        "max_pool_set": pool("max-pool-size").is_some(),
        "prefill": word("prefill").as_deref() == Some("true"),
        "flush": word("flush-strategy").unwrap_or_else(|| "FailingConnectionOnly".to_owned()),
        "validate_on_match": on_match,
        "background_validation": background,
        "background_ms": one.text_int(&["validation", "background-validation-millis"]),
        "checker": checker,
        "check_sql": sql,
        "validation": how && (on_match || background),
        "sorter": one.first(&["validation", "exception-sorter"]).is_some(),
        "blocking_timeout_ms": timeout("blocking-timeout-millis").unwrap_or(BLOCKING_TIMEOUT_MS),
        "idle_timeout_min": timeout("idle-timeout-minutes").unwrap_or(IDLE_TIMEOUT_MIN),
        "query_timeout_s": timeout("query-timeout"),
        "tx_query_timeout": one.text(&["timeout", "set-tx-query-timeout"]).is_some(),
        "xa_timeout_s": timeout("xa-resource-timeout"),
        "allocation_retry": timeout("allocation-retry").unwrap_or(0),
        "statement_cache": one.text_int(&["statement", "prepared-statement-cache-size"]).unwrap_or(0),
        "track_statements": one.text(&["statement", "track-statements"]),
        "isolation": one.text(&["transaction-isolation"]),
        "statistics": one.flag("statistics-enabled").unwrap_or(false),
    })
}

/// Options by their names in small letters: drivers do not mind the case.
fn options(target: &jdbc::Target) -> Value {
    target.options.iter().map(|(key, value)| (key.to_lowercase(), json!(value))).collect()
}

/// By the URL, else by the XA data source's own properties.
fn target(one: &View<'_>) -> jdbc::Target {
    let url = one.children().find_map(|child| child.node.url.clone());
    if let Some(target) = url {
        return target;
    }
    let properties = one.at(&["xa-datasource-property"]);
    let property = |name: &str| {
        let found = properties
            .iter()
            .find(|one| one.get("name").is_some_and(|given| given.eq_ignore_ascii_case(name)))?;
        let text = carepack_shared::jboss::settled(&found.node.t, &|_| None);
        Some(text).filter(|text| !text.is_empty()).or_else(|| found.get("value"))
    };
    let driver = one.text(&["driver"]).unwrap_or_default().to_lowercase();
    let schemes = ["mysql", "mariadb", "postgresql", "oracle", "sqlserver", "db2", "tibero"];
    let scheme = schemes.iter().find(|scheme| driver.contains(**scheme)).copied().unwrap_or("");
    let host = property("ServerName").map(|host| jdbc::Address {
        host,
        port: property("PortNumber").and_then(|port| port.trim().parse().ok()),
    });
    jdbc::Target {
        scheme: scheme.to_owned(),
        hosts: host.into_iter().collect(),
        database: property("DatabaseName"),
        options: Vec::new(),
    }
}

pub fn drivers(scope: &Scope<'_>) -> Vec<Value> {
    let Some(subsystem) = scope.subsystem(&["datasources"]) else { return Vec::new() };
    let drivers = subsystem.at(&["datasources", "drivers", "driver"]);
    let told = |one: &View<'_>| {
        json!({
            "instance": scope.instance,
            "name": one.get("name"),
            "module": one.get("module"),
            "class": one.text(&["driver-class"]).or_else(|| one.text(&["xa-datasource-class"])),
        })
    };
    drivers.iter().map(told).collect()
}

pub fn transactions(scope: &Scope<'_>) -> Vec<Value> {
    let Some(subsystem) = scope.subsystem(&["transactions"]) else { return Vec::new() };
    let core = subsystem.first(&["core-environment"]);
    let coordinator = subsystem.first(&["coordinator-environment"]);
    let timeout = coordinator.and_then(|one| one.int("default-timeout"));
    let identifier = core.and_then(|core| core.get("node-identifier"));
    let store = subsystem.first(&["object-store"]);
    vec![json!({
        "instance": scope.instance,
        "node_identifier": identifier.unwrap_or_else(|| "1".to_owned()),
        "default_timeout_s": timeout.unwrap_or(TRANSACTION_TIMEOUT_S),
        "object_store": store.and_then(|store| store.get("path")),
        "object_store_relative_to": store.and_then(|store| store.get("relative-to")),
        "jdbc_store": subsystem.first(&["jdbc-store"]).is_some(),
        "jts": subsystem.first(&["jts"]).is_some(),
    })]
}

/// Pools of beans, and thread pools of EJBs and of the threads subsystem.
pub fn pools(scope: &Scope<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    let Some(ejb) = scope.subsystem(&["ejb3"]) else { return found };
    for pool in ejb.at(&["pools", "bean-instance-pools", "strict-max-pool"]) {
        found.push(json!({
            "instance": scope.instance,
            "kind": "beans",
            "name": pool.get("name"),
            "max": pool.int("max-pool-size"),
            "derived": pool.get("derive-size"),
            "timeout": pool.int("instance-acquisition-timeout"),
            "timeout_unit": pool.get("instance-acquisition-timeout-unit"),
        }));
    }
    for pool in ejb.at(&["thread-pools", "thread-pool"]) {
        found.push(json!({
            "instance": scope.instance,
            "kind": "threads",
            "name": pool.get("name"),
            "max": pool.first(&["max-threads"]).and_then(|max| max.int("count")),
            "derived": Value::Null,
            "timeout": Value::Null,
            "timeout_unit": Value::Null,
        }));
    }
    found
}
