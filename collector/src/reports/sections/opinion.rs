//! The overall opinion: a draft in full sentences, made from the numbers; an engineer edits it.

use carepack_assessment::model::Verdict;

use super::{Scene, grade_text, score_text};
use crate::reports::charts::donut;
use crate::reports::clean::{clean, paragraphs};
use crate::reports::korean::josa;
use crate::reports::model::{Counted, Pair, ScoreBox};
use crate::reports::words::Lang;

/// Recommendations named in the opinion.
const TOP: usize = 5;

/// The engineer's words where there are some, else the draft.
pub fn opinion(scene: &Scene<'_>) -> Vec<String> {
    let edited = paragraphs(match scene.lang {
        Lang::Ko => &scene.review.opinion.ko,
        Lang::En => &scene.review.opinion.en,
    });
    match scene.lang {
        _ if !edited.is_empty() => edited,
        Lang::Ko => korean(scene),
        Lang::En => english(scene),
    }
}

fn count(scene: &Scene<'_>, verdict: &str) -> u32 {
    scene.assessment.summary.verdicts.get(verdict).copied().unwrap_or(0)
}

fn standing(scene: &Scene<'_>, standing: &str) -> u32 {
    scene.assessment.summary.standings.get(standing).copied().unwrap_or(0)
}

fn silent(scene: &Scene<'_>) -> Vec<String> {
    let pages = scene.assessment.hosts.iter().filter(|page| page.snapshot.is_none());
    pages.map(|page| clean(&page.host.name)).collect()
}

fn korean(scene: &Scene<'_>) -> Vec<String> {
    let summary = &scene.assessment.summary;
    let mut said = vec![format!(
        "{} 정기점검 대상 {}대 가운데 {}대의 점검 자료를 수집하여 판정하였음.",
        clean(&scene.cover.period),
        summary.hosts,
        summary.answered
    )];
    said.push(match summary.score {
        Some(score) => {
            let moved = summary.previous_score.map(|before| moved_ko(before, score));
            let grade = grade_text(Some(score));
            format!(
                "종합 점수는 1,000점 만점에 {score}점({grade} 등급)임.{}",
                moved.unwrap_or_default()
            )
        }
        None => "확인된 항목이 부족하여 종합 점수를 산정하지 않았음.".to_owned(),
    });
    said.push(format!(
        "위험 {}건과 주의 {}건이 확인되었으며, {}건은 근거를 확인하지 못해 판정하지 않았음.",
        count(scene, "danger"),
        count(scene, "attention"),
        count(scene, "unknown")
    ));
    if summary.standings.values().sum::<u32>() > 0 {
        said.push(format!(
            "전회와 비교하여 신규 {}건, 지속 {}건, 재발 {}건이며 {}건은 해소되었음.",
            standing(scene, "new"),
            standing(scene, "persisting"),
            standing(scene, "recurring"),
            standing(scene, "resolved")
        ));
    }
    if let Some(worst) = &summary.worst {
        said.push(format!("점수가 가장 낮은 호스트는 {}임.", clean(worst)));
    }
    let silent = silent(scene).join(", ");
    if !silent.is_empty() {
        let names = josa(&silent, "은", "는");
        said.push(format!("{names} 점검 기간에 응답하지 않아 접속 불가로 기록함."));
    }
    let first = top(scene, |title, hosts| format!("{title}({hosts}대)"));
    if !first.is_empty() {
        said.push(format!("우선 조치할 사항: {first}."));
    }
    said
}

fn moved_ko(before: u16, after: u16) -> String {
    let by = before.abs_diff(after);
    match after.cmp(&before) {
        std::cmp::Ordering::Greater => format!(" 전회 {before}점보다 {by}점 상승함."),
        std::cmp::Ordering::Less => format!(" 전회 {before}점보다 {by}점 하락함."),
        std::cmp::Ordering::Equal => " 전회와 같음.".to_owned(),
    }
}

fn english(scene: &Scene<'_>) -> Vec<String> {
    let summary = &scene.assessment.summary;
    let mut said = vec![format!(
        "Of {} hosts due in {}, {} answered and were judged.",
        summary.hosts,
        clean(&scene.cover.period),
        summary.answered
    )];
    said.push(match summary.score {
        Some(score) => {
            let moved = summary.previous_score.map(|before| moved_en(before, score));
            let grade = grade_text(Some(score));
            format!(
                "The overall score is {score} of 1,000 (grade {grade}).{}",
                moved.unwrap_or_default()
            )
        }
        None => "Too little could be checked for an overall score.".to_owned(),
    });
    said.push(format!(
        "{} checks are in danger and {} need attention; {} could not be checked for lack of evidence.",
        count(scene, "danger"),
        count(scene, "attention"),
        count(scene, "unknown")
    ));
    if summary.standings.values().sum::<u32>() > 0 {
        said.push(format!(
            "Against the last inspection {} are new, {} persist, {} are back, and {} are resolved.",
            standing(scene, "new"),
            standing(scene, "persisting"),
            standing(scene, "recurring"),
            standing(scene, "resolved")
        ));
    }
    if let Some(worst) = &summary.worst {
        said.push(format!("The lowest score is that of {}.", clean(worst)));
    }
    let silent = silent(scene).join(", ");
    if !silent.is_empty() {
        said.push(format!("No answer in the period from: {silent}."));
    }
    let first = top(scene, |title, hosts| {
        format!("{title} ({hosts} {})", if hosts == 1 { "host" } else { "hosts" })
    });
    if !first.is_empty() {
        said.push(format!("To be done first: {first}."));
    }
    said
}

fn moved_en(before: u16, after: u16) -> String {
    let by = before.abs_diff(after);
    match after.cmp(&before) {
        std::cmp::Ordering::Greater => format!(" It rose by {by} from {before}."),
        std::cmp::Ordering::Less => format!(" It fell by {by} from {before}."),
        std::cmp::Ordering::Equal => " It is unchanged.".to_owned(),
    }
}

fn top(scene: &Scene<'_>, say: impl Fn(&str, usize) -> String) -> String {
    let first = scene.assessment.fix_first.iter().take(TOP).map(|priority| {
        let words = match scene.lang {
            Lang::Ko => &priority.ko,
            Lang::En => &priority.en,
        };
        say(&clean(&words.title), priority.hosts.len())
    });
    first.collect::<Vec<_>>().join(", ")
}

pub fn score(scene: &Scene<'_>) -> ScoreBox {
    let summary = &scene.assessment.summary;
    let grade = match summary.score {
        Some(score) => format!("{} {}", scene.say("grade"), grade_text(Some(score))),
        None => String::new(),
    };
    ScoreBox {
        score: score_text(summary.score),
        previous: score_text(summary.previous_score),
        movement: movement(scene),
        svg: donut(summary.score, &scene.say("score"), &grade),
        grade,
    }
}

/// Why the customer's score moved: the hosts' own movements, weighted as the score weights them,
/// and what is left: hosts that joined, left or did not answer, and rounding.
fn movement(scene: &Scene<'_>) -> Vec<Pair> {
    let summary = &scene.assessment.summary;
    let (Some(now), Some(before)) = (summary.score, summary.previous_score) else {
        return Vec::new();
    };
    let moves: Vec<(i32, carepack_assessment::model::Movement)> = scene
        .assessment
        .hosts
        .iter()
        .filter_map(|page| Some((i32::from(page.host.importance), page.movement?)))
        .collect();
    let weights: i32 = moves.iter().map(|(weight, _)| weight).sum();
    let mean = |part: fn(&carepack_assessment::model::Movement) -> i32| {
        moves.iter().map(|(weight, m)| weight * part(m)).sum::<i32>() / weights.max(1)
    };
    let parts = [mean(|m| m.by_rules), mean(|m| m.by_advisories), mean(|m| m.by_customer)];
    let rest = i32::from(now) - i32::from(before) - parts.iter().sum::<i32>();
    let keys = ["by_rules", "by_advisories", "by_customer"];
    let mut told: Vec<Pair> =
        keys.iter().zip(parts).map(|(key, part)| scene.pair(key, format!("{part:+}"))).collect();
    if rest != 0 {
        told.push(scene.pair("by_hosts", format!("{rest:+}")));
    }
    told
}

pub fn counts(scene: &Scene<'_>) -> Vec<Counted> {
    let rows = [
        (Verdict::Danger, "danger"),
        (Verdict::Attention, "attention"),
        (Verdict::Unknown, "unknown"),
        (Verdict::Excepted, "excepted"),
        (Verdict::Pass, "pass"),
    ];
    let counted = rows.iter();
    counted.map(|(v, word)| Counted { mark: scene.mark(*v), count: count(scene, word) }).collect()
}

pub fn standings(scene: &Scene<'_>) -> Vec<Pair> {
    let rows = [
        ("standing.new", "new"),
        ("standing.persisting", "persisting"),
        ("standing.recurring", "recurring"),
        ("standing.resolved", "resolved"),
    ];
    rows.iter().map(|(key, word)| scene.pair(key, standing(scene, word).to_string())).collect()
}
