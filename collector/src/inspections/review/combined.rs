//! An assessment and the entries of its review, put together: the verdicts that hold, the remarks
//! that are printed, and which entries are about verdicts that are others now. Pure.

use std::collections::BTreeMap;

use carepack_assessment::model::{Assessment, Finding, Verdict};
use carepack_assessment::{Correction, correct};

use super::place::findings;
use crate::inspections::gather;
use crate::reports::review::{Remark, Signature, Texts};
use crate::store::{Decided, Exception, ReviewFinding, Signed};

/// Entries with a decision on a verdict that is another one now, or on a finding that is gone:
/// `rule (host)`. Pure.
#[must_use]
pub fn stale(assessment: &Assessment, entries: &[ReviewFinding]) -> Vec<String> {
    let now: BTreeMap<(String, &str), (Verdict, &str)> = findings(assessment)
        .map(|(subject, place, f)| ((subject, f.rule.as_str()), (f.verdict, place)))
        .collect();
    let decided = entries.iter().filter(|entry| entry.decided != Decided::Open);
    let stale = decided.filter_map(|entry| {
        let found = now.get(&(entry.subject.clone(), entry.rule.as_str()));
        match found {
            Some((verdict, _)) if *verdict == entry.verdict => None,
            // Assessed anew, the risk that was accepted here is in force by itself.
            Some((Verdict::Excepted, _)) if entry.decided == Decided::Excepted => None,
            Some((_, place)) => Some(format!("{} ({place})", entry.rule)),
            None => Some(format!("{} ({})", entry.rule, entry.subject)),
        }
    });
    stale.collect()
}

/// The assessment with the entries in force, and the remarks that are printed. Pure.
#[must_use]
pub fn combined(
    assessment: &Assessment,
    entries: &[ReviewFinding],
    exceptions: &[Exception],
) -> (Assessment, Vec<Remark>) {
    let mut corrected = assessment.clone();
    for page in &mut corrected.hosts {
        // Rules in shadow reach no customer.
        page.shadowed.clear();
    }
    let accepted = |entry: &ReviewFinding| {
        let row = exceptions.iter().find(|row| Some(row.id) == entry.exception)?;
        Some(gather::exception(row))
    };
    let corrections: Vec<Correction> = entries
        .iter()
        .filter_map(|entry| {
            let exception = accepted(entry);
            let verdict = match entry.decided {
                Decided::Corrected => entry.corrected?,
                Decided::Excepted => exception.as_ref().map(|_| Verdict::Excepted)?,
                Decided::Open | Decided::Accepted => return None,
            };
            let (subject, rule) = (entry.subject.clone(), entry.rule.clone());
            Some(Correction { subject, rule, verdict, exception })
        })
        .collect();
    correct(&mut corrected, &corrections);
    let entries: BTreeMap<(&str, &str), &ReviewFinding> =
        entries.iter().map(|e| ((e.subject.as_str(), e.rule.as_str()), e)).collect();
    let mut remarks: Vec<Remark> = findings(assessment)
        .filter_map(|(subject, place, finding)| {
            let entry = entries.get(&(subject.as_str(), finding.rule.as_str()))?;
            remark(entry, place, finding)
        })
        .collect();
    remarks.sort_by(|a, b| (&a.place, &a.rule).cmp(&(&b.place, &b.rule)));
    (corrected, remarks)
}

/// What is printed of an entry; nothing of one that merely confirms the verdict.
fn remark(entry: &ReviewFinding, place: &str, finding: &Finding) -> Option<Remark> {
    let comment = Texts { ko: entry.comment_ko.clone(), en: entry.comment_en.clone() };
    let holds = match entry.decided {
        Decided::Corrected => entry.corrected.unwrap_or(finding.verdict),
        Decided::Excepted => Verdict::Excepted,
        Decided::Open | Decided::Accepted => finding.verdict,
    };
    let silent = comment.is_empty() && entry.case_id.is_empty();
    if silent && matches!(entry.decided, Decided::Open | Decided::Accepted) {
        return None;
    }
    Some(Remark {
        subject: entry.subject.clone(),
        place: place.to_owned(),
        rule: entry.rule.clone(),
        title: Texts { ko: finding.ko.title.clone(), en: finding.en.title.clone() },
        judged: entry.verdict,
        holds,
        reason: entry.reason.clone(),
        comment,
        case_id: entry.case_id.clone(),
        by: entry.decided_by.clone(),
    })
}

/// As it is printed.
pub fn signature(signed: &Signed) -> Signature {
    Signature { name: signed.name.clone(), at: signed.at }
}
