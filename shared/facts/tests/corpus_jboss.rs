//! Configurations of real JBoss EAP and WildFly servers, reduced as on a host and read.
//!
//! The corpus is read through `CAREPACK_CORPUS` (default `../shared/corpus` beside the workspace);
//! where it is absent the tests say that they are skipped.

mod host;

use std::path::{Path, PathBuf};

use carepack_facts::{Facts, derive};
use carepack_shared::jboss::reduce;
use serde_json::{Value, json};

fn folder() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let corpus = std::env::var_os("CAREPACK_CORPUS").map_or_else(|| beside.into(), PathBuf::from);
    let folder = corpus.join("evidence/jboss");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no corpus at {}", folder.display());
    None
}

/// The facts of an instance with these configurations: kind and file.
fn facts(folder: &Path, files: &[(&str, &str)], argv: &[&str]) -> Facts {
    let told: Vec<Value> = files
        .iter()
        .map(|(kind, file)| {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            json!({ "path": file, "kind": kind, "tree": reduce(&text).unwrap() })
        })
        .collect();
    let mode = if files[0].0 == "server" { "standalone" } else { "domain" };
    let survey = json!({ "looked_at_processes": true, "instances": [{
        "home": "/opt/eap", "base": format!("/opt/eap/{mode}"), "mode": mode, "config": "x.xml",
        "process": { "pid": 7, "user": "jboss", "argv": argv }, "files": told,
    }] });
    let sources = vec![
        ("survey:jboss".to_owned(), host::seen_json(survey)),
        ("/sys/devices/system/cpu/online".to_owned(), host::seen_text("0-3\n")),
    ];
    derive(&host::snapshot(sources))
}

/// Chosen fields of a fact's rows.
fn picked(facts: &Facts, key: &str, fields: &[&str]) -> Vec<Value> {
    let rows = facts.value(key).and_then(Value::as_array);
    let rows = rows.unwrap_or_else(|| panic!("{key}: {:?}", facts.missing.get(key)));
    rows.iter().map(|row| fields.iter().map(|field| row[*field].clone()).collect()).collect()
}

#[test]
fn every_configuration_is_read() {
    let Some(folder) = folder() else { return };
    let mut open = vec![folder];
    let mut read = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let kind = ["standalone", "domain", "host"].into_iter().find(|it| name.starts_with(it));
        let Some(kind) = kind.filter(|_| name.ends_with(".xml")) else { continue };
        let kind = if kind == "standalone" { "server" } else { kind };
        let facts = facts(path.parent().unwrap(), &[(kind, name.as_str())], &[]);
        assert!(facts.known.contains_key("jboss.listeners"), "{}", path.display());
        if kind == "server" {
            assert!(!picked(&facts, "jboss.listeners", &["port"]).is_empty(), "{}", path.display());
        }
        read += 1;
    }
    assert!(read >= 20, "only {read} configurations");
}

#[test]
fn eap_7_3_with_messaging_and_cluster() {
    let Some(folder) = folder() else { return };
    let folder = folder.join("matebence+jboss-clustering/standalone/configuration");
    let argv = ["java", "-b", "0.0.0.0", "-Djboss.socket.binding.port-offset=100"];
    let facts = facts(&folder, &[("server", "standalone-full-ha.xml")], &argv);
    assert_eq!(
        picked(&facts, "jboss.listeners", &["kind", "port", "any", "max_threads"]),
        [
            json!(["ajp", 8109, true, 64]),
            json!(["http", 8180, true, 64]),
            json!(["https", 8543, true, 64]),
        ]
    );
    assert_eq!(
        picked(&facts, "jboss.datasources", &["name", "scheme", "max_pool", "validation"]),
        [json!(["ExampleDS", "h2", 20, false])]
    );
    assert_eq!(picked(&facts, "jboss.transactions", &["node_identifier"]), [json!(["1"])]);
    assert_eq!(
        picked(&facts, "jboss.management", &["kind", "address", "port", "any", "secured"]),
        [json!(["http", "127.0.0.1", 10_090, false, true])]
    );
    assert_eq!(
        picked(&facts, "jboss.jgroups", &["name", "default", "transport", "exposed", "merge"]),
        [json!(["udp", true, "UDP", false, true]), json!(["tcp", false, "TCP", false, true])]
    );
    assert_eq!(
        picked(&facts, "jboss.messaging", &["name", "kind", "clustered", "queues"]),
        [json!(["default", "artemis", true, 2])]
    );
    let caches = picked(&facts, "jboss.caches", &["container", "name", "kind"]);
    assert!(caches.contains(&json!(["web", "dist", "distributed"])), "{caches:?}");
}

#[test]
fn a_domain_and_its_slave() {
    let Some(folder) = folder() else { return };
    let folder = folder.join("matebence+jboss-clustering/domain/configuration");
    let slave = facts(&folder, &[("host", "host-slave.xml"), ("domain", "domain.xml")], &[]);
    assert_eq!(
        picked(&slave, "jboss.server_groups", &["group", "server", "port_offset"]),
        [json!(["clustered", "server-two", 150])]
    );
    // Its domain.xml is the shipped one, which a slave does not read.
    assert_eq!(picked(&slave, "jboss.listeners", &["kind"]), Vec::<Value>::new());
    let master = facts(&folder, &[("host", "host-master.xml"), ("domain", "domain.xml")], &[]);
    assert_eq!(
        picked(&master, "jboss.listeners", &["instance", "kind", "port"]),
        ["ajp", "http", "https"].map(|kind| {
            let port = match kind {
                "ajp" => 8009,
                "http" => 8080,
                _ => 8443,
            };
            json!(["/opt/eap/domain (ha)", kind, port])
        })
    );
}

#[test]
fn eap_6_has_another_web_server_and_hornetq() {
    let Some(folder) = folder() else { return };
    let folder = folder.join("7uv+jboss-eap/standalone/configuration");
    let facts = facts(&folder, &[("server", "standalone-full-ha.xml")], &[]);
    assert_eq!(
        picked(&facts, "jboss.listeners", &["kind", "port", "address"]),
        [json!(["http", 8080, "127.0.0.1"]), json!(["ajp", 8009, "127.0.0.1"])]
    );
    assert_eq!(
        picked(&facts, "jboss.messaging", &["kind", "journal", "clustered", "persistent"]),
        [json!(["hornetq", "NIO", true, true])]
    );
    assert_eq!(picked(&facts, "jboss.web", &["welcome"]), [json!([true])]);
    let native = picked(&facts, "jboss.management", &["kind", "port"]);
    assert_eq!(native, [json!(["native", 9999]), json!(["http", 9990])]);
}
