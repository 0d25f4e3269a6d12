//! `/var/lib/yum/history/history-YYYY-MM-DD.sqlite` of yum 3 (RHEL 7).
//!
//! ```text
//! trans_beg        tid, timestamp, loginuid
//! trans_end        tid, timestamp, return_code
//! trans_cmdline    tid, cmdline                      (later versions)
//! trans_data_pkgs  tid, pkgtupid, done ('TRUE'), state ('Install', 'Update', 'Updated', …)
//! pkgtups          pkgtupid, name, arch, epoch, version, release
//! ```

use std::collections::HashMap;

use super::{Change, Found, Outcome, Transaction};
use crate::Error;
use crate::sqlite::Database;

pub(super) fn read(database: &Database<'_>) -> Result<Found, Error> {
    let mut found = Found::default();
    database.select("trans_beg", &["tid", "timestamp", "loginuid"], &mut |_, row| {
        let (Some(id), Some(begin)) = (row[0].int(), row[1].int()) else {
            return Err(Error::Malformed("row of trans_beg"));
        };
        found.add(id, Transaction::begun(id, begin, row[2].int()));
        Ok(())
    })?;
    database.select("trans_end", &["tid", "timestamp", "return_code"], &mut |_, row| {
        if let Some(transaction) = found.by_id.get_mut(&row[0].int().unwrap_or(0)) {
            transaction.end = row[1].int();
            transaction.return_code = row[2].int();
            transaction.outcome =
                if row[2].int() == Some(0) { Outcome::Done } else { Outcome::Failed };
        }
        Ok(())
    })?;
    if database.table("trans_cmdline")?.is_some() {
        database.select("trans_cmdline", &["tid", "cmdline"], &mut |_, row| {
            if let Some(transaction) = found.by_id.get_mut(&row[0].int().unwrap_or(0)) {
                transaction.command = row[1].text();
            }
            Ok(())
        })?;
    }
    packages(database, &mut found)?;
    Ok(found)
}

fn packages(database: &Database<'_>, found: &mut Found) -> Result<(), Error> {
    let mut places: HashMap<i64, Vec<(i64, usize)>> = HashMap::new();
    let columns = ["tid", "pkgtupid", "done", "state"];
    database.select("trans_data_pkgs", &columns, &mut |_, row| {
        let id = row[0].int().unwrap_or(0);
        let Some(transaction) = found.by_id.get_mut(&id) else { return Ok(()) };
        let Some(action) = action(&row[3].text()) else { return Ok(()) };
        if transaction.count(action) {
            let place = transaction.changes.len();
            places.entry(row[1].int().unwrap_or(0)).or_default().push((id, place));
            let done = row[2].text() == "TRUE" || row[2].int() == Some(1);
            transaction.changes.push(Change::unnamed(action, done));
        }
        Ok(())
    })?;
    let columns = ["pkgtupid", "name", "epoch", "version", "release", "arch"];
    database.select("pkgtups", &columns, &mut |_, row| {
        for (id, place) in places.remove(&row[0].int().unwrap_or(0)).unwrap_or_default() {
            let transaction = found.by_id.get_mut(&id);
            if let Some(change) = transaction.and_then(|t| t.changes.get_mut(place)) {
                change.name = row[1].text();
                change.epoch = row[2].int().unwrap_or(0);
                change.version = row[3].text();
                change.release = row[4].text();
                change.arch = row[5].text();
            }
        }
        Ok(())
    })
}

/// The old halves of a pair are no change of their own.
fn action(state: &str) -> Option<&'static str> {
    match state {
        "Install" | "True-Install" | "Dep-Install" | "Obsoleting" => Some("install"),
        "Update" => Some("upgrade"),
        "Downgrade" => Some("downgrade"),
        "Erase" => Some("remove"),
        "Obsoleted" => Some("obsolete"),
        "Reinstall" => Some("reinstall"),
        _ => None,
    }
}
