//! Review: what an engineer says of an assessed inspection, finding by finding, the overall
//! opinion, and the three names under it (작성 → 검토 → 승인).
//!
//! The assessment itself is never changed: entries stand beside it and are put in force when a
//! report is made ([`combined`], pure). An entry remembers the verdict that it was made on; when
//! the period is assessed anew and the verdict is another one, it is stale and holds up signing.

mod combined;
mod error;
mod names;
mod place;

use carepack_assessment::model::{Assessment, Finding, Verdict};
use jiff::Timestamp;
use uuid::Uuid;

use super::Inspector;
use crate::store::{
    Contract, Decided, Exception, Inspection, Review, ReviewFinding, Signed, State,
};
pub use combined::{combined, signature, stale};
pub use error::ReviewError;
pub use names::{Role, signed};
pub use place::findings;
use place::{Place, find};

/// Longest overall opinion, comment or reason, in characters.
const OPINION_CHARS_MAX: usize = 20_000;
const WORDS_CHARS_MAX: usize = 2_000;
/// Longest name of a person or case, in characters.
const NAME_CHARS_MAX: usize = 100;

/// What an engineer decides on one finding. Words that are `None` stay as they are.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub decision: Option<Decision>,
    pub comment_ko: Option<String>,
    pub comment_en: Option<String>,
    pub case_id: Option<String>,
}

/// The decision itself.
#[derive(Clone, Debug)]
pub enum Decision {
    Accept,
    Correct {
        verdict: Verdict,
        reason: String,
    },
    Except(Accepted),
    /// Takes an earlier decision back; the words stay.
    Reopen,
}

/// A risk that the customer accepts.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub reason: String,
    pub risk: String,
    pub compensation: String,
    pub approver: String,
    pub expires_at: Timestamp,
}

/// An inspection under review, read once.
pub struct Reviewing {
    pub contract: Contract,
    pub inspection: Inspection,
    /// As it was judged.
    pub assessment: Assessment,
    pub review: Review,
    pub entries: Vec<ReviewFinding>,
}

impl Inspector {
    /// Takes an assessed inspection into review; a published one is reopened for a corrected
    /// edition.
    ///
    /// # Errors
    /// [`ReviewError::State`] for one that was never assessed.
    pub async fn open_review(&self, contract: &Contract, period: &str) -> Result<(), ReviewError> {
        let (inspection, _) = self.assessment(contract, period).await?;
        let state = inspection.state;
        match state {
            State::InReview => return Ok(()),
            State::Assessed | State::Published | State::Acknowledged => {}
            State::Due | State::Collecting => {
                let way = "assess it first: carepack-collector inspect";
                return Err(refused(period, state, way));
            }
        }
        if self.store.open_review(inspection.id, state).await? {
            tracing::info!(contract = %contract.name, period, "inspection.in_review");
            return Ok(());
        }
        Err(ReviewError::Changed)
    }

    /// Reads an inspection that is under review.
    ///
    /// # Errors
    /// [`ReviewError::State`] for one that is not.
    pub async fn reviewing(
        &self,
        contract: &Contract,
        period: &str,
    ) -> Result<Reviewing, ReviewError> {
        let (inspection, assessment) = self.assessment(contract, period).await?;
        if inspection.state != State::InReview {
            let way = "take it into review first: carepack-collector inspection review open";
            return Err(refused(period, inspection.state, way));
        }
        let review = self.store.review(inspection.id).await?.ok_or(ReviewError::Changed)?;
        let entries = self.store.review_findings(inspection.id).await?;
        let contract = contract.clone();
        Ok(Reviewing { contract, inspection, assessment, review, entries })
    }

    /// Keeps an engineer's entry on one finding. The signatures given so far are void.
    ///
    /// # Errors
    /// [`ReviewError`]; nothing is kept then.
    pub async fn decide(
        &self,
        reviewing: &Reviewing,
        (place, rule): (&str, &str),
        wish: &Wish,
        (by, now): (&str, Timestamp),
    ) -> Result<(), ReviewError> {
        let place = find(&reviewing.assessment, place)?;
        let finding = place.findings.iter().find(|finding| finding.rule == rule);
        let finding = finding.ok_or_else(|| ReviewError::NoFinding {
            place: place.name.to_owned(),
            rule: rule.to_owned(),
        })?;
        let known = |entry: &&ReviewFinding| entry.subject == place.subject && entry.rule == rule;
        let known = reviewing.entries.iter().find(known);
        let mut entry =
            known.cloned().unwrap_or_else(|| untouched(reviewing.inspection.id, &place, finding));
        entry.decided_by = named("who decides", by)?;
        entry.decided_at = now;
        reword(&mut entry, wish)?;
        let exceptions = match &wish.decision {
            Some(decision) => settle(&mut entry, (&place, finding), decision, reviewing)?,
            None => Vec::new(),
        };
        let review = unsigned(&reviewing.review);
        if self.store.put_review(&review, Some(&entry), &exceptions).await? {
            return Ok(());
        }
        Err(ReviewError::Changed)
    }

    /// Keeps the overall opinion; an empty text is the generated draft again.
    ///
    /// # Errors
    /// [`ReviewError`]; nothing is kept then.
    pub async fn set_opinion(
        &self,
        reviewing: &Reviewing,
        ko: Option<&str>,
        en: Option<&str>,
    ) -> Result<(), ReviewError> {
        let mut review = unsigned(&reviewing.review);
        for (own, text) in [(&mut review.opinion_ko, ko), (&mut review.opinion_en, en)] {
            if let Some(text) = text {
                *own = bounded("the opinion", text.trim(), OPINION_CHARS_MAX)?;
            }
        }
        if self.store.put_review(&review, None, &[]).await? {
            return Ok(());
        }
        Err(ReviewError::Changed)
    }

    /// Puts a name under the review.
    ///
    /// # Errors
    /// [`ReviewError::Stale`], [`ReviewError::Unsigned`] out of order, [`ReviewError::SamePerson`]
    /// where the contract wants different people.
    pub async fn sign(
        &self,
        reviewing: &Reviewing,
        role: Role,
        (name, now): (&str, Timestamp),
    ) -> Result<(), ReviewError> {
        let stale = stale(&reviewing.assessment, &reviewing.entries);
        if !stale.is_empty() {
            return Err(ReviewError::Stale(stale));
        }
        let four_eyes = self.store.wants_four_eyes(reviewing.contract.id).await?;
        let name = named("the name", name)?;
        let review = signed(&reviewing.review, role, Signed { name, at: now }, four_eyes)?;
        if self.store.put_review(&review, None, &[]).await? {
            tracing::info!(role = role.as_str(), "inspection.signed");
            return Ok(());
        }
        Err(ReviewError::Changed)
    }
}

/// The review without names: its words are about to change.
fn unsigned(review: &Review) -> Review {
    Review { author: None, reviewer: None, approver: None, ..review.clone() }
}

fn untouched(inspection: Uuid, place: &Place<'_>, finding: &Finding) -> ReviewFinding {
    ReviewFinding {
        inspection,
        subject: place.subject.clone(),
        rule: finding.rule.clone(),
        verdict: finding.verdict,
        decided: Decided::Open,
        corrected: None,
        exception: None,
        reason: String::new(),
        comment_ko: String::new(),
        comment_en: String::new(),
        case_id: String::new(),
        decided_by: String::new(),
        decided_at: Timestamp::UNIX_EPOCH,
    }
}

fn reword(entry: &mut ReviewFinding, wish: &Wish) -> Result<(), ReviewError> {
    if let Some(text) = &wish.comment_ko {
        entry.comment_ko = bounded("the comment", text.trim(), WORDS_CHARS_MAX)?;
    }
    if let Some(text) = &wish.comment_en {
        entry.comment_en = bounded("the comment", text.trim(), WORDS_CHARS_MAX)?;
    }
    if let Some(text) = &wish.case_id {
        entry.case_id = bounded("the case", text.trim(), NAME_CHARS_MAX)?;
    }
    Ok(())
}

/// Puts a decision in an entry; the risks that are to be registered with it.
fn settle(
    entry: &mut ReviewFinding,
    (place, finding): (&Place<'_>, &Finding),
    decision: &Decision,
    reviewing: &Reviewing,
) -> Result<Vec<Exception>, ReviewError> {
    entry.verdict = finding.verdict;
    (entry.corrected, entry.exception) = (None, None);
    entry.reason.clear();
    match decision {
        Decision::Accept => entry.decided = Decided::Accepted,
        Decision::Reopen => entry.decided = Decided::Open,
        Decision::Correct { verdict, reason } => {
            let (place, rule) = (place.name.to_owned(), finding.rule.clone());
            if *verdict == finding.verdict {
                return Err(ReviewError::Same { place, rule, verdict: verdict.as_str() });
            }
            entry.decided = Decided::Corrected;
            entry.corrected = Some(*verdict);
            entry.reason = said("the reason", reason)?;
        }
        Decision::Except(accepted) => {
            if !matches!(finding.verdict, Verdict::Danger | Verdict::Attention) {
                let (place, rule) = (place.name.to_owned(), finding.rule.clone());
                return Err(ReviewError::NotFailing { place, rule });
            }
            let risks = risks(accepted, (place, &finding.rule), entry.decided_at, reviewing)?;
            entry.decided = Decided::Excepted;
            entry.exception = risks.first().map(|risk| risk.id);
            entry.reason.clone_from(&accepted.reason);
            return Ok(risks);
        }
    }
    Ok(Vec::new())
}

/// One accepted risk for each host of the place.
fn risks(
    accepted: &Accepted,
    (place, rule): (&Place<'_>, &str),
    now: Timestamp,
    reviewing: &Reviewing,
) -> Result<Vec<Exception>, ReviewError> {
    if accepted.expires_at <= now {
        return Err(ReviewError::Expired(accepted.expires_at));
    }
    let risk = |host: &Uuid| -> Result<Exception, ReviewError> {
        Ok(Exception {
            id: Uuid::now_v7(),
            contract: reviewing.contract.id,
            host: Some(*host),
            rule: rule.to_owned(),
            reason: said("the reason", &accepted.reason)?,
            risk: said("the risk", &accepted.risk)?,
            compensation: said("the compensation", &accepted.compensation)?,
            approver: named("the approver", &accepted.approver)?,
            approved_at: now,
            expires_at: accepted.expires_at,
        })
    };
    if place.hosts.is_empty() {
        return Err(ReviewError::NoPlace(place.name.to_owned()));
    }
    place.hosts.iter().map(risk).collect()
}

pub fn refused(period: &str, state: State, way: &'static str) -> ReviewError {
    ReviewError::State { period: period.to_owned(), state: state.as_str(), way }
}

fn bounded(what: &'static str, text: &str, max: usize) -> Result<String, ReviewError> {
    if text.chars().count() > max {
        return Err(ReviewError::TooLong { what, max });
    }
    Ok(text.to_owned())
}

fn said(what: &'static str, text: &str) -> Result<String, ReviewError> {
    if text.trim().is_empty() {
        return Err(ReviewError::Empty { what });
    }
    bounded(what, text.trim(), WORDS_CHARS_MAX)
}

/// The name of a person.
///
/// # Errors
/// [`ReviewError`] when it is empty or too long.
pub fn named(what: &'static str, text: &str) -> Result<String, ReviewError> {
    if text.trim().is_empty() {
        return Err(ReviewError::Empty { what });
    }
    bounded(what, text.trim(), NAME_CHARS_MAX)
}
