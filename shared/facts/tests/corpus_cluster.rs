//! Clusters of the corpus: what the parser reads out of real and of test CIBs, monitors and ring
//! settings, against what their makers say is in them.

mod host;

use std::path::PathBuf;

use carepack_facts::{Facts, derive};
use serde_json::{Value, json};

/// A folder of the corpus's evidence, or a word that it is not there.
fn folder(path: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let corpus = std::env::var_os("CAREPACK_CORPUS").map_or_else(|| beside.into(), PathBuf::from);
    let path = corpus.join("evidence").join(path);
    if !path.exists() {
        println!("skipped: no corpus at {}", path.display());
        return None;
    }
    Some(path)
}

fn text(path: &str) -> Option<String> {
    let path = folder(path)?;
    Some(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned())
}

/// The facts of some surveys whose value is a text.
fn facts(sources: &[(&str, &str)]) -> Facts {
    let sources = sources.iter();
    let sources = sources.map(|(key, text)| ((*key).to_owned(), host::seen_json(json!(text))));
    derive(&host::snapshot(sources.collect()))
}

const CIB: &str = "survey:cluster-cib";
const MONITOR: &str = "survey:crm-mon";
const COROSYNC: &str = "survey:corosync-conf";

/// As the agent sends it.
fn reduced(cib: &str) -> Option<String> {
    carepack_shared::cluster::reduced_cib(cib).ok()
}

/// Names in `Online: [ a b ]`, sorted; none where the summary names none.
fn online(summary: &str) -> Option<Vec<&str>> {
    let status = summary.split("Current cluster status:").nth(1)?;
    let status = status.split("Transition Summary:").next()?;
    let line = status.lines().find_map(|line| line.trim().strip_prefix("* Online: ["))?;
    let mut names: Vec<&str> = line.trim_end_matches(']').split_whitespace().collect();
    names.sort_unstable();
    Some(names)
}

fn names(facts: &Facts, is_wanted: impl Fn(&Value) -> bool) -> Vec<&str> {
    let rows = facts.value("cluster.node_states").and_then(Value::as_array);
    let rows = rows.into_iter().flatten().filter(|row| is_wanted(row));
    let mut names: Vec<&str> = rows.filter_map(|row| row["name"].as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn states_of_nodes_as_the_scheduler_itself_sees_them() {
    let Some(folder) = folder("pacemaker/cts-scheduler") else { return };
    let (mut read, mut agreed, mut differing) = (0, 0, Vec::new());
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "xml")) {
        let cib = std::fs::read_to_string(path).unwrap();
        let facts = facts(&[(CIB, &reduced(&cib).unwrap())]);
        let Ok(summary) = std::fs::read_to_string(path.with_extension("summary")) else { continue };
        assert!(facts.value("cluster.resources").is_some(), "{}", path.display());
        // A graph of what was done, without a state, is beside some.
        let Some(expected) = online(&summary) else { continue };
        read += 1;
        let away = |row: &Value| row["standby"] == true || row["maintenance"] == true;
        let seen = names(&facts, |row| row["online"] == true && !away(row));
        if seen == expected {
            agreed += 1;
        } else {
            differing.push(format!("{}: {seen:?}, not {expected:?}", path.display()));
        }
    }
    println!("{agreed} of {read} agree");
    assert!(read > 100 && agreed * 100 >= read * 93, "{agreed} of {read}: {differing:#?}");
}

#[test]
fn a_real_cluster_of_one_node() {
    let Some(cib) = text("pacemaker/one-node-debian12/cib.xml") else { return };
    let mon = text("pacemaker/one-node-debian12/crm_mon.xml").unwrap();
    let quorum = text("pacemaker/one-node-debian12/quorumtool.txt").unwrap();
    let rings = text("pacemaker/one-node-debian12/cfgtool.txt").unwrap();
    let conf = "totem {\nversion: 2\ncluster_name: probe\n}\n";
    let facts = facts(&[
        (CIB, &reduced(&cib).unwrap()),
        (MONITOR, &mon),
        ("survey:corosync-quorumtool", &quorum),
        ("survey:corosync-cfgtool", &rings),
        (COROSYNC, conf),
    ]);
    let value = |key: &str| facts.value(key).unwrap_or_else(|| panic!("{:?}", facts.missing[key]));
    assert_eq!(value("cluster.name"), "probe");
    assert_eq!(value("cluster.properties")["stonith_enabled"], false);
    assert_eq!(value("cluster.node_states")[0]["is_dc"], true);
    assert_eq!(value("cluster.resource_states")[0]["role"], "Started");
    assert_eq!(value("cluster.membership")["members"][0]["name"], "vm");
    assert_eq!(value("cluster.link_states")[0]["faulty"], false);
    let starts = value("cluster.operations").as_array().unwrap();
    assert!(starts.iter().any(|row| row["operation"] == "start" && row["exec_ms"] == 33));
}

#[test]
fn failures_of_a_real_cluster() {
    let check = |path: &str, expected: &[(&str, &str)]| {
        let Some(cib) = text(path) else { return };
        let facts = facts(&[(CIB, &reduced(&cib).unwrap())]);
        let rows = facts.value("cluster.failures").and_then(Value::as_array).unwrap();
        let told: Vec<_> = rows.iter().map(|row| (&row["resource"], &row["operation"])).collect();
        let expected: Vec<_> = expected.iter().map(|(a, b)| (json!(a), json!(b))).collect();
        assert!(told.iter().zip(&expected).all(|(a, b)| a.0 == &b.0 && a.1 == &b.1), "{told:?}");
        assert_eq!(told.len(), expected.len(), "{path}: {told:?}");
    };
    // "mysql: Setup problem" when it was started; first looks that found what ran already.
    let report = "pacemaker/crmsh-history-2node-report";
    check(&format!("{report}/15sp1-1/pengine/pe-input-46.xml"), &[("mysql", "start")]);
    check(&format!("{report}/15sp1-2/cib.xml"), &[]);
}

#[test]
fn settings_of_many_shapes() {
    let check = |path: &str, key: &str, place: &str, expected: Value| {
        let Some(text) = text(path) else { return };
        let source = if path.ends_with(".conf") { COROSYNC } else { CIB };
        let text = if source == CIB { reduced(&text).unwrap() } else { text };
        let facts = facts(&[(source, &text)]);
        let value = facts.value(key).unwrap_or_else(|| panic!("{path}: {:?}", facts.missing[key]));
        assert_eq!(value.pointer(place), Some(&expected), "{path}: {key}{place}");
    };
    let qdevice = "pacemaker/pcs-resources/corosync-qdevice.conf";
    check(qdevice, "cluster.quorum", "/device/host", json!("127.0.0.1"));
    check(qdevice, "cluster.totem", "/transport", json!("udpu"));
    check(qdevice, "cluster.nodes", "/1/name", json!("rh7-2"));
    let udp = "pacemaker/crmsh-history-2node-report/corosync.conf";
    check(udp, "cluster.totem", "/links", json!(2));
    check(udp, "cluster.totem", "/token_ms", json!(5_000));
    check(udp, "cluster.totem", "/consensus_ms", json!(6_000));
    check(udp, "cluster.quorum", "/wait_for_all", json!(true));
    let unnamed = "pacemaker/pcs-resources/corosync-no-node-names.conf";
    check(unnamed, "cluster.quorum", "/nodes", json!(2));
    let levels = "pacemaker/pcs-resources/cib-fencing-levels.xml";
    check(levels, "cluster.fencing", "/levels/2/devices", json!(["S3", "S4"]));
    check(levels, "cluster.fencing", "/uncovered", json!([]));
    check(levels, "cluster.properties", "/stonith_enabled", json!(true));
}

#[test]
fn monitors_of_several_versions_are_read_whole() {
    for name in ["crm_mon.xml", "crm_mon-partial.xml", "crm_mon-rsc-maint.xml", "crm_mon-T180.xml"]
    {
        let Some(cib) = text(&format!("pacemaker/pacemaker-cts-cli/{name}")) else { return };
        let facts = facts(&[(CIB, &reduced(&cib).unwrap())]);
        assert!(names(&facts, |row| row["online"] == true).len() >= 2, "{name}");
    }
    let Some(printed) = text("pacemaker/pacemaker-cts-cli/regression.crm_mon.exp") else { return };
    let (mut documents, mut stopped) = (0, 0);
    for piece in printed.split("<pacemaker-result").skip(1) {
        let Some(end) = piece.find("</pacemaker-result>") else { continue };
        let text = format!("<pacemaker-result{}</pacemaker-result>", &piece[..end]);
        let facts = facts(&[(MONITOR, &text), (COROSYNC, "totem {\n}\n")]);
        documents += 1;
        let states = facts.value("cluster.resource_states").and_then(Value::as_array);
        stopped += states.into_iter().flatten().filter(|row| row["role"] == "Stopped").count();
    }
    assert!(documents > 20 && stopped > 20, "{documents} documents, {stopped} stopped");
}
