//! `/var/lib/dnf/history.sqlite` of libdnf, and libdnf5's `transaction_history.sqlite`.
//!
//! ```text
//! trans        id, dt_begin, dt_end, user_id, cmdline | description, state (1 done, 2 error) | state_id
//! trans_item   id, trans_id, item_id, action | action_id, state | state_id
//! rpm          item_id, name, epoch, version, release, arch
//! ```
//! libdnf5 has names of packages and architectures in tables of their own and words for the states
//! in `trans_state`, `trans_item_action`, `trans_item_state`.

use std::collections::{BTreeMap, HashMap};

use super::{Change, Found, Outcome, Transaction};
use crate::Error;
use crate::sqlite::Database;

/// Number → word of a table of words.
type Words = BTreeMap<i64, String>;

/// Where one package of a transaction stands: its transaction and its place there.
type Places = HashMap<i64, Vec<(i64, usize)>>;

pub(super) fn read(database: &Database<'_>, words: bool) -> Result<Found, Error> {
    let table = |name: &'static str| if words { names(database, name) } else { Ok(Words::new()) };
    let mut found = transactions(database, &table("trans_state")?)?;
    let lookup =
        Lookup { actions: table("trans_item_action")?, states: table("trans_item_state")? };
    let mut places = items(database, &lookup, &mut found)?;
    packages(database, words, &mut places, &mut found)?;
    // Groups and environments are items too; no package stands behind them.
    for transaction in found.by_id.values_mut() {
        let (packages, others): (Vec<_>, Vec<_>) =
            transaction.changes.drain(..).partition(|change| !change.name.is_empty());
        transaction.changes = packages;
        for other in others {
            transaction.uncount(other.action);
        }
    }
    Ok(found)
}

struct Lookup {
    actions: Words,
    states: Words,
}

fn names(database: &Database<'_>, table: &'static str) -> Result<Words, Error> {
    /// Far more than there are names of packages in a distribution.
    const NAMES_MAX: usize = 500_000;
    let mut found = Words::new();
    database.select(table, &["id", "name"], &mut |_, row| {
        if found.len() == NAMES_MAX {
            return Err(Error::Limit("number of names"));
        }
        found.insert(row[0].int().unwrap_or(0), row[1].text());
        Ok(())
    })?;
    Ok(found)
}

fn transactions(database: &Database<'_>, states: &Words) -> Result<Found, Error> {
    let mut found = Found::default();
    let columns =
        ["id", "dt_begin", "dt_end", "user_id", "cmdline", "description", "state", "state_id"];
    database.select("trans", &columns, &mut |_, row| {
        let [id, begin, end, user, command, description, state, state_id] = row else {
            return Ok(());
        };
        let (Some(id), Some(begin)) = (id.int(), begin.int()) else {
            return Err(Error::Malformed("row of trans"));
        };
        let mut transaction = Transaction::begun(id, begin, user.int());
        transaction.end = end.int().filter(|end| *end > 0);
        // libdnf5 calls the command line the description.
        transaction.command = [command.text(), description.text()].concat();
        let word = state_id.int().and_then(|id| states.get(&id)).map(String::as_str);
        transaction.outcome = match (state.int(), word) {
            (Some(1), _) | (_, Some("Ok")) => Outcome::Done,
            (Some(2), _) | (_, Some("Error")) => Outcome::Failed,
            _ => Outcome::Unfinished,
        };
        found.add(id, transaction);
        Ok(())
    })?;
    Ok(found)
}

/// The parts of the transactions that were taken: what was done, and which item it was done to.
fn items(database: &Database<'_>, lookup: &Lookup, found: &mut Found) -> Result<Places, Error> {
    let mut places = Places::new();
    let columns = ["trans_id", "item_id", "action", "action_id", "state", "state_id"];
    database.select("trans_item", &columns, &mut |_, row| {
        let [transaction, item, action, action_id, state, state_id] = row else { return Ok(()) };
        let id = transaction.int().unwrap_or(0);
        let Some(transaction) = found.by_id.get_mut(&id) else { return Ok(()) };
        let word = action_id.int().and_then(|id| lookup.actions.get(&id)).map(String::as_str);
        let Some(action) = action.int().map_or_else(|| word.and_then(named), numbered) else {
            return Ok(());
        };
        if !transaction.count(action) {
            return Ok(());
        }
        let word = state_id.int().and_then(|id| lookup.states.get(&id)).map(String::as_str);
        let place = transaction.changes.len();
        places.entry(item.int().unwrap_or(0)).or_default().push((id, place));
        let done = state.int() == Some(1) || word == Some("Ok");
        transaction.changes.push(Change::unnamed(action, done));
        Ok(())
    })?;
    Ok(places)
}

/// `TransactionItemAction` of libdnf; the old halves of a pair and changes of reasons are no
/// change of their own.
const fn numbered(action: i64) -> Option<&'static str> {
    match action {
        1 => Some("install"),
        2 => Some("downgrade"),
        5 => Some("obsolete"),
        6 => Some("upgrade"),
        8 => Some("remove"),
        9 => Some("reinstall"),
        _ => None,
    }
}

fn named(action: &str) -> Option<&'static str> {
    match action {
        "Install" => Some("install"),
        "Downgrade" => Some("downgrade"),
        "Upgrade" => Some("upgrade"),
        "Remove" => Some("remove"),
        "Reinstall" => Some("reinstall"),
        _ => None,
    }
}

fn packages(
    database: &Database<'_>,
    words: bool,
    places: &mut Places,
    found: &mut Found,
) -> Result<(), Error> {
    let (mut package_names, mut arches) = (Words::new(), Words::new());
    if words {
        package_names = names(database, "pkg_name")?;
        arches = names(database, "arch")?;
    }
    let columns = ["item_id", "name", "name_id", "epoch", "version", "release", "arch", "arch_id"];
    database.select("rpm", &columns, &mut |_, row| {
        let [item, name, name_id, epoch, version, release, arch, arch_id] = row else {
            return Ok(());
        };
        let Some(list) = places.remove(&item.int().unwrap_or(0)) else { return Ok(()) };
        let word = |id: Option<i64>, words: &Words| id.and_then(|id| words.get(&id).cloned());
        for (transaction, place) in list {
            let Some(change) =
                found.by_id.get_mut(&transaction).and_then(|t| t.changes.get_mut(place))
            else {
                continue;
            };
            change.name = word(name_id.int(), &package_names).unwrap_or_else(|| name.text());
            change.arch = word(arch_id.int(), &arches).unwrap_or_else(|| arch.text());
            change.epoch = epoch.int().unwrap_or(0);
            change.version = version.text();
            change.release = release.text();
        }
        Ok(())
    })
}
