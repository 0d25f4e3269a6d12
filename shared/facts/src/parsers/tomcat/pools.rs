//! Connection pools: `Resource` of type `DataSource`, global or of a context.
//!
//! Defaults: commons-dbcp 2 (Tomcat 8 and later) and 1 (Tomcat 7), and tomcat-jdbc, by factory.

use serde_json::{Value, json};

use super::{Instance, Node};

pub fn rows(instance: &Instance) -> Vec<Value> {
    let mut rows = Vec::new();
    let global = instance.server().below("Resource");
    rows.extend(global.into_iter().filter_map(|one| row(instance, one, "conf/server.xml")));
    let shared = Node(&instance.context).all("Resource");
    rows.extend(shared.filter_map(|one| row(instance, one, "conf/context.xml")));
    for context in &instance.contexts {
        let file = context["file"].as_str().unwrap_or_default();
        let own = Node(&context["tree"]).all("Resource");
        rows.extend(own.filter_map(|one| row(instance, one, file)));
    }
    rows
}

fn row(instance: &Instance, one: Node<'_>, file: &str) -> Option<Value> {
    if !one.text("type").is_some_and(|kind| kind.ends_with("DataSource")) {
        return None;
    }
    let factory = one.text("factory").unwrap_or_default();
    let kind = match factory {
        factory if factory.contains("tomcat.jdbc") => "tomcat-jdbc",
        factory if factory.contains("Hikari") => "hikari",
        "" => "dbcp",
        factory if factory.contains("dbcp") => "dbcp",
        _ => "other",
    };
    let old = instance.version()[0] < 8 && kind == "dbcp";
    let number = |names: &[&str]| names.iter().find_map(|name| one.number(name));
    let max = number(&["maxTotal", "maxActive", "maximumPoolSize"]);
    let wait = number(&["maxWaitMillis", "maxWait", "connectionTimeout"]);
    let (max_default, wait_default) = match kind {
        "tomcat-jdbc" => (100, 30_000),
        "hikari" => (10, 30_000),
        _ => (8, -1),
    };
    // A setting of the other generation is ignored, and the default stands.
    let ignored: Vec<&str> = match kind {
        "dbcp" if old => ["maxTotal", "maxWaitMillis"].to_vec(),
        "dbcp" => ["maxActive", "maxWait", "removeAbandoned"].to_vec(),
        "tomcat-jdbc" => ["maxTotal", "maxWaitMillis"].to_vec(),
        _ => Vec::new(),
    };
    let ignored: Vec<&str> = ignored.into_iter().filter(|name| one.text(name).is_some()).collect();
    let in_effect = |value: Option<i64>, names: [&str; 2], default: i64| {
        let dropped = names.iter().any(|name| ignored.contains(name));
        if dropped { default } else { value.unwrap_or(default) }
    };
    let attributes = &one.0["attributes"];
    let tests = ["testOnBorrow", "testWhileIdle", "testOnConnect", "testOnReturn"];
    let tests: Vec<&str> = tests.into_iter().filter(|name| one.flag(name) == Some(true)).collect();
    let borrow_default = kind == "dbcp" && one.text("testOnBorrow").is_none();
    let abandoned = ["removeAbandoned", "removeAbandonedOnBorrow", "removeAbandonedOnMaintenance"];
    Some(json!({
        "instance": instance.base,
        "name": one.text("name"),
        "file": file,
        "pool": kind,
        "database_kind": attributes["kind"],
        "host": attributes["host"],
        "port": attributes["port"],
        "database": attributes["database"],
        "encoding": attributes["encoding"],
        "driver": one.text("driverClassName"),
        "max_total": in_effect(max, ["maxTotal", "maxActive"], max_default),
        "max_total_set": max.is_some(),
        "max_idle": one.number("maxIdle"),
        "min_idle": number(&["minIdle", "minimumIdle"]),
        "initial": one.number("initialSize"),
        "max_wait_ms": in_effect(wait, ["maxWaitMillis", "maxWait"], wait_default),
        "validates": !tests.is_empty() || kind == "hikari"
            || (borrow_default && one.text("validationQuery").is_some()),
        "validation": tests,
        "validation_query": one.text("validationQuery").is_some(),
        "evict_ms": one.number("timeBetweenEvictionRunsMillis"),
        "max_lifetime_ms": number(&["maxConnLifetimeMillis", "maxAge", "maxLifetime"]),
        "removes_abandoned": abandoned.iter().any(|name| {
            one.flag(name) == Some(true) && !ignored.contains(name)
        }),
        "logs_abandoned": one.flag("logAbandoned").unwrap_or(false),
        "abandoned_timeout_s": one.number("removeAbandonedTimeout"),
        "ignored": ignored,
        "password_in_file": one.is_set("password"),
    }))
}
