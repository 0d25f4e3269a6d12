//! One host's pages: what it is, what every check said, with evidence.

use carepack_assessment::model::{Area, Finding, HostAssessment, Standing, Verdict, Words};

use super::{
    AREAS, Scene, advisories, area_score, changes, fact_text, grade_text, log_days, logs, moment,
    products, resources, score_text, standard, systems, transactions,
};
use crate::reports::clean::{clean, or_dash};
use crate::reports::korean::particles;
use crate::reports::model::{AreaTable, HostPage, Pair, Row};
use crate::reports::words::Lang;

/// Sources named per finding, and per pass: a pass stays on one line.
const SOURCES_MAX: usize = 3;
const PASS_SOURCES_MAX: usize = 1;

pub fn page(scene: &Scene<'_>, host: &HostAssessment) -> HostPage {
    let (advisories, advisories_note) = advisories::advisories(scene, host);
    let (changes, changes_note) = changes::changes(scene, host);
    let (transactions, transactions_note) = transactions::transactions(scene, host);
    let (standard, standard_note) = standard::standard(scene, host);
    HostPage {
        name: clean(&host.host.name),
        note: systems::note(scene, host),
        silent: host.snapshot.is_none(),
        score: score_text(host.score.effective),
        grade: grade_text(host.score.effective),
        about: about(scene, host),
        areas: tables(scene, host),
        charts: resources::charts(scene, host),
        charts_note: match &host.previous {
            Some(_) => scene.say("chart.before"),
            None => String::new(),
        },
        filesystems: resources::filesystems(scene, host),
        network: resources::network(scene, host),
        disks: resources::disks(scene, host),
        programs: resources::programs(scene, host),
        log_window: logs::window(scene, host),
        logs: logs::patterns(scene, host),
        log_days: log_days::days(scene, host),
        log_new: log_days::new_faults(scene, host),
        log_sources: log_days::sources(scene, host),
        log_gaps: log_days::gaps(scene, host),
        advisories,
        advisories_note,
        transactions,
        transactions_note,
        changes,
        changes_note,
        standard,
        standard_note,
    }
}

/// What kind of machine it is, and how it was seen.
pub fn about(scene: &Scene<'_>, host: &HostAssessment) -> Vec<Pair> {
    let facts = &host.facts;
    let fact = |key: &str| fact_text(facts, key).unwrap_or_else(|| "-".to_owned());
    let mut about = vec![scene.pair("role", or_dash(&host.host.role))];
    let Some(snapshot) = &host.snapshot else { return about };
    about.extend([
        scene.pair("os", fact("os.name")),
        scene.pair("kernel", fact("kernel.release")),
        scene.pair("model", systems::model(facts)),
        scene.pair("cpu_memory", systems::cpu_memory(scene, facts)),
        scene.pair("uptime", systems::booted(scene, facts)),
        scene.pair("taken", moment(snapshot.taken_at)),
        scene.pair("coverage", coverage(scene, host)),
    ]);
    if let Some(cap) = &host.score.cap {
        let title = host.findings.iter().find(|finding| finding.rule == cap.rule);
        let title = title.map(|finding| words(scene, finding).title.as_str()).unwrap_or_default();
        about.push(scene.pair("cap", format!("{} ({})", cap.at_most, clean(title))));
    }
    if let Some(movement) = host.movement {
        let text = format!(
            "{} → {} ({} {:+}, {} {:+}, {} {:+})",
            movement.before,
            movement.after,
            scene.say("by_rules"),
            movement.by_rules,
            scene.say("by_advisories"),
            movement.by_advisories,
            scene.say("by_customer"),
            movement.by_customer
        );
        about.push(scene.pair("movement", text));
    }
    about
}

fn coverage(scene: &Scene<'_>, host: &HostAssessment) -> String {
    let coverage = host.score.coverage;
    let provisional = if host.score.provisional {
        format!(" ({})", scene.say("provisional"))
    } else {
        String::new()
    };
    format!("{}.{} %{provisional}", coverage / 10, coverage % 10)
}

fn words<'f>(scene: &Scene<'_>, finding: &'f Finding) -> &'f Words {
    match scene.lang {
        Lang::Ko => &finding.ko,
        Lang::En => &finding.en,
    }
}

/// The host itself by area, then a table for each product on it.
fn tables(scene: &Scene<'_>, host: &HostAssessment) -> Vec<AreaTable> {
    let applies = |f: &&Finding| f.verdict != Verdict::NotApplicable;
    let all = || host.findings.iter().filter(applies);
    let of_host = |area: &Area| {
        let own = all().filter(|f| f.area == *area && !products::has_part(&f.product));
        table(scene, own, scene.area(*area), area_score(host, *area))
    };
    let of_product = |part: &products::Part| {
        let own = all().filter(|f| part.is_of(&f.product));
        table(scene, own, scene.say(part.word), String::new())
    };
    let areas = AREAS.iter().filter_map(of_host);
    areas.chain(products::PARTS.iter().filter_map(of_product)).collect()
}

/// Some findings, what is open first; none when there are none.
fn table<'f>(
    scene: &Scene<'_>,
    findings: impl Iterator<Item = &'f Finding>,
    name: String,
    score: String,
) -> Option<AreaTable> {
    let mut findings: Vec<&Finding> = findings.collect();
    findings.sort_by_key(|f| (f.verdict, f.level, &f.rule));
    let rows: Vec<Row> = findings.iter().map(|finding| row(scene, finding)).collect();
    (!rows.is_empty()).then_some(AreaTable { name, score, rows })
}

/// One finding as a row of a table, of a host or of a group.
pub fn row(scene: &Scene<'_>, finding: &Finding) -> Row {
    let text = words(scene, finding);
    let open = !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
    let standing = finding.standing.map(|standing| standing_word(scene, standing));
    Row {
        item: clean(&text.title),
        expected: or_dash(&text.expected),
        previous: or_dash(&finding.previous_value),
        current: current(scene, finding),
        mark: scene.mark(finding.verdict),
        standing: standing.unwrap_or_default(),
        since: match &finding.since {
            Some(since)
                if finding.standing == Some(Standing::Persisting)
                    && *since < scene.cover.period =>
            {
                format!("{} {}", scene.say("since"), clean(since))
            }
            _ => String::new(),
        },
        finding: said(scene, finding),
        evidence: evidence(finding, if open { SOURCES_MAX } else { PASS_SOURCES_MAX }),
        open,
    }
}

fn standing_word(scene: &Scene<'_>, standing: Standing) -> String {
    scene.say(match standing {
        Standing::New => "standing.new",
        Standing::Persisting => "standing.persisting",
        Standing::Recurring => "standing.recurring",
        Standing::Resolved => "standing.resolved",
    })
}

/// The finding's sentence; a check without a verdict has its reason in the place of a value.
fn said(scene: &Scene<'_>, finding: &Finding) -> String {
    if finding.unknown.is_some() {
        return String::new();
    }
    let text = clean(&words(scene, finding).finding);
    match scene.lang {
        Lang::Ko => particles(&text),
        Lang::En => text,
    }
}

/// What was found, or why there is no verdict.
fn current(scene: &Scene<'_>, finding: &Finding) -> String {
    match &finding.unknown {
        Some(cause) => {
            let word = scene.say(super::unseen_key(cause.reason));
            format!("{word}: {}", or_dash(&cause.source))
        }
        None => or_dash(&finding.value),
    }
}

fn evidence(finding: &Finding, sources_max: usize) -> String {
    let mut shown: Vec<String> =
        finding.sources.iter().take(sources_max).map(|source| clean(source)).collect();
    if finding.sources.len() > sources_max {
        shown.push(format!("+{}", finding.sources.len() - sources_max));
    }
    shown.join(", ")
}
