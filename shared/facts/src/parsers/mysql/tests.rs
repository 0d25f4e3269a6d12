//! Snapshots of one server in small pieces, and what is known of it.

use carepack_shared::{Outcome, Unseen};
use serde_json::{Value, json};

use crate::{Facts, derive, testing};

enum Piece<'a> {
    File(&'a str, &'a str),
    Survey(&'a str, Value),
    Hidden(&'a str, Unseen),
}
use Piece::{File, Hidden, Survey};

fn facts(pieces: &[Piece<'_>]) -> Facts {
    derive(&testing::snapshot(pieces.iter().map(|piece| match piece {
        File(path, text) => ((*path).to_owned(), testing::text(text)),
        Survey(name, value) => (format!("survey:{name}"), testing::survey(value)),
        Hidden(path, reason) => {
            ((*path).to_owned(), Outcome::Unseen { reason: *reason, detail: String::new() })
        }
    })))
}

fn daemon() -> Piece<'static> {
    let argv = ["/usr/libexec/mysqld", "--basedir=/usr"];
    let row = json!({"product": "mysqld", "pid": 9, "argv": argv, "unit": "mysqld.service",
                     "exe": argv[0], "user": "mysql", "rss_kib": 900, "fds": 40, "nofile": 10_000});
    Survey("daemons", json!([row, {"product": "java", "argv": ["java"]}]))
}

fn package(name: &str, version: &str) -> Piece<'static> {
    let row = json!([name, null, version, "1.el9", "x86_64", "Red Hat, Inc.", 1, "", "", null]);
    Survey("packages", json!({"reader": "sqlite", "packages": [row]}))
}

const MAIN: &str = "[mysqld]\nport=3307\ninnodb_buffer_pool_size = 8G\nlog-bin=mysql-bin\n\
                    sync-binlog=0\n!includedir /etc/my.cnf.d\n";

#[test]
fn the_files_the_server_and_the_defaults() {
    let server = json!([{"option_file": "/f", "unseen": null,
        "variables": {"datadir": "/var/lib/mysql/", "version": "8.0.36", "sync_binlog": "1",
                      "hostname": "db", "port": "3307"},
        "status": {"uptime": "600", "max_used_connections": "140"},
        "sections": {"privileges": [{"privilege": "PROCESS"}, {"privilege": "REPLICATION CLIENT"}],
            "replica": [{"replica_io_running": "Yes", "replica_sql_running": "No",
                         "seconds_behind_source": "NULL", "last_sql_errno": "1062"}]}}]);
    let facts = facts(&[
        daemon(),
        package("mysql-server", "8.0.32"),
        Survey("mysql-config", json!({"files": ["/etc/my.cnf"], "truncated": false})),
        File("/etc/my.cnf", MAIN),
        File("/etc/my.cnf.d/z.cnf", "[mysqld]\nmax_connections=400\n[client]\nport=1\n"),
        Survey("mysql-server", server),
    ]);
    let instance = &facts.value("mysql.instances").unwrap()[0];
    for (field, expected) in [
        ("name", json!("mysqld")),
        ("version", json!("8.0.36")),
        ("port", json!(3307)),
        ("max_connections", json!(400)),
        ("nofile", json!(10_000)),
        ("answered", json!(true)),
    ] {
        assert_eq!(instance[field], expected, "{field}");
    }
    let settings = &facts.value("mysql.settings").unwrap()[0];
    for (name, value, from) in [
        ("sync_binlog", json!(1), "server"),
        ("innodb_buffer_pool_size", json!(8_589_934_592_i64), "/etc/my.cnf:3"),
        ("log_bin", json!(true), "/etc/my.cnf:4"),
        ("innodb_flush_log_at_trx_commit", json!(1), "default"),
        ("character_set_server", json!("utf8mb4"), "default"),
        ("max_connections", json!(400), "/etc/my.cnf.d/z.cnf:2"),
    ] {
        assert_eq!(settings["values"][name], value, "{name}");
        assert_eq!(settings["from"][name], json!(from), "{name}");
    }
    let server = &facts.value("mysql.servers").unwrap()[0];
    assert_eq!(server["status"]["max_used_connections"], json!(140));
    let channel = &facts.value("mysql.replication").unwrap()[0];
    assert_eq!((&channel["sql"], &channel["lag_seconds"]), (&json!("No"), &Value::Null));
    // PROCESS alone shows no tables: not an empty list.
    for key in ["mysql.without_key", "mysql.engines", "mysql.accounts"] {
        assert_eq!(facts.missing[key].reason, Unseen::Denied, "{key}");
    }
}

#[test]
fn a_host_without_a_server_has_none() {
    let facts = facts(&[
        Survey("daemons", json!([])),
        package("bash", "5"),
        // The client libraries of RHEL 7 bring this file.
        File("/etc/my.cnf", "[mysqld]\ndatadir=/var/lib/mysql\n"),
    ]);
    assert_eq!(facts.value("mysql.instances"), Some(&json!([])));
    assert_eq!(facts.missing["mysql.servers"].reason, Unseen::Absent);
}

#[test]
fn an_installed_server_that_does_not_run() {
    let facts = facts(&[
        Survey("daemons", json!([])),
        package("mariadb-server", "10.5.27"),
        Survey("mysql-config", json!({"files": ["/etc/my.cnf"], "truncated": false})),
        File("/etc/my.cnf", "[mariadb]\nskip-log-bin\nskip-name-resolve\n"),
    ]);
    let instance = &facts.value("mysql.instances").unwrap()[0];
    assert_eq!((&instance["running"], &instance["product"]), (&json!(false), &json!("mariadb")));
    let values = &facts.value("mysql.settings").unwrap()[0]["values"];
    assert_eq!((&values["log_bin"], &values["skip_name_resolve"]), (&json!(false), &json!(true)));
}

#[test]
fn a_file_that_may_not_be_read_hides_the_settings() {
    let facts = facts(&[
        daemon(),
        Survey("mysql-config", json!({"files": ["/etc/my.cnf"], "truncated": false})),
        File("/etc/my.cnf", "[mysqld]\n!include /root/secret.cnf\n"),
        Hidden("/root/secret.cnf", Unseen::Denied),
    ]);
    let missing = &facts.missing["mysql.settings"];
    assert_eq!((missing.reason, missing.source.as_str()), (Unseen::Denied, "/root/secret.cnf"));
    assert!(facts.value("mysql.instances").is_some());
}

#[test]
fn several_servers_of_one_host() {
    let argv = |n: u32| {
        json!({"product": "mysqld", "pid": n, "unit": format!("mysqld@{n}.service"), "exe": "/usr/sbin/mysqld",
               "argv": ["/usr/sbin/mysqld", format!("--defaults-group-suffix=@{n}")]})
    };
    let facts = facts(&[
        Survey("daemons", json!([argv(1), argv(2)])),
        package("mysql-community-server", "5.7.44"),
        File("/etc/my.cnf", "[mysqld]\nport=1\n[mysqld@2]\nport=2\ndatadir=/srv/2\n"),
    ]);
    let rows = facts.value("mysql.instances").unwrap().as_array().unwrap();
    let told: Vec<_> = rows.iter().map(|r| json!([r["name"], r["port"], r["datadir"]])).collect();
    let expected = [json!(["mysqld@1", 1, "/var/lib/mysql"]), json!(["mysqld@2", 2, "/srv/2"])];
    assert_eq!(told, expected);
}

#[test]
fn older_archives_tell_servers_by_their_units() {
    let units =
        "mariadb.service loaded active running MariaDB\nsshd.service loaded active running x\n";
    let mut pieces = vec![package("mariadb-server", "5.5.68")];
    pieces.push(File("cmd:systemd-units", units));
    let facts = facts(&pieces);
    let instance = &facts.value("mysql.instances").unwrap()[0];
    assert_eq!((&instance["name"], &instance["running"]), (&json!("mariadb"), &json!(true)));
    // Nobody looked at its files.
    assert_eq!(facts.missing["mysql.settings"].reason, Unseen::Absent);
}
