//! What to do, best value for its cost first.

use carepack_assessment::model::{Level, Priority, Remedy};

use super::Scene;
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::{Pair, Recommendation, Table};
use crate::reports::words::Lang;

/// Recommendations told in full; the rest is a line each.
const CARDS_MAX: usize = 20;
/// Recommendations on paper.
const ROWS_MAX: usize = 200;

pub fn recommendations(scene: &Scene<'_>) -> Vec<Recommendation> {
    let list = scene.assessment.fix_first.iter().take(CARDS_MAX).enumerate();
    list.map(|(at, priority)| recommendation(scene, at + 1, priority)).collect()
}

/// What follows the cards: rank, check, hosts, verdict.
pub fn further(scene: &Scene<'_>) -> Table {
    let head = ["rank", "item", "host", "verdict"];
    let list = scene.assessment.fix_first.iter().enumerate().take(ROWS_MAX).skip(CARDS_MAX);
    let rows = list.map(|(at, priority)| {
        let mark = scene.mark(priority.verdict);
        let words = match scene.lang {
            Lang::Ko => &priority.ko,
            Lang::En => &priority.en,
        };
        vec![
            (at + 1).to_string(),
            clean(&words.title),
            clean(&priority.hosts.join(", ")),
            format!("{} {}", mark.shape, mark.word),
        ]
    });
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() }
}

fn recommendation(scene: &Scene<'_>, rank: usize, priority: &Priority) -> Recommendation {
    let words = match scene.lang {
        Lang::Ko => &priority.ko,
        Lang::En => &priority.en,
    };
    let remedy = priority.remedy.as_ref();
    let text = remedy.map(|remedy| match scene.lang {
        Lang::Ko => remedy.ko.as_str(),
        Lang::En => remedy.en.as_str(),
    });
    Recommendation {
        rank,
        level: scene.say(level(priority.level)),
        mark: scene.mark(priority.verdict),
        title: clean(&words.title),
        why: clean(&words.why),
        hosts: clean(&priority.hosts.join(", ")),
        remedy: or_dash(text.unwrap_or_default()),
        terms: remedy.map(|remedy| terms(scene, remedy)).unwrap_or_default(),
    }
}

fn terms(scene: &Scene<'_>, remedy: &Remedy) -> Vec<Pair> {
    let reboot = if remedy.reboot { "yes" } else { "no" };
    let mut terms = vec![
        scene.pair("risk", format!("{}/4", remedy.change_risk)),
        scene.pair("reboot", scene.say(reboot)),
    ];
    if !remedy.downtime.is_empty() && remedy.downtime != "none" {
        terms.push(scene.pair("downtime", clean(&remedy.downtime)));
    }
    if !remedy.verify.is_empty() {
        terms.push(Pair { code: true, ..scene.pair("verify", clean(&remedy.verify)) });
    }
    terms
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Critical => "level.critical",
        Level::Important => "level.important",
        Level::Moderate => "level.moderate",
        Level::Low => "level.low",
    }
}
