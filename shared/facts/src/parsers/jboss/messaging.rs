//! Brokers: ActiveMQ Artemis (EAP 7 and later) and HornetQ (EAP 6).

use serde_json::{Value, json};

use super::scope::{Scope, View};

/// Deliveries before a message is dead, where nothing is said.
const DELIVERIES: i64 = 10;

pub fn brokers(scope: &Scope<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    if let Some(artemis) = scope.subsystem(&["messaging-activemq"]) {
        for server in artemis.at(&["server"]) {
            found.push(artemis_broker(scope, &server));
        }
    }
    if let Some(hornetq) = scope.subsystem(&["messaging"]) {
        for server in hornetq.at(&["hornetq-server"]) {
            found.push(hornetq_broker(scope, &server));
        }
    }
    found
}

fn artemis_broker(scope: &Scope<'_>, server: &View<'_>) -> Value {
    let under = |name: &str, attribute: &str| server.first(&[name])?.get(attribute);
    let flag = |name: &str| under(name, "enabled").map(|value| value == "true");
    let policies = [
        "live-only",
        "replication-colocated",
        "replication-live",
        "replication-master",
        "replication-primary",
        "replication-secondary",
        "replication-slave",
        "shared-store-colocated",
        "shared-store-live",
        "shared-store-master",
        "shared-store-primary",
        "shared-store-secondary",
        "shared-store-slave",
    ];
    let cluster = server.first(&["cluster"]);
    json!({
        "instance": scope.instance,
        "name": server.get("name"),
        "kind": "artemis",
        "persistent": flag("persistence")
            .or_else(|| server.flag("persistence-enabled"))
            .unwrap_or(true),
        "security": flag("security").unwrap_or(true),
        "journal": under("journal", "type"),
        "journal_file_size": under("journal", "file-size"),
        "clustered": server.first(&["cluster-connection"]).is_some(),
        "cluster_password": cluster.and_then(|cluster| cluster.get("credential")),
        "ha_policy": server.children().map(|one| one.name()).find(|name| policies.contains(name)),
        "queues": server.at(&["jms-queue"]).len(),
        "topics": server.at(&["jms-topic"]).len(),
    })
}

fn hornetq_broker(scope: &Scope<'_>, server: &View<'_>) -> Value {
    let password = server.first(&["cluster-password"]);
    json!({
        "instance": scope.instance,
        "name": server.get("name").unwrap_or_else(|| "default".to_owned()),
        "kind": "hornetq",
        "persistent": server.text_flag(&["persistence-enabled"]).unwrap_or(true),
        "security": server.text_flag(&["security-enabled"]).unwrap_or(true),
        "journal": server.text(&["journal-type"]),
        "journal_file_size": server.text(&["journal-file-size"]),
        "clustered": server.first(&["cluster-connections", "cluster-connection"]).is_some(),
        "cluster_password": password.and_then(|one| one.get("credential")),
        "ha_policy": match (server.text_flag(&["backup"]), server.text_flag(&["shared-store"])) {
            (Some(true), _) => Some("backup"),
            (_, Some(true)) => Some("shared-store"),
            (_, Some(false)) => Some("replication"),
            _ => None,
        },
        "queues": server.at(&["jms-destinations", "jms-queue"]).len(),
        "topics": server.at(&["jms-destinations", "jms-topic"]).len(),
    })
}

pub fn addresses(scope: &Scope<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    if let Some(artemis) = scope.subsystem(&["messaging-activemq"]) {
        for server in artemis.at(&["server"]) {
            let broker = server.get("name");
            found.extend(server.at(&["address-setting"]).iter().map(|one| {
                json!({
                    "instance": scope.instance,
                    "broker": broker,
                    "match": one.get("match").or_else(|| one.get("name")),
                    "dead_letter": one.get("dead-letter-address"),
                    "expiry": one.get("expiry-address"),
                    "max_delivery": one.int("max-delivery-attempts").unwrap_or(DELIVERIES),
                    "redelivery_delay_ms": one.int("redelivery-delay").unwrap_or(0),
                    "max_size_bytes": one.int("max-size-bytes"),
                    "full_policy": one.get("address-full-policy"),
                    "redistribution_delay_ms": one.int("redistribution-delay"),
                })
            }));
        }
    }
    if let Some(hornetq) = scope.subsystem(&["messaging"]) {
        for one in hornetq.at(&["hornetq-server", "address-settings", "address-setting"]) {
            found.push(json!({
                "instance": scope.instance,
                "broker": "default",
                "match": one.get("match"),
                "dead_letter": one.text(&["dead-letter-address"]),
                "expiry": one.text(&["expiry-address"]),
                "max_delivery": one.text_int(&["max-delivery-attempts"]).unwrap_or(DELIVERIES),
                "redelivery_delay_ms": one.text_int(&["redelivery-delay"]).unwrap_or(0),
                "max_size_bytes": one.text_int(&["max-size-bytes"]),
                "full_policy": one.text(&["address-full-policy"]),
                "redistribution_delay_ms": Value::Null,
            }));
        }
    }
    found
}
