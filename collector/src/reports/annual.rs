//! 연간 서비스 보고서 (annual service report): what a contract was promised, and what was done, made
//! from its ledger and from nothing else.
//!
//! One document of texts ready to read, as one HTML file and as PDF.

use askama::Template;
use carepack_assessment::model::Verdict;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::clean::{clean_lines, or_dash};
use super::incident::Pair;
use super::words::all;
use super::{Lang, Rendered, ReportError, pdf};
use crate::ledger::{Became, CaseLine, Ledger, Recorded};

const TEMPLATE: &str = include_str!("annual.typ");
/// Most cases in the report; the ledger in the console has all.
const CASES_MAX: usize = 300;

/// A chapter: words, and a table where there is one.
#[derive(Clone, Debug, Serialize)]
pub struct Chapter {
    pub title: String,
    pub text: String,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// The document.
#[derive(Clone, Debug, Serialize)]
pub struct Annual {
    /// `ko` or `en`.
    pub lang: &'static str,
    pub title: String,
    pub document: String,
    pub head: Vec<Pair>,
    pub chapters: Vec<Chapter>,
    pub confirmation: String,
    /// Role and name of those who sign.
    pub signers: Vec<Pair>,
    pub signature: String,
}

#[derive(Template)]
#[template(path = "annual.html")]
struct Page<'a> {
    r: &'a Annual,
}

/// Makes the report; the PDF is dated with the last day of its time, so that the same ledger gives
/// the same bytes.
///
/// # Errors
/// [`ReportError`].
pub fn render(ledger: &Ledger, lang: Lang) -> Result<Rendered, ReportError> {
    let annual = of(ledger, lang);
    let date = ledger.span.until.to_zoned(TimeZone::UTC).map(|day| day.timestamp());
    let date = date.unwrap_or(Timestamp::UNIX_EPOCH);
    let json = serde_json::to_value(&annual)?;
    let ident = format!("{} {}", annual.document, annual.lang);
    let pdf = pdf::document((TEMPLATE, &json), Vec::new(), (ident, date))?;
    Ok(Rendered { html: Page { r: &annual }.render()?, pdf })
}

/// Our words and theirs, in one language.
struct Say(Lang);

impl Say {
    fn w(&self, key: &'static str) -> String {
        self.0.say(key).to_owned()
    }

    /// The words of a value of a family; the value itself where there are none.
    fn of(&self, family: &str, value: &str) -> String {
        let key = format!("annual.{family}.{value}");
        let row = all().find(|(known, ..)| *known == key);
        let words = row.map(|(_, ko, en)| if self.0 == Lang::Ko { *ko } else { *en });
        words.unwrap_or(value).to_owned()
    }

    fn either<'t>(&self, texts: &'t super::review::Texts) -> &'t str {
        if self.0 == Lang::Ko { &texts.ko } else { &texts.en }
    }

    /// `3시간 20분`, `3 h 20 min`
    fn minutes(&self, minutes: i64) -> String {
        let (hours, rest) = (minutes / 60, minutes % 60);
        match (self.0, hours) {
            (Lang::Ko, 0) => format!("{rest}분"),
            (Lang::Ko, _) => format!("{hours}시간 {rest}분"),
            (Lang::En, 0) => format!("{rest} min"),
            (Lang::En, _) => format!("{hours} h {rest} min"),
        }
    }

    fn heads(&self, keys: &[&'static str]) -> Vec<String> {
        keys.iter().map(|key| self.w(key)).collect()
    }
}

fn of(ledger: &Ledger, lang: Lang) -> Annual {
    let say = Say(lang);
    let level = if lang == Lang::Ko { &ledger.level.ko } else { &ledger.level.en };
    let pair = |key: &'static str, value: String| (say.w(key), value);
    let span = format!("{} ~ {}", ledger.span.from, ledger.span.until);
    let head = vec![
        pair("customer", clean_lines(&ledger.customer)),
        pair("contract", clean_lines(&ledger.contract)),
        pair("annual.level", clean_lines(level)),
        pair("annual.span", span),
    ];
    let mut chapters = vec![summary(&say, ledger), visits(&say, ledger), inspections(&say, ledger)];
    chapters.push(cases(&say, ledger));
    chapters.extend(services(&say, &ledger.services));
    Annual {
        lang: lang.code(),
        title: say.w("annual.title"),
        document: clean_lines(&format!("{} {}", ledger.contract, ledger.span.from.year())),
        head,
        chapters,
        confirmation: say.w("confirmation"),
        signers: vec![
            pair("engineer", or_dash(&clean_lines(&ledger.engineer))),
            pair("confirmer", or_dash(&clean_lines(&ledger.contact))),
        ],
        signature: say.w("signature"),
    }
}

/// Promised and done, side by side.
fn summary(say: &Say, ledger: &Ledger) -> Chapter {
    let (counted, responses) = (ledger.inspections_counted, &ledger.responses);
    let promised = if ledger.visits_promised == 0 {
        say.w("annual.agreed")
    } else {
        ledger.visits_promised.to_string()
    };
    let time = |minutes: Option<i64>| minutes.map_or_else(|| "–".to_owned(), |m| say.minutes(m));
    let row = |key: &'static str, promised: String, done: String| vec![say.w(key), promised, done];
    let done = format!("{} ({}: {})", counted.published, say.w("annual.missed"), counted.missed);
    let worst = format!("{} {}", time(responses.worst_minutes), responses.worst);
    Chapter {
        title: say.w("annual.summary"),
        text: say.w("annual.basis"),
        head: say.heads(&["annual.what", "annual.promised", "annual.done"]),
        rows: vec![
            row("annual.visits", promised, ledger.visits.len().to_string()),
            row("annual.inspections", counted.due.to_string(), done),
            row("annual.cases", "–".to_owned(), ledger.cases_counted.all.to_string()),
            row(
                "annual.responses",
                (responses.met + responses.missed).to_string(),
                format!("{} ({}: {})", responses.met, say.w("annual.late"), responses.missed),
            ),
            row("annual.median", "–".to_owned(), time(responses.median_minutes)),
            row("annual.worst", "–".to_owned(), worst.trim().to_owned()),
            row("annual.services", "–".to_owned(), ledger.services.len().to_string()),
        ],
    }
}

fn visits(say: &Say, ledger: &Ledger) -> Chapter {
    let line = |visit: &crate::ledger::VisitLine| {
        vec![visit.held_on.to_string(), visit.period.clone(), clean_lines(&visit.who)]
    };
    Chapter {
        title: say.w("annual.visits"),
        text: none(say, ledger.visits.is_empty()),
        head: say.heads(&["annual.date", "period", "annual.who"]),
        rows: ledger.visits.iter().map(line).collect(),
    }
}

fn inspections(say: &Say, ledger: &Ledger) -> Chapter {
    let line = |line: &crate::ledger::InspectionLine| {
        let became = match line.became {
            Became::Published => "published",
            Became::Assessed => "assessed",
            Became::Missed => "missed",
            Became::Coming => "coming",
        };
        vec![line.period.clone(), line.window_from.to_string(), say.of("became", became)]
    };
    Chapter {
        title: say.w("annual.inspections"),
        text: none(say, ledger.inspections.is_empty()),
        head: say.heads(&["period", "annual.window", "annual.result"]),
        rows: ledger.inspections.iter().map(line).collect(),
    }
}

fn cases(say: &Say, ledger: &Ledger) -> Chapter {
    let counted = &ledger.cases_counted;
    let list = |family: &str, counts: &std::collections::BTreeMap<&'static str, usize>| {
        let one = |(word, n): (&&str, &usize)| format!("{} {n}", say.of(family, word));
        counts.iter().map(one).collect::<Vec<_>>().join(" · ")
    };
    let mut text = none(say, ledger.cases.is_empty());
    if !ledger.cases.is_empty() {
        let channels = list("channel", &counted.by_channel);
        let severities = list("severity", &counted.by_severity);
        text = format!(
            "{}: {channels}\n{}: {severities}",
            say.w("annual.channel"),
            say.w("annual.severity")
        );
    }
    if ledger.cases.len() > CASES_MAX {
        text = format!("{text}\n{} {}", say.w("annual.more"), ledger.cases.len() - CASES_MAX);
    }
    Chapter {
        title: say.w("annual.cases"),
        text,
        head: say.heads(&[
            "annual.number",
            "annual.date",
            "annual.case",
            "annual.severity",
            "annual.promised",
            "annual.response",
        ]),
        rows: ledger.cases.iter().take(CASES_MAX).map(|line| case(say, line)).collect(),
    }
}

fn case(say: &Say, line: &CaseLine) -> Vec<String> {
    let urgent = if line.emergency { say.w("annual.emergency") } else { String::new() };
    let severity = format!("{} {urgent}", say.of("severity", line.severity));
    let used = say.minutes(line.used_minutes);
    vec![
        line.number.clone(),
        line.opened_on.to_string(),
        clean_lines(&line.title),
        severity.trim().to_owned(),
        say.minutes(line.promised_minutes.into()),
        format!("{used} ({})", say.of("clock", line.standing)),
    ]
}

/// The recorded services: a list, and the checklist of each.
fn services(say: &Say, services: &[Recorded]) -> Vec<Chapter> {
    let line = |service: &Recorded| {
        let items = service.items.len() - service.count(Verdict::NotApplicable);
        vec![
            service.held_on.to_string(),
            clean_lines(say.either(&service.title)),
            clean_lines(&service.engineer),
            format!("{} / {items}", service.count(Verdict::Pass)),
        ]
    };
    let list = Chapter {
        title: say.w("annual.services"),
        text: none(say, services.is_empty()),
        head: say.heads(&["annual.date", "annual.what", "annual.who", "annual.passed"]),
        rows: services.iter().map(line).collect(),
    };
    let item = |line: &crate::ledger::record::Line| {
        let verdict = serde_json::to_value(line.result).unwrap_or_default();
        let verdict = say.of("verdict", verdict.as_str().unwrap_or_default());
        vec![clean_lines(say.either(&line.text)), verdict, clean_lines(&line.note)]
    };
    let one = |service: &Recorded| Chapter {
        title: clean_lines(&format!("{} ({})", say.either(&service.title), service.held_on)),
        text: clean_lines(&service.note),
        head: say.heads(&["annual.item", "annual.result", "annual.note"]),
        rows: service.items.iter().map(item).collect(),
    };
    std::iter::once(list).chain(services.iter().map(one)).collect()
}

fn none(say: &Say, is_empty: bool) -> String {
    if is_empty { say.w("annual.none") } else { String::new() }
}
