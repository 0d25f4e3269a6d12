//! Support Patterns: rules born from a fault, every revision of them, and how they did when they
//! were tried against the stored snapshots.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Applied, Row, Step, Value, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

/// Most patterns that one list gives.
pub const PATTERNS_MAX: i64 = 2_000;

words! {
    /// How far a pattern has come.
    PatternState {
        Draft = "draft",
        /// It runs in assessments and reaches no customer.
        Shadow = "shadow",
        /// It judges.
        Published = "published",
        Retired = "retired",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportPattern {
    /// The rule's id; stable, never reused.
    pub id: String,
    pub area: String,
    pub state: PatternState,
    /// Raised with every edit.
    pub revision: u32,
    /// The rule as it was written.
    pub yaml: String,
    /// The case it was born from.
    pub case_id: String,
    /// The host of that case.
    pub host: Option<Uuid>,
    /// When the fault was there.
    pub incident_at: Option<Timestamp>,
    pub changed_at: Timestamp,
    pub changed_by: String,
}

/// One step of a pattern's life, with its text then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternChange {
    pub id: Uuid,
    pub pattern: String,
    pub at: Timestamp,
    pub made_by: String,
    pub revision: u32,
    pub state: PatternState,
    pub yaml: String,
}

/// What one revision found in the stored snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    pub pattern: String,
    pub revision: u32,
    pub tried_at: Timestamp,
    /// JSON of [`crate::support_patterns::Found`].
    pub result: String,
}

impl FromRow for SupportPattern {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            area: row.get("area")?,
            state: row.get("state")?,
            revision: row.get("revision")?,
            yaml: row.get("yaml")?,
            case_id: row.get("case_id")?,
            host: row.get("host")?,
            incident_at: row.get("incident_at")?,
            changed_at: row.get("changed_at")?,
            changed_by: row.get("changed_by")?,
        })
    }
}

impl FromRow for PatternChange {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            pattern: row.get("pattern")?,
            at: row.get("at")?,
            made_by: row.get("made_by")?,
            revision: row.get("revision")?,
            state: row.get("state")?,
            yaml: row.get("yaml")?,
        })
    }
}

impl FromRow for Trial {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            pattern: row.get("pattern")?,
            revision: row.get("revision")?,
            tried_at: row.get("tried_at")?,
            result: row.get("result")?,
        })
    }
}

fn change(pattern: &SupportPattern) -> Vec<Value> {
    values![
        Uuid::now_v7(),
        &pattern.id,
        pattern.changed_at,
        &pattern.changed_by,
        i64::from(pattern.revision),
        pattern.state,
        &pattern.yaml,
    ]
}

impl Store {
    /// # Errors
    /// [`StoreError::Exists`] when the id was used before, by a retired pattern too.
    pub async fn add_support_pattern(&self, pattern: &SupportPattern) -> Result<(), StoreError> {
        let params = values![
            &pattern.id,
            &pattern.area,
            pattern.state,
            i64::from(pattern.revision),
            &pattern.yaml,
            &pattern.case_id,
            pattern.host,
            pattern.incident_at,
            pattern.changed_at,
            &pattern.changed_by,
        ];
        let steps = vec![
            Step::any(queries::SUPPORT_PATTERNS_ADD, params),
            Step::any(queries::SUPPORT_PATTERN_CHANGES_ADD, change(pattern)),
        ];
        self.apply(steps).await.map(|_| ())
    }

    /// Puts `to` in the place of what was read; false when somebody changed it meanwhile.
    pub async fn put_support_pattern(
        &self,
        read: &SupportPattern,
        to: &SupportPattern,
    ) -> Result<bool, StoreError> {
        let params = values![
            &read.id,
            i64::from(read.revision),
            read.state,
            to.state,
            i64::from(to.revision),
            &to.yaml,
            to.changed_at,
            &to.changed_by,
        ];
        let steps = vec![
            Step::one(queries::SUPPORT_PATTERNS_PUT, params),
            Step::any(queries::SUPPORT_PATTERN_CHANGES_ADD, change(to)),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }

    pub async fn support_pattern(&self, id: &str) -> Result<Option<SupportPattern>, StoreError> {
        self.first(queries::SUPPORT_PATTERNS_GET, values![id]).await
    }

    /// All of them, by id; at most [`PATTERNS_MAX`].
    pub async fn support_patterns(&self) -> Result<Vec<SupportPattern>, StoreError> {
        self.list(queries::SUPPORT_PATTERNS_LIST, values![PATTERNS_MAX]).await
    }

    /// A pattern's steps, oldest first.
    pub async fn support_pattern_changes(
        &self,
        id: &str,
    ) -> Result<Vec<PatternChange>, StoreError> {
        self.list(queries::SUPPORT_PATTERN_CHANGES_LIST, values![id]).await
    }

    /// Keeps what a revision found; a later trial takes the place of an earlier one.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when there is no such pattern.
    pub async fn put_trial(&self, trial: &Trial) -> Result<(), StoreError> {
        let params =
            values![&trial.pattern, i64::from(trial.revision), trial.tried_at, &trial.result];
        let step = Step::any(queries::SUPPORT_PATTERN_TRIALS_PUT, params);
        self.apply(vec![step]).await.map(|_| ())
    }

    pub async fn trial(&self, id: &str, revision: u32) -> Result<Option<Trial>, StoreError> {
        let params = values![id, i64::from(revision)];
        self.first(queries::SUPPORT_PATTERN_TRIALS_GET, params).await
    }
}
