//! Accepted risks, signatures, and the evidence behind the report.

use std::collections::BTreeMap;

use carepack_assessment::model::{HostAssessment, SnapshotRef};
use carepack_shared::Unseen;
use carepack_shared::privacy::Mode;

use super::unseen_key;
use super::{Scene, day, moment};
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::{Appendix, Pair, Table};
use crate::reports::review::Signature;
use crate::reports::words::Lang;

/// Unseen sources listed per host.
const UNSEEN_MAX: usize = 25;

pub fn exceptions(scene: &Scene<'_>) -> Table {
    let head = ["host", "item", "reason", "danger_text", "compensation", "approver", "expires"];
    let rows = scene.assessment.hosts.iter().flat_map(|page| {
        page.findings.iter().filter_map(move |finding| {
            let exception = finding.exception.as_ref()?;
            let words = match scene.lang {
                Lang::Ko => &finding.ko,
                Lang::En => &finding.en,
            };
            Some(vec![
                clean(&page.host.name),
                clean(&words.title),
                or_dash(&exception.reason),
                or_dash(&exception.risk),
                or_dash(&exception.compensation),
                or_dash(&exception.approver),
                day(exception.expires),
            ])
        })
    });
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() }
}

pub fn confirm(scene: &Scene<'_>) -> Vec<Pair> {
    let name = |signed: &Option<Signature>| {
        signed.as_ref().map(|s| format!("{} {}", clean(&s.name), day(s.at))).unwrap_or_default()
    };
    let review = scene.review;
    let author = match &review.author {
        Some(_) => name(&review.author),
        None => or_dash(&scene.cover.engineer),
    };
    vec![
        scene.pair("engineer", author),
        scene.pair("reviewer", name(&review.reviewer)),
        scene.pair("approver", name(&review.approver)),
        scene.pair("confirmer", or_dash(&scene.cover.contact)),
    ]
}

pub fn appendix(scene: &Scene<'_>) -> Appendix {
    let pack = &scene.assessment.pack;
    let head = ["host", "snapshot", "taken", "agent", "masked", "lost"];
    let taken: Vec<(&HostAssessment, &SnapshotRef)> = scene
        .assessment
        .hosts
        .iter()
        .filter_map(|page| Some((page, page.snapshot.as_ref()?)))
        .collect();
    let rows = taken.iter().map(|(page, snapshot)| {
        vec![
            clean(&page.host.name),
            format!("{} · SHA-256 {}", snapshot.id, snapshot.sha256),
            moment(snapshot.taken_at),
            clean(&snapshot.agent_version),
            masked(scene, snapshot),
            snapshot.lost.to_string(),
        ]
    });
    let unseen = taken.iter().flat_map(|(page, snapshot)| {
        snapshot.unseen.iter().take(UNSEEN_MAX).map(|(source, reason, detail)| {
            vec![
                clean(&page.host.name),
                clean(source),
                scene.say(unseen_key(*reason)),
                clean(detail),
            ]
        })
    });
    let unseen_head = ["host", "evidence", "reason", "sample"];
    let mut unseen_head: Vec<String> = unseen_head.iter().map(|key| scene.say(key)).collect();
    unseen_head[3] = String::new();
    let mut about = vec![
        scene.pair("document", scene.cover.document.clone()),
        scene.pair("pack", format!("{} · {}", pack.version, pack.rules)),
        scene.pair("basis", format!("SHA-256 {}", pack.sha256)),
        scene.pair("date", moment(scene.assessment.as_of)),
    ];
    if let Some(stamp) = &scene.assessment.advisories {
        let feeds =
            stamp.feeds.iter().map(|feed| format!("{} {}", clean(&feed.name), day(feed.date)));
        let feeds = feeds.collect::<Vec<_>>().join(", ");
        about.push(scene.pair("adv.dated", format!("v{} · {feeds}", stamp.version)));
    }
    Appendix {
        about,
        snapshots: Table {
            head: head.iter().map(|key| scene.say(key)).collect(),
            rows: rows.collect(),
        },
        unseen: Table { head: unseen_head, rows: unseen.collect() },
        withheld: withheld(scene, &taken),
    }
}

/// What customers let leave of their hosts; empty where all of it did.
fn withheld(scene: &Scene<'_>, taken: &[(&HostAssessment, &SnapshotRef)]) -> Table {
    let row = |(page, snapshot): &(&HostAssessment, &SnapshotRef)| {
        let mut subjects: BTreeMap<&str, u32> = BTreeMap::new();
        let kept = page.facts.missing.iter().filter(|(_, m)| m.reason == Unseen::Withheld);
        for (key, _) in kept {
            *subjects.entry(key.split('.').next().unwrap_or(key)).or_default() += 1;
        }
        if subjects.is_empty() && snapshot.mode == Mode::Full && !snapshot.pseudonyms {
            return None;
        }
        let facts: u32 = subjects.values().sum();
        let list: Vec<String> =
            subjects.iter().map(|(subject, count)| format!("{subject} {count}")).collect();
        let names = if snapshot.pseudonyms { "privacy.codes" } else { "privacy.names" };
        Some(vec![
            clean(&page.host.name),
            scene.say(match snapshot.mode {
                Mode::Full => "privacy.full",
                Mode::FactsOnly => "privacy.facts-only",
                Mode::NumbersOnly => "privacy.numbers-only",
            }),
            scene.say(names),
            facts.to_string(),
            if list.is_empty() { scene.say("none") } else { list.join(", ") },
        ])
    };
    let head = ["host", "privacy.mode", "privacy.identity", "privacy.facts", "privacy.subjects"];
    Table {
        head: head.iter().map(|key| scene.say(key)).collect(),
        rows: taken.iter().filter_map(row).collect(),
    }
}

fn masked(scene: &Scene<'_>, snapshot: &SnapshotRef) -> String {
    let list: Vec<String> =
        snapshot.masked.iter().map(|(kind, count)| format!("{} {count}", clean(kind))).collect();
    if list.is_empty() { scene.say("none") } else { list.join(", ") }
}
