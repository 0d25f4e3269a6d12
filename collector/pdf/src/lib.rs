//! Typst in process: a template and its files in, one PDF/A out.
//!
//! A leaf: nothing else of the project waits for its long build. It knows nothing of reports.
//! Fonts are embedded and loaded once; there is no font scan, no package, no network, no clock:
//! the same files and date give the same bytes. Text of strangers travels in data files, never in
//! the template.

mod fonts;
mod world;

use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

pub use fonts::uncovered;

/// A document to be made.
pub struct Job<'a> {
    /// Typst source of the main file.
    pub template: &'a str,
    /// Files that the template reads, by name: `report.json`, `score.svg`.
    pub files: Vec<(String, Vec<u8>)>,
    /// Stable name of the document; its hash becomes the PDF's identifier.
    pub ident: String,
    /// Date of the document: year, month, day, hour, minute, second (UTC).
    pub date: (i32, u8, u8, u8, u8, u8),
}

/// A document that cannot be made. All of these are our own faults, not a reader's.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    #[error("the embedded fonts cannot be read")]
    Fonts,
    #[error("the document's date is not one of the calendar")]
    Date,
    #[error("the template does not compile: {0}")]
    Compile(String),
    #[error("the template compiles with a warning: {0}")]
    Warning(String),
    #[error("the document cannot be written as PDF/A: {0}")]
    Export(String),
}

/// Makes a tagged PDF/A-2a. A warning of the compiler (an unknown font among them) is an error.
///
/// # Errors
/// [`PdfError`].
pub fn render(job: Job<'_>) -> Result<Vec<u8>, PdfError> {
    let (year, month, day, hour, minute, second) = job.date;
    let date = Datetime::from_ymd_hms(year, month, day, hour, minute, second);
    let date = date.ok_or(PdfError::Date)?;
    let world = world::Memory::new(job.template, job.files)?;
    let compiled = typst::compile::<PagedDocument>(&world);
    if let Some(warning) = compiled.warnings.first() {
        return Err(PdfError::Warning(told(warning)));
    }
    let document = compiled.output.map_err(|all| PdfError::Compile(first(&all)))?;
    let standards = PdfStandards::new(&[PdfStandard::A_2a])
        .map_err(|error| PdfError::Export(format!("{error:?}")))?;
    let options = PdfOptions {
        ident: Smart::Custom(job.ident),
        creator: Smart::Custom(Some("Carepack".to_owned())),
        timestamp: Some(Timestamp::new_utc(date)),
        standards,
        ..PdfOptions::default()
    };
    let pdf = typst_pdf::pdf(&document, &options).map_err(|all| PdfError::Export(first(&all)))?;
    // Keep the warm caches of the layout for the next report, drop what was not used lately.
    typst::comemo::evict(4);
    Ok(pdf)
}

fn told(fault: &SourceDiagnostic) -> String {
    let hints = fault.hints.iter().map(|hint| format!(" ({})", hint.v));
    format!("{}{}", fault.message, hints.collect::<String>())
}

fn first(faults: &[SourceDiagnostic]) -> String {
    faults.first().map(told).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(template: &str) -> Job<'_> {
        Job {
            template,
            files: vec![("report.json".into(), r##"{"title": "정기점검 #strong[x]"}"##.into())],
            ident: "test".into(),
            date: (2026, 11, 5, 0, 0, 0),
        }
    }

    const SOUND: &str = r#"
        #set document(title: "t")
        #set text(lang: "ko", font: ("Pretendard", "DejaVu Sans Mono"))
        #json("report.json").title
    "#;

    #[test]
    fn the_same_job_gives_the_same_bytes() {
        let once = render(job(SOUND)).unwrap();
        assert!(once.starts_with(b"%PDF-1.7"));
        assert!(once.len() < 100_000, "the font is subset: {} bytes", once.len());
        assert_eq!(once, render(job(SOUND)).unwrap());
    }

    #[test]
    fn faults_are_told() {
        let error = render(job("#let x = ")).unwrap_err().to_string();
        assert!(error.contains("does not compile"), "{error}");
        let error = render(job(&SOUND.replace("Pretendard", "No Such Font"))).unwrap_err();
        assert!(error.to_string().contains("unknown font"), "{error}");
        let error = render(job("#read(\"/etc/passwd\")")).unwrap_err().to_string();
        assert!(error.contains("not found"), "{error}");
    }
}
