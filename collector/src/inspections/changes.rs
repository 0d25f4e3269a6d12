//! What differs between two editions of one report. Pure.

use std::collections::{BTreeMap, BTreeSet};

use carepack_assessment::Assessment;
use carepack_assessment::model::Finding;

use super::review::findings;
use crate::reports::Review;
use crate::reports::review::{Changed, Remark, Said, Texts, Visit, What};

/// Everything that a reader of the edition before must know: score, opinion, verdicts, remarks,
/// visits; in that order, each by place and rule.
#[must_use]
pub fn changes(before: (&Assessment, &Review), after: (&Assessment, &Review)) -> Vec<Changed> {
    let mut changed = Vec::new();
    let score = |assessment: &Assessment| {
        let score = assessment.summary.score;
        score.map_or(Said::Nothing, |score| Said::Text(Texts::same(&score.to_string())))
    };
    let whole = |what, before, after| Changed {
        what,
        place: String::new(),
        title: Texts::default(),
        before,
        after,
    };
    if before.0.summary.score != after.0.summary.score {
        changed.push(whole(What::Score, score(before.0), score(after.0)));
    }
    let (was, is) = (&before.1.opinion, &after.1.opinion);
    if was != is {
        changed.push(whole(What::Opinion, Said::Text(was.clone()), Said::Text(is.clone())));
    }
    changed.extend(verdicts(before.0, after.0));
    changed.extend(remarks(&before.1.remarks, &after.1.remarks));
    changed.extend(visits(&before.1.visits, &after.1.visits));
    changed
}

/// Place and rule → the finding, by subject.
type Found<'a> = BTreeMap<(String, &'a str), (&'a str, &'a Finding)>;

fn found(assessment: &Assessment) -> Found<'_> {
    findings(assessment)
        .map(|(subject, place, f)| ((subject, f.rule.as_str()), (place, f)))
        .collect()
}

fn verdicts(before: &Assessment, after: &Assessment) -> Vec<Changed> {
    let (before, after) = (found(before), found(after));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differs = |key: &&(String, &str)| {
        let (was, is) = (before.get(*key), after.get(*key));
        let verdict = |side: Option<&(&str, &Finding)>| side.map(|(_, f)| f.verdict);
        if verdict(was) == verdict(is) {
            return None;
        }
        let (place, finding) = is.or(was)?;
        let said = |side| verdict(side).map_or(Said::Nothing, Said::Verdict);
        Some(Changed {
            what: What::Verdict,
            place: (*place).to_owned(),
            title: Texts { ko: finding.ko.title.clone(), en: finding.en.title.clone() },
            before: said(was),
            after: said(is),
        })
    };
    keys.iter().filter_map(differs).collect()
}

fn remarks(before: &[Remark], after: &[Remark]) -> Vec<Changed> {
    let by_key = |list: &[Remark]| -> BTreeMap<(String, String), Remark> {
        list.iter().map(|r| ((r.subject.clone(), r.rule.clone()), r.clone())).collect()
    };
    let (before, after) = (by_key(before), by_key(after));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differs = |key: &&(String, String)| {
        let words = |side: Option<&Remark>| side.map(spoken);
        let (was, is) = (words(before.get(*key)), words(after.get(*key)));
        if was == is {
            return None;
        }
        let remark = after.get(*key).or(before.get(*key))?;
        Some(Changed {
            what: What::Remark,
            place: remark.place.clone(),
            title: remark.title.clone(),
            before: was.map_or(Said::Nothing, Said::Text),
            after: is.map_or(Said::Nothing, Said::Text),
        })
    };
    keys.iter().filter_map(differs).collect()
}

/// The words of a remark in one text a language.
fn spoken(remark: &Remark) -> Texts {
    let join = |comment: &str| {
        let parts = [remark.reason.as_str(), comment, remark.case_id.as_str()];
        let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        said.join(" · ")
    };
    Texts { ko: join(&remark.comment.ko), en: join(&remark.comment.en) }
}

fn visits(before: &[Visit], after: &[Visit]) -> Vec<Changed> {
    let one_sided = |list: &[Visit], other: &[Visit], is_new: bool| -> Vec<Changed> {
        let only = list.iter().filter(|visit| !other.contains(visit));
        only.map(|visit| {
            let said = Said::Text(Texts::same(&visit.who));
            let (before, after) =
                if is_new { (Said::Nothing, said) } else { (said, Said::Nothing) };
            Changed {
                what: What::Visit,
                place: visit.hosts.join(", "),
                title: Texts::same(&visit.held_on.to_string()),
                before,
                after,
            }
        })
        .collect()
    };
    let mut changed = one_sided(before, after, false);
    changed.extend(one_sided(after, before, true));
    changed
}
