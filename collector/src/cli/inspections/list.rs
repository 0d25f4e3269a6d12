//! `inspection list | show`.

use carepack_assessment::model::Verdict;
use jiff::Timestamp;
use serde_json::json;

use super::Of;
use crate::cli::{Exit, open, print};
use crate::inspections::review::{findings, stale};
use crate::store::{Decided, Edition, Inspection, Review, ReviewFinding, Signed};

pub async fn list(
    opened: &open::Opened,
    contract: Option<String>,
    as_json: bool,
) -> anyhow::Result<Exit> {
    let contract = match contract {
        Some(text) => Some(opened.contract(&text).await?.id),
        None => None,
    };
    let contracts = opened.store.contracts().await?;
    let name = |one: &Inspection| {
        let found = contracts.iter().find(|c| c.id == one.contract);
        found.map(|c| c.name.clone()).unwrap_or_default()
    };
    let all = opened.store.inspections(contract).await?;
    if as_json {
        let list: Vec<_> = all
            .iter()
            .map(|one| {
                json!({
                    "id": one.id, "contract": name(one), "period": one.period,
                    "state": one.state.as_str(), "missed": one.is_missed(),
                    "missed_at": one.missed_at, "assessed_at": one.assessed_at,
                    "hosts_answered": one.hosts_answered, "pack_version": one.pack_version,
                })
            })
            .collect();
        return print::json(&list);
    }
    let rows: Vec<_> = all
        .iter()
        .map(|one| {
            let state = if one.is_missed() { "missed" } else { one.state.as_str() };
            let answered = one.hosts_answered.map_or_else(|| "-".to_owned(), |n| n.to_string());
            vec![name(one), one.period.clone(), state.to_owned(), answered, moment(one.assessed_at)]
        })
        .collect();
    print::table(&["CONTRACT", "PERIOD", "STATE", "ANSWERED", "ASSESSED"], &rows);
    Ok(Exit::Ok)
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

pub async fn show(
    opened: &open::Opened,
    of: &Of,
    (only_open, as_json): (bool, bool),
) -> anyhow::Result<Exit> {
    let (contract, period) = of.find(opened).await?;
    let inspector = opened.inspector(None).await?;
    let (inspection, assessment) = inspector.assessment(&contract, &period).await?;
    let review = opened.store.review(inspection.id).await?;
    let entries = opened.store.review_findings(inspection.id).await?;
    let editions = opened.store.editions(inspection.id).await?;
    let stale = stale(&assessment, &entries);
    let (_, frozen) = inspector.drafted(&contract, (&inspection, &assessment)).await?;
    let entry_of = |subject: &str, rule: &str| -> Option<&ReviewFinding> {
        entries.iter().find(|entry| entry.subject == subject && entry.rule == rule)
    };
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (subject, place, finding) in findings(&assessment) {
        let entry = entry_of(&subject, &finding.rule);
        let fails = matches!(finding.verdict, Verdict::Danger | Verdict::Attention);
        let decided = entry.is_some_and(|entry| entry.decided != Decided::Open);
        let passes = matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
        if (only_open && (!fails || decided)) || (passes && entry.is_none()) {
            continue;
        }
        values.push(json!({
            "place": place, "subject": subject, "rule": finding.rule,
            "verdict": finding.verdict, "level": finding.level, "ko": finding.ko.title,
            "en": finding.en.title, "entry": entry.map(told),
        }));
        rows.push(vec![
            place.to_owned(),
            finding.rule.clone(),
            finding.verdict.as_str().to_owned(),
            entry.map_or("-", |entry| entry.decided.as_str()).to_owned(),
            finding.ko.title.clone(),
        ]);
    }
    if as_json {
        return print::json(&json!({
            "id": inspection.id, "contract": contract.name, "period": period,
            "state": inspection.state.as_str(), "hosts_answered": inspection.hosts_answered,
            "review": review.as_ref().map(names), "opinion": frozen.review.opinion,
            "stale": stale, "findings": values, "visits": frozen.review.visits,
            "editions": editions.iter().map(issued).collect::<Vec<_>>(),
        }));
    }
    print::table(&["PLACE", "RULE", "VERDICT", "DECIDED", "TITLE"], &rows);
    print::line(&format!("{} {period}: {}", contract.name, inspection.state.as_str()));
    for text in &stale {
        print::line(&format!("stale: {text}"));
    }
    signatures(review.as_ref());
    for edition in &editions {
        let confirmed = edition.acknowledged.as_ref().map(|one| format!(", 확인 {}", one.name));
        let (number, at) = (edition.number, edition.published_at);
        let confirmed = confirmed.unwrap_or_default();
        print::line(&format!("edition {number} of {} {at}{confirmed}", edition.document));
    }
    Ok(Exit::Ok)
}

fn signatures(review: Option<&Review>) {
    let Some(review) = review else { return };
    let name = |signed: &Option<Signed>| {
        signed.as_ref().map_or_else(|| "-".to_owned(), |signed| signed.name.clone())
    };
    print::line(&format!(
        "작성 {} · 검토 {} · 승인 {}",
        name(&review.author),
        name(&review.reviewer),
        name(&review.approver)
    ));
}

fn told(entry: &ReviewFinding) -> serde_json::Value {
    json!({
        "decided": entry.decided.as_str(), "on": entry.verdict, "corrected": entry.corrected,
        "reason": entry.reason, "comment_ko": entry.comment_ko, "comment_en": entry.comment_en,
        "case": entry.case_id, "exception": entry.exception, "by": entry.decided_by,
        "at": entry.decided_at,
    })
}

fn names(review: &Review) -> serde_json::Value {
    let signed = |signed: &Option<Signed>| {
        signed.as_ref().map(|signed| json!({"name": signed.name, "at": signed.at}))
    };
    json!({
        "revision": review.revision, "author": signed(&review.author),
        "reviewer": signed(&review.reviewer), "approver": signed(&review.approver),
        "opinion_edited": !(review.opinion_ko.is_empty() && review.opinion_en.is_empty()),
    })
}

/// An edition as `--json` shows it.
pub fn issued(edition: &Edition) -> serde_json::Value {
    let confirmed = edition.acknowledged.as_ref();
    json!({
        "id": edition.id, "document": edition.document, "edition": edition.number,
        "reason": edition.reason, "published_at": edition.published_at,
        "published_by": edition.published_by,
        "acknowledged": confirmed.map(|one| {
            json!({"name": one.name, "at": one.at, "comment": one.comment})
        }),
    })
}
