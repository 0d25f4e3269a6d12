//! Data folders and logs of each server: sizes, times and modes; never their content.

use serde_json::{Value, json};

use super::servers;
use crate::host::{Host, Kind, Look, Missed, Stat};

use carepack_facts::my_cnf::Server;
use carepack_shared::Unseen;

/// Most files looked at below one data folder; 100,000 tables are told as "at least".
const FILES_MAX: usize = 50_000;
/// Schemas are folders of the data folder, tables files in them; undo and redo lie no deeper.
const DEPTH_MAX: usize = 2;

/// `[{"datadir","mode","uid","bytes","innodb_bytes","redo_bytes","files","truncated",
/// "binlog":{"files","bytes","oldest","newest"},"relay":{…},"error_log":{"path","bytes","modified"},
/// "slow_log":{…}}]`; bytes, epoch seconds. A server whose folder is not there is left out.
pub fn survey(host: &Host) -> Look<Value> {
    if host.is_recorded() {
        // A checkout keeps neither sizes nor times.
        return Err(Missed::new(Unseen::Absent, "mysql-files: not recorded"));
    }
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for server in servers(host)? {
        let datadir = server.datadir().to_owned();
        if seen.contains(&datadir) {
            continue;
        }
        match host.stat(&datadir) {
            Ok(stat) if stat.kind == Kind::Directory => found.push(folder(host, &server, stat)?),
            Ok(_) => {}
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => return Err(missed),
        }
        seen.push(datadir);
    }
    if found.is_empty() {
        return Err(Missed::new(Unseen::Absent, "no data folder of MySQL or MariaDB"));
    }
    Ok(found.into())
}

#[derive(Default)]
struct Counted {
    files: usize,
    truncated: bool,
    bytes: u64,
    innodb_bytes: u64,
    redo_bytes: u64,
}

fn folder(host: &Host, server: &Server, stat: Stat) -> Look<Value> {
    let datadir = server.datadir();
    let mut counted = Counted::default();
    count(host, datadir, 0, &mut counted)?;
    let log_bin = server.path("log_bin").or_else(|| Some(format!("{datadir}/binlog")));
    let relay = server.path("relay_log");
    Ok(json!({
        "datadir": datadir,
        "mode": format!("{:04o}", stat.mode),
        "uid": stat.uid,
        "files": counted.files,
        "truncated": counted.truncated,
        "bytes": counted.bytes,
        "innodb_bytes": counted.innodb_bytes,
        "redo_bytes": counted.redo_bytes,
        "binlog": log_bin.and_then(|base| numbered(host, &base)),
        "relay": relay.and_then(|base| numbered(host, &base)),
        "error_log": server.path("log_error").and_then(|path| log(host, &path)),
        "slow_log": server.path("slow_query_log_file").and_then(|path| log(host, &path)),
        "general_log": server.path("general_log_file").and_then(|path| log(host, &path)),
    }))
}

fn count(host: &Host, dir: &str, depth: usize, counted: &mut Counted) -> Look<()> {
    let listing = host.list(dir)?;
    counted.truncated |= listing.truncated;
    for name in &listing.names {
        if counted.files >= FILES_MAX {
            counted.truncated = true;
            return Ok(());
        }
        let path = format!("{dir}/{name}");
        let Ok(stat) = host.stat(&path) else { continue };
        match stat.kind {
            Kind::Directory if depth < DEPTH_MAX => {
                // A schema that may not be read leaves the others.
                let _ = count(host, &path, depth + 1, counted);
            }
            Kind::File => {
                counted.files += 1;
                counted.bytes = counted.bytes.saturating_add(stat.size_bytes);
                let redo = name.starts_with("ib_logfile") || name.starts_with("#ib_redo");
                let data = name.ends_with(".ibd") || name.starts_with("ibdata");
                if redo {
                    counted.redo_bytes += stat.size_bytes;
                } else if data {
                    counted.innodb_bytes = counted.innodb_bytes.saturating_add(stat.size_bytes);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The files `BASE.000001` and on.
fn numbered(host: &Host, base: &str) -> Option<Value> {
    let (dir, stem) = base.rsplit_once('/')?;
    let prefix = format!("{stem}.");
    let listing = host.list(dir).ok()?;
    let is_number = |rest: &str| rest.len() >= 6 && rest.bytes().all(|byte| byte.is_ascii_digit());
    let named = listing.names.iter().filter(|n| n.strip_prefix(&prefix).is_some_and(is_number));
    let stats: Vec<Stat> =
        named.take(FILES_MAX).filter_map(|n| host.stat(&format!("{dir}/{n}")).ok()).collect();
    let bytes: u64 = stats.iter().map(|stat| stat.size_bytes).sum();
    Some(json!({
        "files": stats.len(),
        "bytes": bytes,
        "oldest": stats.iter().map(|stat| stat.modified).min()?,
        "newest": stats.iter().map(|stat| stat.modified).max()?,
    }))
}

fn log(host: &Host, path: &str) -> Option<Value> {
    let stat = host.stat(path).ok().filter(|stat| stat.kind == Kind::File)?;
    Some(json!({ "path": path, "bytes": stat.size_bytes, "modified": stat.modified }))
}
