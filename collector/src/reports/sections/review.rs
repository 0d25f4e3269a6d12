//! What people said of the findings, visits, and what a corrected edition changes.

use super::{Scene, moment};
use crate::reports::clean::{clean, or_dash, paragraphs};
use crate::reports::model::{Pair, ReviewPage, Table, VisitPage};
use crate::reports::review::{Remark, Said, Signature, Visit, What};

/// Changes of an edition on paper; the rest is counted.
const CHANGES_MAX: usize = 300;

pub fn page(scene: &Scene<'_>) -> ReviewPage {
    let (changes, changes_note) = changes(scene);
    ReviewPage {
        about: about(scene),
        remarks: remarks(scene),
        visits: scene.review.visits.iter().map(|visit| visited(scene, visit)).collect(),
        changes,
        changes_note,
    }
}

/// `제2판` or `초안`.
pub fn edition(scene: &Scene<'_>) -> String {
    match (scene.review.edition, scene.review.published_at) {
        (0, _) | (_, None) => scene.say("review.draft"),
        (number, Some(at)) => {
            let word = scene.say("review.edition.n").replace("{n}", &number.to_string());
            format!("{word} ({})", moment(at))
        }
    }
}

/// `이름 2026-11-05 10:00`, or a dash.
fn name(signature: Option<&Signature>) -> String {
    signature.map_or_else(
        || "-".to_owned(),
        |signed| format!("{} ({})", clean(&signed.name), moment(signed.at)),
    )
}

fn about(scene: &Scene<'_>) -> Vec<Pair> {
    let review = scene.review;
    vec![
        scene.pair("review.edition", edition(scene)),
        scene.pair("review.author", name(review.author.as_ref())),
        scene.pair("reviewer", name(review.reviewer.as_ref())),
        scene.pair("approver", name(review.approver.as_ref())),
    ]
}

fn remarks(scene: &Scene<'_>) -> Table {
    let head = ["host", "item", "review.judged", "review.holds", "review.words", "review.by"];
    let rows = scene.review.remarks.iter().map(|remark| {
        vec![
            clean(&remark.place),
            clean(remark.title.of(scene.lang)),
            scene.mark(remark.judged).word,
            scene.mark(remark.holds).word,
            words(scene, remark),
            clean(&remark.by),
        ]
    });
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() }
}

/// Reason, comment and case in one cell.
fn words(scene: &Scene<'_>, remark: &Remark) -> String {
    let mut said: Vec<String> =
        [remark.reason.as_str(), remark.comment.of(scene.lang)].map(clean).to_vec();
    if !remark.case_id.is_empty() {
        said.push(format!("{} {}", scene.say("review.case"), clean(&remark.case_id)));
    }
    said.retain(|text| !text.is_empty());
    or_dash(&said.join(" · "))
}

fn visited(scene: &Scene<'_>, visit: &Visit) -> VisitPage {
    let head = ["item", "verdict", "review.words"];
    let rows = visit
        .checklist
        .iter()
        .map(|item| vec![clean(&item.item), scene.mark(item.result).word, or_dash(&item.note)]);
    VisitPage {
        about: vec![
            scene.pair("date", visit.held_on.to_string()),
            scene.pair("visit.who", or_dash(&visit.who)),
            scene.pair("targets", or_dash(&visit.hosts.join(", "))),
        ],
        checklist: Table {
            head: head.iter().map(|key| scene.say(key)).collect(),
            rows: rows.collect(),
        },
        words: paragraphs(visit.words.of(scene.lang)),
    }
}

/// The table of what differs, and the sentence above it; both empty for a first edition.
fn changes(scene: &Scene<'_>) -> (Table, String) {
    let Some(revision) = &scene.review.revision else { return (Table::default(), String::new()) };
    let head = ["review.what", "host", "item", "review.before", "review.after"];
    let rows = revision.changes.iter().take(CHANGES_MAX).map(|change| {
        vec![
            scene.say(what(change.what)),
            or_dash(&change.place),
            or_dash(change.title.of(scene.lang)),
            said(scene, &change.before),
            said(scene, &change.after),
        ]
    });
    let table =
        Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() };
    let replaced = scene.say("review.edition.n").replace("{n}", &revision.replaces.to_string());
    let mut note = format!(
        "{}: {replaced} · {}: {}",
        scene.say("review.replaces"),
        scene.say("reason"),
        or_dash(&revision.reason)
    );
    let more = revision.changes.len().saturating_sub(CHANGES_MAX);
    if more > 0 {
        note = format!("{note} · +{more}");
    }
    (table, note)
}

fn said(scene: &Scene<'_>, said: &Said) -> String {
    match said {
        Said::Nothing => "-".to_owned(),
        Said::Verdict(verdict) => scene.mark(*verdict).word,
        Said::Text(texts) => or_dash(texts.of(scene.lang)),
    }
}

const fn what(what: What) -> &'static str {
    match what {
        What::Score => "score",
        What::Opinion => "opinion",
        What::Verdict => "verdict",
        What::Remark => "review.words",
        What::Visit => "visit",
    }
}
