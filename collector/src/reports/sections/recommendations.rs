//! What to do, best value for its cost first.

use carepack_assessment::model::{Level, Priority, Remedy};

use super::Scene;
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::{Pair, Recommendation};
use crate::reports::words::Lang;

/// Recommendations on paper; the rest is in the hosts' pages.
const ROWS_MAX: usize = 60;

pub fn recommendations(scene: &Scene<'_>) -> Vec<Recommendation> {
    let list = scene.assessment.fix_first.iter().take(ROWS_MAX).enumerate();
    list.map(|(at, priority)| recommendation(scene, at + 1, priority)).collect()
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
        terms.push(scene.pair("verify", clean(&remedy.verify)));
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
