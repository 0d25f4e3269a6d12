//! Annex: the items of the KISA guide, answered by the rules that the pack names for them.

use carepack_assessment::annex::{Answer, answer};
use carepack_assessment::kisa::{Item, Words};
use carepack_assessment::model::HostAssessment;

use super::Scene;
use crate::reports::clean::clean;
use crate::reports::model::{KisaAnnex, Table};
use crate::reports::words::Lang;

/// Hosts side by side in one table of the annex.
const HOSTS_MAX: usize = 7;
/// In the order of the totals.
const ANSWERS: [Answer; 6] = [
    Answer::Sound,
    Answer::Weak,
    Answer::Unknown,
    Answer::Excepted,
    Answer::Manual,
    Answer::NotApplicable,
];

/// The annex; none without a table in the pack or without a host that answered.
pub fn annex(scene: &Scene<'_>) -> Option<KisaAnnex> {
    let table = scene.assessment.kisa.as_ref()?;
    let hosts: Vec<&HostAssessment> =
        scene.assessment.hosts.iter().filter(|host| host.snapshot.is_some()).collect();
    if hosts.is_empty() {
        return None;
    }
    let items = &table.items;
    Some(KisaAnnex {
        title: scene.say("kisa.title").replace("{edition}", &table.edition),
        note: scene.say("kisa.note"),
        totals: totals(scene, items, &hosts),
        matrices: hosts.chunks(HOSTS_MAX).map(|hosts| matrix(scene, items, hosts)).collect(),
        weak: weak(scene, items, &hosts),
        readings: readings(scene, items),
        by_hand: by_hand(scene, items),
    })
}

const fn key(answer: Answer) -> &'static str {
    match answer {
        Answer::Weak => "kisa.weak",
        Answer::Unknown => "kisa.unknown",
        Answer::Excepted => "kisa.excepted",
        Answer::Manual => "kisa.manual",
        Answer::Sound => "kisa.sound",
        Answer::NotApplicable => "kisa.not_applicable",
    }
}

fn title(scene: &Scene<'_>, item: &Item) -> String {
    match scene.lang {
        Lang::Ko => item.ko.clone(),
        Lang::En => item.en.clone(),
    }
}

fn matrix(scene: &Scene<'_>, items: &[Item], hosts: &[&HostAssessment]) -> Table {
    let head = ["kisa.code", "kisa.was", "kisa.item", "kisa.weight"].map(|key| scene.say(key));
    let names = hosts.iter().map(|host| clean(&host.host.name));
    let rows = items.iter().map(|item| {
        let own = [item.code.clone(), item.was.join(" "), title(scene, item), item.weight.clone()];
        let answers = hosts.iter().map(|host| {
            let answer = answer(item, &host.findings).0;
            let partly = answer == Answer::Sound && item.by_hand.is_some();
            format!("{}{}", scene.say(key(answer)), if partly { " *" } else { "" })
        });
        own.into_iter().chain(answers).collect()
    });
    Table { head: head.into_iter().chain(names).collect(), rows: rows.collect() }
}

/// How many of each, and 이행률: sound of those that were judged.
fn totals(scene: &Scene<'_>, items: &[Item], hosts: &[&HostAssessment]) -> Table {
    let mut head = vec![scene.say("host")];
    head.extend(ANSWERS.map(|answer| scene.say(key(answer))));
    head.push(scene.say("kisa.rate"));
    let rows = hosts.iter().map(|host| {
        let answers: Vec<Answer> =
            items.iter().map(|item| answer(item, &host.findings).0).collect();
        let count = |wanted: Answer| answers.iter().filter(|answer| **answer == wanted).count();
        let judged = answers.len() - count(Answer::Manual) - count(Answer::NotApplicable);
        let rate = (count(Answer::Sound) * 1000).checked_div(judged);
        let rate = rate.map_or("-".to_owned(), |rate| format!("{}.{} %", rate / 10, rate % 10));
        let mut row = vec![clean(&host.host.name)];
        row.extend(ANSWERS.map(|answer| count(answer).to_string()));
        row.push(rate);
        row
    });
    Table { head, rows: rows.collect() }
}

/// What is weak, with the evidence.
fn weak(scene: &Scene<'_>, items: &[Item], hosts: &[&HostAssessment]) -> Table {
    let head = ["kisa.code", "host", "kisa.item", "current"].map(|key| scene.say(key));
    let mut rows = Vec::new();
    for item in items {
        for host in hosts {
            let (answer, findings) = answer(item, &host.findings);
            if answer != Answer::Weak {
                continue;
            }
            let said = findings.iter().map(|finding| match scene.lang {
                Lang::Ko => clean(&finding.ko.finding),
                Lang::En => clean(&finding.en.finding),
            });
            rows.push(vec![
                item.code.clone(),
                clean(&host.host.name),
                title(scene, item),
                said.collect::<Vec<_>>().join(" · "),
            ]);
        }
    }
    Table { head: head.into(), rows }
}

/// Where the guide's letter and RHEL part ways: which reading judged, and what the other says.
fn readings(scene: &Scene<'_>, items: &[Item]) -> Table {
    let head = ["kisa.code", "kisa.item", "kisa.reading", "kisa.judged", "kisa.other"];
    let rows = items.iter().flat_map(|item| item.switches.iter().map(move |one| (item, one)));
    let rows = rows.map(|(item, one)| {
        let (used, other) =
            if one.literal { (&one.guide, &one.rhel) } else { (&one.rhel, &one.guide) };
        let key = if one.literal { "kisa.letter" } else { "kisa.rhel" };
        let say = |words: &Words| match scene.lang {
            Lang::Ko => words.ko.clone(),
            Lang::En => words.en.clone(),
        };
        vec![item.code.clone(), title(scene, item), scene.say(key), say(used), say(other)]
    });
    Table { rows: rows.collect(), head: head.map(|key| scene.say(key)).into() }
}

/// What a person looks at, and why.
fn by_hand(scene: &Scene<'_>, items: &[Item]) -> Table {
    let head = ["kisa.code", "kisa.item", "kisa.why"].map(|key| scene.say(key));
    let rows = items.iter().filter_map(|item| {
        let why = item.by_hand.as_ref()?;
        let why = match scene.lang {
            Lang::Ko => why.ko.clone(),
            Lang::En => why.en.clone(),
        };
        let partly = if item.rules.is_empty() { "" } else { " *" };
        Some(vec![format!("{}{partly}", item.code), title(scene, item), why])
    });
    Table { head: head.into(), rows: rows.collect() }
}
