//! A finding between inspections: whether it is new, stays, comes back or is gone, and since when.
//!
//! It does not know what was found, only verdicts of now and before.

use super::Past;
use crate::judge::Judged;
use crate::model::{Standing, Verdict};

/// What a customer has to look at.
pub(super) const fn is_failing(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Danger | Verdict::Attention | Verdict::Excepted)
}

/// 신규 · 지속 · 재발 · 해소, by today's rules on both inspections' evidence.
pub(super) fn standing(
    rule: &str,
    now: &Judged,
    before: &Judged,
    history: &[Past],
) -> Option<Standing> {
    match (is_failing(before.verdict), is_failing(now.verdict)) {
        (true, true) => Some(Standing::Persisting),
        (true, false) if now.verdict == Verdict::Pass => Some(Standing::Resolved),
        (false, true) => {
            let earlier = history.iter().any(|past| past.failing.contains(rule));
            Some(if earlier { Standing::Recurring } else { Standing::New })
        }
        _ => None,
    }
}

/// The first period of the unbroken row of failures that ends now.
pub(super) fn since(rule: &str, period: &str, history: &[Past]) -> String {
    let row = history.iter().rev().take_while(|past| past.failing.contains(rule));
    row.last().map_or(period, |past| &past.period).to_owned()
}
