//! 장애 조치 결과 보고서 (incident report) on paper: cause, course and result of one case.
//!
//! A document of texts that are ready to read; knows neither the case nor its words.

use jiff::Timestamp;
use serde::Serialize;

use super::clean::clean_lines;
use super::{ReportError, pdf};

const TEMPLATE: &str = include_str!("incident.typ");

/// A label and what stands beside it.
pub type Pair = (String, String);

/// The document.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// `ko` or `en`.
    pub lang: &'static str,
    pub title: String,
    /// Number of the case.
    pub document: String,
    pub head: Vec<Pair>,
    /// Chapters of text, before and after the course.
    pub before: Vec<Pair>,
    pub course_title: String,
    pub course_head: [String; 3],
    /// When, who, what.
    pub course: Vec<[String; 3]>,
    pub after: Vec<Pair>,
    /// Role and name of those who sign.
    pub signers: Vec<Pair>,
    pub signature: String,
}

/// Makes the PDF; what people wrote is made fit for paper.
///
/// # Errors
/// [`ReportError`].
pub fn render(incident: &Incident, date: Timestamp) -> Result<Vec<u8>, ReportError> {
    let mut paper = incident.clone();
    let pairs = paper.head.iter_mut().chain(&mut paper.before).chain(&mut paper.after);
    let values = pairs.chain(&mut paper.signers).map(|(_, value)| value);
    for text in values.chain(paper.course.iter_mut().flatten()) {
        *text = clean_lines(text);
    }
    let ident = format!("{} {}", paper.document, paper.lang);
    let json = serde_json::to_value(&paper)?;
    pdf::document((TEMPLATE, json), Vec::new(), ident, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_never_markup_and_every_character_is_shown_or_named() {
        let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        let hostile = "#panic() \\ $x$ <label> *굵게*\n\u{202e}漢字 \u{1b}[31m";
        let long = "가나다 ".repeat(3000);
        let incident = Incident {
            lang: "ko",
            title: "장애 조치 결과 보고서".to_owned(),
            document: "C-2026-0001".to_owned(),
            head: vec![pair("번호", "C-2026-0001"), pair("제목", hostile)],
            before: vec![pair("원인", &long)],
            course_title: "경과".to_owned(),
            course_head: ["시각", "담당", "내용"].map(str::to_owned),
            course: vec![["2026-11-30 08:24 KST", "김담당", hostile].map(str::to_owned)],
            after: vec![pair("조치 결과", hostile)],
            signers: vec![pair("조치자", "박엔지니어"), pair("확인자", "")],
            signature: "(서명)".to_owned(),
        };
        let date = Timestamp::UNIX_EPOCH;
        let pdf = render(&incident, date).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        assert_eq!(pdf, render(&incident, date).unwrap(), "the same case gives the same bytes");
    }
}
