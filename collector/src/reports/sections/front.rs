//! Cover, overview, and what the verdicts mean.

use carepack_assessment::model::Verdict;

use super::{Scene, moment};
use crate::reports::clean::or_dash;
use crate::reports::model::{Legend, Mark, Pair};

pub fn cover(scene: &Scene<'_>) -> Vec<Pair> {
    let names: Vec<&str> =
        scene.assessment.hosts.iter().map(|page| page.host.name.as_str()).collect();
    let pack = &scene.assessment.pack;
    vec![
        scene.pair("customer", or_dash(&scene.cover.customer)),
        scene.pair("targets", or_dash(&names.join(", "))),
        scene.pair("period", or_dash(&scene.cover.period)),
        scene.pair("date", moment(scene.cover.inspected_at)),
        scene.pair("method", scene.say("method.text")),
        scene.pair("basis", format!("{} {} · {}", scene.say("pack"), pack.version, pack.rules)),
        scene.pair("contract", or_dash(&contract(scene))),
        scene.pair("engineer", or_dash(&scene.cover.engineer)),
        scene.pair("confirmer", or_dash(&scene.cover.contact)),
        scene.pair("document", or_dash(&scene.cover.document)),
    ]
}

fn contract(scene: &Scene<'_>) -> String {
    let cover = scene.cover;
    if cover.level.is_empty() {
        return cover.contract.clone();
    }
    format!("{} ({})", cover.contract, cover.level)
}

pub fn overview(scene: &Scene<'_>) -> Vec<Pair> {
    vec![
        scene.pair("purpose", scene.say("purpose.text")),
        scene.pair("scope", scene.say("scope.text")),
        scene.pair("method", scene.say("method.text")),
        scene.pair("score", scene.say("score.text")),
    ]
}

pub fn legend(scene: &Scene<'_>) -> Vec<Legend> {
    let rows = [
        (Verdict::Danger, "meaning.danger"),
        (Verdict::Attention, "meaning.attention"),
        (Verdict::Unknown, "meaning.unknown"),
        (Verdict::Excepted, "meaning.excepted"),
        (Verdict::Pass, "meaning.pass"),
        (Verdict::NotApplicable, "meaning.not_applicable"),
    ];
    let mut legend: Vec<Legend> = rows
        .iter()
        .map(|(verdict, key)| Legend { mark: scene.mark(*verdict), meaning: scene.say(key) })
        .collect();
    legend.push(Legend { mark: silent(scene), meaning: scene.say("silent.text") });
    legend
}

/// 접속 불가.
pub fn silent(scene: &Scene<'_>) -> Mark {
    Mark { class: "silent".into(), shape: "×".into(), word: scene.say("verdict.silent") }
}
