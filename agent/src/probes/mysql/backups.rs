//! Traces of backups: the newest dumps and copies in the folders where they usually lie and in
//! those that cron jobs name. Names, sizes and times; of a tool's own record three fields.

use std::collections::BTreeSet;

use carepack_shared::Unseen;
use serde_json::{Map, Value, json};

use crate::host::{Host, Kind, Look, Missed};

/// Where dumps usually lie.
const FOLDERS: [&str; 10] = [
    "/backup",
    "/backups",
    "/data/backup",
    "/data/backups",
    "/home/backup",
    "/mnt/backup",
    "/opt/backup",
    "/srv/backup",
    "/var/backups",
    "/var/lib/mysql-backup",
];
/// Words of commands that make backups.
const TOOLS: [&str; 7] = [
    "mysqldump",
    "mariadb-dump",
    "mariabackup",
    "mariadb-backup",
    "xtrabackup",
    "innobackupex",
    "mydumper",
];
/// Endings of dumps and streams.
const ENDINGS: [&str; 13] = [
    ".sql",
    ".sql.gz",
    ".sql.bz2",
    ".sql.xz",
    ".sql.zst",
    ".sql.lz4",
    ".sql.zip",
    ".dump",
    ".dump.gz",
    ".xbstream",
    ".xb.gz",
    ".mbstream",
    ".mb.gz",
];
/// What the tools write beside a copy.
const RECORDS: [&str; 3] = ["xtrabackup_info", "mariadb_backup_info", "xtrabackup_checkpoints"];
/// Fields of those records that are told.
const FIELDS: [&str; 5] = ["tool_name", "end_time", "incremental", "backup_type", "partial"];

/// Most entries looked at in all folders, and how deep.
const ENTRIES_MAX: usize = 20_000;
const DEPTH_MAX: usize = 3;
/// Most backups told, the newest first.
const TOLD_MAX: usize = 20;
/// Most folders taken from jobs.
const JOB_FOLDERS_MAX: usize = 20;
/// A table of jobs is a few KiB.
const TABLE_BYTES_MAX: usize = 64 * 1024;

/// `{"folders":["/backup"],"jobs":[{"file","tool"}],"found":[{"path","bytes","modified",
/// "kind":"dump"|"copy","record":{}}],"truncated":bool}`; epoch seconds.
pub fn survey(host: &Host) -> Look<Value> {
    if host.is_recorded() {
        return Err(Missed::new(Unseen::Absent, "mysql-backups: not recorded"));
    }
    let (jobs, named) = jobs(host)?;
    let mut folders: BTreeSet<String> = FOLDERS.iter().map(|&folder| folder.to_owned()).collect();
    folders.extend(named);
    folders.retain(|folder| host.stat(folder).is_ok_and(|stat| stat.kind == Kind::Directory));
    let mut found = Vec::new();
    let mut left = ENTRIES_MAX;
    for folder in &folders {
        look(host, folder, 0, (&mut left, &mut found));
    }
    found.sort_by_key(|(modified, _)| std::cmp::Reverse(*modified));
    let truncated = left == 0;
    let found: Vec<Value> = found.into_iter().take(TOLD_MAX).map(|(_, value)| value).collect();
    Ok(json!({ "folders": folders, "jobs": jobs, "found": found, "truncated": truncated }))
}

/// Jobs that run a backup tool, and the folders that their lines name.
fn jobs(host: &Host) -> Look<(Vec<Value>, Vec<String>)> {
    let mut files = vec!["/etc/crontab".to_owned()];
    for dir in ["/etc/cron.d", "/etc/cron.daily", "/etc/cron.weekly", "/var/spool/cron"] {
        match host.list(dir) {
            Ok(listing) => files.extend(listing.names.iter().map(|name| format!("{dir}/{name}"))),
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => return Err(missed),
        }
    }
    let (mut jobs, mut folders) = (Vec::new(), Vec::new());
    for file in files {
        let Ok(piece) = host.read(&file, TABLE_BYTES_MAX) else { continue };
        let text = String::from_utf8_lossy(&piece.bytes);
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            if let Some(tool) = TOOLS.iter().find(|tool| line.contains(**tool)) {
                jobs.push(json!({ "file": file, "tool": tool }));
                folders.extend(paths(line));
            }
        }
    }
    folders.truncate(JOB_FOLDERS_MAX);
    Ok((jobs, folders))
}

/// The folders of absolute paths in a job's line: of `> /backup/x.sql` and `--target-dir=/b/full`.
fn paths(line: &str) -> Vec<String> {
    let words =
        line.split(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '"' | '\'' | ';'));
    let target = |word: &&str| {
        let system = ["/usr/", "/bin/", "/dev/", "/etc/", "/proc/", "/sys/", "/tmp/"];
        word.starts_with('/') && !system.iter().any(|folder| word.starts_with(folder))
    };
    let folder = |word: &str| match word.rsplit_once('/') {
        Some((dir, file)) if file.contains(['.', '$', '%', '`']) => dir.to_owned(),
        _ => word.trim_end_matches('/').to_owned(),
    };
    let clean = |dir: &String| dir.len() > 1 && !dir.contains(['$', '%', '`', '*']);
    words.filter(target).map(folder).filter(clean).collect()
}

type Found = Vec<(i64, Value)>;

fn look(host: &Host, dir: &str, depth: usize, (left, found): (&mut usize, &mut Found)) {
    let Ok(listing) = host.list(dir) else { return };
    for name in &listing.names {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let path = format!("{dir}/{name}");
        let Ok(stat) = host.stat(&path) else { continue };
        let record = RECORDS.contains(&name.as_str());
        match stat.kind {
            Kind::Directory if depth < DEPTH_MAX => look(host, &path, depth + 1, (left, found)),
            Kind::File if record || ENDINGS.iter().any(|ending| name.ends_with(ending)) => {
                let kind = if record { "copy" } else { "dump" };
                let fields = if record { fields(host, &path) } else { Map::new() };
                let value = json!({
                    "path": path, "bytes": stat.size_bytes, "modified": stat.modified,
                    "kind": kind, "record": fields,
                });
                found.push((stat.modified, value));
            }
            _ => {}
        }
    }
}

/// `name = value` lines of a record. The command that made it may hold a password and stays.
fn fields(host: &Host, path: &str) -> Map<String, Value> {
    let Ok(piece) = host.read(path, TABLE_BYTES_MAX) else { return Map::new() };
    let text = String::from_utf8_lossy(&piece.bytes);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.trim(), value.trim()))
        .filter(|(name, _)| FIELDS.contains(name))
        .map(|(name, value)| (name.to_owned(), value.chars().take(60).collect::<String>().into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_jobs_name() {
        let check = |line, expected: &[&str]| assert_eq!(paths(line), expected, "{line}");
        check("0 3 * * * root mysqldump -A > /data/dump/all.sql", &["/data/dump"]);
        check("0 3 * * * root mariabackup --backup --target-dir=/srv/b/full", &["/srv/b/full"]);
        check("0 3 * * * root /usr/bin/mysqldump -A | gzip > /b/db-$(date +%F).sql.gz", &["/b"]);
        check("0 3 * * * root mysqldump -A > \"$DIR/all.sql\"", &[]);
    }

    #[test]
    fn backups_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("full")).unwrap();
        std::fs::write(root.join("shop.sql.gz"), "x").unwrap();
        std::fs::write(root.join("notes.txt"), "x").unwrap();
        let info = "tool_name = mariabackup\ntool_command = --password=hunter2\n\
                    end_time = 2026-11-04 03:12:00\nincremental = N\n";
        std::fs::write(root.join("full/xtrabackup_info"), info).unwrap();
        let (mut left, mut found) = (ENTRIES_MAX, Vec::new());
        look(&Host::live(), &root.to_string_lossy(), 0, (&mut left, &mut found));
        assert_eq!(found.len(), 2);
        let text = json!(found.iter().map(|(_, value)| value).collect::<Vec<_>>()).to_string();
        assert!(text.contains("\"end_time\":\"2026-11-04 03:12:00\""), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
