//! Why a score moved: the last inspection's evidence scored with the rules and advisories of then and
//! of today.

use crate::judge::Judged;
use crate::model::{Finding, Movement, Score};
use crate::rule::{Confidence, Rule, Status};
use crate::score::{Check, host_score, level};

/// The last inspection's evidence as today's rules see it.
pub struct Before<'p> {
    /// With the advisories that were published by then.
    pub then: Vec<Check<'p>>,
    /// With those of today.
    pub now: Vec<Check<'p>>,
}

/// What today's rules said of the last inspection's evidence, as the score takes it.
pub fn checked<'p>((rule, judged): (&'p Rule, &Judged)) -> Option<Check<'p>> {
    let counts = rule.spec.status == Status::Active && rule.spec.confidence != Confidence::Hint;
    counts.then(|| Check {
        rule: &rule.id,
        area: rule.area,
        level: level(rule.spec.impact, judged.likelihood),
        verdict: judged.verdict,
    })
}

/// Δ = rules changed + new advisories + the customer's own change.
pub fn movement(before: &Before<'_>, now: &Score, published: Option<u16>) -> Option<Movement> {
    let rescored = host_score(&before.then).effective?;
    let advised = host_score(&before.now).effective?;
    let after = now.effective?;
    let published = published.unwrap_or(rescored);
    Some(Movement {
        before: published,
        after,
        by_rules: i32::from(rescored) - i32::from(published),
        by_advisories: i32::from(advised) - i32::from(rescored),
        by_customer: i32::from(after) - i32::from(advised),
    })
}

/// A hint never enters the score.
pub fn check_of(finding: &Finding) -> Option<Check<'_>> {
    (finding.confidence != "hint").then_some(Check {
        rule: &finding.rule,
        area: finding.area,
        level: finding.level,
        verdict: finding.verdict,
    })
}
