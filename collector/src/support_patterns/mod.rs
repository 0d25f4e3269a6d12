//! Support Patterns: a fault that was understood becomes a rule, so that the same fault is prevented
//! or found fastest next time.
//!
//! Read in the order of a pattern's life: [`draft`] (from the case's snapshot), [`hunt`] (tried
//! against every stored snapshot), then shadow (it runs and reaches no customer), published (it
//! judges, [`tell`] drafts notices to who has it, [`watch`] sees it go), retired. Every step is kept with its text.
//! What it does not know: how a rule is judged, nor cases beyond their number.

pub mod draft;
pub mod hunt;
pub mod tell;
pub mod watch;

use std::collections::BTreeMap;

use carepack_assessment::Pack;
use carepack_assessment::rule::{Kind, Rule, RuleError, Scope};
use carepack_shared::digest::sha256_hex;
use jiff::Timestamp;
use serde_yaml_ng::{Mapping, Value};

use crate::inspections::InspectionError;
use crate::rules;
use crate::store::{PatternState, Store, StoreError, SupportPattern};
pub use hunt::Found;

/// Longest text of a pattern in bytes, as for a file of a rule pack.
pub const YAML_BYTES_MAX: usize = 256 * 1024;
/// Longest id.
const ID_CHARS_MAX: usize = 60;

/// Why a pattern is refused.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Inspection(#[from] InspectionError),
    #[error("there is no pattern {0:?}; see: carepack-collector pattern list")]
    Unknown(String),
    #[error("{0:?} is no id of a pattern: lower-case letters, digits and '-', at most 60")]
    Id(String),
    #[error("the id {0} is used already, by a rule of the pack or by an earlier pattern")]
    Used(String),
    #[error("the text of the pattern has more than {YAML_BYTES_MAX} bytes")]
    TooLong,
    #[error("the pattern is no rule")]
    Rule(#[from] RuleError),
    #[error("a Support Pattern has kind: pattern and judges single hosts (no scope)")]
    Kind,
    #[error("pattern {id} is {state}; {way}")]
    State { id: String, state: &'static str, way: &'static str },
    #[error("revision {revision} of {id} has not been tried yet; run: pattern try {id}")]
    Untried { id: String, revision: u32 },
    #[error("the pattern was changed by somebody else meanwhile; look at it again")]
    Changed,
    #[error("the host has no snapshot of that time")]
    NoSnapshot,
    #[error(
        "nothing stands out in the snapshot: no signature in its logs near the fault, and no rule \
         fails; write the rule yourself: pattern draft --file FILE"
    )]
    Nothing,
    #[error("a pattern's text or trial cannot be written or read")]
    Yaml(#[from] serde_yaml_ng::Error),
    #[error("a pattern's trial cannot be written or read")]
    Json(#[from] serde_json::Error),
    #[error("the hunting thread stopped")]
    Stopped(#[from] tokio::task::JoinError),
}

/// The built-in pack with the patterns that judge, and those in shadow. The version names those that
/// judge: what reaches no customer changes no version.
///
/// # Errors
/// [`InspectionError::Rules`] names a pattern that this version cannot use.
pub async fn pack(store: &Store) -> Result<Pack, InspectionError> {
    let mut files = BTreeMap::new();
    let mut published = Vec::new();
    for pattern in store.support_patterns().await? {
        let status = match pattern.state {
            PatternState::Draft | PatternState::Retired => continue,
            PatternState::Shadow => "shadow",
            PatternState::Published => {
                published.extend_from_slice(pattern.id.as_bytes());
                published.extend_from_slice(&pattern.revision.to_be_bytes());
                published.extend_from_slice(pattern.yaml.as_bytes());
                "active"
            }
        };
        let path = format!("{}/{}/rule.yaml", pattern.area, pattern.id);
        files.insert(path, in_force(&pattern, status));
    }
    let more = match published.len() {
        0 => String::new(),
        _ => format!("+patterns-{}", &sha256_hex(&published)[..8]),
    };
    Ok(rules::built_in_with(files, &more).map_err(Box::new)?)
}

/// A pattern's text with the status and revision that the store knows.
fn in_force(pattern: &SupportPattern, status: &str) -> String {
    let Ok(mut rule) = serde_yaml_ng::from_str::<Mapping>(&pattern.yaml) else {
        return pattern.yaml.clone();
    };
    rule.insert(Value::from("status"), Value::from(status));
    rule.insert(Value::from("rev"), Value::from(pattern.revision));
    serde_yaml_ng::to_string(&rule).unwrap_or_else(|_| pattern.yaml.clone())
}

/// The pattern as a rule, when it may be one.
///
/// # Errors
/// [`PatternError`] says what is wrong with the id or the text.
pub fn compiled(pattern: &SupportPattern) -> Result<Rule, PatternError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let id = &pattern.id;
    if id.is_empty() || id.len() > ID_CHARS_MAX || !id.chars().all(fits) {
        return Err(PatternError::Id(id.clone()));
    }
    if pattern.yaml.len() > YAML_BYTES_MAX {
        return Err(PatternError::TooLong);
    }
    let rule = Rule::parse(&pattern.area, id, &pattern.yaml)?;
    if rule.spec.kind != Kind::Pattern || rule.spec.scope != Scope::Host {
        return Err(PatternError::Kind);
    }
    Ok(rule)
}

/// Keeps a new draft.
///
/// # Errors
/// [`PatternError::Used`] for an id that a rule or an earlier pattern has.
pub async fn add(store: &Store, pattern: &SupportPattern) -> Result<(), PatternError> {
    compiled(pattern)?;
    let built_in = rules::built_in().map_err(|error| InspectionError::from(Box::new(error)))?;
    let used = || PatternError::Used(pattern.id.clone());
    if built_in.rules.iter().any(|rule| rule.id == pattern.id) {
        return Err(used());
    }
    match store.add_support_pattern(pattern).await {
        Err(StoreError::Exists { .. }) => Err(used()),
        other => Ok(other?),
    }
}

/// A pattern by id.
///
/// # Errors
/// [`PatternError::Unknown`].
pub async fn get(store: &Store, id: &str) -> Result<SupportPattern, PatternError> {
    let found = store.support_pattern(id).await?;
    found.ok_or_else(|| PatternError::Unknown(id.to_owned()))
}

/// Puts another text in the place of one that does not judge yet: a draft again, not tried.
///
/// # Errors
/// [`PatternError::State`] for one that is published or retired.
pub async fn edit(
    store: &Store,
    id: &str,
    yaml: &str,
    (by, now): (&str, Timestamp),
) -> Result<SupportPattern, PatternError> {
    let read = get(store, id).await?;
    if matches!(read.state, PatternState::Published | PatternState::Retired) {
        let way = "what judges is not changed; retire it and draft another under a new id";
        return Err(PatternError::State { id: read.id, state: read.state.as_str(), way });
    }
    let to = SupportPattern {
        state: PatternState::Draft,
        revision: read.revision + 1,
        yaml: yaml.to_owned(),
        changed_at: now,
        changed_by: by.to_owned(),
        ..read.clone()
    };
    compiled(&to)?;
    put(store, &read, to).await
}

/// Moves a pattern on: draft → shadow → published → retired; a draft may be retired too.
///
/// # Errors
/// [`PatternError::State`] out of order, [`PatternError::Untried`] for a publication of a revision
/// that was never tried.
pub async fn advance(
    store: &Store,
    id: &str,
    to: PatternState,
    (by, now): (&str, Timestamp),
) -> Result<SupportPattern, PatternError> {
    let read = get(store, id).await?;
    let way = match (read.state, to) {
        (PatternState::Draft, PatternState::Shadow)
        | (PatternState::Shadow, PatternState::Published)
        | (
            PatternState::Draft | PatternState::Shadow | PatternState::Published,
            PatternState::Retired,
        ) => "",
        (PatternState::Draft, PatternState::Published) => "put it in shadow first: pattern shadow",
        (PatternState::Retired, _) => "what is retired stays so; draft another under a new id",
        _ => "it has come further already",
    };
    if !way.is_empty() {
        return Err(PatternError::State { id: read.id, state: read.state.as_str(), way });
    }
    if to == PatternState::Published && store.trial(id, read.revision).await?.is_none() {
        return Err(PatternError::Untried { id: read.id, revision: read.revision });
    }
    if to != PatternState::Retired {
        compiled(&read)?;
    }
    let moved =
        SupportPattern { state: to, changed_at: now, changed_by: by.to_owned(), ..read.clone() };
    put(store, &read, moved).await
}

async fn put(
    store: &Store,
    read: &SupportPattern,
    to: SupportPattern,
) -> Result<SupportPattern, PatternError> {
    if store.put_support_pattern(read, &to).await? {
        tracing::info!(pattern = %to.id, revision = to.revision, state = to.state.as_str(), "pattern.changed");
        return Ok(to);
    }
    Err(PatternError::Changed)
}
