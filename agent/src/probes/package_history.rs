//! Package transactions as dnf or yum recorded them: who changed what, when, and how it came out.
//!
//! Read out of their SQLite files; no process is started, no lock taken. The login's user id is
//! named by `/etc/passwd`. The survey is `{"reader": "dnf" | "yum" | "dnf5", "total": N,
//! "transactions": [{"id", "begin", "end", "user", "command", "outcome": "done" | "failed" |
//! "unfinished", "return_code", "changed": N, "counts": {"upgrade": N}, "changes": [[action, name,
//! "epoch:version-release", arch, done]]}]}`, the newest first; `user`, `end` and `return_code`
//! may be null.

use carepack_rpmdb::history::{self, Change, History, Transaction};
use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::login::user_names;
use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read};
use crate::host::{Host, Look, Missed, unchanged};

pub static PROBE: Probe = Probe {
    id: "package-history",
    about_ko: "패키지 설치·갱신 이력(작업자, 시각, 결과)",
    about_en: "History of package transactions: who, when, how they came out",
    reads: &[Read::Survey { name: "package-history", reads: &PLACES, run: survey }],
    deadline_ms: HELPER_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Patches,
    legal: Legal::Names,
};

/// dnf5, dnf, and yum's folder of files.
const PLACES: [&str; 3] = [
    "/usr/lib/sysimage/libdnf5/transaction_history.sqlite",
    "/var/lib/dnf/history.sqlite",
    "/var/lib/yum/history",
];
/// Longest command line and package's word kept, in characters.
const TEXT_CHARS_MAX: usize = 500;

fn survey(host: &Host) -> Look<Value> {
    let yum = newest_of_yum(host);
    for path in PLACES[..2].iter().map(|path| Ok((*path).to_owned())).chain([yum]) {
        let path = path?;
        match host.stat(&path) {
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => return Err(missed),
            Ok(_) => {
                let read = unchanged(host, &path, &mut |file, wal| history::read(file, Some(wal)));
                return read.map(|history| told(host, &history));
            }
        }
    }
    Err(Missed::new(Unseen::Absent, "no history of package transactions"))
}

/// `history-YYYY-MM-DD.sqlite`, the newest: yum begins another and counts on in it.
fn newest_of_yum(host: &Host) -> Look<String> {
    let names = match host.list(PLACES[2]) {
        Ok(listing) => listing.names,
        Err(missed) if missed.reason == Unseen::Absent => Vec::new(),
        Err(missed) => return Err(missed),
    };
    let fits = |name: &&String| name.starts_with("history-") && name.ends_with(".sqlite");
    let newest = names.iter().filter(fits).max();
    Ok(format!("{}/{}", PLACES[2], newest.map_or("none", String::as_str)))
}

fn told(host: &Host, history: &History) -> Value {
    let users = user_names(host);
    let one = |transaction: &Transaction| {
        let user = transaction
            .user_id
            .map(|uid| users.get(&uid).cloned().unwrap_or_else(|| uid.to_string()));
        json!({
            "id": transaction.id,
            "begin": transaction.begin,
            "end": transaction.end,
            "user": user,
            "command": short(&transaction.command),
            "outcome": transaction.outcome.as_str(),
            "return_code": transaction.return_code,
            "changed": transaction.changed,
            "counts": transaction.counts,
            "changes": transaction.changes.iter().map(change).collect::<Vec<_>>(),
        })
    };
    json!({
        "reader": history.kind.as_str(),
        "total": history.total,
        "transactions": history.transactions.iter().map(one).collect::<Vec<_>>(),
    })
}

fn change(change: &Change) -> Value {
    let version = format!("{}:{}-{}", change.epoch, change.version, change.release);
    json!([change.action, short(&change.name), short(&version), short(&change.arch), change.done])
}

fn short(text: &str) -> String {
    super::execute::clean(text.as_bytes()).chars().take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::Folder;

    #[test]
    fn the_newest_file_of_yum_is_taken_and_the_user_is_named() {
        let folder = Folder::new("");
        folder.put("root/etc/passwd", "root:x:0:0::/:/bin/sh\nkim:x:1000:1000::/:/b\n");
        let yum = folder.path().join("root/var/lib/yum/history");
        let older = "root/var/lib/yum/history/history-2014-01-01.sqlite";
        folder.put(older, "older, and no database");
        let newest = rusqlite::Connection::open(yum.join("history-2026-01-01.sqlite")).unwrap();
        newest
            .execute_batch(
                "CREATE TABLE trans_beg (tid INTEGER PRIMARY KEY, timestamp INTEGER, rpmdb_version TEXT, loginuid INTEGER);
                 CREATE TABLE trans_end (tid INTEGER PRIMARY KEY, timestamp INTEGER, rpmdb_version TEXT, return_code INTEGER);
                 CREATE TABLE pkgtups (pkgtupid INTEGER PRIMARY KEY, name TEXT, arch TEXT, epoch TEXT, version TEXT, release TEXT, checksum TEXT);
                 CREATE TABLE trans_data_pkgs (tid INTEGER, pkgtupid INTEGER, done BOOL, state TEXT);
                 INSERT INTO trans_beg VALUES(7, 100, 'v', 1000), (8, 200, 'v', 4242);
                 INSERT INTO trans_end VALUES(7, 110, 'v', 0);
                 INSERT INTO pkgtups VALUES(1, 'bash', 'x86_64', '0', '4.2', '35.el7', '');
                 INSERT INTO trans_data_pkgs VALUES(7, 1, 'TRUE', 'Update');",
            )
            .unwrap();
        drop(newest);
        let host = folder.host();
        let value = survey(&host).unwrap();
        assert_eq!((&value["reader"], &value["total"]), (&json!("yum"), &json!(2)));
        let list = &value["transactions"];
        assert_eq!((&list[0]["user"], &list[0]["outcome"]), (&json!("4242"), &json!("unfinished")));
        assert_eq!(list[1]["user"], json!("kim"));
        assert_eq!(
            list[1]["changes"],
            json!([["upgrade", "bash", "0:4.2-35.el7", "x86_64", true]])
        );
    }
}
