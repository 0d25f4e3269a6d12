//! MySQL, MariaDB and DRBD as real hosts have them, file by file, against what the corpus says.
//!
//! The corpus is read through `CAREPACK_CORPUS` (default `../shared/corpus` beside the workspace);
//! where it is absent the tests say that they are skipped.

mod host;

use std::path::PathBuf;

use carepack_facts::{Facts, derive};
use carepack_shared::Outcome;
use serde_json::{Map, Value, json};

fn folder(part: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let corpus = std::env::var_os("CAREPACK_CORPUS").map_or_else(|| beside.into(), PathBuf::from);
    let path = corpus.join("evidence").join(part);
    if !path.exists() {
        println!("skipped: no corpus at {}", path.display());
        return None;
    }
    Some(path)
}

fn file(part: &str) -> Option<String> {
    let bytes = std::fs::read(folder(part)?).unwrap();
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn facts(sources: Vec<(&str, Outcome)>) -> Facts {
    let owned = sources.into_iter().map(|(key, outcome)| (key.to_owned(), outcome)).collect();
    derive(&host::snapshot(owned))
}

fn running() -> (&'static str, Outcome) {
    let row = json!({"product": "mysqld", "pid": 9, "argv": ["/usr/sbin/mysqld"],
                     "exe": "/usr/sbin/mysqld", "unit": "mysqld.service"});
    ("survey:daemons", host::seen_json(json!([row])))
}

/// `NAME<TAB>VALUE` a line, as the agent sends it: names in lower case.
fn pairs(text: &str) -> Map<String, Value> {
    let pair = |line: &str| {
        let (name, value) = line.split_once('\t')?;
        Some((name.to_lowercase(), Value::from(value)))
    };
    text.lines().filter_map(pair).collect()
}

#[test]
fn servers_from_five_one_to_eight() {
    let check = |name: &str, expected: &[(&str, Value)]| {
        let Some(variables) = file(&format!("mysql/pt-mysql-summary-{name}/mysql-variables"))
        else {
            return;
        };
        let status = file(&format!("mysql/pt-mysql-summary-{name}/mysql-status")).unwrap();
        let answer = json!([{"option_file": "/f", "unseen": null, "variables": pairs(&variables),
                             "status": pairs(&status), "sections": {}}]);
        let datadir = variables.lines().find_map(|line| line.strip_prefix("datadir\t")).unwrap();
        let config = format!("[mysqld]\ndatadir = {datadir}\n");
        let facts = facts(vec![
            running(),
            ("survey:mysql-server", host::seen_json(answer)),
            ("/etc/my.cnf", host::seen_text(&config)),
        ]);
        let settings = &facts.value("mysql.settings").unwrap()[0];
        for (field, value) in expected {
            let (kind, name) = field.split_once('.').unwrap();
            let found = match kind {
                "setting" => &settings["values"][name],
                "status" => &facts.value("mysql.servers").unwrap()[0]["status"][name],
                _ => &facts.value("mysql.instances").unwrap()[0][name],
            };
            assert_eq!(found, value, "{name} of {field}");
        }
        // Nothing was asked about tables: that is not the same as there being none.
        assert!(!facts.known.contains_key("mysql.without_key"));
    };
    check(
        "temp002",
        &[
            ("instance.version", json!("5.5.20-rel24.1")),
            ("instance.product", json!("mysql")),
            ("instance.port", json!(3306)),
            ("instance.answered", json!(true)),
            ("setting.innodb_buffer_pool_size", json!(134_217_728)),
            ("setting.max_connections", json!(151)),
            ("status.aborted_clients", json!(0)),
        ],
    );
    check(
        "temp007",
        &[
            ("instance.version", json!("5.5.28-23.7-log")),
            ("setting.innodb_buffer_pool_size", json!(33_554_432)),
            ("setting.read_only", json!(false)),
        ],
    );
    check(
        "temp_enc008",
        &[
            ("instance.version", json!("8.0.32-24")),
            ("setting.bind_address", json!("*")),
            ("setting.innodb_buffer_pool_size", json!(16_777_216)),
            ("setting.innodb_flush_log_at_trx_commit", json!(1)),
            ("setting.long_query_time", json!(0.0)),
        ],
    );
}

#[test]
fn option_files() {
    let check = |path: &str, expected: &[(&str, Value)]| {
        let Some(text) = file(path) else { return };
        let facts = facts(vec![running(), ("/etc/my.cnf", host::seen_text(&text))]);
        let settings = &facts.value("mysql.settings").unwrap()[0];
        for (name, value) in expected {
            assert_eq!(&settings["values"][*name], value, "{path}: {name}");
        }
    };
    check(
        "mysql/insights-core/galera_cnf/GALERA_CNF.txt",
        &[
            ("max_connections", json!(8192)),
            ("key_buffer_size", json!(16_777_216)),
            ("max_allowed_packet", json!(16_777_216)),
            ("expire_logs_days", json!(10)),
            ("binlog_format", json!("ROW")),
        ],
    );
    check(
        "mysql/pt-mysql-summary-temp_enc008/mysql-config-file",
        &[
            ("port", json!(12_345)),
            ("local_infile", json!(true)),
            ("log_bin", json!(true)),
            ("general_log", json!(true)),
            ("slow_query_log", json!(true)),
            ("secure_file_priv", json!("")),
            ("binlog_format", json!("STATEMENT")),
            ("default_authentication_plugin", json!("mysql_native_password")),
            ("innodb_log_file_size", json!(5_242_880)),
        ],
    );
    // Every option file of the corpus is read, and gives at least one option.
    for folder in ["mysql/percona-configs", "mysql/jetora+Snippets"].into_iter().filter_map(folder)
    {
        let mut read = 0;
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let bytes = std::fs::read(entry.path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            if text.lines().any(|line| line.trim() == "[mysqld]") {
                let facts = facts(vec![running(), ("/etc/my.cnf", host::seen_text(&text))]);
                let options = facts.value("mysql.options").unwrap().as_array().unwrap();
                assert!(!options.is_empty(), "{:?}", entry.path());
                read += 1;
            }
        }
        assert!(read > 0);
    }
}

#[test]
fn states_of_drbd_out_of_incidents() {
    let check = |path: &str, expected: &[(&str, Value)]| {
        let Some(text) = file(path) else { return };
        let key = if path.contains("drbdadm") { "cmd:drbdadm-status" } else { "/proc/drbd" };
        let facts = facts(vec![(key, host::seen_text(&text))]);
        let row = &facts.value("drbd.resources").unwrap()[0];
        for (field, value) in expected {
            assert_eq!(&row[*field], value, "{path}: {field}");
        }
    };
    let excerpt = |name: &str| format!("drbd/public-excerpts/{name}.txt");
    let state = |connection: &str, disk: &str, peer: &str, oos: i64| {
        vec![
            ("connection", json!(connection)),
            ("disk", json!(disk)),
            ("peer_disk", json!(peer)),
            ("out_of_sync_kib", json!(oos)),
        ]
    };
    let known = [
        (
            "proc_drbd_8312_synctarget_centos",
            state("SyncTarget", "Inconsistent", "UpToDate", 1_338_508),
        ),
        ("proc_drbd_840_wfconnection", state("WFConnection", "UpToDate", "DUnknown", 130_760)),
        ("proc_drbd_8410_syncsource", state("SyncSource", "UpToDate", "Inconsistent", 7_530_908)),
        ("proc_drbd_8411_after_failover", state("WFConnection", "UpToDate", "DUnknown", 24_576)),
        (
            "proc_drbd_844_primary_alone_1.2TB_oos",
            state("WFConnection", "UpToDate", "DUnknown", 1_271_108_708),
        ),
        ("proc_drbd_844_synctarget", state("SyncTarget", "Inconsistent", "UpToDate", 8_250_868)),
        ("split_brain_84_node1_proc_drbd", state("StandAlone", "UpToDate", "DUnknown", 76)),
    ];
    for (name, expected) in known {
        check(&excerpt(name), &expected);
    }
    check("drbd/node_exporter/drbd", &state("Connected", "UpToDate", "UpToDate", 12_349));
    check(
        &excerpt("drbdadm_status_84_connecting"),
        &[("name", json!("r0")), ("connection", json!("Connecting")), ("disk", json!("UpToDate"))],
    );
}

#[test]
fn configurations_of_drbd() {
    let rows = |files: &[(&str, &str)]| -> Option<Vec<Value>> {
        let mut sources = Vec::new();
        for (key, path) in files {
            sources.push((*key, host::seen_text(&file(path)?)));
        }
        let facts = facts(sources);
        Some(facts.value("drbd.resources").unwrap().as_array().unwrap().clone())
    };
    let school = "drbd/guoyu07+corosync-pacemaker-schulprojekt/etc/drbd.d";
    let (common, r0) = (format!("{school}/common.conf"), format!("{school}/r0.res"));
    if let Some(rows) = rows(&[("/etc/drbd.d/common.conf", &common), ("/etc/drbd.d/r0.res", &r0)]) {
        let nodes = json!([
            {"name": "rasp-master.hhs.lan", "address": "192.168.4.3", "port": 7788},
            {"name": "rasp-slave.hhs.lan", "address": "192.168.4.4", "port": 7788},
        ]);
        assert_eq!(rows[0]["nodes"], nodes);
        for (field, value) in [
            ("protocol", json!("C")),
            ("disk_flushes", json!(false)),
            ("md_flushes", json!(false)),
            ("verify_alg", json!("md5")),
            ("al_extents", json!(1009)),
            ("resync_rate", json!("100M")),
            ("timeout", json!(60)),
            ("ko_count", json!(6)),
        ] {
            assert_eq!(rows[0][field], value, "{field}");
        }
    }
    let one = |name: &str| rows(&[("/etc/drbd.d/x.res", &format!("drbd/drbd-utils-res/{name}"))]);
    if let Some(rows) = one("stacked_multi_path_2sites_3nodes.res") {
        let told: Vec<Value> =
            rows.iter().map(|row| json!([row["name"], row["stacked"], row["protocol"]])).collect();
        let expected = [
            json!(["site1", false, null]),
            json!(["site2", false, null]),
            json!(["stacked_multi_path", true, "A"]),
        ];
        assert_eq!(told, expected);
        assert!(!Value::from(rows).to_string().contains("Gei6mahcui4Ai0Oh"));
    }
    // Every resource file of the corpus names at least one resource, and no secret.
    let Some(folder) = folder("drbd/drbd-utils-res") else { return };
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".res") {
            let rows = one(&name).unwrap();
            assert!(!rows.is_empty(), "{name}");
            assert!(!Value::from(rows).to_string().contains("FooFunFactory"), "{name}");
        }
    }
}
