//! Cover, overview, and what the verdicts mean.

use std::collections::{BTreeMap, BTreeSet};

use carepack_assessment::model::{Finding, HostAssessment, Verdict};

use super::review::edition;
use super::unseen_key;
use super::{Scene, moment};
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::{Legend, Mark, Pair, Table};

/// Sources named in a line of what was not checked; the appendix has them all.
const SOURCES_MAX: usize = 6;

pub fn cover(scene: &Scene<'_>) -> Vec<Pair> {
    let names: Vec<&str> =
        scene.assessment.hosts.iter().map(|page| page.host.name.as_str()).collect();
    let pack = &scene.assessment.pack;
    let author = scene.review.author.as_ref().map_or(&scene.cover.engineer, |signed| &signed.name);
    let mut cover = vec![
        scene.pair("customer", or_dash(&scene.cover.customer)),
        scene.pair("targets", or_dash(&names.join(", "))),
        scene.pair("period", or_dash(&scene.cover.period)),
        scene.pair("date", moment(scene.cover.inspected_at)),
        scene.pair("method", scene.say("method.text")),
        scene.pair("basis", format!("{} {} · {}", scene.say("pack"), pack.version, pack.rules)),
        scene.pair("contract", or_dash(&contract(scene))),
        scene.pair("engineer", or_dash(author)),
        scene.pair("confirmer", or_dash(&scene.cover.contact)),
        scene.pair("document", or_dash(&scene.cover.document)),
        scene.pair("review.edition", edition(scene)),
    ];
    if let Some(last) = &scene.review.confirmed {
        let number = scene.say("review.edition.n").replace("{n}", &last.edition.to_string());
        let said =
            format!("{} {number} · {} ({})", last.document, clean(&last.name), moment(last.at));
        cover.push(scene.pair("review.confirmed", said));
    }
    cover
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

/// What could not be checked or was accepted: a line for each host and reason.
pub fn limits(scene: &Scene<'_>) -> Table {
    let head = ["host", "reason", "count", "evidence"];
    let hosts = scene.assessment.hosts.iter().flat_map(|page| limits_of(scene, page));
    let groups = scene.assessment.groups.iter();
    let rows = hosts.chain(groups.flat_map(|group| left_out(scene, &group.name, &group.findings)));
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() }
}

fn limits_of(scene: &Scene<'_>, page: &HostAssessment) -> Vec<Vec<String>> {
    if page.snapshot.is_none() {
        let name = clean(&page.host.name);
        return vec![vec![name, scene.say("verdict.silent"), "-".into(), "-".into()]];
    }
    left_out(scene, &page.host.name, &page.findings)
}

/// What a host or a group was not checked for, by reason.
fn left_out(scene: &Scene<'_>, name: &str, findings: &[Finding]) -> Vec<Vec<String>> {
    let name = clean(name);
    let mut reasons: BTreeMap<&'static str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for cause in findings.iter().filter_map(|finding| finding.unknown.as_ref()) {
        let (count, sources) = reasons.entry(unseen_key(cause.reason)).or_default();
        *count += 1;
        sources.insert(&cause.source);
    }
    let mut rows: Vec<Vec<String>> = reasons
        .into_iter()
        .map(|(key, (count, sources))| {
            let reason = format!("{}: {}", scene.say("verdict.unknown"), scene.say(key));
            vec![name.clone(), reason, count.to_string(), listed(&sources)]
        })
        .collect();
    let excepted = findings.iter().filter(|f| f.verdict == Verdict::Excepted).count();
    if excepted > 0 {
        let reason = scene.say("verdict.excepted");
        rows.push(vec![name, reason, excepted.to_string(), scene.say("exceptions")]);
    }
    rows
}

fn listed(sources: &BTreeSet<&str>) -> String {
    let mut list: Vec<String> = sources.iter().take(SOURCES_MAX).map(|s| clean(s)).collect();
    if sources.len() > SOURCES_MAX {
        list.push(format!("+{}", sources.len() - SOURCES_MAX));
    }
    list.join(", ")
}

/// 접속 불가.
pub fn silent(scene: &Scene<'_>) -> Mark {
    Mark { class: "silent".into(), shape: "×".into(), word: scene.say("verdict.silent") }
}
