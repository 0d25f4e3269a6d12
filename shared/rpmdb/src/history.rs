//! The history of package transactions as yum and dnf keep it in SQLite: who changed what, when.
//!
//! dnf (RHEL 8, 9) has one file for ever, yum (RHEL 7) one a year or so, dnf5 (RHEL 11) words
//! instead of numbers; tables by the sources of libdnf, yum and libdnf5. The newest transactions
//! are taken, and of each the first changes with the count of all. It judges nothing.

mod dnf;
mod yum;

use std::collections::BTreeMap;

use crate::sqlite::Database;
use crate::{Error, ReadAt};

/// Most transactions taken, the newest: about a year of weekly updates and daily installs.
pub const TRANSACTIONS_MAX: usize = 100;
/// Most changes named of one transaction; a minor release's update has some 600.
pub const CHANGES_MAX: usize = 400;
/// Most changes named in all, the newest transactions first.
pub const CHANGES_IN_ALL_MAX: usize = 4_000;

/// Whose history it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Yum,
    Dnf,
    Dnf5,
}

/// How a transaction came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Failed,
    /// It began and nothing says that it ended: killed, or the host went down under it.
    Unfinished,
}

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    pub id: i64,
    /// Seconds since the epoch.
    pub begin: i64,
    pub end: Option<i64>,
    /// The login's user id, which `sudo` does not change; None where there was no login.
    pub user_id: Option<u32>,
    /// Program's options and arguments as recorded; empty where it was not.
    pub command: String,
    pub outcome: Outcome,
    /// yum's own return code.
    pub return_code: Option<i64>,
    /// Packages changed, in all.
    pub changed: usize,
    /// Action → packages.
    pub counts: BTreeMap<&'static str, usize>,
    /// The first of them.
    pub changes: Vec<Change>,
}

/// One package's part in a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `install`, `upgrade`, `downgrade`, `remove`, `reinstall`, `obsolete`.
    pub action: &'static str,
    pub name: String,
    pub epoch: i64,
    pub version: String,
    pub release: String,
    pub arch: String,
    /// The transaction did this part.
    pub done: bool,
}

impl Change {
    /// A part whose package is only known by its number as yet.
    const fn unnamed(action: &'static str, done: bool) -> Self {
        Self {
            action,
            name: String::new(),
            epoch: 0,
            version: String::new(),
            release: String::new(),
            arch: String::new(),
            done,
        }
    }
}

/// What a history holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub kind: Kind,
    /// Transactions in the file.
    pub total: usize,
    /// The newest of them, newest first.
    pub transactions: Vec<Transaction>,
}

impl Kind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yum => "yum",
            Self::Dnf => "dnf",
            Self::Dnf5 => "dnf5",
        }
    }
}

impl Outcome {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unfinished => "unfinished",
        }
    }
}

/// Reads a history, whichever of the three it is.
///
/// # Errors
/// It is none of them, or cannot be read.
pub fn read(file: &dyn ReadAt, wal: Option<&dyn ReadAt>) -> Result<History, Error> {
    let database = Database::open(file, wal)?;
    let has = |table: &str| database.table(table).map(|found| found.is_some());
    let (kind, found) = if has("trans_beg")? {
        (Kind::Yum, yum::read(&database)?)
    } else if has("trans_item_action")? {
        (Kind::Dnf5, dnf::read(&database, true)?)
    } else {
        (Kind::Dnf, dnf::read(&database, false)?)
    };
    let total = found.total;
    let mut transactions: Vec<Transaction> = found.by_id.into_values().rev().collect();
    let mut room = CHANGES_IN_ALL_MAX;
    for transaction in &mut transactions {
        transaction.changes.truncate(room);
        room -= transaction.changes.len();
    }
    Ok(History { kind, total, transactions })
}

/// Transactions as they are gathered: the newest by id.
#[derive(Default)]
struct Found {
    total: usize,
    by_id: BTreeMap<i64, Transaction>,
}

impl Found {
    fn add(&mut self, id: i64, transaction: Transaction) {
        self.total += 1;
        self.by_id.insert(id, transaction);
        if self.by_id.len() > TRANSACTIONS_MAX {
            self.by_id.pop_first();
        }
    }
}

impl Transaction {
    fn begun(id: i64, begin: i64, user_id: Option<i64>) -> Self {
        Self {
            id,
            begin,
            end: None,
            // -1, also as an unsigned number: nobody had logged in.
            user_id: user_id.and_then(|uid| u32::try_from(uid).ok()).filter(|uid| *uid != u32::MAX),
            command: String::new(),
            outcome: Outcome::Unfinished,
            return_code: None,
            changed: 0,
            counts: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// Counts a change and says whether it is one of those that are named.
    fn count(&mut self, action: &'static str) -> bool {
        self.changed += 1;
        *self.counts.entry(action).or_default() += 1;
        self.changed <= CHANGES_MAX
    }

    fn uncount(&mut self, action: &'static str) {
        self.changed = self.changed.saturating_sub(1);
        if let Some(count) = self.counts.get_mut(action) {
            *count -= 1;
        }
        self.counts.retain(|_, count| *count > 0);
    }
}
