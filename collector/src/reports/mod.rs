//! The regular inspection report (정기점검 보고서): one model, two formats, two languages.
//!
//! Pure from a frozen assessment and a cover: rendering asks no store and no clock, so the same
//! assessment gives the same bytes. Host-supplied text is cleaned once, where it enters the model
//! ([`clean`]), and escaped by each format.

pub mod annual;
pub mod charts;
pub mod clean;
mod html;
pub mod incident;
mod korean;
pub mod model;
mod pdf;
pub mod review;
mod sections;
pub mod words;

use carepack_assessment::Assessment;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use review::Review;
pub use sections::resource_series;
pub use words::Lang;

/// What stands on the cover and does not come from the assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    pub customer: String,
    pub contract: String,
    /// Service level, e.g. `standard-12`.
    pub level: String,
    /// `2026-11` or `2026-Q4`.
    pub period: String,
    /// Document number.
    pub document: String,
    pub inspected_at: Timestamp,
    /// 점검자
    pub engineer: String,
    /// 확인자, the customer's side.
    pub contact: String,
}

/// A report in both formats.
pub struct Rendered {
    /// One file, no network.
    pub html: String,
    /// PDF/A with embedded fonts.
    pub pdf: Vec<u8>,
}

/// A report that cannot be made: a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("filling the HTML template")]
    Html(#[from] askama::Error),
    #[error("making the PDF")]
    Pdf(#[from] carepack_pdf::PdfError),
    #[error("writing the report as JSON")]
    Json(#[from] serde_json::Error),
}

/// Makes a report that nobody has reviewed, in one language.
///
/// # Errors
/// [`ReportError`]; a character that no font has is one of them.
pub fn render(assessment: &Assessment, cover: &Cover, lang: Lang) -> Result<Rendered, ReportError> {
    render_reviewed(assessment, cover, &Review::default(), lang)
}

/// Makes a report with what people added in review. The assessment is the corrected one.
///
/// # Errors
/// As [`render`].
pub fn render_reviewed(
    assessment: &Assessment,
    cover: &Cover,
    review: &Review,
    lang: Lang,
) -> Result<Rendered, ReportError> {
    let report = sections::report(assessment, (cover, review), lang);
    Ok(Rendered { html: html::render(&report)?, pdf: pdf::render(&report, cover.inspected_at)? })
}

/// Makes the installation report of the only host of an assessment; none for a host without a
/// snapshot or a standard.
///
/// # Errors
/// As [`render`].
pub fn render_installation(
    assessment: &Assessment,
    cover: &Cover,
    lang: Lang,
) -> Result<Option<Rendered>, ReportError> {
    let Some(report) = sections::installation(assessment, cover, lang) else { return Ok(None) };
    let pdf = pdf::installation(&report, cover.inspected_at)?;
    Ok(Some(Rendered { html: html::installation(&report)?, pdf }))
}

/// The overall opinion that an engineer begins from, a paragraph a line.
#[must_use]
pub fn drafted_opinion(assessment: &Assessment, cover: &Cover, lang: Lang) -> String {
    sections::drafted_opinion(assessment, cover, lang)
}

#[cfg(test)]
mod tests;
