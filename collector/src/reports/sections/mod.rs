//! The report's sections, one file each, in the order of the paper. Each turns a part of the
//! assessment into final texts; to add one, write a file and name it here and in the model.

mod advisories;
mod back;
mod changes;
mod front;
mod host;
mod installation;
mod kisa;
mod log_days;
mod logs;
mod opinion;
mod products;
mod recommendations;
mod resources;
mod review;
mod standard;
mod systems;
mod topology;
mod transactions;

pub use installation::installation;
pub use resources::series_name as resource_series;

use carepack_assessment::Assessment;
use carepack_assessment::model::{Area, HostAssessment, Verdict};
use carepack_facts::Facts;
use jiff::Timestamp;
use serde_json::Value;

use super::model::{Mark, Pair, Report};
use super::words;
use super::{Cover, Lang, Review};

/// What every section works from.
struct Scene<'a> {
    /// With the corrections of the review.
    assessment: &'a Assessment,
    cover: &'a Cover,
    review: &'a Review,
    lang: Lang,
}

/// The opinion as it is drafted, a paragraph a line.
pub fn drafted_opinion(assessment: &Assessment, cover: &Cover, lang: Lang) -> String {
    let review = &Review::default();
    opinion::opinion(&Scene { assessment, cover, review, lang }).join("\n")
}

/// The whole report.
pub fn report(assessment: &Assessment, (cover, review): (&Cover, &Review), lang: Lang) -> Report {
    let scene = Scene { assessment, cover, review, lang };
    Report {
        lang: lang.code().to_owned(),
        title: lang.say("title").to_owned(),
        customer: super::clean::clean(&cover.customer),
        document: cover.document.clone(),
        period: cover.period.clone(),
        date: day(cover.inspected_at),
        cover: front::cover(&scene),
        overview: front::overview(&scene),
        legend: front::legend(&scene),
        limits: front::limits(&scene),
        opinion: opinion::opinion(&scene),
        score: opinion::score(&scene),
        counts: opinion::counts(&scene),
        standings: opinion::standings(&scene),
        systems: systems::systems(&scene),
        summary: systems::summary(&scene),
        topology: topology::topology(&scene),
        hosts: assessment.hosts.iter().map(|page| host::page(&scene, page)).collect(),
        recommendations: recommendations::recommendations(&scene),
        further: recommendations::further(&scene),
        plans: advisories::plans(&scene),
        exceptions: back::exceptions(&scene),
        review: review::page(&scene),
        confirm: back::confirm(&scene),
        appendix: back::appendix(&scene),
        kisa: kisa::annex(&scene),
        words: words::all()
            .map(|(key, ..)| ((*key).to_owned(), lang.say(key).to_owned()))
            .collect(),
    }
}

impl Scene<'_> {
    fn pair(&self, key: &'static str, value: impl Into<String>) -> Pair {
        Pair { label: self.lang.say(key).to_owned(), value: value.into(), code: false }
    }

    fn say(&self, key: &'static str) -> String {
        self.lang.say(key).to_owned()
    }

    fn mark(&self, verdict: Verdict) -> Mark {
        let (class, shape, key) = match verdict {
            Verdict::Danger => ("danger", "●", "verdict.danger"),
            Verdict::Attention => ("attention", "▲", "verdict.attention"),
            Verdict::Unknown => ("unknown", "?", "verdict.unknown"),
            Verdict::Excepted => ("excepted", "◇", "verdict.excepted"),
            Verdict::Pass => ("pass", "○", "verdict.pass"),
            Verdict::NotApplicable => ("not_applicable", "–", "verdict.not_applicable"),
        };
        Mark { class: class.to_owned(), shape: shape.to_owned(), word: self.say(key) }
    }

    fn area(&self, area: Area) -> String {
        self.say(match area {
            Area::Availability => "area.availability",
            Area::Security => "area.security",
            Area::Stability => "area.stability",
            Area::Performance => "area.performance",
            Area::Hygiene => "area.hygiene",
        })
    }
}

/// The five areas in the order of the score.
const AREAS: [Area; 5] =
    [Area::Availability, Area::Security, Area::Stability, Area::Performance, Area::Hygiene];

/// A moment in Seoul, to the minute. The bundled time zone data always has Seoul; Korea has kept
/// UTC+9 since 1988.
fn moment(at: Timestamp) -> String {
    seoul(at).strftime("%Y-%m-%d %H:%M").to_string()
}

fn day(at: Timestamp) -> String {
    seoul(at).strftime("%Y-%m-%d").to_string()
}

fn seoul(at: Timestamp) -> jiff::Zoned {
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)))
}

/// A moment of a fact given in epoch seconds.
fn epoch(value: Option<&Value>) -> String {
    let at = value.and_then(Value::as_i64).and_then(|s| Timestamp::from_second(s).ok());
    at.map_or_else(|| "-".to_owned(), moment)
}

fn fact_text(facts: &Facts, key: &str) -> Option<String> {
    match facts.value(key)? {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(super::clean::clean(text)),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn fact_f64(facts: &Facts, key: &str) -> Option<f64> {
    facts.value(key)?.as_f64()
}

fn fact_i64(facts: &Facts, key: &str) -> Option<i64> {
    facts.value(key)?.as_i64()
}

/// A text field of a JSON object.
fn field<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A size in binary units.
fn size(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{size:.1} {}", UNITS[unit]) }
}

fn score_text(score: Option<u16>) -> String {
    score.map_or_else(|| "-".to_owned(), |score| score.to_string())
}

/// An area's score; none on a host without a score: the little that was seen of it is not 1000.
fn area_score(host: &HostAssessment, area: Area) -> String {
    let found = host.score.areas.iter().find(|score| score.area == area);
    score_text(host.score.effective.and(found.and_then(|score| score.effective)))
}

fn grade_text(score: Option<u16>) -> String {
    use carepack_assessment::model::Score;
    score.map(|score| Score::grade(score).to_string()).unwrap_or_default()
}

/// Key of the word for a reason.
const fn unseen_key(reason: carepack_shared::Unseen) -> &'static str {
    use carepack_shared::Unseen;
    match reason {
        Unseen::Absent => "unseen.absent",
        Unseen::Denied => "unseen.denied",
        Unseen::TimedOut => "unseen.timed_out",
        Unseen::Failed => "unseen.failed",
        Unseen::Malformed => "unseen.malformed",
        Unseen::Withheld => "unseen.withheld",
    }
}
