//! Configurations and states in small pieces, and what is known of their resources.

use serde_json::{Value, json};

use super::config::Config;
use super::{merged, state};

const COMMON: &str = "global { usage-count no; }\ncommon {\n  net { protocol C; # wire\n    \
    cram-hmac-alg sha1; shared-secret \"Wire-9\"; }\n  handlers { split-brain \
    \"/usr/lib/drbd/notify-split-brain.sh root\"; }\n  disk { on-io-error detach; no-disk-flushes; }\n}\n";
const R0: &str = "resource \"r0\" {\n  device /dev/drbd0; disk /dev/sdb1; meta-disk internal;\n  \
    net { protocol A; fencing resource-only; allow-two-primaries; }\n  syncer { rate 100M; verify-alg md5 }\n  \
    on a { address 10.0.0.1:7788; }\n  on b.example.com { address ipv6 [fd00::2]:7788; }\n}\n";

fn rows(files: &[&str], states: Option<Vec<state::State>>) -> Vec<Value> {
    let mut config = Config::default();
    files.iter().for_each(|text| config.read("/etc/drbd.d/x.res", text));
    merged(&config.resources(), &states.unwrap_or_default())
}

fn check(row: &Value, expected: &[(&str, Value)]) {
    for (field, value) in expected {
        assert_eq!(&row[*field], value, "{field} of {row}");
    }
}

#[test]
fn settings_with_what_is_common_and_no_secret() {
    let rows = rows(&[COMMON, R0], None);
    assert_eq!(rows.len(), 1);
    let nodes = json!([
        {"name": "a", "address": "10.0.0.1", "port": 7788},
        {"name": "b.example.com", "address": "fd00::2", "port": 7788},
    ]);
    check(
        &rows[0],
        &[
            ("name", json!("r0")),
            ("minors", json!([0])),
            ("nodes", nodes),
            ("protocol", json!("A")),
            ("fencing", json!("resource-only")),
            ("verify_alg", json!("md5")),
            ("resync_rate", json!("100M")),
            ("on_io_error", json!("detach")),
            ("disk_flushes", json!(false)),
            ("md_flushes", Value::Null),
            ("allow_two_primaries", json!(true)),
            ("shared_secret_set", json!(true)),
            ("handlers", json!({"split-brain": "/usr/lib/drbd/notify-split-brain.sh"})),
            ("usage_count", json!("no")),
            ("known", json!(false)),
        ],
    );
    assert!(!Value::from(rows).to_string().contains("Wire-9"));
}

#[test]
fn a_mesh_of_version_nine() {
    let text = "resource r0 {\n net { cram-hmac-alg sha1; }\n volume 0 { device minor 4; disk /dev/x; }\n \
        on a { node-id 0; }\n on b { node-id 1; }\n connection { host a port 7000; host b port 7000; \
        net { protocol C; } }\n connection { path { host a address 10.1.0.1:7010; host b address \
        10.1.0.2:7010; } }\n options { quorum majority; on-no-quorum io-error; }\n}";
    let rows = rows(&[text], None);
    check(
        &rows[0],
        &[
            ("minors", json!([4])),
            ("quorum_setting", json!("majority")),
            ("on_no_quorum", json!("io-error")),
            ("protocol", json!("C")),
        ],
    );
    assert_eq!(rows[0]["nodes"][1], json!({"name": "b", "address": "10.1.0.2", "port": 7010}));
}

#[test]
fn the_kernel_s_own_list() {
    let text = "version: 8.4.11-1 (api:1/proto:86-101)\nsrcversion: 1\n\
        0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n\
        \x20   ns:1 nr:0 dw:1 dr:2 al:3 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0\n\n\
        2: cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate C r-----\n\
        \x20   ns:0 nr:9 oos:8250868\n        [>....] sync'ed:  1.7% (8056/8188)M\n";
    let rows = rows(&[R0], state::of_proc(text));
    assert_eq!(rows.len(), 2);
    check(
        &rows[0],
        &[
            ("name", json!("r0")),
            ("role", json!("Primary")),
            ("connection", json!("Connected")),
            ("disk", json!("UpToDate")),
            ("out_of_sync_kib", json!(0)),
            ("suspended", json!(false)),
            ("known", json!(true)),
        ],
    );
    check(
        &rows[1],
        &[
            ("name", json!("minor 2")),
            ("configured", json!(false)),
            ("connection", json!("SyncTarget")),
            ("disk", json!("Inconsistent")),
            ("out_of_sync_kib", json!(8_250_868)),
            ("resync_pct", json!(1.7)),
        ],
    );
}

#[test]
fn drbdadm_status() {
    let text = "r0 role:Primary\n  volume:0 disk:UpToDate\n  volume:1 disk:Inconsistent\n  b role:Secondary\n    \
        volume:0 peer-disk:UpToDate\n    volume:1 replication:SyncSource peer-disk:Outdated done:3.5\n\n\
        r1 role:Secondary suspended:quorum\n  disk:UpToDate quorum:no\n  c connection:Connecting\n\n\
        r2 role:Secondary\n  disk:Diskless\n";
    let rows = rows(&[R0], state::of_status(text));
    let names: Vec<&Value> = rows.iter().map(|row| &row["name"]).collect();
    assert_eq!(names, [&json!("r0"), &json!("r1"), &json!("r2")]);
    check(
        &rows[0],
        &[
            ("disk", json!("Inconsistent")),
            ("peer_disk", json!("Outdated")),
            ("connection", json!("SyncSource")),
            ("resync_pct", json!(3.5)),
        ],
    );
    check(
        &rows[1],
        &[
            ("connection", json!("Connecting")),
            ("peer_role", json!("Unknown")),
            ("quorum", json!(false)),
            ("suspended", json!(true)),
        ],
    );
    check(&rows[2], &[("disk", json!("Diskless")), ("connection", Value::Null)]);
    assert!(state::of_status("drbdadm: command not found\n").is_none());
    assert!(state::of_status("# No currently configured DRBD found.\n").is_some());
}

#[test]
fn drbdsetup_json() {
    let device =
        |state: &str| json!({"volume": 0, "minor": 7, "disk-state": state, "quorum": true});
    let peer = |name: &str, replication: &str, disk: &str, oos: i64| {
        json!({"name": name, "connection-state": "Connected", "peer-role": "Secondary",
               "peer_devices": [{"volume": 0, "replication-state": replication,
                                 "peer-disk-state": disk, "out-of-sync": oos}]})
    };
    let text = json!([{"name": "r0", "role": "Primary", "suspended": false,
        "devices": [device("UpToDate")],
        "connections": [peer("b", "Established", "UpToDate", 0),
                        peer("c", "SyncSource", "Inconsistent", 77)]}]);
    let rows = rows(&[R0], state::of_json(&text.to_string()));
    check(
        &rows[0],
        &[
            ("connection", json!("SyncSource")),
            ("peer_disk", json!("Inconsistent")),
            ("out_of_sync_kib", json!(77)),
            ("quorum", json!(true)),
        ],
    );
    assert_eq!(rows[0]["volumes"].as_array().unwrap().len(), 2);
    let client = json!([{"name": "r0", "devices": [{"disk-state": "Diskless", "client": true}]}]);
    let states = state::of_json(&client.to_string()).unwrap();
    assert_eq!(states[0].disk, "Client");
    assert!(state::of_json("{").is_none());
}
