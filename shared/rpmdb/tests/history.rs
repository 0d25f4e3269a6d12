//! Histories of yum, dnf and dnf5: tables as those programs make them, a real one, and bent ones.

use std::path::{Path, PathBuf};

use carepack_rpmdb::history::{CHANGES_IN_ALL_MAX, CHANGES_MAX, Kind, Outcome, TRANSACTIONS_MAX};
use carepack_rpmdb::history::{History, read};
use rusqlite::Connection;

const DNF: &str = "
CREATE TABLE trans (id INTEGER PRIMARY KEY AUTOINCREMENT, dt_begin INTEGER NOT NULL, /* (unix) */
  dt_end INTEGER, releasever TEXT NOT NULL, user_id INTEGER NOT NULL, cmdline TEXT,
  state INTEGER NOT NULL /* (enum) */);
CREATE TABLE trans_item (id INTEGER PRIMARY KEY AUTOINCREMENT,
  trans_id INTEGER REFERENCES trans(id), item_id INTEGER, repo_id INTEGER, action INTEGER NOT NULL,
  reason INTEGER NOT NULL, state INTEGER NOT NULL);
CREATE TABLE rpm (item_id INTEGER UNIQUE NOT NULL, name TEXT NOT NULL, epoch INTEGER NOT NULL,
  version TEXT NOT NULL, release TEXT NOT NULL, arch TEXT NOT NULL,
  CONSTRAINT rpm_unique_nevra UNIQUE (name, epoch, version, release, arch));";

const YUM: &str = "
CREATE TABLE trans_beg (tid INTEGER PRIMARY KEY, timestamp INTEGER NOT NULL,
  rpmdb_version TEXT NOT NULL, loginuid INTEGER);
CREATE TABLE trans_end (tid INTEGER PRIMARY KEY REFERENCES trans_beg, timestamp INTEGER NOT NULL,
  rpmdb_version TEXT NOT NULL, return_code INTEGER NOT NULL);
CREATE TABLE trans_cmdline (tid INTEGER NOT NULL REFERENCES trans_beg, cmdline TEXT NOT NULL);
CREATE TABLE pkgtups (pkgtupid INTEGER PRIMARY KEY, name TEXT NOT NULL, arch TEXT NOT NULL,
  epoch TEXT NOT NULL, version TEXT NOT NULL, release TEXT NOT NULL, checksum TEXT);
CREATE TABLE trans_data_pkgs (tid INTEGER NOT NULL REFERENCES trans_beg,
  pkgtupid INTEGER NOT NULL REFERENCES pkgtups, done BOOL NOT NULL DEFAULT FALSE,
  state TEXT NOT NULL);";

const DNF5: &str = "
CREATE TABLE trans_state (id INTEGER, name TEXT, PRIMARY KEY(id));
CREATE TABLE trans_item_state (id INTEGER, name TEXT, PRIMARY KEY(id));
CREATE TABLE trans_item_action (id INTEGER, name TEXT, PRIMARY KEY(id));
CREATE TABLE pkg_name (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE arch (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE trans (id INTEGER PRIMARY KEY, dt_begin INTEGER, dt_end INTEGER, user_id INTEGER,
  description TEXT, state_id INTEGER);
CREATE TABLE trans_item (id INTEGER PRIMARY KEY, trans_id INTEGER, item_id INTEGER,
  action_id INTEGER, state_id INTEGER);
CREATE TABLE rpm (item_id INTEGER UNIQUE, name_id INTEGER, epoch INTEGER, version TEXT,
  release TEXT, arch_id INTEGER);
INSERT INTO trans_state VALUES(1, 'Started'), (2, 'Ok'), (3, 'Error');
INSERT INTO trans_item_state VALUES(1, 'Started'), (2, 'Ok'), (3, 'Error');
INSERT INTO trans_item_action VALUES(1, 'Install'), (2, 'Upgrade'), (6, 'Replaced');
INSERT INTO pkg_name VALUES(1, 'bash');
INSERT INTO arch VALUES(1, 'x86_64');
INSERT INTO trans VALUES(1, 100, 110, 1000, 'dnf upgrade bash', 2);
INSERT INTO trans_item VALUES(1, 1, 1, 2, 2), (2, 1, 2, 6, 2);
INSERT INTO rpm VALUES(1, 1, 0, '5.2', '2.el11', 1), (2, 1, 0, '5.2', '1.el11', 1);";

fn made(sql: &str) -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("h")).unwrap();
    connection.execute_batch(sql).unwrap();
    (folder, connection)
}

fn file(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

/// One line for each transaction.
fn said(history: &History) -> Vec<String> {
    let one = |change: &carepack_rpmdb::history::Change| {
        let done = if change.done { "" } else { "!" };
        let (version, release) = (&change.version, &change.release);
        format!(
            "{done}{} {}-{}:{version}-{release}.{}",
            change.action, change.name, change.epoch, change.arch
        )
    };
    let line = |t: &carepack_rpmdb::history::Transaction| {
        let changes: Vec<String> = t.changes.iter().map(one).collect();
        format!(
            "{} {}-{:?} {:?} '{}' {} {} [{}]",
            t.id,
            t.begin,
            t.end,
            t.user_id,
            t.command,
            t.outcome.as_str(),
            t.changed,
            changes.join(", ")
        )
    };
    history.transactions.iter().map(line).collect()
}

#[test]
fn dnf_newest_first_and_its_log_counts() {
    let (folder, connection) = made(DNF);
    connection
        .execute_batch(
            "INSERT INTO trans VALUES(1, 10, 20, '9', 4294967295, '', 1), (2, 30, 40, '9', 1000, 'upgrade bash', 1);
             INSERT INTO rpm VALUES(1, 'bash', 0, '5.1', '6.el9', 'x86_64'), (2, 'bash', 0, '5.1', '9.el9', 'x86_64');
             INSERT INTO trans_item(trans_id, item_id, action, reason, state) VALUES(1, 1, 1, 2, 1), (2, 2, 6, 2, 1), (2, 1, 7, 2, 1), (2, 77, 1, 2, 1);",
        )
        .unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    connection
        .execute("INSERT INTO trans VALUES(3, 50, NULL, '9', 0, 'remove bash', 0)", ())
        .unwrap();
    let wal = file(folder.path(), "h-wal");
    let history = read(&file(folder.path(), "h"), Some(&wal)).unwrap();
    assert_eq!((history.kind, history.total), (Kind::Dnf, 3));
    assert_eq!(
        said(&history),
        [
            "3 50-None Some(0) 'remove bash' unfinished 0 []",
            "2 30-Some(40) Some(1000) 'upgrade bash' done 1 [upgrade bash-0:5.1-9.el9.x86_64]",
            "1 10-Some(20) None '' done 1 [install bash-0:5.1-6.el9.x86_64]",
        ]
    );
}

#[test]
fn yum_has_return_codes_and_transactions_without_an_end() {
    let (folder, connection) = made(YUM);
    connection
        .execute_batch(
            "INSERT INTO trans_beg VALUES(1, 10, 'v', 500), (2, 30, 'v', 4294967295), (3, 50, 'v', 0);
             INSERT INTO trans_end VALUES(1, 20, 'v', 0), (2, 31, 'v', 1);
             INSERT INTO trans_cmdline VALUES(1, 'update httpd'), (2, 'install x');
             INSERT INTO pkgtups VALUES(1, 'httpd', 'x86_64', '0', '2.4.6', '99.el7_9', 'c'), (2, 'httpd', 'x86_64', '0', '2.4.6', '90.el7', 'c');
             INSERT INTO trans_data_pkgs VALUES(1, 1, 'TRUE', 'Update'), (1, 2, 'TRUE', 'Updated'), (3, 2, 'FALSE', 'Erase');",
        )
        .unwrap();
    let history = read(&file(folder.path(), "h"), None).unwrap();
    assert_eq!(history.kind, Kind::Yum);
    assert_eq!(
        said(&history),
        [
            "3 50-None Some(0) '' unfinished 1 [!remove httpd-0:2.4.6-90.el7.x86_64]",
            "2 30-Some(31) None 'install x' failed 0 []",
            "1 10-Some(20) Some(500) 'update httpd' done 1 [upgrade httpd-0:2.4.6-99.el7_9.x86_64]",
        ]
    );
    assert_eq!(history.transactions[1].return_code, Some(1));
}

#[test]
fn dnf5_has_words() {
    let (folder, _connection) = made(DNF5);
    let history = read(&file(folder.path(), "h"), None).unwrap();
    assert_eq!(history.kind, Kind::Dnf5);
    assert_eq!(
        said(&history),
        ["1 100-Some(110) Some(1000) 'dnf upgrade bash' done 1 [upgrade bash-0:5.2-2.el11.x86_64]"]
    );
}

#[test]
fn a_long_history_is_bounded_and_says_how_long_it_is() {
    let (folder, connection) = made(DNF);
    connection
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
             INSERT INTO trans SELECT i, i, i, '9', 0, '', 1 FROM n;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
             INSERT INTO rpm SELECT i, 'p' || i, 0, '1', '1', 'noarch' FROM n;
             INSERT INTO trans_item(trans_id, item_id, action, reason, state)
             SELECT t.id, r.item_id, 6, 1, 1 FROM trans t, rpm r WHERE t.id > 230;",
        )
        .unwrap();
    let history = read(&file(folder.path(), "h"), None).unwrap();
    assert_eq!((history.total, history.transactions.len()), (250, TRANSACTIONS_MAX));
    assert_eq!(history.transactions[0].id, 250);
    assert_eq!(history.transactions[0].changed, 600);
    assert_eq!(history.transactions[0].changes.len(), CHANGES_MAX);
    let named: usize = history.transactions.iter().map(|t| t.changes.len()).sum();
    assert_eq!(named, CHANGES_IN_ALL_MAX);
    assert_eq!(history.transactions[0].counts["upgrade"], 600);
}

#[test]
fn bent_histories_are_errors_or_histories_but_never_a_panic() {
    for sql in [DNF, YUM, DNF5] {
        let (folder, connection) = made(sql);
        drop(connection);
        let whole = file(folder.path(), "h");
        for at in (0..whole.len()).step_by(31) {
            let mut bent = whole.clone();
            bent[at] ^= 0xff;
            let _ = read(&bent, None);
            let _ = read(&whole[..at].to_vec(), None);
        }
    }
    let (folder, _connection) = made("CREATE TABLE other(x);");
    assert!(read(&file(folder.path(), "h"), None).is_err());
}

/// A RHEL 8.3 image in the cloud, as its maker left it.
#[test]
fn a_real_history() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let given = std::env::var_os("CAREPACK_CORPUS").map(PathBuf::from);
    let corpus = given.unwrap_or_else(|| root.join("../shared/corpus"));
    let path = corpus.join("evidence/host-trees/rhel83-ec2-rootfs/var/lib/dnf/history.sqlite");
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let history = read(&bytes, None).unwrap();
    assert_eq!((history.kind, history.total), (Kind::Dnf, 8));
    let seen: Vec<(i64, &str, Option<u32>, usize)> = history
        .transactions
        .iter()
        .map(|t| (t.id, t.command.as_str(), t.user_id, t.changed))
        .collect();
    assert_eq!(seen[0], (8, "-y install nodejs", Some(0), 3));
    assert_eq!(seen[4], (4, "update -y", Some(0), 56));
    assert_eq!(seen[7], (1, "", None, 405));
    assert!(history.transactions.iter().all(|t| t.outcome == Outcome::Done));
    let nodejs = &history.transactions[0].changes[2];
    assert_eq!(
        (nodejs.name.as_str(), nodejs.epoch, nodejs.version.as_str()),
        ("npm", 1, "6.14.10")
    );
}
