//! What vendors' advisories say of a host: which fixes it lacks, most urgent first.

use carepack_assessment::advised::{Advised, Row, Told};
use carepack_assessment::model::{HostAssessment, PlanLine};

use super::{Scene, day};
use crate::reports::clean::clean;
use crate::reports::model::Table;
use crate::reports::words::Lang;

/// Advisories listed on paper; the rest is counted.
const ROWS_MAX: usize = 60;
/// Plans listed on paper.
const PLANS_MAX: usize = 200;
/// Packages and CVEs named of one.
const HITS_MAX: usize = 4;
const CVES_MAX: usize = 3;

/// The table, and what stands beside it; both empty where the host could not be matched at all.
pub fn advisories(scene: &Scene<'_>, host: &HostAssessment) -> (Table, String) {
    let head = ["adv.id", "adv.severity", "adv.class", "adv.packages", "adv.cves", "adv.published"];
    let head = head.iter().map(|key| scene.say(key)).collect();
    let Some(advised) = &host.advised else {
        return (Table { head, rows: Vec::new() }, String::new());
    };
    // Of an old feed nothing is listed: what it leaves out would read as patched.
    let shown: &[Row] = if advised.dated.is_some() && !advised.stale { &advised.rows } else { &[] };
    let rows = shown.iter().take(ROWS_MAX).map(|row| told(scene, row)).collect();
    (Table { head, rows }, note(scene, advised))
}

fn note(scene: &Scene<'_>, advised: &Advised) -> String {
    let mut parts = Vec::new();
    match advised.dated {
        None => parts.push(scene.say("adv.no_feed")),
        Some(date) => {
            parts.push(format!("{} {}", scene.say("adv.dated"), day(date)));
            if advised.stale {
                parts.push(scene.say("adv.stale"));
            } else if advised.rows.is_empty() {
                parts.push(scene.say("adv.none"));
            }
        }
    }
    if advised.guessed {
        parts.push(scene.say("adv.guessed"));
    }
    let more = advised.rows.len().saturating_sub(ROWS_MAX) + advised.untold as usize;
    if more > 0 && advised.dated.is_some() && !advised.stale {
        parts.push(format!("+{more} {}", scene.say("changes.more")));
    }
    parts.join(" · ")
}

fn told(scene: &Scene<'_>, row: &Row) -> Vec<String> {
    let title = match scene.lang {
        Lang::Ko if !row.title.ko.is_empty() => &row.title.ko,
        _ => &row.title.en,
    };
    let name = if title.is_empty() || *title == row.id {
        clean(&row.id)
    } else {
        format!("{} {}", clean(&row.id), clean(title))
    };
    let mut severity = scene.say(severity_key(row));
    if let Some(tenths) = row.cvss_tenths {
        severity = format!("{severity} {}.{}", tenths / 10, tenths % 10);
    }
    if row.exploited {
        severity = format!("{severity} · {}", scene.say("adv.exploited"));
    }
    vec![
        name,
        severity,
        class(scene, row),
        packages(scene, row),
        list(&row.cves, CVES_MAX),
        day(row.published),
    ]
}

const fn severity_key(row: &Row) -> &'static str {
    use carepack_advisories::model::{Kind, Severity};
    match (row.kind, row.severity) {
        (_, Severity::Critical) => "adv.critical",
        (_, Severity::Important) => "adv.important",
        (_, Severity::Moderate) => "adv.moderate",
        (_, Severity::Low) => "adv.low",
        (Kind::Security, Severity::None) => "adv.security",
        (Kind::Bugfix, Severity::None) => "adv.bugfix",
        (Kind::Enhancement, Severity::None) => "adv.enhancement",
    }
}

fn class(scene: &Scene<'_>, row: &Row) -> String {
    let key = match row.class.as_str() {
        "applicable" if row.not_running => "adv.not_running",
        "applicable" => "adv.applicable",
        "elsewhere" => "adv.elsewhere",
        "no_fix_yet" => "adv.no_fix_yet",
        _ => "adv.will_not_fix",
    };
    let mut words = vec![scene.say(key)];
    if row.live_patched {
        words.push(scene.say("adv.live_patched"));
    }
    if row.reboot && row.class == "applicable" && !row.not_running {
        words.push(scene.say("adv.reboot"));
    }
    words.join(" · ")
}

fn packages(scene: &Scene<'_>, row: &Row) -> String {
    let hit = |hit: &Told| {
        let place =
            if hit.place.is_empty() { String::new() } else { format!(" ({})", clean(&hit.place)) };
        let installed = clean(hit.running.as_ref().unwrap_or(&hit.installed));
        let fixed = hit.fixed.as_deref().map_or_else(|| scene.say("adv.no_fix"), clean);
        format!("{}{place} {installed} → {fixed}", clean(&hit.name))
    };
    let mut texts: Vec<String> = row.hits.iter().take(HITS_MAX).map(hit).collect();
    let more = row.hits.len().saturating_sub(HITS_MAX) + row.untold as usize;
    if more > 0 {
        texts.push(format!("+{more}"));
    }
    texts.join(", ")
}

/// What was told, agreed and proved in the period.
pub fn plans(scene: &Scene<'_>) -> Table {
    let head = ["plan.standing", "adv.id", "host", "plan.decision", "plan.until", "plan.proved"];
    let row = |line: &PlanLine| {
        let title = match scene.lang {
            Lang::Ko if !line.ko.is_empty() => &line.ko,
            _ => &line.en,
        };
        let date = |at: Option<jiff::Timestamp>| at.map_or_else(|| "-".to_owned(), day);
        vec![
            scene.say(standing_key(&line.standing)),
            format!("{} {}", clean(&line.advisory), clean(title)).trim_end().to_owned(),
            clean(&line.host),
            scene.say(decision_key(&line.decision)),
            date(line.until),
            date(line.verified_at),
        ]
    };
    let rows = scene.assessment.plans.iter().take(PLANS_MAX).map(row).collect();
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows }
}

fn standing_key(standing: &str) -> &'static str {
    match standing {
        "regressed" => "plan.regressed",
        "overdue" => "plan.overdue",
        "expired" => "plan.expired",
        "not_running" => "plan.not_running",
        "undecided" => "plan.undecided",
        "promised" => "plan.promised",
        "accepted" => "plan.accepted",
        "not_ours" => "plan.not_ours",
        _ => "plan.done",
    }
}

fn decision_key(decision: &str) -> &'static str {
    match decision {
        "apply" => "plan.apply",
        "wait" => "plan.wait",
        "accept_risk" => "plan.accept",
        "not_ours" => "plan.not_ours",
        _ => "plan.none",
    }
}

fn list(all: &[String], max: usize) -> String {
    if all.is_empty() {
        return "-".to_owned();
    }
    let mut texts: Vec<String> = all.iter().take(max).map(|text| clean(text)).collect();
    if all.len() > max {
        texts.push(format!("+{}", all.len() - max));
    }
    texts.join(", ")
}
