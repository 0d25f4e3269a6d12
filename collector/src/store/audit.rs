//! Who did what: every write, download and view of raw evidence, each row chained to the one
//! before by its SHA-256, so that a row that is changed or taken out shows.

use carepack_shared::digest::sha256_hex;
use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, values};
use super::{FromRow, Store, StoreError, queries};

/// Tries to append: each loses only to another row that was appended meanwhile.
const TRIES_MAX: u32 = 50;

/// What was done, before it is chained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub at: Timestamp,
    /// A login, or `-` for nobody.
    pub actor: String,
    /// Whose affair it is, where it is one customer's.
    pub customer: Option<Uuid>,
    pub address: String,
    /// Method and route: `POST /hosts/{host}/edit`.
    pub action: String,
    /// The path that was asked for.
    pub object: String,
    /// JSON: what it was before and after.
    pub detail: String,
}

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// 1, 2, 3 … without a gap.
    pub seq: i64,
    pub act: Act,
    /// Digest of the row before; empty for the first.
    pub previous: String,
    pub digest: String,
}

impl AuditRow {
    /// SHA-256 over all that the row says, each part preceded by its length in bytes.
    fn digest_of(seq: i64, act: &Act, previous: &str) -> String {
        let customer = act.customer.map(|id| id.to_string()).unwrap_or_default();
        let (seq, at) = (seq.to_string(), act.at.as_millisecond().to_string());
        let parts =
            [&seq, &at, &act.actor, &customer, &act.address, &act.action, &act.object, &act.detail];
        let mut text = String::new();
        for part in parts.into_iter().map(String::as_str).chain([previous]) {
            text.push_str(&format!("{}:{part}", part.len()));
        }
        sha256_hex(text.as_bytes())
    }

    /// Whether the row is what was written, and follows `previous`.
    #[must_use]
    pub fn follows(&self, previous: &str) -> bool {
        self.previous == previous
            && self.digest == Self::digest_of(self.seq, &self.act, &self.previous)
    }
}

/// The first row of a run, which begins with number `first`, that is not what was written, or does
/// not follow the one before; `previous` is the digest before the run.
#[must_use]
pub fn chain_break(rows: &[AuditRow], first: i64, previous: &str) -> Option<i64> {
    let mut previous = previous;
    for (row, expected) in rows.iter().zip(first..) {
        if row.seq != expected || !row.follows(previous) {
            return Some(expected);
        }
        previous = &row.digest;
    }
    None
}

impl FromRow for AuditRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            seq: row.get("seq")?,
            act: Act {
                at: row.get("at")?,
                actor: row.get("actor")?,
                customer: row.get("customer")?,
                address: row.get("address")?,
                action: row.get("action")?,
                object: row.get("object")?,
                detail: row.get("detail")?,
            },
            previous: row.get("previous")?,
            digest: row.get("digest")?,
        })
    }
}

/// Which rows are listed.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Rows before this one; none: from the newest.
    pub before: Option<i64>,
    pub actor: Option<String>,
    pub customer: Option<Uuid>,
}

impl Store {
    /// Appends a row; several collectors may append at once.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept: then what it tells of must not be answered with
    /// success.
    pub async fn audit(&self, act: &Act) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            let last: Option<AuditRow> = self.first(queries::AUDIT_LAST, values![]).await?;
            let (seq, previous) = last.map_or((1, String::new()), |row| (row.seq + 1, row.digest));
            let digest = AuditRow::digest_of(seq, act, &previous);
            let params = values![
                seq,
                act.at,
                &act.actor,
                act.customer,
                &act.address,
                &act.action,
                &act.object,
                &act.detail,
                previous,
                digest,
            ];
            match self.apply(vec![Step::one(queries::AUDIT_ADD, params)]).await {
                Err(StoreError::Exists { .. }) if tries < TRIES_MAX => tries += 1,
                other => return other.map(|_| ()),
            }
        }
    }

    /// Rows, newest first, at most `limit`.
    pub async fn audit_rows(
        &self,
        filter: &AuditFilter,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let before = filter.before.unwrap_or(i64::MAX);
        let params = values![before, filter.actor.as_ref(), filter.customer, i64::from(limit)];
        self.list(queries::AUDIT_LIST, params).await
    }

    /// Rows from `seq` on, oldest first, at most `limit`.
    pub async fn audit_from(&self, seq: i64, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.list(queries::AUDIT_FROM, values![seq, i64::from(limit)]).await
    }
}
