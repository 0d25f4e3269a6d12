//! Whether a fault that was told as a pattern is gone again: the newest snapshot of each told host,
//! judged by the pattern as a later inspection would.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use carepack_assessment::model::Verdict;
use carepack_assessment::rule::Rule;
use jiff::Timestamp;
use uuid::Uuid;

use super::hunt::{Found, sights};
use super::{PatternError, compiled, tell};
use crate::objects::Objects;
use crate::store::{Notice, PatternState, Standing, Store, StoreError};

/// What a snapshot says of one pattern on one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighted {
    pub snapshot: Uuid,
    pub taken_at: Timestamp,
    /// Whether the snapshot has it; a pattern that could not be judged is not sighted.
    pub is_there: bool,
}

impl Sighted {
    /// As of an advisory: what is there is missing its mending.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        if self.is_there { Standing::Missing } else { Standing::Applied }
    }
}

/// Sights by notice and host, of the hosts whose newest snapshot no notice has seen yet.
pub type Sights = HashMap<(Uuid, Uuid), Sighted>;

/// Looks again where a snapshot came since. A pattern or a snapshot that cannot be read is logged
/// and leaves its hosts as they stand.
///
/// # Errors
/// What the store says.
pub async fn look(
    (store, objects): (&Store, &Objects),
    notices: &[Notice],
    newest: &BTreeMap<Uuid, (Uuid, Timestamp)>,
    since: Timestamp,
) -> Result<Sights, StoreError> {
    let mut told = Sights::new();
    let rules = rules(store, notices).await?;
    if rules.is_empty() {
        return Ok(told);
    }
    for host in store.all_notice_hosts(since).await? {
        let (Some(rule), Some((snapshot, _))) = (rules.get(&host.notice), newest.get(&host.host))
        else {
            continue;
        };
        if host.standing == Standing::Gone || host.snapshot == Some(*snapshot) {
            continue;
        }
        match sighted((store, objects), rule, host.host).await {
            Ok(Some(sighted)) => {
                told.insert((host.notice, host.host), sighted);
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(host.id = %host.host, "pattern.unwatched: {error}"),
        }
    }
    Ok(told)
}

/// The rules of those notices that tell of a published pattern.
async fn rules(store: &Store, notices: &[Notice]) -> Result<HashMap<Uuid, Arc<Rule>>, StoreError> {
    let mut rules = HashMap::new();
    for pattern in store.support_patterns().await? {
        if pattern.state != PatternState::Published {
            continue;
        }
        let id = tell::advisory(&pattern.id);
        let mut of_pattern = notices.iter().filter(|notice| notice.advisory == id).peekable();
        if of_pattern.peek().is_none() {
            continue;
        }
        match compiled(&pattern) {
            Ok(rule) => {
                let rule = Arc::new(rule);
                rules.extend(of_pattern.map(|notice| (notice.id, Arc::clone(&rule))));
            }
            Err(error) => tracing::warn!(pattern = %pattern.id, "pattern.unwatched: {error}"),
        }
    }
    Ok(rules)
}

/// The newest snapshot of a host, judged with the one before it.
async fn sighted(
    (store, objects): (&Store, &Objects),
    rule: &Arc<Rule>,
    host: Uuid,
) -> Result<Option<Sighted>, PatternError> {
    let mut rows = store.snapshots(host, 2).await?;
    rows.reverse();
    let Some((id, taken_at)) = rows.last().map(|row| (row.id, row.taken_at)) else {
        return Ok(None);
    };
    let sights = sights(objects, rule, &rows, &mut Found::default()).await?;
    let Some(sight) = sights.last().filter(|sight| sight.at == taken_at) else { return Ok(None) };
    let is_there = match sight.verdict {
        Verdict::Danger | Verdict::Attention => true,
        Verdict::Pass => false,
        _ => return Ok(None),
    };
    Ok(Some(Sighted { snapshot: id, taken_at, is_there }))
}
